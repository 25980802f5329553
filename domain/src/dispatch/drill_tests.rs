//! Tests of what a drill found and of when the next one is due.

use super::*;
use crate::directory::Kind;
use crate::dispatch::evidence::{ConfirmedBy, ReceiptKind};
use crate::dispatch::obligation::Satisfaction;
use crate::dispatch::plan::{Session, Start, Step, StepContent};
use crate::dispatch::purpose::Purpose;
use crate::id::{ConversationId, DispatchId, ObligationId};
use crate::level::Level;
use jiff::civil::{date, time};
use jiff::tz::TimeZone;
use uuid::Uuid;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

fn obligation(means: Means, state: State) -> Obligation {
    let step = Step {
        organization: "somewhere".parse().expect("a key"),
        organization_name: String::new(),
        kind: Kind::School,
        person: "somebody".parse().expect("a key"),
        person_name: String::new(),
        role: String::new(),
        means,
        tail: String::new(),
        says: String::new(),
        due_at: at(1200),
        start: Start::Now(0),
        content: StepContent::Nothing,
        session: Session::Unsaid,
    };
    let (id, dispatch, conversation) = (ObligationId::new(Uuid::nil()), DispatchId::new(Uuid::nil()), ConversationId::new(Uuid::nil()));
    let new = Obligation::new(id, dispatch, conversation, Level::Other, step, at(0)).for_purpose(Purpose::Drill);
    Obligation { state, ..new }
}

fn evidence(kinds: &[ReceiptKind]) -> Evidence {
    let mut evidence = Evidence::default();
    for kind in kinds {
        evidence.merge(kind, at(1));
    }
    evidence
}

#[test]
fn each_road_of_a_call_a_mail_and_a_text_is_told_apart() {
    use ReceiptKind::*;
    let open = || State::Waiting { next_at: at(0) };
    let table: [(Means, &[ReceiptKind], Found, Verdict); 19] = [
        (Means::Call, &[Submitted], Found::Waiting, Verdict::Waiting),
        (Means::Call, &[Submitted, HumanAnswered], Found::Waiting, Verdict::Waiting), // may still confirm
        (Means::Call, &[Submitted, Rang], Found::Waiting, Verdict::Waiting),
        (Means::Call, &[Submitted, HumanAnswered, Confirmed(ConfirmedBy::Keypad)], Found::Confirmed, Verdict::Works),
        (Means::Call, &[Submitted, HumanAnswered, Ended(End::Completed)], Found::Answered, Verdict::Works),
        (Means::Call, &[Submitted, HumanAnswered, NotMe], Found::NotThem, Verdict::Failed),
        (Means::Call, &[Submitted, MachineAnswered, VoicemailLeft, Ended(End::Completed)], Found::Machine, Verdict::Unsure),
        (Means::Call, &[Submitted, FaxAnswered, Ended(End::Completed)], Found::Fax, Verdict::Failed),
        (Means::Call, &[Submitted, Answered, Ended(End::Completed)], Found::PickedUp, Verdict::Unsure),
        (Means::Call, &[Submitted, Ended(End::NoAnswer)], Found::NoAnswer, Verdict::Failed),
        (Means::Call, &[Submitted, Ended(End::Busy)], Found::Busy, Verdict::Failed),
        (Means::Call, &[Submitted, Ended(End::Failed(Some(21217)))], Found::Refused, Verdict::Failed),
        (Means::Mail, &[Submitted], Found::Taken, Verdict::Works),
        (Means::Mail, &[Submitted, Ended(End::Undelivered(None))], Found::Returned, Verdict::Failed),
        (Means::Mail, &[Submitted, Confirmed(ConfirmedBy::MailPage)], Found::Confirmed, Verdict::Works),
        (Means::Text, &[Submitted], Found::Taken, Verdict::Works),
        (Means::Text, &[Submitted, Delivered], Found::Delivered, Verdict::Works),
        (Means::Text, &[Submitted, Ended(End::Undelivered(Some(30006)))], Found::Returned, Verdict::Failed),
        (Means::Text, &[], Found::Waiting, Verdict::Waiting),
    ];
    for (means, kinds, expected, verdict) in table {
        let of_point = [evidence(kinds)];
        let said = found(&obligation(means, open()), &of_point);
        assert_eq!((said, said.verdict()), (expected, verdict), "{means:?} {kinds:?}");
    }
}

#[test]
fn what_a_person_did_counts_before_silence_and_the_end_without_news_says_why() {
    use ReceiptKind::*;
    let silent = evidence(&[Submitted, Ended(End::NoAnswer)]);
    let answered = evidence(&[Submitted, HumanAnswered, Ended(End::Completed)]);
    let call = obligation(Means::Call, State::Waiting { next_at: at(0) });
    assert_eq!(found(&call, &[silent.clone(), answered.clone()]), Found::Answered);
    assert_eq!(found(&call, &[answered, silent]), Found::Answered);
    let failed = |reason| found(&obligation(Means::Call, State::Failed { at: at(9), reason }), &[]);
    assert_eq!(failed(FailedBecause::NoCarrier), Found::NotTaken);
    assert_eq!(failed(FailedBecause::AddressRefused), Found::Refused);
    assert_eq!(failed(FailedBecause::OptedOut), Found::OptedOut);
    let kept = State::Satisfied { at: at(9), by: Satisfaction::Notified };
    assert_eq!(found(&obligation(Means::Mail, kept), &[]), Found::Taken);
    let words: std::collections::BTreeSet<_> = Found::ALL.map(Found::as_str).into_iter().collect();
    assert_eq!(words.len(), Found::ALL.len(), "each has words of its own");
}

#[test]
fn a_drill_is_due_on_business_days_from_its_hour_on() {
    let calendar = Calendar {
        key: "school".parse().expect("a key"),
        zone: TimeZone::get("America/Chicago").expect("bundled"),
        hours: (0..5).map(|day| (day, (time(8, 0, 0, 0), time(17, 0, 0, 0)))).collect(),
        closed_on: [date(2026, 11, 26), date(2026, 11, 27)].into(),
    };
    let local = |text: &str| calendar.zone.to_timestamp(text.parse::<jiff::civil::DateTime>().expect("a time")).expect("a moment");
    let ten = time(10, 0, 0, 0);
    // last, every, now, due
    let table = [
        (None, 30, "2026-11-18T09:59", false),
        (None, 30, "2026-11-18T10:00", true),
        (None, 30, "2026-11-18T16:59", true),
        (None, 30, "2026-11-18T17:00", false),
        (None, 30, "2026-11-21T12:00", false), // a Saturday
        (None, 30, "2026-11-26T12:00", false), // a holiday
        (Some("2026-11-18T10:03"), 7, "2026-11-24T12:00", false),
        (Some("2026-11-18T10:03"), 7, "2026-11-25T10:00", true), // the day counts, not the minute
        (Some("2026-11-18T10:03"), 8, "2026-11-26T12:00", false),
        (Some("2026-11-18T10:03"), 8, "2026-11-30T10:00", true), // over the holiday and the weekend
        (Some("2026-10-18T10:03"), 7, "2026-11-18T11:00", true), // long overdue: the gateway was away
        (Some("2026-11-18T10:03"), 1, "2026-11-18T11:00", false), // not twice a day
    ];
    for (last, every, now, due) in table {
        assert_eq!(is_due(last.map(local), every, ten, &calendar, local(now)), due, "{last:?} {every} {now}");
    }
    assert!(!is_due(None, 1, time(20, 0, 0, 0), &calendar, local("2026-11-18T20:30")), "never while it is closed");
}
