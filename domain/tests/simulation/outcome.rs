//! What histories came to, so that a run shows what it has met: a simulation in which nothing ever goes wrong proves nothing.
//!
//! Only counts; whether something was wrong is the checker's to say, in `objection`.

use crate::shell::Row;
use domain::dispatch::obligation::{Satisfaction, State};

/// What a history came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    pub objection: Option<String>,
    pub events: u64,
    pub attempts: u64,
    pub confirmed: u64,
    pub confirmed_elsewhere: u64,
    pub notified: u64,
    pub released: u64,
    pub failed: u64,
    pub breaches: u64,
    pub crashes: u64,
    pub repeats: u64,
    pub voicemails: u64,
    pub wrong_keys: u64,
    pub not_found: u64,
}

impl Outcome {
    pub fn add(&mut self, other: &Outcome) {
        for (sum, more) in self.counts().into_iter().zip(other.clone().counts()) {
            *sum += *more;
        }
    }
    pub fn saw_everything(&self) -> bool {
        self.clone().counts().iter().all(|count| **count > 0)
    }
    fn counts(&mut self) -> [&mut u64; 13] {
        [
            &mut self.events,
            &mut self.attempts,
            &mut self.confirmed,
            &mut self.confirmed_elsewhere,
            &mut self.notified,
            &mut self.released,
            &mut self.failed,
            &mut self.breaches,
            &mut self.crashes,
            &mut self.repeats,
            &mut self.voicemails,
            &mut self.wrong_keys,
            &mut self.not_found,
        ]
    }
    /// Adds how the obligations ended.
    pub fn count(&mut self, rows: &[Row]) {
        for row in rows {
            self.breaches += u64::from(row.breaches);
            match row.obligation.state {
                State::Satisfied { by: Satisfaction::Confirmed(_), .. } => self.confirmed += 1,
                State::Satisfied { by: Satisfaction::ConfirmedElsewhere, .. } => self.confirmed_elsewhere += 1,
                State::Satisfied { by: Satisfaction::Notified, .. } => self.notified += 1,
                State::Released { .. } => self.released += 1,
                State::Failed { .. } => self.failed += 1,
                State::Standby { .. } | State::Waiting { .. } | State::InFlight { .. } => {}
            }
        }
    }
}
