//! Carriers that are away while a Critical tip is told: everybody is told through the other one, inside the window; nobody is stormed.
//!
//! Two accounts at two carriers, the preferred one broken in several ways. The window is forty seconds instead of twenty minutes.

use crate::gateway::{TestGateway, free_port, until};
use jiff::Timestamp;
use mock_carriers::{Control, MockCarriers, NumberRoute, Options, Tempo};
use reqwest::Method;
use serde_json::{Value, json};

const STUDENT: &str = "+15555550142";
const PSAP: &str = "+15555550101";
/// The number at the second carrier.
const BACKUP: &str = "+15555550197";
/// Calls in a second by the second carrier.
const BACKUP_PACE: usize = 2;

const SHORT: &[(&str, &str)] = &[
    ("TIPLINE__DISPATCH__CRITICAL_WINDOW", "40"),
    ("TIPLINE__DISPATCH__GRACE", "10"),
    ("TIPLINE__DISPATCH__DISTRICT_AFTER", "20"),
    ("TIPLINE__DISPATCH__BUSY_FIRST", "0.5"),
    ("TIPLINE__DISPATCH__NO_ANSWER_FIRST", "0.5"),
    ("TIPLINE__DISPATCH__FAULT_FIRST", "0.5"),
    ("TIPLINE__DISPATCH__LONGEST_DELAY", "4"),
    ("TIPLINE__DISPATCH__ASK_AFTER", "2"),
    ("TIPLINE__DISPATCH__SILENT_ATTEMPT_LIMIT", "10"),
    ("TIPLINE__OUTBOX__LEASE_SECONDS", "10"),
];

/// How the first carrier is broken.
enum Broken {
    /// Nothing listens.
    Away,
    /// What it is asked for is struck by this fault.
    Struck(Value),
}

/// A gateway with two carriers; the second is sound.
struct Two {
    gateway: TestGateway,
    second: MockCarriers,
}

/// Which carrier the second account is at.
#[derive(Clone, Copy)]
enum Second {
    /// Another of the first one's dialect.
    Alike,
    /// Telnyx.
    Telnyx,
}

/// A gateway without the demo's second carrier, not started yet.
async fn prepared() -> TestGateway {
    prepared_with(SHORT).await
}

async fn prepared_with(environment: &[(&str, &str)]) -> TestGateway {
    let gateway = TestGateway::prepare(environment).await;
    gateway.configure(|text| {
        let begin = text.find("[[account]]\nname = \"backup\"").expect("the demo's second carrier");
        let end = text[begin + 1..].find("[[account]]").map_or(text.len(), |at| begin + 1 + at);
        format!("{}{}", &text[..begin], &text[end..])
    });
    gateway
}

/// A gateway with one carrier only.
async fn alone() -> TestGateway {
    let mut gateway = prepared().await;
    gateway.serve().await;
    gateway
}

async fn two(broken: Broken, kind: Second) -> Two {
    let gateway = prepared().await;
    let tempo = Tempo { word_ms: 1, handset_word_ms: 1, ring_ms: 20, second_ms: 20, message_ms: 10 };
    let mut options = Options { tempo, ..Options::default() };
    let number: NumberRoute = BACKUP.parse().expect("a number");
    match kind {
        Second::Alike => options.numbers.push(number),
        Second::Telnyx => options.telnyx.numbers.push(number),
    }
    let second = MockCarriers::start(options.clone()).await.expect("the second carrier starts");
    let (first, dead) = (gateway.mock.base_url(), format!("http://127.0.0.1:{}", free_port()));
    let account = second_account(&second, &options, kind);
    gateway.configure(|text| {
        let text = text.replace("timeout_seconds = 5", "timeout_seconds = 1");
        let text = if matches!(broken, Broken::Away) { text.replace(&first, &dead) } else { text };
        text + &account
    });
    if let Broken::Struck(fault) = broken {
        gateway.control().set_fault(serde_json::from_value(fault).expect("a fault")).await.expect("the fault is set");
    }
    for control in [gateway.control(), second.control()] {
        people_confirm(&control).await;
    }
    let mut two = Two { gateway, second };
    two.gateway.serve().await;
    two
}

/// The second account's part of the configuration.
fn second_account(second: &MockCarriers, options: &Options, kind: Second) -> String {
    let access = match kind {
        Second::Alike => format!(
            "kind = \"twilio\"\naccount_sid = \"{}\"\nauth_token = \"{}\"\napi_base = \"{}\"\n",
            second.account_sid(),
            second.auth_token(),
            second.base_url()
        ),
        Second::Telnyx => format!(
            "kind = \"telnyx\"\naccount_sid = \"{}\"\napi_key = \"{}\"\napplication_id = \"{}\"\npublic_key = \"{}\"\napi_base = \"{}\"\n",
            options.telnyx.account_sid,
            options.telnyx.api_key,
            options.telnyx.application_id,
            second.telnyx_public_key(),
            second.telnyx_url()
        ),
    };
    format!(
        "\n[[account]]\nname = \"backup\"\n{access}call_from = \"{BACKUP}\"\ntext_from = \"{BACKUP}\"\n\
         calls_per_second = {BACKUP_PACE}\ntimeout_seconds = 1\nallow_private_media = [\"127.0.0.1\"]\n"
    )
}

async fn people_confirm(control: &Control) {
    for suffix in 1..=30_u32 {
        let behaviour = serde_json::from_value(json!({"answer": "human", "key": "heard_code"})).expect("a behaviour");
        control.behave(&format!("+155555501{suffix:02}"), vec![behaviour]).await.expect("a behaviour");
    }
}

async fn dispatch(gateway: &TestGateway) -> String {
    assert_eq!(gateway.text(STUDENT, "there is a gun on the bus").await, 200);
    let id = until("the tip", || async { gateway.tips().await.first()?["id"].as_str().map(str::to_owned) }).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    let triage = json!({"version": version, "types": ["possession-of-a-weapon"], "school": "bravo-middle"});
    gateway.send(Method::PUT, &format!("/tips/{id}/triage"), triage).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    gateway.send(Method::POST, &format!("/tips/{id}/dispatches"), json!({"version": version})).await;
    id
}

fn obligations(tip: &Value) -> Vec<Value> {
    tip["dispatches"][0]["obligations"].as_array().cloned().unwrap_or_default()
}

/// Waits until every promise is kept, and looks that each was kept in time.
async fn all_kept_in_time(gateway: &TestGateway, tip: &str) -> Vec<Value> {
    let kept = until("everybody is told", || async {
        let read = gateway.get(&format!("/tips/{tip}")).await;
        let all = obligations(&read);
        let is_kept = |one: &Value| ["satisfied", "released"].contains(&one["state"].as_str().unwrap_or(""));
        (!all.is_empty() && all.iter().all(is_kept)).then_some(all)
    })
    .await;
    for one in &kept {
        assert!(one["breached_at"].is_null(), "told too late: {one}");
    }
    assert_eq!(gateway.metric("tipline_obligations_without_timer").await, 0.0);
    kept
}

/// The lanes of all attempts at calls, oldest first.
fn lanes_of_calls(all: &[Value]) -> Vec<String> {
    let calls = all.iter().filter(|one| one["means"] == "call");
    let attempts = calls.flat_map(|one| one["attempts"].as_array().cloned().unwrap_or_default());
    attempts.filter_map(|attempt| attempt["lane"].as_str().map(str::to_owned)).collect()
}

/// When the carrier was asked to call, in microseconds.
async fn asked_to_call(control: &Control) -> Vec<(u64, Timestamp)> {
    let seen = control.requests().await;
    let calls = seen
        .into_iter()
        .filter(|request| request.method == "POST" && ["/Calls.json", "/Calls"].iter().any(|end| request.path.ends_with(end)));
    let mut times: Vec<_> = calls.map(|request| (request.arrived_us, request.at)).collect();
    times.sort();
    times
}

/// The most in any sliding second. A request's way to the carrier takes unequal time, so that the edge is blurred by some milliseconds.
fn most_in_a_second(times: &[(u64, Timestamp)]) -> usize {
    const BLUR_US: u64 = 100_000;
    let within = |from: u64| times.iter().filter(|(at, _)| *at >= from && *at < from + 1_000_000 - BLUR_US).count();
    times.iter().map(|(at, _)| within(*at)).max().unwrap_or(0)
}

async fn the_second_tells_everybody(broken: Broken, kind: Second) -> Two {
    let two = two(broken, kind).await;
    let id = dispatch(&two.gateway).await;
    let all = all_kept_in_time(&two.gateway, &id).await;
    let called: Vec<_> = all.iter().filter(|one| one["means"] == "call" && one["state"] == "satisfied").collect();
    assert!(called.len() >= 7, "{}", called.len());
    assert!(called.iter().all(|one| !one["confirmed_at"].is_null()), "by a person, each of them");
    let lanes = lanes_of_calls(&all);
    assert!(lanes.iter().filter(|lane| *lane == "backup-call").count() >= 7, "{lanes:?}");
    let times = asked_to_call(&two.second.control()).await;
    assert!(most_in_a_second(&times) <= BACKUP_PACE, "the pace of the second carrier holds in the outage: {times:?}");
    two
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_is_away_delays_nobody() {
    let mut two = the_second_tells_everybody(Broken::Away, Second::Telnyx).await;
    assert!(two.gateway.metric("tipline_circuit_open").await >= 1.0, "the operator sees it");
    // The restarted gateway knows: the next tip is told without asking the dead carrier first.
    two.gateway.kill();
    two.second.control().reset().await;
    people_confirm(&two.second.control()).await;
    two.gateway.serve().await;
    let id = dispatch_another(&two.gateway).await;
    let lanes = lanes_of_calls(&all_kept_in_time(&two.gateway, &id).await);
    let in_vain = lanes.iter().filter(|lane| *lane == "main-call").count();
    assert!(in_vain <= 3, "{in_vain} attempts at a carrier that is known to be away: {lanes:?}");
}

/// Another reporter, another tip.
async fn dispatch_another(gateway: &TestGateway) -> String {
    assert_eq!(gateway.text("+15555550143", "a knife in the hall of Bravo").await, 200);
    let id = until("the second tip", || async {
        let tips = gateway.tips().await;
        let tip = tips.iter().find(|tip| tip["first_words"].as_str().is_some_and(|words| words.contains("knife")))?;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_fails_at_everything_delays_nobody() {
    the_second_tells_everybody(Broken::Struck(json!({"match": {"kind": "rest"}, "fault": "500"})), Second::Alike).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_fails_at_calling_only_delays_nobody() {
    let matches = json!({"kind": "rest", "path_contains": "Calls", "method": "POST"});
    the_second_tells_everybody(Broken::Struck(json!({"match": matches, "fault": "500"})), Second::Alike).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_takes_connections_and_says_nothing_delays_nobody() {
    the_second_tells_everybody(Broken::Struck(json!({"match": {"kind": "rest"}, "fault": "delay", "delay_ms": 600_000})), Second::Telnyx)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_refused_delays_nobody() {
    the_second_tells_everybody(Broken::Struck(json!({"match": {"kind": "rest"}, "fault": "401"})), Second::Alike).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_never_calls_back_is_asked() {
    let gateway = alone().await;
    people_confirm(&gateway.control()).await;
    // The first call rings out; nobody tells us.
    let calls = [json!({"answer": "no_answer"}), json!({"answer": "human", "key": "heard_code"})];
    let calls = calls.map(|call| serde_json::from_value(call).expect("a behaviour"));
    gateway.control().behave(PSAP, calls.to_vec()).await.expect("a behaviour");
    let fault = json!({"match": {"kind": "callback"}, "fault": "drop"});
    gateway.control().set_fault(serde_json::from_value(fault).expect("a fault")).await.expect("the fault is set");
    let id = dispatch(&gateway).await;
    let all = all_kept_in_time(&gateway, &id).await;
    let psap = all.iter().find(|one| one["kind"] == "psap" && one["means"] == "call").expect("the PSAP is called");
    let ends: Vec<_> = psap["attempts"].as_array().expect("attempts").iter().map(|attempt| attempt["receipts"].to_string()).collect();
    assert!(ends.len() >= 2 && ends[0].contains("no answer"), "the carrier was asked how the first call ended: {ends:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_asks_for_a_slower_pace_is_not_stormed() {
    let gateway = alone().await;
    people_confirm(&gateway.control()).await;
    let slower = json!({"id": "slower", "match": {"kind": "rest", "path_contains": "Calls", "method": "POST"}, "fault": "429"});
    gateway.control().set_fault(serde_json::from_value(slower).expect("a fault")).await.expect("the fault is set");
    let id = dispatch(&gateway).await;
    until("the carrier was asked eight times in vain", || async { (asked_to_call(&gateway.control()).await.len() >= 8).then_some(()) })
        .await;
    let in_vain = asked_to_call(&gateway.control()).await;
    let (first, last) = (in_vain[0].0, in_vain[in_vain.len() - 1].0);
    gateway.control().remove_fault("slower").await.expect("the fault ends");
    assert!(most_in_a_second(&in_vain) <= 5, "the demo's pace: {in_vain:?}");
    assert!(last - first > 2_000_000, "after six refusals the lane pauses: {in_vain:?}");
    let all = all_kept_in_time(&gateway, &id).await;
    assert!(all.iter().filter(|one| one["means"] == "call").all(|one| one["state"] != "failed"));
}

/// How long after its grace a promise may stay open: until what is put off is looked at again, and not one a trial, which come up to thirty
/// seconds apart.
const CLOSED_WITHIN_SECONDS: i64 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn the_only_carrier_is_dead_and_every_promise_fails_in_its_time() {
    let short = [
        ("TIPLINE__DISPATCH__CRITICAL_WINDOW", "8"),
        ("TIPLINE__DISPATCH__GRACE", "2"),
        ("TIPLINE__DISPATCH__DISTRICT_AFTER", "3"),
        ("TIPLINE__DISPATCH__LONGEST_DELAY", "4"),
        ("TIPLINE__DISPATCH__BUSY_FIRST", "1"),
        ("TIPLINE__DISPATCH__NO_ANSWER_FIRST", "1"),
        ("TIPLINE__DISPATCH__ASK_AFTER", "2"),
        ("TIPLINE__DISPATCH__SILENT_ATTEMPT_LIMIT", "5"),
    ];
    let mut gateway = prepared_with(&short).await;
    gateway.serve().await;
    let fault = json!({"match": {"kind": "rest"}, "fault": "refuse"});
    gateway.control().set_fault(serde_json::from_value(fault).expect("a fault")).await.expect("the fault is set");
    let id = dispatch(&gateway).await;
    let calls = until("every call has been given up", || async {
        let read = gateway.get(&format!("/tips/{id}")).await;
        let calls: Vec<Value> = obligations(&read).into_iter().filter(|one| one["means"] == "call").collect();
        calls.iter().all(|one| one["state"] == "failed").then_some(calls)
    })
    .await;
    assert!(calls.len() >= 7, "{}", calls.len());
    let time = |one: &Value, field: &str| one[field].as_str().and_then(|at| at.parse::<Timestamp>().ok()).expect("a time");
    for one in &calls {
        // Given up after the grace, which runs from the first attempt where that came after the due time.
        let from = time(one, "due_at").max(one["first_attempt_at"].as_str().map_or(Timestamp::MIN, |at| at.parse().expect("a time")));
        let after = time(one, "state_at").duration_since(from).as_secs();
        assert!(after <= 2 + CLOSED_WITHIN_SECONDS, "{after} s: {one}");
        let breached = time(one, "breached_at").duration_since(time(one, "due_at")).as_secs();
        assert!(breached <= 8, "{breached} s: {one}");
    }
    assert_eq!(gateway.metric("tipline_obligations_without_timer").await, 0.0);
}
