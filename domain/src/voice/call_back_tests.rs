//! An enduser who calls back: whole calls as they are heard, every state with every event, and which promise is confirmed.

use super::*;
use crate::channel::Means as M;
use crate::conversation::reference::Reference;
use crate::directory::Kind;
use crate::dispatch::evidence::ConfirmedBy;
use crate::dispatch::obligation::FailedBecause;
use crate::dispatch::plan::{Session, Start, Step as Promise, StepContent};
use crate::exchange::CallerHeard as H;
use crate::id::{ConversationId, DispatchId};
use crate::level::Level;
use crate::voice::script::Step;
use jiff::Timestamp;
use uuid::Uuid;

const KEYS: &str = "753762";
const PIN: &str = "482913";
const SUMMARY: &str = "A student spoke of harm at the north door.";

fn obligation() -> ObligationId {
    ObligationId::new(Uuid::from_u128(7))
}

fn attempt() -> AttemptId {
    AttemptId::new(Uuid::from_u128(8))
}

/// What there is to find, and what may be said of it.
#[derive(Clone, Copy)]
struct World {
    finds: ToConfirm,
    purpose: Purpose,
    summary: bool,
}

fn open() -> World {
    World { finds: ToConfirm::Open(obligation(), attempt()), purpose: Purpose::Tip, summary: true }
}

/// One step as the shell makes it.
fn step(world: World, call: &CallBack, heard: &H) -> (CallBack, Script, Vec<CallBackEffect>) {
    let voice = Voice { line_name: "Safe2Help Illinois".to_owned(), call_back: "5 5 5, 5 5 5, 0 1 0 0".to_owned() };
    let (reference, summary) = (Reference::parse("T-7K3-QM2").expect("good"), Words::new(SUMMARY));
    assert_eq!(reference.keypad(), KEYS);
    let about = About {
        organization_name: "Delta High School",
        reference: &reference,
        purpose: world.purpose,
        summary: world.summary.then_some(&summary),
    };
    let facts = |checked: Option<Checked>| {
        let known = call.obligation().is_some() || matches!(checked, Some(Checked::Right(_)));
        CallBackFacts { voice: &voice, desk: Some("5 5 5, 5 5 5, 0 1 1 0"), checked, about: known.then_some(about) }
    };
    let then = StepToken(format!("token-{}", call.step + 1));
    let first = call.decide(heard, &facts(None), then.clone());
    let [CallBackEffect::Check { keys, pin }] = &first.2[..] else { return first };
    assert_eq!((&first.0, &first.1), (call, &Script::default()), "what is being looked up changes nothing");
    let checked = match (keys.as_str(), pin.reveal()) {
        (KEYS, PIN) => Checked::Right(world.finds),
        (_, "99999999") => Checked::Closed,
        _ => Checked::Wrong,
    };
    call.decide(heard, &facts(Some(checked)), then)
}

fn keys(keys: &str) -> H {
    H::Digits(keys.to_owned())
}

fn spoken(steps: &[Step], heard: &mut String) {
    for step in steps {
        match step {
            Step::Say { words, .. } => heard.push_str(&format!("{words}\n")),
            Step::Ask { prompt, digits, finish_on_hash, .. } => {
                spoken(prompt, heard);
                heard.push_str(&format!("[{digits} keys{}]\n", if *finish_on_hash { " or #" } else { "" }));
            }
            Step::Pause { seconds } => assert!((1..=10).contains(seconds)),
            Step::HangUp => heard.push_str("[hangs up]\n"),
            Step::Continue { .. } | Step::Record { .. } | Step::Dial { .. } => panic!("a call-back neither records nor connects"),
        }
    }
}

/// A whole call: the last state, its effects, what was heard.
fn play(world: World, pressed: &[&str]) -> (CallBack, Vec<CallBackEffect>, String) {
    let (mut call, mut all, mut heard) = (CallBack::new(), Vec::new(), String::new());
    for key in pressed {
        let (next, script, effects) = step(world, &call, &keys(key));
        assert_eq!(next.step, call.step + 1);
        heard.push_str(&format!("— {key:?}\n"));
        spoken(&script.steps, &mut heard);
        all.extend(effects);
        call = next;
    }
    (call, all, heard)
}

fn farewell(call: &CallBack) -> Option<Farewell> {
    match call.going_on {
        GoingOn::Over { farewell, .. } => Some(farewell),
        GoingOn::Greeting | GoingOn::Reference { .. } | GoingOn::Pin { .. } | GoingOn::Confirm { .. } | GoingOn::Report { .. } => None,
    }
}

#[test]
fn the_words_in_each_language() {
    for (language, key) in Language::ALL.into_iter().zip(["1", "2", "3"]) {
        let right = [key, KEYS, "482913#"];
        let confirmed = play(open(), &[&right[..], &["1", "1", ""]].concat()).2;
        let wrong = play(open(), &[key, "12", "*", "111111", "1234", "222222", "1111"]).2;
        let silent = play(World { summary: false, ..open() }, &[&right[..], &["", "5", ""]].concat()).2;
        let plain = play(World { summary: false, ..open() }, &[&right[..], &["1"]].concat()).2;
        let page = Purpose::Page(crate::dispatch::purpose::PageReason::Unsorted);
        let page = play(World { summary: false, purpose: page, ..open() }, &[&right[..], &["1"]].concat()).2;
        let drill = play(World { summary: false, purpose: Purpose::Drill, ..open() }, &[&right[..], &["1"]].concat()).2;
        let not_yet = play(World { finds: ToConfirm::NotYet(obligation()), ..open() }, &right).2;
        let closed = play(open(), &[key, KEYS, "99999999"]).2;
        let all = [
            ("confirmed, with a report", confirmed),
            ("wrong three times", wrong),
            ("right, then silence", silent),
            ("confirmed", plain),
            ("a page", page),
            ("a drill", drill),
            ("not called yet", not_yet),
            ("nothing can be looked up", closed),
        ];
        let all: String = all.iter().map(|(name, heard)| format!("== {name}\n{heard}")).collect();
        insta::assert_snapshot!(format!("call_back_{}", language.tag()), all);
    }
}

#[test]
fn nothing_is_said_of_a_tip_before_reference_and_pin_and_no_report_before_the_key() {
    let told = |heard: &str| heard.contains("Delta") || heard.contains("seven") || heard.contains(SUMMARY);
    for pressed in [&["1"][..], &["1", KEYS], &["1", KEYS, "1111"], &["1", "000000", PIN], &["1", KEYS, "1", "2"], &["1", "12", "13", "14"]]
    {
        let (call, effects, heard) = play(open(), pressed);
        assert!(!told(&heard) && effects.is_empty() && call.obligation().is_none(), "{pressed:?}: {heard}");
    }
    let (_, effects, heard) = play(open(), &["1", KEYS, PIN]);
    assert!(heard.contains("Delta High School") && !heard.contains(SUMMARY) && effects.is_empty());
    let (_, effects, heard) = play(open(), &["1", KEYS, PIN, "1"]);
    assert!(heard.contains(SUMMARY));
    assert_eq!(effects, [CallBackEffect::Confirm(obligation()), CallBackEffect::ReadOut(obligation())]);
    let (_, _, heard) = play(World { summary: false, ..open() }, &["1", KEYS, PIN, "1"]);
    assert!(!heard.contains(SUMMARY) && heard.contains("log in"));
    // A wrong reference and a wrong PIN sound alike.
    assert_eq!(play(open(), &["1", KEYS, "1111"]).2.replace(KEYS, "").replace("1111", ""), {
        play(open(), &["1", "000000", PIN]).2.replace("000000", "").replace(PIN, "")
    });
}

#[test]
fn only_the_key_confirms_and_three_mistakes_end_the_call() {
    let table: [(&[&str], Farewell, usize); 8] = [
        (&["1", KEYS, PIN, "1", ""], Farewell::Heard, 2),
        (&["1", KEYS, PIN, "2", "", "0"], Farewell::NotConfirmed, 0),
        (&["1", KEYS, "1111", KEYS, "1112", KEYS, "1113"], Farewell::NoMatch, 0),
        (&["1", "", "", ""], Farewell::NoMatch, 0),
        (&["1", "12", KEYS, "1111", KEYS, ""], Farewell::NoMatch, 0),
        (&["1", KEYS, "99999999"], Farewell::Away, 0),
        (&["1", "12", "*", "13", KEYS, PIN, "1", "1", "1", "1"], Farewell::Heard, 2),
        (&["", KEYS, "482913#", "1", ""], Farewell::Heard, 2),
    ];
    for (pressed, last, effects) in table {
        let (call, done, heard) = play(open(), pressed);
        assert_eq!((farewell(&call), done.len()), (Some(last), effects), "{pressed:?}: {heard}");
    }
    let (call, effects, _) = play(World { finds: ToConfirm::Already(obligation()), ..open() }, &["1", KEYS, PIN]);
    assert!(matches!(call.going_on, GoingOn::Report { .. }));
    assert_eq!(effects, [CallBackEffect::ReadOut(obligation())], "what is confirmed is not confirmed again");
    let (call, effects, _) = play(World { finds: ToConfirm::NotYet(obligation()), ..open() }, &["1", KEYS, PIN, "1"]);
    assert_eq!((farewell(&call), effects.len()), (Some(Farewell::NotYet), 0));
}

#[test]
fn every_call_ends_and_repeats_itself_alike() {
    for seed in 0..3000 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut call = if rng.bool() { CallBack::new() } else { CallBack::from_menu(2, Language::Es) };
        let (mut confirmed, mut shown) = (0, false);
        for _ in 0..2 * MOST_STEPS {
            let heard = match rng.u8(..12) {
                0 => H::Spoken,
                1 => H::Recorded { empty: rng.bool() },
                2 => H::Dialled { answered: rng.bool() },
                3 => keys(""),
                4 => keys("*"),
                5 | 6 => keys(KEYS),
                7 | 8 => keys(PIN),
                9 => keys("1"),
                _ => keys(&"#12*A0987654321"[..rng.usize(..15)]),
            };
            let before = call.clone();
            let (next, script, effects) = step(open(), &call, &heard);
            shown |= matches!(next.going_on, GoingOn::Confirm { .. });
            confirmed += effects.iter().filter(|effect| matches!(effect, CallBackEffect::Confirm(_))).count();
            assert!(confirmed == 0 || shown, "seed {seed}: {before:?} {heard:?}");
            let json = serde_json::to_string(&next).expect("writes");
            assert!(!matches!(before.going_on, GoingOn::Pin { .. }) || !json.contains(PIN), "what was keyed as a PIN is not kept");
            assert_eq!(serde_json::from_str::<CallBack>(&json).expect("reads"), next);
            assert!(!script.steps.is_empty());
            call = next;
        }
        assert!(farewell(&call).is_some() && confirmed <= 1, "seed {seed}: {call:?}");
    }
}

fn promise(number: u128, means: M, purpose: Purpose, state: State, attempts: bool) -> Obligation {
    let at = Timestamp::UNIX_EPOCH;
    let step = Promise {
        organization: "delta-high".parse().expect("a key"),
        organization_name: "Delta High School".to_owned(),
        kind: Kind::School,
        person: "principal".parse().expect("a key"),
        person_name: "Pat".to_owned(),
        role: "Principal".to_owned(),
        means,
        tail: "…42".to_owned(),
        says: String::new(),
        due_at: at,
        start: Start::Now(0),
        content: StepContent::Nothing,
        session: Session::Unsaid,
    };
    let (id, dispatch, tip) = (ObligationId::new(Uuid::from_u128(number)), DispatchId::new(Uuid::nil()), ConversationId::new(Uuid::nil()));
    let mut one = Obligation::new(id, dispatch, tip, Level::Critical, step, at).for_purpose(purpose);
    one.latest = attempts.then(|| AttemptId::new(Uuid::from_u128(number)));
    one.state = state;
    one
}

fn heard_of_it(one: Obligation) -> Obligation {
    Obligation { elsewhere: Elsewhere::Confirmed, ..one }
}

#[test]
fn the_promise_that_is_confirmed() {
    let (at, tip) = (Timestamp::UNIX_EPOCH, Purpose::Tip);
    let waiting = || State::Waiting { next_at: at };
    let failed = || State::Failed { at, reason: FailedBecause::NobodyConfirmed };
    let kept = |by| State::Satisfied { at, by };
    let sent = || kept(Satisfaction::Notified);
    let by_key = || kept(Satisfaction::Confirmed(ConfirmedBy::Keypad));
    type Row = (&'static str, Vec<Obligation>, Option<(u128, &'static str)>);
    let table: Vec<Row> = vec![
        ("nothing promised", vec![], None),
        ("call before mail", vec![promise(1, M::Mail, tip, sent(), true), promise(2, M::Call, tip, waiting(), true)], Some((2, "open"))),
        ("a failed call", vec![promise(1, M::Call, tip, failed(), true), promise(2, M::Mail, tip, sent(), true)], Some((1, "open"))),
        ("only a mail", vec![promise(1, M::Mail, tip, sent(), true)], Some((1, "open"))),
        (
            "the newer dispatch",
            vec![promise(1, M::Call, tip, waiting(), true), promise(2, M::Call, tip, waiting(), true)],
            Some((2, "open")),
        ),
        (
            "the tip before a drill",
            vec![promise(1, M::Call, tip, failed(), true), promise(2, M::Call, Purpose::Drill, waiting(), true)],
            Some((1, "open")),
        ),
        ("nothing sent yet", vec![promise(1, M::Call, tip, waiting(), false)], Some((1, "not yet"))),
        (
            "confirmed",
            vec![promise(1, M::Call, tip, by_key(), true), promise(2, M::Mail, tip, kept(Satisfaction::ConfirmedElsewhere), true)],
            Some((2, "already")),
        ),
        (
            "confirmed by phone, and the mail was sent",
            vec![promise(1, M::Call, tip, by_key(), true), heard_of_it(promise(2, M::Mail, tip, sent(), true))],
            Some((2, "already")),
        ),
        ("not needed", vec![promise(1, M::Call, tip, State::Released { at }, false)], Some((1, "not yet"))),
        ("news only", vec![promise(1, M::Mail, Purpose::Update, sent(), true)], None),
    ];
    let person = "principal".parse().expect("a key");
    for (name, promised, expected) in table {
        let got = to_confirm(&promised, &person).map(|found| match found {
            ToConfirm::Open(one, attempt) => {
                assert_eq!(one.uuid(), attempt.uuid());
                (one.uuid().as_u128(), "open")
            }
            ToConfirm::Already(one) => (one.uuid().as_u128(), "already"),
            ToConfirm::NotYet(one) => (one.uuid().as_u128(), "not yet"),
        });
        assert_eq!(got, expected, "{name}");
        assert_eq!(to_confirm(&promised, &"somebody".parse().expect("a key")), None, "another person");
    }
}
