//! An enduser calls us back, after a voicemail or a missed call: reference and PIN by keypad, then a key confirms (R19, R32).
//!
//! Owns the order of things and which promise a confirmation is for; the words are in `call_back_phrases`, the comparing of a PIN is the
//! shell's. A wrong reference and a wrong PIN have one answer, so that nobody learns which tips there are; nothing is said of a tip before
//! both were right, and its summary only after the confirmation, where the organization has accepted that in writing.

use super::call_back_phrases as phrases;
use super::enduser_call::{LEAST_PIN_DIGITS, MOST_PIN_DIGITS};
use super::script::Script;
use crate::channel::Means;
use crate::conversation::reference::Reference;
use crate::dispatch::obligation::{Elsewhere, Obligation, Satisfaction, State};
use crate::dispatch::purpose::Purpose;
use crate::dispatch::words::Voice;
use crate::exchange::{CallerHeard, StepToken};
use crate::id::{AttemptId, ObligationId, PersonKey};
use crate::language::Language;
use crate::sealed::Words;
use serde::{Deserialize, Serialize};

/// How many keys a reference has, without its T.
pub const REFERENCE_DIGITS: u8 = 6;
/// How often reference and PIN are asked for in vain before the call ends.
pub const MOST_TRIES: u8 = 3;
/// How often the report is read out at most.
pub const MOST_READINGS: u8 = 3;
/// From this step on nothing more is asked, whatever is keyed. A call without mistakes has five.
pub const MOST_STEPS: u32 = 30;

/// Where a call stands: kept between its steps. Of what was keyed only the reference is kept, never a PIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallBack {
    /// The number of the step that is awaited, from 0; a step's token is made from it.
    pub step: u32,
    /// The language chosen.
    pub language: Language,
    /// What is going on.
    pub going_on: GoingOn,
}

/// What is going on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum GoingOn {
    /// The language is asked for.
    Greeting,
    /// The reference is asked for.
    Reference {
        /** How often reference or PIN were wrong. */
        tries: u8,
        /** Whether to begin with saying so. */
        lead: Lead,
    },
    /// The PIN is asked for.
    Pin {
        /** How often reference or PIN were wrong. */
        tries: u8,
        /** The keys of the reference. */
        keys: String,
    },
    /// Both were right: the confirming key is asked for.
    Confirm {
        /** What is confirmed by it. */
        obligation: ObligationId,
        /** How often another key, or none, was pressed. */
        tries: u8,
    },
    /// Confirmed, and the report is read out.
    Report {
        /** What was confirmed. */
        obligation: ObligationId,
        /** How often it was read out, the present time included. */
        times: u8,
    },
    /// Over.
    Over {
        /** What was said last. */
        farewell: Farewell,
        /** What the last words are about. */
        obligation: Option<ObligationId>,
    },
}

/// What is said before the reference is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lead {
    /// Nothing.
    None,
    /// That there were not six keys.
    TooShort,
    /// That reference and PIN do not fit together.
    NoMatch,
}

/// The last words of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Farewell {
    /// It is confirmed, and there is no report that may be read out.
    Confirmed,
    /// The report was read out.
    Heard,
    /// No confirming key was pressed: we will call again.
    NotConfirmed,
    /// We have not called yet, and will.
    NotYet,
    /// Reference and PIN did not fit together, three times.
    NoMatch,
    /// Nothing can be looked up now.
    Away,
}

/// What reference and PIN led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// No person who was told of a tip of this reference has this PIN.
    Wrong,
    /// Too many wrong ones were keyed lately, by whomever.
    Closed,
    /// What there is for that person.
    Right(ToConfirm),
}

/// What a person can confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToConfirm {
    /// This promise, by news of this attempt.
    Open(ObligationId, AttemptId),
    /// Nothing more: this one is confirmed.
    Already(ObligationId),
    /// Nothing yet: nothing was sent for this one.
    NotYet(ObligationId),
}

/// What a call needs to know besides its state.
#[derive(Debug, Clone, Copy)]
pub struct CallBackFacts<'a> {
    /// The line's name and call-back number.
    pub voice: &'a Voice,
    /// The desk's number as spoken, when there is one.
    pub desk: Option<&'a str>,
    /// After [`CallBackEffect::Check`]: what came of it.
    pub checked: Option<Checked>,
    /// Of the obligation that the state names, or that was found: what may be said.
    pub about: Option<About<'a>>,
}

/// What may be said of a report to who has shown reference and PIN.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The organization that is told.
    pub organization_name: &'a str,
    /// The tip's reference.
    pub reference: &'a Reference,
    /// Why they are told.
    pub purpose: Purpose,
    /// The summary, when the organization has accepted one by speech and there is one.
    pub summary: Option<&'a Words>,
}

/// What the shell has to do before or beside the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallBackEffect {
    /// Look for who has this PIN among those who were told of a tip with these keys, then decide the same step again with
    /// [`CallBackFacts::checked`]. Comes alone, with the state unchanged and an empty script.
    Check {
        /// The six keys.
        keys: String,
        /// The PIN as keyed.
        pin: Words,
    },
    /// A person has confirmed this one; must be durable before the script is given.
    Confirm(ObligationId),
    /// The report is read out now: that belongs into the record.
    ReadOut(ObligationId),
}

impl CallBack {
    /// A call to the number that is for endusers alone.
    pub fn new() -> Self {
        Self { step: 0, language: Language::En, going_on: GoingOn::Greeting }
    }
    /// Out of the reporters' menu, at this step, in the language chosen there.
    pub fn from_menu(step: u32, language: Language) -> Self {
        Self { step, language, going_on: GoingOn::Reference { tries: 0, lead: Lead::None } }
    }
    /// What it is about, once that is known.
    pub fn obligation(&self) -> Option<ObligationId> {
        match &self.going_on {
            GoingOn::Confirm { obligation, .. } | GoingOn::Report { obligation, .. } => Some(*obligation),
            GoingOn::Over { obligation, .. } => *obligation,
            GoingOn::Greeting | GoingOn::Reference { .. } | GoingOn::Pin { .. } => None,
        }
    }
    /// The next state, script and effects. `then` is the token of step `self.step + 1`.
    pub fn decide(&self, heard: &CallerHeard, facts: &CallBackFacts<'_>, then: StepToken) -> (Self, Script, Vec<CallBackEffect>) {
        let pressed = pressed(heard);
        if let (GoingOn::Pin { keys, .. }, None) = (&self.going_on, facts.checked)
            && is_pin(pressed)
        {
            let check = CallBackEffect::Check { keys: keys.clone(), pin: Words::new(pressed) };
            return (self.clone(), Script::default(), vec![check]);
        }
        let mut effects = Vec::new();
        let mut next = Self { step: self.step.saturating_add(1), ..self.clone() };
        next.going_on = match &self.going_on {
            GoingOn::Greeting => {
                next.language = match pressed {
                    "2" => Language::Es,
                    "3" => Language::Ar,
                    _ => Language::En,
                };
                GoingOn::Reference { tries: 0, lead: Lead::None }
            }
            GoingOn::Reference { tries, .. } => reference_keyed(pressed, *tries),
            GoingOn::Pin { tries, .. } => match facts.checked {
                Some(Checked::Right(to_confirm)) => found(to_confirm, facts, &mut effects),
                Some(Checked::Closed) => over(Farewell::Away, None),
                Some(Checked::Wrong) | None => again(*tries, Lead::NoMatch),
            },
            GoingOn::Confirm { obligation, .. } if pressed == "1" => {
                effects.push(CallBackEffect::Confirm(*obligation));
                confirmed(*obligation, facts, &mut effects)
            }
            GoingOn::Confirm { obligation, tries } if tries + 1 < MOST_TRIES => {
                GoingOn::Confirm { obligation: *obligation, tries: tries + 1 }
            }
            GoingOn::Confirm { obligation, .. } => over(Farewell::NotConfirmed, Some(*obligation)),
            GoingOn::Report { obligation, times } if pressed == "1" && *times < MOST_READINGS => {
                GoingOn::Report { obligation: *obligation, times: times + 1 }
            }
            GoingOn::Report { obligation, .. } => over(Farewell::Heard, Some(*obligation)),
            GoingOn::Over { .. } => self.going_on.clone(),
        };
        if next.step >= MOST_STEPS {
            next.going_on = at_the_end(next.going_on);
        }
        let script = next.again(facts, then);
        (next, script, effects)
    }
    /// The script for the present state (again): the same words, no change. `then` is the token of step `self.step`.
    pub fn again(&self, facts: &CallBackFacts<'_>, then: StepToken) -> Script {
        phrases::script(self, facts, then)
    }
}

/// For an enduser whose call cannot be looked up because the store is away, in every language.
pub fn without_store(facts: &CallBackFacts<'_>) -> Script {
    phrases::away(facts)
}

/// What this person can confirm among the promises of one tip, newest dispatch last: a call that was tried before a mail, what is still open
/// before what has failed or was only sent. `None` when nothing was promised to them. News and questions afterwards are not confirmed here.
pub fn to_confirm(promised: &[Obligation], person: &PersonKey) -> Option<ToConfirm> {
    let theirs = || promised.iter().filter(|one| one.step.person == *person && turn(one.purpose).is_some());
    let open = theirs().filter(|one| !is_confirmed(one) && !matches!(one.state, State::Released { .. }));
    let tried = open.filter_map(|one| one.latest.map(|attempt| (one, attempt)));
    if let Some((one, attempt)) = tried.rev().min_by_key(|(one, _)| (turn(one.purpose), is_over(one), one.step.means != Means::Call)) {
        return Some(ToConfirm::Open(one.id, attempt));
    }
    let already = theirs().rev().find(|one| is_confirmed(one)).map(|one| ToConfirm::Already(one.id));
    already.or_else(|| theirs().next_back().map(|one| ToConfirm::NotYet(one.id)))
}

/// The order in which purposes are confirmed; `None` for what asks for no confirmation by phone.
fn turn(purpose: Purpose) -> Option<u8> {
    match purpose {
        Purpose::Tip => Some(0),
        Purpose::Page(_) => Some(1),
        Purpose::Drill => Some(2),
        Purpose::Update | Purpose::Feedback => None,
    }
}

/// Whether the person has confirmed it, on this channel or another.
fn is_confirmed(one: &Obligation) -> bool {
    one.confirmed_at.is_some()
        || one.elsewhere == Elsewhere::Confirmed
        || matches!(one.state, State::Satisfied { by: Satisfaction::Confirmed(_) | Satisfaction::ConfirmedElsewhere, .. })
}

fn is_over(one: &Obligation) -> bool {
    match one.state {
        State::Satisfied { .. } | State::Released { .. } | State::Failed { .. } => true,
        State::Standby { .. } | State::Waiting { .. } | State::InFlight { .. } => false,
    }
}

/// The keys pressed; empty for none.
fn pressed(heard: &CallerHeard) -> &str {
    match heard {
        CallerHeard::Digits(keys) => keys.trim_end_matches('#'),
        CallerHeard::Spoken | CallerHeard::Recorded { .. } | CallerHeard::Dialled { .. } => "",
    }
}

fn is_pin(keys: &str) -> bool {
    (usize::from(LEAST_PIN_DIGITS)..=usize::from(MOST_PIN_DIGITS)).contains(&keys.len()) && keys.bytes().all(|key| key.is_ascii_digit())
}

fn reference_keyed(keys: &str, tries: u8) -> GoingOn {
    if keys.contains('*') {
        // Asked to hear it once more: no mistake.
        GoingOn::Reference { tries, lead: Lead::None }
    } else if keys.len() == usize::from(REFERENCE_DIGITS) && keys.bytes().all(|key| key.is_ascii_digit()) {
        GoingOn::Pin { tries, keys: keys.to_owned() }
    } else {
        again(tries, Lead::TooShort)
    }
}

fn again(tries: u8, lead: Lead) -> GoingOn {
    let tries = tries.saturating_add(1);
    if tries < MOST_TRIES { GoingOn::Reference { tries, lead } } else { over(Farewell::NoMatch, None) }
}

fn found(to_confirm: ToConfirm, facts: &CallBackFacts<'_>, effects: &mut Vec<CallBackEffect>) -> GoingOn {
    match to_confirm {
        ToConfirm::Open(obligation, _) => GoingOn::Confirm { obligation, tries: 0 },
        ToConfirm::Already(obligation) => confirmed(obligation, facts, effects),
        ToConfirm::NotYet(obligation) => over(Farewell::NotYet, Some(obligation)),
    }
}

fn confirmed(obligation: ObligationId, facts: &CallBackFacts<'_>, effects: &mut Vec<CallBackEffect>) -> GoingOn {
    if facts.about.is_some_and(|about| about.summary.is_some()) {
        effects.push(CallBackEffect::ReadOut(obligation));
        GoingOn::Report { obligation, times: 1 }
    } else {
        over(Farewell::Confirmed, Some(obligation))
    }
}

/// What is still said when the call has gone round too often.
fn at_the_end(going_on: GoingOn) -> GoingOn {
    match going_on {
        GoingOn::Greeting | GoingOn::Reference { .. } | GoingOn::Pin { .. } => over(Farewell::NoMatch, None),
        GoingOn::Confirm { obligation, .. } => over(Farewell::NotConfirmed, Some(obligation)),
        GoingOn::Report { .. } | GoingOn::Over { .. } => going_on,
    }
}

fn over(farewell: Farewell, obligation: Option<ObligationId>) -> GoingOn {
    GoingOn::Over { farewell, obligation }
}

impl Default for CallBack {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
#[path = "call_back_tests.rs"]
mod tests;
