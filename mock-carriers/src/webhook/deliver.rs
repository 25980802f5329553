//! Sends one webhook or callback: signed, tried again as its address asks, kept for inspection.
//! Faults strike here: dropped, doubled and delayed. Reordering is `callbacks`' work, since it needs a line.
//! Every try of one webhook carries the same idempotency token.

use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, HeaderValue};

use super::overrides::Overrides;
use super::sign::sign;
use crate::carrier::Carrier;
use crate::clock;
use crate::exchange::{Announcement, Exchange};
use crate::ids;
use crate::state::fault::{Effect, Kind, Strike, Traffic};
use crate::state::log::Delivered;
use crate::telnyx;

/// Longest answer that is read, in bytes; Twilio's own limit for TwiML (carriers.md 2.3).
const ANSWER_BYTES: usize = 64 * 1024;
/// Longest part of an answer that is kept for inspection.
const ANSWER_KEPT: usize = 16 * 1024;

/// A webhook or callback to send.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Callback or webhook.
    pub kind: Kind,
    /// `GET` or `POST`.
    pub method: String,
    /// Absolute address, maybe with overrides in its fragment.
    pub url: String,
    /// Parameters in the order they go on the wire.
    pub params: Vec<(String, String)>,
    /// Stays the same when this webhook is tried or replayed.
    pub token: String,
    /// The message or call, for the debugger.
    pub sid: String,
    /// The second carrier's event about a text, sent as JSON instead of the parameters.
    pub event: Option<Event>,
}

/// An event that is sent as JSON.
#[derive(Debug, Clone)]
pub struct Event {
    /// Everything but what is said of its delivery.
    pub body: serde_json::Value,
    /// Where it goes when its address does not answer.
    pub failover: Option<String>,
}

impl Delivery {
    /// A POST with a fresh token.
    pub fn post(kind: Kind, url: &str, sid: &str, params: Vec<(String, String)>) -> Self {
        Self {
            kind,
            method: "POST".to_owned(),
            url: url.to_owned(),
            params,
            token: ids::idempotency_token(),
            sid: sid.to_owned(),
            event: None,
        }
    }

    /// The same with another method; an empty or unknown word means POST.
    pub fn method(mut self, method: &str) -> Self {
        if method.eq_ignore_ascii_case("GET") {
            self.method = "GET".to_owned();
        }
        self
    }

    /// True for a webhook whose answer says what to do next.
    pub fn wants_answer(&self) -> bool {
        self.kind == Kind::Webhook
    }

    fn to(&self) -> &str {
        let to = self.params.iter().find(|(key, _)| key == "To");
        to.map_or("", |(_, value)| value.as_str())
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The answer's status; none when there was none.
    pub status: Option<u16>,
    /// The answer's `Content-Type`.
    pub content_type: String,
    /// The answer's body.
    pub body: String,
    /// Why there was no answer.
    pub error: Option<String>,
}

impl Outcome {
    /// True for 200 to 299.
    pub fn is_ok(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// Who sends it: events are the second carrier's, the rest goes by the call.
fn carrier_of(exchange: &Exchange, delivery: &Delivery) -> Carrier {
    if delivery.event.is_some() {
        return Carrier::Telnyx;
    }
    exchange.with(|state| state.calls.get(&delivery.sid).map_or(Carrier::Twilio, |call| call.carrier))
}

/// Asks the faults what should happen to this delivery.
pub fn strike(exchange: &Exchange, delivery: &Delivery) -> Option<Strike> {
    let carrier = Some(carrier_of(exchange, delivery));
    let strike = exchange.with(|state| {
        state.faults.strike(Traffic { kind: delivery.kind, path: &delivery.url, method: &delivery.method, to: delivery.to(), carrier })
    });
    if strike.is_some() {
        exchange.announce(Announcement::Faults);
    }
    strike
}

/// Sends a delivery, suffering the faults that are set.
pub async fn deliver(exchange: &Exchange, delivery: &Delivery) -> Outcome {
    let strike = strike(exchange, delivery);
    deliver_struck(exchange, delivery, strike).await
}

/// Sends a delivery whose fault is known already.
pub async fn deliver_struck(exchange: &Exchange, delivery: &Delivery, strike: Option<Strike>) -> Outcome {
    if let Some(strike) = strike.filter(|strike| strike.delay_ms > 0) {
        tokio::time::sleep(Duration::from_millis(strike.delay_ms)).await;
    }
    match strike.map(|strike| strike.effect) {
        Some(Effect::Drop | Effect::Refuse) => dropped(exchange, delivery),
        Some(Effect::Double) => {
            let first = send(exchange, delivery, Some("double")).await;
            send(exchange, delivery, Some("double")).await;
            first
        }
        Some(effect) => send(exchange, delivery, Some(fault_name(effect))).await,
        None => send(exchange, delivery, None).await,
    }
}

fn fault_name(effect: Effect) -> &'static str {
    match effect {
        Effect::Delay => "delay",
        Effect::Reorder => "reorder",
        Effect::Double => "double",
        Effect::Drop | Effect::Refuse => "drop",
        Effect::TooManyRequests
        | Effect::ServerError
        | Effect::Unauthorized
        | Effect::Code(_)
        | Effect::AcceptThenTimeout
        | Effect::Reject
        | Effect::Temporary
        | Effect::DropAfterData
        | Effect::CutBetween
        | Effect::Redirect(_)
        | Effect::Endless
        | Effect::WrongType
        | Effect::Stall => "not for webhooks",
    }
}

fn dropped(exchange: &Exchange, delivery: &Delivery) -> Outcome {
    let id = match carrier_of(exchange, delivery) {
        Carrier::Twilio => {
            let prepared = prepare(exchange, delivery);
            open_record(exchange, delivery, &prepared.url, &prepared.signature, Some("drop"))
        }
        Carrier::Telnyx => {
            let signature = telnyx::deliver::signature(exchange, delivery);
            open_record(exchange, delivery, &delivery.url, &signature, Some("drop"))
        }
    };
    close_record(exchange, id, 0, 0, None, "", None);
    Outcome { status: None, content_type: String::new(), body: String::new(), error: Some("dropped by a fault".to_owned()) }
}

/// Sends with retries, writes the record, and tells the debugger when it failed (11200).
async fn send(exchange: &Exchange, delivery: &Delivery, fault: Option<&str>) -> Outcome {
    if carrier_of(exchange, delivery) == Carrier::Telnyx {
        return telnyx::deliver::send(exchange, delivery, fault).await;
    }
    let overrides = Overrides::of(&delivery.url);
    let prepared = prepare(exchange, delivery);
    let id = open_record(exchange, delivery, &prepared.url, &prepared.signature, fault);
    let Ok(_permit) = exchange.wire.acquire().await else {
        return failed("the mock is stopping");
    };
    let began = Instant::now();
    let mut attempts = 0;
    let outcome = loop {
        attempts += 1;
        let left = overrides.total_timeout.saturating_sub(began.elapsed());
        let limit = overrides.read_timeout.min(left).max(Duration::from_millis(100));
        let (outcome, again) = match tokio::time::timeout(limit, once(exchange, delivery, &prepared)).await {
            Ok(Ok(outcome)) => {
                let again = match outcome.status {
                    Some(500..=599) => overrides.on_5xx,
                    Some(400..=499) => overrides.on_4xx,
                    _ => false,
                };
                (outcome, again)
            }
            Ok(Err(error)) => {
                let again = if error.is_connect() { overrides.on_connect } else { overrides.on_read };
                (failed(&reason(error)), again)
            }
            Err(_) => (failed("no answer in time"), overrides.on_read),
        };
        if !again || attempts > overrides.retries || began.elapsed() >= overrides.total_timeout {
            break outcome;
        }
    };
    let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    close_record(exchange, id, attempts, took, outcome.status, &outcome.body, outcome.error.clone());
    if !outcome.is_ok() {
        note_failure(exchange, delivery, &outcome);
    }
    outcome
}

async fn once(exchange: &Exchange, delivery: &Delivery, prepared: &Prepared) -> Result<Outcome, reqwest::Error> {
    let request = match &prepared.form {
        None => exchange.http.get(&prepared.url),
        Some(form) => exchange.http.post(&prepared.url).header(CONTENT_TYPE, FORM).body(form.clone()),
    };
    let response = request
        .header(&exchange.options.house.signature_header, &prepared.signature)
        .header("I-Twilio-Idempotency-Token", &delivery.token)
        .header("Accept", "*/*")
        .send()
        .await?;
    read_answer(response).await
}

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");

/// What goes on the wire, the same at every try.
struct Prepared {
    url: String,
    form: Option<String>,
    signature: String,
}

fn prepare(exchange: &Exchange, delivery: &Delivery) -> Prepared {
    let bare = delivery.url.split_once('#');
    let bare = bare.map_or(delivery.url.as_str(), |(url, _)| url);
    let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(&delivery.params).finish();
    let token = exchange.options.house.signing_key.as_ref().unwrap_or(&exchange.options.auth_token);
    if delivery.method == "GET" {
        let joint = if bare.contains('?') { '&' } else { '?' };
        let url = format!("{bare}{joint}{encoded}");
        let signature = sign(token, &url, &[]);
        return Prepared { url, form: None, signature };
    }
    Prepared { url: bare.to_owned(), form: Some(encoded), signature: sign(token, bare, &delivery.params) }
}

/// An answer, read up to the bound.
pub(crate) async fn read_answer(mut response: reqwest::Response) -> Result<Outcome, reqwest::Error> {
    let content_type = response.headers().get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_BYTES {
            return Ok(failed("the answer is longer than 64 KiB"));
        }
    }
    Ok(Outcome { status: Some(status), content_type, body: String::from_utf8_lossy(&body).into_owned(), error: None })
}

/// No answer, and why.
pub(crate) fn failed(reason: &str) -> Outcome {
    Outcome { status: None, content_type: String::new(), body: String::new(), error: Some(reason.to_owned()) }
}

/// Why a request failed, without its address.
pub(crate) fn reason(error: reqwest::Error) -> String {
    // The address is in the record beside it; a log line must not carry one.
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

/// Tells the debugger of a webhook that failed (11200).
pub(crate) fn note_failure(exchange: &Exchange, delivery: &Delivery, outcome: &Outcome) {
    let what = match (outcome.status, &outcome.error) {
        (Some(status), _) => format!("the answer was {status}"),
        (None, Some(error)) => error.clone(),
        (None, None) => "there was no answer".to_owned(),
    };
    tracing::debug!(sid = %delivery.sid, "a webhook failed: {what}");
    exchange.with(|state| {
        state.debug(11200, format!("HTTP retrieval failure: {what}"), &delivery.sid, &delivery.url);
    });
}

/// Begins the record of a delivery.
pub(crate) fn open_record(exchange: &Exchange, delivery: &Delivery, url: &str, signature: &str, fault: Option<&str>) -> u64 {
    exchange.with(|state| {
        let id = state.next_log();
        state.deliveries.put(
            id.to_string(),
            Delivered {
                id,
                at: clock::now(),
                kind: delivery.kind,
                method: delivery.method.clone(),
                url: url.to_owned(),
                params: delivery.params.clone(),
                signature: signature.to_owned(),
                token: delivery.token.clone(),
                attempts: 0,
                status: None,
                body: String::new(),
                error: None,
                fault: fault.map(str::to_owned),
                took_ms: 0,
                done: false,
            },
        );
        id
    })
}

/// Ends it.
pub(crate) fn close_record(
    exchange: &Exchange,
    id: u64,
    attempts: u32,
    took_ms: u64,
    status: Option<u16>,
    body: &str,
    error: Option<String>,
) {
    exchange.with(|state| {
        if let Some(record) = state.deliveries.get_mut(&id.to_string()) {
            record.attempts = attempts;
            record.took_ms = took_ms;
            record.status = status;
            record.body = body.chars().take(ANSWER_KEPT).collect();
            record.error = error;
            record.done = true;
        }
    });
    exchange.announce(Announcement::Webhook { id, status });
}
