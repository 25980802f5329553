//! The Messages resource: create, fetch, list, redact, cancel, delete, and the life of a sent message.
//! A message goes queued → sent → delivered (or failed, undelivered), with a callback for each step but the
//! first, as Twilio documents (carriers.md 1.5).

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use jiff::Timestamp;

use super::errors::{ApiError, delivery_error};
use super::list::{self, TimeFilter};
use super::{Answer, RestRequest, json, magic, segments, wrong_method};
use crate::carrier::Carrier;
use crate::clock;
use crate::exchange::Exchange;
use crate::ids;
use crate::options::{channel, is_address};
use crate::state::State;
use crate::state::fault::Kind;
use crate::state::message::{Direction, Media, Message, MessageStatus};
use crate::webhook::callbacks::CallbackLine;
use crate::webhook::deliver::Delivery;

/// Longest body, in characters.
pub const BODY_CHARS: usize = 1_600;

/// `/Messages.json`.
pub fn collection(exchange: &Arc<Exchange>, request: &RestRequest) -> Result<Answer, ApiError> {
    match request.method {
        Method::POST => create(exchange, request),
        Method::GET => list_page(exchange, request),
        _ => Err(wrong_method(request)),
    }
}

/// `/Messages/{Sid}.json`.
pub fn item(exchange: &Exchange, request: &RestRequest, sid: &str) -> Result<Answer, ApiError> {
    let missing = || ApiError::not_found(&request.path);
    let account = &exchange.options.account_sid;
    let answer = exchange.with(|state| match request.method {
        Method::GET => {
            let message = state.messages.get(sid).ok_or_else(missing)?;
            Ok(Answer::Json(StatusCode::OK, json::message(account, message)))
        }
        Method::POST => {
            let message = state.messages.get_mut(sid).ok_or_else(missing)?;
            update(message, request)?;
            Ok(Answer::Json(StatusCode::OK, json::message(account, message)))
        }
        Method::DELETE => {
            let message = state.messages.get(sid).ok_or_else(missing)?;
            if message.status.is_waiting() {
                let sentence = "The message cannot be deleted before its delivery has ended";
                return Err(ApiError::new(409, 20009, sentence));
            }
            let removed = state.messages.remove(sid);
            for media in removed.into_iter().flat_map(|message| message.media) {
                state.media.remove(&media);
            }
            Ok(Answer::Deleted)
        }
        _ => Err(wrong_method(request)),
    });
    exchange.announce_message(sid);
    answer
}

/// `POST` with an empty `Body` redacts; with `Status=canceled` takes a scheduled message back.
fn update(message: &mut Message, request: &RestRequest) -> Result<(), ApiError> {
    if let Some(body) = request.form.get("Body") {
        if !body.is_empty() {
            return Err(ApiError::new(400, 20001, "Body may only be changed to an empty text"));
        }
        if message.status.is_waiting() {
            let sentence = "The message cannot be redacted before its delivery has ended";
            return Err(ApiError::new(409, 20009, sentence));
        }
        message.body = String::new();
    }
    if let Some(status) = request.form.filled("Status") {
        if status != "canceled" || message.status != MessageStatus::Scheduled {
            let sentence = "Only a scheduled message can be canceled";
            return Err(ApiError::new(409, 30409, sentence));
        }
        message.status = MessageStatus::Canceled;
    }
    message.updated = clock::now();
    Ok(())
}

/// `POST /Messages/{Sid}/Feedback.json`.
pub fn feedback(exchange: &Exchange, request: &RestRequest, sid: &str) -> Result<Answer, ApiError> {
    if request.method != Method::POST {
        return Err(wrong_method(request));
    }
    let now = clock::rfc2822(clock::now());
    exchange.with(|state| state.messages.get(sid).map(|_| ())).ok_or_else(|| ApiError::not_found(&request.path))?;
    let value = serde_json::json!({
        "account_sid": exchange.options.account_sid,
        "message_sid": sid,
        "outcome": request.form.get("Outcome").unwrap_or("unconfirmed"),
        "date_created": now,
        "date_updated": now,
        "uri": request.path,
    });
    Ok(Answer::Json(StatusCode::CREATED, value))
}

fn list_page(exchange: &Exchange, request: &RestRequest) -> Result<Answer, ApiError> {
    let query = &request.query;
    let sent = TimeFilter::read(query, "DateSent")?;
    let (to, from) = (query.filled("To"), query.filled("From"));
    let account = &exchange.options.account_sid;
    let items = exchange.with(|state| {
        let newest_first = state.messages.numbered().rev();
        newest_first
            .filter(|(_, message)| state.carrier_of_message(message) == Carrier::Twilio)
            .filter(|(_, message)| to.is_none_or(|to| message.to == to))
            .filter(|(_, message)| from.is_none_or(|from| message.from.as_deref() == Some(from)))
            .filter(|(_, message)| sent.passes(message.sent.unwrap_or(message.created)))
            .map(|(seq, message)| (seq, json::message(account, message)))
            .collect()
    });
    let page = list::page("messages", &request.path, query, items)?;
    Ok(Answer::Json(StatusCode::OK, page))
}

fn create(exchange: &Arc<Exchange>, request: &RestRequest) -> Result<Answer, ApiError> {
    let send_at = scheduled_for(request)?;
    let (message, doom) = exchange.with(|state| {
        let message = build(state, request, send_at.is_some())?;
        state.messages.put(message.sid.clone(), message.clone());
        let doom = request.doom.or_else(|| outside_window(state, &message));
        Ok((message, doom))
    })?;
    exchange.announce_message(&message.sid);
    let body = json::message(&exchange.options.account_sid, &message);
    let task = Arc::clone(exchange);
    exchange.run(async move { live(task, message, doom, send_at).await });
    Ok(Answer::Json(StatusCode::CREATED, body))
}

fn scheduled_for(request: &RestRequest) -> Result<Option<Timestamp>, ApiError> {
    if request.form.filled("ScheduleType").is_none() {
        return Ok(None);
    }
    let at = request.form.filled("SendAt").and_then(|text| text.parse().ok());
    let error = || ApiError::new(400, 35111, "SendAt must be an RFC 3339 time for a scheduled message");
    at.map(Some).ok_or_else(error)
}

/// Checks the parameters in Twilio's order and makes the message with its media.
fn build(state: &mut State, request: &RestRequest, scheduled: bool) -> Result<Message, ApiError> {
    let form = &request.form;
    let to = form.filled("To").ok_or(ApiError::from_code(21604))?;
    let service = form.filled("MessagingServiceSid");
    if form.filled("From").is_none() && service.is_none() {
        return Err(ApiError::from_code(21603));
    }
    let from = form.filled("From");
    let body = form.get("Body").unwrap_or_default();
    let media_urls = form.all("MediaUrl");
    if body.is_empty() && media_urls.is_empty() && form.filled("ContentSid").is_none() {
        return Err(ApiError::from_code(21602));
    }
    if body.chars().count() > BODY_CHARS {
        return Err(ApiError::from_code(21617));
    }
    check_numbers(state, to, from)?;
    let sid = ids::sid(if media_urls.is_empty() { "SM" } else { "MM" });
    let now = clock::now();
    let media = media_urls.into_iter().take(10).map(|url| place_media(state, &sid, url, now)).collect();
    Ok(Message {
        sid,
        from: from.map(str::to_owned),
        to: to.to_owned(),
        body: body.to_owned(),
        direction: Direction::OutboundApi,
        status: match (scheduled, from) {
            (true, _) => MessageStatus::Scheduled,
            (false, Some(_)) => MessageStatus::Queued,
            (false, None) => MessageStatus::Accepted,
        },
        error_code: None,
        media,
        messaging_service_sid: service.map(str::to_owned),
        segments: segments::count(body),
        created: now,
        updated: now,
        sent: None,
        status_callback: form.filled("StatusCallback").map(str::to_owned),
        by_carrier: false,
    })
}

fn check_numbers(state: &State, to: &str, from: Option<&str>) -> Result<(), ApiError> {
    if let Some(code) = magic::message_to(to) {
        return Err(ApiError::from_code(code));
    }
    if !is_address(to) {
        return Err(ApiError::new(400, 21211, format!("The 'To' number {to} is not a valid phone number.")));
    }
    let Some(from) = from else {
        return Ok(());
    };
    if let Some(code) = magic::message_from(from) {
        return Err(ApiError::from_code(code));
    }
    if !is_address(from) {
        return Err(ApiError::from_code(21212));
    }
    if channel(from) != channel(to) {
        return Err(ApiError::new(400, 21910, "Invalid From and To pair. From and To should be of the same channel"));
    }
    if !channel(from).is_empty() && state.route_of(Carrier::Twilio, from).is_none() {
        return Err(ApiError::new(400, 63007, "Could not find a Channel with the specified From address"));
    }
    if from != magic::ALWAYS_VALID && state.route_of(Carrier::Twilio, from).is_none() {
        return Err(ApiError::from_code(21606));
    }
    if state.opted_out.contains(&(to.to_owned(), from.to_owned())) {
        return Err(ApiError::from_code(21610));
    }
    Ok(())
}

/// WhatsApp takes free words only within a day after the other side wrote; then the message fails with 63016.
fn outside_window(state: &State, message: &Message) -> Option<u32> {
    let day_ago = message.created.saturating_sub(jiff::SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN);
    let wrote = |other: &Message| {
        other.direction == Direction::Inbound
            && other.from.as_deref() == Some(message.to.as_str())
            && Some(other.to.as_str()) == message.from.as_deref()
            && other.created > day_ago
    };
    let open = channel(&message.to) != "whatsapp" || state.messages.iter().rev().any(wrote);
    (!open).then_some(63016)
}

fn place_media(state: &mut State, parent: &str, url: String, now: Timestamp) -> String {
    let media = Media {
        sid: ids::sid("ME"),
        parent_sid: parent.to_owned(),
        content_type: "image/jpeg".to_owned(),
        bytes: Vec::new(),
        source_url: Some(url),
        download_token: ids::hex32(),
        created: now,
    };
    let sid = media.sid.clone();
    state.media.put(sid.clone(), media);
    sid
}

/// The life of a message after it was accepted.
async fn live(exchange: Arc<Exchange>, message: Message, doom: Option<u32>, send_at: Option<Timestamp>) {
    if let Some(at) = send_at {
        let wait = at.duration_since(clock::now());
        tokio::time::sleep(Duration::try_from(wait).unwrap_or_default()).await;
    }
    let line = message.status_callback.as_ref().map(|_| CallbackLine::start(&exchange));
    if message.from.is_none() {
        step(&exchange, &line, &message.sid, MessageStatus::Queued, None).await;
    }
    let pause = Duration::from_millis(exchange.options.tempo.message_ms);
    tokio::time::sleep(pause).await;
    // The sender's own refusals never leave the carrier; the others come back from the network.
    if let Some(code @ (30001 | 30002 | 30034 | 63016)) = doom {
        step(&exchange, &line, &message.sid, MessageStatus::Failed, Some(code)).await;
        return;
    }
    if !step(&exchange, &line, &message.sid, MessageStatus::Sent, None).await {
        return;
    }
    tokio::time::sleep(pause).await;
    let last = if doom.is_some() { MessageStatus::Undelivered } else { MessageStatus::Delivered };
    step(&exchange, &line, &message.sid, last, doom).await;
}

/// Moves a message on and reports it; false when it was canceled or deleted meanwhile.
async fn step(exchange: &Exchange, line: &Option<CallbackLine>, sid: &str, status: MessageStatus, error: Option<u32>) -> bool {
    let moved = exchange.with(|state| {
        let sender = state.numbers.first().map(|route| route.number.clone());
        let message = state.messages.get_mut(sid)?;
        if message.status == MessageStatus::Canceled {
            return None;
        }
        message.from = message.from.take().or(sender);
        message.status = status;
        message.error_code = error;
        message.updated = clock::now();
        if status == MessageStatus::Sent {
            message.sent = Some(message.updated);
        }
        Some(message.clone())
    });
    let Some(message) = moved else {
        return false;
    };
    exchange.announce_message(sid);
    if let (Some(line), Some(url)) = (line, &message.status_callback) {
        let params = callback_params(&exchange.options.account_sid, &message);
        line.send(Delivery::post(Kind::Callback, url, sid, params)).await;
    }
    true
}

fn callback_params(account: &str, message: &Message) -> Vec<(String, String)> {
    let mut params = vec![
        ("MessageSid", message.sid.clone()),
        ("SmsSid", message.sid.clone()),
        ("MessageStatus", message.status.as_str().to_owned()),
        ("SmsStatus", message.status.as_str().to_owned()),
        ("AccountSid", account.to_owned()),
        ("From", message.from.clone().unwrap_or_default()),
        ("To", message.to.clone()),
        ("ApiVersion", json::API_VERSION.to_owned()),
    ];
    if let Some(service) = &message.messaging_service_sid {
        params.push(("MessagingServiceSid", service.clone()));
    }
    if let Some(code) = message.error_code {
        params.push(("ErrorCode", code.to_string()));
        params.push(("ErrorMessage", delivery_error(code).to_owned()));
    }
    if matches!(message.status, MessageStatus::Delivered | MessageStatus::Undelivered) {
        params.push(("RawDlrDoneDate", message.updated.strftime("%y%m%d%H%M").to_string()));
    }
    params.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
