//! The promises of a tip: their rows agree with themselves, they will be woken or are over, and the rules of `domain` hold for each.

use super::report::{Check, Promises};
use super::timed::{LONG_SLACK, SLACK, is_put_off, untimed};
use super::whole::Whole;
use crate::store::glance::ObligationFigures;
use crate::store::rows::{AttemptRow, DispatchRow, Owner};
use domain::dispatch::evidence::ReceiptKind;
use domain::dispatch::obligation::{Obligation, State};
use domain::dispatch::policy::Policy;
use domain::dispatch::purpose::Purpose;
use domain::dispatch::sound::{Promise, Tried, Unsound, comes_of, unsound};
use domain::id::{AttemptId, DispatchId, ObligationId, PersonKey};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What is wrong.
pub(super) type Found = BTreeSet<(Check, String)>;

/// Everything about a tip's promises that is asked of several of them.
struct Together<'a> {
    dispatches: BTreeMap<DispatchId, (&'a DispatchRow, Vec<&'a Obligation>)>,
    attempts: HashMap<ObligationId, Vec<&'a AttemptRow>>,
    receipts: HashMap<AttemptId, Vec<ReceiptKind>>,
    left_out: BTreeSet<&'a PersonKey>,
    with_task: BTreeSet<ObligationId>,
}

/// What is wrong with the promises of a tip.
pub(super) fn faults(whole: &Whole, policy: &Policy, now: Timestamp) -> Found {
    let mut found = Found::new();
    let together = together(whole);
    for row in &whole.obligations {
        let own = of_row(row, &together, now).into_iter().chain(of_work(row, now));
        found.extend(own.map(|what| (Check::Obligations, what.to_owned())));
        for unsound in of_rules(row, whole, &together, policy) {
            found.insert((about(unsound), unsound.to_string()));
        }
    }
    let obligations: BTreeSet<ObligationId> = whole.obligations.iter().map(|row| row.id).collect();
    for attempt in &whole.attempts {
        match attempt.owner {
            Owner::Obligation(owner) if !obligations.contains(&owner) => {
                found.insert((Check::Attempts, "an attempt is for an obligation that is not there".to_owned()));
            }
            Owner::Obligation(_) => {}
            Owner::Message(_) => {
                let receipts = together.receipts.get(&attempt.id).map_or(&[][..], Vec::as_slice);
                if !comes_of(&attempt.evidence, receipts) {
                    found.insert((Check::Evidence, Unsound::OtherEvidence.to_string()));
                }
            }
        }
    }
    let attempts: BTreeSet<AttemptId> = whole.attempts.iter().map(|attempt| attempt.id).collect();
    if whole.receipts.iter().any(|(_, receipt)| !attempts.contains(&receipt.attempt)) {
        found.insert((Check::Evidence, "a receipt is of an attempt that is not there".to_owned()));
    }
    let numbered = (1..).zip(&whole.receipts).all(|(expected, (seq, _))| *seq == expected);
    let last = whole.receipts.last().map_or(0, |(seq, _)| *seq);
    if !numbered || whole.tip.as_ref().is_some_and(|tip| tip.receipt_seq != last) {
        found.insert((Check::Evidence, "its receipts are not numbered from 1 to the last without a gap".to_owned()));
    }
    found
}

/// Where the obligations of a tip stand.
pub(super) fn counted(whole: &Whole, promises: &mut Promises) {
    for row in &whole.obligations {
        promises.all += 1;
        let kind = match row.row.obligation.state {
            State::Satisfied { .. } => &mut promises.satisfied,
            State::Released { .. } => &mut promises.released,
            State::Failed { .. } => &mut promises.failed,
            State::Standby { .. } | State::Waiting { .. } | State::InFlight { .. } => &mut promises.open,
        };
        *kind += 1;
    }
}

fn together(whole: &Whole) -> Together<'_> {
    let mut dispatches: BTreeMap<_, _> = whole.dispatches.iter().map(|row| (row.id, (row, Vec::new()))).collect();
    for row in &whole.obligations {
        if let Some((_, obligations)) = dispatches.get_mut(&row.dispatch) {
            obligations.push(&row.row.obligation);
        }
    }
    let mut attempts: HashMap<ObligationId, Vec<&AttemptRow>> = HashMap::new();
    for attempt in &whole.attempts {
        if let Owner::Obligation(owner) = attempt.owner {
            attempts.entry(owner).or_default().push(attempt);
        }
    }
    let mut receipts: HashMap<AttemptId, Vec<ReceiptKind>> = HashMap::new();
    for (_, receipt) in &whole.receipts {
        receipts.entry(receipt.attempt).or_default().push(receipt.kind.clone());
    }
    Together {
        dispatches,
        attempts,
        receipts,
        left_out: whole.dispatches.iter().flat_map(|row| &row.excluded).collect(),
        with_task: whole.tasks.iter().filter_map(|task| task.obligation).collect(),
    }
}

/// Whether a row says beside its obligation what the obligation says, and belongs to a dispatch that is there.
fn of_row(row: &ObligationFigures, together: &Together<'_>, now: Timestamp) -> Vec<&'static str> {
    let o = &row.row.obligation;
    let mut found = Vec::new();
    let is_satisfied = matches!(o.state, State::Satisfied { .. });
    // Columns are microseconds; a delay that was drawn has more digits.
    let micros = |at: Timestamp| at.as_microsecond();
    let (due_at, others) = (row.times.0, [row.times.1, row.times.2, row.times.3]);
    let same_times = micros(due_at) == micros(o.step.due_at)
        && others.map(|at| at.map(micros)) == [o.timer(), o.confirmed_at, o.breached_at].map(|at| at.map(micros));
    let same_keys = row.keys.0.as_deref().is_none_or(|key| key == o.step.person.as_str())
        && row.keys.1.as_deref().is_none_or(|key| key == o.step.organization.as_str());
    let same_place = (row.id, row.tip, row.dispatch) == (o.id, o.conversation, o.dispatch);
    if !(same_times && same_keys && same_place && row.flags == (o.is_closed(), is_satisfied)) {
        found.push("the columns of an obligation are not what the obligation says");
    }
    match together.dispatches.get(&row.dispatch) {
        None => found.push("an obligation belongs to a dispatch that is not there"),
        Some((dispatch, _)) if dispatch.purpose != o.purpose || dispatch.level != o.level => {
            found.push("an obligation is for another purpose or of another level than its dispatch");
        }
        Some(_) => {}
    }
    let late = |due: Timestamp| due.saturating_add(SLACK).is_ok_and(|late| late < now);
    if o.breach_at().is_some_and(late) && row.work.as_ref().is_some_and(|work| !work.owned && late(work.run_at)) {
        found.push("its due time passed long ago, and nobody recorded that");
    }
    found
}

fn of_work(row: &ObligationFigures, now: Timestamp) -> Vec<&'static str> {
    let o = &row.row.obligation;
    let mut found: Vec<_> = untimed(row.work.as_ref(), "obligation", o.timer()).into_iter().collect();
    let slack = match o.purpose {
        Purpose::Drill => LONG_SLACK,
        Purpose::Tip | Purpose::Update | Purpose::Page(_) | Purpose::Feedback => SLACK,
    };
    if let (Some(work), Some(timer)) = (&row.work, o.timer())
        && is_put_off(work, timer, now, slack)
    {
        found.push("the work of an open obligation is put off too long");
    }
    found
}

fn of_rules(row: &ObligationFigures, whole: &Whole, together: &Together<'_>, policy: &Policy) -> Vec<Unsound> {
    let o = &row.row.obligation;
    let own = together.attempts.get(&row.id).map_or(&[][..], Vec::as_slice);
    let attempts: Vec<Tried<'_>> = own
        .iter()
        .map(|attempt| Tried {
            id: attempt.id,
            means: attempt.means,
            call_steps: attempt.call.as_ref().map_or(0, |call| call.step),
            evidence: &attempt.evidence,
            receipts: together.receipts.get(&attempt.id).map_or(&[][..], Vec::as_slice),
        })
        .collect();
    let alone = [o];
    let promise = Promise {
        obligation: o,
        dispatch: together.dispatches.get(&row.dispatch).map_or(&alone[..], |(_, all)| all.as_slice()),
        attempts: &attempts,
        noted: whole.record.noted.get(&row.id).map_or(&[][..], Vec::as_slice),
        has_task: together.with_task.contains(&row.id),
        left_out: together.left_out.contains(&o.step.person),
        answered_apart: whole.record.answered_apart,
    };
    unsound(&promise, policy.silent_attempt_limit)
}

/// Which check a broken rule belongs to.
const fn about(unsound: Unsound) -> Check {
    match unsound {
        Unsound::NoPerson | Unsound::NotBelieved | Unsound::NotClosedByIt | Unsound::NothingElsewhere => Check::People,
        Unsound::NotNotified | Unsound::NoReasonToRelease | Unsound::NotEscalated | Unsound::WaitsForNothing => Check::Obligations,
        Unsound::Miscounted | Unsound::NoIntent | Unsound::AttemptGone | Unsound::TwoAtOnce | Unsound::AgainAfterConfirmed => {
            Check::Attempts
        }
        Unsound::OtherEvidence | Unsound::OtherReceipts => Check::Evidence,
    }
}
