//! What only this carrier says: events of many kinds, times, keywords, and texts that a JSON parser would refuse.

use super::{NOW, Telnyx};
use crate::conformance::{ID, OURS, REPORTER, attempt};
use crate::contract::{Refused, Reply, Verified, Webhook};
use domain::dispatch::evidence::{End, ReceiptKind};
use domain::exchange::{Inbound, InboundMessage};
use serde_json::{Value, json};

fn accept(rest: &str, kind: &str, payload: Value) -> Result<Verified, Refused> {
    let telnyx = Telnyx::new();
    telnyx.webhook().accept(&telnyx.event(rest, kind, payload).raw())
}

fn text(words: &str) -> Value {
    json!({"id": ID, "from": {"phone_number": REPORTER}, "to": [{"phone_number": OURS}], "text": words})
}

fn message(payload: Value) -> InboundMessage {
    match accept("messages", "message.received", payload).unwrap().events.into_iter().next() {
        Some(Inbound::Message(message)) => *message,
        other => panic!("a message is expected, not {other:?}"),
    }
}

#[test]
fn the_carrier_says_when_and_whether_it_has_answered() {
    let mut payload = text("HELP");
    payload["received_at"] = json!("2026-11-20T15:00:00.123+00:00");
    assert_eq!(message(payload.clone()).sent_at, Some("2026-11-20T15:00:00.123Z".parse().unwrap()));
    assert!(!message(payload.clone()).carrier_answered);
    payload["autoresponse_type"] = json!("HELP");
    assert!(message(payload).carrier_answered);
}

#[test]
fn media_without_an_address_are_counted() {
    let mut payload = text("look");
    payload["media"] = json!([{"url": "https://media.example.org/1", "content_type": null, "hash_sha256": "x"}, {"url": null}, "?"]);
    let message = message(payload);
    assert_eq!((message.media.len(), message.media_dropped), (1, 2));
    assert_eq!(message.media[0].content_type, "");
}

#[test]
fn odd_bytes_lose_no_words() {
    let telnyx = Telnyx::new();
    let path = telnyx.path("messages");
    let body = format!(
        r#"{{"data":{{"event_type":"message.received","payload":{{"id":"{ID}","from":{{"phone_number":"{REPORTER}"}},"text":"he has a gun \ud83d"}}}}}}"#
    );
    let mut bytes = body.into_bytes();
    bytes.retain(|byte| *byte != 0);
    let at = bytes.windows(3).position(|part| part == b"gun").unwrap();
    bytes.insert(at, 0xff);
    let verified = telnyx.webhook().accept(&telnyx.signed(&path, bytes, "application/json").raw()).unwrap();
    let [Inbound::Message(message)] = &verified.events[..] else { panic!("a message is expected") };
    assert_eq!(message.words.reveal(), "he has a \u{FFFD}gun \u{FFFD}");
}

#[test]
fn every_status_is_news_of_its_own() {
    let table = [
        ("queued", ReceiptKind::Submitted),
        ("sending", ReceiptKind::Submitted),
        ("sent", ReceiptKind::Submitted),
        ("delivered", ReceiptKind::Delivered),
        ("delivery_unconfirmed", ReceiptKind::Submitted),
        ("sending_failed", ReceiptKind::Ended(End::Undelivered(Some(21610)))),
        ("delivery_failed", ReceiptKind::Ended(End::Undelivered(Some(21610)))),
        ("expired", ReceiptKind::Ended(End::Undelivered(Some(21610)))),
        ("read by aliens", ReceiptKind::Unrecognised("read?by?aliens".to_owned())),
    ];
    let mut seen = Vec::new();
    for (word, kind) in table {
        let payload = json!({"id": ID, "to": [{"phone_number": REPORTER, "status": word}], "errors": [{"code": "40300"}]});
        let verified = accept(&format!("messages/{}", attempt()), "message.finalized", payload).unwrap();
        let [Inbound::Receipt(receipt)] = &verified.events[..] else { panic!("a receipt is expected") };
        assert_eq!((receipt.attempt, &receipt.kind), (attempt(), &kind), "{word}");
        assert!(!seen.contains(&receipt.once));
        seen.push(receipt.once.clone());
    }
}

#[test]
fn codes_are_the_rules_numbers_or_the_carriers_own() {
    for (given, neutral) in [
        (json!("40300"), Some(21610)),
        (json!(40001), Some(30006)),
        (json!("40006"), Some(30003)),
        (json!("40002"), Some(30007)),
        (json!("40310"), Some(21211)),
        (json!("49999"), Some(49_999)),
        (json!("new"), None),
        (Value::Null, None),
    ] {
        let payload = json!({"id": ID, "to": [{"status": "delivery_failed"}], "errors": [{"code": given}]});
        let verified = accept(&format!("messages/{}", attempt()), "message.finalized", payload).unwrap();
        let [Inbound::Receipt(receipt)] = &verified.events[..] else { panic!("a receipt is expected") };
        assert_eq!(receipt.kind, ReceiptKind::Ended(End::Undelivered(neutral)));
        assert_eq!(neutral == Some(21610), End::Undelivered(neutral).refuses_address() && neutral == Some(21610));
    }
}

#[test]
fn what_nobody_asked_for_is_answered_and_forgotten() {
    for (rest, kind) in [
        ("messages".to_owned(), "message.sent"),
        ("messages".to_owned(), "message.finalized"),
        ("messages".to_owned(), "10dlc.brand.update"),
        (format!("messages/{}", attempt()), "message.received"),
    ] {
        let verified = accept(&rest, kind, json!({"id": ID, "to": [{"status": "sent"}]})).unwrap();
        assert_eq!(verified.events, [], "{rest} {kind}");
        assert!(matches!(verified.reply, Reply::Fixed(answer) if answer.status.is_success()));
    }
}

#[test]
fn what_cannot_be_kept_is_malformed() {
    for (payload, what) in [
        (json!({"from": {"phone_number": REPORTER}, "text": "x"}), "there is no id"),
        (json!({"id": ID, "text": "x"}), "there is no sender"),
        (json!({"id": "x".repeat(129), "from": {"phone_number": REPORTER}}), "an id is longer than 128 bytes"),
    ] {
        assert_eq!(accept("messages", "message.received", payload), Err(Refused::Malformed(what)));
    }
    assert_eq!(
        accept(&format!("messages/{}", attempt()), "message.sent", json!({"id": ID})),
        Err(Refused::Malformed("there is no status"))
    );
    assert_eq!(accept("elsewhere", "message.sent", json!({"id": ID})), Err(Refused::NoSuchPath));
    assert!(!NOW.is_empty());
}
