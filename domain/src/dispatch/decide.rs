//! How an obligation's state follows from an event. Pure: the shell commits the answer, then acts on it.
//!
//! Owns the rules of retrying, asking, giving up and breaching; the shapes are [`obligation`](super::obligation)'s, the delays [`retry`]'s.
//! What surprises: an attempt that no carrier took does not use up `most_attempts`, only time does; an attempt without an end is asked
//! for and, if the asking brings nothing, made again; only the latest attempt's news moves the state, but any attempt's confirmation counts.

use super::evidence::{ConfirmedBy, End, Evidence};
use super::obligation::{
    BreachReason, Context, Decision, Effect, Elsewhere, Event, FailedBecause, Obligation, Satisfaction, SendOutcome, State,
};
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
        Event::Timer => step.timer(),
        Event::Sent { attempt, outcome } => step.sent(attempt, outcome),
        Event::News { attempt, evidence } => step.news(attempt, &evidence),
        Event::NotFound { attempt } => step.not_found(attempt),
        Event::CouldNotAsk { attempt } => step.could_not_ask(attempt),
        Event::PersonConfirmed => step.person_confirmed(),
        Event::SchoolReached => step.school_reached(),
        Event::SchoolUnreachable => step.school_unreachable(),
    }
    let owed = owed.or(step.next.breach_at());
    step.breach(owed);
    Decision { next: step.next, effects: step.effects }
}

/// A decision in the making.
struct Deciding<'a> {
    next: Obligation,
    effects: Vec<Effect>,
    context: Context<'a>,
}

impl Deciding<'_> {
    fn timer(&mut self) {
        let now = self.context.now;
        match self.next.state {
            State::Standby { until } if now >= until => self.start(),
            State::Waiting { next_at } if now >= next_at => {
                if self.next.attempts > 0 && (self.is_spent() || now > self.give_up_at()) {
                    self.fail(self.exhaustion());
                } else {
                    self.start();
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
            self.give_up_waiting(Self::start);
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
            SendOutcome::Transient | SendOutcome::Throttled(None) => self.try_again(Cause::Fault),
            SendOutcome::Throttled(Some(wait)) => self.try_again(Cause::Told(wait)),
            SendOutcome::Permanent => self.fail(FailedBecause::AddressRefused),
            SendOutcome::Unknown => self.ask(attempt, since),
        }
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
            State::InFlight { since, .. } => self.news_of_latest(attempt, since, evidence),
            // The carrier had refused it or could not find it, and yet it lives: no second one beside it.
            State::Waiting { .. } if evidence.ended.is_none() && evidence.taken_at().is_some() => {
                self.news_of_latest(attempt, self.context.now, evidence);
            }
            State::Satisfied { by: Satisfaction::Notified, .. } => {
                if let Some(end) = lost(evidence) {
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
            Means::Mail | Means::Text => match lost(evidence) {
                Some(end) => self.ended(end),
                None if evidence.taken_at().is_some() => self.close(Satisfaction::Notified),
                None => {}
            },
        }
    }

    /// The latest attempt is over and nobody confirmed on it.
    fn ended(&mut self, end: &End) {
        self.next.ended = self.next.ended.saturating_add(1);
        if end.refuses_address() {
            return self.fail(FailedBecause::AddressRefused);
        }
        self.try_again(match end {
            End::Busy => Cause::Busy,
            End::Completed | End::NoAnswer | End::Canceled => Cause::Unconfirmed,
            End::Failed(_) | End::Undelivered(_) => Cause::Fault,
        });
    }

    /// The carrier has no trace. Critical prefers a duplicate to a loss and does not wait the first time; after that, and for the
    /// others, a carrier that keeps losing what it was given gets a little time.
    fn not_found(&mut self, attempt: AttemptId) {
        if self.since_of(attempt).is_none() {
            return;
        }
        match self.next.level {
            Level::Critical if self.next.attempts <= 1 => self.give_up_waiting(Self::due_at_once),
            Level::Critical | Level::Standard | Level::Other => self.give_up_waiting(|step| step.try_again(Cause::Fault)),
        }
    }

    fn could_not_ask(&mut self, attempt: AttemptId) {
        // A Critical call is not held back by a carrier that neither answered nor can be asked.
        let patience = match self.next.level {
            Level::Critical => self.context.policy.ask_after,
            Level::Standard | Level::Other => self.context.policy.silent_attempt_limit,
        };
        if let Some(since) = self.since_of(attempt)
            && self.context.now >= later(since, patience)
            && self.next.submitted_at.is_none_or(|taken| taken < since)
        {
            self.give_up_waiting(|step| step.try_again(Cause::Fault));
        } else if let Some(since) = self.since_of(attempt)
            && self.context.now >= later(since, self.context.policy.silent_attempt_limit)
        {
            self.give_up_waiting(Self::due_at_once);
        }
    }

    /// The attempt in flight is given up, its outcome unknown for ever: another is made at once, if another may be made.
    fn give_up_waiting(&mut self, make_another: fn(&mut Self)) {
        if let State::InFlight { since, .. } = self.next.state
            && self.next.submitted_at.is_some_and(|taken| taken >= since)
        {
            self.next.ended = self.next.ended.saturating_add(1);
        }
        if self.next.elsewhere == Elsewhere::Confirmed {
            self.close(Satisfaction::ConfirmedElsewhere);
        } else if self.is_spent() || self.context.now > self.give_up_at() {
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
        self.close(Satisfaction::Confirmed(by));
        self.effects.push(Effect::TellSamePerson);
        if self.next.step.kind == Kind::School {
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
            self.due_at_once();
        }
    }

    /// Another attempt is due at once. It is left to the timer, so that it goes out by its lane, in its turn, at the lane's pace.
    fn due_at_once(&mut self) {
        self.next.state = State::Waiting { next_at: self.context.now };
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

    /// Plans another attempt, or gives up when there is none left or no time.
    fn try_again(&mut self, cause: Cause) {
        let Context { now, jitter, policy, .. } = self.context;
        if self.next.elsewhere == Elsewhere::Confirmed {
            return self.close(Satisfaction::ConfirmedElsewhere);
        }
        let next_at = retry::next_at(cause, self.next.attempts, self.next.step.due_at, now, jitter, policy);
        if self.is_spent() || next_at > self.give_up_at() {
            self.fail(self.exhaustion());
        } else {
            self.next.state = State::Waiting { next_at };
        }
    }

    /// Whether all attempts were made. What no carrier took does not count: then the time alone decides.
    fn is_spent(&self) -> bool {
        self.next.ended >= self.context.policy.most_attempts
    }

    /// Until when attempts are made. A dispatch after the due time still gets its whole grace.
    fn give_up_at(&self) -> Timestamp {
        let from = self.next.first_attempt_at.map_or(self.next.step.due_at, |first| first.max(self.next.step.due_at));
        later(from, self.context.policy.grace)
    }

    fn exhaustion(&self) -> FailedBecause {
        match self.next.step.means {
            Means::Call if self.next.submitted_at.is_some() => FailedBecause::NobodyConfirmed,
            Means::Call | Means::Mail | Means::Text => FailedBecause::NoCarrier,
        }
    }

    fn fail(&mut self, reason: FailedBecause) {
        if self.next.elsewhere == Elsewhere::Confirmed {
            return self.close(Satisfaction::ConfirmedElsewhere);
        }
        self.next.state = State::Failed { at: self.context.now, reason };
        self.effects.push(Effect::RaiseTask(reason));
        if self.next.step.kind == Kind::School && self.next.step.means == Means::Call {
            self.effects.push(Effect::CheckSchool);
        }
    }

    fn close(&mut self, by: Satisfaction) {
        self.next.state = State::Satisfied { at: self.context.now, by };
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

    /// Why the promise was not kept by its due time.
    fn why_late(&self, due: Timestamp) -> BreachReason {
        match (&self.next.state, self.next.first_attempt_at, self.next.submitted_at) {
            (State::Failed { reason, .. }, ..) => match reason {
                FailedBecause::NobodyConfirmed => BreachReason::NobodyConfirmed,
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

    /// R14: records once that the due time passed and the promise was not kept by then. A confirmation counts from when it was given, a mail
    /// from when a carrier took it, even if we heard of it later.
    fn breach(&mut self, owed: Option<Timestamp>) {
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
}

/// How a text or mail was lost; a delivery outweighs every end.
fn lost(evidence: &Evidence) -> Option<&End> {
    match &evidence.ended {
        Some((_, end @ (End::Undelivered(_) | End::Failed(_) | End::Canceled))) if evidence.delivered.is_none() => Some(end),
        Some((_, End::Completed | End::Busy | End::NoAnswer | End::Canceled | End::Failed(_) | End::Undelivered(_))) | None => None,
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
