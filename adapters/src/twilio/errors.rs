//! Sorts what the carrier answers, or fails to answer, into the contract's classes (carriers.md 1.2).
//!
//! Neither messages nor calls have an idempotency key, so a POST whose answer was lost or is a 5xx may have been carried out:
//! that is `Unknown`, never `Transient`. A 429 was never processed. Reasons hold a status and a code only: the carrier's
//! own sentences quote phone numbers.

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
    let code = body.and_then(code_of);
    let reason = match code {
        Some(code) => format!("status {status}, code {code}"),
        None => format!("status {status}"),
    };
    let throttled = || SendError::Throttled { retry_after: retry_after.and_then(seconds) };
    match (status, code) {
        (429, _) | (_, Some(20429)) => throttled(),
        (500.., _) => lost(effect, reason),
        (_, Some(code)) => of_code(code, status, reason),
        (401 | 403, None) => SendError::Misconfigured { reason, code },
        // Nothing was read to its end, so nothing was done.
        (408 | 425, None) => SendError::Transient { reason, code },
        // Another host or path than the carrier's, or the account is not there: our base URL or account id is wrong.
        (300..=399 | 404 | 405, None) => SendError::Misconfigured { reason, code },
        (_, None) => SendError::Permanent { reason, code },
    }
}

/// The carrier's own codes. What is not listed is a fault of this address or content.
fn of_code(code: i64, status: u16, reason: String) -> SendError {
    let code_given = Some(code);
    match code {
        // Credentials; permission of the account; the account is suspended or not there.
        20003 | 20005 | 20404 | 30002 => SendError::Misconfigured { reason, code: code_given },
        // The sender is invalid, not verified, not ours; a trial account.
        21210 | 21212 | 21606 | 21608 => SendError::Misconfigured { reason, code: code_given },
        // The sender's queue is full, or the carrier's.
        21611 | 30001 => SendError::Transient { reason, code: code_given },
        _ if status == 401 || status == 403 => SendError::Misconfigured { reason, code: code_given },
        _ => SendError::Permanent { reason, code: code_given },
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

/// The code in either of the error shapes; some carriers of the dialect write it as text.
fn code_of(body: &Value) -> Option<i64> {
    let code = body.get("code")?;
    code.as_i64().or_else(|| code.as_str()?.trim().parse().ok())
}

fn seconds(header: &str) -> Option<Duration> {
    header.trim().parse().ok().map(Duration::from_secs).map(|wait| wait.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn class(error: &SendError) -> &'static str {
        match error {
            SendError::Transient { .. } => "transient",
            SendError::Throttled { .. } => "throttled",
            SendError::Permanent { .. } => "permanent",
            SendError::Misconfigured { .. } => "misconfigured",
            SendError::Unknown { .. } => "unknown",
        }
    }

    #[test]
    fn answers_are_sorted_as_the_table_says() {
        let table = [
            (401, Some(json!(20003)), "misconfigured"),
            (404, Some(json!(20404)), "misconfigured"),
            (429, Some(json!(20429)), "throttled"),
            (429, None, "throttled"),
            (400, Some(json!(21211)), "permanent"),
            (400, Some(json!(21217)), "permanent"),
            (400, Some(json!(21408)), "permanent"),
            (400, Some(json!(21610)), "permanent"),
            (400, Some(json!(21612)), "permanent"),
            (400, Some(json!(21614)), "permanent"),
            (400, Some(json!(21617)), "permanent"),
            (400, Some(json!("21606")), "misconfigured"),
            (400, Some(json!(21212)), "misconfigured"),
            (400, Some(json!(21210)), "misconfigured"),
            (400, Some(json!(21608)), "misconfigured"),
            (400, Some(json!(21611)), "transient"),
            (400, None, "permanent"),
            (401, None, "misconfigured"),
            (302, None, "misconfigured"),
            (408, None, "transient"),
            (500, None, "unknown"),
            (503, Some(json!(20503)), "unknown"),
            (504, None, "unknown"),
        ];
        for (status, code, expected) in table {
            let body = code.clone().map(|code| json!({"code": code, "message": "The 'To' number +15555550142 is wrong"}));
            let error = of_answer(Effect::Sends, status, None, body.as_ref());
            assert_eq!(class(&error), expected, "status {status}, code {code:?}");
            assert!(!format!("{error} {error:?}").contains("0142"), "the carrier's own sentence must not be kept");
        }
    }

    #[test]
    fn asking_can_be_repeated() {
        assert_eq!(class(&of_answer(Effect::Repeatable, 503, None, None)), "transient");
    }

    #[test]
    fn retry_after_is_read_and_bounded() {
        for (header, expected) in [("7", Some(7)), (" 99999999 ", Some(3600)), ("soon", None)] {
            let error = of_answer(Effect::Sends, 429, Some(header), None);
            assert_eq!(error, SendError::Throttled { retry_after: expected.map(Duration::from_secs) });
        }
    }
}
