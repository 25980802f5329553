//! The call to an enduser: there is a report; key the spoken code, or your own PIN, to confirm. A machine gets a voicemail after its beep
//! and confirms nothing; nine says "that is not me"; a wrong key confirms nothing (R14, R19, R32).
//!
//! Owns what follows from what was heard, and what it proves; the words are in `phrases`. Nothing is said about the tip, and the reference
//! only after the confirmation or to a machine. The one thing that ever tells of the tip is the summary that the organization has accepted
//! in writing: after a confirmation *and* the person's PIN, never to a machine (R6, R18).

use super::phrases;
use super::script::Script;
use crate::conversation::reference::Reference;
use crate::dispatch::evidence::{ConfirmedBy, ReceiptKind};
use crate::dispatch::purpose::Purpose;
use crate::dispatch::words::Voice;
use crate::exchange::{AnsweredBy, Heard, StepToken};
use crate::language::Language;
use crate::level::Level;
use crate::sealed::Words;
use serde::{Deserialize, Serialize};

/// The two-digit code spoken on one call, for that call alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SpokenCode([u8; 2]);

impl SpokenCode {
    /// From a random number: two digits. The first is neither 0 nor 9, which have a meaning of their own; the second is another, so that
    /// somebody who presses one key again and again confirms nothing. 72 codes.
    pub fn from_bits(random: u16) -> Self {
        let first = 1 + random % 8;
        let second = (first + 1 + random / 8 % 9) % 10;
        Self([first as u8, second as u8])
    }
    /// The digits as keyed: "47".
    pub fn digits(self) -> String {
        format!("{}{}", self.0[0], self.0[1])
    }
}

impl std::fmt::Debug for SpokenCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SpokenCode(sealed)")
    }
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
    /// While the code was asked for, detection found that a machine listens: what is said next is its voicemail.
    Machine {
        /// Rounds in which the code was not keyed.
        tries: u8,
    },
    /// A voicemail is being spoken.
    Voicemail,
    /// The person's PIN is asked for, to confirm by it.
    Pin {
        /// Rounds in which it was not keyed.
        tries: u8,
    },
    /// Confirmed; the PIN is asked for, to hear the report.
    Content {
        /// Rounds in which it was not keyed.
        tries: u8,
    },
    /// Confirmed; the last words are being spoken.
    Confirmed {
        /// Which.
        #[serde(default)]
        last: LastWords,
    },
    /// It is somebody else's number: that is regretted, and the call ends.
    NotMe,
    /// Nothing more will be said.
    Over,
}

/// The last words of a confirmed call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastWords {
    /// Thanks and the reference.
    #[default]
    Thanks,
    /// The report.
    Report,
    /// That the report is to be read after a login: no PIN was keyed.
    LogIn,
}

/// What is known of the person's PIN. The shell compares; no digit of it comes here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PinState {
    /// They have none.
    #[default]
    None,
    /// They have one; nothing was keyed that had to be compared with it.
    Kept,
    /// What was keyed is it.
    Right,
    /// What was keyed is not it.
    Wrong,
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
    /// Why they are told.
    pub purpose: Purpose,
    /// Decides "urgent" or not.
    pub level: Level,
    /// The listener's language.
    pub language: Language,
    /// The code of this call.
    pub code: SpokenCode,
    /// The person's PIN.
    pub pin: PinState,
    /// The summary, when the organization has accepted one by speech and there is one.
    pub summary: Option<&'a Words>,
    /// Whether a machine is known to be on this line, from news that came beside the call.
    pub machine: bool,
}

/// What follows from news that came beside the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// Where the call stands now; the step is the same.
    pub call: EnduserCall,
    /// What it proves.
    pub receipts: Vec<ReceiptKind>,
    /// Whether the call has to be made to ask for its present step anew, because something else is to be said now.
    pub steer: bool,
}

/// How often the code is asked for before the call ends; the PIN likewise.
pub const MOST_TRIES: u8 = 3;
/// The shortest PIN.
pub const LEAST_PIN_DIGITS: u8 = 4;
/// The longest PIN.
pub const MOST_PIN_DIGITS: u8 = 8;

impl EnduserCall {
    /// A call that was just placed.
    pub fn new() -> Self {
        Self { step: 0, phase: Phase::Dialled }
    }
    /// Whether the keys of the next step are a PIN, which the shell compares before it asks here.
    pub fn wants_pin(&self) -> bool {
        match self.phase {
            Phase::Pin { .. } | Phase::Content { .. } => true,
            Phase::Dialled | Phase::Asking { .. } | Phase::Machine { .. } | Phase::Voicemail => false,
            Phase::Confirmed { .. } | Phase::NotMe | Phase::Over => false,
        }
    }
    /// What to say now, where the call stands then, and what it proves. `then` is the token of step `self.step + 1`.
    pub fn decide(self, heard: &Heard, facts: &Facts<'_>, then: StepToken) -> (Self, Script, Vec<ReceiptKind>) {
        let (phase, receipts) = match self.phase {
            Phase::Dialled => picked_up(heard, facts),
            Phase::Asking { tries } => answered(heard, tries, facts),
            // Keys answer the code that was spoken before the machine was suspected: detection errs, a right code does not.
            Phase::Machine { tries } => match heard {
                Heard::Digits(keys) if !keys.is_empty() => answered(heard, tries, facts),
                Heard::Digits(_) | Heard::Answered(_) | Heard::Spoken | Heard::Steered => (Phase::Voicemail, Vec::new()),
            },
            Phase::Voicemail => match heard {
                Heard::Spoken => (Phase::Over, vec![ReceiptKind::VoicemailLeft]),
                Heard::Digits(keys) if !keys.is_empty() => (Phase::Over, vec![ReceiptKind::HumanAnswered]),
                Heard::Digits(_) | Heard::Answered(_) | Heard::Steered => (Phase::Over, Vec::new()),
            },
            Phase::Pin { tries } => pin_to_confirm(heard, tries, facts),
            Phase::Content { tries } => pin_to_hear(heard, tries, facts),
            Phase::Confirmed { .. } | Phase::NotMe | Phase::Over => (Phase::Over, Vec::new()),
        };
        let script = match (self.phase, phase) {
            (Phase::Asking { .. } | Phase::Machine { .. } | Phase::Pin { .. }, Phase::Over) => phrases::gave_up(facts),
            (_, phase) => phrases::script(phase, heard == &Heard::Answered(AnsweredBy::MachineSpeaking), facts, then),
        };
        (Self { step: self.step.saturating_add(1), phase }, script, receipts)
    }
    /// Who picked up, told beside the call's own road while it goes on (asynchronous detection). `person` is true when somebody has pressed
    /// a key on this call: then no machine is believed in.
    pub fn aside(self, by: AnsweredBy, person: bool) -> Aside {
        let (phase, receipts) = match (by, self.phase) {
            (AnsweredBy::Human, phase) => (phase, vec![ReceiptKind::HumanAnswered]),
            (AnsweredBy::Unknown, phase) => (phase, Vec::new()),
            (AnsweredBy::MachineSpeaking, phase) => (phase, vec![ReceiptKind::MachineAnswered]),
            (AnsweredBy::MachineReady, Phase::Asking { tries }) if !person => {
                (Phase::Machine { tries }, vec![ReceiptKind::MachineAnswered])
            }
            (AnsweredBy::MachineReady, phase) => (phase, vec![ReceiptKind::MachineAnswered]),
            (AnsweredBy::Fax, Phase::Dialled | Phase::Asking { .. }) if !person => (Phase::Over, vec![ReceiptKind::FaxAnswered]),
            (AnsweredBy::Fax, phase) => (phase, vec![ReceiptKind::FaxAnswered]),
        };
        // Before the line has asked for its first step there is nothing to be steered away from.
        let steer = phase != self.phase && self.phase != Phase::Dialled;
        Aside { call: Self { phase, ..self }, receipts, steer }
    }
    /// The script for the present state again, for a carrier that repeats the step before: the same words, no change.
    /// `then` is the token of step `self.step`.
    pub fn again(&self, facts: &Facts<'_>, then: StepToken) -> Script {
        phrases::script(self.phase, false, facts, then)
    }
}

/// The line was picked up. Who it was is the carrier's guess; only `Human` is passed on as evidence of a person, while `Unknown`
/// is spoken to like one (carriers.md 2.2).
fn picked_up(heard: &Heard, facts: &Facts<'_>) -> (Phase, Vec<ReceiptKind>) {
    let asking = Phase::Asking { tries: 0 };
    match heard {
        Heard::Answered(AnsweredBy::Human) => (asking, vec![ReceiptKind::Answered, ReceiptKind::HumanAnswered]),
        Heard::Answered(AnsweredBy::Unknown) if facts.machine => (Phase::Voicemail, vec![ReceiptKind::Answered]),
        Heard::Answered(AnsweredBy::Unknown) => (asking, vec![ReceiptKind::Answered]),
        Heard::Answered(AnsweredBy::MachineReady | AnsweredBy::MachineSpeaking) => {
            (Phase::Voicemail, vec![ReceiptKind::Answered, ReceiptKind::MachineAnswered])
        }
        Heard::Answered(AnsweredBy::Fax) => (Phase::Over, vec![ReceiptKind::Answered, ReceiptKind::FaxAnswered]),
        // Keys before anything was asked prove a person, but they cannot be the code: it was not spoken yet.
        Heard::Digits(keys) if !keys.is_empty() => (asking, vec![ReceiptKind::Answered, ReceiptKind::HumanAnswered]),
        Heard::Digits(_) | Heard::Spoken | Heard::Steered => (asking, vec![ReceiptKind::Answered]),
    }
}

/// The code was spoken; this is what came back.
fn answered(heard: &Heard, tries: u8, facts: &Facts<'_>) -> (Phase, Vec<ReceiptKind>) {
    let next = another(tries, |tries| Phase::Asking { tries }, Phase::Over);
    match heard {
        Heard::Digits(keys) => {
            let digits: String = keys.chars().filter(char::is_ascii_digit).collect();
            match digits.as_str() {
                code if code == facts.code.digits() => confirmed(ConfirmedBy::Keypad, facts),
                "9" | "99" => (Phase::NotMe, vec![ReceiptKind::HumanAnswered, ReceiptKind::NotMe]),
                "0" | "00" if facts.pin != PinState::None => (Phase::Pin { tries: 0 }, vec![ReceiptKind::HumanAnswered]),
                _ if keys.is_empty() => (next, Vec::new()),
                _ => (next, vec![ReceiptKind::HumanAnswered, ReceiptKind::WrongKey]),
            }
        }
        // Detection may find out late that it has been speaking to a machine.
        Heard::Answered(AnsweredBy::MachineReady | AnsweredBy::MachineSpeaking) => (Phase::Voicemail, vec![ReceiptKind::MachineAnswered]),
        Heard::Answered(AnsweredBy::Fax) => (Phase::Over, vec![ReceiptKind::FaxAnswered]),
        Heard::Answered(AnsweredBy::Human | AnsweredBy::Unknown) | Heard::Spoken => (next, Vec::new()),
        // Steered, and a person turned out to be there meanwhile: the code is asked for again.
        Heard::Steered => (Phase::Asking { tries }, Vec::new()),
    }
}

/// The PIN was asked for, to confirm by it.
fn pin_to_confirm(heard: &Heard, tries: u8, facts: &Facts<'_>) -> (Phase, Vec<ReceiptKind>) {
    let next = another(tries, |tries| Phase::Pin { tries }, Phase::Over);
    match (heard, facts.pin) {
        (Heard::Digits(keys), PinState::Right) if !keys.is_empty() => confirmed(ConfirmedBy::Pin, facts),
        (Heard::Digits(keys), PinState::Wrong | PinState::Kept | PinState::None) if !keys.is_empty() => {
            (next, vec![ReceiptKind::HumanAnswered, ReceiptKind::WrongKey])
        }
        (Heard::Digits(_) | Heard::Answered(_) | Heard::Spoken | Heard::Steered, _) => (next, Vec::new()),
    }
}

/// The PIN was asked for, to hear the report. Whatever is keyed, the confirmation stands.
fn pin_to_hear(heard: &Heard, tries: u8, facts: &Facts<'_>) -> (Phase, Vec<ReceiptKind>) {
    let log_in = Phase::Confirmed { last: LastWords::LogIn };
    let next = another(tries, |tries| Phase::Content { tries }, log_in);
    match (heard, facts.pin) {
        (Heard::Digits(keys), PinState::Right) if !keys.is_empty() => match facts.summary {
            Some(_) => (Phase::Confirmed { last: LastWords::Report }, Vec::new()),
            None => (log_in, Vec::new()),
        },
        (Heard::Digits(keys), PinState::Wrong | PinState::Kept | PinState::None) if !keys.is_empty() => (next, vec![ReceiptKind::WrongKey]),
        (Heard::Digits(_) | Heard::Answered(_) | Heard::Spoken | Heard::Steered, _) => (next, Vec::new()),
    }
}

/// A person confirmed. The report is offered to those who can show a PIN, when there is one that may be spoken.
fn confirmed(by: ConfirmedBy, facts: &Facts<'_>) -> (Phase, Vec<ReceiptKind>) {
    let phase = match (facts.pin, facts.summary) {
        (PinState::Kept | PinState::Right | PinState::Wrong, Some(_)) => Phase::Content { tries: 0 },
        (PinState::None, Some(_)) => Phase::Confirmed { last: LastWords::LogIn },
        (PinState::None | PinState::Kept | PinState::Right | PinState::Wrong, None) => Phase::Confirmed { last: LastWords::Thanks },
    };
    (phase, vec![ReceiptKind::HumanAnswered, ReceiptKind::Confirmed(by)])
}

/// One more round, or the end of them.
fn another(tries: u8, round: impl Fn(u8) -> Phase, end: Phase) -> Phase {
    let tries = tries.saturating_add(1);
    if tries < MOST_TRIES { round(tries) } else { end }
}

impl Default for EnduserCall {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
#[path = "enduser_tests.rs"]
mod tests;
