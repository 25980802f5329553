//! Tests of [`delivery`](super): a reply to a reporter prefers a loss that is shown to a duplicate.
//!
//! Histories are written as `(second, event)`; attempts are numbered from 1; jitter is 1; the policy is the default one.

use super::*;
use crate::dispatch::evidence::ReceiptKind;
use uuid::Uuid;

fn t(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("in range")
}

fn id(number: u128) -> AttemptId {
    AttemptId::new(Uuid::from_u128(number))
}

fn sent(outcome: SendOutcome, code: Option<i64>) -> Event {
    Event::Sent { attempt: id(1), outcome, code }
}

fn news(kinds: &[ReceiptKind]) -> Event {
    let mut evidence = Evidence::default();
    for kind in kinds {
        evidence.merge(kind, t(500));
    }
    Event::News { attempt: id(1), evidence }
}

/// A delivery whose first attempt started at 0, then these events; the state's name and the effects after the first send.
fn check(events: &[(i64, Event)], expected: &str, expected_effects: &[Effect]) {
    let policy = Policy::default();
    let waiting = Delivery::Waiting { next_at: t(0), made: 0 };
    let (mut now, _) = waiting.decide(Event::Timer, t(0), id(1), 1.0, &policy);
    let (mut effects, mut fresh) = (Vec::new(), 2);
    for (at, event) in events {
        let (next, more) = now.decide(event.clone(), t(*at), id(fresh), 1.0, &policy);
        fresh += more.iter().filter(|effect| matches!(effect, Effect::Send(_))).count() as u128;
        effects.extend(more);
        now = next;
    }
    let name = match &now {
        Delivery::Waiting { next_at, .. } => format!("waiting {}", next_at.duration_since(t(0)).as_secs()),
        Delivery::InFlight { attempt, .. } => format!("flight #{}", attempt.uuid().as_u128()),
        Delivery::Sent { .. } => "sent".to_owned(),
        Delivery::Delivered { .. } => "delivered".to_owned(),
        Delivery::Kept { .. } => "kept".to_owned(),
        Delivery::Unconfirmed { .. } => "unconfirmed".to_owned(),
        Delivery::Unknown { .. } => "unknown".to_owned(),
        Delivery::Failed { .. } => "failed".to_owned(),
    };
    assert_eq!((name.as_str(), effects.as_slice()), (expected, expected_effects), "{events:?}");
    assert_eq!(now.timer().is_none(), ["kept", "delivered", "unconfirmed", "unknown", "failed"].contains(&name.as_str()));
}

#[test]
fn the_ordinary_ways() {
    let (accepted, delivered) = (sent(SendOutcome::Accepted, None), news(&[ReceiptKind::Submitted, ReceiptKind::Delivered]));
    check(&[], "flight #1", &[]);
    check(&[(1, accepted.clone())], "sent", &[]);
    check(&[(1, accepted.clone()), (5, delivered.clone())], "delivered", &[]);
    check(&[(1, delivered), (2, accepted.clone())], "delivered", &[]);
    check(&[(1, sent(SendOutcome::Transient, None))], "waiting 3", &[]);
    check(&[(1, sent(SendOutcome::Throttled(Some(SignedDuration::from_secs(9))), None))], "waiting 10", &[]);
    check(&[(1, accepted), (5, news(&[ReceiptKind::Ended(End::Undelivered(Some(30003)))]))], "failed", &[]);
}

#[test]
fn a_lost_answer_is_not_sent_again_unless_the_carrier_is_sure() {
    let unknown = (15, sent(SendOutcome::Unknown, None));
    let not_found = |at| (at, Event::NotFound { attempt: id(1) });
    let could_not = |at| (at, Event::CouldNotAsk { attempt: id(1) });
    check(std::slice::from_ref(&unknown), "flight #1", &[]);
    // Too early a "not found" is not believed: the carrier's list may lag.
    check(&[unknown.clone(), not_found(44)], "flight #1", &[]);
    let again = [unknown.clone(), (45, Event::Timer), not_found(46)];
    check(&again, "waiting 46", &[Effect::Ask(id(1))]);
    check(&[&again[..], &[(46, Event::Timer)]].concat(), "flight #2", &[Effect::Ask(id(1)), Effect::Send(id(2))]);
    check(&[unknown.clone(), (45, Event::Timer), could_not(46)], "flight #1", &[Effect::Ask(id(1))]);
    check(&[unknown.clone(), could_not(300)], "unknown", &[]);
    check(&[unknown, could_not(300), (400, news(&[ReceiptKind::Submitted]))], "sent", &[]);
    // After a long absence the carrier is asked first; only then silence means "unknown".
    check(&[(900, Event::Timer), (945, Event::Timer)], "unknown", &[Effect::Ask(id(1))]);
}

#[test]
fn silence_after_the_carrier_took_it_is_unconfirmed() {
    let accepted = (1, sent(SendOutcome::Accepted, None));
    let asks: Vec<(i64, Event)> = [46, 91, 136, 181, 226, 271, 316, 361].map(|at| (at, Event::Timer)).to_vec();
    let mut events = vec![accepted];
    events.extend(asks);
    check(&events, "unconfirmed", &[Effect::Ask(id(1)); 7]);
    events.push((5000, news(&[ReceiptKind::Delivered])));
    check(&events, "delivered", &[Effect::Ask(id(1)); 7]);
}

/// Every state that a delivery can be in, all of them about attempt 1.
fn states() -> [Delivery; 8] {
    [
        Delivery::Waiting { next_at: t(0), made: 1 },
        Delivery::InFlight { attempt: id(1), since: t(0), check_at: t(45), made: 1 },
        Delivery::Sent { attempt: id(1), at: t(1), check_at: t(45) },
        Delivery::Kept { since: t(0) },
        Delivery::Delivered { at: t(7) },
        Delivery::Unconfirmed { at: t(300) },
        Delivery::Unknown { at: t(300) },
        Delivery::Failed { at: t(3), end: End::Failed(Some(21610)) },
    ]
}

#[test]
fn what_was_seen_is_delivered_whatever_was_believed_and_stays_so() {
    let policy = Policy::default();
    for state in states() {
        let first = if let Delivery::Delivered { at } = state { at } else { t(60) };
        let (seen, effects) = state.clone().decide(Event::Seen, t(60), id(2), 1.0, &policy);
        assert_eq!((&seen, effects), (&Delivery::Delivered { at: first }, Vec::new()), "{state:?}");
        assert_eq!(seen.timer(), None);
        // Whatever comes late takes nothing back, sends nothing again and asks nobody.
        for event in [
            Event::Seen,
            Event::Timer,
            sent(SendOutcome::Accepted, None),
            sent(SendOutcome::Transient, None),
            sent(SendOutcome::Permanent, Some(21610)),
            news(&[ReceiptKind::Submitted, ReceiptKind::Ended(End::Undelivered(Some(30003)))]),
            news(&[ReceiptKind::Delivered]),
            Event::NotFound { attempt: id(1) },
            Event::CouldNotAsk { attempt: id(1) },
        ] {
            let after = seen.clone().decide(event.clone(), t(9999), id(3), 1.0, &policy);
            assert_eq!(after, (Delivery::Delivered { at: first }, Vec::new()), "{state:?} {event:?}");
        }
    }
}

#[test]
fn what_is_kept_waits_for_the_reporter_only() {
    let policy = Policy::default();
    let kept = Delivery::Kept { since: t(0) };
    assert_eq!(kept.timer(), None);
    for event in [
        Event::Timer,
        sent(SendOutcome::Accepted, None),
        sent(SendOutcome::Transient, None),
        sent(SendOutcome::Unknown, None),
        sent(SendOutcome::Permanent, Some(21610)),
        news(&[ReceiptKind::Submitted]),
        news(&[ReceiptKind::Ended(End::Failed(Some(21211)))]),
        Event::NotFound { attempt: id(1) },
        Event::CouldNotAsk { attempt: id(1) },
    ] {
        assert_eq!(kept.clone().decide(event.clone(), t(900), id(1), 1.0, &policy), (kept.clone(), Vec::new()), "{event:?}");
    }
    assert_eq!(kept.decide(Event::Seen, t(900), id(1), 1.0, &policy), (Delivery::Delivered { at: t(900) }, Vec::new()));
}

#[test]
fn states_survive_the_store() {
    for state in states() {
        let json = serde_json::to_string(&state).expect("serializes");
        assert_eq!(serde_json::from_str::<Delivery>(&json).expect("reads back"), state, "{json}");
    }
}

#[test]
fn errors_that_close_the_way_back() {
    let refused = |code| [(1, sent(SendOutcome::Permanent, code))];
    check(&refused(Some(21610)), "failed", &[Effect::OptedOut]);
    check(&refused(Some(21211)), "failed", &[Effect::Unreachable]);
    check(&refused(Some(21614)), "failed", &[Effect::Unreachable]);
    check(&refused(Some(21408)), "failed", &[]);
    check(&refused(None), "failed", &[]);
    for code in [30005, 30006] {
        let lost = news(&[ReceiptKind::Submitted, ReceiptKind::Ended(End::Undelivered(Some(code)))]);
        check(&[(1, sent(SendOutcome::Accepted, None)), (9, lost)], "failed", &[Effect::Unreachable]);
    }
}

#[test]
fn attempts_are_bounded() {
    let policy = Policy { most_attempts: 2, ..Policy::default() };
    let mut delivery = Delivery::Waiting { next_at: t(0), made: 0 };
    for round in 0..2u128 {
        let at = t(100 * round as i64);
        delivery = delivery.decide(Event::Timer, at, id(round), 1.0, &policy).0;
        delivery = delivery
            .decide(Event::Sent { attempt: id(round), outcome: SendOutcome::Transient, code: Some(20429) }, at, id(9), 1.0, &policy)
            .0;
    }
    assert_eq!(delivery, Delivery::Failed { at: t(100), end: End::Failed(Some(20429)) });
}

#[test]
fn nothing_is_sent_twice_in_doubt() {
    let policy = Policy::default();
    for seed in 0..5000 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (mut delivery, mut now, mut sends) = (Delivery::Waiting { next_at: t(0), made: 0 }, 0, 0);
        // What the carrier has said that makes another attempt harmless.
        let mut surely_not_sent = true;
        for _ in 0..40 {
            now += rng.i64(0..60);
            let attempt = id(sends);
            let event = match rng.u32(..8) {
                0..=2 => Event::Timer,
                3 => Event::Sent { attempt, outcome: SendOutcome::Unknown, code: None },
                4 => Event::Sent { attempt, outcome: SendOutcome::Transient, code: None },
                5 => Event::NotFound { attempt },
                6 => Event::CouldNotAsk { attempt },
                _ => Event::Sent { attempt: id(99), outcome: SendOutcome::Transient, code: None },
            };
            let before = delivery.clone();
            let (next, effects) = delivery.decide(event.clone(), t(now), id(sends + 1), rng.f64(), &policy);
            if let Delivery::InFlight { attempt: current, since, .. } = before {
                let late = t(now) >= since.saturating_add(policy.ask_after).expect("in range");
                surely_not_sent |= match event {
                    Event::Sent { attempt, outcome, .. } => attempt == current && outcome == SendOutcome::Transient,
                    Event::NotFound { attempt } => attempt == current && late,
                    Event::Timer | Event::News { .. } | Event::CouldNotAsk { .. } | Event::Stopped | Event::Seen => false,
                };
            }
            if effects.iter().any(|effect| matches!(effect, Effect::Send(_))) {
                assert!(surely_not_sent, "seed {seed}: sent again in doubt");
                (sends, surely_not_sent) = (sends + 1, false);
            }
            delivery = next;
        }
    }
}

#[test]
fn stop_holds_back_only_what_has_not_been_begun() {
    let policy = Policy::default();
    let stopped = |delivery: Delivery| delivery.decide(Event::Stopped, t(100), id(1), 0.5, &policy);
    assert_eq!(stopped(Delivery::Waiting { next_at: t(0), made: 3 }), (Delivery::Kept { since: t(100) }, Vec::new()));
    for begun in [
        Delivery::InFlight { attempt: id(0), since: t(0), check_at: t(45), made: 1 },
        Delivery::Sent { attempt: id(0), at: t(0), check_at: t(45) },
        Delivery::Delivered { at: t(0) },
    ] {
        assert_eq!(stopped(begun.clone()), (begun, Vec::new()));
    }
}
