//! Whether the clock steps: its seconds are compared with those that really passed.
//!
//! Every promise is kept by this clock. One that is set during a dispatch moves what is due; that has to be seen, whatever set it. A
//! database's clock is compared where it is measured (`clock::database`): more than a second is a step there.

use crate::clock::Clock;
use crate::clock::database::STALE_AFTER;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// More than this between two looks is a step: time servers slew by half a millisecond a second.
const STEP: SignedDuration = SignedDuration::from_secs(5);
/// How long a step is told of.
const TOLD_FOR: Duration = Duration::from_secs(120);

/// The last look, and the last step.
#[derive(Debug, Default)]
pub struct Steps {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    last: Option<(Instant, Timestamp)>,
    step: Option<(Instant, i64)>,
}

impl Steps {
    /// What is wrong with the clock now. A test's clock that is stepped on purpose is not looked at.
    pub(super) fn look(&self, clock: &Clock) -> Option<String> {
        match clock {
            Clock::System => self.compare(Instant::now(), clock.now()),
            Clock::Steady(steady) => {
                let off = steady.off().as_secs();
                let says = || {
                    format!(
                        "this machine's clock was set: it is {off} s from what promises go by; when it is right, restart while none is open"
                    )
                };
                (off > STEP.unsigned_abs().as_secs()).then(says)
            }
            Clock::Database(clock) => {
                let ago = clock.measured_ago();
                let stale = (ago > STALE_AFTER)
                    .then(|| format!("the database's time was not read for {} s; this machine's steady count goes on", ago.as_secs()));
                let stepped = clock.stepped().filter(|(ago, _)| *ago < TOLD_FOR);
                stale.or_else(|| stepped.map(|(_, by)| format!("the database's clock was set by {by} s, and is followed")))
            }
            Clock::Fixed(_) => None,
        }
    }

    fn compare(&self, at: Instant, now: Timestamp) -> Option<String> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((then, before)) = seen.last.replace((at, now)) {
            let passed = SignedDuration::try_from(at.saturating_duration_since(then)).unwrap_or(SignedDuration::MAX);
            let by = now.duration_since(before).saturating_sub(passed);
            if by.abs() > STEP {
                tracing::error!(by_seconds = by.as_secs(), "the machine's clock was set: what is due has moved by that much");
                seen.step = Some((at, by.as_secs()));
            }
        }
        seen.step.filter(|(then, _)| at.saturating_duration_since(*then) < TOLD_FOR).map(|(_, by)| format!("it was set by {by} s"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::database::DatabaseClock;

    #[test]
    fn a_step_of_the_databases_clock_is_told_and_what_it_drifts_is_not() {
        let noon = Timestamp::from_second(1_800_000_000).unwrap();
        for (seconds, told) in [(0, None), (3600, Some("by 3600 s")), (-7200, Some("by -7200 s"))] {
            let clock = Clock::Database(DatabaseClock::told(&[noon, noon + SignedDuration::from_secs(seconds)]));
            let says = Steps::default().look(&clock);
            assert_eq!(says.is_some(), told.is_some(), "{says:?}");
            assert!(told.is_none_or(|told| says.as_ref().is_some_and(|says| says.contains(told))), "{says:?}");
        }
    }

    #[test]
    fn a_step_is_told_of_for_a_while_and_a_slew_never() {
        let (steps, began) = (Steps::default(), Instant::now());
        let look = |seconds: u64, clock_seconds: i64| {
            steps.compare(began + Duration::from_secs(seconds), Timestamp::from_second(1_800_000_000 + clock_seconds).unwrap())
        };
        assert_eq!(look(0, 0), None);
        assert_eq!(look(60, 60), None);
        assert_eq!(look(120, 121), None, "a slew");
        assert_eq!(look(180, 3_781), Some("it was set by 3600 s".to_owned()));
        assert_eq!(look(240, 3_841), Some("it was set by 3600 s".to_owned()));
        assert_eq!(look(360, 3_961), None, "told for two minutes");
        assert_eq!(look(420, 421), Some("it was set by -3600 s".to_owned()));
    }
}
