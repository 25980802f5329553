//! `verify` on either engine: what was committed whole is sound, and what a commit left out is found.

use crate::fixture::Fresh;
use crate::rows::*;
use domain::channel::Means;
use domain::dispatch::evidence::{ConfirmedBy, ReceiptKind};
use domain::dispatch::obligation::{Satisfaction, State};
use domain::dispatch::policy::Policy;
use domain::dispatch::watch::Watch;
use domain::id::AttemptId;
use domain::voice::enduser_call::{EnduserCall, LastWords, Phase};
use tipline::audit::{Action, Actor, Entry, Told};
use tipline::store::commit::{Commit, Write};
use tipline::store::rows::*;
use tipline::verify::{Check, Options, Report, run};

fn record(actor: Actor, action: Action) -> Entry {
    Entry { conversation: tip_id(1), at: at(6), actor, action }
}

fn told() -> Told {
    Told { obligation: obligation_id(1), role: "Principal".into(), organization: "Delta High School".into(), means: Means::Call }
}

fn receipt(attempt: AttemptId, kind: &ReceiptKind) -> Write {
    Write::Receipt(ReceiptRow { attempt, conversation: tip_id(1), at: at(6), kind: kind.clone() })
}

/// A tip with its clocks, an obligation, an attempt at it, and a person who keyed the code.
async fn told_tip(fresh: &Fresh) {
    fresh.apply(first_text(1)).await;
    let clocks = WorkRow { id: WorkId::Watch(tip_id(1)), lane: lane("watch-clocks"), rank: 0, due_at: at(6), run_at: at(6) };
    let watch = WatchRow { conversation: tip_id(1), watch: Watch::default(), version: 0 };
    fresh.write([Write::Watch(Box::new(watch)), Write::Work(clocks)]).await;
    let mut row = obligation(1, 1, 1, 20);
    let open = Write::Obligation(Box::new(row.clone()));
    fresh.write([Write::Dispatch(dispatch(1, 1)), open, Write::Work(work(1, "main-call", 0, 20, 5))]).await;

    let mut tried = attempt(6, 1, 1);
    tried.call = Some(EnduserCall::new());
    row.version = 1;
    row.obligation.attempts = 1;
    row.obligation.latest = Some(tried.id);
    row.obligation.first_attempt_at = Some(at(6));
    row.obligation.state = State::InFlight { attempt: tried.id, since: at(6), check_at: at(7) };
    let writes = vec![
        Write::Obligation(Box::new(row.clone())),
        Write::Attempt(Box::new(tried.clone())),
        Write::Work(work(1, "main-call", 0, 20, 7)),
    ];
    let started = Action::AttemptStarted { told: told(), attempt: tried.id, number: 1 };
    fresh.apply(Commit { writes, audit: vec![record(Actor::System, started)], ..Commit::default() }).await;

    let kinds = [ReceiptKind::Submitted, ReceiptKind::Confirmed(ConfirmedBy::Keypad)];
    kinds.iter().for_each(|kind| {
        tried.evidence.merge(kind, at(6));
    });
    tried.version = 1;
    tried.call = Some(EnduserCall { step: 2, phase: Phase::Confirmed { last: LastWords::Thanks } });
    row.version = 2;
    row.obligation.submitted_at = Some(at(6));
    row.obligation.confirmed_at = Some(at(6));
    row.obligation.state = State::Satisfied { at: at(6), by: Satisfaction::Confirmed(ConfirmedBy::Keypad) };
    let mut writes: Vec<Write> = kinds.iter().map(|kind| receipt(tried.id, kind)).collect();
    let news = |kind: &ReceiptKind| Action::Receipt { told: told(), attempt: tried.id, kind: kind.clone() };
    let audit = kinds.iter().map(|kind| record(Actor::Enduser, news(kind))).collect();
    writes.extend([
        Write::Attempt(Box::new(tried.clone())),
        Write::Obligation(Box::new(row)),
        Write::WorkDone(WorkId::Obligation(obligation_id(1))),
    ]);
    fresh.apply(Commit { writes, audit, ..Commit::default() }).await;
}

async fn look(fresh: &Fresh) -> Report {
    run(&*fresh.store, &Options::with_policy(Policy::default(), at(6))).await.unwrap()
}

pub async fn what_was_committed_whole_is_sound(fresh: Fresh) {
    assert!(look(&fresh).await.is_sound(), "nothing is sound");
    told_tip(&fresh).await;
    // More tips than one page holds, with more behind them than one piece holds.
    for n in 2..150 {
        fresh.apply(first_text(n)).await;
        let watch = WatchRow { conversation: tip_id(n), watch: Watch::default(), version: 0 };
        let clocks = WorkRow { id: WorkId::Watch(tip_id(n)), lane: lane("watch-clocks"), rank: 0, due_at: at(6), run_at: at(6) };
        fresh.write([Write::Watch(Box::new(watch)), Write::Work(clocks)]).await;
    }
    for _ in 0..3 {
        fresh.apply(Commit { audit: (0..900).map(|_| entry(70, Action::Noted)).collect(), ..Commit::default() }).await;
    }
    let report = look(&fresh).await;
    assert!(report.is_sound(), "{:#?}", report.faults);
    assert_eq!((report.tips, report.obligations.all, report.obligations.satisfied), (149, 1, 1));
    let looked_at = |wanted: Check| report.checks.iter().find(|checked| checked.check == wanted).map(|checked| checked.looked_at);
    assert_eq!(looked_at(Check::Messages), Some(2 * 149));
    assert_eq!(looked_at(Check::Once), Some(149));
    assert_eq!(looked_at(Check::Evidence), Some(2));
}

pub async fn what_a_commit_left_out_is_found(fresh: Fresh) {
    told_tip(&fresh).await;
    fresh.write([Write::Obligation(Box::new(obligation(2, 1, 1, 20)))]).await;
    let report = look(&fresh).await;
    let found: Vec<_> = report.faults.iter().map(|fault| (fault.check, fault.tip)).collect();
    assert_eq!(found, [(Check::Obligations, Some(tip_id(1)))], "{:#?}", report.faults);
    fresh.write([Write::Work(work(2, "main-call", 0, 20, 6))]).await;
    assert!(look(&fresh).await.is_sound());
    fresh.write([Write::Work(work(3, "main-call", 0, 20, 6))]).await;
    assert_eq!(look(&fresh).await.faults.iter().map(|fault| fault.check).collect::<Vec<_>>(), [Check::Work]);
}
