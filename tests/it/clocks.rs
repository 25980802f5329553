//! What is due by time alone, with the whole gateway and times of seconds: supervisors are called, news reaches those who were told, and
//! a crash between alarm and call doubles nothing.

use crate::gateway::{TestGateway, until};
use reqwest::Method;
use serde_json::{Value, json};
use std::fs;

const STUDENT: &str = "+15555550142";
/// The supervisors of the first and the second rung.
const FIRST: &str = "+15555550195";
const SECOND: &str = "+15555550196";

/// A gateway whose clocks run in seconds, with two supervisors; `times` are the lines of `[dispatch]`.
async fn prepared(times: &str) -> TestGateway {
    let gateway = TestGateway::prepare(&[]).await;
    let file = gateway.folder.join("tipline.toml");
    let text = fs::read_to_string(&file).expect("the configuration");
    fs::write(&file, text.replace("[dispatch]\n", &format!("[dispatch]\n{times}\n"))).expect("the configuration is written");
    let demo = |name: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo").join(name);
        fs::read_to_string(path).expect("the demo's directory")
    };
    let without_line =
        |text: String| text.lines().filter(|line| !line.contains("tipline-desk")).map(|line| format!("{line}\n")).collect::<String>();
    let (organizations, people) = (without_line(demo("organizations.csv")), without_line(demo("people.csv")));
    let pad = |text: &str, row: &str| {
        let columns = text.lines().next().map_or(0, |head| head.split(',').count());
        format!("{row}{}\n", ",".repeat(columns - row.split(',').count()))
    };
    let desk = pad(&organizations, "the-desk,line,The Tip Line's Desk,demo-county,,,,always");
    let supervisor = |n: u8, number: &str| {
        pad(&people, &format!("supervisor-{n},the-desk,Supervisor {n},Supervisor,{n},{number},,supervisor{n}@example.org,no,en,2026-08-15"))
    };
    let (organizations_file, people_file) = (gateway.folder.join("organizations.csv"), gateway.folder.join("people.csv"));
    fs::write(&organizations_file, organizations + &desk).expect("organizations");
    fs::write(&people_file, [people.clone(), supervisor(1, FIRST), supervisor(2, SECOND)].concat()).expect("people");
    let paths = [organizations_file.display().to_string(), people_file.display().to_string()];
    let imported = gateway.run(&["directory", "import", "--organizations", &paths[0], "--people", &paths[1]]);
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    gateway
}

async fn tip(gateway: &TestGateway, words: &str) -> String {
    assert_eq!(gateway.text(STUDENT, words).await, 200);
    until("the tip", || async { gateway.tips().await.first()?["id"].as_str().map(str::to_owned) }).await
}

/// How many calls this number got.
async fn calls(gateway: &TestGateway, number: &str) -> usize {
    gateway.control().calls(Some(number)).await.len()
}

async fn sort(gateway: &TestGateway, id: &str, kind: &str, school: &str) {
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    let triage = json!({"version": version, "types": [kind], "school": school});
    gateway.send(Method::PUT, &format!("/tips/{id}/triage"), triage).await;
}

async fn dispatch(gateway: &TestGateway, id: &str) {
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    let plan = gateway.get(&format!("/tips/{id}/plan")).await["fingerprint"].clone();
    gateway.send(Method::POST, &format!("/tips/{id}/dispatches"), json!({"version": version, "plan": plan})).await;
}

async fn timeline(gateway: &TestGateway, id: &str) -> Vec<String> {
    let entries = gateway.get(&format!("/tips/{id}/timeline")).await;
    entries.as_array().into_iter().flatten().filter_map(|entry| entry["sentence"].as_str().map(str::to_owned)).collect()
}

fn how_often(sentences: &[String], part: &str) -> usize {
    sentences.iter().filter(|sentence| sentence.contains(part)).count()
}

fn of_purpose(read: &Value, purpose: &str) -> Vec<Value> {
    read["dispatches"].as_array().into_iter().flatten().filter(|dispatch| dispatch["purpose"] == purpose).cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tip_that_nobody_sorts_calls_one_supervisor_after_the_other_until_somebody_does() {
    let mut gateway = prepared("page_after = [1, 4, 300]").await;
    gateway.serve().await;
    let id = tip(&gateway, "there is a gun on the bus").await;
    until("the first supervisor is called", || async { (calls(&gateway, FIRST).await > 0).then_some(()) }).await;
    assert_eq!(calls(&gateway, SECOND).await, 0, "the second rung has its own time");
    until("the second one is called", || async { (calls(&gateway, SECOND).await > 0).then_some(()) }).await;
    let line = gateway.tips().await.remove(0);
    assert!(line["attention"].as_array().is_some_and(|marks| marks.contains(&json!("paged"))), "{line}");
    assert_eq!((&line["open_obligations"], &line["confirmed"]), (&json!(0), &json!(0)), "a page tells no enduser: {line}");
    assert!(line["dispatched_at"].is_null());

    sort(&gateway, &id, "bullying", "charlie-high").await;
    let read = until("no supervisor is called any more", || async {
        let read = gateway.get(&format!("/tips/{id}")).await;
        let over = of_purpose(&read, "page")
            .iter()
            .flat_map(|page| page["obligations"].as_array().cloned().unwrap_or_default())
            .all(|obligation| ["released", "satisfied", "failed"].contains(&obligation["state"].as_str().unwrap_or("")));
        over.then_some(read)
    })
    .await;
    assert_eq!(of_purpose(&read, "page").len(), 2);
    assert_eq!(read["attention"], json!([]));
    assert_eq!(gateway.metric("tipline_obligations_without_timer").await, 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_alarm_and_call_pages_once() {
    let mut gateway = prepared("page_after = [2, 300]").await;
    gateway.serve().await;
    let id = tip(&gateway, "somebody wrote a threat on the wall").await;
    // Killed again and again around the moment at which the page is due; nobody else looks at the tip.
    for pause in [1_300_u64, 250, 250, 250, 250, 250] {
        let _ = tokio::time::timeout(std::time::Duration::from_millis(pause), std::future::pending::<()>()).await;
        gateway.kill();
        gateway.serve().await;
    }
    until("the supervisor is called", || async { (calls(&gateway, FIRST).await > 0).then_some(()) }).await;
    let sentences = timeline(&gateway, &id).await;
    assert_eq!(how_often(&sentences, "A supervisor is paged (rung 1)"), 1, "{sentences:#?}");
    let read = gateway.get(&format!("/tips/{id}")).await;
    assert_eq!(of_purpose(&read, "page").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn new_words_reach_everybody_who_was_told_together_and_a_missing_follow_up_pages() {
    let mut gateway = prepared("page_after = [200, 300]\nupdate_after = 2\nfollow_up_after = 3").await;
    gateway.serve().await;
    for suffix in 1..=30_u32 {
        let behaviour = serde_json::from_value(json!({"answer": "human", "key": "heard_code"})).expect("a behaviour");
        gateway.control().behave(&format!("+155555501{suffix:02}"), vec![behaviour]).await.expect("a behaviour");
    }
    let id = tip(&gateway, "there is a gun on the bus").await;
    sort(&gateway, &id, "possession-of-a-weapon", "bravo-middle").await;
    dispatch(&gateway, &id).await;
    let read = gateway.get(&format!("/tips/{id}")).await;
    let task = read["tasks"].as_array().and_then(|tasks| tasks.iter().find(|task| task["kind"] == "follow_up").cloned());
    let task = task.expect("the follow-up call is due at once");
    assert!(task["what"].as_str().is_some_and(|what| what.contains("Demo County Police")), "{task}");
    assert_eq!(of_purpose(&read, "update").len(), 0, "what was there at the dispatch is no news");

    assert_eq!(gateway.text(STUDENT, "he is in the last row").await, 200);
    assert_eq!(gateway.text(STUDENT, "and has a red backpack").await, 200);
    assert_eq!(gateway.get(&format!("/tips/{id}")).await["news"], 2);
    let read = until("those who were told hear that there is news", || async {
        let read = gateway.get(&format!("/tips/{id}")).await;
        let update = of_purpose(&read, "update").first().cloned()?;
        let all = update["obligations"].as_array()?.iter().all(|one| one["state"] == "satisfied");
        all.then_some(read)
    })
    .await;
    let updates = of_purpose(&read, "update");
    assert_eq!((updates.len(), &read["news"]), (1, &json!(0)), "two messages, one notice");
    let first: Vec<jiff::Timestamp> = updates[0]["obligations"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["first_attempt_at"].as_str()?.parse().ok())
        .collect();
    assert!(first.len() > 4, "all who were told: {}", first.len());
    let spread = first.iter().max().zip(first.iter().min()).map(|(last, first)| last.duration_since(*first).as_secs_f64());
    assert!(spread.is_some_and(|spread| spread < 5.0), "together: {spread:?}");
    let mails = gateway.control().mails(None).await;
    assert!(!mails.is_empty());
    assert!(mails.iter().all(|mail| !format!("{mail:?}").contains("backpack")), "an update holds no content (R6)");

    until("the missing follow-up pages a supervisor", || async { (calls(&gateway, FIRST).await > 0).then_some(()) }).await;
    let done = format!("/tasks/{}/done", task["id"].as_str().expect("an id"));
    assert_eq!(gateway.ask(Method::POST, &done, None).await.status(), 422, "not without a note");
    gateway.send(Method::POST, &done, json!({"note": "Spoke with the watch commander, who has it."})).await;
    let sentences = timeline(&gateway, &id).await;
    assert_eq!(how_often(&sentences, "Not done in time"), 1, "{sentences:#?}");
    let line = gateway.tips().await.remove(0);
    assert!(line["attention"].as_array().is_some_and(|marks| !marks.contains(&json!("task_overdue"))), "{line}");
}
