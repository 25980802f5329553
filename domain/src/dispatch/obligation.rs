//! One obligation and its whole life: a state machine that executes nothing. The states, events and effects are here; how one leads to
//! another is in `decide`.
//!
//! `decide` takes an event and answers with the next state and the effects that the shell has to carry out after the commit.
//! The intent of an attempt is in the state before the carrier is called; an attempt whose outcome is unknown is looked for at
//! the carrier before another is made, and Critical prefers a duplicate to a loss.

use super::evidence::{ConfirmedBy, Evidence};
use super::plan::{Start, Step};
use super::policy::Policy;
use super::purpose::Purpose;
use crate::id::{AccountKey, AttemptId, ConversationId, DispatchId, ObligationId};
use crate::level::Level;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub use super::fallback::{next_means, promised, school_reached, school_unreachable};

/// One thing promised to one enduser on one channel before one due time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obligation {
    /// Its id.
    pub id: ObligationId,
    /// The dispatch it belongs to.
    pub dispatch: DispatchId,
    /// The tip.
    pub conversation: ConversationId,
    /// Why they are told; as the dispatch has it.
    #[serde(default)]
    pub purpose: Purpose,
    /// The level of the dispatch.
    pub level: Level,
    /// What was promised.
    pub step: Step,
    /// Where it stands.
    pub state: State,
    /// How many attempts have been started.
    pub attempts: u32,
    /// How many attempts were taken by a carrier and came to an end: only these use up `most_attempts`.
    #[serde(default)]
    pub ended: u32,
    /// When the first attempt started (R66).
    pub first_attempt_at: Option<Timestamp>,
    /// When a carrier first took it.
    pub submitted_at: Option<Timestamp>,
    /// When a person confirmed (R66).
    pub confirmed_at: Option<Timestamp>,
    /// When the due time passed without it (a breach event was raised).
    pub breached_at: Option<Timestamp>,
    /// The attempt started last: only its news moves the state, except that a confirmation of any attempt counts.
    #[serde(default)]
    pub latest: Option<AttemptId>,
    /// Whether the same person has confirmed on another channel before this one could be closed by it.
    #[serde(default)]
    pub elsewhere: Elsewhere,
    /// The account that the latest attempt went by; the shell writes it with the attempt's intent.
    #[serde(default)]
    pub went_by: Option<AccountKey>,
    /// Whether the latest attempt came to nothing by the carrier's fault: the next one goes by another carrier, if there is one.
    #[serde(default)]
    pub carrier_failed: bool,
    /// Which of the person's points of this means the latest attempt went to; the shell writes it with the attempt's intent.
    #[serde(default)]
    pub went_to: u8,
    /// Points that are not tried again: refused by the carrier, returned, or answered by somebody else (key 9).
    #[serde(default)]
    pub bad_points: BTreeSet<u8>,
}

/// Whether the same person has confirmed on another channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Elsewhere {
    /// Not that we know.
    #[default]
    Unheard,
    /// Yes: the attempt under way is the last (a first one is still made, R14).
    Confirmed,
}

/// Where an obligation stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum State {
    /// Starts only if nobody at the school confirms by then (R10).
    Standby {
        /// Until when.
        until: Timestamp,
    },
    /// The next attempt starts then.
    Waiting {
        /// When.
        next_at: Timestamp,
    },
    /// An attempt is under way; if nothing is heard by `check_at`, the carrier is asked.
    InFlight {
        /// The attempt.
        attempt: AttemptId,
        /// When its intent was committed.
        since: Timestamp,
        /// When to ask.
        check_at: Timestamp,
    },
    /// Kept: the call was confirmed by a person, the mail was taken by the recipient's side.
    Satisfied {
        /// When.
        at: Timestamp,
        /// By what.
        by: Satisfaction,
    },
    /// Never needed: the school was reached before the district's turn came.
    Released {
        /// When.
        at: Timestamp,
    },
    /// Not kept; a task for a person and, for a school's call, the district's turn were started in the same commit.
    Failed {
        /// When.
        at: Timestamp,
        /// Why.
        reason: FailedBecause,
    },
}

/// What closed an obligation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Satisfaction {
    /// A person confirmed on this very channel.
    Confirmed(ConfirmedBy),
    /// The same person confirmed on another channel, after this one had been tried.
    ConfirmedElsewhere,
    /// The mail or text was taken by the carrier (mails and texts promise a notification, not an answer).
    Notified,
}

/// Why an obligation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailedBecause {
    /// All attempts were made, or the time and its grace ran out, and nobody confirmed.
    NobodyConfirmed,
    /// The carrier will never take this address, nor any other that the person has for this means.
    AddressRefused,
    /// No carrier took it in time.
    NoCarrier,
    /// Whoever answered said that they are not the person (key 9): the number is wrong.
    NotThem,
    /// The mail came back (RFC 3464), or the text was never delivered, until all attempts or the time ran out.
    Returned,
    /// The person has forbidden texts (STOP).
    OptedOut,
    /// It was open in a backup that was restored: whether it was kept after the backup nobody knows, so nothing more is sent by itself.
    Restored,
}

/// Why a promise was not kept by its due time, as far as the obligation itself can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreachReason {
    /// It was dispatched after the due time, or so late that nothing could be tried before it.
    StartedLate,
    /// It waited for its turn: too many calls for the lane's pace.
    Queue,
    /// No carrier took an attempt in time.
    NoCarrier,
    /// It was tried, and nobody confirmed.
    NobodyConfirmed,
    /// The address took nothing (refused, returned, forbidden, not theirs).
    BadAddress,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "made, decided on and dropped: none is kept")]
pub enum Event {
    /// Its timer fired.
    Timer,
    /// Its timer fired while nothing can be sent: what needs no sending is done, and an attempt stays due, so that the most urgent is the
    /// first when something can be sent again. One whose breach was recorded like this is due after the due time.
    Held,
    /// The carrier's answer to the current attempt.
    Sent {
        /// Which attempt.
        attempt: AttemptId,
        /// What the carrier said.
        outcome: SendOutcome,
    },
    /// A receipt was merged into an attempt's evidence.
    News {
        /// Which attempt (may be an older one: a late confirmation counts).
        attempt: AttemptId,
        /// All that is known about that attempt now.
        evidence: Evidence,
    },
    /// The carrier was asked about the current attempt and has no trace of it.
    NotFound {
        /// Which attempt.
        attempt: AttemptId,
    },
    /// The carrier could not be asked.
    CouldNotAsk {
        /// Which attempt.
        attempt: AttemptId,
    },
    /// The person confirmed this very telling apart from any attempt (in the portal, on the call-back line, to an analyst).
    Confirmed {
        /// When.
        at: Timestamp,
        /// How.
        by: ConfirmedBy,
    },
    /// The same person confirmed on another channel.
    PersonConfirmed,
    /// Somebody at the school confirmed (for standby).
    SchoolReached,
    /// Everybody at the school has failed (for standby: start now).
    SchoolUnreachable,
}

/// What the carrier said to an attempt; `adapters::contract::SendError` without transport words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendOutcome {
    /// Taken.
    Accepted,
    /// Not taken; may be tried again.
    Transient,
    /// Not taken; may be tried again after this long.
    Throttled(Option<SignedDuration>),
    /// Will never be taken.
    Permanent,
    /// Will never be taken: the person has forbidden texts (STOP).
    OptedOut,
    /// Perhaps taken: the answer was lost.
    Unknown,
    /// Never given to a carrier: the lane had passed to another node before its turn came. Nobody's fault.
    PutOff,
}

/// What the shell must do about the next state. `RaiseTask` and `Breach` are rows: they belong into the same commit as the state. The others
/// are done after it and may be lost in a crash: timers make up for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send this attempt now (its intent is in the same commit). Comes of [`Event::Timer`] only, so that every attempt goes out by its lane,
    /// in its turn, at the lane's pace.
    Send(AttemptId),
    /// Ask the carrier what became of this attempt.
    Ask(AttemptId),
    /// Raise a task for a person: this obligation failed.
    RaiseTask(FailedBecause),
    /// Record a breach: the due time passed and no attempt had been taken by a carrier, or (call) nobody had confirmed.
    Breach(BreachReason),
    /// This channel to the person has come to nothing: start the one that [`next_means`] names, if it names one.
    StartNext(FailedBecause),
    /// Tell the dispatch's other obligations of the same person: `PersonConfirmed`.
    TellSamePerson,
    /// Tell the dispatch's standby obligations: `SchoolReached`.
    TellSchoolReached,
    /// Check whether the school cannot be reached any more ([`school_unreachable`]); if so tell the standby obligations
    /// `SchoolUnreachable`, and when there are none (mails alone were promised) start the district's mails.
    CheckSchool,
}

/// The next state and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The next state.
    pub next: Obligation,
    /// What to do after the commit, in order.
    pub effects: Vec<Effect>,
}

/// What a decision needs besides the event.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The time.
    pub now: Timestamp,
    /// A fresh id, used if an attempt is started.
    pub fresh: AttemptId,
    /// Uniform in [0, 1).
    pub jitter: f64,
    /// Delays and limits.
    pub policy: &'a Policy,
    /// Whether a carrier other than the one that the latest attempt went by can take this means now.
    pub other_carrier: bool,
    /// How many points the person has for this means; 0 counts as 1.
    pub points: u32,
}

impl Obligation {
    /// A new obligation of a plan's step. A step that starts now waits with `next_at = now`.
    pub fn new(id: ObligationId, dispatch: DispatchId, conversation: ConversationId, level: Level, step: Step, now: Timestamp) -> Self {
        let state = match step.start {
            Start::Now(_) => State::Waiting { next_at: now },
            Start::Standby(until) => State::Standby { until },
        };
        Self {
            id,
            dispatch,
            conversation,
            purpose: Purpose::Tip,
            level,
            step,
            state,
            attempts: 0,
            ended: 0,
            first_attempt_at: None,
            submitted_at: None,
            confirmed_at: None,
            breached_at: None,
            latest: None,
            elsewhere: Elsewhere::Unheard,
            went_by: None,
            carrier_failed: false,
            went_to: 0,
            bad_points: BTreeSet::new(),
        }
    }
    /// The same, for this purpose.
    #[must_use]
    pub fn for_purpose(self, purpose: Purpose) -> Self {
        Self { purpose, ..self }
    }
    /// When this obligation wants to be woken; `None` only when it is closed (invariant 3). Never later than an unrecorded breach.
    pub fn timer(&self) -> Option<Timestamp> {
        let due = self.breach_at().unwrap_or(Timestamp::MAX);
        match &self.state {
            State::Standby { until } => Some(*until),
            State::Waiting { next_at } => Some((*next_at).min(due)),
            State::InFlight { check_at, .. } => Some((*check_at).min(due)),
            State::Satisfied { .. } | State::Released { .. } | State::Failed { .. } => None,
        }
    }
    /// The due time, while passing it would be a breach not recorded yet. A standby owes nothing before its turn, and nothing is owed any more
    /// to a person who has confirmed elsewhere. Only the telling of a tip is promised to the endusers by a time.
    pub fn breach_at(&self) -> Option<Timestamp> {
        if !self.purpose.tells_of_tip() {
            return None;
        }
        match (&self.state, self.breached_at, self.elsewhere) {
            (State::Waiting { .. } | State::InFlight { .. }, None, Elsewhere::Unheard) => Some(self.step.due_at),
            (State::Waiting { .. } | State::InFlight { .. }, Some(_), _)
            | (State::Waiting { .. } | State::InFlight { .. }, _, Elsewhere::Confirmed) => None,
            (State::Standby { .. } | State::Satisfied { .. } | State::Released { .. } | State::Failed { .. }, _, _) => None,
        }
    }
    /// Whether nothing more will happen by itself.
    pub fn is_closed(&self) -> bool {
        self.timer().is_none()
    }
    /// The same in a deployment that was restored from a backup: what was open is over, because nobody knows what was done after the backup.
    /// Only a late confirmation still counts.
    #[must_use]
    pub fn restored(mut self, now: Timestamp) -> Self {
        if !self.is_closed() {
            self.state = match self.elsewhere {
                Elsewhere::Confirmed if self.attempts > 0 => State::Satisfied { at: now, by: Satisfaction::ConfirmedElsewhere },
                Elsewhere::Confirmed | Elsewhere::Unheard => State::Failed { at: now, reason: FailedBecause::Restored },
            };
        }
        self
    }
    /// Decides. An event that does not concern the present state gives the same state and no effect; a confirmation counts in every
    /// state, a closed one included (a failed obligation that is confirmed late becomes satisfied).
    ///
    /// The one effect that may come with any event is [`Effect::Breach`]: the first event after the due time finds it passed.
    pub fn decide(self, event: Event, context: Context<'_>) -> Decision {
        super::decide::decide(self, event, context)
    }
}
