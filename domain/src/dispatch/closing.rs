//! How an obligation is closed: kept, failed with what follows, or past its due time. The other half of `decide`.
//!
//! Owns the bounds of trying (attempts, time, grace) and what a failure or a missed due time starts, for each purpose: a tip's failure always
//! raises a task and starts the next step; a page's only when the address was wrong, as its ladder goes on by itself; news raises a task when
//! it came back; a drill and a question raise nothing. What surprises: an attempt that no carrier took does not use up `most_attempts`, only
//! time does, except in a drill.

use super::decide::{Deciding, later};
use super::obligation::{BreachReason, Effect, Elsewhere, FailedBecause, Satisfaction, State, promised};
use super::purpose::Purpose;
use crate::channel::Means;
use crate::directory::Kind;
use jiff::{SignedDuration, Timestamp};

impl Deciding<'_> {
    /// Whether all attempts were made. What no carrier took does not count: then the time alone decides.
    pub(super) fn is_spent(&self) -> bool {
        let policy = self.context.policy;
        match self.next.purpose {
            Purpose::Tip | Purpose::Update | Purpose::Page(_) | Purpose::Feedback => self.next.ended >= policy.most_attempts,
            Purpose::Drill => {
                let each = policy.drill_attempts.max(1).saturating_mul(self.context.points.max(1));
                self.next.ended >= each || self.next.attempts >= policy.most_attempts.max(each)
            }
        }
    }

    /// Until when attempts are made. A dispatch after the due time still gets its whole grace.
    pub(super) fn give_up_at(&self) -> Timestamp {
        let from = self.next.first_attempt_at.map_or(self.next.step.due_at, |first| first.max(self.next.step.due_at));
        later(from, self.grace())
    }

    fn grace(&self) -> SignedDuration {
        match self.next.purpose {
            Purpose::Tip | Purpose::Update | Purpose::Drill | Purpose::Feedback => self.context.policy.grace,
            Purpose::Page(_) => self.context.policy.page_grace,
        }
    }

    /// Whether what could not be sent for want of a carrier is left to a person. Never tried, it has its grace from the breach's record on, so
    /// that a dispatch after the due time has it whole.
    pub(super) fn is_held_too_long(&self) -> bool {
        let due_at = self.next.step.due_at;
        let since = if self.next.purpose.tells_of_tip() { self.next.breached_at } else { Some(due_at) };
        since.is_some_and(|since| self.context.now > later(since.max(due_at), self.grace()))
    }

    /// Whether what came back is not sent again: news and questions are told once.
    pub(super) fn is_one_shot(&self) -> bool {
        match self.next.purpose {
            Purpose::Update | Purpose::Feedback => true,
            Purpose::Tip | Purpose::Page(_) | Purpose::Drill => false,
        }
    }

    pub(super) fn exhaustion(&self) -> FailedBecause {
        match (self.next.step.means, self.next.submitted_at) {
            (Means::Call, Some(_)) => FailedBecause::NobodyConfirmed,
            (Means::Mail | Means::Text, Some(_)) => FailedBecause::Returned,
            (Means::Call | Means::Mail | Means::Text, None) => FailedBecause::NoCarrier,
        }
    }

    pub(super) fn fail(&mut self, reason: FailedBecause) {
        if self.next.elsewhere == Elsewhere::Confirmed {
            return self.close(Satisfaction::ConfirmedElsewhere);
        }
        self.next.state = State::Failed { at: self.context.now, reason };
        let wrong_address = match reason {
            FailedBecause::AddressRefused | FailedBecause::NotThem | FailedBecause::Returned | FailedBecause::OptedOut => true,
            FailedBecause::NobodyConfirmed | FailedBecause::NoCarrier | FailedBecause::Restored => false,
        };
        match self.next.purpose {
            Purpose::Tip => self.failed_to_tell(reason),
            Purpose::Page(_) | Purpose::Update if wrong_address => self.effects.push(Effect::RaiseTask(reason)),
            Purpose::Page(_) | Purpose::Update | Purpose::Drill | Purpose::Feedback => {}
        }
    }

    fn failed_to_tell(&mut self, reason: FailedBecause) {
        self.effects.push(Effect::RaiseTask(reason));
        self.effects.push(Effect::StartNext(reason));
        if self.next.step.kind == Kind::School && self.next.step.means == promised(self.next.level) {
            self.effects.push(Effect::CheckSchool);
        }
    }

    pub(super) fn close(&mut self, by: Satisfaction) {
        self.next.carrier_failed = false;
        self.next.state = State::Satisfied { at: self.context.now, by };
    }

    /// R14: records once that the due time passed and the promise was not kept by then. A confirmation counts from when it was given, a mail
    /// from when a carrier took it, even if we heard of it later.
    pub(super) fn breach(&mut self, owed: Option<Timestamp>) {
        let now = self.context.now;
        let Some(due) = owed.filter(|due| now >= *due) else { return };
        let notified_at = match self.next.step.means {
            Means::Call => None,
            Means::Mail | Means::Text => self.next.submitted_at,
        };
        let kept_at = match self.next.state {
            State::Satisfied { at, .. } => self.next.confirmed_at.or(notified_at).unwrap_or(at),
            State::Standby { .. } | State::Waiting { .. } | State::InFlight { .. } => Timestamp::MAX,
            State::Released { .. } | State::Failed { .. } => Timestamp::MAX,
        };
        if kept_at > due {
            self.next.breached_at = Some(now);
            self.effects.push(Effect::Breach(self.why_late(due)));
        }
    }

    /// Why the promise was not kept by its due time.
    fn why_late(&self, due: Timestamp) -> BreachReason {
        match (&self.next.state, self.next.first_attempt_at, self.next.submitted_at) {
            (State::Failed { reason, .. }, ..) => match reason {
                FailedBecause::NobodyConfirmed => BreachReason::NobodyConfirmed,
                // It was cut off on its way, by no fault of the address: nobody has confirmed as far as anybody knows.
                FailedBecause::Restored => BreachReason::NobodyConfirmed,
                FailedBecause::NoCarrier => BreachReason::NoCarrier,
                FailedBecause::AddressRefused | FailedBecause::NotThem | FailedBecause::Returned | FailedBecause::OptedOut => {
                    BreachReason::BadAddress
                }
            },
            (_, None, _) => BreachReason::Queue,
            (_, Some(first), _) if first >= due => BreachReason::StartedLate,
            (_, Some(_), None) => BreachReason::NoCarrier,
            (_, Some(_), Some(_)) => BreachReason::NobodyConfirmed,
        }
    }
}

#[cfg(test)]
#[path = "closing_tests.rs"]
mod tests;
