//! How an obligation's state follows from an event. Pure: the shell commits the answer, then acts on it.
//!
//! Owns the rules of retrying and asking; the shapes are [`obligation`](super::obligation)'s, the delays [`retry`]'s, giving up and breaching
//! `closing`'s. What surprises: an attempt without an end is asked for and, if the asking brings nothing, made again; only the latest
//! attempt's news moves the state, but any attempt's confirmation counts; a carrier's fault is answered at once by the other carrier, but
//! only the first fault in a row, so that two carriers at fault are not hammered in turns.

use super::evidence::{ConfirmedBy, End, Evidence};
use super::obligation::{Context, Decision, Effect, Elsewhere, Event, FailedBecause, Obligation, Satisfaction, SendOutcome, State};
use super::purpose::Purpose;
use super::retry::{self, Cause};
use crate::channel::Means;
use crate::directory::Kind;
use crate::id::AttemptId;
use crate::level::Level;
use jiff::{SignedDuration, Timestamp};

/// See [`Obligation::decide`].
pub(super) fn decide(before: Obligation, event: Event, context: Context<'_>) -> Decision {
    let owed = before.breach_at();
    let mut step = Deciding { next: before, effects: Vec::new(), context };
    match event {
        Event::Timer => step.timer(Road::Open),
        Event::Held => step.timer(Road::Shut),
        Event::Sent { attempt, outcome } => step.sent(attempt, outcome),
        Event::News { attempt, evidence } => step.news(attempt, &evidence),
        Event::NotFound { attempt } => step.not_found(attempt),
        Event::CouldNotAsk { attempt } => step.could_not_ask(attempt),
        Event::Confirmed { at, by } => step.confirmed(at, by),
        Event::PersonConfirmed => step.person_confirmed(),
        Event::SchoolReached => step.school_reached(),
        Event::SchoolUnreachable => step.school_unreachable(),
    }
    let owed = owed.or(step.next.breach_at());
    step.breach(owed);
    Decision { next: step.next, effects: step.effects }
}

/// Whether something can be sent now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Road {
    Open,
    Shut,
}

/// Whose first fault in a row is answered at once by the other carrier.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Haste {
    /// Everybody's: this carrier asks for less, the other has room.
    Any,
    /// Critical's: the others can wait a moment.
    Critical,
}

/// A decision in the making.
pub(super) struct Deciding<'a> {
    pub(super) next: Obligation,
    pub(super) effects: Vec<Effect>,
    pub(super) context: Context<'a>,
}

impl Deciding<'_> {
    fn timer(&mut self, road: Road) {
        let now = self.context.now;
        match self.next.state {
            State::Standby { until } if now >= until => self.start_by(road),
            State::Waiting { next_at } if now >= next_at => {
                if self.next.attempts > 0 && (self.is_spent() || now > self.give_up_at()) {
                    self.fail(self.exhaustion());
                } else {
                    self.start_by(road);
                }
            }
            State::InFlight { attempt, since, check_at } if now >= check_at => self.silence(attempt, since, check_at),
            State::Standby { .. } | State::Waiting { .. } | State::InFlight { .. } => {}
            State::Satisfied { .. } | State::Released { .. } | State::Failed { .. } => {}
        }
    }

    /// Nothing was heard. The carrier is asked; when it was asked after the limit already and nothing came of it, the attempt counts as failed.
    fn silence(&mut self, attempt: AttemptId, since: Timestamp, check_at: Timestamp) {
        let asked_at = later(check_at, -self.context.policy.ask_after);
        if asked_at >= later(since, self.context.policy.silent_attempt_limit) {
            self.give_up_waiting(|step| step.again_at(step.context.now));
        } else {
            self.ask(attempt, since);
        }
    }

    fn ask(&mut self, attempt: AttemptId, since: Timestamp) {
        self.effects.push(Effect::Ask(attempt));
        self.in_flight(attempt, since);
    }

    fn in_flight(&mut self, attempt: AttemptId, since: Timestamp) {
        let check_at = later(self.context.now, self.context.policy.ask_after);
        self.next.state = State::InFlight { attempt, since, check_at };
    }

    /// The carrier's answer. It is about what is in flight, or it is late and only its proof of having been taken is kept.
    fn sent(&mut self, attempt: AttemptId, outcome: SendOutcome) {
        if outcome == SendOutcome::Accepted {
            self.taken(self.context.now);
        }
        let Some(since) = self.since_of(attempt) else { return };
        match outcome {
            SendOutcome::Accepted => match self.next.step.means {
                Means::Call if self.next.elsewhere == Elsewhere::Confirmed => self.close(Satisfaction::ConfirmedElsewhere),
                Means::Call => self.in_flight(attempt, since),
                Means::Mail | Means::Text => self.close(Satisfaction::Notified),
            },
            SendOutcome::Transient => self.fault(Cause::Fault, Haste::Critical),
            SendOutcome::Throttled(None) => self.fault(Cause::Fault, Haste::Any),
            SendOutcome::Throttled(Some(wait)) => self.fault(Cause::Told(wait), Haste::Any),
            SendOutcome::Permanent => self.bad_point(FailedBecause::AddressRefused),
            SendOutcome::OptedOut => self.bad_point(FailedBecause::OptedOut),
            SendOutcome::Unknown => self.ask(attempt, since),
            SendOutcome::PutOff => self.put_off(),
        }
    }

    /// Nobody was given the attempt, so it was none: whoever has the lane now makes it.
    fn put_off(&mut self) {
        self.next.attempts = self.next.attempts.saturating_sub(1);
        if self.next.attempts == 0 {
            self.next.first_attempt_at = None;
        }
        self.next.state = State::Waiting { next_at: self.context.now };
    }

    fn news(&mut self, attempt: AttemptId, evidence: &Evidence) {
        if let Some(at) = evidence.taken_at() {
            self.taken(at);
        }
        if let Some((at, by)) = evidence.confirmed {
            return self.confirmed(at, by);
        }
        if self.next.latest != Some(attempt) {
            return;
        }
        match self.next.state {
            State::InFlight { .. } if evidence.not_me.is_some() => self.not_them(),
            State::Waiting { .. } if evidence.not_me.is_some() => {
                if !self.next.bad_points.contains(&self.next.went_to) {
                    self.not_them();
                }
            }
            State::InFlight { since, .. } => self.news_of_latest(attempt, since, evidence),
            // The carrier had refused it or could not find it, and yet it lives: no second one beside it.
            State::Waiting { .. } if evidence.ended.is_none() && evidence.taken_at().is_some() => {
                self.news_of_latest(attempt, self.context.now, evidence);
            }
            State::Satisfied { by: Satisfaction::Notified, .. } => {
                if let Some(end) = evidence.lost() {
                    self.ended(end);
                }
            }
            State::Standby { .. } | State::Waiting { .. } | State::Satisfied { .. } | State::Released { .. } | State::Failed { .. } => {}
        }
    }

    fn news_of_latest(&mut self, attempt: AttemptId, since: Timestamp, evidence: &Evidence) {
        match self.next.step.means {
            Means::Call => match &evidence.ended {
                Some((_, end)) => self.ended(end),
                None if evidence.taken_at().is_none() => {}
                None if self.next.elsewhere == Elsewhere::Confirmed => self.close(Satisfaction::ConfirmedElsewhere),
                None => self.in_flight(attempt, since),
            },
            Means::Mail | Means::Text => match evidence.lost() {
                Some(end) => self.ended(end),
                None if evidence.taken_at().is_some() => self.close(Satisfaction::Notified),
                None => {}
            },
        }
    }

    /// Whoever answered is not the person (key 9): nothing more is to be expected of that number, whatever else comes from that call.
    fn not_them(&mut self) {
        self.next.ended = self.next.ended.saturating_add(1);
        self.next.carrier_failed = false;
        self.bad_point(FailedBecause::NotThem);
    }

    /// The latest attempt is over and nobody confirmed on it.
    fn ended(&mut self, end: &End) {
        self.next.ended = self.next.ended.saturating_add(1);
        let is_call = self.next.step.means == Means::Call;
        if end.is_opt_out() {
            return self.bad_point(FailedBecause::OptedOut);
        }
        if end.refuses_address() {
            // Refused after it was taken: a mail that came back.
            let returned = self.next.step.means == Means::Mail;
            return self.bad_point(if returned { FailedBecause::Returned } else { FailedBecause::AddressRefused });
        }
        if self.is_one_shot() && !is_call {
            return self.fail(FailedBecause::Returned);
        }
        match end {
            End::Busy => self.unconfirmed(Cause::Busy),
            End::Completed | End::NoAnswer => self.unconfirmed(Cause::Unconfirmed),
            End::Canceled if is_call => self.fault(Cause::Unconfirmed, Haste::Critical),
            End::Canceled | End::Failed(_) | End::Undelivered(_) => self.fault(Cause::Fault, Haste::Critical),
        }
    }

    /// The carrier did its part.
    fn unconfirmed(&mut self, cause: Cause) {
        self.next.carrier_failed = false;
        self.try_again(cause);
    }

    /// The carrier did not. The first time in a row the other carrier has its turn at once, where haste allows; then the delays decide.
    fn fault(&mut self, cause: Cause, haste: Haste) {
        let first = !std::mem::replace(&mut self.next.carrier_failed, true);
        let hurry = match haste {
            Haste::Any => true,
            Haste::Critical => self.next.level == Level::Critical,
        };
        if first && hurry && self.context.other_carrier {
            self.again_at(self.context.now);
        } else {
            self.try_again(cause);
        }
    }

    /// The point that the latest attempt went to will not do. The person's next one is tried at once; without one the channel has failed.
    fn bad_point(&mut self, reason: FailedBecause) {
        self.next.bad_points.insert(self.next.went_to);
        let points = usize::try_from(self.context.points.max(1)).unwrap_or(usize::MAX);
        if self.next.bad_points.len() < points && !self.is_one_shot() {
            self.again_or_fail(self.context.now, reason);
        } else {
            self.fail(reason);
        }
    }

    /// The carrier has no trace. Critical prefers a duplicate to a loss and does not wait the first time; after that, and for the
    /// others, a carrier that keeps losing what it was given gets a little time.
    fn not_found(&mut self, attempt: AttemptId) {
        if self.since_of(attempt).is_none() {
            return;
        }
        match self.next.level {
            Level::Critical if self.next.attempts <= 1 => self.give_up_waiting(|step| step.again_at(step.context.now)),
            Level::Critical | Level::Standard | Level::Other => self.give_up_waiting(|step| step.try_again(Cause::Fault)),
        }
    }

    fn could_not_ask(&mut self, attempt: AttemptId) {
        let Some(since) = self.since_of(attempt) else { return };
        let Context { now, policy, .. } = self.context;
        // A Critical call is not held back by a carrier that neither answered nor can be asked.
        let patience = match self.next.level {
            Level::Critical => policy.ask_after,
            Level::Standard | Level::Other => policy.silent_attempt_limit,
        };
        if now >= later(since, patience) && self.next.submitted_at.is_none_or(|taken| taken < since) {
            self.give_up_waiting(|step| step.try_again(Cause::Fault));
        } else if now >= later(since, policy.silent_attempt_limit) {
            self.give_up_waiting(|step| step.again_at(step.context.now));
        }
    }

    /// The attempt in flight is given up, its outcome unknown for ever: another is made, if another may be made, and by another carrier, if
    /// there is one; the first time in a row at once when it is Critical.
    fn give_up_waiting(&mut self, make_another: fn(&mut Self)) {
        if let State::InFlight { since, .. } = self.next.state
            && self.next.submitted_at.is_some_and(|taken| taken >= since)
        {
            self.next.ended = self.next.ended.saturating_add(1);
        }
        let first = !std::mem::replace(&mut self.next.carrier_failed, true);
        if first && self.context.other_carrier && self.next.level == Level::Critical {
            self.again_at(self.context.now);
        } else if self.next.elsewhere == Elsewhere::Confirmed || self.is_spent() || self.context.now > self.give_up_at() {
            self.fail(self.exhaustion());
        } else {
            make_another(self);
        }
    }

    fn confirmed(&mut self, at: Timestamp, by: ConfirmedBy) {
        if self.next.confirmed_at.is_some() {
            return;
        }
        self.next.confirmed_at = Some(at);
        self.next.carrier_failed = false;
        self.close(Satisfaction::Confirmed(by));
        // A drill tries every channel for itself.
        if self.next.purpose != Purpose::Drill {
            self.effects.push(Effect::TellSamePerson);
        }
        if self.next.purpose.tells_of_tip() && self.next.step.kind == Kind::School {
            self.effects.push(Effect::TellSchoolReached);
        }
    }

    /// Closes what was tried; what was not is tried once, and what is perhaps not yet sent is waited for.
    fn person_confirmed(&mut self) {
        match self.next.state {
            State::Waiting { .. } if self.next.attempts > 0 => self.close(Satisfaction::ConfirmedElsewhere),
            State::InFlight { .. } if self.next.submitted_at.is_some() => self.close(Satisfaction::ConfirmedElsewhere),
            State::Failed { .. } => self.close(Satisfaction::ConfirmedElsewhere),
            State::Standby { .. } | State::Waiting { .. } | State::InFlight { .. } => self.next.elsewhere = Elsewhere::Confirmed,
            State::Satisfied { .. } => self.next.elsewhere = Elsewhere::Confirmed,
            State::Released { .. } => {}
        }
    }

    fn school_reached(&mut self) {
        if let State::Standby { .. } = self.next.state {
            self.next.state = State::Released { at: self.context.now };
        }
    }

    fn school_unreachable(&mut self) {
        if let State::Standby { .. } = self.next.state {
            self.next.state = State::Waiting { next_at: self.context.now };
        }
    }

    /// Starts an attempt, if one can be sent.
    fn start_by(&mut self, road: Road) {
        let (now, due_at) = (self.context.now, self.next.step.due_at);
        match road {
            Road::Open => self.start(),
            Road::Shut if self.is_held_too_long() => self.fail(self.exhaustion()),
            Road::Shut if now < due_at => {}
            Road::Shut => {
                let past = later(due_at, SignedDuration::from_micros(1));
                let next_at = match self.next.state {
                    State::Waiting { next_at } => next_at.max(past),
                    State::Standby { .. } | State::InFlight { .. } => past,
                    State::Satisfied { .. } | State::Released { .. } | State::Failed { .. } => return,
                };
                self.next.state = State::Waiting { next_at };
            }
        }
    }

    /// Starts an attempt: its intent is in the state before the carrier is called.
    fn start(&mut self) {
        let Context { now, fresh, .. } = self.context;
        self.next.attempts = self.next.attempts.saturating_add(1);
        self.next.first_attempt_at.get_or_insert(now);
        self.next.latest = Some(fresh);
        self.in_flight(fresh, now);
        self.effects.push(Effect::Send(fresh));
    }

    /// Plans another attempt after the cause's delay, or gives up when there is none left or no time.
    fn try_again(&mut self, cause: Cause) {
        let Context { now, jitter, policy, .. } = self.context;
        self.again_at(retry::next_at(cause, self.next.attempts, self.next.step.due_at, now, jitter, policy));
    }

    /// The same, at this moment. It is left to the timer, so that it goes out by its lane, in its turn, at the lane's pace.
    fn again_at(&mut self, next_at: Timestamp) {
        self.again_or_fail(next_at, self.exhaustion());
    }

    fn again_or_fail(&mut self, next_at: Timestamp, reason: FailedBecause) {
        if self.next.elsewhere == Elsewhere::Confirmed || self.is_spent() || next_at > self.give_up_at() {
            self.fail(reason);
        } else {
            self.next.state = State::Waiting { next_at };
        }
    }

    /// A carrier took an attempt then.
    fn taken(&mut self, at: Timestamp) {
        let earliest = self.next.submitted_at.map_or(at, |known| known.min(at));
        self.next.submitted_at = Some(earliest);
    }

    /// Since when this attempt is in flight, if it is.
    fn since_of(&self, attempt: AttemptId) -> Option<Timestamp> {
        match self.next.state {
            State::InFlight { attempt: current, since, .. } if current == attempt => Some(since),
            State::Standby { .. } | State::Waiting { .. } | State::InFlight { .. } => None,
            State::Satisfied { .. } | State::Released { .. } | State::Failed { .. } => None,
        }
    }
}

pub(super) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
