//! The whole table of a call to an enduser: who picked up, what was keyed, when it was hung up, and what that proves; and every word said.

use super::super::script::Step;
use super::*;
use crate::dispatch::purpose::PageReason;
use ReceiptKind as R;

const CODE: SpokenCode = SpokenCode([4, 7]);
/// Words of the tip, which are spoken after a confirmation and a PIN, and never else.
const SUMMARY: &str = "A student spoke of harm at the north door.";

/// Who is called, and what the organization has accepted.
#[derive(Clone, Copy)]
struct Called {
    language: Language,
    purpose: Purpose,
    has_pin: bool,
    has_summary: bool,
}

const PLAIN: Called = Called { language: Language::En, purpose: Purpose::Tip, has_pin: false, has_summary: false };
const WITH_PIN: Called = Called { has_pin: true, ..PLAIN };
const WITH_BOTH: Called = Called { has_pin: true, has_summary: true, ..PLAIN };
const PIN: &str = "482913";

fn token(step: u32) -> StepToken {
    StepToken(format!("token-{step}"))
}

fn with_facts<T>(called: Called, pin: PinState, run: impl FnOnce(&Facts<'_>) -> T) -> T {
    let voice = Voice { line_name: "Safe2Help Illinois".to_owned(), call_back: "5 5 5, 5 5 5, 0 1 0 0".to_owned() };
    let reference = Reference::parse("T-7K3-QM2").expect("good");
    let summary = Words::new(SUMMARY);
    run(&Facts {
        voice: &voice,
        organization_name: "Delta High School",
        reference: &reference,
        purpose: called.purpose,
        level: Level::Critical,
        language: called.language,
        code: CODE,
        pin,
        summary: called.has_summary.then_some(&summary),
        machine: false,
    })
}

/// What the shell makes of the keys.
fn pin_of(call: &EnduserCall, heard: &Heard, called: Called) -> PinState {
    match heard {
        _ if !called.has_pin => PinState::None,
        Heard::Digits(keys) if call.wants_pin() && !keys.is_empty() => {
            if keys == PIN {
                PinState::Right
            } else {
                PinState::Wrong
            }
        }
        Heard::Digits(_) | Heard::Answered(_) | Heard::Spoken | Heard::Steered => PinState::Kept,
    }
}

/// Plays what is heard; gives the last phase, all receipts and all that was spoken.
fn play(called: Called, heard: &[Heard]) -> (Phase, Vec<ReceiptKind>, String) {
    let (mut call, mut receipts, mut spoken) = (EnduserCall::new(), Vec::new(), String::new());
    for heard in heard {
        let before = call.step;
        let pin = pin_of(&call, heard, called);
        let (next, script, proved) = with_facts(called, pin, |facts| call.clone().decide(heard, facts, token(before + 1)));
        assert_eq!(next.step, before + 1);
        words_of(&script.steps, &mut spoken);
        receipts.extend(proved);
        call = next;
    }
    (call.phase, receipts, spoken)
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

const EVERYBODY: [AnsweredBy; 5] =
    [AnsweredBy::Human, AnsweredBy::MachineReady, AnsweredBy::MachineSpeaking, AnsweredBy::Fax, AnsweredBy::Unknown];

/// AnsweredBy x keys x hang-up: a hang-up is the end of the row, so every prefix of a row is one.
#[test]
fn who_answered_and_what_was_keyed_and_what_that_proves() {
    let confirmed = R::Confirmed(ConfirmedBy::Keypad);
    let thanks = Phase::Confirmed { last: LastWords::Thanks };
    // Keys after the answer, and what they lead to where a person was spoken to.
    let table: [(&[&str], Phase, Vec<R>); 12] = [
        (&[], Phase::Asking { tries: 0 }, vec![]),
        (&["47"], thanks, vec![R::HumanAnswered, confirmed.clone()]),
        (&["4 7#"], thanks, vec![R::HumanAnswered, confirmed.clone()]),
        (&["74"], Phase::Asking { tries: 1 }, vec![R::HumanAnswered, R::WrongKey]),
        (&["#"], Phase::Asking { tries: 1 }, vec![R::HumanAnswered, R::WrongKey]),
        (&[""], Phase::Asking { tries: 1 }, vec![]),
        (&["", "47"], thanks, vec![R::HumanAnswered, confirmed.clone()]),
        (&["12", "47"], thanks, vec![R::HumanAnswered, R::WrongKey, R::HumanAnswered, confirmed.clone()]),
        (&["", "", ""], Phase::Over, vec![]),
        (&["", "", "", "47"], Phase::Over, vec![]),
        (&["9"], Phase::NotMe, vec![R::HumanAnswered, R::NotMe]),
        (&["12", "99", "47"], Phase::Over, vec![R::HumanAnswered, R::WrongKey, R::HumanAnswered, R::NotMe]),
    ];
    for who in EVERYBODY {
        for (keyed, phase, receipts) in &table {
            let heard: Vec<Heard> = [by(who)].into_iter().chain(keyed.iter().map(|pressed| keys(pressed))).collect();
            let (got_phase, got, _) = play(PLAIN, &heard);
            let answered: &[R] = match who {
                AnsweredBy::Human => &[R::Answered, R::HumanAnswered],
                AnsweredBy::Unknown => &[R::Answered],
                AnsweredBy::MachineReady | AnsweredBy::MachineSpeaking => &[R::Answered, R::MachineAnswered],
                AnsweredBy::Fax => &[R::Answered, R::FaxAnswered],
            };
            match who {
                AnsweredBy::Human | AnsweredBy::Unknown => {
                    assert_eq!((got_phase, got), (*phase, [answered, receipts].concat()), "{who:?} {keyed:?}");
                }
                // A machine that plays tones, even the right ones, confirms nothing; nor does a fax.
                AnsweredBy::MachineReady | AnsweredBy::MachineSpeaking | AnsweredBy::Fax => {
                    assert_eq!(&got[..answered.len()], answered);
                    let more = &got[answered.len()..];
                    assert!(more.iter().all(|kind| *kind == R::HumanAnswered), "{who:?} {keyed:?}: {got:?}");
                }
            }
        }
    }
}

#[test]
fn a_voicemail_is_left_when_it_was_spoken_to_its_end() {
    for who in [AnsweredBy::MachineReady, AnsweredBy::MachineSpeaking] {
        let (phase, receipts, _) = play(PLAIN, &[by(who)]);
        assert_eq!((phase, receipts), (Phase::Voicemail, vec![R::Answered, R::MachineAnswered]), "hung up before its end: none");
        let (phase, receipts, _) = play(PLAIN, &[by(who), Heard::Spoken]);
        assert_eq!((phase, receipts), (Phase::Over, vec![R::Answered, R::MachineAnswered, R::VoicemailLeft]));
    }
    // Keys before the code was spoken cannot be the code.
    assert_eq!(play(PLAIN, &[keys("47")]).1, [R::Answered, R::HumanAnswered]);
}

#[test]
fn a_pin_confirms_and_a_wrong_one_does_not() {
    let by_pin = R::Confirmed(ConfirmedBy::Pin);
    let table: Vec<(Called, &[&str], Phase, Vec<R>)> = vec![
        (WITH_PIN, &["0"], Phase::Pin { tries: 0 }, vec![R::HumanAnswered]),
        (WITH_PIN, &["00", PIN], Phase::Confirmed { last: LastWords::Thanks }, vec![R::HumanAnswered, R::HumanAnswered, by_pin.clone()]),
        (WITH_PIN, &["0", "1111"], Phase::Pin { tries: 1 }, vec![R::HumanAnswered, R::HumanAnswered, R::WrongKey]),
        (WITH_PIN, &["0", "47"], Phase::Pin { tries: 1 }, vec![R::HumanAnswered, R::HumanAnswered, R::WrongKey]),
        (WITH_PIN, &["0", "", "", ""], Phase::Over, vec![R::HumanAnswered]),
        (
            WITH_BOTH,
            &["0", "1111", PIN],
            Phase::Content { tries: 0 },
            vec![R::HumanAnswered, R::HumanAnswered, R::WrongKey, R::HumanAnswered, by_pin],
        ),
        // Who has none is not asked for one, and zero is a wrong key.
        (PLAIN, &["0"], Phase::Asking { tries: 1 }, vec![R::HumanAnswered, R::WrongKey]),
    ];
    for (called, keyed, phase, receipts) in table {
        let heard: Vec<Heard> = [by(AnsweredBy::Unknown)].into_iter().chain(keyed.iter().map(|pressed| keys(pressed))).collect();
        let (got_phase, got, _) = play(called, &heard);
        assert_eq!((got_phase, &got[1..]), (phase, &receipts[..]), "{keyed:?}");
    }
}

#[test]
fn the_report_is_spoken_after_a_confirmation_and_a_pin_and_never_else() {
    let says = |called: Called, heard: &[Heard]| play(called, heard).2.contains(SUMMARY);
    let human = || by(AnsweredBy::Human);
    assert!(says(WITH_BOTH, &[human(), keys("47"), keys(PIN)]));
    assert!(says(WITH_BOTH, &[human(), keys("0"), keys(PIN), keys(PIN)]), "the PIN again, also after a confirmation by PIN");
    assert!(says(WITH_BOTH, &[human(), keys("47"), keys("1"), keys(""), keys(PIN)]));
    let silent: [(Called, Vec<Heard>); 9] = [
        (WITH_BOTH, vec![human(), keys("47")]),
        (WITH_BOTH, vec![human(), keys("0"), keys(PIN)]),
        (WITH_BOTH, vec![human(), keys("47"), keys("1"), keys("2"), keys("3"), keys(PIN)]),
        (WITH_BOTH, vec![human(), keys("12"), keys(PIN)]),
        (WITH_BOTH, vec![human(), keys("9"), keys(PIN)]),
        (WITH_BOTH, vec![by(AnsweredBy::MachineReady), keys(PIN), Heard::Spoken]),
        (WITH_BOTH, vec![by(AnsweredBy::Fax), keys(PIN)]),
        (Called { has_summary: true, ..PLAIN }, vec![human(), keys("47"), keys(PIN)]),
        (WITH_PIN, vec![human(), keys("47"), keys(PIN)]),
    ];
    for (called, heard) in silent {
        assert!(!says(called, &heard), "{heard:?}");
    }
    // Three wrong PINs end the call and take nothing back.
    let (phase, receipts, spoken) = play(WITH_BOTH, &[human(), keys("47"), keys("1"), keys("2"), keys("3")]);
    assert_eq!(phase, Phase::Confirmed { last: LastWords::LogIn });
    assert_eq!(receipts.iter().filter(|kind| matches!(kind, R::Confirmed(_))).count(), 1);
    assert!(spoken.ends_with("please log in, or call us at 5 5 5, 5 5 5, 0 1 0 0.\n"));
}

#[test]
fn news_beside_the_call_switches_to_the_voicemail_and_a_lost_steer_proves_nothing() {
    let asking = EnduserCall { step: 1, phase: Phase::Asking { tries: 0 } };
    let aside = asking.clone().aside(AnsweredBy::MachineReady, false);
    assert_eq!((aside.call.step, aside.call.phase, aside.steer), (1, Phase::Machine { tries: 0 }, true));
    assert_eq!(aside.receipts, [R::MachineAnswered]);
    let next = |heard: Heard| with_facts(PLAIN, PinState::None, |facts| aside.call.clone().decide(&heard, facts, token(2)));
    // The call obeys, or the time for keys runs out by itself: the voicemail follows, and is left when it was spoken.
    for heard in [Heard::Steered, keys("")] {
        let (call, script, receipts) = next(heard);
        assert_eq!((call.phase, receipts), (Phase::Voicemail, vec![]));
        assert!(matches!(script.steps.last(), Some(Step::Continue { then }) if *then == token(2)));
    }
    // Detection was wrong, and the person keys the code.
    assert_eq!(next(keys("47")).2, [R::HumanAnswered, R::Confirmed(ConfirmedBy::Keypad)]);
    assert_eq!(next(keys("12")).0.phase, Phase::Asking { tries: 1 });

    let phases = [
        Phase::Dialled,
        Phase::Asking { tries: 2 },
        Phase::Machine { tries: 0 },
        Phase::Voicemail,
        Phase::Pin { tries: 0 },
        Phase::Content { tries: 0 },
        Phase::Confirmed { last: LastWords::Thanks },
        Phase::NotMe,
        Phase::Over,
    ];
    for phase in phases {
        for who in EVERYBODY {
            for person in [false, true] {
                let aside = EnduserCall { step: 3, phase }.aside(who, person);
                assert!(!aside.receipts.iter().any(|kind| matches!(kind, R::Confirmed(_) | R::VoicemailLeft)), "{who:?} proves little");
                let switches = matches!((who, phase), (AnsweredBy::MachineReady | AnsweredBy::Fax, Phase::Asking { .. })) && !person;
                assert_eq!(aside.steer, switches, "{phase:?} {who:?} {person}");
                assert_eq!(aside.call.step, 3, "the step that is waited for stays");
            }
        }
    }
    // The news came before the line asked for its first words.
    let facts = |machine| {
        with_facts(PLAIN, PinState::None, |facts| {
            EnduserCall::new().decide(&by(AnsweredBy::Unknown), &Facts { machine, ..facts.clone() }, token(1)).0.phase
        })
    };
    assert_eq!((facts(false), facts(true)), (Phase::Asking { tries: 0 }, Phase::Voicemail));
}

#[test]
fn the_words_in_each_language() {
    let purposes = [Purpose::Tip, Purpose::Drill].into_iter().chain(PageReason::ALL.map(Purpose::Page));
    for language in Language::ALL {
        let mut all = String::new();
        for purpose in purposes.clone() {
            let called = Called { language, purpose, ..PLAIN };
            let human = play(called, &[by(AnsweredBy::Human), keys("12"), keys("47")]).2;
            let machine = play(called, &[by(AnsweredBy::MachineReady), Heard::Spoken]).2;
            let nobody = play(called, &[by(AnsweredBy::Human), keys(""), keys(""), keys("")]).2;
            all.push_str(&format!("== {purpose:?}\n— human\n{human}— machine\n{machine}— nobody keys\n{nobody}"));
        }
        let called = Called { language, ..WITH_BOTH };
        let pin = play(called, &[by(AnsweredBy::Human), keys("0"), keys("1111"), keys(PIN), keys("1"), keys(PIN)]).2;
        let log_in = play(called, &[by(AnsweredBy::Human), keys("47"), keys("1"), keys("1"), keys("1")]).2;
        let not_me = play(called, &[by(AnsweredBy::Human), keys("9")]).2;
        all.push_str(&format!("== With a PIN and a summary\n— PIN\n{pin}— no PIN\n{log_in}— not me\n{not_me}"));
        insta::assert_snapshot!(format!("call_{}", language.tag()), all);
    }
}

#[test]
fn a_drill_says_so_first_and_last_whatever_happens() {
    for (language, test) in Language::ALL.into_iter().zip(["This is a test.", "Esto es una prueba.", "هذا اختبار."]) {
        let called = Called { language, purpose: Purpose::Drill, ..WITH_PIN };
        let calls: [&[Heard]; 6] = [
            &[by(AnsweredBy::Human)],
            &[by(AnsweredBy::Human), keys("47")],
            &[by(AnsweredBy::Human), keys("0"), keys("1")],
            &[by(AnsweredBy::Human), keys("9")],
            &[by(AnsweredBy::MachineReady), Heard::Spoken],
            &[by(AnsweredBy::Human), keys(""), keys(""), keys("")],
        ];
        for heard in calls {
            let spoken = play(called, heard).2;
            assert!(spoken.starts_with(test) && spoken.trim_end().ends_with(test), "{heard:?}: {spoken}");
        }
    }
}

#[test]
fn a_person_is_asked_twice_in_a_round_and_a_machine_hears_no_code() {
    let (_, _, human) = play(PLAIN, &[by(AnsweredBy::Human)]);
    assert_eq!(human.matches("press four, seven").count(), 2);
    assert!(human.starts_with("This is Safe2Help Illinois with an urgent report for Delta High School."));
    assert!(!human.contains("seven, K") && !human.contains("PIN"), "nothing else before the confirmation");
    let (_, _, machine) = play(WITH_BOTH, &[by(AnsweredBy::MachineReady), Heard::Spoken]);
    assert!(machine.contains("T, seven, K, three, Q, M, two") && machine.contains("5 5 5, 5 5 5, 0 1 0 0"));
    assert!(!machine.contains("four, seven") && !machine.contains("press"));
}

#[test]
fn a_repeated_step_gets_the_same_script() {
    let calls: [&[Heard]; 5] = [
        &[by(AnsweredBy::Human)],
        &[by(AnsweredBy::Human), keys("1")],
        &[by(AnsweredBy::MachineReady)],
        &[by(AnsweredBy::Human), keys("0")],
        &[by(AnsweredBy::Human), keys("47"), keys("1")],
    ];
    for heard in calls {
        let (mut call, mut script) = (EnduserCall::new(), Script::default());
        for heard in heard {
            let pin = pin_of(&call, heard, WITH_BOTH);
            let then = token(call.step + 1);
            (call, script, _) = with_facts(WITH_BOTH, pin, |facts| call.decide(heard, facts, then));
        }
        let again = with_facts(WITH_BOTH, PinState::Kept, |facts| call.again(facts, token(call.step)));
        assert_eq!(again, script, "{heard:?}");
    }
}

#[test]
fn spoken_codes_are_two_unlike_digits_without_a_meaning_of_their_own() {
    for random in 0..=u16::MAX {
        let code = SpokenCode::from_bits(random);
        assert!(code.0[0] != code.0[1] && (1..=8).contains(&code.0[0]) && code.0[1] < 10);
    }
    let all: std::collections::BTreeSet<String> = (0..72).map(|random| SpokenCode::from_bits(random).digits()).collect();
    assert_eq!(all.len(), 72);
    assert_eq!(format!("{CODE:?}"), "SpokenCode(sealed)");
}

#[test]
fn rows_of_an_earlier_version_are_read() {
    let read = |json: &str| serde_json::from_str::<EnduserCall>(json).expect("reads").phase;
    assert_eq!(read(r#"{"step":2,"phase":{"phase":"confirmed"}}"#), Phase::Confirmed { last: LastWords::Thanks });
    assert_eq!(read(r#"{"step":1,"phase":{"phase":"asking","tries":1}}"#), Phase::Asking { tries: 1 });
}
