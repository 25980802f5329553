//! The delivery of one message to a reporter: like an obligation, but it prefers a loss that is shown to a duplicate.
//!
//! There is no due time and nobody to escalate to but the analyst who sees the message's state on the page.

use super::evidence::{End, Evidence};
use super::obligation::SendOutcome;
use super::policy::Policy;
use crate::id::AttemptId;
use jiff::Timestamp;
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
}

/// What the shell must do after the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Send this attempt.
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
            Delivery::Delivered { .. } | Delivery::Unconfirmed { .. } | Delivery::Unknown { .. } | Delivery::Failed { .. } => None,
        }
    }
    /// Decides, as [`super::obligation::Obligation::decide`] does.
    pub fn decide(self, event: Event, now: Timestamp, fresh: AttemptId, jitter: f64, policy: &Policy) -> (Self, Vec<Effect>) {
        let _ = (event, now, fresh, jitter, policy);
        todo!()
    }
}
