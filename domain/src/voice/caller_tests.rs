//! A reporter's call: the table of every phase with every event, whole calls as they are heard, and random ones.

use super::caller_call::*;
use super::script::{Script, Step};
use crate::conversation::code::ReturnCode;
use crate::exchange::{CallerHeard as H, StepToken};
use crate::language::Language;
use crate::sealed::{Address, Words};
use std::collections::BTreeSet;

const ANSWERS: [&str; 2] = ["Are you safe now?", "Which bus is it?"];

/// A deployment and what the shell would find out.
struct Line {
    ours: Address,
    desk: Option<Address>,
    hotline: Option<Address>,
    code: Option<ReturnCode>,
    answers: Vec<Words>,
}

impl Line {
    fn whole() -> Self {
        Self {
            ours: Address::new("+15555550100"),
            desk: Some(Address::new("+15555550110")),
            hotline: Some(Address::new("+15555550120")),
            code: ReturnCode::parse("4821093755261840"),
            answers: ANSWERS.map(Words::new).to_vec(),
        }
    }
    fn bare() -> Self {
        Self { desk: None, hotline: None, code: None, answers: Vec::new(), ..Self::whole() }
    }
    fn facts(&self, tip: CallTip, checked: Option<bool>) -> CallerFacts<'_> {
        CallerFacts {
            line_name: "Safe2Help Illinois",
            site: "https://tips.example.org",
            ours: &self.ours,
            desk: self.desk.as_ref(),
            hotline: self.hotline.as_ref().map(|number| (number, "Chicago Public Schools")),
            call_back: self.desk.is_some(),
            code: if tip == CallTip::Own { self.code.as_ref() } else { None },
            checked: match (tip, checked) {
                (CallTip::Keyed, _) | (_, Some(true)) => Some(Checked::Right(Answers { words: &self.answers, last: 7 })),
                (_, Some(false)) => Some(Checked::Wrong),
                (_, None) => None,
            },
        }
    }
    /// One step as the shell makes it: the tip of what was said is opened first, and a code is checked (`right` is what comes out).
    fn step(&self, call: &CallerCall, heard: &H, right: bool) -> (CallerCall, Script, Vec<CallerEffect>) {
        let then = StepToken(format!("token-{}", call.step + 1));
        let spoke = *heard == H::Recorded { empty: false } || matches!(call.phase, CallerPhase::Connecting);
        let tip = if spoke && call.tip == CallTip::None { CallTip::Own } else { call.tip };
        let first = call.decide(heard, &self.facts(tip, None), then.clone());
        if matches!(first.2[..], [CallerEffect::CallsBack]) {
            assert_eq!((&first.0, &first.1), (call, &Script::default()), "the call-back's rules go on from here");
        }
        if !matches!(first.2[..], [CallerEffect::CheckCode(_)]) {
            return first;
        }
        assert_eq!((&first.0, &first.1), (call, &Script::default()), "a code that is being checked changes nothing");
        let (next, script, mut effects) = call.decide(heard, &self.facts(tip, Some(right)), then);
        effects.extend(first.2);
        (next, script, effects)
    }
}

fn keys(keys: &str) -> H {
    H::Digits(keys.to_owned())
}

fn spoken(steps: &[Step], heard: &mut String) {
    for step in steps {
        match step {
            Step::Say { words, language } => heard.push_str(&format!("{}: {words}\n", language.tag())),
            Step::Ask { prompt, digits, .. } => {
                spoken(prompt, heard);
                heard.push_str(&format!("[{digits} keys]\n"));
            }
            Step::Pause { seconds } => assert!((1..=10).contains(seconds)),
            Step::Record { most_seconds, .. } => heard.push_str(&format!("[tone, {most_seconds} s]\n")),
            Step::Dial { ring_seconds, .. } => heard.push_str(&format!("[rings {ring_seconds} s]\n")),
            Step::Continue { .. } => heard.push_str("[goes on]\n"),
            Step::HangUp => heard.push_str("[hangs up]\n"),
        }
    }
}

/// A whole call as the caller hears it, with the last state.
fn play(line: &Line, events: &[H]) -> (CallerCall, String) {
    let mut call = CallerCall::new();
    let mut heard = String::new();
    spoken(&call.start(&line.facts(CallTip::None, None), StepToken("token-0".to_owned())).steps, &mut heard);
    for event in events {
        let (next, script, effects) = line.step(&call, event, true);
        let key = if let H::Digits(keys) = event { format!("{keys:?} ") } else { String::new() };
        heard.push_str(&format!("— {key}{event:?} {}\n", effects.iter().map(|effect| format!("{effect:?}")).collect::<Vec<_>>().join(" ")));
        spoken(&script.steps, &mut heard);
        call = next;
    }
    (call, heard)
}

use AnswersLead as A;
use CallerPhase as P;
use Farewell as F;
use RecordingLead as R;

fn menu(tries: u8, lead: MenuLead) -> P {
    P::Menu { tries, lead }
}

fn tone(lead: R) -> P {
    P::Recording { lead }
}

fn over(farewell: F) -> P {
    P::Over { farewell }
}

/// Every phase with every event. A row: the phase and tip, then where each event leads.
#[test]
fn every_phase_with_every_event() {
    let events = [
        keys("1"),
        keys("2"),
        keys("3"),
        keys("4"),
        keys("9"),
        keys("*"),
        keys("4821093755261840"),
        keys(""),
        H::Spoken,
        H::Recorded { empty: false },
        H::Recorded { empty: true },
        H::Dialled { answered: true },
        H::Dialled { answered: false },
    ];
    let told = P::Telling { times: 1, lead: TellingLead::Recorded };
    let waited = P::Telling { times: 1, lead: TellingLead::Waited };
    let first = menu(0, MenuLead::Notice);
    let read = P::Answers { tries: 0, lead: A::Read { count: 2, last: 7 } };
    let again = |tries| P::Greeting { tries };
    let wrong = |tries| menu(tries, MenuLead::WrongKey);
    let (chosen, no_key, nobody, nothing) = (tone(R::Chosen), tone(R::NoKey), tone(R::NobodyAnswered), tone(R::NothingHeard));
    let code = |tries| P::Code { tries };
    let silent = |tries| P::Answers { tries, lead: A::Silence };
    let odd = |tries| P::Answers { tries, lead: A::WrongKey };
    let added = P::Answers { tries: 0, lead: A::Added };
    let (bye, none) = (over(F::Heard), over(F::NothingSaid));
    let more = P::Telling { times: 2, lead: TellingLead::Recorded };
    let end = over(F::Told);
    let (own, keyed, no) = (CallTip::Own, CallTip::Keyed, CallTip::None);
    #[rustfmt::skip]
    let table: Vec<(P, CallTip, [P; 13])> = vec![
        // 1, 2, 3, 4, 9, *, sixteen, nothing, spoken, recorded, empty, answered, not answered
        (again(0), no, [first, first, first, again(1), again(1), again(1), again(1), first, first, first, first, first, first]),
        (again(2), no, [first; 13]),
        (first, no, [chosen, P::Connecting, code(0), P::Hotline, wrong(1), wrong(1), wrong(1), menu(1, MenuLead::Silence), menu(1, MenuLead::Silence), menu(1, MenuLead::Silence), menu(1, MenuLead::Silence), menu(1, MenuLead::Silence), menu(1, MenuLead::Silence)]),
        (menu(1, MenuLead::Silence), no, [chosen, P::Connecting, code(0), P::Hotline, wrong(2), wrong(2), wrong(2), no_key, no_key, no_key, no_key, no_key, no_key]),
        (wrong(2), no, [chosen, P::Connecting, code(0), P::Hotline, no_key, no_key, no_key, no_key, no_key, no_key, no_key, no_key, no_key]),
        (chosen, no, [nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing, told, nothing, nothing, nothing]),
        (nobody, own, [nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing, told, nothing, nothing, nothing]),
        (nothing, no, [none, none, none, none, none, none, none, none, none, told, none, none, none]),
        (nothing, own, [waited, waited, waited, waited, waited, waited, waited, waited, waited, told, waited, waited, waited]),
        (tone(R::Reply), keyed, [nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing, added, nothing, nothing, nothing]),
        (told, own, [more, end, end, end, end, end, end, end, end, end, end, end, end]),
        (P::Telling { times: MOST_TELLINGS, lead: TellingLead::Recorded }, own, [end; 13]),
        (code(0), no, [code(1), code(1), code(1), code(1), code(1), code(1), read, code(1), code(1), code(1), code(1), code(1), code(1)]),
        (code(2), no, { let back = menu(0, MenuLead::NoCode); [back, back, back, back, back, back, read, back, back, back, back, back, back] }),
        (read, keyed, [tone(R::Reply), read, bye, odd(1), odd(1), odd(1), odd(1), silent(1), silent(1), silent(1), silent(1), silent(1), silent(1)]),
        (silent(1), keyed, [tone(R::Reply), read, bye, odd(2), odd(2), odd(2), odd(2), bye, bye, bye, bye, bye, bye]),
        (odd(2), keyed, [tone(R::Reply), read, bye, no_key, no_key, no_key, no_key, bye, bye, bye, bye, bye, bye]),
        (P::Connecting, own, [nobody, nobody, nobody, nobody, nobody, nobody, nobody, nobody, nobody, nobody, nobody, waited, nobody]),
        (P::Hotline, no, [nobody, nobody, nobody, nobody, nobody, nobody, nobody, nobody, nobody, nobody, nobody, over(F::Directed), nobody]),
        (end, own, [end; 13]),
    ];
    let line = Line::whole();
    for (phase, tip, to) in table {
        for (event, expected) in events.iter().zip(to) {
            let call = CallerCall { step: 3, language: Language::Es, tip, phase };
            let (next, _, _) = line.step(&call, event, true);
            assert_eq!((next.step, next.phase), (4, expected), "{phase:?} {event:?}");
            let kept = serde_json::to_string(&next).expect("it is kept");
            assert_eq!(serde_json::from_str::<CallerCall>(&kept).expect("it is read back"), next);
        }
    }
}

#[test]
fn without_a_desk_or_hotline_their_keys_are_wrong_keys() {
    let line = Line::bare();
    for key in ["2", "4"] {
        let (call, heard) = play(&line, &[keys("1"), keys(key)]);
        assert_eq!(call.phase, menu(1, MenuLead::WrongKey));
        assert!(!heard.contains("press two") && !heard.contains("press four"));
    }
    // What is in the configuration at the start of a call may be gone at its next step.
    let call = CallerCall { phase: P::Connecting, ..CallerCall::new() };
    let steps = call.again(&line.facts(CallTip::Own, None), StepToken("t".to_owned())).steps;
    assert_eq!(steps, [Step::Continue { then: StepToken("t".to_owned()) }]);
}

#[test]
fn a_wrong_code_is_forgiven_twice() {
    let line = Line::whole();
    let mut call = CallerCall { phase: P::Code { tries: 0 }, ..CallerCall::new() };
    for expected in [P::Code { tries: 1 }, P::Code { tries: 2 }, menu(0, MenuLead::NoCode)] {
        let (next, script, effects) = line.step(&call, &keys("0000000000000000"), false);
        assert_eq!((next.phase, next.tip), (expected, CallTip::None));
        assert_eq!(effects, [CallerEffect::CheckCode(Words::new("0000000000000000"))]);
        let mut heard = String::new();
        spoken(&script.steps, &mut heard);
        assert!(!ANSWERS.iter().any(|answer| heard.contains(answer)));
        call = next;
    }
    for short in ["", "12", "123456789012345#"] {
        let (_, _, effects) = line.step(&call, &keys(short), true);
        assert_eq!(effects, [], "what cannot be a code is no guess");
    }
}

#[test]
fn answers_count_as_heard_when_the_question_after_them_was_reached() {
    let line = Line::whole();
    let call = CallerCall { tip: CallTip::Keyed, phase: P::Answers { tries: 0, lead: A::Read { count: 2, last: 7 } }, ..CallerCall::new() };
    assert_eq!(line.step(&call, &keys(""), true).2, [CallerEffect::AnswersHeard { last: 7 }]);
    assert_eq!(line.step(&call, &H::Spoken, true).2, []);
    let asked = CallerCall { phase: P::Answers { tries: 1, lead: A::Silence }, ..call };
    assert_eq!(line.step(&asked, &keys("1"), true).2, []);
}

#[test]
fn while_the_store_is_away_a_message_can_be_left() {
    let line = Line::bare();
    let facts = line.facts(CallTip::None, None);
    let mut heard = String::new();
    spoken(&without_store(&facts, StepToken("away".to_owned())).steps, &mut heard);
    spoken(&kept_without_store(&facts).steps, &mut heard);
    insta::assert_snapshot!("caller_away", heard);
    let line = Line::whole();
    let (next, _, _) = line.step(&CallerCall::new().led_to_the_tone(), &H::Recorded { empty: false }, true);
    assert_eq!((next.tip, next.phase), (CallTip::Own, P::Telling { times: 1, lead: TellingLead::Recorded }));
    assert_eq!(next.clone().led_to_the_tone(), next, "a repeat changes nothing");
}

#[test]
fn calls_in_each_language() {
    let spoke = || H::Recorded { empty: false };
    for (key, language) in [("1", Language::En), ("2", Language::Es), ("3", Language::Ar)] {
        let line = Line::whole();
        let calls: [(&str, Vec<H>); 5] = [
            ("a message", vec![keys(key), keys("1"), spoke(), keys("1"), keys("")]),
            ("no key, no voice", vec![keys(key), keys(""), keys(""), H::Recorded { empty: true }, H::Recorded { empty: true }]),
            ("a person", vec![keys(key), keys("7"), keys("2"), H::Dialled { answered: false }, spoke()]),
            ("the hotline", vec![keys(key), keys("4"), H::Dialled { answered: true }]),
            (
                "a code",
                vec![
                    keys(key),
                    keys("3"),
                    keys("12"),
                    keys("4821093755261840"),
                    keys("1"),
                    spoke(),
                    keys("2"),
                    keys("9"),
                    keys(""),
                    keys("3"),
                ],
            ),
        ];
        let mut all = String::new();
        for (name, events) in calls {
            all.push_str(&format!("==== {name}\n{}", play(&line, &events).1));
        }
        all.push_str("==== no answer yet\n");
        let none = Line { answers: Vec::new(), ..Line::whole() };
        all.push_str(&play(&none, &[keys(key), keys("3"), keys("4821093755261840")]).1);
        insta::assert_snapshot!(format!("caller_{}", language.tag()), all);
    }
}

#[test]
fn no_call_promises_that_nobody_can_know() {
    let (_, heard) = play(&Line::whole(), &[keys("1"), keys("1"), H::Recorded { empty: false }]);
    assert!(heard.contains("9 1 1") && heard.contains("nine, eight, eight") && heard.contains("court order"));
    assert!(!heard.to_lowercase().contains("anonym"));
    assert_eq!(heard.matches("five").count() % 2, 0, "the code is read twice");
}

#[test]
fn the_number_shown_at_the_other_end_is_ours() {
    let line = Line::whole();
    for (key, to) in [("2", &line.desk), ("4", &line.hotline)] {
        let call = CallerCall { phase: menu(0, MenuLead::Notice), ..CallerCall::new() };
        let (_, script, _) = line.step(&call, &keys(key), true);
        let dialled = script.steps.iter().find_map(|step| if let Step::Dial { to, from, .. } = step { Some((to, from)) } else { None });
        assert_eq!(dialled, Some((to.as_ref().expect("configured"), &line.ours)));
    }
}

/// Random callers: each call ends, nothing is recorded before the notice, no answer is spoken before a right code, and every step can be
/// said again.
#[test]
fn random_callers() {
    let mut rng = fastrand::Rng::with_seed(20_261_122);
    let mut ends = BTreeSet::new();
    for round in 0..3_000 {
        let line = if rng.bool() { Line::whole() } else { Line::bare() };
        // Callers who go round and round as well as hasty ones.
        let favourite = ["3", "2", "1", "9", ""][rng.usize(0..5)];
        let mut call = CallerCall::new();
        let mut script = call.start(&line.facts(CallTip::None, None), StepToken("token-0".to_owned()));
        let (mut noticed, mut right) = (false, false);
        while !matches!(call.phase, P::Over { .. }) {
            assert!(call.step < MOST_STEPS + 6, "round {round} goes on and on: {call:?}");
            let mut heard = String::new();
            spoken(&script.steps, &mut heard);
            noticed |= ["court order", "juez", "القضاء"].iter().any(|word| heard.contains(word));
            assert!(noticed || !heard.contains("[tone"), "round {round} records before the notice");
            assert!(right || !ANSWERS.iter().any(|answer| heard.contains(answer)), "round {round} reads answers without a code");
            assert!(script.steps.last().is_some_and(|step| !matches!(step, Step::Say { .. } | Step::Pause { .. })), "a dead line");
            let event = match rng.u8(0..12) {
                0..=3 => keys(favourite),
                4..=5 => keys(["1", "2", "3", "4", "", "#"][rng.usize(0..6)]),
                6..=7 => keys("4821093755261840"),
                8 => H::Recorded { empty: rng.bool() },
                9 => H::Dialled { answered: rng.bool() },
                10 => H::Spoken,
                _ => keys("77"),
            };
            let good = rng.u8(0..4) == 0;
            let before = call.clone();
            let (next, said, effects) = line.step(&call, &event, good);
            right |= effects.iter().any(|effect| matches!(effect, CallerEffect::CheckCode(_))) && good;
            assert_eq!(next.step, before.step + 1);
            assert!(next.tip != CallTip::Keyed || right);
            let facts = line.facts(next.tip, (next.tip == CallTip::Keyed).then_some(true));
            assert_eq!(next.again(&facts, StepToken(format!("token-{}", next.step))), said, "round {round}: {next:?}");
            (call, script) = (next, said);
        }
        let CallerPhase::Over { farewell } = call.phase else { continue };
        ends.insert(format!("{farewell:?}"));
        assert_eq!(script.steps.last(), Some(&Step::HangUp));
    }
    assert_eq!(ends.into_iter().collect::<Vec<_>>(), ["Directed", "Heard", "Kept", "NothingSaid", "Told"]);
}

#[test]
fn an_enduser_who_calls_back_presses_eight_in_the_menu_and_is_told_so_once() {
    let line = Line::whole();
    let menu_of = |lead| CallerCall { step: 1, phase: menu(0, lead), ..CallerCall::new() };
    for lead in [MenuLead::Notice, MenuLead::Silence, MenuLead::WrongKey, MenuLead::NoCode] {
        let mut words = String::new();
        spoken(&menu_of(lead).again(&line.facts(CallTip::None, None), StepToken("x".to_owned())).steps, &mut words);
        assert_eq!(words.contains("press eight"), lead == MenuLead::Notice, "{lead:?}");
        assert_eq!(line.step(&menu_of(lead), &keys("8"), true).2, [CallerEffect::CallsBack]);
        let (next, _, effects) = Line::bare().step(&menu_of(lead), &keys("8"), true);
        assert!(effects.is_empty() && matches!(next.phase, P::Menu { lead: MenuLead::WrongKey, .. }), "a line without call-back");
    }
}
