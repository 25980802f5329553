//! From the line to the obligation: who picked up, what was keyed and when it was hung up, and what becomes of the promise (R10, R19, R32).
//!
//! The call is the real [`EnduserCall`], its receipts are merged in every order that callbacks may take, and the obligation decides on them. Only
//! a code of this very call or the person's own PIN confirms; nothing that a machine, a fax or a hang-up does ever does.

use super::evidence::{End, Evidence, ReceiptKind, Rung};
use super::history::{obligation, state, t};
use super::obligation::{Context, Event, Obligation, SendOutcome, State};
use super::policy::Policy;
use super::purpose::Purpose;
use super::words::Voice;
use crate::conversation::reference::Reference;
use crate::exchange::{AnsweredBy, Heard, StepToken};
use crate::id::AttemptId;
use crate::language::Language;
use crate::level::Level;
use crate::voice::enduser_call::{EnduserCall, Facts, PinState, SpokenCode};
use uuid::Uuid;

const PIN: &str = "482913";

/// What the call proves when these are heard and then it is hung up.
fn receipts(heard: &[Heard]) -> Vec<ReceiptKind> {
    let voice = Voice { line_name: "the line".to_owned(), call_back: "5 5 5, 0 1 0 0".to_owned() };
    let (reference, code) = (Reference::from_bits([1, 2, 3, 4]), SpokenCode::from_bits(3));
    let (mut call, mut all) = (EnduserCall::new(), vec![ReceiptKind::Submitted, ReceiptKind::Rang]);
    for heard in heard {
        let pin = match heard {
            Heard::Digits(keys) if call.wants_pin() && keys == PIN => PinState::Right,
            Heard::Digits(_) if call.wants_pin() => PinState::Wrong,
            Heard::Digits(_) | Heard::Answered(_) | Heard::Spoken | Heard::Steered => PinState::Kept,
        };
        let facts = Facts {
            voice: &voice,
            organization_name: "Somewhere",
            reference: &reference,
            purpose: Purpose::Tip,
            level: Level::Critical,
            language: Language::En,
            code,
            pin,
            summary: None,
            machine: false,
        };
        let (next, _, proved) = call.clone().decide(heard, &facts, StepToken(String::new()));
        all.extend(proved);
        call = next;
    }
    all.push(ReceiptKind::Ended(End::Completed));
    all
}

fn context(at: i64, points: u32, policy: &Policy) -> Context<'_> {
    Context { now: t(at), fresh: AttemptId::new(Uuid::from_u128(1)), jitter: 1.0, policy, other_carrier: true, points }
}

/// The first attempt is out and taken.
fn called(points: u32) -> (Obligation, AttemptId) {
    let policy = Policy::default();
    let started = obligation("critical school call").decide(Event::Timer, context(0, points, &policy)).next;
    let attempt = started.latest.expect("an attempt");
    let taken = Event::Sent { attempt, outcome: SendOutcome::Accepted };
    (started.decide(taken, context(1, points, &policy)).next, attempt)
}

/// Each receipt is news by itself, in this order; then the rung and where the obligation stands.
fn outcome(order: &[ReceiptKind], points: u32) -> (Rung, String) {
    let (policy, mut evidence) = (Policy::default(), Evidence::default());
    let (mut now, attempt) = called(points);
    for kind in order {
        if evidence.merge(kind, t(30)) {
            let news = Event::News { attempt, evidence: evidence.clone() };
            now = now.decide(news, context(30, points, &policy)).next;
        }
    }
    let word = match &now.state {
        State::Waiting { .. } if !now.bad_points.is_empty() => "next number".to_owned(),
        State::Waiting { .. } => "again".to_owned(),
        State::Standby { .. } | State::InFlight { .. } | State::Satisfied { .. } | State::Released { .. } | State::Failed { .. } => {
            state(&now)
        }
    };
    (evidence.rung(), word)
}

fn code() -> String {
    SpokenCode::from_bits(3).digits()
}

/// What is heard after the answer, in the words of the table.
fn keyed(what: &str) -> Vec<Heard> {
    let digits = |keys: &str| Heard::Digits(keys.to_owned());
    let heard = |word: &str| match word {
        "right" => digits(&code()),
        "old" => digits(&code().chars().rev().collect::<String>()),
        "pin" => digits(PIN),
        "silence" => digits(""),
        "to-the-end" => Heard::Spoken,
        keys => digits(keys),
    };
    what.split_whitespace().map(heard).collect()
}

/// Rows: what is keyed. Columns: a person, nobody knows who, a machine after its beep, a machine that still speaks, a fax.
const TABLE: [(&str, [(Rung, &str); 5]); 12] = {
    use Rung::{Confirmed as C, HumanAnswered as H, Rang as R, Voicemail as V};
    const KEYPAD: (Rung, &str) = (C, "confirmed(keypad)");
    const OWN_PIN: (Rung, &str) = (C, "confirmed(pin)");
    const PERSON: (Rung, &str) = (H, "again");
    const RANG: (Rung, &str) = (R, "again");
    const STRANGER: (Rung, &str) = (H, "next number");
    const LEFT: (Rung, &str) = (V, "again");
    [
        ("", [PERSON, RANG, RANG, RANG, RANG]),
        ("right", [KEYPAD, KEYPAD, PERSON, PERSON, RANG]),
        ("old", [PERSON, PERSON, PERSON, PERSON, RANG]),
        ("old old old right", [PERSON, PERSON, PERSON, PERSON, RANG]),
        ("old right", [KEYPAD, KEYPAD, PERSON, PERSON, RANG]),
        ("silence", [PERSON, RANG, RANG, RANG, RANG]),
        ("silence silence silence", [PERSON, RANG, RANG, RANG, RANG]),
        ("9", [STRANGER, STRANGER, PERSON, PERSON, RANG]),
        ("9 right", [STRANGER, STRANGER, PERSON, PERSON, RANG]),
        ("0 pin", [OWN_PIN, OWN_PIN, PERSON, PERSON, RANG]),
        ("0 1111 2222 3333 pin", [PERSON, PERSON, PERSON, PERSON, RANG]),
        ("to-the-end", [PERSON, RANG, LEFT, LEFT, RANG]),
    ]
};

const WHO: [AnsweredBy; 5] =
    [AnsweredBy::Human, AnsweredBy::Unknown, AnsweredBy::MachineReady, AnsweredBy::MachineSpeaking, AnsweredBy::Fax];

#[test]
fn who_picked_up_what_was_keyed_and_what_becomes_of_the_promise() {
    for (what, row) in TABLE {
        for (who, (rung, expected)) in WHO.into_iter().zip(row) {
            let heard: Vec<Heard> = [Heard::Answered(who)].into_iter().chain(keyed(what)).collect();
            assert_eq!(outcome(&receipts(&heard), 2), (rung, expected.to_owned()), "{who:?}: {what}");
            // Without another number, a stranger's ends it.
            let single = if expected == "next number" { "notthem" } else { expected };
            assert_eq!(outcome(&receipts(&heard), 1).1, single, "{who:?}: {what}, one number");
        }
    }
}

#[test]
fn hanging_up_before_the_last_key_confirms_nothing() {
    for (what, _) in TABLE {
        for who in WHO {
            let heard: Vec<Heard> = [Heard::Answered(who)].into_iter().chain(keyed(what)).collect();
            for kept in 0..heard.len() {
                let (rung, became) = outcome(&receipts(&heard[..kept]), 2);
                let proved = keyed(what).iter().take(kept.saturating_sub(1)).any(|one| *one == Heard::Digits(code()));
                assert!(rung < Rung::Confirmed || proved, "{who:?}: {what}, {kept} heard: {became}");
            }
        }
    }
}

#[test]
fn the_order_of_the_callbacks_changes_nothing_that_counts() {
    for (what, row) in TABLE {
        for (who, (rung, expected)) in WHO.into_iter().zip(row) {
            let heard: Vec<Heard> = [Heard::Answered(who)].into_iter().chain(keyed(what)).collect();
            let told = receipts(&heard);
            for seed in 0..24 {
                let mut order = told.clone();
                fastrand::Rng::with_seed(seed).shuffle(&mut order);
                let (got, became) = outcome(&order, 2);
                assert_eq!(got, rung, "{who:?}: {what}: {order:?}");
                // Once the end is known the call is made again; a stranger who is heard of afterwards is noted when it was not made yet.
                assert_eq!(became, expected, "{who:?}: {what}: {order:?}");
            }
        }
    }
}
