//! The whole gateway with the second carrier alone: a text comes in and is answered, endusers are called and confirm by code, statuses come
//! in every order, answers are lost, and webhooks never come.

use crate::gateway::{PATIENCE, SECOND_LINE, TestGateway, until};
use mock_carriers::Say;
use mock_carriers::voice::behaviour::Behaviour;
use serde_json::{Value, json};

const STUDENT: &str = "+15555550142";
const OFTEN: (&str, &str) = ("TIPLINE__RECONCILE__POLL_SECONDS", "0.2");
const SOON: (&str, &str) = ("TIPLINE__DISPATCH__ASK_AFTER", "1");

/// A gateway whose configuration has no account of the first carrier.
async fn alone(environment: &[(&str, &str)]) -> TestGateway {
    let mut gateway = TestGateway::prepare(environment).await;
    gateway.configure(|text| {
        let first = text.find("[[account]]\nname = \"main\"").expect("the first carrier's account");
        let backup = text.find("[[account]]\nname = \"backup\"").expect("the second carrier's account");
        format!("{}{}", &text[..first], &text[backup..])
    });
    gateway.serve().await;
    gateway
}

async fn says(gateway: &TestGateway, body: &str) -> Option<u16> {
    gateway.control().text(STUDENT, SECOND_LINE, body).await.expect("the mock says it").webhook.status
}

async fn fault(gateway: &TestGateway, fault: Value) {
    gateway.control().set_fault(serde_json::from_value(fault).expect("a fault")).await.expect("the fault is set");
}

async fn tip(gateway: &TestGateway) -> String {
    until("the tip", || async { gateway.tips().await.first()?["id"].as_str().map(str::to_owned) }).await
}

async fn reply(gateway: &TestGateway, id: &str, text: &str) {
    gateway.send(reqwest::Method::POST, &format!("/tips/{id}/replies"), json!({"text": text})).await;
}

/// Waits until the answer with these words is in this state.
async fn delivery(gateway: &TestGateway, id: &str, words: &str, state: &str) {
    until(&format!("{words}: {state}"), || async {
        let read = gateway.get(&format!("/tips/{id}")).await;
        let found = read["messages"].as_array()?.iter().find(|message| message["text"] == words)?.clone();
        (found["delivery"]["state"] == state).then_some(())
    })
    .await;
}

async fn on_the_handset(gateway: &TestGateway, words: &str) -> usize {
    gateway.control().messages(STUDENT).await.into_iter().filter(|message| message.body == words).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_comes_in_and_is_answered() {
    let gateway = alone(&[]).await;
    assert_eq!(says(&gateway, "there is a gun on the bus 😟").await, Some(204));
    let id = tip(&gateway).await;
    let read = gateway.get(&format!("/tips/{id}")).await;
    assert_eq!((read["channel"].as_str(), read["messages"][0]["text"].as_str()), (Some("text"), Some("there is a gun on the bus 😟")));
    until("the first words", || async { (gateway.control().messages(STUDENT).await.len() == 2).then_some(()) }).await;
    reply(&gateway, &id, "which bus?").await;
    delivery(&gateway, &id, "which bus?", "delivered").await;
    let sent = gateway.control().messages(STUDENT).await;
    assert!(sent.iter().filter(|message| message.from == SECOND_LINE).count() >= 2, "answers come from the number that was written to");
    let slowest = gateway.control().webhooks().await.into_iter().map(|hook| hook.took_ms).max().unwrap_or(0);
    assert!(slowest < 2_000, "each webhook is answered within this carrier's two seconds: {slowest} ms");
    assert!(gateway.control().debugger().await.is_empty());
    assert!(!gateway.log().contains("0142"), "the log names nobody");
    // STOP: the carrier answers by itself, and refuses what is sent from then on.
    assert_eq!(says(&gateway, "STOP").await, Some(204));
    until("the way back is closed", || async { (gateway.get(&format!("/tips/{id}")).await["way_back"] == "opted_out").then_some(()) })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_stop_closes_the_way_back() {
    let gateway = alone(&[]).await;
    assert_eq!(says(&gateway, "he has a knife").await, Some(204));
    let id = tip(&gateway).await;
    until("the first words", || async { (gateway.control().messages(STUDENT).await.len() == 2).then_some(()) }).await;
    fault(&gateway, json!({"match": {"kind": "rest", "path_contains": "/v2/messages", "method": "POST"}, "fault": "21610", "times": 1}))
        .await;
    reply(&gateway, &id, "are you safe?").await;
    until("40300 closes the way back", || async { (gateway.get(&format!("/tips/{id}")).await["way_back"] == "opted_out").then_some(()) })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_critical_dispatch_is_confirmed_by_code() {
    let gateway = alone(&[SOON]).await;
    for suffix in 1..=30_u32 {
        let number = format!("+155555501{suffix:02}");
        gateway.control().behave(&number, vec![Behaviour::human("heard_code")]).await.expect("a behaviour");
    }
    assert_eq!(says(&gateway, "there is a gun on the bus").await, Some(204));
    let id = tip(&gateway).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    let triage = json!({"version": version, "types": ["possession-of-a-weapon"], "school": "bravo-middle"});
    gateway.send(reqwest::Method::PUT, &format!("/tips/{id}/triage"), triage).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    gateway.send(reqwest::Method::POST, &format!("/tips/{id}/dispatches"), json!({"version": version})).await;
    let obligations = until("every call is confirmed", || async {
        let read = gateway.get(&format!("/tips/{id}")).await;
        let all = read["dispatches"][0]["obligations"].as_array()?.clone();
        let calls: Vec<Value> = all.into_iter().filter(|one| one["means"] == "call").collect();
        calls.iter().all(|call| ["satisfied", "released"].contains(&call["state"].as_str().unwrap_or(""))).then_some(calls)
    })
    .await;
    let confirmed = obligations.iter().filter(|call| !call["confirmed_at"].is_null()).count();
    assert!(confirmed >= 3, "persons confirmed: {obligations:?}");
    let calls = gateway.control().calls(Some("+15555550101")).await;
    assert_eq!(calls.len(), 1, "the PSAP is called once");
    assert!(calls[0].sid.starts_with("v3:") && calls[0].from == SECOND_LINE);
    assert!(gateway.control().debugger().await.is_empty(), "the carrier understood every script");
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_lost_doubled_and_in_every_order_lead_to_the_same_end() {
    let gateway = alone(&[SOON, ("TIPLINE__DISPATCH__SILENT_ATTEMPT_LIMIT", "60")]).await;
    assert_eq!(says(&gateway, "please help").await, Some(204));
    let id = tip(&gateway).await;
    until("the first words", || async { (gateway.control().messages(STUDENT).await.len() == 2).then_some(()) }).await;
    for (number, kind) in ["reorder", "double", "delay"].into_iter().enumerate() {
        let at =
            json!({"match": {"kind": "callback", "path_contains": "/webhooks/backup/messages"}, "fault": kind, "times": 1, "delay_ms": 30});
        fault(&gateway, at).await;
        let words = format!("answer {number}");
        reply(&gateway, &id, &words).await;
        delivery(&gateway, &id, &words, "delivered").await;
        assert_eq!(on_the_handset(&gateway, &words).await, 1);
    }
    let lost = json!({"id": "lost", "match": {"kind": "callback", "path_contains": "/webhooks/backup/messages"}, "fault": "drop"});
    fault(&gateway, lost).await;
    reply(&gateway, &id, "nobody tells of this").await;
    delivery(&gateway, &id, "nobody tells of this", "delivered").await;
    assert_eq!(on_the_handset(&gateway, "nobody tells of this").await, 1, "it was asked for, not sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_lost_on_the_way_is_sent_once() {
    // What becomes of a sending is asked late enough for the sending to end by itself.
    let gateway = alone(&[]).await;
    assert_eq!(says(&gateway, "please help").await, Some(204));
    let id = tip(&gateway).await;
    until("the first words", || async { (gateway.control().messages(STUDENT).await.len() == 2).then_some(()) }).await;
    let lost =
        json!({"match": {"kind": "rest", "path_contains": "/v2/messages", "method": "POST"}, "fault": "accept_then_timeout", "times": 1});
    fault(&gateway, lost).await;
    reply(&gateway, &id, "where are you?").await;
    delivery(&gateway, &id, "where are you?", "delivered").await;
    // News of it comes before the answer is missed, so the repeat is waited for.
    let keys = until("it is asked for again", || async {
        let asked = gateway.control().requests().await;
        let keys: Vec<String> = asked.iter().filter_map(|seen| key(&seen.form, "where are you?")).collect();
        (keys.len() == 2).then_some(keys)
    })
    .await;
    assert_eq!(keys[0], keys[1], "under the same key");
    assert_eq!(on_the_handset(&gateway, "where are you?").await, 1);
}

/// The key under which a text with these words was asked for.
fn key(form: &[(String, String)], words: &str) -> Option<String> {
    let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    field("Idempotency-Key").filter(|_| field("text").as_deref() == Some(words))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_whose_webhook_is_lost_is_found_with_its_words() {
    let gateway = alone(&[OFTEN]).await;
    fault(&gateway, json!({"match": {"kind": "webhook", "path_contains": "/webhooks/backup/messages"}, "fault": "drop", "times": 1})).await;
    let say =
        Say { from: STUDENT.to_owned(), to: SECOND_LINE.to_owned(), body: "he has a knife, in locker 7".to_owned(), ..Say::default() };
    let said = gateway.control().say(say).await.expect("the mock says it");
    assert_eq!(said.webhook.status, None, "the gateway was not told");
    let id = tip(&gateway).await;
    let read = gateway.get(&format!("/tips/{id}")).await;
    assert_eq!(read["messages"][0]["text"], "he has a knife, in locker 7");
    assert_eq!(gateway.control().replay(&said.sid, true).await.expect("it is told again").status, Some(204));
    assert_eq!(gateway.tips().await.len(), 1, "told and found are one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reporter_calls_this_number_and_leaves_a_message() {
    let gateway = alone(&[("TIPLINE__LINE__DESK_NUMBER", "")]).await;
    let sid = gateway.control().dial(STUDENT, SECOND_LINE).await.expect("the line has a voice address");
    let hears = || async { gateway.control().wait_prompt(&sid, PATIENCE).await.expect("the call listens").heard };
    for _ in 0..2 {
        gateway.control().press(&sid, "1", PATIENCE).await.expect("keys are pressed");
    }
    hears().await;
    gateway.control().speak(&sid, "they will do it on friday", Some(4)).await.expect("it is said");
    gateway.control().hang_up(&sid).await.expect("it hangs up");
    gateway.control().wait_end(&sid, PATIENCE).await.expect("the call ends");
    let id = tip(&gateway).await;
    assert_eq!(gateway.get(&format!("/tips/{id}")).await["channel"], "voice");
    assert!(!gateway.log().contains("0142"), "the log names nobody");
}
