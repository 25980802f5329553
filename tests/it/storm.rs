//! Everything at once: carriers that are slow and dead, thousands of webhooks that come doubled, out of order, stale and badly signed, and
//! kill -9 amid all of it, while people are told.
//!
//! Afterwards every accepted text is there once, every promise has come to its end, no receipt is without a person, no lane was faster than
//! its pace, and nobody was called for one attempt twice, the PSAP not again without a reason.

use crate::gateway::{TestGateway, until};
use crate::kill::{SHORT, dispatch, every_promise_ends, keyed_codes, people_answer};
use crate::record::Record;
use crate::senders::{Senders, each_once};
use mock_carriers::{Carrier, Control};
use reqwest::Client;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

/// Webhooks that come again.
const STORM: u64 = 3000;
/// Streams of them at the same time.
const STREAMS: u64 = 4;
/// How often the gateway is killed.
const KILLS: u64 = 6;
/// Calls in a second of one carrier, as the demo's configuration says.
const PACE: usize = 5;
/// A request's way to the carrier takes unequal time, on a busy machine more than a turn, so that the edge of a second is blurred. A pace that was
/// kept by nobody, or twice by two, would show all the same.
const BLUR_US: u64 = 300_000;

/// What the storm saw.
#[derive(Debug, Default)]
struct Seen {
    stop: AtomicBool,
    brought: AtomicU64,
    forged: AtomicU64,
    /// Forged ones that were not refused.
    believed: AtomicU64,
    /// Answers that say that something broke.
    broken: AtomicU64,
}

/// Brings what was brought before, in any order, each some times, each eighth badly signed.
async fn blow(control: Control, client: Client, seen: Arc<Seen>, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    while !seen.stop.load(Ordering::SeqCst) {
        let mut all: Vec<_> = control.webhooks().await.into_iter().filter(|one| one.url.contains("/webhooks/main/")).collect();
        random.shuffle(&mut all);
        all.truncate(40);
        for webhook in all {
            let forged = random.u8(..8) == 0;
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&webhook.params).finish();
            let body = if forged { body + "&Body=forged" } else { body };
            let request = client.post(&webhook.url).header("Content-Type", "application/x-www-form-urlencoded").body(body);
            // While the gateway is dead there is no answer.
            let Ok(answer) = request.header("X-Twilio-Signature", &webhook.signature).send().await else {
                tokio::task::yield_now().await;
                continue;
            };
            seen.brought.fetch_add(1, Ordering::SeqCst);
            seen.forged.fetch_add(u64::from(forged), Ordering::SeqCst);
            seen.believed.fetch_add(u64::from(forged && answer.status() != 403), Ordering::SeqCst);
            seen.broken.fetch_add(u64::from(answer.status() == 500), Ordering::SeqCst);
        }
    }
}

/// One of the ways in which carriers break; each until the next one.
async fn break_carriers(control: &Control, turn: u64) {
    control.clear_faults().await;
    let fault = match turn % 4 {
        0 => json!({"match": {"kind": "rest", "carrier": "twilio"}, "fault": "delay", "delay_ms": 1500}),
        1 => return control.set_dead(Carrier::Twilio, true).await.expect("it is dead"),
        2 => json!({"match": {"kind": "rest", "method": "POST"}, "fault": "accept_then_timeout", "times": 4}),
        _ => json!({"match": {"kind": "callback"}, "fault": "reorder"}),
    };
    control.set_fault(serde_json::from_value(fault).expect("a fault")).await.expect("the fault is set");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_webhooks_slow_and_dead_carriers_and_kills_lose_and_double_nothing() {
    let mut gateway = TestGateway::start_with(SHORT).await;
    people_answer(&gateway).await;
    let (control, mut random, seen) = (gateway.control(), fastrand::Rng::with_seed(11), Arc::<Seen>::default());
    let senders = Senders::start(&gateway);
    let mut tips = vec![dispatch(&gateway, 1).await];
    let mut storm = JoinSet::new();
    for stream in 0..STREAMS {
        storm.spawn(blow(control.clone(), gateway.client.clone(), seen.clone(), stream));
    }
    for kill in 0..KILLS {
        break_carriers(&control, kill).await;
        let brought = seen.brought.load(Ordering::SeqCst);
        until("the storm goes on", || std::future::ready((seen.brought.load(Ordering::SeqCst) > brought + STORM / KILLS).then_some(())))
            .await;
        let _ = tokio::time::timeout(Duration::from_millis(random.u64(20..400)), std::future::pending::<()>()).await;
        gateway.kill();
        gateway.serve().await;
        if kill % 3 == 2 {
            control.clear_faults().await;
            tips.push(dispatch(&gateway, 2 + kill).await);
        }
    }
    control.clear_faults().await;
    seen.stop.store(true, Ordering::SeqCst);
    while let Some(ended) = storm.join_next().await {
        ended.expect("the storm ends");
    }
    let accepted = senders.end().await;
    for tip in &tips {
        every_promise_ends(&gateway, tip).await;
        psap_was_called_with_reason(&gateway, tip).await;
    }
    assert_eq!(gateway.metric("tipline_obligations_without_timer").await, 0.0);
    let keyed = keyed_codes(&gateway).await;
    let brought = seen.brought.load(Ordering::SeqCst);
    println!(
        "{brought} webhooks of the storm, {} badly signed; {KILLS} kills; {} texts accepted; {} dispatches",
        seen.forged.load(Ordering::SeqCst),
        accepted.len(),
        tips.len()
    );
    assert!(brought >= STORM);
    assert_eq!(seen.believed.load(Ordering::SeqCst), 0, "a badly signed webhook is refused");
    assert_eq!(seen.broken.load(Ordering::SeqCst), 0, "no webhook breaks anything");
    calls_keep_pace_and_are_made_once(&control).await;
    assert_eq!(gateway.terminate().await, 0, "it ends in good order");
    let record = Record::open(&gateway).await;
    each_once(&record, &accepted);
    for attempt in &record.confirmed_attempts {
        assert!(keyed.contains(attempt), "attempt {attempt} is confirmed, but nobody keyed its code");
    }
}

/// A further call to the PSAP follows one that has ended, was not taken, or of which nobody knows.
async fn psap_was_called_with_reason(gateway: &TestGateway, tip: &str) {
    let tip = gateway.get(&format!("/tips/{tip}")).await;
    let dispatches = tip["dispatches"].as_array().into_iter().flatten();
    let obligations = dispatches.flat_map(|dispatch| dispatch["obligations"].as_array().into_iter().flatten());
    for call in obligations.filter(|one| one["kind"] == "psap" && one["means"] == "call") {
        let attempts = call["attempts"].as_array().map_or(&[][..], Vec::as_slice);
        let is_over = |attempt: &Value| {
            let open = attempt["answer"] == "accepted";
            !open || attempt["receipts"].as_array().into_iter().flatten().any(|receipt| receipt["kind"] == "ended")
        };
        let before = attempts.split_last().map_or(&[][..], |(_, before)| before);
        assert!(before.iter().all(is_over), "the PSAP was called again without a reason: {call}");
    }
}

/// No carrier was asked faster than its pace in any sliding second, nor twice for one attempt.
async fn calls_keep_pace_and_are_made_once(control: &Control) {
    let (mut times, mut attempts) = (BTreeMap::<&str, Vec<u64>>::new(), BTreeMap::<String, u32>::new());
    for request in control.requests().await.into_iter().filter(|request| request.method == "POST") {
        let carrier = match request.path.as_str() {
            path if path.ends_with("/Calls.json") => "first",
            path if path.ends_with("/Calls") => "second",
            _ => continue,
        };
        times.entry(carrier).or_default().push(request.arrived_us);
        let done = request.fault.as_deref().is_none_or(|fault| fault == "accept_then_timeout" || fault == "delay");
        let attempt = request.form.iter().find_map(|(_, value)| value.split_once("/calls/")?.1.get(..32).map(str::to_owned));
        if let Some(attempt) = attempt.filter(|_| done) {
            *attempts.entry(attempt).or_default() += 1;
        }
    }
    for (carrier, mut times) in times {
        times.sort_unstable();
        let within = |from: u64| times.iter().filter(|at| (from..from + 1_000_000 - BLUR_US).contains(at)).count();
        let most = times.iter().map(|at| within(*at)).max().unwrap_or(0);
        assert!(most <= PACE, "{most} calls of the {carrier} carrier in a second");
    }
    let twice: Vec<_> = attempts.iter().filter(|(_, number)| **number > 1).collect();
    assert!(twice.is_empty(), "called twice for one attempt: {twice:?}");
}
