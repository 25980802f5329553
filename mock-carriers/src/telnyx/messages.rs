//! Texts: create, with an idempotency key that gives the first answer again for a day, and fetch; and the life of a sent text.
//! A text goes queued → sent → delivered (or failed), with an event for the last two.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::errors::ApiError;
use super::{RestRequest, events};
use crate::carrier::Carrier;
use crate::clock;
use crate::exchange::Exchange;
use crate::ids;
use crate::options::is_address;
use crate::state::State;
use crate::state::message::{Direction, Message, MessageStatus};
use crate::twilio::{magic, segments};
use crate::webhook::callbacks::CallbackLine;

/// `POST /v2/messages`.
pub fn create(exchange: &Arc<Exchange>, request: &RestRequest) -> Result<Response, ApiError> {
    if request.method != Method::POST {
        return Err(ApiError::new(405, "10015"));
    }
    let sent = request.body.to_string();
    if let Some(key) = &request.key {
        let well_formed =
            (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b':'));
        if !well_formed {
            return Err(ApiError::new(422, "10015"));
        }
        if let Some((first, answer)) = exchange.with(|state| state.telnyx.keys.get(key).cloned()) {
            return if first == sent { Ok(axum::Json(answer).into_response()) } else { Err(ApiError::new(422, "10027")) };
        }
    }
    let (message, answer) = exchange.with(|state| {
        let message = build(state, request)?;
        if let Some(url) = request.text("webhook_failover_url") {
            state.telnyx.failover.put(message.sid.clone(), url.to_owned());
        }
        state.messages.put(message.sid.clone(), message.clone());
        let answer = json!({"data": events::record(exchange, state, &message)});
        if let Some(key) = &request.key {
            state.telnyx.keys.put(key.clone(), (sent, answer.clone()));
        }
        Ok((message, answer))
    })?;
    exchange.announce_message(&message.sid);
    exchange.run(live(Arc::clone(exchange), message, request.doom));
    Ok(axum::Json(answer).into_response())
}

/// `GET /v2/messages/{id}`.
pub fn item(exchange: &Exchange, request: &RestRequest, id: &str) -> Result<Response, ApiError> {
    if request.method != Method::GET {
        return Err(ApiError::new(405, "10015"));
    }
    let record = exchange.with(|state| {
        let message = state.messages.get(id).filter(|message| state.carrier_of_message(message) == Carrier::Telnyx)?;
        Some(events::record(exchange, state, message))
    });
    record.map(|record| axum::Json(json!({"data": record})).into_response()).ok_or(ApiError::new(404, "10005"))
}

fn build(state: &State, request: &RestRequest) -> Result<Message, ApiError> {
    let (to, from) = (request.text("to").unwrap_or_default(), request.text("from").unwrap_or_default());
    let body = request.text("text").ok_or(ApiError::new(422, "10004"))?;
    if let Some(code) = magic::message_to(to).or((!is_address(to)).then_some(21211)) {
        return Err(ApiError::of_twilios(code));
    }
    if state.route_of(Carrier::Telnyx, from).is_none() {
        return Err(ApiError::new(422, "40305"));
    }
    if state.opted_out.contains(&(to.to_owned(), from.to_owned())) {
        return Err(ApiError::new(422, "40300"));
    }
    let now = clock::now();
    Ok(Message {
        sid: ids::idempotency_token(),
        from: Some(from.to_owned()),
        to: to.to_owned(),
        body: body.to_owned(),
        direction: Direction::OutboundApi,
        status: MessageStatus::Queued,
        error_code: None,
        media: Vec::new(),
        messaging_service_sid: None,
        segments: segments::count(body),
        created: now,
        updated: now,
        sent: None,
        status_callback: request.text("webhook_url").map(str::to_owned),
        by_carrier: false,
    })
}

/// The life of a text after it was accepted.
async fn live(exchange: Arc<Exchange>, message: Message, doom: Option<u32>) {
    let line = message.status_callback.as_ref().map(|_| CallbackLine::start(&exchange));
    let pause = Duration::from_millis(exchange.options.tempo.message_ms);
    tokio::time::sleep(pause).await;
    if let Some(code @ (30001 | 30002 | 30034)) = doom {
        step(&exchange, &line, &message.sid, MessageStatus::Failed, Some(code)).await;
        return;
    }
    step(&exchange, &line, &message.sid, MessageStatus::Sent, None).await;
    tokio::time::sleep(pause).await;
    let last = if doom.is_some() { MessageStatus::Undelivered } else { MessageStatus::Delivered };
    step(&exchange, &line, &message.sid, last, doom).await;
}

async fn step(exchange: &Exchange, line: &Option<CallbackLine>, id: &str, status: MessageStatus, error: Option<u32>) {
    let delivery = exchange.with(|state| {
        let message = state.messages.get_mut(id)?;
        message.status = status;
        message.error_code = error;
        message.updated = clock::now();
        if status == MessageStatus::Sent {
            message.sent = Some(message.updated);
        }
        let message = message.clone();
        message.status_callback.as_ref().map(|url| events::news(exchange, state, &message, url))
    });
    exchange.announce_message(id);
    if let (Some(line), Some(delivery)) = (line, delivery) {
        line.send(delivery).await;
    }
}
