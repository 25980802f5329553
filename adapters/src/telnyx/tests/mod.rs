//! The carrier's side of Telnyx, and the conformance suite over it.
//!
//! Signing here is with a key of the tests' own; what requests and answers look like is worded from the carrier's documentation, without the
//! adapter's own encoder, so that one mistake cannot hide in both.

mod caller;
mod fuzz;
mod inbound;
mod inbox;
mod media;
mod mock;
mod outbound;
mod signature;

use super::{Clock, Config, TelnyxSender, TelnyxWebhook};
use crate::conformance::{self, ID, OURS, Outcome, REPORTER, Rig, Signed};
use crate::contract::{Sender, Webhook};
use crate::secret::Secret;
use crate::stub_server::Turn;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::exchange::{CallRef, StepToken};
use domain::id::{AccountKey, AttemptId};
use domain::voice::script::{Script, Step};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Where the carrier reaches us in these tests.
const ORIGIN: &str = "https://tips.example.org";
/// What the carrier signs with; the public key is made from it.
const SEED: [u8; 32] = [7; 32];
/// The time in these tests.
const NOW: &str = "2026-11-20T15:05:00Z";

/// The carrier, and the account that it serves.
struct Telnyx {
    config: Config,
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn clock() -> Clock {
    Clock::new(now)
}

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&SEED).unwrap()
}

/// Headers of a body signed at a time.
fn signed_headers(body: &[u8], at: Timestamp, content_type: &str) -> http::HeaderMap {
    let seconds = at.as_second().to_string();
    let message = [seconds.as_bytes(), b"|", body].concat();
    let mut headers = http::HeaderMap::new();
    headers.insert("content-type", content_type.parse().unwrap());
    headers.insert("telnyx-timestamp", seconds.parse().unwrap());
    headers.insert("telnyx-signature-ed25519", STANDARD.encode(pair().sign(&message).as_ref()).parse().unwrap());
    headers
}

impl Telnyx {
    fn new() -> Self {
        let public = STANDARD.encode(pair().public_key().as_ref());
        let account_sid = "5ca1ab1e-0000-4000-8000-000000000000";
        let mut config = Config::new("backup".parse().unwrap(), Secret::new("KEY-fictional"), public, account_sid, ORIGIN);
        config.application_id = Some("app-1".to_owned());
        Self { config }
    }

    fn sender_at(&self, base: &str) -> TelnyxSender {
        TelnyxSender::new(Arc::new(self.config_at(base, conformance::PATIENCE)), clock()).unwrap()
    }

    fn config_at(&self, base: &str, patience: Duration) -> Config {
        Config { api_base: base.to_owned(), request_timeout: patience, ..self.config.clone() }
    }

    fn webhook(&self) -> TelnyxWebhook {
        TelnyxWebhook::new(Arc::new(self.config.clone()), clock()).unwrap()
    }

    fn path(&self, rest: &str) -> String {
        format!("/webhooks/{}/{rest}", self.config.account)
    }

    /// An event about a text, as JSON.
    fn event(&self, rest: &str, kind: &str, payload: Value) -> Signed {
        let path_and_query = self.path(rest);
        let body = json!({
            "data": {"record_type": "event", "id": "an-event", "event_type": kind, "occurred_at": NOW, "payload": payload},
            "meta": {"attempt": 1, "delivered_to": format!("{ORIGIN}{path_and_query}")},
        });
        self.signed(&path_and_query, body.to_string().into_bytes(), "application/json")
    }

    /// A form of TeXML.
    fn form(&self, path_and_query: &str, fields: &[(&str, &str)]) -> Signed {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.signed(path_and_query, body.into_bytes(), "application/x-www-form-urlencoded")
    }

    fn signed(&self, path_and_query: &str, body: Vec<u8>, content_type: &str) -> Signed {
        let headers = signed_headers(&body, now(), content_type);
        Signed { method: http::Method::POST, path_and_query: path_and_query.to_owned(), headers, body }
    }
}

/// The carrier's words and codes for what the suite says in its own.
fn status_of(word: &str) -> (&'static str, Value) {
    match word {
        "sent" => ("sent", json!([])),
        "delivered" => ("delivered", json!([])),
        "undelivered 30003" => ("delivery_failed", json!([{"code": "40006", "title": "Recipient server unavailable"}])),
        other => panic!("no word for {other}"),
    }
}

impl Rig for Telnyx {
    fn account(&self) -> AccountKey {
        self.config.account.clone()
    }

    fn webhook(&self) -> Box<dyn Webhook> {
        Box::new(Telnyx::webhook(self))
    }

    fn sender(&self, base: &str, patience: Duration) -> Box<dyn Sender> {
        Box::new(TelnyxSender::new(Arc::new(self.config_at(base, patience)), clock()).unwrap())
    }

    fn message(&self, from: &str, words: &str, pictures: &[&str]) -> Signed {
        let media: Vec<Value> = pictures.iter().map(|url| json!({"url": url, "content_type": "image/JPEG", "size": 5})).collect();
        let mut payload = json!({
            "record_type": "message", "direction": "inbound", "id": ID, "type": "SMS", "text": words, "media": media,
            "from": {"phone_number": from, "carrier": "A CARRIER", "line_type": "Wireless"},
            "to": [{"phone_number": OURS, "status": "webhook_delivered", "carrier": "TELNYX LLC"}],
            "parts": 1, "encoding": "GSM-7",
        });
        if words == "STOP" {
            payload["autoresponse_type"] = json!("STOP");
        }
        self.event("messages", "message.received", payload)
    }

    fn answers_stop(&self) -> bool {
        true
    }

    fn text_news(&self, attempt: AttemptId, word: &str) -> Signed {
        let (status, errors) = status_of(word);
        let kind = if status == "sent" { "message.sent" } else { "message.finalized" };
        let payload = json!({"id": ID, "direction": "outbound", "to": [{"phone_number": REPORTER, "status": status}], "errors": errors});
        self.event(&format!("messages/{attempt}"), kind, payload)
    }

    fn call_news(&self, attempt: AttemptId, nth: u32, word: &str) -> Signed {
        let nth = nth.to_string();
        let (status, by) = match word {
            "answered machine" => ("in-progress", "machine_end_beep"),
            other => (other, ""),
        };
        let fields = [("CallSid", ID), ("CallSidLegacy", ID), ("CallStatus", status), ("SequenceNumber", &nth), ("AnsweredBy", by)];
        self.form(&self.path(&format!("calls/{attempt}")), &fields)
    }

    fn step(&self, url: &str, fields: &[(&str, &str)]) -> Signed {
        let mut all = vec![("CallSid", ID), ("CallStatus", "in-progress"), ("CallerId", "A NAME")];
        all.extend(fields);
        self.form(url.strip_prefix(ORIGIN).unwrap(), &all)
    }

    fn answer(&self, outcome: Outcome) -> Turn {
        let refused = |status: u16, headers, code: &str| {
            let error = json!({"code": code, "title": "No", "detail": "The number +15555550142 is not right."});
            Turn::Answer(status, headers, json!({"errors": [error]}).to_string())
        };
        match outcome {
            // The text's id is in `data`, the call's is not.
            Outcome::Accepted => Turn::Answer(200, "", json!({"data": {"id": ID}, "sid": ID, "status": "queued"}).to_string()),
            Outcome::Throttled => refused(429, "retry-after: 7\r\n", "10011"),
            Outcome::WrongAddress => refused(422, "", "40310"),
            Outcome::OptedOut => refused(422, "", "40300"),
            Outcome::WrongCredentials => refused(401, "", "10009"),
            Outcome::WrongSender => refused(422, "", "40305"),
        }
    }

    fn messages(&self, ids: &[(&str, &str)], created_at: Timestamp) -> Turn {
        let one = |(id, status): &(&str, &str)| {
            json!({"record_type": "message_detail_record", "uuid": id, "status": status, "created_at": created_at.to_string(),
                   "direction": "outbound", "cli": OURS, "cld": REPORTER, "errors": []})
        };
        let data: Vec<_> = ids.iter().map(one).collect();
        Turn::Answer(200, "", json!({"data": data, "meta": {"total_pages": 1, "page_number": 1}}).to_string())
    }
}

#[test]
fn webhooks_conform() {
    conformance::webhooks(&Telnyx::new());
}

#[test]
fn steps_conform() {
    let telnyx = Telnyx::new();
    let render = |step: Step| {
        let script = Script { steps: vec![step] };
        Webhook::render(&Telnyx::webhook(&telnyx), CallRef::Attempt(conformance::attempt()), &script).body
    };
    let between = |body: &str, start: &str, end: &str| {
        let from = body.find(start).unwrap() + start.len();
        body[from..].split(end).next().unwrap().to_owned()
    };
    let ask =
        render(Step::Ask { prompt: Vec::new(), digits: 4, wait_seconds: 8, finish_on_hash: false, then: StepToken("ask-1".to_owned()) });
    let keys = between(&ask, "action=\"", "\"");
    assert_eq!(keys, between(&ask, "<Redirect method=\"POST\">", "<"), "who presses nothing is asked there as well");
    let go_on = render(Step::Continue { then: StepToken("go-on-2".to_owned()) });
    let first = format!("{ORIGIN}{}", telnyx.path(&format!("calls/{}/steps/first-token?on=answer", conformance::attempt())));
    conformance::steps(&telnyx, &first, &keys, &between(&go_on, "<Redirect method=\"POST\">", "<"));
    let of_call = |rest: &str| format!("{ORIGIN}{}", telnyx.path(&format!("calls/{}/{rest}", conformance::attempt())));
    conformance::beside_the_call(&telnyx, &of_call("detection"), &of_call("steps/present?on=steered"));
}

#[tokio::test]
async fn sending_conforms() {
    conformance::sending(&Telnyx::new()).await;
}

#[tokio::test]
async fn finding_conforms() {
    conformance::finding(&Telnyx::new()).await;
}
