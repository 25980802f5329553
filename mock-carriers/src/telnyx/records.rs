//! Detail records: every text both ways, with numbers, times and outcome and without its words (carriers.md 4; the carrier's reference).
//! Filters as the gateway uses them: record type, direction, `cld`, `cli`, the day of creation; oldest or newest first; numbered pages.

use axum::http::Method;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::errors::{ApiError, delivery_code};
use super::{RestRequest, events};
use crate::carrier::Carrier;
use crate::exchange::Exchange;
use crate::state::message::{Direction, Message};

const DEFAULT_PAGE_SIZE: usize = 20;
const MOST_PAGE_SIZE: usize = 50;

/// `GET /v2/detail_records`.
pub fn list(exchange: &Exchange, request: &RestRequest) -> Result<Response, ApiError> {
    let query = &request.query;
    if request.method != Method::GET || query.filled("filter[record_type]") != Some("messaging") {
        return Err(ApiError::new(422, "10004"));
    }
    let since = query.filled("filter[created_at][gte]").and_then(day);
    let wanted = |key: &str, value: &str| query.filled(key).is_none_or(|text| text == value);
    let mut records: Vec<Value> = exchange.with(|state| {
        let own = state.messages.iter().filter(|message| state.carrier_of_message(message) == Carrier::Telnyx && !message.by_carrier);
        own.filter(|message| wanted("filter[direction]", direction(message)))
            .filter(|message| wanted("filter[cld]", &message.to) && wanted("filter[cli]", message.from.as_deref().unwrap_or_default()))
            .filter(|message| since.is_none_or(|since| message.created >= since))
            .map(record)
            .collect()
    });
    let created = |record: &Value| record["created_at"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    records.sort_by_key(created);
    if query.filled("sort") == Some("-created_at") {
        records.reverse();
    }
    let size = query.filled("page[size]").and_then(|text| text.parse().ok()).unwrap_or(DEFAULT_PAGE_SIZE).clamp(1, MOST_PAGE_SIZE);
    let number: usize = query.filled("page[number]").and_then(|text| text.parse().ok()).unwrap_or(1).max(1);
    let total = records.len();
    let data: Vec<Value> = records.into_iter().skip((number - 1) * size).take(size).collect();
    let meta = json!({"page_number": number, "page_size": size, "total_results": total, "total_pages": total.div_ceil(size)});
    Ok(axum::Json(json!({"data": data, "meta": meta})).into_response())
}

fn direction(message: &Message) -> &'static str {
    if message.direction == Direction::Inbound { "inbound" } else { "outbound" }
}

fn record(message: &Message) -> Value {
    let errors: Vec<&str> = message.error_code.iter().map(|code| delivery_code(*code)).collect();
    let status = match events::word(message) {
        "webhook_delivered" => "received",
        "delivery_failed" | "sending_failed" => "failed",
        other => other,
    };
    json!({
        "record_type": "message_detail_record",
        "uuid": message.sid,
        "direction": direction(message),
        "cli": message.from,
        "cld": message.to,
        "status": status,
        "created_at": message.created.to_string(),
        "updated_at": message.updated.to_string(),
        "sent_at": message.sent.map(|at| at.to_string()),
        "message_type": if message.media.is_empty() { "SMS" } else { "MMS" },
        "parts": message.segments,
        "carrier": "MOCK WIRELESS",
        "errors": errors,
    })
}

fn day(text: &str) -> Option<Timestamp> {
    let date: Date = text.parse().ok()?;
    date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}
