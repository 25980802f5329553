//! Coming back with a code (R68): found by its keyed index, slowed down when many are wrong.
//!
//! The slow-down is for everybody alike and never by address: a whole school is one address. It never refuses a right code, it only lets
//! all of them wait; and a message can always be sent without a code.

use super::{Intake, IntakeError};
use crate::store::rows::ConversationRow;
use domain::conversation::code::ReturnCode;
use jiff::Timestamp;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// So many wrong codes are forgiven before anybody waits: a class that was shown the page.
const FREE: f64 = 30.0;
/// How fast wrong ones are forgotten, in a second.
const FORGOTTEN_PER_SECOND: f64 = 0.5;
/// How much longer each further wrong one makes the next wait, in seconds.
const EACH_WAITS: f64 = 0.05;
/// Nobody waits longer, in seconds. With [`WAITING_MOST`] at a time a guesser has about twenty tries in a second: in a whole year, six chances
/// in a hundred to meet one of a million tips among 10^16 codes.
const LONGEST_WAIT: f64 = 3.0;
/// So many wait at the same time; the others queue behind them, in order.
const WAITING_MOST: usize = 64;
/// Nobody queues longer than this; then they are asked to come again in a moment.
const LONGEST_QUEUE: Duration = Duration::from_secs(2);

/// How many wrong codes there were lately.
#[derive(Debug)]
pub(super) struct Codes {
    wrong: Mutex<(f64, Timestamp)>,
    waiting: Semaphore,
}

impl Default for Codes {
    fn default() -> Self {
        Self { wrong: Mutex::new((0.0, Timestamp::UNIX_EPOCH)), waiting: Semaphore::new(WAITING_MOST) }
    }
}

impl Codes {
    /// How many count at `now`; `more` of them are added.
    fn count(&self, now: Timestamp, more: f64) -> f64 {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.duration_since(wrong.1).as_secs_f64().max(0.0);
        *wrong = ((wrong.0 - passed * FORGOTTEN_PER_SECOND).max(0.0) + more, now.max(wrong.1));
        wrong.0
    }
    fn wait(&self, now: Timestamp) -> Duration {
        Duration::from_secs_f64(((self.count(now, 0.0) - FREE).max(0.0) * EACH_WAITS).min(LONGEST_WAIT))
    }
}

impl Intake {
    /// The tip of a code as somebody typed or keyed it; `None` when no tip has it.
    pub async fn open_by_code(&self, typed: &str) -> Result<Option<ConversationRow>, IntakeError> {
        let turn = tokio::time::timeout(LONGEST_QUEUE, self.codes.waiting.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(IntakeError::ManyCodes) };
        let wait = self.codes.wait(self.clock.now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let found = match ReturnCode::parse(typed) {
            Some(code) => self.store.conversation_by_code(self.vault.code_index(&code)).await?,
            None => None,
        };
        if found.is_none() {
            self.codes.count(self.clock.now(), 1.0);
            metrics::counter!(crate::telemetry::metric::WRONG_CODES).increment(1);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn a_few_wrong_ones_cost_nothing_and_many_cost_everybody_time_for_a_while() {
        let (codes, now) = (Codes::default(), Timestamp::from_second(1_000_000).unwrap());
        for _ in 0..30 {
            assert!(codes.wait(now).is_zero());
            codes.count(now, 1.0);
        }
        codes.count(now, 20.0);
        assert_eq!(codes.wait(now), Duration::from_secs(1));
        codes.count(now, 100_000.0);
        assert_eq!(codes.wait(now), Duration::from_secs(3), "never longer");
        let codes = Codes::default();
        codes.count(now, 50.0);
        assert!(codes.wait(now + SignedDuration::from_secs(40)).is_zero(), "forgotten");
    }
}
