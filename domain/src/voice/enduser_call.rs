//! The call to an enduser: there is a report; key the spoken code to confirm. A machine gets a voicemail after its beep and
//! confirms nothing; a wrong key confirms nothing (R14, R19, R32).
//!
//! Owns what follows from what was heard, and what it proves; the words are in `phrases`. Nothing is said about the tip,
//! and the reference only after the confirmation or to a machine.

use super::phrases;
use super::script::Script;
use crate::conversation::reference::Reference;
use crate::dispatch::evidence::{ConfirmedBy, ReceiptKind};
use crate::dispatch::words::Voice;
use crate::exchange::{AnsweredBy, Heard, StepToken};
use crate::language::Language;
use crate::level::Level;
use serde::{Deserialize, Serialize};

/// The two-digit code spoken on one call, for that call alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SpokenCode([u8; 2]);

impl SpokenCode {
    /// From a random number: two digits, of which the first is not 0 (a switchboard's operator) and the second is another, so
    /// that somebody who presses one key again and again confirms nothing. 81 codes.
    pub fn from_bits(random: u16) -> Self {
        let first = 1 + random % 9;
        let second = (first + 1 + random / 9 % 9) % 10;
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
    pub fn new() -> Self {
        Self { step: 0, phase: Phase::Dialled }
    }
    /// What to say now, where the call stands then, and what it proves. `then` is the token of step `self.step + 1`.
    pub fn decide(self, heard: &Heard, facts: &Facts<'_>, then: StepToken) -> (Self, Script, Vec<ReceiptKind>) {
        let (phase, receipts) = match self.phase {
            Phase::Dialled => picked_up(heard),
            Phase::Asking { tries } => answered(heard, tries, facts.code),
            Phase::Voicemail => match heard {
                Heard::Spoken => (Phase::Over, vec![ReceiptKind::VoicemailLeft]),
                Heard::Digits(keys) if !keys.is_empty() => (Phase::Over, vec![ReceiptKind::HumanAnswered]),
                Heard::Digits(_) | Heard::Answered(_) => (Phase::Over, Vec::new()),
            },
            Phase::Confirmed | Phase::Over => (Phase::Over, Vec::new()),
        };
        let script = match (self.phase, phase) {
            (Phase::Asking { .. }, Phase::Over) => phrases::gave_up(facts),
            (_, phase) => phrases::script(phase, heard == &Heard::Answered(AnsweredBy::MachineSpeaking), facts, then),
        };
        (Self { step: self.step.saturating_add(1), phase }, script, receipts)
    }
    /// The script for the present state again, for a carrier that repeats the step before: the same words, no change.
    /// `then` is the token of step `self.step`.
    pub fn again(&self, facts: &Facts<'_>, then: StepToken) -> Script {
        phrases::script(self.phase, false, facts, then)
    }
}

/// The line was picked up. Who it was is the carrier's guess; only `Human` is passed on as evidence of a person, while `Unknown`
/// is spoken to like one (carriers.md 2.2).
fn picked_up(heard: &Heard) -> (Phase, Vec<ReceiptKind>) {
    let asking = Phase::Asking { tries: 0 };
    match heard {
        Heard::Answered(AnsweredBy::Human) => (asking, vec![ReceiptKind::Answered, ReceiptKind::HumanAnswered]),
        Heard::Answered(AnsweredBy::Unknown) => (asking, vec![ReceiptKind::Answered]),
        Heard::Answered(AnsweredBy::MachineReady | AnsweredBy::MachineSpeaking) => {
            (Phase::Voicemail, vec![ReceiptKind::Answered, ReceiptKind::MachineAnswered])
        }
        Heard::Answered(AnsweredBy::Fax) => (Phase::Over, vec![ReceiptKind::Answered, ReceiptKind::FaxAnswered]),
        // Keys before anything was asked prove a person, but they cannot be the code: it was not spoken yet.
        Heard::Digits(keys) if !keys.is_empty() => (asking, vec![ReceiptKind::Answered, ReceiptKind::HumanAnswered]),
        Heard::Digits(_) | Heard::Spoken => (asking, vec![ReceiptKind::Answered]),
    }
}

/// The code was spoken; this is what came back.
fn answered(heard: &Heard, tries: u8, code: SpokenCode) -> (Phase, Vec<ReceiptKind>) {
    let tries = tries.saturating_add(1);
    let next = if tries < MOST_TRIES { Phase::Asking { tries } } else { Phase::Over };
    match heard {
        Heard::Digits(keys) => {
            let digits: String = keys.chars().filter(char::is_ascii_digit).collect();
            if digits == code.digits() {
                (Phase::Confirmed, vec![ReceiptKind::HumanAnswered, ReceiptKind::Confirmed(ConfirmedBy::Keypad)])
            } else if keys.is_empty() {
                (next, Vec::new())
            } else {
                (next, vec![ReceiptKind::HumanAnswered, ReceiptKind::WrongKey])
            }
        }
        // Detection may find out late that it has been speaking to a machine.
        Heard::Answered(AnsweredBy::MachineReady | AnsweredBy::MachineSpeaking) => (Phase::Voicemail, vec![ReceiptKind::MachineAnswered]),
        Heard::Answered(AnsweredBy::Fax) => (Phase::Over, vec![ReceiptKind::FaxAnswered]),
        Heard::Answered(AnsweredBy::Human | AnsweredBy::Unknown) | Heard::Spoken => (next, Vec::new()),
    }
}

impl Default for EnduserCall {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::Step;
    use super::*;
    use ReceiptKind as R;

    const CODE: SpokenCode = SpokenCode([4, 7]);

    fn token(step: u32) -> StepToken {
        StepToken(format!("token-{step}"))
    }

    fn with_facts<T>(language: Language, run: impl FnOnce(&Facts<'_>) -> T) -> T {
        let voice = Voice { line_name: "Safe2Help Illinois".to_owned(), call_back: "5 5 5, 5 5 5, 0 1 0 0".to_owned() };
        let reference = Reference::parse("T-7K3-QM2").expect("good");
        let organization_name = "Delta High School";
        run(&Facts { voice: &voice, organization_name, reference: &reference, level: Level::Critical, language, code: CODE })
    }

    /// Plays what is heard; gives the last phase, all receipts and all that was spoken.
    fn play(language: Language, heard: &[Heard]) -> (Phase, Vec<ReceiptKind>, String) {
        with_facts(language, |facts| {
            let (mut call, mut receipts, mut spoken) = (EnduserCall::new(), Vec::new(), String::new());
            for heard in heard {
                let then = token(call.step + 1);
                let before = call.step;
                let (next, script, proved) = call.decide(heard, facts, then);
                assert_eq!(next.step, before + 1);
                words_of(&script.steps, &mut spoken);
                receipts.extend(proved);
                call = next;
            }
            (call.phase, receipts, spoken)
        })
    }

    fn words_of(steps: &[Step], spoken: &mut String) {
        for step in steps {
            match step {
                Step::Say { words, .. } => spoken.push_str(&format!("{words}\n")),
                Step::Ask { prompt, .. } => words_of(prompt, spoken),
                Step::Pause { seconds } => assert!((1..=10).contains(seconds)),
                Step::Continue { .. } | Step::HangUp | Step::Record { .. } | Step::Dial { .. } => {}
            }
        }
    }

    fn keys(keys: &str) -> Heard {
        Heard::Digits(keys.to_owned())
    }

    fn by(who: AnsweredBy) -> Heard {
        Heard::Answered(who)
    }

    #[test]
    fn what_each_call_proves() {
        let confirmed = R::Confirmed(ConfirmedBy::Keypad);
        let table: Vec<(Vec<Heard>, Phase, Vec<ReceiptKind>)> = vec![
            (
                vec![by(AnsweredBy::Human), keys("47")],
                Phase::Confirmed,
                vec![R::Answered, R::HumanAnswered, R::HumanAnswered, confirmed.clone()],
            ),
            (vec![by(AnsweredBy::Unknown), keys("4 7#")], Phase::Confirmed, vec![R::Answered, R::HumanAnswered, confirmed.clone()]),
            (vec![by(AnsweredBy::Unknown), keys("74")], Phase::Asking { tries: 1 }, vec![R::Answered, R::HumanAnswered, R::WrongKey]),
            (vec![by(AnsweredBy::Unknown), keys("#")], Phase::Asking { tries: 1 }, vec![R::Answered, R::HumanAnswered, R::WrongKey]),
            (vec![by(AnsweredBy::Unknown), keys(""), keys(""), keys("")], Phase::Over, vec![R::Answered]),
            (vec![by(AnsweredBy::Unknown), keys(""), keys(""), keys(""), keys("47")], Phase::Over, vec![R::Answered]),
            (vec![by(AnsweredBy::Unknown), keys(""), keys("47")], Phase::Confirmed, vec![R::Answered, R::HumanAnswered, confirmed]),
            (vec![by(AnsweredBy::MachineReady), Heard::Spoken], Phase::Over, vec![R::Answered, R::MachineAnswered, R::VoicemailLeft]),
            (vec![by(AnsweredBy::MachineSpeaking), Heard::Spoken], Phase::Over, vec![R::Answered, R::MachineAnswered, R::VoicemailLeft]),
            // A machine that plays tones, even the right ones, confirms nothing.
            (vec![by(AnsweredBy::MachineReady), keys("47")], Phase::Over, vec![R::Answered, R::MachineAnswered, R::HumanAnswered]),
            (vec![by(AnsweredBy::MachineReady)], Phase::Voicemail, vec![R::Answered, R::MachineAnswered]),
            (vec![by(AnsweredBy::Fax)], Phase::Over, vec![R::Answered, R::FaxAnswered]),
            // Keys before the code was spoken cannot be the code.
            (vec![keys("47")], Phase::Asking { tries: 0 }, vec![R::Answered, R::HumanAnswered]),
        ];
        for (heard, phase, receipts) in table {
            let (got_phase, got, _) = play(Language::En, &heard);
            assert_eq!((got_phase, got), (phase, receipts), "{heard:?}");
        }
    }

    #[test]
    fn the_words_in_each_language() {
        for language in Language::ALL {
            let (_, _, human) = play(language, &[by(AnsweredBy::Human), keys("12"), keys("47")]);
            let (_, _, machine) = play(language, &[by(AnsweredBy::MachineReady), Heard::Spoken]);
            let (_, _, nobody) = play(language, &[by(AnsweredBy::Human), keys(""), keys(""), keys("")]);
            insta::assert_snapshot!(
                format!("call_{}", language.tag()),
                format!("— human\n{human}— machine\n{machine}— nobody keys\n{nobody}")
            );
        }
    }

    #[test]
    fn a_person_is_asked_twice_in_a_round_and_a_machine_hears_no_code() {
        let (_, _, human) = play(Language::En, &[by(AnsweredBy::Human)]);
        assert_eq!(human.matches("press four, seven").count(), 2);
        assert!(human.starts_with("This is Safe2Help Illinois with an urgent report for Delta High School."));
        assert!(!human.contains("seven, K"), "nothing else before the confirmation");
        let (_, _, machine) = play(Language::En, &[by(AnsweredBy::MachineReady), Heard::Spoken]);
        assert!(machine.contains("T, seven, K, three, Q, M, two") && machine.contains("5 5 5, 5 5 5, 0 1 0 0"));
        assert!(!machine.contains("four, seven") && !machine.contains("press"));
    }

    #[test]
    fn a_repeated_step_gets_the_same_script() {
        with_facts(Language::En, |facts| {
            for heard in [vec![by(AnsweredBy::Human)], vec![by(AnsweredBy::Human), keys("1")], vec![by(AnsweredBy::MachineReady)]] {
                let mut call = EnduserCall::new();
                let mut script = Script::default();
                for heard in &heard {
                    let then = token(call.step + 1);
                    (call, script, _) = call.decide(heard, facts, then);
                }
                assert_eq!(call.again(facts, token(call.step)), script);
            }
        });
    }

    #[test]
    fn spoken_codes_are_two_unlike_digits() {
        for random in 0..=u16::MAX {
            let code = SpokenCode::from_bits(random);
            assert!(code.0[0] != code.0[1] && code.0[0] != 0 && code.0.iter().all(|digit| *digit < 10));
        }
        let all: std::collections::BTreeSet<String> = (0..81).map(|random| SpokenCode::from_bits(random).digits()).collect();
        assert_eq!(all.len(), 81);
        assert_eq!(format!("{CODE:?}"), "SpokenCode(sealed)");
    }
}
