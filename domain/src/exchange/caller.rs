//! A reporter's call to us, as the carrier tells it: it came in, a step ended, there is a recording or its words.

use super::{ProviderId, StepToken};
use crate::id::{AccountKey, AttemptId, CallId};
use crate::sealed::{Address, Words};

/// Something about a reporter's call to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerEvent {
    /// The account it came through.
    pub account: AccountKey,
    /// The carrier's id of the call.
    pub provider_id: ProviderId,
    /// The caller's number, as the carrier gives it; may be a word for "hidden".
    pub from: Address,
    /// Our number.
    pub to: Address,
    /// What happened.
    pub news: CallerNews,
}

/// What happened on a reporter's call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallerNews {
    /// It came in, and wants its first script.
    Started,
    /// A step ended, and the next script is wanted.
    Step {
        /// The call, from the step's URL.
        call: CallId,
        /// The token of the step's URL.
        token: StepToken,
        /// What happened on the line.
        heard: CallerHeard,
    },
    /// A recording is ready; comes also when the caller has hung up. No script is wanted.
    Recording {
        /// The carrier's id of the recording: one recording, one message.
        recording: ProviderId,
        /// Where it can be fetched, with credentials.
        url: Words,
        /// How long it is.
        seconds: u32,
    },
    /// What a machine understood of a recording. Never waited for.
    Transcript {
        /// The call, from the URL.
        call: CallId,
        /// The carrier's id of the recording.
        recording: ProviderId,
        /// The words.
        words: Words,
    },
}

/// What happened on a reporter's line at the end of a step.
#[derive(Clone, PartialEq, Eq)]
pub enum CallerHeard {
    /// Keys were pressed (may be empty when the time ran out).
    Digits(String),
    /// What was to be said was said to its end.
    Spoken,
    /// A recording ended (its address comes as [`CallerNews::Recording`]); `empty` when nothing was said.
    Recorded {
        /// True when the carrier says that it has no length.
        empty: bool,
    },
    /// Connecting is over.
    Dialled {
        /// True when somebody answered.
        answered: bool,
    },
}

/// Shows no key: sixteen of them are a return code.
impl std::fmt::Debug for CallerHeard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CallerHeard::Digits(keys) => write!(f, "Digits({} keys)", keys.len()),
            CallerHeard::Spoken => f.write_str("Spoken"),
            CallerHeard::Recorded { empty } => write!(f, "Recorded {{ empty: {empty} }}"),
            CallerHeard::Dialled { answered } => write!(f, "Dialled {{ answered: {answered} }}"),
        }
    }
}

/// Which call a script is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallRef {
    /// One of ours.
    Attempt(AttemptId),
    /// A reporter's.
    Caller(CallId),
}
