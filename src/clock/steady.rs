//! A clock that the machine's steps do not move: time for a deployment on one machine.
//!
//! It begins with the machine's time and then goes by the machine's steady count, so that a clock that is set by hours, by an operator's
//! mistake or a wrong time server, ends no promise early, holds none up and sends nothing twice. What the machine says is approached
//! slowly. A restart begins with the machine's time again, but never before what was told while promises are still open: their times are
//! of the old count. The count goes on while the machine sleeps (`count`), so what it slept has passed.

use super::count::{Count, since_start};
use super::{Clock, from_micros};
use crate::store::{Commit, Store, StoreError, Write};
use crate::telemetry::metric;
use jiff::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the machine's time is looked at.
const LOOKS_EVERY: Duration = Duration::from_secs(1);
/// So many looks later the time is written down, for the next start.
const KEPT_EVERY: u32 = 5;
/// A machine's time that moves by more than this between two looks was set; 1 s in microseconds.
const STEP: i64 = 1_000_000;
/// The clock is ahead of the machine's: it goes slower by so many of a thousand, which makes 20 minutes 20:06.
const SLOWER_PER_MILLE: i64 = 5;
/// It is behind: faster by so many, which makes 20 minutes 19:00. Nobody is told too late by that.
const FASTER_PER_MILLE: i64 = 50;
/// The latest time that was told, in the store, and the machine's count since its start at that time: as long as the machine is not started
/// anew, that tells how long the gateway was down.
const KEPT: &str = "clock_told_at";

/// The clock of one machine.
#[derive(Debug)]
pub struct SteadyClock {
    count: Count,
    course: Mutex<Course>,
}

/// Times in microseconds; `steady` is the count since the start.
#[derive(Debug, Clone)]
struct Course {
    /// The time told is the count plus this ...
    offset: i64,
    /// ... at this count; since then it approaches `machine`.
    at: i64,
    /// The machine's time less the count, as last looked at.
    machine: i64,
}

impl Course {
    fn offset_at(&self, steady: i64) -> i64 {
        let (gap, passed) = (self.machine.saturating_sub(self.offset), steady.saturating_sub(self.at).max(0));
        self.offset.saturating_add(gap.clamp(-(passed * SLOWER_PER_MILLE / 1000), passed * FASTER_PER_MILLE / 1000))
    }

    /// Looks at the machine's time; by how much it was set.
    fn look(&mut self, steady: i64, machine: i64) -> i64 {
        let set = machine.saturating_sub(steady).saturating_sub(self.machine);
        (self.offset, self.at) = (self.offset_at(steady), steady);
        self.machine = machine.saturating_sub(steady);
        if set.saturating_abs() > STEP { set } else { 0 }
    }
}

impl SteadyClock {
    /// Begins with the machine's time.
    pub(super) fn new() -> Self {
        let (count, machine) = (Count::begin(), machine());
        Self { count, course: Mutex::new(Course { offset: machine, at: 0, machine }) }
    }

    pub(super) fn now(&self) -> Timestamp {
        let steady = self.steady();
        from_micros(steady.saturating_add(self.held().offset_at(steady)))
    }

    /// While promises are open the time does not go back behind what was told before the restart.
    pub async fn go_on_from(&self, store: &dyn Store) -> Result<(), StoreError> {
        let kept = store.meta(KEPT).await?;
        let at_least = kept.as_deref().and_then(|kept| since(kept, since_start()));
        let behind = at_least.map_or(0, |at_least| at_least.saturating_sub(self.now().as_microsecond()));
        if behind > STEP && store.health(self.now()).await?.open_obligations > 0 {
            tracing::error!(
                seconds = behind / STEP,
                "this machine's clock was set back while promises are open; time goes on from where it was and comes closer slowly: \
                 restart when none is open"
            );
            let mut course = self.held();
            course.offset = course.offset.saturating_add(behind);
        }
        // At once: a run may end before it has looked for the first time.
        self.write_down(store).await;
        Ok(())
    }

    async fn write_down(&self, store: &dyn Store) {
        let writes = vec![Write::Meta(KEPT, format!("{} {}", self.now(), since_start()))];
        if let Err(error) = store.commit(Commit { writes, ..Commit::default() }).await {
            tracing::info!(error = %error, "the time was not written down");
        }
    }

    /// Looks at the machine's time again and again, until told to stop.
    pub async fn keep(self: Arc<Self>, store: Arc<dyn Store>, stopping: CancellationToken) {
        for look in 0_u32.. {
            if tokio::time::timeout(LOOKS_EVERY, stopping.cancelled()).await.is_ok() {
                return;
            }
            let (steady, off) = (self.steady(), self.off());
            let set = self.held().look(steady, machine());
            if set != 0 {
                tracing::error!(
                    seconds = set / STEP,
                    "this machine's clock was set; promises keep their time, which comes closer to the machine's slowly: if the machine is \
                     right, restart when no promise is open"
                );
            }
            metrics::gauge!(metric::CLOCK_OFF).set(off.as_secs_f64());
            if look % KEPT_EVERY == 0 {
                self.write_down(&*store).await;
            }
        }
    }

    /// How far it is from the machine's time, either way.
    pub fn off(&self) -> Duration {
        let steady = self.steady();
        let course = self.held();
        Duration::from_micros(course.machine.saturating_sub(course.offset_at(steady)).unsigned_abs())
    }

    fn steady(&self) -> i64 {
        self.count.passed()
    }

    fn held(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the time is at least, by what was kept and the machine's count now. A count of 0 says that it was not known.
fn since(kept: &str, count: i64) -> Option<i64> {
    let (told, then) = kept.split_once(' ')?;
    let told = told.parse::<Timestamp>().ok()?.as_microsecond();
    let then = then.parse::<i64>().ok().filter(|then| *then > 0);
    Some(told.saturating_add(then.map_or(0, |then| count.saturating_sub(then).max(0))))
}

/// The machine's time.
fn machine() -> i64 {
    Clock::System.now().as_microsecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600 * STEP;
    const NOON: i64 = 1_800_000_000 * STEP;

    fn noon() -> Course {
        Course { offset: NOON, at: 0, machine: NOON }
    }

    /// Looks each second for so long, with a machine that is `off`; gives the time told then, less the count and noon.
    fn after(course: &mut Course, from: i64, seconds: i64, off: i64) -> i64 {
        for second in from + 1..=from + seconds {
            let steady = second * STEP;
            course.look(steady, NOON + steady + off);
        }
        course.offset_at((from + seconds) * STEP) - NOON
    }

    #[test]
    fn a_clock_that_is_set_by_hours_moves_a_promise_by_seconds() {
        for (off, most) in [(3 * HOUR, 61 * STEP), (-3 * HOUR, 7 * STEP)] {
            let mut course = noon();
            assert_eq!(after(&mut course, 0, 60, 0), 0);
            let moved = after(&mut course, 60, 20 * 60, off);
            assert!(moved.abs() <= most && moved.signum() == off.signum(), "{moved} of {off}");
        }
    }

    #[test]
    fn a_step_is_told_once_and_drift_never() {
        let mut course = noon();
        assert_eq!(course.look(STEP, NOON + STEP + 900), 0);
        assert_eq!(course.look(2 * STEP, NOON + 2 * STEP + HOUR), HOUR - 900);
        assert_eq!(course.look(3 * STEP, NOON + 3 * STEP + HOUR), 0);
        assert_eq!(course.look(4 * STEP, NOON + 4 * STEP), -HOUR);
    }

    #[test]
    fn small_differences_are_made_up_and_time_never_goes_back() {
        let (mut course, mut last) = (noon(), 0);
        for second in 1..2000 {
            let steady = second * STEP;
            course.look(steady, NOON + steady + [0, 400_000, -300_000, 2 * HOUR, -HOUR][second as usize % 5]);
            for part in 0..4 {
                let now = steady + part * STEP / 4 + course.offset_at(steady + part * STEP / 4);
                assert!(now > last, "second {second}");
                last = now;
            }
        }
        assert_eq!(after(&mut noon(), 0, 10, 300_000), 300_000, "a drift is made up in seconds");
    }

    #[test]
    fn a_start_knows_how_long_it_was_down_unless_the_machine_was_started_anew() {
        let kept = "2026-11-22T12:00:00Z 5000000";
        let noon = "2026-11-22T12:00:00Z".parse::<Timestamp>().unwrap().as_microsecond();
        for (kept, count, at_least) in [
            (kept, 65 * STEP, Some(noon + 60 * STEP)),
            (kept, STEP, Some(noon)),
            ("2026-11-22T12:00:00Z 0", 900 * HOUR, Some(noon)),
            ("nonsense", 1, None),
        ] {
            assert_eq!(since(kept, count), at_least);
        }
    }

    #[test]
    fn what_a_machine_slept_has_passed() {
        let mut course = noon();
        assert_eq!(after(&mut course, 0, 10, 0), 0);
        // It is looked at an hour later, by the machine's time and by the count.
        let woken = 11 * STEP + HOUR;
        assert_eq!(course.look(woken, NOON + woken), 0, "nobody set it");
        assert_eq!(course.offset_at(woken), NOON);
    }
}
