//! The road between shell and carrier in one history: requests, answers, callbacks, questions; and the crashes that lose what was on it.

use crate::carrier::Leg;
use crate::checker;
use crate::shell::Bug;
use crate::world::{Happening, World};
use domain::channel::Means;
use domain::dispatch::evidence::ReceiptKind;
use domain::dispatch::obligation::{Event, SendOutcome, State};
use domain::id::AttemptId;

impl World {
    pub fn request(&mut self, attempt: AttemptId) {
        let row = self.attempts[&attempt].row;
        let (means, habit) = (self.rows[row].obligation.step.means, self.rows[row].habit);
        if let Some(attempt) = self.attempts.get_mut(&attempt) {
            attempt.requests += 1;
        }
        if self.mood.calm && means == Means::Call && self.legs_of(row).any(|leg| !leg.over) {
            self.object(format!("#{row} is rung twice at the same time, although nothing went wrong"));
        }
        let mut outcome = self.carrier.request(&mut self.rng, &self.mood, attempt, habit, means, self.now);
        self.outcome.attempts += 1;
        if self.carrier.legs.contains_key(&attempt) {
            self.rows[row].really_taken = true;
            self.begin_leg(attempt, means, habit);
        }
        if self.rng.f64() < self.mood.crash_before_record {
            return self.crash();
        }
        if self.rng.f64() < self.mood.answer_lost {
            outcome = SendOutcome::Unknown;
        }
        let wait = if outcome == SendOutcome::Unknown { 15.0 } else { 0.05 + self.rng.f64() * 0.5 };
        self.tell(|| format!("#{row} the carrier will say {outcome:?}"));
        self.later(wait, Happening::Answer { epoch: self.epoch, attempt, outcome });
    }

    /// What the carrier has of a row, but for the attempt that is being requested.
    pub fn legs_of(&self, row: usize) -> impl Iterator<Item = &Leg> {
        let own = self.attempts.iter().filter(move |(_, attempt)| attempt.row == row);
        own.filter_map(|(id, _)| self.carrier.legs.get(id))
    }

    pub fn callback(&mut self, attempt: AttemptId, once: String, kind: ReceiptKind) {
        if !self.down {
            self.receive(attempt, &[(once, kind)]);
        } else if self.rng.bool() {
            let wait = 5.0 + self.rng.f64() * 60.0;
            self.later(wait, Happening::Callback { attempt, once, kind });
        }
    }

    /// Receipts come in: each is recorded once, and what is new is told to the obligation in the same commit.
    pub fn receive(&mut self, attempt: AttemptId, receipts: &[(String, ReceiptKind)]) {
        let (bug, now) = (self.bug, self.now);
        let Some(entry) = self.attempts.get_mut(&attempt) else { return };
        let (row, rung) = (entry.row, entry.evidence.rung());
        let mut news = false;
        for (once, kind) in receipts {
            match entry.record(once, kind, now, bug) {
                None => self.outcome.repeats += 1,
                Some(changed) => news |= changed,
            }
            match kind {
                ReceiptKind::Confirmed(_) => self.rows[row].recorded = true,
                ReceiptKind::VoicemailLeft => self.outcome.voicemails += 1,
                ReceiptKind::WrongKey => self.outcome.wrong_keys += 1,
                _ => {}
            }
        }
        let evidence = entry.evidence.clone();
        self.tell(|| format!("#{row} {receipts:?}{}", if news { "" } else { " (nothing new)" }));
        checker::after_receipts(self, attempt, receipts, rung);
        let late = self.rows[row].obligation.latest != Some(attempt) && evidence.is_confirmed();
        if news && !(late && bug == Some(Bug::DropsLateConfirmation)) {
            self.commit(row, Event::News { attempt, evidence });
        }
    }

    pub fn ask(&mut self, attempt: AttemptId) {
        let row = self.attempts[&attempt].row;
        let means = self.rows[row].obligation.step.means;
        match self.carrier.find(&mut self.rng, &self.mood, attempt, means, self.now) {
            Err(()) => self.commit(row, Event::CouldNotAsk { attempt }),
            Ok(None) => {
                self.outcome.not_found += 1;
                self.commit(row, Event::NotFound { attempt });
            }
            Ok(Some(leg)) => {
                let mut receipts = vec![("found:submitted".to_owned(), ReceiptKind::Submitted)];
                receipts.extend(leg.ended.iter().map(|(_, end)| ("found:ended".to_owned(), ReceiptKind::Ended(end.clone()))));
                self.receive(attempt, &receipts);
            }
        }
    }

    pub fn any_attempt_of(&mut self, row: usize) -> Option<AttemptId> {
        let all: Vec<AttemptId> = self.attempts.iter().filter(|(_, attempt)| attempt.row == row).map(|(id, _)| *id).collect();
        (!all.is_empty()).then(|| all[self.rng.usize(..all.len())])
    }

    pub fn crash(&mut self) {
        if self.down {
            return;
        }
        let away = if self.rng.f64() < 0.1 { self.rng.i64(60..3600) } else { self.rng.i64(1..30) };
        self.tell(|| format!("CRASH for {away} s"));
        self.outcome.crashes += 1;
        self.epoch += 1;
        self.down = true;
        self.away_seconds += away;
        self.later(away as f64, Happening::Up);
    }

    /// The store is all that is left; every open row is woken when it wants to be.
    pub fn come_up(&mut self) {
        self.tell(|| "UP".to_owned());
        self.down = false;
        self.up_since = self.now;
        for row in 0..self.rows.len() {
            if self.rows[row].obligation.is_closed() {
                continue;
            }
            self.schedule(row);
            if let (Some(Bug::ResendsAfterCrash), State::InFlight { attempt, .. }) = (self.bug, &self.rows[row].obligation.state) {
                let (epoch, attempt) = (self.epoch, *attempt);
                self.later(0.0, Happening::Request { epoch, attempt });
            }
        }
    }
}
