//! A promise that was kept by the rules is sound; each thing that is altered afterwards is found, and only that.

use super::super::evidence::{ConfirmedBy, End, Evidence, ReceiptKind};
use super::super::history::{obligation, t};
use super::super::obligation::{FailedBecause, Obligation, Satisfaction, State};
use super::{By, Noted, Promise, Tried, Unsound, comes_of, unsound};
use crate::channel::Means;
use crate::id::AttemptId;
use jiff::SignedDuration;
use uuid::Uuid;

const SILENCE: SignedDuration = SignedDuration::from_mins(5);

/// A promise on its way through the tests, owned.
#[derive(Clone)]
struct Kept {
    obligation: Obligation,
    others: Vec<Obligation>,
    attempts: Vec<(AttemptId, Means, u32, Evidence, Vec<ReceiptKind>)>,
    noted: Vec<(jiff::Timestamp, Noted)>,
    has_task: bool,
    left_out: bool,
    answered_apart: bool,
}

fn attempt(number: u128) -> AttemptId {
    AttemptId::new(Uuid::from_u128(number))
}

impl Kept {
    fn new(what: &str) -> Self {
        Self {
            obligation: obligation(what),
            others: Vec::new(),
            attempts: Vec::new(),
            noted: Vec::new(),
            has_task: false,
            left_out: false,
            answered_apart: false,
        }
    }
    fn start(mut self, number: u128, at: i64) -> Self {
        let id = attempt(number);
        self.obligation.attempts += 1;
        self.obligation.latest = Some(id);
        self.obligation.first_attempt_at.get_or_insert(t(at));
        self.obligation.state = State::InFlight { attempt: id, since: t(at), check_at: t(at + 45) };
        self.attempts.push((id, self.obligation.step.means, 1, Evidence::default(), Vec::new()));
        self.noted.push((t(at), Noted::Started(id)));
        self
    }
    fn news(mut self, number: u128, at: i64, kind: ReceiptKind) -> Self {
        let by = if matches!(kind, ReceiptKind::Confirmed(_)) { By::Person } else { By::Program };
        let tried = self.attempts.iter_mut().find(|tried| tried.0 == attempt(number)).unwrap();
        tried.3.merge(&kind, t(at));
        tried.4.push(kind.clone());
        self.obligation.submitted_at.get_or_insert(t(at));
        self.noted.push((t(at), Noted::Receipt(attempt(number), kind, by)));
        self
    }
    fn noted(mut self, at: i64, noted: Noted) -> Self {
        self.noted.push((t(at), noted));
        self
    }
    fn closed(mut self, state: State) -> Self {
        if let State::Satisfied { at, by: Satisfaction::Confirmed(_) } = state {
            self.obligation.confirmed_at = Some(at);
        }
        self.obligation.state = state;
        self
    }
    fn found(&self) -> Vec<Unsound> {
        let dispatch: Vec<&Obligation> = std::iter::once(&self.obligation).chain(&self.others).collect();
        let tried = |(id, means, call_steps, evidence, receipts): &'_ (AttemptId, Means, u32, Evidence, Vec<ReceiptKind>)| {
            (*id, *means, *call_steps, evidence.clone(), receipts.clone())
        };
        let own: Vec<_> = self.attempts.iter().map(tried).collect();
        let attempts: Vec<Tried<'_>> = own
            .iter()
            .map(|(id, means, call_steps, evidence, receipts)| Tried {
                id: *id,
                means: *means,
                call_steps: *call_steps,
                evidence,
                receipts,
            })
            .collect();
        let promise = Promise {
            obligation: &self.obligation,
            dispatch: &dispatch,
            attempts: &attempts,
            noted: &self.noted,
            has_task: self.has_task,
            left_out: self.left_out,
            answered_apart: self.answered_apart,
        };
        unsound(&promise, SILENCE)
    }
    fn changed(&self, change: impl FnOnce(&mut Self)) -> Vec<Unsound> {
        let mut other = self.clone();
        change(&mut other);
        other.found()
    }
}

fn satisfied(by: Satisfaction) -> State {
    State::Satisfied { at: t(60), by }
}

fn keyed() -> Kept {
    Kept::new("critical school call")
        .start(1, 0)
        .news(1, 1, ReceiptKind::Submitted)
        .news(1, 9, ReceiptKind::Ended(End::Busy))
        .start(2, 40)
        .news(2, 41, ReceiptKind::Submitted)
        .news(2, 60, ReceiptKind::HumanAnswered)
        .news(2, 60, ReceiptKind::Confirmed(ConfirmedBy::Keypad))
        .closed(satisfied(Satisfaction::Confirmed(ConfirmedBy::Keypad)))
}

#[test]
fn what_the_rules_have_kept_is_sound() {
    assert_eq!(keyed().found(), []);
    let late = keyed().news(2, 90, ReceiptKind::Ended(End::Completed));
    assert_eq!(late.found(), []);
    assert_eq!(Kept::new("critical school call").found(), []);
    let mail = Kept::new("standard school mail").start(1, 0).news(1, 1, ReceiptKind::Submitted);
    assert_eq!(mail.closed(satisfied(Satisfaction::Notified)).found(), []);
    let silent = Kept::new("critical school call").start(1, 0).news(1, 1, ReceiptKind::Submitted).start(2, 300);
    assert_eq!(silent.found(), []);
    let unknown = Kept::new("critical psap call").start(1, 0).noted(45, Noted::Asked(attempt(1))).start(2, 46);
    assert_eq!(unknown.found(), []);
}

#[test]
fn no_confirmation_stands_without_a_person() {
    let whole = keyed();
    let no_receipt = |kept: &mut Kept| {
        kept.attempts[1].4.retain(|kind| !matches!(kind, ReceiptKind::Confirmed(_)));
        kept.attempts[1].3.confirmed = None;
        kept.noted.retain(|(_, noted)| !matches!(noted, Noted::Receipt(_, ReceiptKind::Confirmed(_), _)));
    };
    assert_eq!(whole.changed(no_receipt), [Unsound::NoPerson]);
    let by_program = |kept: &mut Kept| {
        for (_, noted) in &mut kept.noted {
            if let Noted::Receipt(_, ReceiptKind::Confirmed(_), by) = noted {
                *by = By::Program;
            }
        }
    };
    assert_eq!(whole.changed(by_program), [Unsound::NoPerson]);
    assert_eq!(whole.changed(|kept| kept.attempts[1].2 = 0), [Unsound::NoPerson], "nobody picked up");
    assert_eq!(whole.changed(|kept| kept.attempts[1].1 = Means::Mail), [Unsound::NoPerson], "a mail has no keys");
    let unbelieved = |kept: &mut Kept| {
        kept.obligation.confirmed_at = None;
        kept.obligation.state = State::Waiting { next_at: t(100) };
    };
    assert_eq!(whole.changed(unbelieved), [Unsound::NotBelieved]);
    assert_eq!(whole.changed(|kept| kept.obligation.state = State::Waiting { next_at: t(100) }), [Unsound::NotClosedByIt]);
    let apart = Kept::new("critical school call feedback").closed(satisfied(Satisfaction::Confirmed(ConfirmedBy::Portal)));
    assert_eq!(apart.found(), [Unsound::NoPerson]);
    assert_eq!(apart.changed(|kept| kept.answered_apart = true), []);
}

#[test]
fn every_end_rests_on_something() {
    let mut elsewhere = Kept::new("critical school mail").start(1, 0).news(1, 1, ReceiptKind::Submitted);
    elsewhere = elsewhere.closed(satisfied(Satisfaction::ConfirmedElsewhere));
    assert_eq!(elsewhere.found(), [Unsound::NothingElsewhere]);
    let mut other = obligation("critical school call");
    other.id = crate::id::ObligationId::new(Uuid::from_u128(77));
    other.confirmed_at = Some(t(50));
    assert_eq!(elsewhere.changed(|kept| kept.others.push(other.clone())), []);

    let never = Kept::new("standard school mail").closed(satisfied(Satisfaction::Notified));
    assert_eq!(never.found(), [Unsound::NotNotified]);
    let back = Kept::new("standard school mail").start(1, 0).news(1, 1, ReceiptKind::Submitted);
    let back = back.news(1, 2, ReceiptKind::Ended(End::Undelivered(Some(550)))).closed(satisfied(Satisfaction::Notified));
    assert_eq!(back.found(), [Unsound::NotNotified]);

    let released = Kept::new("critical district call standby").closed(State::Released { at: t(9) });
    assert_eq!(released.found(), [Unsound::NoReasonToRelease]);
    assert_eq!(released.changed(|kept| kept.left_out = true), []);
    assert_eq!(released.changed(|kept| kept.others.push(other)), []);
    assert_eq!(Kept::new("critical line call page").closed(State::Released { at: t(9) }).found(), []);

    let failed = |what: &str, reason| Kept::new(what).closed(State::Failed { at: t(9), reason });
    let nobody = failed("critical school call", FailedBecause::NobodyConfirmed);
    assert_eq!(nobody.found(), [Unsound::NotEscalated]);
    assert_eq!(nobody.changed(|kept| kept.has_task = true), []);
    assert_eq!(failed("critical line call page", FailedBecause::NobodyConfirmed).found(), []);
    assert_eq!(failed("standard school mail update", FailedBecause::Returned).found(), [Unsound::NotEscalated]);
    assert_eq!(failed("standard school mail drill", FailedBecause::Returned).found(), []);
}

#[test]
fn attempts_follow_each_other() {
    let whole = keyed();
    assert_eq!(whole.changed(|kept| kept.obligation.attempts = 3), [Unsound::Miscounted]);
    assert_eq!(
        whole.changed(|kept| {
            kept.attempts.remove(0);
        }),
        [Unsound::Miscounted, Unsound::AttemptGone]
    );
    assert_eq!(whole.changed(|kept| kept.noted.retain(|(_, noted)| *noted != Noted::Started(attempt(1)))), [Unsound::NoIntent]);
    assert_eq!(whole.changed(|kept| kept.noted.swap(0, 1)), [Unsound::NoIntent]);
    let at_once = Kept::new("critical psap call").start(1, 0).news(1, 1, ReceiptKind::Submitted).start(2, 30);
    assert_eq!(at_once.found(), [Unsound::TwoAtOnce]);
    let again = whole.clone().start(3, 400).closed(satisfied(Satisfaction::Confirmed(ConfirmedBy::Keypad)));
    assert!(again.found().contains(&Unsound::AgainAfterConfirmed));
    let mut put_off = Kept::new("critical psap call").start(1, 0).noted(1, Noted::NotTaken(attempt(1)));
    put_off.obligation.attempts = 0;
    put_off.obligation.first_attempt_at = None;
    put_off.obligation.state = State::Waiting { next_at: t(1) };
    assert_eq!(put_off.found(), [], "a lane that passed to another node before its turn");
    assert_eq!(put_off.changed(|kept| kept.noted.truncate(1)), [Unsound::Miscounted]);
    let nothing = |kept: &mut Kept| kept.obligation.state = State::InFlight { attempt: attempt(1), since: t(0), check_at: t(1) };
    assert_eq!(
        Kept::new("critical school call").start(1, 0).noted(1, Noted::NotTaken(attempt(1))).start(2, 9).changed(nothing),
        [Unsound::WaitsForNothing]
    );
}

#[test]
fn evidence_is_what_the_receipts_come_to() {
    let whole = keyed();
    assert_eq!(whole.changed(|kept| kept.attempts[0].3.voicemail = Some(t(5))), [Unsound::OtherEvidence]);
    assert_eq!(whole.changed(|kept| kept.attempts[0].3.ended = Some((t(9), End::Completed))), [Unsound::OtherEvidence]);
    assert_eq!(whole.changed(|kept| kept.attempts[1].4.push(ReceiptKind::WrongKey)), [Unsound::OtherReceipts, Unsound::OtherEvidence]);
    let mut evidence = Evidence::default();
    evidence.merge(&ReceiptKind::Ended(End::Failed(Some(30003))), t(9));
    let both =
        [ReceiptKind::Ended(End::Completed), ReceiptKind::Ended(End::Failed(Some(30003))), ReceiptKind::Unrecognised("x".to_owned())];
    assert!(comes_of(&evidence, &both), "of two ends the worse stays, and what nobody knows changes nothing");
    evidence.merge(&ReceiptKind::Confirmed(ConfirmedBy::Text), t(9));
    assert!(!comes_of(&evidence, &both));
    assert!(!comes_of(&evidence, &[&both[..], &[ReceiptKind::Confirmed(ConfirmedBy::Portal)]].concat()));
}
