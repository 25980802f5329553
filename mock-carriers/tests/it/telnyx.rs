//! The second carrier from the outside: keys that make a repeat exact, signed events, three tries and the address for failures, a whole
//! carrier dead.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mock_carriers::telnyx::DEFAULT_API_KEY;
use mock_carriers::{Carrier, MockCarriers, NumberRoute, Options, TelnyxOptions, Tempo};
use serde_json::{Value, json};

use crate::gateway::THEIRS;

const OURS: &str = "+15555550180";
const WITHIN: Duration = Duration::from_secs(20);

/// A request as it came: headers in lower case, and the body.
struct Hook {
    headers: Vec<String>,
    body: String,
}

impl Hook {
    fn header(&self, name: &str) -> &str {
        let start = format!("{name}: ");
        self.headers.iter().find_map(|line| line.strip_prefix(&start)).unwrap_or_default()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Answers every request with this status; what came is read from the channel.
fn gateway(status: u16) -> (String, Receiver<Hook>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (send, hooks) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut headers = Vec::new();
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                    break;
                }
                let line = line.trim_end();
                headers.push(line.split_once(": ").map_or(line.to_owned(), |(name, value)| format!("{}: {value}", name.to_lowercase())));
            }
            let length = headers.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_err() {
                continue;
            }
            // The test may have ended without looking.
            let _ = send.send(Hook { headers, body: String::from_utf8(body).unwrap() });
            let _ = write!(reader.into_inner(), "HTTP/1.1 {status} Word\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    (origin, hooks)
}

async fn mock(sms_url: Option<String>) -> MockCarriers {
    let numbers = vec![NumberRoute { number: OURS.to_owned(), sms_url, voice_url: None }];
    let telnyx = TelnyxOptions { numbers, ..TelnyxOptions::default() };
    let tempo = Tempo { message_ms: 5, ..Tempo::default() };
    MockCarriers::start(Options { telnyx, tempo, ..Options::default() }).await.unwrap()
}

async fn post(mock: &MockCarriers, key: &str, body: &Value) -> (u16, Value) {
    let request = reqwest::Client::new().post(format!("{}/v2/messages", mock.telnyx_url())).bearer_auth(DEFAULT_API_KEY);
    let answer = request.header("Idempotency-Key", key).json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
}

fn text(words: &str) -> Value {
    json!({"from": OURS, "to": THEIRS, "text": words})
}

#[tokio::test]
async fn a_key_gives_the_first_answer_again_and_another_body_is_refused() {
    let mock = mock(None).await;
    let (status, first) = post(&mock, "attempt-1", &text("hello")).await;
    assert_eq!((status, first["data"]["to"][0]["status"].as_str()), (200, Some("queued")));
    assert_eq!(post(&mock, "attempt-1", &text("hello")).await, (200, first));
    assert_eq!(post(&mock, "attempt-1", &text("other")).await.0, 422);
    assert_eq!(post(&mock, "not a key", &text("hello")).await.0, 422);
    assert_eq!(mock.control().messages(THEIRS).await.len(), 1);
    assert_eq!(post(&mock, "attempt-2", &text("hello")).await.0, 200);
    assert_eq!(mock.control().messages(THEIRS).await.len(), 2);
    let answer = reqwest::get(format!("{}/v2/balance", mock.telnyx_url())).await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.json::<Value>().await.unwrap()["errors"][0]["code"], "10009", "codes are texts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_signed_over_time_and_body_and_name_their_address() {
    let (origin, hooks) = gateway(200);
    let url = format!("{origin}/hooks?x=1");
    let mock = mock(Some(url.clone())).await;
    mock.control().text(THEIRS, OURS, "help & more").await.unwrap();
    let hook = hooks.recv_timeout(WITHIN).unwrap();
    let message = format!("{}|{}", hook.header("telnyx-timestamp"), hook.body);
    let signature = STANDARD.decode(hook.header("telnyx-signature-ed25519")).unwrap();
    let key = STANDARD.decode(mock.telnyx_public_key()).unwrap();
    UnparsedPublicKey::new(&ED25519, &key).verify(message.as_bytes(), &signature).unwrap();
    let event = hook.json();
    assert_eq!((&event["data"]["event_type"], &event["meta"]["delivered_to"]), (&json!("message.received"), &json!(url)));
    assert_eq!(event["data"]["payload"]["text"], "help & more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_tries_and_then_the_address_for_failures() {
    let (first, at_first) = gateway(500);
    let (second, at_second) = gateway(200);
    let mock = mock(None).await;
    let mut body = text("hello");
    body["webhook_url"] = json!(format!("{first}/news"));
    body["webhook_failover_url"] = json!(format!("{second}/news"));
    assert_eq!(post(&mock, "attempt-1", &body).await.0, 200);
    let attempts = |hooks: &Receiver<Hook>, count: usize| -> Vec<Value> {
        (0..count).map(|_| hooks.recv_timeout(WITHIN).unwrap().json()["meta"]["attempt"].clone()).collect()
    };
    assert_eq!(attempts(&at_first, 3), [1, 2, 3]);
    let event = at_second.recv_timeout(WITHIN).unwrap().json();
    assert_eq!((&event["meta"]["attempt"], &event["data"]["event_type"]), (&json!(4), &json!("message.sent")));
}

#[tokio::test]
async fn one_carrier_can_be_dead_while_the_other_lives() {
    let mock = mock(None).await;
    mock.control().set_dead(Carrier::Telnyx, true).await.unwrap();
    let asked = reqwest::Client::new().get(format!("{}/v2/balance", mock.telnyx_url())).bearer_auth(DEFAULT_API_KEY).send().await;
    assert!(asked.is_err(), "the connection is closed without an answer");
    let first = format!("{}/2010-04-01/Accounts/{}.json", mock.base_url(), mock.account_sid());
    let answer = reqwest::Client::new().get(&first).basic_auth(mock.account_sid(), Some(mock.auth_token())).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    mock.control().set_dead(Carrier::Telnyx, false).await.unwrap();
    assert_eq!(post(&mock, "attempt-1", &text("hello")).await.0, 200);
}
