//! Wrong PINs on the call-back line: counted for all callers together, never by number, since a school is one number.
//!
//! A few slow everybody a little; a flood of them closes the line for a while, so that six digits cannot be found by trying. Whoever calls in
//! earnest then still has the call that we make, the mail's page and the portal.

use jiff::Timestamp;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// So many wrong ones are forgiven before anybody waits.
const FREE: f64 = 10.0;
/// So many at once close the line. With [`FORGOTTEN_PER_SECOND`] a guesser has some 1,500 tries a day: against the twelve persons of a tip,
/// with six digits each, two chances in a hundred a day, and every one of them counted where operators look.
const CLOSED: f64 = 40.0;
/// How fast they are forgotten: one a minute.
const FORGOTTEN_PER_SECOND: f64 = 1.0 / 60.0;
/// How much longer each further wrong one makes the next wait, in seconds.
const EACH_WAITS: f64 = 0.1;

/// How many wrong PINs there were lately.
#[derive(Debug)]
pub(super) struct Pins {
    wrong: Mutex<(f64, Timestamp)>,
}

impl Default for Pins {
    fn default() -> Self {
        Self { wrong: Mutex::new((0.0, Timestamp::UNIX_EPOCH)) }
    }
}

impl Pins {
    /// One more is tried; it counts as wrong until [`Self::was_right`].
    pub(super) fn is_tried(&self, now: Timestamp) {
        metrics::counter!(crate::telemetry::metric::PINS_TRIED).increment(1);
        self.count(now, 1.0);
    }
    /// The one that was tried was right.
    pub(super) fn was_right(&self, now: Timestamp) {
        metrics::counter!(crate::telemetry::metric::PINS_RIGHT).increment(1);
        self.count(now, -1.0);
    }
    /// How long to wait before the next one is compared; `None` when none is compared now.
    pub(super) fn wait(&self, now: Timestamp) -> Option<Duration> {
        let wrong = self.count(now, 0.0);
        (wrong < CLOSED).then(|| Duration::from_secs_f64((wrong - FREE).max(0.0) * EACH_WAITS))
    }
    /// How many count at `now`; `more` of them are added.
    fn count(&self, now: Timestamp, more: f64) -> f64 {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.duration_since(wrong.1).as_secs_f64().max(0.0);
        *wrong = (((wrong.0 - passed * FORGOTTEN_PER_SECOND).max(0.0) + more).max(0.0), now.max(wrong.1));
        wrong.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn a_few_cost_nothing_many_cost_time_and_a_flood_closes_the_line_for_a_while() {
        let (pins, now) = (Pins::default(), Timestamp::from_second(1_000_000).unwrap());
        for _ in 0..10 {
            assert_eq!(pins.wait(now), Some(Duration::ZERO));
            pins.is_tried(now);
        }
        for _ in 0..20 {
            pins.is_tried(now);
        }
        assert_eq!(pins.wait(now), Some(Duration::from_secs(2)));
        for _ in 0..10 {
            pins.is_tried(now);
        }
        assert_eq!(pins.wait(now), None);
        pins.was_right(now);
        assert!(pins.wait(now).is_some(), "a right one counts for nothing");
        pins.is_tried(now);
        assert!(pins.wait(now + SignedDuration::from_mins(2)).is_some(), "it opens again");
        assert_eq!(pins.wait(now + SignedDuration::from_mins(40)), Some(Duration::ZERO));
    }
}
