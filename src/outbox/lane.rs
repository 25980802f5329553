//! One lane's loop: wait until something is due, keep the pace, claim the most urgent, start it.
//!
//! A paced lane waits for its turn *before* it claims, and claims one at a time, so that what goes next is always the most
//! urgent thing that is due at that moment: a Critical call overtakes thousands of waiting Standard mails. A second gate of the
//! same pace stands right before the carrier, where it counts: commits take unequal time. While the lane's circuit is open nothing is
//! claimed; half-open, one piece at a time.

use super::lease::Leases;
use super::pace::Pace;
use super::wake::LOOK_EVERY;
use super::{Outbox, work};
use crate::lifecycle::Tasks;
use crate::links::circuit::Gate;
use crate::progress::routes::Lane;
use crate::store::rows::WorkRow;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// How many pieces an unpaced lane claims at once.
const CLAIM_MOST: usize = 64;
/// How long a lane waits after the store failed.
const AFTER_FAILURE: Duration = Duration::from_millis(500);
/// How long a shut lane waits at the least before it looks again.
const LEAST_WAIT: Duration = Duration::from_millis(20);

pub(super) async fn run(outbox: Outbox, lane: Lane, leases: Leases, tasks: Tasks) {
    let stopping = tasks.stopping();
    let Pace { turns, sends } = outbox.paces.lane(&lane.key);
    let most = if turns.is_some() { 1 } else { CLAIM_MOST };
    let slots = Arc::new(Semaphore::new(outbox.limits.in_flight_most.max(1)));
    loop {
        if stopping.is_cancelled() {
            return;
        }
        let now = outbox.clock.now();
        if !leases.holds(&lane.key, now) {
            tokio::select! { () = leases.changed() => {}, () = tokio::time::sleep(LOOK_EVERY) => {}, () = stopping.cancelled() => return }
            continue;
        }
        let Some(alarm) = outbox.progress.wake.alarm(&lane.key) else { return };
        if alarm.due(&outbox.clock, &stopping).await.is_none() {
            return;
        }
        let Some((first, mut more)) = free_slots(&slots, most).await else { return };
        let circuits = outbox.progress.routes.circuits();
        if turns.is_some() || !circuits.is_closed(&lane.key) {
            // A turn is taken only for work that is there: one taken in idle times would let two go out together. So is a trial.
            if !anything_due(&outbox, &lane).await {
                continue;
            }
        }
        if let Some(turns) = &turns {
            tokio::select! { () = turns.until_ready() => {}, () = stopping.cancelled() => return }
        }
        let trial = match circuits.gate(&lane.key, outbox.clock.now()) {
            Gate::Go => false,
            Gate::Trial => {
                more.clear();
                true
            }
            Gate::Shut(until) => {
                outbox.progress.wake.at(&lane.key, now);
                drop((first, more));
                if !wait_for_circuit(&outbox, until, &stopping).await {
                    return;
                }
                continue;
            }
        };
        let room = 1 + more.len();
        match claim(&outbox, &lane, room).await {
            Ok(claimed) => {
                if trial && claimed.is_empty() {
                    circuits.trial_unused(&lane.key);
                }
                if claimed.len() < room {
                    look_again(&outbox, &lane).await;
                } else {
                    outbox.progress.wake.at(&lane.key, now);
                }
                let permits = std::iter::once(first).chain(more);
                for (work, permit) in claimed.into_iter().zip(permits) {
                    let (outbox, sends, lane) = (outbox.clone(), sends.clone(), lane.key.clone());
                    tasks.spawn_piece("work", async move {
                        work::run(&outbox, work, sends.as_deref()).await;
                        if trial {
                            // Had it sent something, the circuit would have been told.
                            outbox.progress.routes.circuits().trial_unused(&lane);
                        }
                        drop(permit);
                    });
                }
            }
            Err(error) => {
                tracing::warn!(error = %error, lane = %lane.key, "due work was not claimed");
                if trial {
                    circuits.trial_unused(&lane.key);
                }
                outbox.progress.wake.at(&lane.key, now);
                tokio::select! { () = tokio::time::sleep(AFTER_FAILURE) => {}, () = stopping.cancelled() => return }
            }
        }
    }
}

/// Waits until a shut circuit lets something through, or something changed. False when stopping.
async fn wait_for_circuit(outbox: &Outbox, until: Timestamp, stopping: &CancellationToken) -> bool {
    let mut changes = outbox.progress.routes.circuits().changes();
    let wait = Duration::try_from(until.duration_since(outbox.clock.now())).unwrap_or(Duration::ZERO).clamp(LEAST_WAIT, LOOK_EVERY);
    tokio::select! {
        () = tokio::time::sleep(wait) => true,
        _ = changes.changed() => true,
        () = stopping.cancelled() => false,
    }
}

/// Whether work is due now; if not, the alarm is put to when it is.
async fn anything_due(outbox: &Outbox, lane: &Lane) -> bool {
    match outbox.progress.store.next_due(lane.key.clone()).await {
        Ok(Some(at)) if at <= outbox.clock.now() => true,
        Ok(Some(at)) => {
            outbox.progress.wake.at(&lane.key, at);
            false
        }
        Ok(None) => false,
        Err(error) => {
            tracing::warn!(error = %error, lane = %lane.key, "due work was not looked for");
            true
        }
    }
}

/// At least one free slot, and as many more as are free now, up to `most`.
async fn free_slots(slots: &Arc<Semaphore>, most: usize) -> Option<(OwnedSemaphorePermit, Vec<OwnedSemaphorePermit>)> {
    let first = slots.clone().acquire_owned().await.ok()?;
    let more = std::iter::from_fn(|| slots.clone().try_acquire_owned().ok()).take(most.saturating_sub(1)).collect();
    Some((first, more))
}

async fn claim(outbox: &Outbox, lane: &Lane, n: usize) -> Result<Vec<WorkRow>, crate::store::StoreError> {
    let now = outbox.clock.now();
    let until = now.saturating_add(outbox.limits.lease).unwrap_or(now);
    outbox.progress.store.claim_due(lane.key.clone(), outbox.node.clone(), now, until, u32::try_from(n).unwrap_or(u32::MAX)).await
}

/// Puts the alarm to the next work that waits.
async fn look_again(outbox: &Outbox, lane: &Lane) {
    match outbox.progress.store.next_due(lane.key.clone()).await {
        Ok(Some(at)) => outbox.progress.wake.at(&lane.key, at),
        // Nothing waits; and after an error the lane looks again by itself after LOOK_EVERY.
        Ok(None) => {}
        Err(error) => tracing::warn!(error = %error, lane = %lane.key, "the next work was not found out"),
    }
}
