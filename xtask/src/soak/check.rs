//! The look at the end, through the gateway's own API: every accepted text once, every promise at its end, no receipt without a person.

use super::doors::Doors;
use super::tally::Tally;
use anyhow::Result;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long what is open may take to come to its end once everything is whole.
const SETTLES_WITHIN: Duration = Duration::from_secs(240);
/// How often it is looked.
const LOOKS_EVERY: Duration = Duration::from_millis(500);
/// The ends of an obligation.
const ENDS: [&str; 3] = ["satisfied", "released", "failed"];

/// Waits until nothing is open any more; gives what stayed open.
pub async fn settled(doors: &Doors, tally: &Tally, line_every: Duration) -> Result<Vec<String>> {
    let (began, mut line) = (Instant::now(), Instant::now());
    loop {
        let letters = doors.metric("tipline_spool_letters").await.unwrap_or(-1.0);
        let open = doors.metric("tipline_obligations_open").await.unwrap_or(-1.0) / doors.nodes.len() as f64;
        if letters == 0.0 && open == 0.0 {
            break;
        }
        if began.elapsed() > SETTLES_WITHIN {
            return Ok(vec![format!(
                "{letters} letters in the spool and {open} promises are open {} s after all was mended",
                SETTLES_WITHIN.as_secs()
            )]);
        }
        if line.elapsed() > line_every {
            line = Instant::now();
            println!("{:>6.0} s  {letters} letters wait, {open} promises are open", began.elapsed().as_secs_f64());
        }
        tokio::time::sleep(LOOKS_EVERY).await;
    }
    let mut wrong = tally.take_wrong();
    for (metric, what) in
        [("tipline_obligations_without_timer", "promises have no timer"), ("tipline_spool_set_aside", "letters were set aside")]
    {
        let value = doors.metric(metric).await.unwrap_or(-1.0);
        if value != 0.0 {
            wrong.push(format!("{value} {what}"));
        }
    }
    Ok(wrong)
}

/// Reads every tip; gives what is wrong. `keying` are those who key what they hear.
pub async fn all(doors: &Doors, tally: &Tally, keying: &BTreeSet<String>) -> Result<Vec<String>> {
    let (mut texts, mut wrong) = (BTreeMap::<String, u64>::new(), Vec::new());
    for filter in ["open", "closed"] {
        for page in 0.. {
            let read = doors.get(&format!("/tips?filter={filter}&page={page}")).await?;
            for line in read["tips"].as_array().into_iter().flatten() {
                let tip = doors.get(&format!("/tips/{}", line["id"].as_str().unwrap_or(""))).await?;
                Tally::add(&tally.tips);
                for message in tip["messages"].as_array().into_iter().flatten().filter(|message| message["author"] == "reporter") {
                    *texts.entry(message["text"].as_str().unwrap_or("").to_owned()).or_default() += 1;
                }
                wrong.extend(promises(&tip, tally, keying));
            }
            if read["more"] != true {
                break;
            }
        }
    }
    let accepted = tally.accepted();
    for text in &accepted {
        match texts.get(text) {
            Some(1) => {}
            Some(_) => Tally::add(&tally.doubled),
            None => Tally::add(&tally.lost),
        }
    }
    let unsent = texts.keys().filter(|text| !accepted.contains(*text)).count();
    let (lost, doubled) = (tally.lost.load(Ordering::Relaxed), tally.doubled.load(Ordering::Relaxed));
    wrong.extend((lost > 0).then(|| format!("{lost} accepted texts are not there")));
    wrong.extend((doubled > 0).then(|| format!("{doubled} accepted texts are there more than once")));
    wrong.extend((unsent > 0).then(|| format!("{unsent} texts are there that were never sent")));
    Ok(wrong)
}

/// What is wrong with the promises of a tip.
fn promises(tip: &Value, tally: &Tally, keying: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let dispatches = tip["dispatches"].as_array().map_or(&[][..], Vec::as_slice);
    let obligations = |dispatch: &'_ Value| dispatch["obligations"].as_array().cloned().unwrap_or_default();
    let of_tip = |dispatch: &&Value| dispatch["purpose"] == "tip";
    for (dispatch, one) in dispatches.iter().flat_map(|dispatch| obligations(dispatch).into_iter().map(move |one| (dispatch, one))) {
        let state = one["state"].as_str().unwrap_or("");
        tally.end(state);
        let id = one["id"].as_str().unwrap_or("");
        // A page of supervisors may begin at any time; whether it has a timer, `tipline verify` finds out.
        if !ENDS.contains(&state) && of_tip(&dispatch) {
            wrong.push(format!("obligation {id} is {state}"));
        }
        let by_hand = one["state_detail"] == "keypad" || !one["confirmed_at"].is_null();
        if one["means"] == "call" && by_hand && !keying.contains(one["person"].as_str().unwrap_or("")) {
            wrong.push(format!("obligation {id} is confirmed, but nobody keyed its code"));
        }
        let attempts = one["attempts"].as_array().map_or(&[][..], Vec::as_slice);
        tally.unknown.fetch_add(attempts.iter().filter(|attempt| is_unknown(attempt)).count() as u64, Ordering::Relaxed);
        if one["kind"] == "psap" && one["means"] == "call" {
            tally.psap_again.fetch_add(attempts.len().saturating_sub(1) as u64, Ordering::Relaxed);
        }
        if one["kind"] == "psap" && one["means"] == "call" && called_without_reason(&one) {
            wrong.push(format!("the PSAP of obligation {id} was called again although the call before had neither ended nor was unknown"));
        }
    }
    // A page that nobody answers is followed by the next rung's page, not by a task.
    let promised = dispatches.iter().filter(of_tip).flat_map(obligations);
    let failed = promised.filter(|one| one["state"] == "failed").count();
    let tasks = tip["tasks"].as_array().map_or(0, Vec::len);
    if failed > tasks {
        wrong.push(format!("{failed} promises of tip {} failed, but {tasks} tasks tell a person", tip["id"].as_str().unwrap_or("")));
    }
    wrong
}

/// Whether nobody knows if an attempt reached its carrier.
fn is_unknown(attempt: &Value) -> bool {
    attempt["answer"].is_null() || attempt["answer"] == "unknown"
}

/// Whether an attempt was followed by another although it was neither over nor unknown.
fn called_without_reason(obligation: &Value) -> bool {
    let attempts = obligation["attempts"].as_array().map_or(&[][..], Vec::as_slice);
    let over = |attempt: &Value| {
        let not_sent = ["unknown", "not_found", "not_taken"].contains(&attempt["answer"].as_str().unwrap_or("unknown"));
        not_sent || attempt["receipts"].as_array().into_iter().flatten().any(|receipt| receipt["kind"] == "ended")
    };
    attempts.split_last().is_some_and(|(_, before)| !before.iter().all(over))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_failed_of_a_tip_wants_a_task_and_a_page_the_next_rung() {
        let failed = |purpose: &str| json!({"dispatches": [{"purpose": purpose, "obligations": [{"state": "failed"}]}], "tasks": []});
        let wrong = |tip: &Value| promises(tip, &Tally::default(), &BTreeSet::new()).len();
        assert_eq!((wrong(&failed("tip")), wrong(&failed("page"))), (1, 0));
    }

    #[test]
    fn a_second_call_needs_a_reason() {
        let ended = json!([{"kind": "ended"}]);
        let two = |answer: Value, receipts: Value| json!({"attempts": [{"answer": answer, "receipts": receipts}, {"answer": null, "receipts": []}]});
        assert!(called_without_reason(&two(json!("accepted"), json!([{"kind": "rang"}]))));
        for (answer, receipts) in [(json!("accepted"), ended), (json!("unknown"), json!([])), (json!(null), json!([]))] {
            assert!(!called_without_reason(&two(answer, receipts)));
        }
        assert!(!called_without_reason(&json!({"attempts": [{"answer": "accepted", "receipts": []}]})), "one call needs none");
    }
}
