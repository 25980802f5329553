//! The parameters of voice webhooks and call status callbacks (carriers.md 2.2).
//! Both sides of the call carry the geography that nobody asked for, under four prefixes.

use crate::clock;
use crate::exchange::Exchange;
use crate::state::call::{Call, CallDirection, CallStatus};
use crate::twilio::json::{API_VERSION, duration_s};
use crate::webhook::geography;

/// What every voice request carries.
pub fn common(exchange: &Exchange, call: &Call, status: &str) -> Vec<(String, String)> {
    let mut params: Vec<(String, String)> = [
        ("CallSid", call.sid.as_str()),
        ("AccountSid", exchange.options.account_sid.as_str()),
        ("From", call.from.as_str()),
        ("To", call.to.as_str()),
        ("Caller", call.from.as_str()),
        ("Called", call.to.as_str()),
        ("CallStatus", status),
        ("ApiVersion", API_VERSION),
        ("Direction", call.direction.as_str()),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .to_vec();
    for side in ["From", "To", "Caller", "Called"] {
        params.extend(geography::params(side));
    }
    if call.direction == CallDirection::Inbound {
        // Identity that nobody asked for either: a name, and what the network vouches for.
        for (key, value) in [("CallerName", "MOCK CALLER"), ("StirVerstat", "TN-Validation-Passed-A")] {
            params.push((key.to_owned(), value.to_owned()));
        }
    }
    if let Some(parent) = &call.parent_call_sid {
        params.push(("ParentCallSid".to_owned(), parent.clone()));
    }
    params
}

/// A status callback.
pub fn status(exchange: &Exchange, call: &Call, status: &str, sequence: u32) -> Vec<(String, String)> {
    let mut params = common(exchange, call, status);
    let mut add = |key: &str, value: String| params.push((key.to_owned(), value));
    add("Timestamp", clock::rfc2822(clock::now()));
    add("CallbackSource", "call-progress-events".to_owned());
    add("SequenceNumber", sequence.to_string());
    if let Some(answered_by) = &call.answered_by {
        add("AnsweredBy", answered_by.clone());
    }
    if let Some(seconds) = duration_s(call) {
        add("CallDuration", seconds.to_string());
        add("Duration", ((seconds + 59) / 60).to_string());
        add("SipResponseCode", sip_code(call.status).to_owned());
    }
    params
}

fn sip_code(status: CallStatus) -> &'static str {
    match status {
        CallStatus::Busy => "486",
        CallStatus::NoAnswer | CallStatus::Canceled => "487",
        CallStatus::Failed => "404",
        CallStatus::Queued | CallStatus::Ringing | CallStatus::InProgress | CallStatus::Completed => "200",
    }
}
