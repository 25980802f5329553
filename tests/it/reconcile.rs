//! Webhooks that never come: the message is found at the carrier, with its picture, and one that came both ways is one. So is the
//! recording of a call of which neither the step nor the callback was heard.

use crate::calls_in::Caller;
use crate::gateway::{LINE, TestGateway, until};
use base64::Engine;
use mock_carriers::{SaidMedia, Say};
use serde_json::{Value, json};

const STUDENT: &str = "+15555550142";
/// The carrier is asked several times a second.
const OFTEN: (&str, &str) = ("TIPLINE__RECONCILE__POLL_SECONDS", "0.2");

async fn drop_webhooks(gateway: &TestGateway, times: u32) {
    let fault = json!({"match": {"kind": "webhook", "path_contains": "/webhooks/main/messages"}, "fault": "drop", "times": times});
    gateway.control().set_fault(serde_json::from_value(fault).expect("a fault")).await.expect("the fault is set");
}

/// The reporter's words in the one tip, when there is one.
async fn said(gateway: &TestGateway) -> Vec<String> {
    let tips = gateway.tips().await;
    let Some(id) = tips.first().and_then(|tip| tip["id"].as_str()) else { return Vec::new() };
    assert_eq!(tips.len(), 1);
    let read = gateway.get(&format!("/tips/{id}")).await;
    let reporters = read["messages"].as_array().into_iter().flatten().filter(|message| message["author"] == "reporter");
    reporters.map(|message| message["text"].as_str().unwrap_or_default().to_owned()).collect()
}

async fn first_tip(gateway: &TestGateway) -> Value {
    let tips = gateway.tips().await;
    let id = tips.first().and_then(|tip| tip["id"].as_str()).expect("a tip").to_owned();
    gateway.get(&format!("/tips/{id}")).await
}

fn picture() -> SaidMedia {
    let bytes: &[u8] = &[0x89, b'P', b'N', b'G', 13, 10, 26, 10];
    SaidMedia { content_type: "image/png".to_owned(), data_base64: base64::engine::general_purpose::STANDARD.encode(bytes) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_webhook_is_lost_is_found_with_its_picture() {
    let gateway = TestGateway::start_with(&[OFTEN]).await;
    drop_webhooks(&gateway, 1).await;
    let say = Say {
        from: STUDENT.to_owned(),
        to: LINE.to_owned(),
        body: "he has a knife, look".to_owned(),
        media: vec![picture()],
        ..Say::default()
    };
    let said_at_the_mock = gateway.control().say(say).await.expect("the mock says it");
    assert_eq!(said_at_the_mock.webhook.status, None, "the gateway was not told");
    until("the tip", || async { (said(&gateway).await == ["he has a knife, look"]).then_some(()) }).await;
    let tip = first_tip(&gateway).await;
    let message = tip["messages"].as_array().and_then(|all| all.iter().find(|message| message["author"] == "reporter")).expect("it");
    assert!(message.to_string().contains("image/png") || has_attachments(&tip), "its picture is known: {tip}");
    until("the first words are sent", || async { (gateway.control().messages(STUDENT).await.len() == 2).then_some(()) }).await;
    until("it is counted", || async { (gateway.metric("tipline_recovered_total").await >= 1.0).then_some(()) }).await;
    assert!(!gateway.log().contains("0142"), "the log names nobody");
    assert!(gateway.log().contains("whose webhook never came"));
    // The webhook comes after all, as a replay by hand or from the carrier's queue.
    let replay = gateway.control().replay(&said_at_the_mock.sid, true).await.expect("it is told again");
    assert_eq!(replay.status, Some(200));
    assert_eq!(said(&gateway).await, ["he has a knife, look"]);
}

fn has_attachments(tip: &Value) -> bool {
    tip.as_object()
        .into_iter()
        .flatten()
        .any(|(key, value)| key.contains("attach") && value.as_array().is_some_and(|list| !list.is_empty()))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_by_webhook_is_not_taken_in_again() {
    let gateway = TestGateway::start_with(&[OFTEN]).await;
    assert_eq!(gateway.text(STUDENT, "one").await, 200);
    drop_webhooks(&gateway, 1).await;
    assert_eq!(gateway.text(STUDENT, "two").await, 0, "the gateway was not told");
    assert_eq!(gateway.text(STUDENT, "three").await, 200);
    until("all three", || async { (said(&gateway).await.len() == 3).then_some(()) }).await;
    // A few more looks, each over all of them.
    let polled = gateway.metric("tipline_polled_total").await;
    until("further looks", || async { (gateway.metric("tipline_polled_total").await > polled + 9.0).then_some(()) }).await;
    let mut words = said(&gateway).await;
    words.sort();
    assert_eq!(words, ["one", "three", "two"]);
    assert!(gateway.metric("tipline_recovered_total").await <= 1.0 + f64::EPSILON);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_while_the_gateway_was_down_is_found_at_the_start() {
    let mut gateway = TestGateway::prepare(&[OFTEN]).await;
    for words in ["is anybody there", "please"] {
        gateway.text(STUDENT, words).await;
    }
    gateway.serve().await;
    until("both", || async { (said(&gateway).await == ["is anybody there", "please"]).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_does_not_answer_is_asked_again() {
    let gateway = TestGateway::start_with(&[OFTEN]).await;
    let fault = json!({"match": {"kind": "rest", "method": "GET"}, "fault": "500", "times": 3});
    gateway.control().set_fault(serde_json::from_value(fault).expect("a fault")).await.expect("the fault is set");
    drop_webhooks(&gateway, 1).await;
    gateway.text(STUDENT, "help").await;
    until("the tip", || async { (said(&gateway).await == ["help"]).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_whose_notices_are_both_lost_is_found_once() {
    let gateway = TestGateway::start_with(&[OFTEN]).await;
    for path in ["on=recorded", "/recordings/", "/transcripts/"] {
        let fault = json!({"id": path, "match": {"path_contains": path}, "fault": "drop"});
        gateway.control().set_fault(serde_json::from_value(fault).expect("a fault")).await.expect("the fault is set");
    }
    let caller = Caller::dials(&gateway).await;
    caller.keys("1").await;
    caller.keys("1").await;
    caller.speaks("he has a gun in his backpack").await;
    caller.hangs_up().await;
    until("the tip", || async { (gateway.tips().await.len() == 1).then_some(()) }).await;
    let recordings = |tip: &Value| tip["messages"].as_array().map_or(0, |all| all.iter().filter(|one| one["author"] == "reporter").count());
    assert_eq!(recordings(&first_tip(&gateway).await), 1);
    // Further looks find the same recording, and it is known.
    let polled = gateway.metric("tipline_polled_total").await;
    assert_eq!(gateway.text(STUDENT, "and this").await, 200);
    until("further looks", || async { (gateway.metric("tipline_polled_total").await > polled + 5.0).then_some(()) }).await;
    assert_eq!(gateway.tips().await.len(), 2, "the text is a tip of its own");
    let voice = gateway.tips().await.into_iter().find(|tip| tip["channel"] == "voice").expect("the call's tip");
    let read = gateway.get(&format!("/tips/{}", voice["id"].as_str().expect("an id"))).await;
    assert_eq!(recordings(&read), 1, "found once: {read}");
    assert!(gateway.metric("tipline_recovered_total").await <= 1.0 + f64::EPSILON);
    assert!(!gateway.log().contains("0142"), "the log names nobody");
}
