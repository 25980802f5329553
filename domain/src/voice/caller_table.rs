//! What follows from what a reporter did on the line: a table from phase and event to phase.
//!
//! Only the order is here; words are `caller_phrases`'. What does not fit a phase (words spoken to their end where keys were asked for)
//! counts as no key, so that a carrier's oddity leads to the tone and never to a dead line.

use super::caller_call::{
    Answers, AnswersLead, CallTip, CallerCall, CallerFacts, CallerPhase, Checked, Farewell, MOST_STEPS, MOST_TELLINGS, MOST_TRIES,
    MenuLead, RecordingLead, TellingLead,
};
use crate::exchange::CallerHeard;
use crate::language::Language;

/// The state after this step.
pub(super) fn next(call: &CallerCall, heard: &CallerHeard, facts: &CallerFacts<'_>) -> CallerCall {
    let mut next = CallerCall { step: call.step.saturating_add(1), ..call.clone() };
    next.phase = match call.phase {
        CallerPhase::Greeting { tries } => {
            let (language, phase) = greeted(key(heard), tries);
            next.language = language;
            phase
        }
        CallerPhase::Menu { tries, .. } => chosen(key(heard), tries, facts),
        CallerPhase::Recording { lead } => {
            let phase = recorded(heard, lead, call.tip, facts);
            if said_something(heard) && call.tip == CallTip::None {
                next.tip = CallTip::Own;
            }
            phase
        }
        CallerPhase::Telling { times, lead } if key(heard) == "1" && times < MOST_TELLINGS => {
            CallerPhase::Telling { times: times + 1, lead }
        }
        CallerPhase::Telling { .. } => over(Farewell::Told),
        CallerPhase::Code { tries } => match facts.checked {
            Some(Checked::Right(answers)) => {
                next.tip = CallTip::Keyed;
                read_out(answers)
            }
            Some(Checked::Wrong) | None if tries + 1 < MOST_TRIES => CallerPhase::Code { tries: tries + 1 },
            Some(Checked::Wrong) | None => CallerPhase::Menu { tries: 0, lead: MenuLead::NoCode },
        },
        CallerPhase::Answers { tries, .. } => answered(key(heard), tries, facts),
        CallerPhase::Connecting => connected(heard, call.tip, facts),
        CallerPhase::Hotline => match heard {
            CallerHeard::Dialled { answered: true } => over(Farewell::Directed),
            CallerHeard::Dialled { answered: false } | CallerHeard::Digits(_) | CallerHeard::Spoken | CallerHeard::Recorded { .. } => {
                recording(RecordingLead::NobodyAnswered)
            }
        },
        CallerPhase::Over { farewell } => over(farewell),
    };
    if next.step >= MOST_STEPS {
        next.phase = at_the_end(next.phase);
    }
    if next.phase == CallerPhase::Connecting && next.tip == CallTip::None {
        next.tip = CallTip::Own;
    }
    next
}

/// The key pressed; empty for none.
fn key(heard: &CallerHeard) -> &str {
    match heard {
        CallerHeard::Digits(keys) => keys,
        CallerHeard::Spoken | CallerHeard::Recorded { .. } | CallerHeard::Dialled { .. } => "",
    }
}

fn said_something(heard: &CallerHeard) -> bool {
    match heard {
        CallerHeard::Recorded { empty } => !empty,
        CallerHeard::Digits(_) | CallerHeard::Spoken | CallerHeard::Dialled { .. } => false,
    }
}

fn greeted(key: &str, tries: u8) -> (Language, CallerPhase) {
    let menu = CallerPhase::Menu { tries: 0, lead: MenuLead::Notice };
    match key {
        "2" => (Language::Es, menu),
        "3" => (Language::Ar, menu),
        "" | "1" => (Language::En, menu),
        _ if tries + 1 < MOST_TRIES => (Language::En, CallerPhase::Greeting { tries: tries + 1 }),
        _ => (Language::En, menu),
    }
}

fn chosen(key: &str, tries: u8, facts: &CallerFacts<'_>) -> CallerPhase {
    match key {
        "1" => recording(RecordingLead::Chosen),
        "2" if facts.desk.is_some() => CallerPhase::Connecting,
        "3" => CallerPhase::Code { tries: 0 },
        "4" if facts.hotline.is_some() => CallerPhase::Hotline,
        // Twice in vain: perhaps this phone has no keys, or no hand is free.
        "" if tries == 0 => CallerPhase::Menu { tries: 1, lead: MenuLead::Silence },
        "" => recording(RecordingLead::NoKey),
        _ if tries + 1 < MOST_TRIES => CallerPhase::Menu { tries: tries + 1, lead: MenuLead::WrongKey },
        _ => recording(RecordingLead::NoKey),
    }
}

fn recorded(heard: &CallerHeard, lead: RecordingLead, tip: CallTip, facts: &CallerFacts<'_>) -> CallerPhase {
    match (said_something(heard), lead, tip) {
        (true, _, CallTip::Keyed) => CallerPhase::Answers { tries: 0, lead: AnswersLead::Added },
        (true, _, CallTip::None | CallTip::Own) => telling(TellingLead::Recorded, Farewell::Kept, facts),
        (false, RecordingLead::NothingHeard, CallTip::Own) => telling(TellingLead::Waited, Farewell::NothingSaid, facts),
        (false, RecordingLead::NothingHeard, CallTip::None | CallTip::Keyed) => over(Farewell::NothingSaid),
        (
            false,
            RecordingLead::Chosen | RecordingLead::NoKey | RecordingLead::NobodyAnswered | RecordingLead::Reply | RecordingLead::Away,
            _,
        ) => recording(RecordingLead::NothingHeard),
    }
}

fn answered(key: &str, tries: u8, facts: &CallerFacts<'_>) -> CallerPhase {
    match key {
        "1" => recording(RecordingLead::Reply),
        "2" => match facts.checked {
            Some(Checked::Right(answers)) => read_out(answers),
            Some(Checked::Wrong) | None => read_out(Answers { words: &[], last: 0 }),
        },
        "3" => over(Farewell::Heard),
        "" if tries == 0 => CallerPhase::Answers { tries: 1, lead: AnswersLead::Silence },
        "" => over(Farewell::Heard),
        _ if tries + 1 < MOST_TRIES => CallerPhase::Answers { tries: tries + 1, lead: AnswersLead::WrongKey },
        _ => recording(RecordingLead::NoKey),
    }
}

fn connected(heard: &CallerHeard, tip: CallTip, facts: &CallerFacts<'_>) -> CallerPhase {
    match (heard, tip) {
        (CallerHeard::Dialled { answered: true }, CallTip::Keyed) => over(Farewell::Heard),
        (CallerHeard::Dialled { answered: true }, CallTip::None | CallTip::Own) => telling(TellingLead::Waited, Farewell::Heard, facts),
        (CallerHeard::Dialled { answered: false } | CallerHeard::Digits(_) | CallerHeard::Spoken | CallerHeard::Recorded { .. }, _) => {
            recording(RecordingLead::NobodyAnswered)
        }
    }
}

/// What is still done when the call has gone round too often.
fn at_the_end(phase: CallerPhase) -> CallerPhase {
    match phase {
        CallerPhase::Greeting { .. } | CallerPhase::Menu { .. } | CallerPhase::Code { .. } => recording(RecordingLead::NoKey),
        CallerPhase::Connecting | CallerPhase::Hotline => recording(RecordingLead::NobodyAnswered),
        CallerPhase::Answers { .. } => over(Farewell::Heard),
        CallerPhase::Recording { .. } | CallerPhase::Telling { .. } | CallerPhase::Over { .. } => phase,
    }
}

/// The code is read out; without one, only the last words.
fn telling(lead: TellingLead, otherwise: Farewell, facts: &CallerFacts<'_>) -> CallerPhase {
    match facts.code {
        Some(_) => CallerPhase::Telling { times: 1, lead },
        None => over(otherwise),
    }
}

fn read_out(answers: Answers<'_>) -> CallerPhase {
    let count = u32::try_from(answers.words.len()).unwrap_or(u32::MAX);
    CallerPhase::Answers { tries: 0, lead: AnswersLead::Read { count, last: answers.last } }
}

fn recording(lead: RecordingLead) -> CallerPhase {
    CallerPhase::Recording { lead }
}

fn over(farewell: Farewell) -> CallerPhase {
    CallerPhase::Over { farewell }
}
