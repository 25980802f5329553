//! The requests as they stand on the wire, and looking for attempts over several pages.

use super::{Dialect, ID};
use crate::conformance::{OURS, REPORTER, a_call, a_text, attempt};
use crate::contract::{SendError, Sender};
use crate::stub_server::{Stub, Turn};
use crate::twilio::{CallUpdate, Config, ConfigError, TwilioSender};
use domain::channel::Means;
use domain::dispatch::evidence::{End, ReceiptKind};
use domain::exchange::{Content, Detection, Mail, ProviderId, Search, StepToken};
use domain::language::Language;
use domain::sealed::Address;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

fn taken() -> Turn {
    Turn::Answer(201, "", json!({"sid": ID}).to_string())
}

fn fields(body: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

fn has(fields: &[(String, String)], key: &str, value: &str) -> bool {
    fields.iter().any(|(name, given)| name == key && given == value)
}

#[tokio::test]
async fn a_text_on_the_wire() {
    let stub = Stub::start(vec![taken()]);
    Dialect::twilio().sender_at(&stub.base).send(&a_text()).await.unwrap();
    let asked = stub.asked();
    assert_eq!(asked.line, "POST /2010-04-01/Accounts/AC-fictional/Messages.json");
    assert!(asked.headers.contains(&"content-type: application/x-www-form-urlencoded".to_owned()));
    // AC-fictional:a-fictional-signing-key
    assert!(asked.headers.contains(&"authorization: Basic QUMtZmljdGlvbmFsOmEtZmljdGlvbmFsLXNpZ25pbmcta2V5".to_owned()));
    let callback = format!("https://tips.example.org/webhooks/main/messages/{}", attempt());
    let expected = [("To", REPORTER), ("From", OURS), ("Body", "We read this. Are you safe?"), ("StatusCallback", &callback)];
    let expected: Vec<(String, String)> = expected.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
    assert_eq!(fields(&asked.body), expected);
}

#[tokio::test]
async fn a_call_on_the_wire() {
    let stub = Stub::start(vec![taken(), taken()]);
    let sender = Dialect::twilio().sender_at(&stub.base);
    sender.send(&a_call("")).await.unwrap();
    let asked = stub.asked();
    assert_eq!(asked.line, "POST /2010-04-01/Accounts/AC-fictional/Calls.json");
    let sent = fields(&asked.body);
    let base = format!("https://tips.example.org/webhooks/main/calls/{}", attempt());
    for (key, value) in [
        ("To", REPORTER),
        ("From", OURS),
        ("Url", &format!("{base}/steps/first-token?on=answer")),
        ("Method", "POST"),
        ("StatusCallback", &base),
        ("MachineDetection", "DetectMessageEnd"),
        ("Timeout", "25"),
    ] {
        assert!(has(&sent, key, value), "{key}={value}");
    }
    let events: Vec<&str> = sent.iter().filter(|(key, _)| key == "StatusCallbackEvent").map(|(_, value)| &value[..]).collect();
    assert_eq!(events, ["initiated", "ringing", "answered", "completed"], "a list repeats its key");

    sender.send(&a_call("12-34#")).await.unwrap();
    let sent = fields(&stub.asked().body);
    assert!(has(&sent, "SendDigits", "wwww1234#"));
    assert!(!sent.iter().any(|(key, _)| key == "MachineDetection"), "a switchboard's greeting is no machine");
}

#[tokio::test]
async fn detection_beside_the_call_and_the_steering_of_one() {
    let stub = Stub::start(vec![taken(), taken(), taken()]);
    let sender = Dialect::twilio().sender_at(&stub.base);
    let by = |detection| {
        let content = Content::Call { first: StepToken("first-token".to_owned()), extension: String::new(), detection };
        domain::exchange::Outbound { content, ..a_text() }
    };
    sender.send(&by(Detection::Beside)).await.unwrap();
    let (sent, base) = (fields(&stub.asked().body), format!("https://tips.example.org/webhooks/main/calls/{}", attempt()));
    for (key, value) in [
        ("MachineDetection", "DetectMessageEnd"),
        ("AsyncAmd", "true"),
        ("AsyncAmdStatusCallback", &format!("{base}/detection")),
        ("AsyncAmdStatusCallbackMethod", "POST"),
    ] {
        assert!(has(&sent, key, value), "{key}={value}");
    }
    sender.send(&by(Detection::Off)).await.unwrap();
    assert!(!fields(&stub.asked().body).iter().any(|(key, _)| key.contains("Machine") || key.contains("Amd")));
    sender.steer(&ProviderId("CA1".to_owned()), attempt(), &StepToken("present".to_owned())).await.unwrap();
    let asked = stub.asked();
    assert_eq!(asked.line, "POST /2010-04-01/Accounts/AC-fictional/Calls/CA1.json");
    assert!(has(&fields(&asked.body), "Url", &format!("{base}/steps/present?on=steered")));
}

#[tokio::test]
async fn another_house_of_the_dialect() {
    let stub = Stub::start(vec![taken()]);
    Dialect::signalwire().sender_at(&stub.base).send(&a_text()).await.unwrap();
    let asked = stub.asked();
    assert_eq!(asked.line, "POST /api/laml/2010-04-01/Accounts/5ca1ab1e-0000-4000-8000-000000000000/Messages.json");
    // a-project:an-api-token: the signing key is no password.
    assert!(asked.headers.contains(&"authorization: Basic YS1wcm9qZWN0OmFuLWFwaS10b2tlbg==".to_owned()));
}

#[tokio::test]
async fn no_mail_goes_this_way() {
    let mail = Mail {
        message_id: "x".to_owned(),
        subject: String::new(),
        text: String::new(),
        language: Language::En,
        answers: None,
        kind: domain::exchange::MailKind::Notice { bounces_to: None },
        tls_required: false,
    };
    let outbound = domain::exchange::Outbound { content: Content::Mail(mail), ..a_text() };
    let error = Dialect::twilio().sender_at("http://127.0.0.1:1").send(&outbound).await.unwrap_err();
    assert!(matches!(error, SendError::Permanent { .. }));
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

fn search(means: Means, provider_id: Option<&str>) -> Search {
    let provider_id = provider_id.map(|id| ProviderId(id.to_owned()));
    Search { attempt: attempt(), means, from: Address::new(OURS), to: Address::new(REPORTER), intended_at: at(0), provider_id }
}

fn call(sid: &str, created_at: Timestamp, more: Value) -> Value {
    let date = jiff::fmt::rfc2822::to_string(&created_at.to_zoned(jiff::tz::TimeZone::UTC)).unwrap();
    let mut call = json!({"sid": sid, "date_created": date, "direction": "outbound-api"});
    call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    call
}

fn page(calls: &[Value], next: Value) -> Turn {
    Turn::Answer(200, "", json!({"calls": calls, "next_page_uri": next}).to_string())
}

#[tokio::test]
async fn calls_are_found_over_pages_until_they_are_too_old() {
    let next = "/api/laml/2010-04-01/Accounts/x/Calls.json?PageToken=p2&To=%2B15555550142";
    let first = page(&[call("new", at(9), json!({"status": "in-progress", "answered_by": "human"}))], json!(next));
    let second = page(
        &[
            call("its-own-second", at(-4), json!({"status": "busy"})),
            call("theirs", at(3), json!({"status": "completed", "direction": "inbound"})),
            call("too-old", at(-6), json!({"status": "completed"})),
        ],
        json!("/never/asked"),
    );
    let stub = Stub::start(vec![first, second]);
    let found = Dialect::signalwire().sender_at(&stub.base).find(&search(Means::Call, None)).await.unwrap();
    let line = stub.asked().line;
    assert!(line.ends_with("/Calls.json?To=%2B15555550142&From=%2B15555550100&PageSize=50"), "{line}");
    assert_eq!(stub.asked().line, format!("GET {next}"), "a page's URI is relative to the host, not to the base");
    let news: Vec<_> = found.iter().map(|sighting| (&sighting.provider_id.0[..], &sighting.news[..])).collect();
    assert_eq!(
        news,
        [
            ("new", &[ReceiptKind::Submitted, ReceiptKind::Answered, ReceiptKind::HumanAnswered][..]),
            ("its-own-second", &[ReceiptKind::Submitted, ReceiptKind::Ended(End::Busy)][..]),
        ]
    );
}

#[tokio::test]
async fn an_endless_list_is_not_said_to_be_without_trace() {
    let empty = || page(&[], json!("/more"));
    let stub = Stub::start(vec![empty(), empty(), empty(), empty()]);
    assert!(Dialect::twilio().sender_at(&stub.base).find(&search(Means::Call, None)).await.is_err());
    let stub = Stub::start(vec![page(&[], json!("https://elsewhere.example.org/"))]);
    assert!(Dialect::twilio().sender_at(&stub.base).find(&search(Means::Call, None)).await.is_err(), "no other host is asked");
}

#[tokio::test]
async fn a_known_id_is_fetched() {
    let record = call("a/b?c", at(-500), json!({"status": "completed", "answered_by": "machine_end_beep"}));
    let stub = Stub::start(vec![Turn::Answer(200, "", record.to_string()), Turn::Answer(404, "", json!({"code": 20404}).to_string())]);
    let sender = Dialect::twilio().sender_at(&stub.base);
    let found = sender.find(&search(Means::Call, Some("a/b?c"))).await.unwrap();
    assert_eq!(stub.asked().line, "GET /2010-04-01/Accounts/AC-fictional/Calls/a%2Fb%3Fc.json", "ids are opaque");
    let expected = [ReceiptKind::Submitted, ReceiptKind::Answered, ReceiptKind::MachineAnswered, ReceiptKind::Ended(End::Completed)];
    assert_eq!(found[0].news, expected);
    assert_eq!(sender.find(&search(Means::Text, Some("gone"))).await.unwrap(), Vec::new());
}

#[tokio::test]
async fn a_call_is_changed_and_a_message_deleted() {
    let gone = Turn::Answer(404, "", json!({"code": 20404}).to_string());
    let stub = Stub::start(vec![taken(), taken(), Turn::Answer(204, "", String::new()), gone, Turn::Answer(500, "", String::new())]);
    let sender = Dialect::twilio().sender_at(&stub.base);
    sender.client().update_call("CA1", &CallUpdate::Complete).await.unwrap();
    assert_eq!(stub.asked().body, "Status=completed");
    sender.client().update_call("CA1", &CallUpdate::Redirect("https://tips.example.org/x".to_owned())).await.unwrap();
    assert!(has(&fields(&stub.asked().body), "Url", "https://tips.example.org/x"));
    sender.client().delete_message("SM1").await.unwrap();
    assert_eq!(stub.asked().line, "DELETE /2010-04-01/Accounts/AC-fictional/Messages/SM1.json");
    sender.client().delete_message("SM1").await.unwrap();
    assert!(matches!(sender.client().delete_message("SM1").await, Err(SendError::Transient { .. })));
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_our_password() {
    let stub = Stub::start(vec![Turn::Answer(307, "location: http://127.0.0.1:1/elsewhere\r\n", String::new())]);
    let error = Dialect::twilio().sender_at(&stub.base).send(&a_text()).await.unwrap_err();
    assert!(matches!(error, SendError::Misconfigured { .. }), "{error:?}");
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let stub = Stub::start(vec![Turn::Answer(201, "", format!("{{\"sid\":\"{}\"}}", "x".repeat(300 * 1024)))]);
    let error = Dialect::twilio().sender_at(&stub.base).send(&a_text()).await.unwrap_err();
    assert!(matches!(error, SendError::Unknown { .. }), "{error:?}");
}

#[test]
fn a_bad_configuration_is_named() {
    type Change = fn(&mut Config);
    let broken: [(&str, Change); 8] = [
        ("public_origin", |config| config.public_origin = "tips.example.org".to_owned()),
        ("public_origin", |config| config.public_origin = "https://tips.example.org/path".to_owned()),
        ("api_base", |config| config.api_base = "ftp://example.org".to_owned()),
        ("api_base", |config| config.api_base = "https://example.org/?x".to_owned()),
        ("account_sid", |config| config.account_sid = String::new()),
        ("no secret", |config| config.secrets.clear()),
        ("api_secret", |config| config.api_user = Some("x".to_owned())),
        ("signature_header", |config| config.signature_header = "X Signature".to_owned()),
    ];
    for (named, change) in broken {
        let mut config = Dialect::twilio().config;
        change(&mut config);
        let error: ConfigError = TwilioSender::new(Arc::new(config)).err().expect(named);
        assert!(error.to_string().starts_with("account main: ") && error.to_string().contains(named), "{error}");
    }
    let debug = format!("{:?}", Dialect::signalwire().config);
    assert!(!debug.contains("signing-key") && !debug.contains("api-token"), "a configuration's Debug shows no secret");
}
