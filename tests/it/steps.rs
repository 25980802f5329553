//! The machine's clock is set by hours, both ways, while the gateway serves and while it is down: nothing is early, late, twice or forgotten.
//!
//! `libfaketime` (Debian's package `faketime`) stands between the gateway and the machine's time; its steady count is left alone, as it is
//! when a clock is set. The pretend carriers keep the right time, as real ones do.

use crate::gateway::{TestGateway, until};
use crate::record::Record;
use crate::senders::{Senders, each_once};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};

const STUDENT: &str = "+15555550142";
const PSAP: &str = "+15555550101";
/// What the operator is told of each step.
const NOTICED: &str = "this machine's clock was set; promises keep their time";
/// The windows: 50 seconds for everybody, 10 of grace; a session would end long after the test.
const SHORT: [(&str, &str); 8] = [
    ("TIPLINE__DISPATCH__CRITICAL_WINDOW", "50"),
    ("TIPLINE__DISPATCH__GRACE", "10"),
    ("TIPLINE__DISPATCH__DISTRICT_AFTER", "40"),
    ("TIPLINE__DISPATCH__NO_ANSWER_FIRST", "4"),
    ("TIPLINE__DISPATCH__LONGEST_DELAY", "4"),
    ("TIPLINE__DISPATCH__ASK_AFTER", "2"),
    ("TIPLINE__DISPATCH__SILENT_ATTEMPT_LIMIT", "15"),
    ("TIPLINE__OUTBOX__LEASE_SECONDS", "10"),
];

/// The library that tells another time.
fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).filter(|path| path.is_file());
    found.next().expect("libfaketime is missing: install the Debian package faketime, or use `cargo xtask test`")
}

/// A machine whose clock can be set.
struct Machine {
    set: PathBuf,
}

impl Machine {
    fn new(name: &str) -> Self {
        let machine = Self { set: std::env::temp_dir().join(format!("tipline-clock-{name}-{}", std::process::id())) };
        machine.set("+0s");
        machine
    }

    /// So far from the right time.
    fn set(&self, off: &str) {
        let half = self.set.with_extension("half");
        std::fs::write(&half, format!("{off}\n")).and_then(|()| std::fs::rename(&half, &self.set)).expect("the clock is set");
    }

    /// A gateway on it, with everybody at the phones confirming; the officer at the second call only.
    async fn gateway(&self) -> TestGateway {
        let (library, set) = (library().display().to_string(), self.set.display().to_string());
        let own = [
            ("LD_PRELOAD", library.as_str()),
            ("FAKETIME_TIMESTAMP_FILE", &set),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ];
        let environment: Vec<(&str, &str)> = SHORT.into_iter().chain(own).collect();
        let gateway = TestGateway::start_with(&environment).await;
        let human = || serde_json::from_value(json!({"answer": "human", "key": "heard_code"})).expect("a behaviour");
        for suffix in 1..=30_u32 {
            let nobody = serde_json::from_value(json!({"answer": "no_answer"})).expect("a behaviour");
            let calls = if suffix % 3 == 0 { vec![nobody, human()] } else { vec![human()] };
            gateway.control().behave(&format!("+155555501{suffix:02}"), calls).await.expect("a behaviour");
        }
        gateway
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.set);
    }
}

async fn dispatch(gateway: &TestGateway) -> String {
    assert_eq!(gateway.text(STUDENT, "there is a gun on the bus").await, 200);
    let id = until("the tip", || async {
        let tips = gateway.tips().await;
        let tip = tips.iter().find(|tip| tip["first_words"].as_str().is_some_and(|words| words.contains("gun")))?;
        tip["id"].as_str().map(str::to_owned)
    })
    .await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    let triage = json!({"version": version, "types": ["possession-of-a-weapon"], "school": "bravo-middle"});
    gateway.send(Method::PUT, &format!("/tips/{id}/triage"), triage).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    gateway.send(Method::POST, &format!("/tips/{id}/dispatches"), json!({"version": version})).await;
    id
}

async fn obligations(gateway: &TestGateway, tip: &str) -> Vec<Value> {
    gateway.get(&format!("/tips/{tip}")).await["dispatches"][0]["obligations"].as_array().cloned().unwrap_or_default()
}

async fn until_called(gateway: &TestGateway, tip: &str, at_least: usize) {
    until("some are called", || async {
        let tried = obligations(gateway, tip).await.iter().filter(|one| !one["first_attempt_at"].is_null()).count();
        (tried >= at_least).then_some(())
    })
    .await;
}

/// Everybody is told inside the window; nobody twice, and nobody is given up.
async fn all_told_once(gateway: &TestGateway, tip: &str, began: Instant) {
    let all = until("everybody is told", || async {
        let all = obligations(gateway, tip).await;
        all.iter().all(|one| ["satisfied", "released"].contains(&one["state"].as_str().unwrap_or(""))).then_some(all)
    })
    .await;
    // 50 seconds by the gateway's count, which runs at most a twentieth faster.
    assert!(began.elapsed() < Duration::from_secs(56), "after {:?}", began.elapsed());
    assert!(all.iter().all(|one| one["breached_at"].is_null()), "nobody was told too late: {all:?}");
    let calls_to = |number: &'static str| async move {
        let requests = gateway.control().requests().await;
        let calls = requests.into_iter().filter(|request| request.method == "POST" && request.path.contains("/Calls"));
        calls.filter(|request| request.form.iter().any(|(key, value)| key == "To" && value == number)).count()
    };
    assert_eq!(calls_to(PSAP).await, 1, "who confirmed is called once");
    assert!(calls_to("+15555550112").await >= 2, "the officer did not answer the first time");
    let first_words =
        gateway.control().messages(STUDENT).await.into_iter().filter(|message| format!("{:?}", message.from).contains("0100"));
    assert_eq!(first_words.count(), 1, "nothing is said twice");
    let (now, right) = (gateway.get("/tips?filter=open").await["now"].clone(), tipline::clock::Clock::System.now());
    let told: Timestamp = now.as_str().and_then(|text| text.parse().ok()).expect("a time");
    assert!(told.duration_since(right).abs() < SignedDuration::from_secs(10), "{told} is told at {right}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_while_everybody_is_told_changes_nothing() {
    let machine = Machine::new("serving");
    let mut gateway = machine.gateway().await;
    let senders = Senders::start(&gateway);
    until("texts come", || std::future::ready((senders.accepted() > 20).then_some(()))).await;
    let began = Instant::now();
    let tip = dispatch(&gateway).await;
    // Between the steps time passes by what happens: calls are made, texts are taken.
    for (step, off) in ["+3h", "-5h", "+26h", "-2h", "+0s"].into_iter().enumerate() {
        machine.set(off);
        until("it is noticed", || std::future::ready((gateway.log().matches(NOTICED).count() > step).then_some(()))).await;
        let before = senders.accepted();
        until("texts are taken", || std::future::ready((senders.accepted() > before + 10).then_some(()))).await;
        until_called(&gateway, &tip, 2 * step).await;
    }
    all_told_once(&gateway, &tip, began).await;
    assert_eq!(gateway.metric("tipline_obligations_without_timer").await, 0.0);
    let accepted = senders.end().await;
    assert_eq!(gateway.terminate().await, 0);
    each_once(&Record::open(&gateway).await, &accepted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_while_the_gateway_is_down_forgets_no_promise() {
    let machine = Machine::new("down");
    let mut gateway = machine.gateway().await;
    let began = Instant::now();
    let tip = dispatch(&gateway).await;
    // The PSAP is through with it, others are not: of whom was on a call nobody would know, and they would be called again.
    until("the PSAP has confirmed", || async {
        let all = obligations(&gateway, &tip).await;
        let is_psap = |one: &&Value| one["kind"] == "psap" && one["means"] == "call";
        all.iter().find(is_psap).is_some_and(|psap| psap["state"] == "satisfied").then_some(())
    })
    .await;
    gateway.kill();
    machine.set("-5h");
    gateway.serve().await;
    all_told_once(&gateway, &tip, began).await;
    assert!(gateway.log().contains("was set back while promises are open"), "the operator is told");
    // With nothing open the machine's time counts again.
    gateway.kill();
    gateway.serve().await;
    let now: Timestamp = gateway.get("/tips?filter=open").await["now"].as_str().and_then(|text| text.parse().ok()).expect("a time");
    let right = tipline::clock::Clock::System.now();
    assert!(right.duration_since(now) > SignedDuration::from_hours(4), "{now} is told at {right}");
    // Who was logged in still is: every request here came with the token of before.
    assert_eq!(gateway.terminate().await, 0);
}
