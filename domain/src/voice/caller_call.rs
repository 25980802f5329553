//! A reporter's call to us, from the greeting to the code (R70): what is said next, and what follows from what was heard.

use crate::conversation::code::ReturnCode;
use crate::exchange::{CallerHeard, StepToken};
use crate::language::Language;
use crate::sealed::{Address, Words};
use crate::voice::script::Script;
use serde::{Deserialize, Serialize};

/// Where a reporter's call stands: kept between its steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerCall {
    /// The number of the step that is awaited, from 0; a step's token is made from it.
    pub step: u32,
    /// The language chosen.
    pub language: Language,
    /// What is going on.
    pub phase: CallerPhase,
}

/// What is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum CallerPhase {
    /// The language is asked for.
    Greeting,
    /// What to do is asked for.
    Menu {
        /** How often it was asked in vain. */
        tries: u8,
    },
    /// A message is being recorded.
    Recording,
    /// The code is being read out.
    Telling,
    /// A code is being keyed.
    Code {
        /** How often a wrong one was keyed. */
        tries: u8,
    },
    /// The answers are being read out.
    Answers,
    /// An analyst is being called.
    Connecting,
    /// A hotline is being called (R51).
    Hotline,
    /// Over.
    Over,
}

/// What a call needs to know besides its state.
#[derive(Debug)]
pub struct CallerFacts<'a> {
    /// The line's name.
    pub line_name: &'a str,
    /// The desk's number, when callers can be connected.
    pub desk: Option<&'a Address>,
    /// The hotline that calls about some schools can be directed to, with the name of those schools ("Chicago Public Schools").
    pub hotline: Option<(&'a Address, &'a str)>,
    /// The code of the tip of this call, once there is one.
    pub code: Option<&'a ReturnCode>,
    /// After a code was checked: whether it was right, and what is to be read out.
    pub checked: Option<Checked<'a>>,
}

/// What a keyed code led to.
#[derive(Debug, Clone, Copy)]
pub enum Checked<'a> {
    /// No tip has it.
    Wrong,
    /// Its tip, with the answers to read out, oldest first.
    Right(&'a [Words]),
}

/// What the shell has to do before or beside the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallerEffect {
    /// Check this code (as keyed), then decide the same step again with [`CallerFacts::checked`].
    CheckCode(String),
    /// Open a tip for this call, or add to the one whose code was keyed: the caller wants to speak with an analyst.
    CallerWaits,
    /// The answers were read out: they are seen.
    AnswersHeard,
}

impl CallerCall {
    /// A call that has just come in.
    pub fn new() -> Self {
        Self { step: 0, language: Language::En, phase: CallerPhase::Greeting }
    }
    /// The first script.
    pub fn start(&self, _facts: &CallerFacts<'_>, _then: StepToken) -> Script {
        Script::default()
    }
    /// The next state, script and effects.
    pub fn decide(&self, _heard: &CallerHeard, _facts: &CallerFacts<'_>, _then: StepToken) -> (Self, Script, Vec<CallerEffect>) {
        (self.clone(), Script::default(), Vec::new())
    }
}

impl Default for CallerCall {
    fn default() -> Self {
        Self::new()
    }
}
