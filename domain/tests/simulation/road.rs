//! The road between shell and carriers in one history: requests, answers, callbacks, questions.
//!
//! A request is the last moment at which a crash can strike between sending and recording.

use crate::bug::Bug;
use crate::carrier::{Asked, Leg};
use crate::checker;
use crate::commit::not_taken;
use crate::world::{Happening, World};
use domain::channel::Means;
use domain::directory::Kind;
use domain::dispatch::evidence::ReceiptKind;
use domain::dispatch::obligation::{Event, SendOutcome, State};
use domain::id::AttemptId;

impl World {
    fn asked(&mut self, attempt: AttemptId) -> Asked {
        let entry = &self.attempts[&attempt];
        let (row, by, point) = (entry.row, entry.by, entry.point);
        let habit = self.habit(row, point);
        Asked { by, attempt, habit, means: self.rows[row].obligation.step.means }
    }

    pub fn request(&mut self, node: usize, attempt: AttemptId) {
        let asked = self.asked(attempt);
        let row = self.attempts[&attempt].row;
        if let Some(attempt) = self.attempts.get_mut(&attempt) {
            attempt.requests += 1;
        }
        self.object_to_a_second_ring(row, attempt, asked.means);
        let mut outcome = self.carrier.request(&mut self.rng, &self.mood, asked, self.now);
        self.outcome.attempts += 1;
        if self.carrier.legs.contains_key(&attempt) {
            self.rows[row].really_taken = true;
            self.begin_leg(attempt, asked.means, asked.habit);
        }
        if self.rng.f64() < self.mood.crash_before_record {
            return self.crash(node);
        }
        if self.rng.f64() < self.mood.answer_lost {
            outcome = SendOutcome::Unknown;
        }
        let wait = if outcome == SendOutcome::Unknown { 15.0 } else { 0.05 + self.rng.f64() * 0.5 };
        self.tell(|| format!("#{row} carrier {} will say {outcome:?}", asked.by));
        self.later(wait, Happening::Answer { node, epoch: self.nodes[node].epoch, attempt, outcome });
    }

    /// Nobody is rung twice at the same time while nothing goes wrong, and a PSAP never unless the first call is recorded as over, refused, or
    /// asked after in vain.
    fn object_to_a_second_ring(&mut self, row: usize, attempt: AttemptId, means: Means) {
        if means != Means::Call {
            return;
        }
        if self.mood.calm && self.legs_of(row, attempt).any(|leg| !leg.over) {
            return self.object(format!("#{row} is rung twice at the same time, although nothing went wrong"));
        }
        let psap = self.rows[row].obligation.step.kind == Kind::Psap;
        let live = |other: &AttemptId| self.carrier.legs.get(other).is_some_and(|leg| !leg.over);
        let doubled = self.attempts.iter().any(|(id, entry)| {
            let recorded = entry.evidence.ended.is_some() || entry.evidence.not_me.is_some() || entry.asked > 0 || not_taken(entry.answer);
            entry.row == row && *id != attempt && live(id) && !recorded
        });
        if psap && doubled {
            self.object(format!("#{row} a PSAP is rung a second time while the first call is not known to be over"));
        }
    }

    /// What the carriers have of a row's other attempts at the same number.
    fn legs_of(&self, row: usize, but: AttemptId) -> impl Iterator<Item = &Leg> {
        let point = self.attempts[&but].point;
        let same = self.attempts.iter().filter(move |(id, entry)| **id != but && entry.row == row && entry.point == point);
        same.filter_map(|(id, _)| self.carrier.legs.get(id))
    }

    pub fn callback(&mut self, attempt: AttemptId, once: String, kind: ReceiptKind) {
        if !self.is_down() {
            self.receive(attempt, &[(once, kind)]);
        } else if self.rng.bool() {
            let wait = 5.0 + self.rng.f64() * 60.0;
            self.later(wait, Happening::Callback { attempt, once, kind });
        }
    }

    /// Receipts come in: each is recorded once, and what is new is told to the obligation in the same commit.
    pub fn receive(&mut self, attempt: AttemptId, receipts: &[(String, ReceiptKind)]) {
        let (bug, now) = (self.bug, self.clock());
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
                ReceiptKind::NotMe => self.outcome.strangers += 1,
                _ => {}
            }
        }
        let evidence = entry.evidence.clone();
        self.tell(|| format!("#{row} {receipts:?}{}", if news { "" } else { " (nothing new)" }));
        checker::after_receipts(self, attempt, receipts, rung);
        checker::note_strangers(self, attempt, receipts);
        let late = self.rows[row].obligation.latest != Some(attempt) && evidence.is_confirmed();
        if news && !(late && bug == Some(Bug::DropsLateConfirmation)) {
            self.commit(row, Event::News { attempt, evidence });
        }
    }

    pub fn ask(&mut self, attempt: AttemptId) {
        let row = self.attempts[&attempt].row;
        let asked = self.asked(attempt);
        match self.carrier.find(&mut self.rng, &self.mood, asked, self.now) {
            Err(()) => {
                self.commit(row, Event::CouldNotAsk { attempt });
            }
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

    /// Whether an obligation is open and its attempt under way.
    pub fn is_in_flight(&self, row: usize, attempt: AttemptId) -> bool {
        matches!(self.rows[row].obligation.state, State::InFlight { attempt: current, .. } if current == attempt)
    }
}
