//! What must be so in the end, whatever broke: read from the nodes, from the carriers' own logs, and from the data when all have ended.

use super::deployment::Several;
use crate::gateway::until;
use crate::kill::obligations;
use crate::record::Record;
use mock_carriers::Control;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The PSAP of every school of the demo.
const PSAP: &str = "+15555550101";
/// Calls and texts in a second by each lane, as in the demo's configuration.
const CALLS_IN_A_SECOND: usize = 5;
const TEXTS_IN_A_SECOND: usize = 10;
/// A request's way to the carrier takes unequal time, on a busy machine more than a turn, so that the edge of a second is blurred. A pace that was
/// kept by nobody, or twice by two, would show all the same.
const BLUR_US: u64 = 300_000;

/// What was sent and what became of it.
pub struct Seen {
    texts: usize,
    dispatches: usize,
    promises: usize,
    failed: usize,
    confirmed: usize,
    calls: usize,
    again: usize,
    unknown: usize,
    most_calls: usize,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { texts, dispatches, promises, failed, confirmed, calls, again, unknown, most_calls } = self;
        write!(f, "{texts} texts accepted, each there once, 0 lost, 0 doubled; {dispatches} dispatches with {promises} promises, ")?;
        write!(
            f,
            "{failed} failed with a task, {confirmed} calls confirmed by a key; {calls} calls placed, at most {most_calls} in a second, "
        )?;
        write!(f, "{again} again to the PSAP for one promise, {unknown} attempts of unknown outcome recorded")
    }
}

/// How whoever has this number answers.
pub fn answers(suffix: usize) -> Value {
    match suffix {
        // The PSAP, and every fifth other.
        1 => json!({"answer": "human", "key": "heard_code"}),
        n if n % 5 == 0 => json!({"answer": "human", "key": "heard_code"}),
        n if n % 5 == 1 => json!({"answer": "machine"}),
        n if n % 5 == 2 => json!({"answer": "busy"}),
        n if n % 5 == 3 => json!({"answer": "no_answer"}),
        _ => json!({"answer": "human", "key": "wrong"}),
    }
}

fn keys_what_it_hears(number: &str) -> bool {
    let suffix = number.strip_prefix("+155555501").and_then(|suffix| suffix.parse().ok());
    suffix.is_some_and(|suffix: usize| answers(suffix)["key"] == "heard_code")
}

/// A call that the carrier took.
struct Placed {
    attempt: String,
    to: String,
    lane: &'static str,
    at_us: u64,
}

/// Looks at everything; ends the nodes.
pub async fn all(mut several: Several, accepted: &BTreeSet<String>, dispatched: &[String]) -> Seen {
    let mut tips = Vec::new();
    for id in dispatched {
        tips.push(every_promise_ends(&several, id).await);
    }
    several.spools_are_empty().await;
    let control = several.gateway.control();
    for node in &mut several.nodes {
        assert_eq!(node.terminate().await, 0, "it ends in good order");
    }
    let (placed, keyed) = (placed(&control).await, keyed(&control).await);
    let most_calls = paces_hold(&control, &placed).await;
    let again = the_psap_is_called_once(&tips, &placed);
    let verified = several.nodes[0].command("verify").arg("--quiet").output().expect("verify runs");
    let told = String::from_utf8_lossy(&verified.stdout).into_owned() + &String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success(), "tipline verify: {told}");
    let record = Record::open(&several.gateway).await;
    assert!(accepted.len() > 50, "the load was real: {}", accepted.len());
    for text in accepted {
        assert_eq!(record.reporter_texts.get(text), Some(&1), "{text}");
    }
    assert!(record.reporter_texts.values().all(|count| *count == 1), "nothing is there twice");
    for attempt in &record.confirmed_attempts {
        assert!(keyed.contains(attempt), "attempt {attempt} is confirmed, but nobody keyed its code");
    }
    let obligations: Vec<Value> = tips.iter().flat_map(obligations).collect();
    Seen {
        texts: accepted.len(),
        dispatches: dispatched.len(),
        promises: obligations.len(),
        failed: obligations.iter().filter(|one| one["state"] == "failed").count(),
        confirmed: record.confirmed_attempts.len(),
        calls: placed.len(),
        again,
        unknown: obligations.iter().flat_map(attempts).filter(is_unknown).count(),
        most_calls,
    }
}

/// Satisfied, released, or failed with a task for a person.
async fn every_promise_ends(several: &Several, tip: &str) -> Value {
    let read = until("every promise ends", || async {
        let read = several.ask(Method::GET, &format!("/tips/{tip}"), None).await?;
        let ended = |one: &Value| ["satisfied", "released", "failed"].contains(&one["state"].as_str().unwrap_or(""));
        let all = obligations(&read);
        (!all.is_empty() && all.iter().all(ended)).then_some(read)
    })
    .await;
    let failed = obligations(&read).iter().filter(|one| one["state"] == "failed").count();
    let tasks = read["tasks"].as_array().map_or(0, Vec::len);
    assert!(failed <= tasks, "{failed} failed, {tasks} tasks");
    read
}

fn attempts(obligation: &Value) -> Vec<Value> {
    obligation["attempts"].as_array().cloned().unwrap_or_default()
}

fn is_unknown(attempt: &Value) -> bool {
    attempt["answer"].is_null() || attempt["answer"] == "unknown" || attempt["answer"] == "not_found"
}

/// The calls that were placed, by both carriers, in their order.
async fn placed(control: &Control) -> Vec<Placed> {
    let mut placed: Vec<Placed> = Vec::new();
    for request in control.requests().await {
        let lane = match () {
            () if request.path.ends_with("/Calls.json") => "main-call",
            () if request.path.ends_with("/Calls") => "backup-call",
            () => continue,
        };
        let field = |name: &str| request.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default();
        if request.method == "POST" && (200..300).contains(&request.status) {
            let attempt = field("Url").split("/calls/").nth(1).and_then(|rest| rest.get(..32)).unwrap_or_default().to_owned();
            assert!(!attempt.is_empty(), "a call names its attempt: {}", request.path);
            placed.push(Placed { attempt, to: field("To"), lane, at_us: request.arrived_us });
        }
    }
    placed.sort_by_key(|call| call.at_us);
    let mut once = BTreeSet::new();
    for call in &placed {
        assert!(once.insert(&call.attempt), "attempt {} called twice", call.attempt);
    }
    placed
}

/// No lane over its pace in any sliding second; the most calls that one made.
async fn paces_hold(control: &Control, placed: &[Placed]) -> usize {
    let mut most_calls = 0;
    for lane in ["main-call", "backup-call"] {
        let times: Vec<u64> = placed.iter().filter(|call| call.lane == lane).map(|call| call.at_us).collect();
        most_calls = most_calls.max(most_in_a_second(&times));
    }
    assert!(most_calls <= CALLS_IN_A_SECOND, "{most_calls} calls in a second");
    let texts = control.requests().await.into_iter().filter(|request| request.method == "POST" && request.path.ends_with("/Messages.json"));
    let most = most_in_a_second(&texts.map(|request| request.arrived_us).collect::<Vec<_>>());
    assert!(most <= TEXTS_IN_A_SECOND, "{most} texts in a second");
    most_calls
}

fn most_in_a_second(times: &[u64]) -> usize {
    let within = |from: u64| times.iter().filter(|at| **at >= from && **at < from + 1_000_000 - BLUR_US).count();
    times.iter().map(|at| within(*at)).max().unwrap_or(0)
}

/// Who was reached is not called again for the same promise: each call but the last was one whose outcome is unknown, or in which nobody
/// could key anything (its node died while it spoke). Returns how many were placed again.
fn the_psap_is_called_once(tips: &[Value], placed: &[Placed]) -> usize {
    let mut again = 0;
    let mut calls: BTreeMap<&str, u64> = BTreeMap::new();
    for call in placed.iter().filter(|call| call.to == PSAP) {
        calls.insert(&call.attempt, call.at_us);
    }
    for obligation in tips.iter().flat_map(obligations) {
        let attempts = attempts(&obligation);
        let mut called: Vec<(u64, &Value)> =
            attempts.iter().filter_map(|attempt| Some((*calls.get(attempt["id"].as_str()?)?, attempt))).collect();
        called.sort_by_key(|(at, _)| *at);
        let before_the_last = &called[..called.len().saturating_sub(1)];
        for (_, attempt) in before_the_last {
            assert!(is_unknown(attempt) || attempt["rung"] != "confirmed", "the PSAP was called again after it had confirmed: {attempt}");
        }
        again += before_the_last.len();
    }
    again
}

/// The attempts on whose calls somebody who keys what they hear did so: from what the carrier brought.
async fn keyed(control: &Control) -> BTreeSet<String> {
    let field = |webhook: &Value, name: &str| {
        let pairs = webhook["params"].as_array().cloned().unwrap_or_default();
        pairs.iter().find(|pair| pair[0] == name).and_then(|pair| pair[1].as_str().map(str::to_owned)).unwrap_or_default()
    };
    let brought = control.webhooks().await;
    let brought = brought.iter().map(|delivered| serde_json::to_value(delivered).expect("a webhook is JSON"));
    brought
        .filter(|webhook| !field(webhook, "Digits").is_empty() && keys_what_it_hears(&field(webhook, "To")))
        .filter_map(|webhook| webhook["url"].as_str()?.split("/calls/").nth(1)?.get(..32).map(str::to_owned))
        .collect()
}
