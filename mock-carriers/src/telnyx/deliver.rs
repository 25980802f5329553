//! Sends this carrier's webhooks: signed anew at every try, three tries at each address, two seconds for an answer, then the address for
//! failures (carriers.md 3.2, 4). Texts' events are JSON and name the address they are for; calls' are forms.

use std::time::{Duration, Instant};

use reqwest::header::CONTENT_TYPE;

use super::texml;
use crate::clock;
use crate::exchange::Exchange;
use crate::webhook::deliver::{Delivery, Outcome, close_record, failed, note_failure, open_record, read_answer, reason};

/// Tries at each address.
const TRIES: u32 = 3;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(200);

/// What goes on the wire at one try.
struct Prepared {
    content_type: &'static str,
    body: Vec<u8>,
    seconds: i64,
    signature: String,
}

fn prepare(exchange: &Exchange, delivery: &Delivery, url: &str, attempt: u32) -> Prepared {
    let (content_type, body) = match &delivery.event {
        Some(event) => {
            let mut body = event.body.clone();
            body["meta"] = serde_json::json!({"attempt": attempt, "delivered_to": url});
            ("application/json", body.to_string().into_bytes())
        }
        None => {
            let params = texml::params(exchange, &delivery.params);
            let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(&params).finish();
            ("application/x-www-form-urlencoded", form.into_bytes())
        }
    };
    let seconds = clock::now().as_second();
    let signature = exchange.signer.sign(seconds, &body);
    Prepared { content_type, body, seconds, signature }
}

/// The signature of a delivery that a fault keeps back, for its record.
pub fn signature(exchange: &Exchange, delivery: &Delivery) -> String {
    prepare(exchange, delivery, &delivery.url, 1).signature
}

/// Sends with its retries and writes the record.
pub async fn send(exchange: &Exchange, delivery: &Delivery, fault: Option<&str>) -> Outcome {
    let id = open_record(exchange, delivery, &delivery.url, &signature(exchange, delivery), fault);
    let Ok(_permit) = exchange.wire.acquire().await else {
        return failed("the mock is stopping");
    };
    let began = Instant::now();
    let failover = delivery.event.as_ref().and_then(|event| event.failover.as_deref());
    // Instructions of a call are asked for once: the caller is on the line, and the session has its own fallback.
    let tries = if delivery.event.is_none() && delivery.wants_answer() { 1 } else { TRIES };
    let mut attempts = 0;
    let mut outcome = failed("no address");
    'all: for url in std::iter::once(delivery.url.as_str()).chain(failover) {
        for _ in 0..tries {
            if attempts > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            attempts += 1;
            outcome = once(exchange, delivery, url, attempts).await;
            if outcome.is_ok() {
                break 'all;
            }
        }
    }
    let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    close_record(exchange, id, attempts, took, outcome.status, &outcome.body, outcome.error.clone());
    if !outcome.is_ok() {
        note_failure(exchange, delivery, &outcome);
    }
    outcome
}

async fn once(exchange: &Exchange, delivery: &Delivery, url: &str, attempt: u32) -> Outcome {
    let bare = url.split_once('#').map_or(url, |(url, _)| url);
    let prepared = prepare(exchange, delivery, bare, attempt);
    let request = exchange
        .http
        .post(bare)
        .header(CONTENT_TYPE, prepared.content_type)
        .header("telnyx-timestamp", prepared.seconds.to_string())
        .header("telnyx-signature-ed25519", prepared.signature)
        .body(prepared.body);
    let limit = Duration::from_millis(exchange.options.telnyx.answer_ms);
    let answered = tokio::time::timeout(limit, async { read_answer(request.send().await?).await }).await;
    match answered {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => failed(&reason(error)),
        Err(_) => failed("no answer in time"),
    }
}
