//! The JSON of Twilio's resources: every key always present, counts as strings, RFC 2822 dates.
//! Checked key by key against Twilio's published schema in `tests/rest.rs`.

use serde_json::{Value, json};

use crate::clock::{self, rfc2822};
use crate::state::call::{Call, CallStatus, Recording, Transcription};
use crate::state::message::{Media, Message, MessageStatus};

/// The version in every path and resource.
pub const API_VERSION: &str = "2010-04-01";

/// A message resource.
pub fn message(account: &str, message: &Message) -> Value {
    let uri = format!("/{API_VERSION}/Accounts/{account}/Messages/{}", message.sid);
    let price = match message.status {
        MessageStatus::Sent | MessageStatus::Delivered | MessageStatus::Undelivered => Value::from("-0.00750"),
        MessageStatus::Accepted
        | MessageStatus::Scheduled
        | MessageStatus::Queued
        | MessageStatus::Failed
        | MessageStatus::Received
        | MessageStatus::Canceled => Value::Null,
    };
    json!({
        "account_sid": account,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": rfc2822(message.created),
        "date_sent": message.sent.map(rfc2822),
        "date_updated": rfc2822(message.updated),
        "direction": message.direction.as_str(),
        "error_code": message.error_code,
        "error_message": message.error_code.map(super::errors::delivery_error),
        "from": message.from,
        "messaging_service_sid": message.messaging_service_sid,
        "num_media": message.media.len().to_string(),
        "num_segments": if message.from.is_some() { message.segments } else { 0 }.to_string(),
        "price": price,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status.as_str(),
        "subresource_uris": {
            "feedback": format!("{uri}/Feedback.json"),
            "media": format!("{uri}/Media.json"),
        },
        "to": message.to,
        "uri": format!("{uri}.json"),
    })
}

/// A media resource.
pub fn media(account: &str, media: &Media) -> Value {
    json!({
        "account_sid": account,
        "content_type": media.content_type,
        "date_created": rfc2822(media.created),
        "date_updated": rfc2822(media.created),
        "parent_sid": media.parent_sid,
        "sid": media.sid,
        "uri": format!(
            "/{API_VERSION}/Accounts/{account}/Messages/{}/Media/{}.json",
            media.parent_sid, media.sid
        ),
    })
}

/// A call resource.
pub fn call(account: &str, call: &Call) -> Value {
    let uri = format!("/{API_VERSION}/Accounts/{account}/Calls/{}", call.sid);
    let sub = |name: &str| format!("{uri}/{name}.json");
    json!({
        "account_sid": account,
        "answered_by": call.answered_by,
        "api_version": API_VERSION,
        "caller_name": Value::Null,
        "date_created": rfc2822(call.created_at),
        "date_updated": rfc2822(call.updated_at),
        "direction": call.direction.as_str(),
        "duration": duration_s(call).map(|seconds| seconds.to_string()),
        "end_time": call.ended_at.map(rfc2822),
        "forwarded_from": Value::Null,
        "from": call.from,
        "from_formatted": formatted(&call.from),
        "group_sid": Value::Null,
        "parent_call_sid": call.parent_call_sid,
        "phone_number_sid": Value::Null,
        "price": Value::Null,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": call.sid,
        "start_time": call.answered_at.map(rfc2822),
        "status": call.status.as_str(),
        "subresource_uris": {
            "events": sub("Events"),
            "notifications": sub("Notifications"),
            "payments": sub("Payments"),
            "recordings": sub("Recordings"),
            "siprec": sub("Siprec"),
            "streams": sub("Streams"),
            "transcriptions": sub("Transcriptions"),
            "user_defined_message_subscriptions": sub("UserDefinedMessageSubscriptions"),
            "user_defined_messages": sub("UserDefinedMessages"),
        },
        "to": call.to,
        "to_formatted": formatted(&call.to),
        "trunk_sid": Value::Null,
        "uri": format!("{uri}.json"),
    })
}

/// Whole seconds from answer to end; `0` for a call that ended unanswered, none while it runs.
pub fn duration_s(call: &Call) -> Option<i64> {
    if !call.status.is_over() {
        return None;
    }
    match (call.status, call.answered_at, call.ended_at) {
        (CallStatus::Completed, Some(from), Some(to)) => Some(to.as_second().saturating_sub(from.as_second())),
        _ => Some(0),
    }
}

/// A recording resource.
pub fn recording(account: &str, base_url: &str, recording: &Recording) -> Value {
    let uri = format!("/{API_VERSION}/Accounts/{account}/Recordings/{}", recording.sid);
    json!({
        "account_sid": account,
        "api_version": API_VERSION,
        "call_sid": recording.call_sid,
        "channels": 1,
        "conference_sid": Value::Null,
        "date_created": rfc2822(recording.created),
        "date_updated": rfc2822(recording.created),
        "duration": recording.duration_s.to_string(),
        "encryption_details": Value::Null,
        "error_code": Value::Null,
        "media_url": format!("{base_url}{uri}"),
        "price": Value::Null,
        "price_unit": "USD",
        "sid": recording.sid,
        "source": recording.source,
        "start_time": rfc2822(recording.started),
        "status": if clock::now() < recording.ready { "processing" } else { "completed" },
        "subresource_uris": {
            "add_on_results": format!("{uri}/AddOnResults.json"),
            "transcriptions": format!("{uri}/Transcriptions.json"),
        },
        "uri": format!("{uri}.json"),
    })
}

/// A transcription resource.
pub fn transcription(account: &str, transcription: &Transcription) -> Value {
    let uri = format!("/{API_VERSION}/Accounts/{account}/Transcriptions/{}", transcription.sid);
    json!({
        "account_sid": account,
        "api_version": API_VERSION,
        "date_created": rfc2822(transcription.created),
        "date_updated": rfc2822(transcription.created),
        "duration": transcription.duration_s.to_string(),
        "price": Value::Null,
        "price_unit": "USD",
        "recording_sid": transcription.recording_sid,
        "sid": transcription.sid,
        "status": transcription.status,
        "transcription_text": transcription.text,
        "type": "fast",
        "uri": format!("{uri}.json"),
    })
}

/// `(555) 555-0142` for a North American number, the number itself otherwise.
pub fn formatted(number: &str) -> String {
    match number.strip_prefix("+1") {
        Some(d) if d.len() == 10 && d.is_ascii() => {
            format!("({}) {}-{}", &d[0..3], &d[3..6], &d[6..10])
        }
        _ => number.to_owned(),
    }
}
