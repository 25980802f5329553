//! The delivery of one message to a reporter: like an obligation, but it prefers a loss that is shown to a duplicate.
//!
//! There is no due time and nobody to escalate to but the analyst who sees the message's state on the page.

use super::evidence::{End, Evidence};
use super::obligation::SendOutcome;
use super::policy::Policy;
use super::retry::{self, Cause};
use crate::id::AttemptId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Where a message to a reporter stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Delivery {
    /// The next attempt starts then.
    Waiting {
        /// When.
        next_at: Timestamp,
        /// How many attempts were made.
        made: u32,
    },
    /// An attempt is under way, its outcome not known.
    InFlight {
        /// The attempt.
        attempt: AttemptId,
        /// When its intent was committed.
        since: Timestamp,
        /// When to ask the carrier.
        check_at: Timestamp,
        /// How many attempts were made, this one included.
        made: u32,
    },
    /// The carrier took it; not yet known to have arrived. Asked again at `check_at` until `silent_attempt_limit` has passed.
    Sent {
        /// The attempt.
        attempt: AttemptId,
        /// When it was taken.
        at: Timestamp,
        /// When to ask the carrier.
        check_at: Timestamp,
    },
    /// Nothing can be sent to the reporter: it is kept, and seen when they come back with their code.
    Kept {
        /// Since when.
        since: Timestamp,
    },
    /// It is on the reporter's device.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// Sent, and nothing more was ever heard.
    Unconfirmed {
        /// When it was given up to ask.
        at: Timestamp,
    },
    /// Perhaps sent: the carrier's answer was lost and it could not be found. Not sent again by itself.
    Unknown {
        /// Since when.
        at: Timestamp,
    },
    /// It will not arrive.
    Failed {
        /// When.
        at: Timestamp,
        /// Why.
        end: End,
    },
}

/// What happened to a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "made, decided on and dropped: none is kept")]
pub enum Event {
    /// Its timer fired.
    Timer,
    /// The carrier's answer.
    Sent {
        /// To which attempt.
        attempt: AttemptId,
        /// What it said.
        outcome: SendOutcome,
        /// The carrier's error code, if any.
        code: Option<i64>,
    },
    /// A receipt was merged into the attempt's evidence.
    News {
        /// Which attempt.
        attempt: AttemptId,
        /// What is known.
        evidence: Evidence,
    },
    /// The carrier was asked and has no trace.
    NotFound {
        /// Which attempt.
        attempt: AttemptId,
    },
    /// The carrier could not be asked.
    CouldNotAsk {
        /// Which attempt.
        attempt: AttemptId,
    },
    /// The reporter texted STOP before it was sent: it is kept for when they come back (R71).
    Stopped,
    /// The reporter has it before them: on our own page, in the chat, or read aloud on a call.
    Seen,
}

/// What the shell must do after the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Send this attempt. Comes of [`Event::Timer`] only, so that it goes out by its lane.
    Send(AttemptId),
    /// Ask the carrier about it.
    Ask(AttemptId),
    /// The way back is closed: the reporter opted out (21610).
    OptedOut,
    /// The way back is closed: the address cannot be reached.
    Unreachable,
}

impl Delivery {
    /// When it wants to be woken; `None` when it is over.
    pub fn timer(&self) -> Option<Timestamp> {
        match self {
            Delivery::Waiting { next_at, .. } => Some(*next_at),
            Delivery::InFlight { check_at, .. } | Delivery::Sent { check_at, .. } => Some(*check_at),
            Delivery::Kept { .. }
            | Delivery::Delivered { .. }
            | Delivery::Unconfirmed { .. }
            | Delivery::Unknown { .. }
            | Delivery::Failed { .. } => None,
        }
    }
    /// Decides, as [`super::obligation::Obligation::decide`] does.
    pub fn decide(self, event: Event, now: Timestamp, fresh: AttemptId, jitter: f64, policy: &Policy) -> (Self, Vec<Effect>) {
        let at = Moment { now, fresh, jitter, policy };
        match event {
            Event::Timer => self.woken(at),
            Event::Sent { attempt, outcome, code } => self.sent(attempt, outcome, code, at),
            Event::News { attempt, evidence } => self.news(attempt, &evidence, at),
            Event::NotFound { attempt } => self.not_found(attempt, at),
            Event::CouldNotAsk { attempt } => self.could_not_ask(attempt, at),
            Event::Stopped => (self.stopped(at), Vec::new()),
            Event::Seen => (self.seen(at), Vec::new()),
        }
    }

    /// Only what has not been begun can be held back.
    fn stopped(self, at: Moment<'_>) -> Self {
        match self {
            Delivery::Waiting { .. } => Delivery::Kept { since: at.now },
            same @ (Delivery::InFlight { .. }
            | Delivery::Sent { .. }
            | Delivery::Kept { .. }
            | Delivery::Delivered { .. }
            | Delivery::Unconfirmed { .. }
            | Delivery::Unknown { .. }
            | Delivery::Failed { .. }) => same,
        }
    }

    /// Seen is seen, however it got there; what was on its way by another road needs no more asking.
    fn seen(self, at: Moment<'_>) -> Self {
        match self {
            same @ Delivery::Delivered { .. } => same,
            Delivery::Waiting { .. }
            | Delivery::InFlight { .. }
            | Delivery::Sent { .. }
            | Delivery::Kept { .. }
            | Delivery::Unconfirmed { .. }
            | Delivery::Unknown { .. }
            | Delivery::Failed { .. } => Delivery::Delivered { at: at.now },
        }
    }

    fn woken(self, at: Moment<'_>) -> (Self, Vec<Effect>) {
        let asked_at = |check_at: Timestamp| at.plus(check_at, -at.policy.ask_after);
        match self {
            Delivery::Waiting { next_at, made } if at.now >= next_at => at.start(made),
            Delivery::InFlight { attempt, since, check_at, made } if at.now >= check_at => {
                if asked_at(check_at) >= at.plus(since, at.policy.silent_attempt_limit) {
                    return (Delivery::Unknown { at: at.now }, Vec::new());
                }
                (Delivery::InFlight { attempt, since, check_at: at.ask_at(), made }, vec![Effect::Ask(attempt)])
            }
            Delivery::Sent { attempt, at: taken, check_at } if at.now >= check_at => {
                if asked_at(check_at) >= at.plus(taken, at.policy.silent_attempt_limit) {
                    return (Delivery::Unconfirmed { at: at.now }, Vec::new());
                }
                (Delivery::Sent { attempt, at: taken, check_at: at.ask_at() }, vec![Effect::Ask(attempt)])
            }
            same @ (Delivery::Waiting { .. } | Delivery::InFlight { .. } | Delivery::Sent { .. }) => (same, Vec::new()),
            over @ (Delivery::Kept { .. }
            | Delivery::Delivered { .. }
            | Delivery::Unconfirmed { .. }
            | Delivery::Unknown { .. }
            | Delivery::Failed { .. }) => (over, Vec::new()),
        }
    }

    fn sent(self, attempt: AttemptId, outcome: SendOutcome, code: Option<i64>, at: Moment<'_>) -> (Self, Vec<Effect>) {
        let Delivery::InFlight { attempt: current, since, made, .. } = self else { return (self, Vec::new()) };
        if current != attempt {
            return (self, Vec::new());
        }
        match outcome {
            SendOutcome::Accepted => (at.taken(attempt), Vec::new()),
            SendOutcome::Transient | SendOutcome::Throttled(None) => at.try_again(made, Cause::Fault, code),
            SendOutcome::Throttled(Some(wait)) => at.try_again(made, Cause::Told(wait), code),
            SendOutcome::PutOff => (Delivery::Waiting { next_at: at.now, made: made.saturating_sub(1) }, Vec::new()),
            SendOutcome::Permanent | SendOutcome::OptedOut => at.failed(End::Undelivered(code)),
            // A carrier's list may lag behind: what it does not show at once may still be there.
            SendOutcome::Unknown => {
                let check_at = at.plus(since, at.policy.ask_after).max(at.now);
                (Delivery::InFlight { attempt, since, check_at, made }, Vec::new())
            }
        }
    }

    fn news(self, attempt: AttemptId, evidence: &Evidence, at: Moment<'_>) -> (Self, Vec<Effect>) {
        // Whatever we believed, and whichever attempt it was: the reporter has it.
        if let Some(delivered) = evidence.delivered {
            return match self {
                Delivery::Delivered { .. } | Delivery::Kept { .. } => (self, Vec::new()),
                Delivery::Waiting { .. } | Delivery::InFlight { .. } | Delivery::Sent { .. } => {
                    (Delivery::Delivered { at: delivered }, Vec::new())
                }
                Delivery::Unconfirmed { .. } | Delivery::Unknown { .. } | Delivery::Failed { .. } => {
                    (Delivery::Delivered { at: delivered }, Vec::new())
                }
            };
        }
        let lost = match &evidence.ended {
            Some((_, end @ (End::Failed(_) | End::Undelivered(_) | End::Canceled))) => Some(end.clone()),
            Some((_, End::Completed | End::Busy | End::NoAnswer)) | None => None,
        };
        let taken = evidence.taken_at().is_some();
        match self {
            Delivery::InFlight { attempt: current, .. } if current == attempt => match lost {
                Some(end) => at.failed(end),
                None if taken => (at.taken(attempt), Vec::new()),
                None => (self, Vec::new()),
            },
            Delivery::Sent { attempt: current, .. } if current == attempt => lost.map_or((self, Vec::new()), |end| at.failed(end)),
            Delivery::Unconfirmed { .. } => lost.map_or((self, Vec::new()), |end| at.failed(end)),
            // It was thought not to be sent, or nobody knew: it was.
            Delivery::Waiting { .. } | Delivery::Unknown { .. } => match lost {
                Some(end) => at.failed(end),
                None if taken => (at.taken(attempt), Vec::new()),
                None => (self, Vec::new()),
            },
            Delivery::InFlight { .. }
            | Delivery::Sent { .. }
            | Delivery::Kept { .. }
            | Delivery::Delivered { .. }
            | Delivery::Failed { .. } => (self, Vec::new()),
        }
    }

    /// Believed only when enough time has passed for the carrier's list to be complete; then it is sent again.
    fn not_found(self, attempt: AttemptId, at: Moment<'_>) -> (Self, Vec<Effect>) {
        match self {
            Delivery::InFlight { attempt: current, since, made, .. }
                if current == attempt && at.now >= at.plus(since, at.policy.ask_after) =>
            {
                if made >= at.policy.most_attempts {
                    (Delivery::Unknown { at: at.now }, Vec::new())
                } else {
                    (Delivery::Waiting { next_at: at.now, made }, Vec::new())
                }
            }
            same @ (Delivery::Waiting { .. } | Delivery::InFlight { .. } | Delivery::Sent { .. }) => (same, Vec::new()),
            over @ (Delivery::Kept { .. }
            | Delivery::Delivered { .. }
            | Delivery::Unconfirmed { .. }
            | Delivery::Unknown { .. }
            | Delivery::Failed { .. }) => (over, Vec::new()),
        }
    }

    fn could_not_ask(self, attempt: AttemptId, at: Moment<'_>) -> (Self, Vec<Effect>) {
        match self {
            Delivery::InFlight { attempt: current, since, .. }
                if current == attempt && at.now >= at.plus(since, at.policy.silent_attempt_limit) =>
            {
                (Delivery::Unknown { at: at.now }, Vec::new())
            }
            same @ (Delivery::Waiting { .. } | Delivery::InFlight { .. } | Delivery::Sent { .. }) => (same, Vec::new()),
            over @ (Delivery::Kept { .. }
            | Delivery::Delivered { .. }
            | Delivery::Unconfirmed { .. }
            | Delivery::Unknown { .. }
            | Delivery::Failed { .. }) => (over, Vec::new()),
        }
    }
}

impl Delivery {
    /// The same in a deployment that was restored from a backup: what had not gone out may have gone out since, and is not sent by itself.
    #[must_use]
    pub fn restored(self, now: Timestamp) -> Self {
        match self {
            Delivery::Waiting { .. } | Delivery::InFlight { .. } => Delivery::Unknown { at: now },
            Delivery::Sent { .. } => Delivery::Unconfirmed { at: now },
            over @ (Delivery::Kept { .. }
            | Delivery::Delivered { .. }
            | Delivery::Unconfirmed { .. }
            | Delivery::Unknown { .. }
            | Delivery::Failed { .. }) => over,
        }
    }
}

/// What a decision needs besides the event.
#[derive(Clone, Copy)]
struct Moment<'a> {
    now: Timestamp,
    fresh: AttemptId,
    jitter: f64,
    policy: &'a Policy,
}

impl Moment<'_> {
    fn plus(self, at: Timestamp, by: SignedDuration) -> Timestamp {
        at.saturating_add(by).unwrap_or(at)
    }
    fn ask_at(self) -> Timestamp {
        self.plus(self.now, self.policy.ask_after)
    }
    fn start(self, made: u32) -> (Delivery, Vec<Effect>) {
        let Self { now, fresh, .. } = self;
        let next = Delivery::InFlight { attempt: fresh, since: now, check_at: self.ask_at(), made: made.saturating_add(1) };
        (next, vec![Effect::Send(fresh)])
    }
    fn taken(self, attempt: AttemptId) -> Delivery {
        Delivery::Sent { attempt, at: self.now, check_at: self.ask_at() }
    }
    fn try_again(self, made: u32, cause: Cause, code: Option<i64>) -> (Delivery, Vec<Effect>) {
        if made >= self.policy.most_attempts {
            return self.failed(End::Failed(code));
        }
        // There is no due time: the present stands for one that has passed.
        let next_at = retry::next_at(cause, made, self.now, self.now, self.jitter, self.policy);
        (Delivery::Waiting { next_at, made }, Vec::new())
    }
    /// It will not arrive, and perhaps nothing else will (R71).
    fn failed(self, end: End) -> (Delivery, Vec<Effect>) {
        let code = match &end {
            End::Failed(code) | End::Undelivered(code) => *code,
            End::Completed | End::Busy | End::NoAnswer | End::Canceled => None,
        };
        let effects = match code {
            Some(21610 | 40300) => vec![Effect::OptedOut],
            Some(21211 | 21614 | 30005 | 30006 | 40001 | 40310) => vec![Effect::Unreachable],
            Some(_) | None => Vec::new(),
        };
        (Delivery::Failed { at: self.now, end }, effects)
    }
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
mod tests;
