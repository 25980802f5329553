//! The call to an enduser: there is a report; key the spoken code to confirm. A machine gets a voicemail after its beep and
//! confirms nothing; a wrong key confirms nothing (R14, R19, R32).

use super::script::Script;
use crate::conversation::reference::Reference;
use crate::dispatch::evidence::ReceiptKind;
use crate::dispatch::words::Voice;
use crate::exchange::{Heard, StepToken};
use crate::language::Language;
use crate::level::Level;
use serde::{Deserialize, Serialize};

/// The two-digit code spoken on one call, for that call alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SpokenCode([u8; 2]);

impl SpokenCode {
    /// From a random number: two digits.
    pub fn from_bits(random: u16) -> Self { let _ = random; todo!() }
    /// The digits as keyed: "47".
    pub fn digits(self) -> String { format!("{}{}", self.0[0], self.0[1]) }
}

impl std::fmt::Debug for SpokenCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("SpokenCode(sealed)") }
}

/// Where a call stands. `step` counts the scripts given out; the token of the next step is made from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnduserCall {
    /// The number of the step that is waited for: 0 before the line is picked up.
    pub step: u32,
    /// What is going on.
    pub phase: Phase,
}

/// What is going on in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum Phase {
    /// Dialled, not picked up.
    Dialled,
    /// The code was spoken and is listened for; `tries` were made.
    Asking {
        /// Rounds in which the code was not keyed.
        tries: u8,
    },
    /// A voicemail is being spoken.
    Voicemail,
    /// Confirmed; thanks are being spoken.
    Confirmed,
    /// Nothing more will be said.
    Over,
}

/// What is said on this call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The line's name and call-back number.
    pub voice: &'a Voice,
    /// The organization that is told.
    pub organization_name: &'a str,
    /// The tip's reference.
    pub reference: &'a Reference,
    /// Decides "urgent" or not.
    pub level: Level,
    /// The listener's language.
    pub language: Language,
    /// The code of this call.
    pub code: SpokenCode,
}

/// How often the code is asked for before the call ends.
pub const MOST_TRIES: u8 = 3;

impl EnduserCall {
    /// A call that was just placed.
    pub fn new() -> Self { Self { step: 0, phase: Phase::Dialled } }
    /// What to say now, where the call stands then, and what it proves. `then` is the token of step `self.step + 1`.
    pub fn decide(self, heard: &Heard, facts: &Facts<'_>, then: StepToken) -> (Self, Script, Vec<ReceiptKind>) { let _ = (heard, facts, then); todo!() }
    /// The script for the present state again, for a carrier that repeats the step before: the same words, no change.
    /// `then` is the token of step `self.step`.
    pub fn again(&self, facts: &Facts<'_>, then: StepToken) -> Script { let _ = (facts, then); todo!() }
}

impl Default for EnduserCall {
    fn default() -> Self { Self::new() }
}
