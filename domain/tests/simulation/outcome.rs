//! What histories came to, so that a run shows what it has met: a simulation in which nothing ever goes wrong proves nothing.
//!
//! Only counts; whether something was wrong is the checker's to say, in `objection`.

use crate::shell::Row;
use domain::dispatch::obligation::{Satisfaction, State};
use domain::dispatch::purpose::Purpose;

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
    pub failovers: u64,
    pub next_points: u64,
    pub strangers: u64,
    pub next_channels: u64,
    pub district_mails: u64,
    pub pages: u64,
    pub updates: u64,
    pub alarms: u64,
    pub takeovers: u64,
    pub pauses: u64,
    pub clock_steps: u64,
    pub texts: u64,
    pub call_backs: u64,
    pub portal: u64,
    pub drilled: u64,
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
    fn counts(&mut self) -> [&mut u64; 28] {
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
            &mut self.failovers,
            &mut self.next_points,
            &mut self.strangers,
            &mut self.next_channels,
            &mut self.district_mails,
            &mut self.pages,
            &mut self.updates,
            &mut self.alarms,
            &mut self.takeovers,
            &mut self.pauses,
            &mut self.clock_steps,
            &mut self.texts,
            &mut self.call_backs,
            &mut self.portal,
            &mut self.drilled,
        ]
    }
    /// Adds how the obligations ended.
    pub fn count(&mut self, rows: &[Row]) {
        for row in rows {
            self.breaches += u64::from(row.breaches);
            self.drilled += u64::from(row.obligation.purpose == Purpose::Drill);
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
