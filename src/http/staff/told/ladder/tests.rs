//! The words for each state: they never say more than the evidence.

use super::*;
use crate::desk::view;
use domain::directory::Kind;
use jiff::SignedDuration;
use jiff::tz::TimeZone;

fn at(second: i64) -> Timestamp {
    "2026-11-20T21:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

fn clock() -> PageClock {
    PageClock { now: at(100), zone: TimeZone::get("America/Chicago").unwrap() }
}

fn obligation(means: Means, state: State, evidence: &[&[ReceiptKind]]) -> view::Obligation {
    let attempts = evidence.iter().enumerate().map(|(n, kinds)| attempt(n, kinds)).collect();
    view::Obligation {
        id: "00000000000000000000000000000001".parse().unwrap(),
        organization: "Delta High School".into(),
        kind: Kind::School,
        person: "Dana Example".into(),
        role: "Principal".into(),
        means,
        tail: "…42".into(),
        due_at: at(1200),
        state,
        rung: Rung::None,
        first_attempt_at: None,
        confirmed_at: None,
        breached_at: None,
        attempts,
    }
}

fn attempt(n: usize, kinds: &[ReceiptKind]) -> view::Attempt {
    let mut evidence = Evidence::default();
    for (second, kind) in kinds.iter().enumerate() {
        evidence.merge(kind, at(i64::try_from(second).unwrap()));
    }
    view::Attempt {
        id: format!("{n:032}").parse().unwrap(),
        at: at(0),
        lane: "main-call".parse().unwrap(),
        answer: Some("accepted".into()),
        evidence,
        receipts: Vec::new(),
    }
}

#[test]
fn words_never_say_more_than_the_evidence() {
    use ReceiptKind as R;
    let waiting = State::Waiting { next_at: at(370) };
    let flying = || State::InFlight { attempt: "00000000000000000000000000000000".parse().unwrap(), since: at(0), check_at: at(145) };
    let busy: &[R] = &[R::Submitted, R::Ended(End::Busy)];
    let machine: &[R] = &[R::Submitted, R::Rang, R::Answered, R::MachineAnswered, R::VoicemailLeft, R::Ended(End::Completed)];
    let silent_person: &[R] = &[R::Submitted, R::Rang, R::Answered, R::HumanAnswered, R::Ended(End::Completed)];
    let hung_up: &[R] = &[R::Submitted, R::Rang, R::Answered, R::Ended(End::Completed)];
    let notified = || State::Satisfied { at: at(60), by: Satisfaction::Notified };
    let cases = [
        (obligation(Means::Call, waiting.clone(), &[busy]), "busy; calls again at 15:06:10", "open"),
        (obligation(Means::Call, waiting.clone(), &[busy, machine]), "voicemail left, not confirmed; calls again at 15:06:10", "open"),
        (obligation(Means::Call, waiting.clone(), &[silent_person]), "answered, not confirmed; calls again at 15:06:10", "open"),
        (obligation(Means::Call, waiting.clone(), &[hung_up]), "answered, not confirmed; calls again at 15:06:10", "open"),
        (obligation(Means::Call, waiting, &[]), "calls at 15:06:10", "open"),
        (obligation(Means::Call, State::Waiting { next_at: at(0) }, &[]), "its turn is next", "open"),
        (obligation(Means::Call, flying(), &[&[R::Submitted]]), "calling", "open"),
        (obligation(Means::Call, flying(), &[&[R::Submitted, R::Rang]]), "ringing", "open"),
        (obligation(Means::Call, flying(), &[&[R::Submitted, R::Answered, R::HumanAnswered]]), "a person is on the line", "open"),
        (obligation(Means::Mail, notified(), &[&[R::Submitted]]), "mailed 15:01:00, not confirmed", "done"),
        (
            obligation(Means::Mail, notified(), &[&[R::Submitted, R::Ended(End::Undelivered(None))]]),
            "came back: it did not arrive",
            "failed",
        ),
        (
            obligation(Means::Call, State::Satisfied { at: at(252), by: Satisfaction::Confirmed(ConfirmedBy::Keypad) }, &[]),
            "confirmed 15:04:12 by keypad",
            "confirmed",
        ),
        (obligation(Means::Call, State::Standby { until: at(300) }, &[]), "stands by until 15:05:00", "standby"),
        (
            obligation(Means::Call, State::Failed { at: at(1900), reason: FailedBecause::NobodyConfirmed }, &[machine]),
            "not reached: nobody confirmed. Call by hand",
            "failed",
        ),
    ];
    for (obligation, words, look) in cases {
        assert_eq!(state_in_words(&obligation, &clock()), (words.to_owned(), look));
        assert!(look == "confirmed" || !words.starts_with("confirmed"), "only a confirmation is called one: {words}");
    }
}

#[test]
fn the_ladder_shows_the_earliest_time_of_each_rung_over_all_attempts() {
    use ReceiptKind as R;
    let tries: [&[R]; 2] = [&[R::Submitted, R::Ended(End::Busy)], &[R::Submitted, R::Rang, R::MachineAnswered, R::VoicemailLeft]];
    let rungs = rungs(&obligation(Means::Call, State::Waiting { next_at: at(370) }, &tries), &clock());
    let reached: Vec<_> = rungs.iter().map(|rung| (rung.name, rung.at.as_ref().map(Moment::text))).collect();
    assert_eq!(
        reached,
        [
            ("submitted", Some("15:00:00")),
            ("rang", Some("15:00:01")),
            ("voicemail", Some("15:00:03")),
            ("answered", None),
            ("confirmed", None)
        ]
    );
}

#[test]
fn a_dispatch_is_summed_up_without_counting_those_who_stand_by() {
    let confirmed = view::Obligation {
        confirmed_at: Some(at(60)),
        ..obligation(Means::Call, State::Satisfied { at: at(60), by: Satisfaction::Confirmed(ConfirmedBy::Keypad) }, &[])
    };
    let all = [
        confirmed,
        obligation(Means::Call, State::Waiting { next_at: at(370) }, &[]),
        obligation(Means::Call, State::Standby { until: at(300) }, &[]),
        obligation(Means::Mail, State::Satisfied { at: at(1), by: Satisfaction::Notified }, &[]),
    ];
    assert_eq!(next::summary(&all), ["1 of 2 calls confirmed", "1 of 1 mail sent", "1 standing by"]);
}
