//! What the carrier's forms become, and what bad ones are answered with.

use super::{Dialect, ID};
use crate::conformance::{OURS, REPORTER, Signed, attempt};
use crate::contract::{Refused, Reply, Verified, Webhook};
use domain::dispatch::evidence::{End, ReceiptKind};
use domain::exchange::{CallStep, Heard, Inbound, InboundMessage, MAX_MEDIA, MediaBody, Receipt};
use domain::sealed::Words;

fn accept(request: &Signed) -> Result<Verified, Refused> {
    Dialect::twilio().webhook().accept(&request.raw())
}

fn form(path: &str, fields: &[(&str, &str)]) -> Signed {
    let dialect = Dialect::twilio();
    dialect.form(&dialect.path(path), fields)
}

fn message(fields: &[(&str, &str)]) -> Result<InboundMessage, Refused> {
    let verified = accept(&form("messages", fields))?;
    match verified.events.into_iter().next() {
        Some(Inbound::Message(message)) => Ok(*message),
        other => panic!("a message is expected, not {other:?}"),
    }
}

fn receipts(path: &str, fields: &[(&str, &str)]) -> Vec<Receipt> {
    let verified = accept(&form(path, fields)).unwrap();
    assert!(matches!(&verified.reply, Reply::Fixed(answer) if answer.status == 204));
    let receipt = |event| match event {
        Inbound::Receipt(receipt) => receipt,
        other => panic!("a receipt is expected, not {other:?}"),
    };
    verified.events.into_iter().map(receipt).collect()
}

#[test]
fn a_text_is_never_lost_for_its_form() {
    let base = [("MessageSid", ID), ("From", REPORTER)];
    let with = |more: &[(&str, &str)]| message(&[&base[..], more].concat()).unwrap();
    assert_eq!(with(&[]).words.reveal(), "", "a missing body is an empty one");
    assert_eq!(with(&[]).to.reveal(), "", "a missing To loses nothing");
    assert_eq!(with(&[("Body", "a\0b")]).words.reveal(), "a\u{FFFD}b");
    assert_eq!(with(&[("Body", " x \r\n")]).words.reveal(), " x \r\n", "nothing is trimmed");
    assert_eq!(with(&[("NumMedia", "many")]).media_dropped, 0);
    assert_eq!(with(&[("NumMedia", "3")]).media_dropped, 3, "pictures that were claimed and not named");
    let named = with(&[("NumMedia", "-1"), ("MediaUrl0", "https://m.example.org/0"), ("MediaUrl1", "")]);
    assert_eq!((named.media.len(), named.media_dropped), (1, 1));
    assert_eq!(with(&[("Body", "x"), ("Body", "x")]).words.reveal(), "x");
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    let dialect = Dialect::twilio();
    for (escaped, words) in [("%FF", "\u{FFFD}"), ("ok%C3", "ok\u{FFFD}"), ("%ED%A0%BD", "\u{FFFD}\u{FFFD}\u{FFFD}"), ("%zz%", "%zz%")] {
        let body = format!("MessageSid={ID}&From=%2B15555550142&Body={escaped}");
        let verified = accept(&dialect.signed(&dialect.path("messages"), body.into_bytes())).unwrap();
        let Some(Inbound::Message(message)) = verified.events.first() else { panic!("a message is expected") };
        assert_eq!(message.words.reveal(), words);
    }
}

#[test]
fn a_hundred_pictures_keep_ten() {
    let named: Vec<(String, String)> = (0..100).map(|n| (format!("MediaUrl{n}"), format!("https://m.example.org/{n}"))).collect();
    let mut fields = vec![("MessageSid", ID), ("From", REPORTER), ("Body", "look"), ("NumMedia", "100")];
    fields.extend(named.iter().map(|(key, value)| (&key[..], &value[..])));
    let message = message(&fields).unwrap();
    assert_eq!((message.media.len(), message.media_dropped), (MAX_MEDIA, 90));
    assert_eq!(
        message.media[2].body,
        MediaBody::Waiting(Words::new("https://m.example.org/2")),
        "in the order of their numbers, not of their text"
    );
    assert_eq!(message.words.reveal(), "look");
}

#[test]
fn a_media_type_is_kept_short_and_plain() {
    let odd = format!("Image/JPEG\r\n{}", "x".repeat(300));
    let fields = [("MessageSid", ID), ("From", REPORTER), ("MediaUrl0", "https://m.example.org/0"), ("MediaContentType0", &odd)];
    let content_type = message(&fields).unwrap().media.remove(0).content_type;
    assert!(content_type.starts_with("image/jpegxxx") && content_type.len() == 100);
}

#[test]
fn what_would_be_doubled_or_unanswerable_is_malformed() {
    let long = "x".repeat(129);
    let table: [&[(&str, &str)]; 6] = [
        &[("From", REPORTER), ("Body", "help")],
        &[("MessageSid", ""), ("From", REPORTER)],
        &[("MessageSid", &long), ("From", REPORTER)],
        &[("MessageSid", ID), ("Body", "help")],
        &[("MessageSid", ID), ("From", REPORTER), ("Body", "a"), ("Body", "b")],
        &[("MessageSid", ID), ("MessageSid", "another"), ("From", REPORTER)],
    ];
    for fields in table {
        let refused = message(fields).unwrap_err();
        assert_eq!(refused.status(), 400);
        assert!(!refused.to_string().contains("0142"));
    }
    // Fields that are not read may differ, and are as if they were not there.
    assert!(message(&[("MessageSid", ID), ("From", REPORTER), ("FromZip", "1"), ("FromZip", "2")]).is_ok());
}

#[test]
fn statuses_of_texts() {
    let path = format!("messages/{}", attempt());
    for (word, code, kind) in [
        ("queued", "", ReceiptKind::Submitted),
        ("accepted", "", ReceiptKind::Submitted),
        ("sending", "", ReceiptKind::Submitted),
        ("sent", "", ReceiptKind::Submitted),
        ("read", "", ReceiptKind::Delivered),
        ("failed", "30034", ReceiptKind::Ended(End::Undelivered(Some(30034)))),
        ("undelivered", "", ReceiptKind::Ended(End::Undelivered(None))),
        ("canceled", "", ReceiptKind::Ended(End::Canceled)),
        ("Eaten by +15555550142", "", ReceiptKind::Unrecognised("?aten?by?????????????".to_owned())),
    ] {
        let receipts = receipts(&path, &[("MessageSid", ID), ("MessageStatus", word), ("ErrorCode", code)]);
        assert_eq!((receipts.len(), &receipts[0].kind), (1, &kind), "{word}");
    }
    let receipts = receipts(&path, &[("MessageSid", ID), ("SmsStatus", "sent")]);
    assert_eq!(receipts[0].once, format!("{ID}:sent"));
}

#[test]
fn statuses_of_calls() {
    let path = format!("calls/{}", attempt());
    let with = |fields: &[(&str, &str)]| receipts(&path, &[&[("CallSid", ID)], fields].concat());
    for (word, kind) in [
        ("initiated", ReceiptKind::Submitted),
        ("ringing", ReceiptKind::Rang),
        ("in-progress", ReceiptKind::Answered),
        ("completed", ReceiptKind::Ended(End::Completed)),
        ("busy", ReceiptKind::Ended(End::Busy)),
        ("no-answer", ReceiptKind::Ended(End::NoAnswer)),
        ("canceled", ReceiptKind::Ended(End::Canceled)),
        ("failed", ReceiptKind::Ended(End::Failed(None))),
    ] {
        let receipts = with(&[("CallStatus", word)]);
        assert_eq!((receipts.len(), &receipts[0].kind, &receipts[0].once), (1, &kind, &format!("{ID}:{word}")), "{word}");
    }
    assert_eq!(with(&[("CallStatus", "failed"), ("SipResponseCode", "404")])[0].kind, ReceiptKind::Ended(End::Failed(Some(404))));
    assert_eq!(
        with(&[("CallStatus", "failed"), ("ErrorCode", "32009"), ("SipResponseCode", "404")])[0].kind,
        ReceiptKind::Ended(End::Failed(Some(32009)))
    );
    assert_eq!(with(&[("CallStatus", "completed"), ("SequenceNumber", "3")])[0].once, format!("{ID}:3:completed"));
    let fax = with(&[("CallStatus", "completed"), ("SequenceNumber", "3"), ("AnsweredBy", "fax")]);
    assert_eq!((fax.len(), &fax[1].kind, &fax[1].once), (2, &ReceiptKind::FaxAnswered, &format!("{ID}:3:completed:answered_by")));
    assert_eq!(with(&[("CallStatus", "completed"), ("AnsweredBy", "unknown")]).len(), 1, "not told apart is no evidence");
}

#[test]
fn words_are_not_spoken_to_their_end_after_a_hang_up() {
    let path = format!("calls/{}/steps/t1?on=spoken", attempt());
    let verified = accept(&form(&path, &[("CallSid", ID), ("CallStatus", "completed")])).unwrap();
    assert!(matches!(&verified.events[..], [Inbound::Receipt(Receipt { kind: ReceiptKind::Ended(End::Completed), .. })]));
}

#[test]
fn keys_are_the_keys_of_a_phone() {
    for (on, keys, heard) in [("?on=keys", "12#*x9<", "12#*9"), ("", "1", "1"), ("?on=keys", "hangup", "")] {
        let path = format!("calls/{}/steps/t1{on}", attempt());
        let verified = accept(&form(&path, &[("CallSid", ID), ("Digits", keys), ("CallStatus", "completed")])).unwrap();
        let Some(Inbound::CallStep(CallStep { heard: Heard::Digits(digits), token, .. })) = verified.events.first() else {
            panic!("keys are expected")
        };
        assert_eq!((&digits[..], &token.0[..]), (heard, "t1"));
    }
}

#[test]
fn other_paths_are_not_there() {
    let id = attempt();
    for path in [
        "",
        "messages/",
        "messages/not-an-id",
        "Messages",
        "messages%2f",
        "calls",
        "calls//steps/x",
        &format!("calls/{id}/steps/"),
        &format!("calls/{id}/steps/a/b"),
        &format!("calls/{id}/steps/%2e"),
        &format!("calls/{id}/other/x"),
        &format!("messages/{id}/x"),
    ] {
        assert_eq!(accept(&form(path, &[("MessageSid", ID), ("CallSid", ID)])), Err(Refused::NoSuchPath), "{path}");
    }
    let dialect = Dialect::twilio();
    assert_eq!(accept(&dialect.form("/webhooks/backup/messages", &[("MessageSid", ID)])), Err(Refused::NoSuchPath), "another account");
    assert_eq!(accept(&dialect.form("/webhooks/maine/messages", &[("MessageSid", ID)])), Err(Refused::NoSuchPath));
    let mut unsigned = dialect.form("/webhooks/nowhere", &[("To", OURS)]);
    unsigned.headers.clear();
    assert_eq!(accept(&unsigned), Err(Refused::Unsigned), "the signature comes first: nobody can feel for paths");
}

#[test]
fn only_post_is_taken() {
    for method in [http::Method::PUT, http::Method::DELETE, http::Method::PATCH] {
        let mut request = form("messages", &[("MessageSid", ID), ("From", REPORTER)]);
        request.method = method;
        assert_eq!(accept(&request), Err(Refused::WrongMethod));
    }
}
