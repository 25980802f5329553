//! The throttle of logins: each failure in a row doubles the wait, from one second to five minutes; a quiet hour forgets.
//!
//! It is kept under a hash of the name cut to 65,536 slots: people type passwords into the name field, so what was typed is not
//! kept, and nobody can fill the table. Two names in one slot slow each other a little, which does no harm.

use crate::store::rows::ThrottleRow;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

/// The wait after the first failure.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(1);
/// No wait is longer.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(5);
/// After this long without a try the failures are forgotten.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Where the failures of a name are kept.
pub(super) fn slot(name: &str) -> String {
    let hash = Sha256::digest(name.as_bytes());
    format!("slot-{:02x}{:02x}", hash[0], hash[1])
}

/// How long this name must still wait.
pub(super) fn wait(row: Option<&ThrottleRow>, now: Timestamp) -> Option<SignedDuration> {
    row.map(|row| row.not_before.duration_since(now)).filter(|left| left.is_positive())
}

/// The row after one more failure.
pub(super) fn failed(slot: String, before: Option<&ThrottleRow>, now: Timestamp) -> ThrottleRow {
    let remembered = before.filter(|row| now.duration_since(row.not_before) < FORGOTTEN_AFTER);
    let failures = remembered.map_or(0, |row| row.failures).saturating_add(1);
    ThrottleRow { name: slot, failures, not_before: now.checked_add(wait_after(failures)).unwrap_or(now) }
}

/// The row after a success.
pub(super) fn cleared(slot: String, now: Timestamp) -> ThrottleRow {
    ThrottleRow { name: slot, failures: 0, not_before: now }
}

/// 1 s, 2 s, 4 s … 5 min.
fn wait_after(failures: u32) -> SignedDuration {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST_WAIT.checked_mul(1 << doublings).map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT))
}

/// "3 seconds", "1 minute", "5 minutes": rounded up, so that waiting that long is enough.
pub fn in_words(wait: SignedDuration) -> String {
    let seconds = whole_seconds(wait);
    let (count, unit) = if seconds <= 90 { (seconds, "second") } else { (seconds.div_ceil(60), "minute") };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Seconds rounded up, at least 1: for `Retry-After`.
pub fn whole_seconds(wait: SignedDuration) -> u64 {
    u64::try_from(wait.as_millis().max(1)).unwrap_or(1).div_ceil(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_five_minutes_and_never_lock() {
        let mut now = Timestamp::from_second(1_800_000_000).unwrap();
        let mut row: Option<ThrottleRow> = None;
        let mut waits = Vec::new();
        for _ in 0..12 {
            let next = failed(slot("ana"), row.as_ref(), now);
            let left = wait(Some(&next), now).unwrap();
            waits.push(left.as_secs());
            now += left;
            assert_eq!(wait(Some(&next), now), None, "after the wait a try is looked at");
            row = Some(next);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
        now += FORGOTTEN_AFTER;
        assert_eq!(failed(slot("ana"), row.as_ref(), now).failures, 1);
    }

    #[test]
    fn the_wait_is_told_so_that_it_is_enough() {
        assert_eq!(in_words(SignedDuration::from_millis(200)), "1 second");
        assert_eq!(in_words(SignedDuration::from_secs(64)), "64 seconds");
        assert_eq!(in_words(SignedDuration::from_secs(241)), "5 minutes");
    }

    #[test]
    fn what_was_typed_is_not_in_the_slot() {
        assert!(!slot("my password by mistake").contains("password"));
    }
}
