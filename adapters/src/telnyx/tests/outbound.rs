//! What is sent, byte by byte, and what a lost answer leads to: a text is asked for again under its key, a call is not.

use super::{ORIGIN, Telnyx, now};
use crate::conformance::{ID, OURS, Outcome, REPORTER, Rig, a_call, a_text, attempt};
use crate::contract::{SendError, Sender};
use crate::stub_server::{Asked, Stub, Turn};
use domain::channel::Means;
use domain::dispatch::evidence::{End, ReceiptKind};
use domain::exchange::{ProviderId, Search, StepToken};
use domain::sealed::Address;
use jiff::SignedDuration;
use serde_json::{Value, json};

fn header<'a>(asked: &'a Asked, name: &str) -> &'a str {
    let start = format!("{name}: ");
    asked.headers.iter().find_map(|line| line.strip_prefix(&start)).unwrap_or("")
}

fn body(asked: &Asked) -> Value {
    serde_json::from_str(&asked.body).unwrap()
}

fn taken() -> Turn {
    Telnyx::new().answer(Outcome::Accepted)
}

#[tokio::test]
async fn a_text_carries_our_attempt_as_its_key_and_in_its_addresses() {
    let mut telnyx = Telnyx::new();
    telnyx.config.profile_id = Some("profile-1".to_owned());
    telnyx.config.failover_origin = Some("https://second.example.org".to_owned());
    let stub = Stub::start(vec![taken()]);
    telnyx.sender_at(&stub.base).send(&a_text()).await.unwrap();
    let asked = stub.asked();
    assert_eq!(asked.line, "POST /v2/messages");
    assert_eq!((header(&asked, "authorization"), header(&asked, "idempotency-key")), ("Bearer KEY-fictional", &*attempt().to_string()));
    let path = format!("/webhooks/backup/messages/{}", attempt());
    let expected = json!({
        "from": OURS, "to": REPORTER, "text": "We read this. Are you safe?", "use_profile_webhooks": false,
        "webhook_url": format!("{ORIGIN}{path}"), "webhook_failover_url": format!("https://second.example.org{path}"),
        "messaging_profile_id": "profile-1",
    });
    assert_eq!(body(&asked), expected);
}

#[tokio::test]
async fn a_text_whose_answer_is_lost_is_asked_for_again_with_the_same_key() {
    for lost in [Turn::HangUp, Turn::Answer(500, "", String::new()), Turn::BreakOff(200), Turn::Answer(200, "", "{}".to_owned())] {
        let is_read = matches!(&lost, Turn::Answer(200, _, _));
        let stub = Stub::start(vec![lost.clone(), taken()]);
        let sent = Telnyx::new().sender_at(&stub.base).send(&a_text()).await;
        let first = stub.asked();
        if is_read {
            // A record without an id is an answer: asking again would give the same.
            assert!(matches!(sent, Err(SendError::Unknown { .. })));
            continue;
        }
        assert_eq!(sent.unwrap().provider_id.0, ID, "{lost:?}");
        let second = stub.asked();
        assert_eq!(header(&first, "idempotency-key"), header(&second, "idempotency-key"));
        assert_eq!(first.body, second.body);
    }
}

#[tokio::test]
async fn what_the_repeat_says_counts_only_when_it_says_something() {
    let telnyx = Telnyx::new();
    let with = async |turns: Vec<Turn>| {
        let stub = Stub::start(turns);
        telnyx.sender_at(&stub.base).send(&a_text()).await.unwrap_err()
    };
    let refused = with(vec![Turn::HangUp, telnyx.answer(Outcome::OptedOut)]).await;
    assert_eq!(refused, SendError::Permanent { reason: "status 422, code 21610".to_owned(), code: Some(21610) });
    for turns in [vec![Turn::HangUp, Turn::HangUp], vec![Turn::HangUp, telnyx.answer(Outcome::Throttled)], vec![Turn::HangUp]] {
        assert!(matches!(with(turns).await, SendError::Unknown { .. }), "the first may have been taken");
    }
}

#[tokio::test]
async fn a_call_is_asked_for_once() {
    let telnyx = Telnyx::new();
    let stub = Stub::start(vec![Turn::HangUp, taken()]);
    let error = telnyx.sender_at(&stub.base).send(&a_call("")).await.unwrap_err();
    assert!(matches!(error, SendError::Unknown { .. }));
    let asked = stub.asked();
    assert!(stub.is_unasked(), "there is no key for calls");
    assert_eq!(asked.line, "POST /v2/texml/Accounts/5ca1ab1e-0000-4000-8000-000000000000/Calls");
    let sent = body(&asked);
    let at = format!("{ORIGIN}/webhooks/backup/calls/{}", attempt());
    assert_eq!(sent["Url"], format!("{at}/steps/first-token?on=answer"));
    assert_eq!(sent["StatusCallback"], at);
    assert_eq!(sent["StatusCallbackEvent"], "initiated ringing answered completed");
    assert_eq!((&sent["MachineDetection"], &sent["Timeout"]), (&json!("DetectMessageEnd"), &json!(25)));
    assert_eq!((&sent["AsyncAmd"], &sent["AsyncAmdStatusCallback"]), (&json!(true), &json!(format!("{at}/detection"))));
    assert_eq!(sent["ApplicationSid"], "app-1");
}

#[tokio::test]
async fn an_account_that_is_not_there_is_ours_to_mend_and_no_bad_number() {
    let telnyx = Telnyx::new();
    let stub = Stub::start(vec![Turn::Answer(404, "", r#"{"errors":[{"code":"10005","title":"Resource not found"}]}"#.to_owned())]);
    let error = telnyx.sender_at(&stub.base).send(&a_call("")).await.unwrap_err();
    assert!(matches!(error, SendError::Misconfigured { code: Some(10005), .. }), "{error:?}");
}

#[tokio::test]
async fn an_extension_is_dialled_by_a_script() {
    let telnyx = Telnyx::new();
    let stub = Stub::start(vec![taken()]);
    telnyx.sender_at(&stub.base).send(&a_call("ww12;3#\"<")).await.unwrap();
    let sent = body(&stub.asked());
    assert_eq!((sent.get("Url"), sent.get("MachineDetection")), (None, None));
    let script = sent["Texml"].as_str().unwrap();
    let then = format!("{ORIGIN}/webhooks/backup/calls/{}/steps/first-token?on=answer", attempt());
    let expected = format!(r#"<Response><Pause length="2"/><Play digits="ww123#"/><Redirect method="POST">{then}</Redirect></Response>"#);
    assert!(script.ends_with(&expected), "{script}");
}

#[tokio::test]
async fn an_account_without_an_application_does_not_call() {
    let mut telnyx = Telnyx::new();
    telnyx.config.application_id = None;
    let error = telnyx.sender_at("http://127.0.0.1:1").send(&a_call("")).await.unwrap_err();
    assert!(matches!(error, SendError::Misconfigured { .. }));
}

fn search(means: Means, id: Option<&str>) -> Search {
    Search {
        attempt: attempt(),
        means,
        from: Address::new(OURS),
        to: Address::new(REPORTER),
        intended_at: now() - SignedDuration::from_secs(5),
        provider_id: id.map(|id| ProviderId(id.to_owned())),
    }
}

#[tokio::test]
async fn nothing_found_right_after_sending_proves_nothing() {
    let telnyx = Telnyx::new();
    let found = async |search: Search, body: Value| {
        let stub = Stub::start(vec![Turn::Answer(200, "", body.to_string())]);
        telnyx.sender_at(&stub.base).find(&search).await
    };
    for (means, body) in [(Means::Text, json!({"data": []})), (Means::Call, json!({"calls": []}))] {
        let error = found(search(means, None), body.clone()).await.unwrap_err();
        assert!(matches!(error, SendError::Transient { .. }), "{error:?}");
        let old = Search { intended_at: now() - SignedDuration::from_secs(30), ..search(means, None) };
        assert_eq!(found(old, body).await.unwrap(), []);
    }
}

#[tokio::test]
async fn calls_and_texts_are_found_by_number_and_by_id() {
    let telnyx = Telnyx::new();
    let found = async |search: Search, body: Value| {
        let stub = Stub::start(vec![Turn::Answer(200, "", body.to_string())]);
        let found = telnyx.sender_at(&stub.base).find(&search).await.unwrap();
        (stub.asked().line, found.into_iter().map(|one| (one.provider_id.0, one.news)).collect::<Vec<_>>())
    };
    let call =
        json!({"sid": "v3:a", "status": "completed", "answered_by": "machine", "direction": "outbound", "date_created": now().to_string()});
    let news = vec![ReceiptKind::Submitted, ReceiptKind::Answered, ReceiptKind::MachineAnswered, ReceiptKind::Ended(End::Completed)];
    let inbound = json!({"sid": "v3:b", "status": "completed", "direction": "inbound", "date_created": now().to_string()});
    let (line, calls) = found(search(Means::Call, None), json!({"calls": [inbound, call.clone()]})).await;
    assert!(line.contains("/Calls?To=%2B15555550142&From=%2B15555550100"), "{line}");
    assert_eq!(calls, [("v3:a".to_owned(), news.clone())]);
    let (line, calls) = found(search(Means::Call, Some("v3:a/x")), call).await;
    assert!(line.ends_with("/Calls/v3%3Aa%2Fx"), "{line}");
    assert_eq!(calls, [("v3:a".to_owned(), news)]);
    let record = json!({"data": {"id": "m-1", "to": [{"status": "delivery_failed"}], "errors": [{"code": "40300"}]}});
    let (line, texts) = found(search(Means::Text, Some("m-1")), record).await;
    assert_eq!(line, "GET /v2/messages/m-1");
    assert_eq!(texts, [("m-1".to_owned(), vec![ReceiptKind::Submitted, ReceiptKind::Ended(End::Undelivered(Some(21610)))])]);
}

#[tokio::test]
async fn the_road_is_tried_and_a_call_is_steered() {
    let telnyx = Telnyx::new();
    let probed = async |turn: Turn| {
        let stub = Stub::start(vec![turn]);
        let probed = telnyx.sender_at(&stub.base).probe().await;
        (stub.asked().line, probed)
    };
    assert_eq!(probed(Turn::Answer(200, "", "{\"data\":{}}".to_owned())).await, ("GET /v2/balance".to_owned(), Ok(())));
    assert!(matches!(probed(telnyx.answer(Outcome::WrongCredentials)).await.1, Err(SendError::Misconfigured { .. })));
    assert!(matches!(probed(Turn::HangUp).await.1, Err(SendError::Transient { .. })));
    let stub = Stub::start(vec![Turn::Answer(200, "", "{}".to_owned())]);
    telnyx.sender_at(&stub.base).steer(&ProviderId("v3:a".to_owned()), attempt(), &StepToken("t9".to_owned())).await.unwrap();
    let asked = stub.asked();
    assert!(asked.line.ends_with("/Calls/v3%3Aa"));
    assert_eq!(body(&asked)["Url"], format!("{ORIGIN}/webhooks/backup/calls/{}/steps/t9?on=steered", attempt()));
}
