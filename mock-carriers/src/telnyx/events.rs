//! The events about texts: `message.received`, `message.sent`, `message.finalized`, as JSON (carriers.md 4), and a text's own record.
//! Carrier names and line types ride along, as nobody asked for them; the recipient must leave them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::errors;
use crate::clock;
use crate::exchange::Exchange;
use crate::ids;
use crate::state::State;
use crate::state::fault::Kind;
use crate::state::message::{Direction, Message, MessageStatus};
use crate::webhook::deliver::{Delivery, Event};

/// The webhook of a text that came in.
pub fn received(exchange: &Exchange, state: &State, message: &Message, url: &str, keyword: Option<&str>) -> Delivery {
    let mut payload = record(exchange, state, message);
    if let Some(keyword) = keyword {
        payload["autoresponse_type"] = json!(keyword);
    }
    delivery(Kind::Webhook, url, message, "message.received", &payload, None)
}

/// News of a text that was sent.
pub fn news(exchange: &Exchange, state: &State, message: &Message, url: &str) -> Delivery {
    let kind = if message.status == MessageStatus::Sent { "message.sent" } else { "message.finalized" };
    let failover = state.telnyx.failover.get(&message.sid).cloned();
    delivery(Kind::Callback, url, message, kind, &record(exchange, state, message), failover)
}

fn delivery(kind: Kind, url: &str, message: &Message, name: &str, payload: &Value, failover: Option<String>) -> Delivery {
    let summary = [
        ("event_type", name.to_owned()),
        ("MessageSid", message.sid.clone()),
        ("MessageStatus", word(message).to_owned()),
        ("From", message.from.clone().unwrap_or_default()),
        ("To", message.to.clone()),
        ("Body", message.body.clone()),
    ];
    let params = summary.map(|(key, value)| (key.to_owned(), value)).to_vec();
    let body = json!({
        "data": {
            "record_type": "event",
            "id": ids::idempotency_token(),
            "event_type": name,
            "occurred_at": clock::now().to_string(),
            "payload": payload,
        },
    });
    let mut delivery = Delivery::post(kind, url, &message.sid, params);
    delivery.event = Some(Event { body, failover });
    delivery
}

/// A text as the API shows it.
pub fn record(exchange: &Exchange, state: &State, message: &Message) -> Value {
    let media = message.media.iter().filter_map(|sid| state.media.get(sid));
    let media: Vec<Value> = media
        .map(|media| {
            let url = format!("{}/media/{}?token={}", exchange.media_url, media.sid, media.download_token);
            json!({"url": url, "content_type": media.content_type, "sha256": null, "size": media.bytes.len()})
        })
        .collect();
    let errors: Vec<Value> = message.error_code.iter().map(|code| errors::entry(errors::delivery_code(*code))).collect();
    let is_inbound = message.direction == Direction::Inbound;
    json!({
        "record_type": "message",
        "direction": if is_inbound { "inbound" } else { "outbound" },
        "id": message.sid,
        "type": if message.media.is_empty() { "SMS" } else { "MMS" },
        "from": {"phone_number": message.from, "carrier": "MOCK WIRELESS", "line_type": "Wireless"},
        "to": [{"phone_number": message.to, "status": word(message), "carrier": "MOCK WIRELESS", "line_type": "Wireless"}],
        "cc": [],
        "text": message.body,
        "media": media,
        "encoding": "GSM-7",
        "parts": message.segments,
        "tags": [],
        "cost": {"amount": "0.0040", "currency": "USD"},
        "received_at": message.created.to_string(),
        "sent_at": message.sent.map(|at: Timestamp| at.to_string()),
        "completed_at": null,
        "valid_until": null,
        "errors": errors,
    })
}

/// This carrier's word for where a text stands.
pub fn word(message: &Message) -> &'static str {
    match message.status {
        MessageStatus::Accepted | MessageStatus::Scheduled | MessageStatus::Queued => "queued",
        MessageStatus::Sent => "sent",
        MessageStatus::Delivered => "delivered",
        MessageStatus::Undelivered => "delivery_failed",
        MessageStatus::Failed | MessageStatus::Canceled => "sending_failed",
        MessageStatus::Received => "webhook_delivered",
    }
}
