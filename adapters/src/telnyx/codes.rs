//! The carrier's error codes as the numbers that the rules know.
//!
//! The rules speak of refusals by Twilio's numbers (`End::refuses_address`, 21610 for STOP), because that carrier documented them first and
//! operators can look them up. What means the same here gets that number; what has no counterpart keeps its own, so that it can be looked up
//! at this carrier. Codes come as texts or numbers.

use serde_json::Value;

/// The number that the rules know for one of the carrier's codes.
pub(super) const fn neutral(code: i64) -> i64 {
    match code {
        // The recipient texted STOP.
        40300 => 21610,
        // Not routable: a landline, or no number for texts.
        40001 => 30006,
        // Filtered as spam, for now or for good.
        40002 | 40003 => 30007,
        // The recipient's carrier is down, or the handset is off.
        40006 => 30003,
        // Not registered (10DLC).
        40010 => 30034,
        // No number at all.
        10002 | 10016 | 40012 | 40310 => 21211,
        // Not our sender.
        40013 | 40305 | 40306 => 21606,
        // Credentials, permissions.
        10009 | 10010 => 20003,
        other => other,
    }
}

/// The first code of a list of errors, in the form of the API (`errors[].code`) or of a detail record (`errors[]`), made neutral.
pub(super) fn first(errors: Option<&Value>) -> Option<i64> {
    let first = errors?.as_array()?.first()?;
    number(first.get("code").unwrap_or(first)).map(neutral)
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}
