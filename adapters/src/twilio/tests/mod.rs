//! The carrier's side of Twilio's dialect, and the conformance suite over it: as Twilio, and configured as SignalWire.
//!
//! Signing here is written apart from `signature`, over another form decoder, so that one mistake cannot hide in both.

mod caller;
mod fuzz;
mod inbound;
mod inbox;
mod media;
mod mock;
mod outbound;
mod vectors;

use super::{Config, TwilioSender, TwilioWebhook};
use crate::conformance::{self, ID, OURS, Outcome, Rig, Signed};
use crate::contract::{Sender, Webhook};
use crate::secret::Secret;
use crate::stub_server::Turn;
use base64::Engine;
use domain::exchange::{CallRef, StepToken};
use domain::id::{AccountKey, AttemptId};
use domain::voice::script::{Script, Step};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Where the carrier reaches us in these tests.
const ORIGIN: &str = "https://tips.example.org";
/// The signing key.
const KEY: &str = "a-fictional-signing-key";

/// One configuration of the adapter, and the carrier that fits it.
struct Dialect {
    config: Config,
}

impl Dialect {
    fn twilio() -> Self {
        Self { config: Config::new("main".parse().unwrap(), "AC-fictional", Secret::new(KEY), ORIGIN) }
    }

    fn signalwire() -> Self {
        let mut config = Config::new("backup".parse().unwrap(), "5ca1ab1e-0000-4000-8000-000000000000", Secret::new(KEY), ORIGIN);
        config.signature_header = "X-SignalWire-Signature".to_owned();
        config.api_base = "https://example.signalwire.com/api/laml".to_owned();
        config.api_user = Some("a-project".to_owned());
        config.api_secret = Some(Secret::new("an-api-token"));
        Self { config }
    }

    fn sender_at(&self, base: &str) -> TwilioSender {
        self.patient_sender(base, conformance::PATIENCE)
    }

    fn patient_sender(&self, base: &str, patience: Duration) -> TwilioSender {
        TwilioSender::new(Arc::new(self.config_at(base, patience))).unwrap()
    }

    /// The same account, whose API is at `base` below this carrier's own path.
    fn config_at(&self, base: &str, patience: Duration) -> Config {
        let mut config = self.config.clone();
        let prefix = config.api_base.trim_start_matches("https://").find('/').map(|at| &self.config.api_base["https://".len() + at..]);
        config.api_base = format!("{base}{}", prefix.unwrap_or(""));
        config.request_timeout = patience;
        config
    }

    fn webhook(&self) -> TwilioWebhook {
        TwilioWebhook::new(Arc::new(self.config.clone())).unwrap()
    }

    fn path(&self, rest: &str) -> String {
        format!("/webhooks/{}/{rest}", self.config.account)
    }

    /// A form, signed as the carrier signs it.
    fn form(&self, path_and_query: &str, fields: &[(&str, &str)]) -> Signed {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        self.signed(path_and_query, body.finish().into_bytes())
    }

    /// Any body, signed as a form.
    fn signed(&self, path_and_query: &str, body: Vec<u8>) -> Signed {
        let mut headers = http::HeaderMap::new();
        headers.insert("content-type", "application/x-www-form-urlencoded; charset=UTF-8".parse().unwrap());
        let name = http::HeaderName::from_bytes(self.config.signature_header.as_bytes()).unwrap();
        let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
        headers.insert(name, sign(KEY, &format!("{ORIGIN}{path_and_query}"), &fields).parse().unwrap());
        Signed { method: http::Method::POST, path_and_query: path_and_query.to_owned(), headers, body }
    }
}

/// base64(HMAC-SHA1(key, url + sorted fields)).
fn sign(key: &str, url: &str, fields: &[(String, String)]) -> String {
    let fields: std::collections::BTreeSet<(&str, &str)> = fields.iter().map(|(key, value)| (&key[..], &value[..])).collect();
    let text = fields.iter().fold(url.to_owned(), |text, (key, value)| text + key + value);
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

impl Rig for Dialect {
    fn account(&self) -> AccountKey {
        self.config.account.clone()
    }

    fn webhook(&self) -> Box<dyn Webhook> {
        Box::new(Dialect::webhook(self))
    }

    fn sender(&self, base: &str, patience: Duration) -> Box<dyn Sender> {
        Box::new(self.patient_sender(base, patience))
    }

    fn message(&self, from: &str, words: &str, pictures: &[&str]) -> Signed {
        let count = pictures.len().to_string();
        let mut fields = vec![("MessageSid", ID), ("SmsSid", ID), ("From", from), ("To", OURS), ("Body", words), ("NumMedia", &count)];
        fields.extend([("FromCity", "SPRINGFIELD"), ("FromZip", "62701"), ("ApiVersion", "2010-04-01")]);
        let named: Vec<(String, String)> = (0..pictures.len()).map(|n| (format!("MediaUrl{n}"), format!("MediaContentType{n}"))).collect();
        for ((url_key, type_key), url) in named.iter().zip(pictures) {
            fields.extend([(url_key.as_str(), *url), (type_key.as_str(), "image/JPEG")]);
        }
        self.form(&self.path("messages"), &fields)
    }

    fn answers_stop(&self) -> bool {
        true
    }

    fn text_news(&self, attempt: AttemptId, word: &str) -> Signed {
        let (status, code) = word.split_once(' ').unwrap_or((word, ""));
        let fields = [("MessageSid", ID), ("MessageStatus", status), ("ErrorCode", code), ("To", conformance::REPORTER)];
        self.form(&self.path(&format!("messages/{attempt}")), &fields)
    }

    fn call_news(&self, attempt: AttemptId, nth: u32, word: &str) -> Signed {
        let nth = nth.to_string();
        let (status, by) = match word {
            "answered machine" => ("in-progress", "machine_end_beep"),
            other => (other, ""),
        };
        let fields = [("CallSid", ID), ("CallStatus", status), ("SequenceNumber", &nth), ("AnsweredBy", by)];
        self.form(&self.path(&format!("calls/{attempt}")), &fields)
    }

    fn step(&self, url: &str, fields: &[(&str, &str)]) -> Signed {
        let mut all = vec![("CallSid", ID), ("CallStatus", "in-progress"), ("CallerCity", "SPRINGFIELD")];
        all.extend(fields);
        self.form(url.strip_prefix(ORIGIN).unwrap(), &all)
    }

    fn answer(&self, outcome: Outcome) -> Turn {
        let refused = |status: u16, headers, code: i64| {
            let message = "The 'To' number +15555550142 is not a valid phone number.";
            Turn::Answer(status, headers, json!({"code": code, "message": message, "status": status}).to_string())
        };
        match outcome {
            Outcome::Accepted => Turn::Answer(201, "", json!({"sid": ID, "status": "queued"}).to_string()),
            Outcome::Throttled => refused(429, "retry-after: 7\r\n", 20429),
            Outcome::WrongAddress => refused(400, "", 21211),
            Outcome::OptedOut => refused(400, "", 21610),
            Outcome::WrongCredentials => refused(401, "", 20003),
            Outcome::WrongSender => refused(400, "", 21606),
        }
    }

    fn messages(&self, ids: &[(&str, &str)], created_at: Timestamp) -> Turn {
        let date = jiff::fmt::rfc2822::to_string(&created_at.to_zoned(jiff::tz::TimeZone::UTC)).unwrap();
        let one = |(id, status): &(&str, &str)| json!({"sid": id, "status": status, "date_created": date, "direction": "outbound-api"});
        let messages: Vec<_> = ids.iter().map(one).collect();
        Turn::Answer(200, "", json!({"messages": messages, "next_page_uri": null}).to_string())
    }
}

const DIALECTS: [fn() -> Dialect; 2] = [Dialect::twilio, Dialect::signalwire];

#[test]
fn webhooks_conform() {
    for dialect in DIALECTS {
        conformance::webhooks(&dialect());
    }
}

#[test]
fn steps_conform() {
    for dialect in DIALECTS {
        let dialect = dialect();
        let (ask, go_on) = (StepToken("ask-1".to_owned()), StepToken("go-on-2".to_owned()));
        let script = Script {
            steps: vec![
                Step::Ask { prompt: Vec::new(), digits: 4, finish_on_hash: false, wait_seconds: 8, then: ask },
                Step::Continue { then: go_on },
            ],
        };
        let answer = Webhook::render(&Dialect::webhook(&dialect), CallRef::Attempt(conformance::attempt()), &script);
        let between = |start: &str, end: &str| {
            let from = answer.body.find(start).unwrap() + start.len();
            answer.body[from..].split(end).next().unwrap().to_owned()
        };
        let first = format!("{ORIGIN}{}", dialect.path(&format!("calls/{}/steps/first-token?on=answer", conformance::attempt())));
        conformance::steps(&dialect, &first, &between("action=\"", "\""), &between("<Redirect method=\"POST\">", "<"));
        let of_call = |rest: &str| format!("{ORIGIN}{}", dialect.path(&format!("calls/{}/{rest}", conformance::attempt())));
        conformance::beside_the_call(&dialect, &of_call("detection"), &of_call("steps/present?on=steered"));
    }
}

#[tokio::test]
async fn sending_conforms() {
    for dialect in DIALECTS {
        conformance::sending(&dialect()).await;
    }
}

#[tokio::test]
async fn finding_conforms() {
    for dialect in DIALECTS {
        conformance::finding(&dialect()).await;
    }
}
