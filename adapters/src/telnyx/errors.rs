//! Sorts what the carrier answers, or fails to answer, into the contract's classes.
//!
//! As with every carrier a lost answer to a sending is `Unknown`; that a text can be asked for again under its key is `outbound`'s. Reasons
//! hold a status and a code only: the carrier's own sentences quote phone numbers.

use super::codes;
use crate::contract::SendError;
use serde_json::Value;
use std::time::Duration;

/// Whether a repeat of the request could do something twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It sends something: a lost answer is an unknown outcome.
    Sends,
    /// It asks, or does what can be done twice.
    Repeatable,
}

/// The longest time that a carrier is believed to ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Sorts an answer that is not 2xx.
pub(super) fn of_answer(effect: Effect, status: u16, retry_after: Option<&str>, body: Option<&Value>) -> SendError {
    let code = body.and_then(|body| codes::first(body.get("errors")));
    let reason = match code {
        Some(code) => format!("status {status}, code {code}"),
        None => format!("status {status}"),
    };
    match (status, code) {
        // 10011: too many requests.
        (429, _) | (_, Some(10011)) => SendError::Throttled { retry_after: retry_after.and_then(seconds) },
        (500.., _) => lost(effect, reason),
        // The same key with another body: the first one was taken, and it was not this one. Nobody knows what was sent.
        (409, _) => lost(effect, reason),
        (_, Some(20003 | 21606 | 30034)) | (401..=403, _) => SendError::Misconfigured { reason, code },
        // Nothing was read to its end, so nothing was done.
        (408 | 425, None) => SendError::Transient { reason, code },
        // Another host or path than the carrier's: our base URL or an id of the account is wrong.
        (300..=399 | 404 | 405, _) => SendError::Misconfigured { reason, code },
        (_, _) => SendError::Permanent { reason, code },
    }
}

/// Sorts a failure without an answer.
pub(super) fn of_transport(effect: Effect, error: &reqwest::Error) -> SendError {
    if error.is_builder() {
        SendError::Misconfigured { reason: "the request could not be built".to_owned(), code: None }
    } else if error.is_connect() {
        // No connection stood yet, so no byte of the request had left.
        SendError::Transient { reason: "no connection to the carrier".to_owned(), code: None }
    } else if error.is_timeout() {
        lost(effect, "no answer in time".to_owned())
    } else {
        lost(effect, "the connection broke".to_owned())
    }
}

/// The outcome when the answer does not tell it.
pub(super) fn lost(effect: Effect, reason: String) -> SendError {
    match effect {
        Effect::Sends => SendError::Unknown { reason },
        Effect::Repeatable => SendError::Transient { reason, code: None },
    }
}

/// An answer that is there and cannot be read.
pub(super) fn unreadable() -> SendError {
    SendError::Transient { reason: "the carrier's answer cannot be read".to_owned(), code: None }
}

fn seconds(header: &str) -> Option<Duration> {
    header.trim().parse().ok().map(Duration::from_secs).map(|wait| wait.min(MAX_RETRY_AFTER))
}
