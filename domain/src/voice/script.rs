//! The steps of a call, in no carrier's words.

use crate::exchange::StepToken;
use crate::language::Language;
use crate::sealed::Address;

/// What a call does next, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    /// The steps.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Speak.
    Say {
        /// The words.
        words: String,
        /// In which language.
        language: Language,
    },
    /// Wait.
    Pause {
        /// Seconds, 1 to 10.
        seconds: u8,
    },
    /// Speak and listen for keys; keys may be pressed before the words end. Asks for the next script with the keys, or with none
    /// when the time ran out.
    Ask {
        /// What is spoken, only `Say` and `Pause`.
        prompt: Vec<Step>,
        /// How many keys, at most.
        digits: u8,
        /// Whether `#` ends them before there are so many; it is not among them then.
        finish_on_hash: bool,
        /// Seconds to wait after the words.
        wait_seconds: u8,
        /// The token of the next step.
        then: StepToken,
    },
    /// Ask for the next script when everything before has been spoken.
    Continue {
        /// The token of the next step.
        then: StepToken,
    },
    /// Record what is said, after a tone, until `#` is pressed, a silence, or the time is over. Asks for the next script then; when the
    /// caller has hung up instead, only the news of the recording comes.
    Record {
        /// The longest recording, in seconds.
        most_seconds: u16,
        /// A silence of so many seconds ends it.
        silence_seconds: u8,
        /// The language that was spoken with the caller: a machine may try to understand it.
        language: Language,
        /// The token of the next step.
        then: StepToken,
    },
    /// Connect the caller with this number. Asks for the next script when that is over, or nobody answered.
    Dial {
        /// The desk's or a hotline's number.
        to: Address,
        /// Our number, which is shown there: never the reporter's.
        from: Address,
        /// How long it may ring, in seconds.
        ring_seconds: u8,
        /// The token of the next step.
        then: StepToken,
    },
    /// End the call.
    HangUp,
}
