//! A reporter's call to us, from the greeting to the code (R48, R51, R70): what is said next, and what follows from what was heard.
//!
//! Owns the order of things; the words are in `caller_phrases`, the steps of the table in `caller_table`. Nothing is recorded before the
//! notice was spoken, no answer is read out before a right code was keyed, and whoever presses nothing or wrong keys is led to the tone:
//! a frightened child is never hung up on. Every call ends: see [`MOST_STEPS`].

use super::caller_phrases;
use super::caller_table;
use crate::conversation::code::ReturnCode;
use crate::exchange::{CallerHeard, StepToken};
use crate::language::Language;
use crate::sealed::{Address, Words};
use crate::voice::script::Script;
use serde::{Deserialize, Serialize};

/// From this step on nothing new is begun: what goes round in circles ends with the tone, then the code. A call without mistakes has five.
pub const MOST_STEPS: u32 = 40;
/// How often a menu is asked in vain before the caller is led to the tone.
pub const MOST_TRIES: u8 = 3;
/// The longest recording, in seconds.
pub const MOST_SECONDS: u16 = 180;
/// A silence of so many seconds ends a recording.
pub const SILENCE_SECONDS: u8 = 8;
/// How long the desk or a hotline may ring, in seconds: five rings.
pub const RING_SECONDS: u8 = 25;
/// How many keys a return code has.
pub const CODE_DIGITS: u8 = 16;
/// The key of the first menu that endusers press who call back.
pub const CALL_BACK_KEY: &str = "8";
/// How often the code is read out twice at most: once, and again by key.
pub const MOST_TELLINGS: u8 = 3;

/// Where a reporter's call stands: kept between its steps. Holds all that saying the same again needs, and nothing that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerCall {
    /// The number of the step that is awaited, from 0; a step's token is made from it.
    pub step: u32,
    /// The language chosen.
    pub language: Language,
    /// The tip that this call belongs to.
    pub tip: CallTip,
    /// What is going on.
    pub phase: CallerPhase,
}

/// The tip that a call belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallTip {
    /// None: nothing was said yet.
    #[default]
    None,
    /// Its own, opened by what was said on it.
    Own,
    /// The one whose code was keyed.
    Keyed,
}

/// What is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum CallerPhase {
    /// The language is asked for.
    Greeting {
        /** How many wrong keys were pressed. */
        tries: u8,
    },
    /// What to do is asked for.
    Menu {
        /** How often it was asked in vain. */
        tries: u8,
        /** What is said before it. */
        lead: MenuLead,
    },
    /// A message is being recorded.
    Recording {
        /** What is said before the tone. */
        lead: RecordingLead,
    },
    /// The code is being read out.
    Telling {
        /** How often it was read out, the present time included. */
        times: u8,
        /** What is said before it. */
        lead: TellingLead,
    },
    /// A code is being keyed.
    Code {
        /** How often a wrong one was keyed. */
        tries: u8,
    },
    /// The answers are being read out, or what to do then is asked for.
    Answers {
        /** How often it was asked in vain. */
        tries: u8,
        /** What is said before it. */
        lead: AnswersLead,
    },
    /// The desk is being called.
    Connecting,
    /// A hotline is being called (R51).
    Hotline,
    /// Over.
    Over {
        /** What was said last. */
        farewell: Farewell,
    },
}

/// What is said before the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MenuLead {
    /// The notice: what is kept, and who could learn it.
    Notice,
    /// Nothing: no key came.
    Silence,
    /// That the key is none of those.
    WrongKey,
    /// That it can go on without a code.
    NoCode,
}

/// What is said before the tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingLead {
    /// Speak after the tone.
    Chosen,
    /// No key came: you can simply speak.
    NoKey,
    /// Nobody answered.
    NobodyAnswered,
    /// Nothing was heard; once more.
    NothingHeard,
    /// It is added to the tip whose code was keyed.
    Reply,
    /// The whole notice, in every language: the program could not ask anything.
    Away,
}

/// What is said before the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TellingLead {
    /// We have your message.
    Recorded,
    /// You spoke with somebody, or waited for it.
    Waited,
}

/// What is said before the menu of one who keyed a right code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswersLead {
    /// The answers.
    Read {
        /** How many. */
        count: u32,
        /** The number of the last one, as in [`Answers`]. */
        last: i64,
    },
    /// That the recording was added.
    Added,
    /// Nothing: no key came.
    Silence,
    /// That the key is none of those.
    WrongKey,
}

/// The last words of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Farewell {
    /// After the code.
    Told,
    /// What was said is kept; there is no code to tell.
    Kept,
    /// The same in every language: the store is away.
    KeptAway,
    /// Nothing was said.
    NothingSaid,
    /// After the answers.
    Heard,
    /// After a call with a hotline.
    Directed,
}

/// What a call needs to know besides its state.
#[derive(Debug, Clone, Copy)]
pub struct CallerFacts<'a> {
    /// The line's name.
    pub line_name: &'a str,
    /// The reporters' pages, as an origin (`https://tips.example.org`); spoken without its scheme.
    pub site: &'a str,
    /// Our number, which was called: what the desk and a hotline see instead of the reporter's.
    pub ours: &'a Address,
    /// The desk's number, when callers can be connected.
    pub desk: Option<&'a Address>,
    /// The hotline that calls about some schools can be directed to, with the name of those schools ("Chicago Public Schools").
    pub hotline: Option<(&'a Address, &'a str)>,
    /// Whether endusers call back at this number, too: offered once, at the end of the first menu.
    pub call_back: bool,
    /// The code of the tip of this call, once it has one of its own.
    pub code: Option<&'a ReturnCode>,
    /// After [`CallerEffect::CheckCode`]: what the code led to. From a right one on, at every step: the answers.
    pub checked: Option<Checked<'a>>,
}

/// What a keyed code led to.
#[derive(Debug, Clone, Copy)]
pub enum Checked<'a> {
    /// No tip has it.
    Wrong,
    /// Its tip, with the answers to read out.
    Right(Answers<'a>),
}

/// The answers to read out.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a> {
    /// Their words, oldest first.
    pub words: &'a [Words],
    /// The number of the last one in its conversation: what is seen when all of them were heard. Any number when there are none.
    pub last: i64,
}

/// What the shell has to do before or beside the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallerEffect {
    /// Check this code (sixteen digits, as keyed), then decide the same step again with [`CallerFacts::checked`]. Comes alone, with the
    /// state unchanged and an empty script.
    CheckCode(Words),
    /// It is an enduser who calls back: go on as [`CallBack`](super::call_back::CallBack). Comes alone, with the state unchanged and an empty
    /// script.
    CallsBack,
    /// Open a tip for this call: the caller wants to speak with somebody.
    CallerWaits,
    /// The answers up to this one were read out to their end: they are seen.
    AnswersHeard {
        /// The number of the last one.
        last: i64,
    },
}

impl CallerCall {
    /// A call that has just come in.
    pub fn new() -> Self {
        Self { step: 0, language: Language::En, tip: CallTip::None, phase: CallerPhase::Greeting { tries: 0 } }
    }
    /// A call that is known only by the recording it was asked for while the store was away.
    pub fn away() -> Self {
        Self { phase: CallerPhase::Recording { lead: RecordingLead::Away }, ..Self::new() }
    }
    /// The same call, whose answer was given while the store was away: it was led to the tone, whatever had been going on. Unchanged when
    /// its recording has been dealt with.
    pub fn led_to_the_tone(self) -> Self {
        match self.phase {
            CallerPhase::Telling { .. } | CallerPhase::Over { .. } => self,
            CallerPhase::Greeting { .. }
            | CallerPhase::Menu { .. }
            | CallerPhase::Recording { .. }
            | CallerPhase::Code { .. }
            | CallerPhase::Answers { .. }
            | CallerPhase::Connecting
            | CallerPhase::Hotline => Self { phase: CallerPhase::Recording { lead: RecordingLead::Away }, ..self },
        }
    }
    /// The first script. `then` is the token of step 0.
    pub fn start(&self, facts: &CallerFacts<'_>, then: StepToken) -> Script {
        self.again(facts, then)
    }
    /// The next state, script and effects. `then` is the token of step `self.step + 1`.
    pub fn decide(&self, heard: &CallerHeard, facts: &CallerFacts<'_>, then: StepToken) -> (Self, Script, Vec<CallerEffect>) {
        if let (CallerPhase::Code { .. }, CallerHeard::Digits(keys), None) = (self.phase, heard, facts.checked)
            && keys.len() == usize::from(CODE_DIGITS)
            && keys.bytes().all(|key| key.is_ascii_digit())
        {
            return (self.clone(), Script::default(), vec![CallerEffect::CheckCode(Words::new(keys.clone()))]);
        }
        if let (CallerPhase::Menu { .. }, CallerHeard::Digits(keys), true) = (self.phase, heard, facts.call_back)
            && keys == CALL_BACK_KEY
        {
            return (self.clone(), Script::default(), vec![CallerEffect::CallsBack]);
        }
        let next = caller_table::next(self, heard, facts);
        let mut effects = Vec::new();
        // The answers stand before the question and no key cuts them short: who was asked has heard them.
        if let (CallerPhase::Answers { lead: AnswersLead::Read { count, last }, .. }, CallerHeard::Digits(_)) = (self.phase, heard)
            && count > 0
        {
            effects.push(CallerEffect::AnswersHeard { last });
        }
        if next.phase == CallerPhase::Connecting && self.phase != CallerPhase::Connecting {
            effects.push(CallerEffect::CallerWaits);
        }
        let script = next.again(facts, then);
        (next, script, effects)
    }
    /// The script for the present state (again): the same words, no change. `then` is the token of step `self.step`.
    pub fn again(&self, facts: &CallerFacts<'_>, then: StepToken) -> Script {
        caller_phrases::script(self, facts, then)
    }
}

/// For a caller whose state cannot be read or kept because the store is away: danger, notice, tone, in every language. Its recording comes
/// by its own news and is spooled. `then` is the token of such a step.
pub fn without_store(facts: &CallerFacts<'_>, then: StepToken) -> Script {
    CallerCall::away().again(facts, then)
}

/// After a recording that cannot be stored yet: it is kept, and there is no code to tell.
pub fn kept_without_store(facts: &CallerFacts<'_>) -> Script {
    let over = CallerCall { phase: CallerPhase::Over { farewell: Farewell::KeptAway }, ..CallerCall::new() };
    over.again(facts, StepToken(String::new()))
}

impl Default for CallerCall {
    fn default() -> Self {
        Self::new()
    }
}
