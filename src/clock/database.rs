//! A clock that follows the database's: what this machine believes the time to be decides nothing.
//!
//! The time is the machine's steady count since the start (`count`) plus an offset that is measured: the database is asked, and its
//! answer is taken for the middle of the time that asking took. Read in between it costs no question. What surprises: it never goes back,
//! it stands still until the database has caught up; only a database that was set back by more than `LONGEST_STAND` (a failover to a
//! server with another time) is followed back at once, for standing still so long would hold every promise up. Nodes notice a step one
//! after the other; until all have, none is sure (`is_sure`), and nothing is taken from another for its lease being over.

use super::count::Count;
use super::{Clock, from_micros};
use crate::lifecycle::Tasks;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the database is asked.
pub const MEASURED_EVERY: Duration = Duration::from_secs(5);
/// An answer that took longer says too little about when it was given; 1 s in microseconds.
const SLOWEST_ANSWER: i64 = 1_000_000;
/// How far two steady clocks drift apart at the most: 200 millionths.
const DRIFT_PER_MILLION: i64 = 200;
/// The longest that the clock stands still; 10 s in microseconds.
const LONGEST_STAND: i64 = 10_000_000;
/// More than this is a step, and told; 1 s in microseconds.
const WORTH_TELLING: i64 = 1_000_000;
/// So long after a step every node that reaches the database has measured it and renewed its leases by the new time: the longest between
/// two measurements, and two seconds for the answer and the keeper's next look.
const NOTICED_WITHIN: Duration = MEASURED_EVERY.saturating_add(Duration::from_secs(2));
/// How often the database is asked at the start: the quickest answer counts.
const FIRST_ASKED: usize = 3;

/// The clock of a deployment whose database is a server.
#[derive(Debug)]
pub struct DatabaseClock {
    count: Count,
    estimate: Mutex<Estimate>,
}

/// What is known of the database's time. Everything in microseconds; `steady` is this machine's count since the start.
#[derive(Debug, Clone, Default)]
struct Estimate {
    /// Database time at the start of the count.
    offset: i64,
    /// By how much that may be wrong.
    error: i64,
    /// When it was measured; `None` before the first time.
    measured: Option<i64>,
    /// The latest time that was told.
    told: i64,
    /// The last step that was followed: when, and by how much; negative is back.
    stepped: Option<(i64, i64)>,
}

/// One measurement.
#[derive(Debug, Clone, Copy)]
struct Sample {
    asked: i64,
    answered: i64,
    time: i64,
}

/// What a measurement came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /** It says nothing better than what is known. */
    Nothing,
    /** It contradicts what is known, but took too long to be followed. */
    Doubted,
    /** The clock follows it. By how much it was moved; negative is back, which is stood out. */
    Followed(i64),
    /** It was set back by so much that it is followed back. */
    Back(i64),
}

impl Estimate {
    fn at(&mut self, steady: i64) -> i64 {
        self.told = self.told.max(steady.saturating_add(self.offset));
        self.told
    }

    fn error_at(&self, steady: i64) -> i64 {
        let age = self.measured.map_or(0, |measured| steady.saturating_sub(measured).max(0));
        self.error.saturating_add(age.saturating_mul(DRIFT_PER_MILLION) / 1_000_000)
    }

    fn take(&mut self, sample: Sample) -> Taken {
        let took = sample.answered.saturating_sub(sample.asked).max(0);
        let offset = sample.time.saturating_sub(sample.asked.saturating_add(took / 2));
        let (error, moved) = (took / 2, offset.saturating_sub(self.offset));
        let known = self.error_at(sample.answered);
        if self.measured.is_some() {
            let contradicts = moved.saturating_abs() > error.saturating_add(known);
            if took > SLOWEST_ANSWER {
                return if contradicts { Taken::Doubted } else { Taken::Nothing };
            }
            if error > known && !contradicts {
                return Taken::Nothing;
            }
        }
        let first = self.measured.is_none();
        (self.offset, self.error, self.measured) = (offset, error, Some(sample.answered));
        let back = self.told.saturating_sub(sample.answered.saturating_add(offset));
        if first {
            self.told = 0;
            return Taken::Followed(0);
        }
        if moved.saturating_abs() > WORTH_TELLING {
            self.stepped = Some((sample.answered, moved));
        }
        if back > LONGEST_STAND {
            self.told = sample.answered.saturating_add(offset);
            Taken::Back(back)
        } else {
            Taken::Followed(moved)
        }
    }
}

impl DatabaseClock {
    /// The clock of this database, measured; `None` when the database is a file of this machine, whose clock is the machine's.
    pub async fn of(store: &dyn Store) -> Result<Option<Arc<Self>>, StoreError> {
        let clock = Self { count: Count::begin(), estimate: Mutex::default() };
        for _ in 0..FIRST_ASKED {
            if clock.measure(store).await?.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(Arc::new(clock)))
    }

    pub(super) fn now(&self) -> Timestamp {
        let steady = self.count.passed();
        from_micros(self.held().at(steady))
    }

    /// How long ago the database was last asked with success.
    pub fn measured_ago(&self) -> Duration {
        self.ago(self.held().measured.unwrap_or(0))
    }

    /// The last time that the database's clock was set: how long ago that was noticed, and by how many seconds; negative is back.
    pub fn stepped(&self) -> Option<(Duration, i64)> {
        let (at, by) = self.held().stepped?;
        // To the nearest: a measurement is off by less than its answer took.
        Some((self.ago(at), (by + by.signum() * 500_000) / 1_000_000))
    }

    /// Asks the database anew: whether this is its time, and the other nodes' too, as far as can be known.
    pub(super) async fn is_sure(&self, store: &dyn Store) -> bool {
        match self.ask(store).await {
            Some(Taken::Doubted) | None => false,
            Some(Taken::Nothing | Taken::Followed(_) | Taken::Back(_)) => self.stepped().is_none_or(|(ago, _)| ago > NOTICED_WITHIN),
        }
    }

    /// Measures again and again, until told to stop.
    pub async fn keep(self: Arc<Self>, store: Arc<dyn Store>, stopping: CancellationToken) {
        loop {
            tokio::select! { () = tokio::time::sleep(MEASURED_EVERY) => {}, () = stopping.cancelled() => return }
            self.ask(&*store).await;
        }
    }

    /// Measures, and tells of a step; `None` when there was no answer.
    async fn ask(&self, store: &dyn Store) -> Option<Taken> {
        let taken = match self.measure(store).await {
            Ok(taken) => taken.unwrap_or(Taken::Nothing),
            Err(error) => {
                tracing::info!(error = %error, "the database's clock was not read; this machine's steady count goes on");
                return None;
            }
        };
        match taken {
            Taken::Back(by) => {
                tracing::error!(seconds = by / 1_000_000, "the database's clock was set back; it is followed: set the servers' clocks");
            }
            Taken::Followed(by) if by.saturating_abs() > WORTH_TELLING => {
                tracing::warn!(seconds = by / 1_000_000, "the database's clock moved; it is followed");
            }
            Taken::Nothing | Taken::Doubted | Taken::Followed(_) => {}
        }
        Some(taken)
    }

    async fn measure(&self, store: &dyn Store) -> Result<Option<Taken>, StoreError> {
        let asked = self.count.passed();
        let Some(time) = store.time().await? else { return Ok(None) };
        let answered = self.count.passed();
        let mut held = self.held();
        let taken = held.take(Sample { asked, answered, time: time.as_microsecond() });
        if answered.saturating_sub(asked) <= SLOWEST_ANSWER && taken == Taken::Nothing {
            // Nothing better, and nothing that contradicts: what is known is still good.
            held.error = held.error_at(answered);
            held.measured = Some(answered);
        }
        Ok(Some(taken))
    }

    /// How long ago the count was at this.
    fn ago(&self, at: i64) -> Duration {
        Duration::from_micros(u64::try_from(self.count.passed().saturating_sub(at)).unwrap_or(0))
    }
    fn held(&self) -> MutexGuard<'_, Estimate> {
        self.estimate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The clock of this deployment, and whether its database is a server: there the server's time is everybody's. A clock that a test brings is
/// the test's.
pub async fn clock_of(store: &Arc<dyn Store>, clock: Clock, tasks: &Tasks) -> Result<(Clock, bool), StoreError> {
    let Some(measured) = DatabaseClock::of(&**store).await? else {
        if let Clock::Steady(steady) = &clock {
            steady.go_on_from(&**store).await?;
            tasks.spawn("clock", steady.clone().keep(store.clone(), tasks.stopping()));
        }
        return Ok((clock, false));
    };
    tasks.spawn("clock", measured.clone().keep(store.clone(), tasks.stopping()));
    let clock = match clock {
        Clock::System | Clock::Steady(_) | Clock::Database(_) => Clock::Database(measured),
        fixed @ Clock::Fixed(_) => fixed,
    };
    Ok((clock, true))
}

/// A clock that has not been measured for so long is not to be relied on much longer: for readiness.
pub const STALE_AFTER: Duration = Duration::from_secs(60);

#[cfg(test)]
impl DatabaseClock {
    /// The clock of a database that told these times just now, one after the other.
    pub(crate) fn told(times: &[Timestamp]) -> Arc<Self> {
        let (count, mut estimate) = (Count::begin(), Estimate::default());
        for time in times {
            let now = count.passed();
            estimate.take(Sample { asked: now, answered: now, time: time.as_microsecond() });
        }
        Arc::new(Self { count, estimate: Mutex::new(estimate) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;
    const NOON: i64 = 1_800_000_000 * SECOND;

    /// Asked at `steady`, answered `took` later, when the database's clock is `ahead` of noon plus the count.
    fn sample(steady: i64, took: i64, ahead: i64) -> Sample {
        Sample { asked: steady, answered: steady + took, time: NOON + steady + took / 2 + ahead }
    }

    fn begun() -> Estimate {
        let mut clock = Estimate::default();
        clock.take(sample(0, 2_000, 0));
        clock
    }

    #[test]
    fn it_tells_the_databases_time_between_measurements() {
        let mut clock = begun();
        assert_eq!(clock.at(7 * SECOND), NOON + 7 * SECOND);
        assert_eq!(clock.take(sample(10 * SECOND, 1_000, 300)), Taken::Followed(300), "a better one");
        assert_eq!(clock.at(11 * SECOND), NOON + 11 * SECOND + 300);
        assert_eq!(clock.take(sample(12 * SECOND, 400_000, 9_000)), Taken::Nothing, "a slow answer that may well agree");
        assert_eq!(clock.take(sample(13 * SECOND, 2_000_000, 90 * SECOND)), Taken::Doubted, "too slow to be followed");
        assert_eq!(clock.take(sample(13 * SECOND, 2_000_000, 500_000)), Taken::Nothing, "and too slow to contradict");
        assert_eq!(clock.stepped, None);
        assert_eq!(clock.at(14 * SECOND), NOON + 14 * SECOND + 300);
    }

    #[test]
    fn a_jump_ahead_is_followed_at_once() {
        let mut clock = begun();
        assert_eq!(clock.take(sample(5 * SECOND, 2_000, 3600 * SECOND)), Taken::Followed(3600 * SECOND));
        assert_eq!(clock.at(6 * SECOND), NOON + 3606 * SECOND);
        assert_eq!(clock.stepped.map(|(_, by)| by), Some(3600 * SECOND));
    }

    #[test]
    fn a_step_back_is_stood_out() {
        let mut clock = begun();
        assert_eq!(clock.at(5 * SECOND), NOON + 5 * SECOND);
        assert_eq!(clock.take(sample(5 * SECOND, 2_000, -3 * SECOND)), Taken::Followed(-3 * SECOND));
        for steady in 5..=8 {
            assert_eq!(clock.at(steady * SECOND), NOON + 5 * SECOND, "it stands");
        }
        assert_eq!(clock.at(9 * SECOND), NOON + 6 * SECOND, "and goes on with the database");
    }

    #[test]
    fn what_was_set_back_by_an_hour_is_followed_back() {
        let mut clock = begun();
        assert_eq!(clock.at(5 * SECOND), NOON + 5 * SECOND);
        assert!(matches!(clock.take(sample(5 * SECOND, 2_000, -3600 * SECOND)), Taken::Back(_)));
        assert_eq!(clock.at(6 * SECOND), NOON - 3594 * SECOND);
        assert_eq!(clock.stepped.map(|(_, by)| by), Some(-3600 * SECOND));
    }

    #[test]
    fn it_never_goes_back_by_the_errors_of_measuring() {
        let (mut clock, mut last) = (begun(), 0);
        for round in 1..200 {
            let wrong: i64 = [0, 40_000, -35_000, 3_000, -2_000][round as usize % 5];
            clock.take(sample(round * 5 * SECOND, wrong.abs() * 2 + 800, wrong));
            let now = clock.at(round * 5 * SECOND + SECOND);
            assert!(now > last && (now - NOON - round * 5 * SECOND - SECOND).abs() < 80_000, "round {round}");
            last = now;
        }
    }
}
