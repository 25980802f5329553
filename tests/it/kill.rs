//! kill -9 at random moments, fifty times, under inbound load and while dispatching: nothing is lost, doubled or falsely confirmed.

use crate::gateway::{LINE, TestGateway, until};
use crate::record::Record;
use mock_carriers::voice::behaviour::Behaviour;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;

/// How often the gateway is killed.
const KILLS: u64 = 50;
/// Texts that one reporter writes before the next one begins.
const TEXTS_EACH: u64 = 50;
/// Windows short enough to see the end: 30 seconds for everybody, 5 of grace.
pub const SHORT: &[(&str, &str)] = &[
    ("TIPLINE__DISPATCH__CRITICAL_WINDOW", "30"),
    ("TIPLINE__DISPATCH__GRACE", "5"),
    ("TIPLINE__DISPATCH__DISTRICT_AFTER", "10"),
    ("TIPLINE__DISPATCH__BUSY_FIRST", "0.5"),
    ("TIPLINE__DISPATCH__NO_ANSWER_FIRST", "0.5"),
    ("TIPLINE__DISPATCH__LONGEST_DELAY", "3"),
    ("TIPLINE__DISPATCH__ASK_AFTER", "1"),
    ("TIPLINE__DISPATCH__SILENT_ATTEMPT_LIMIT", "5"),
    ("TIPLINE__OUTBOX__LEASE_SECONDS", "10"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_lose_nothing_and_confirm_nobody() {
    let mut gateway = TestGateway::start_with(SHORT).await;
    let mut random = fastrand::Rng::with_seed(2026);
    people_answer(&gateway).await;
    let (stop, number) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let accepted: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    #[expect(clippy::disallowed_methods, reason = "the load is the test's own and is awaited at its end")]
    let load: Vec<_> = (0..4).map(|_| tokio::spawn(texts(gateway.control(), stop.clone(), number.clone(), accepted.clone()))).collect();
    let mut dispatched = Vec::new();
    for kill in 0..KILLS {
        if kill % 10 == 0 {
            dispatched.push(dispatch(&gateway, kill).await);
        }
        let _ = tokio::time::timeout(Duration::from_millis(random.u64(20..400)), std::future::pending::<()>()).await;
        gateway.kill();
        gateway.serve().await;
    }
    stop.store(true, Ordering::SeqCst);
    for task in load {
        task.await.expect("the load ends");
    }
    for tip in &dispatched {
        every_promise_ends(&gateway, tip).await;
    }
    let keyed = keyed_codes(&gateway).await;
    assert_eq!(gateway.metric("tipline_obligations_without_timer").await, 0.0);
    assert_eq!(gateway.terminate().await, 0, "it ends in good order");
    let record = Record::open(&gateway).await;
    every_text_once(&record, &accepted.lock().await.clone());
    assert!(record.tips > 0);
    println!(
        "{KILLS} kills; {} texts accepted, {} found once each; {} dispatches; {} confirmed by key, {} people keyed the code they heard",
        accepted.lock().await.len(),
        record.reporter_texts.len(),
        dispatched.len(),
        record.confirmed_attempts.len(),
        keyed.len()
    );
    for attempt in &record.confirmed_attempts {
        assert!(keyed.contains(attempt), "attempt {attempt} is confirmed, but nobody keyed its code");
    }
}

/// Offices answer in one way or another; nobody but a human who keys what they heard can confirm.
pub async fn people_answer(gateway: &TestGateway) {
    let answers = [
        json!({"answer": "human", "key": "heard_code"}),
        json!({"answer": "machine"}),
        json!({"answer": "busy"}),
        json!({"answer": "no_answer"}),
        json!({"answer": "human", "key": "wrong"}),
    ];
    for suffix in 1..=99_usize {
        let behaviour: Behaviour = serde_json::from_value(answers[suffix % answers.len()].clone()).expect("a behaviour");
        gateway.control().behave(&format!("+155555501{suffix:02}"), vec![behaviour]).await.expect("a behaviour");
    }
}

/// Texts until told to stop; a text that got no 2xx is brought again by the carrier, with the same id, until it gets one.
async fn texts(control: mock_carriers::Control, stop: Arc<AtomicBool>, number: Arc<AtomicU64>, accepted: Arc<Mutex<BTreeSet<String>>>) {
    while !stop.load(Ordering::SeqCst) {
        let n = number.fetch_add(1, Ordering::SeqCst);
        let body = format!("text number {n}.");
        let Ok(said) = control.text(&format!("+1444555{:04}", n / TEXTS_EACH), LINE, &body).await else { continue };
        let mut status = said.webhook.status.unwrap_or(0);
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        while !(200..300).contains(&status) {
            pause.tick().await;
            status = control.replay(&said.sid, true).await.map_or(0, |answer| answer.status.unwrap_or(0));
        }
        accepted.lock().await.insert(body);
    }
}

/// A Critical tip of its own, sorted and dispatched; its id.
pub async fn dispatch(gateway: &TestGateway, n: u64) -> String {
    let from = format!("+1333555{n:04}");
    let words = format!("gun on the bus {n}.");
    until("the text is taken", || async { (gateway.text(&from, &words).await == 200).then_some(()) }).await;
    let id = until("the tip is there", || async {
        let tips = gateway.tips().await;
        let tip = tips.iter().find(|tip| tip["first_words"].as_str().is_some_and(|text| text.contains(&words)))?;
        tip["id"].as_str().map(str::to_owned)
    })
    .await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    let triage = json!({"version": version, "types": ["possession-of-a-weapon"], "school": "bravo-middle"});
    gateway.send(reqwest::Method::PUT, &format!("/tips/{id}/triage"), triage).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    gateway.send(reqwest::Method::POST, &format!("/tips/{id}/dispatches"), json!({"version": version})).await;
    id
}

/// Satisfied, released, or failed with a task for a person: nothing else is an end, and everything ends.
pub async fn every_promise_ends(gateway: &TestGateway, tip: &str) {
    let read = until("every promise ends", || async {
        let read = gateway.get(&format!("/tips/{tip}")).await;
        let ended = obligations(&read)
            .iter()
            .all(|obligation| ["satisfied", "released", "failed"].contains(&obligation["state"].as_str().unwrap_or("")));
        ended.then_some(read)
    })
    .await;
    let failed = obligations(&read).iter().filter(|obligation| obligation["state"] == "failed").count();
    let tasks = read["tasks"].as_array().map_or(0, Vec::len);
    assert!(failed <= tasks, "{failed} failed, {tasks} tasks");
    let calls = obligations(&read).into_iter().filter(|obligation| obligation["means"] == "call" && obligation["state"] == "satisfied");
    for call in calls {
        assert!(
            !call["confirmed_at"].is_null() || call["state_detail"] == "confirmed_elsewhere",
            "a call is kept only by a person: {call}"
        );
    }
}

pub fn obligations(tip: &Value) -> Vec<Value> {
    tip["dispatches"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|dispatch| dispatch["obligations"].as_array().cloned().unwrap_or_default())
        .collect()
}

/// The attempts on whose calls somebody who keys what they hear did so: from what the carrier brought to the steps' addresses.
pub async fn keyed_codes(gateway: &TestGateway) -> BTreeSet<String> {
    let brought = gateway.control().webhooks().await;
    let brought = brought.iter().map(|delivered| serde_json::to_value(delivered).expect("a webhook is JSON"));
    brought
        .filter(|webhook| !field(webhook, "Digits").is_empty() && keys_what_it_hears(&field(webhook, "To")))
        .filter_map(|webhook| {
            // By whichever carrier it was called.
            let rest = webhook["url"].as_str()?.split("/calls/").nth(1)?.to_owned();
            rest.get(..32).map(str::to_owned)
        })
        .collect()
}

/// The person at this number, as `people_answer` set them up.
fn keys_what_it_hears(number: &str) -> bool {
    number.strip_prefix("+155555501").and_then(|suffix| suffix.parse::<usize>().ok()).is_some_and(|suffix| suffix % 5 == 0)
}

fn field(webhook: &Value, name: &str) -> String {
    let pairs = webhook["params"].as_array().cloned().unwrap_or_default();
    pairs.iter().find(|pair| pair[0] == name).and_then(|pair| pair[1].as_str().map(str::to_owned)).unwrap_or_default()
}

fn every_text_once(record: &Record, accepted: &BTreeSet<String>) {
    assert!(accepted.len() > 50, "the load was real: {}", accepted.len());
    for text in accepted {
        assert_eq!(record.reporter_texts.get(text), Some(&1), "{text}");
    }
    assert!(record.reporter_texts.values().all(|count| *count == 1), "nothing is there twice");
}
