//! The program's clock: the one place that asks the machine for the time.
//!
//! Everything else is handed a [`Clock`], so a test can stop time, and step it. Where several nodes share a database, its clock is everybody's
//! (`database`): then the machine's decides nothing.

mod count;
pub mod database;
pub mod steady;

use crate::store::Store;
use database::DatabaseClock;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use steady::SteadyClock;

/// Tells the time, to the microsecond.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's.
    System,
    /// The machine's, which its steps do not move.
    Steady(Arc<SteadyClock>),
    /// The database server's.
    Database(Arc<DatabaseClock>),
    /// A test's: microseconds since the epoch.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's time from now on, whatever becomes of its clock.
    pub fn steady() -> Self {
        Clock::Steady(Arc::new(SteadyClock::new()))
    }
    /// A clock that stands still at `at` until it is stepped.
    pub fn fixed(at: Timestamp) -> Self {
        Clock::Fixed(Arc::new(AtomicI64::new(at.as_microsecond())))
    }
    /// The time, cut to microseconds: the unit of the store, so that what is written is what is read.
    pub fn now(&self) -> Timestamp {
        match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
            Clock::System => from_micros(Timestamp::now().as_microsecond()),
            Clock::Steady(clock) => clock.now(),
            Clock::Database(clock) => clock.now(),
            Clock::Fixed(micros) => from_micros(micros.load(Ordering::SeqCst)),
        }
    }
    /// Whether leases can be told to be over by it. A database's is asked anew: whoever has been asleep, or has not noticed that it was
    /// set, must not take what another has. So it is not for some seconds after a step either, until every node has noticed.
    pub async fn is_sure(&self, store: &dyn Store) -> bool {
        match self {
            Clock::Database(clock) => clock.is_sure(store).await,
            Clock::System | Clock::Steady(_) | Clock::Fixed(_) => true,
        }
    }
    /// Steps a fixed clock; does nothing to the machine's.
    pub fn step(&self, by: SignedDuration) {
        if let Clock::Fixed(micros) = self {
            micros.fetch_add(i64::try_from(by.as_micros()).unwrap_or(0), Ordering::SeqCst);
        }
    }
}

/// A time from the store's microseconds; the nearest representable one when out of range.
pub fn from_micros(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
