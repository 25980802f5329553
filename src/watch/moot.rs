//! Pages that nobody needs any more: the tip was sorted, dispatched, closed, the call was noted.
//!
//! A supervisor who is needed no more is not called again. A page that is being called at this moment is looked at again a little later:
//! its attempt ends by itself.

use super::facts::Known;
use crate::store::Write;
use crate::store::rows::{ObligationRow, WorkId};
use domain::conversation::State as TipState;
use domain::dispatch::obligation::State;
use domain::dispatch::purpose::{PageReason, Purpose};
use domain::dispatch::watch::everybody_told;
use domain::level::Level;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// How long after a look a page that is being called is looked at again.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(5);

/// What becomes of pages that are over.
#[derive(Debug, Default)]
pub(super) struct Moot {
    /// Those that waited, released, with the end of their work.
    pub(super) writes: Vec<Write>,
    /// Why they were sent; those being called at this moment among them.
    pub(super) reasons: BTreeSet<PageReason>,
    /// When to look again, while one is being called.
    pub(super) again: Option<Timestamp>,
}

/// Releases what waits of the pages that are over. One that stands for other tips as well is still needed.
pub(super) fn moot(known: &Known, now: Timestamp, stands_for_others: impl Fn(PageReason) -> bool) -> Moot {
    let mut moot = Moot::default();
    for (row, obligations) in &known.dispatches {
        let Purpose::Page(reason) = row.purpose else { continue };
        if !is_over(known, reason) {
            continue;
        }
        moot.reasons.insert(reason);
        if stands_for_others(reason) {
            continue;
        }
        for row in obligations {
            match row.obligation.state {
                State::Waiting { .. } | State::Standby { .. } => {
                    let mut released = row.obligation.clone();
                    released.state = State::Released { at: now };
                    moot.writes.push(Write::WorkDone(WorkId::Obligation(released.id)));
                    moot.writes.push(Write::Obligation(Box::new(ObligationRow { obligation: released, ..row.clone() })));
                }
                State::InFlight { .. } => moot.again = now.checked_add(AGAIN_AFTER).ok(),
                State::Satisfied { .. } | State::Released { .. } | State::Failed { .. } => {}
            }
        }
    }
    moot
}

/// Whether what a page asked for was done.
fn is_over(known: &Known, reason: PageReason) -> bool {
    match known.tip.state {
        TipState::Closed => return true,
        TipState::Open => {}
    }
    let level = known.tip.triage.level;
    let dispatched = || known.facts().dispatches.iter().any(|told| told.level == Level::Critical);
    match reason {
        PageReason::Unsorted => level.is_some(),
        PageReason::NotDispatched => level.is_some_and(|level| level != Level::Critical) || dispatched(),
        PageReason::InDanger => known.facts().dispatches.iter().filter(|told| told.level == Level::Critical).all(everybody_told),
        PageReason::FollowUp => known.facts().tasks.is_empty(),
    }
}
