//! Lists in Twilio's words: the conformance suite's part, and what only this carrier does.

use super::{DIALECTS, Dialect, ID, OURS};
use crate::conformance::inbox::{InboxRig, Listed, listing};
use crate::conformance::{PATIENCE, REPORTER};
use crate::contract::Inbox;
use crate::stub_server::{Stub, Turn};
use crate::twilio::TwilioInbox;
use domain::exchange::InboundMessage;
use domain::sealed::Address;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

fn inbox(dialect: &Dialect, base: &str, numbers: &[&str], patience: Duration) -> TwilioInbox {
    let numbers = numbers.iter().map(|number| Address::new(*number)).collect();
    TwilioInbox::new(Arc::new(dialect.config_at(base, patience)), numbers).unwrap()
}

fn date(at: Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

fn record(listed: &Listed) -> Value {
    let (direction, from, to) = match listed.from {
        Some(from) => ("inbound", from, OURS),
        None => ("outbound-api", OURS, REPORTER),
    };
    json!({
        "sid": listed.id, "direction": direction, "from": from, "to": to, "body": listed.words, "status": "received",
        "num_media": listed.pictures.to_string(), "date_sent": date(listed.at), "date_created": date(listed.at), "error_code": null,
    })
}

fn page(records: Vec<Value>, next: Option<&str>) -> Turn {
    Turn::Answer(200, "", json!({"messages": records, "next_page_uri": next, "page": 0}).to_string())
}

impl InboxRig for Dialect {
    fn inbox(&self, base: &str, patience: Duration) -> Box<dyn Inbox> {
        Box::new(inbox(self, base, &[OURS], patience))
    }

    fn page(&self, records: &[Listed], more: bool) -> Turn {
        page(records.iter().map(record).collect(), more.then_some("/2010-04-01/next?PageToken=PA1"))
    }

    fn pictures(&self, base: &str, count: usize) -> (Turn, Vec<String>) {
        let path =
            self.config.api_base.trim_start_matches("https://").find('/').map_or("", |at| &self.config.api_base["https://".len() + at..]);
        let uri = |n: usize| format!("{path}/2010-04-01/Accounts/{}/Messages/{ID}/Media/ME{n}", self.config.account_sid);
        let one = |n: usize| json!({"sid": format!("ME{n}"), "content_type": "image/JPEG", "uri": format!("{}.json", uri(n))});
        let newest_first: Vec<Value> = (0..count).rev().map(one).collect();
        let urls = (0..count).map(|n| format!("{base}{}", uri(n))).collect();
        (Turn::Answer(200, "", json!({"media_list": newest_first}).to_string()), urls)
    }
}

#[tokio::test]
async fn listing_conforms() {
    for dialect in DIALECTS {
        listing(&dialect()).await;
    }
}

fn since() -> Timestamp {
    "2026-11-20T23:59:50Z".parse().unwrap()
}

async fn found(records: Vec<Value>) -> Vec<InboundMessage> {
    let stub = Stub::start(vec![page(records, None)]);
    inbox(&Dialect::twilio(), &stub.base, &[OURS], PATIENCE).since(since(), 10).await.unwrap()
}

#[tokio::test]
async fn the_question_on_the_wire() {
    let stub = Stub::start(vec![page(vec![], None), page(vec![], None)]);
    let whatsapp = "whatsapp:+15555550100";
    inbox(&Dialect::twilio(), &stub.base, &[OURS, whatsapp], PATIENCE).since(since(), 10).await.unwrap();
    for to in ["%2B15555550100", "whatsapp%3A%2B15555550100"] {
        let asked = stub.asked();
        assert_eq!(asked.line, format!("GET /2010-04-01/Accounts/AC-fictional/Messages.json?DateSent%3E=2026-11-20&PageSize=200&To={to}"));
        assert!(asked.headers.iter().any(|line| line.starts_with("authorization: Basic ")));
    }
    let stub = Stub::start(vec![page(vec![], None)]);
    inbox(&Dialect::twilio(), &stub.base, &[], PATIENCE).since(since(), 10).await.unwrap();
    assert!(!stub.asked().line.contains("To="), "without a number of ours, everything is listed");
}

#[tokio::test]
async fn odd_records_lose_nothing_that_a_webhook_would_tell() {
    let base = json!({"sid": ID, "direction": "inbound", "from": REPORTER, "to": OURS, "body": "help", "status": "received",
        "num_media": "0", "date_sent": date(since()), "date_created": date(since())});
    let with = |key: &str, value: Value| {
        let mut record = base.clone();
        record[key] = value;
        found(vec![record])
    };
    assert_eq!(with("body", Value::Null).await[0].words.reveal(), "");
    assert_eq!(with("body", json!("a\0b")).await[0].words.reveal(), "a\u{FFFD}b");
    assert_eq!(with("num_media", json!(3)).await[0].media_dropped, 3);
    assert_eq!(with("num_media", json!("many")).await[0].media_dropped, 0);
    assert_eq!(with("date_sent", Value::Null).await[0].sent_at, Some(since()));
    assert_eq!(with("to", Value::Null).await[0].to.reveal(), "");
    // What no webhook would tell of, or could not be taken in once.
    for (key, value) in [
        ("status", json!("receiving")),
        ("direction", json!("outbound-reply")),
        ("direction", Value::Null),
        ("sid", Value::Null),
        ("sid", json!("x".repeat(129))),
        ("from", Value::Null),
        ("date_sent", json!("Fri, 20 Nov 2026 23:59:49 +0000")),
    ] {
        assert_eq!(with(key, value.clone()).await, [], "{key} {value}");
    }
    let mut timeless = base.clone();
    timeless["date_sent"] = json!("yesterday");
    timeless["date_created"] = Value::Null;
    assert_eq!(found(vec![timeless]).await[0].sent_at, None, "a time that cannot be read may be the one that is looked for");
}

#[tokio::test]
async fn pictures_that_cannot_be_named_are_counted() {
    let message = InboundMessage { media_dropped: 12, ..found(vec![]).await.pop().unwrap_or_else(plain) };
    let records: Vec<Value> = (0..12).map(|n| json!({"uri": format!("/media/{n}.json"), "content_type": null})).collect();
    let stub = Stub::start(vec![Turn::Answer(200, "", json!({"media_list": records}).to_string()), Turn::Answer(404, "", String::new())]);
    let inbox = inbox(&Dialect::twilio(), &stub.base, &[OURS], PATIENCE);
    let whole = inbox.complete(message.clone()).await.unwrap();
    assert_eq!((whole.media.len(), whole.media_dropped), (10, 2));
    assert_eq!(inbox.complete(message.clone()).await.unwrap(), message, "a message that is gone at the carrier keeps its words");
}

fn plain() -> InboundMessage {
    use domain::channel::Channel;
    use domain::conversation::knows::Knows;
    use domain::exchange::ProviderId;
    use domain::sealed::Words;
    InboundMessage::plain("main".parse().unwrap(), ProviderId(ID.to_owned()), Channel::Text, Knows::PHONE, Words::new("look"))
}

#[tokio::test]
async fn a_list_without_an_end_ends() {
    let stranger = Stub::start(vec![page(vec![], Some("https://example.org/steal"))]);
    assert!(
        inbox(&Dialect::twilio(), &stranger.base, &[OURS], PATIENCE).since(since(), 10).await.is_err(),
        "no host but the carrier's is asked"
    );
    let endless = Stub::start(vec![page(vec![], Some("/again")); 500]);
    assert!(inbox(&Dialect::twilio(), &endless.base, &[OURS], PATIENCE).since(since(), 10).await.is_err());
}
