//! One lane's loop: wait until something is due, keep the pace, claim the most urgent, start it.
//!
//! A paced lane waits for its turn *before* it claims, and claims one at a time (of a fast lane what goes within [`AHEAD`]), so that what
//! goes next is always the most urgent thing that is due at that moment: a Critical call overtakes thousands of waiting Standard mails. A
//! second gate of the same pace stands right before the carrier, where it counts: commits take unequal time. While the lane's circuit is
//! open nothing is sent, but what needs no sending (a breach, giving up, asking) is done all the same; half-open, one piece at a time is
//! sent. Nothing is claimed on a lane that is another node's, nor on one that is on its way there.

use super::pace::Pace;
use super::slots::{Room, Slots};
use super::wake::LOOK_EVERY;
use super::work::Way;
use super::{Outbox, work};
use crate::lifecycle::Tasks;
use crate::links::circuit::Gate;
use crate::progress::routes::{BELOW_CRITICAL, Lane};
use crate::store::StoreError;
use crate::store::rows::{Claim, WorkRow};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How many pieces a lane claims at once.
const CLAIM_MOST: usize = 64;
/// A paced lane claims what goes out within this time: each claim is a transaction that the next one waits for.
const AHEAD: Duration = Duration::from_millis(20);
/// How long a lane waits after the store failed.
const AFTER_FAILURE: Duration = Duration::from_millis(500);
/// How long a shut lane waits at the least before it looks again.
const LEAST_WAIT: Duration = Duration::from_millis(20);
/// For how long an attempt that cannot be sent is put off: the carrier may be back at any moment.
const HELD_FOR: SignedDuration = SignedDuration::from_secs(15);

pub(super) async fn run(outbox: Outbox, lane: Lane, tasks: Tasks) {
    let (stopping, leases) = (tasks.stopping(), outbox.leases.clone());
    let Pace { turns, sends } = outbox.paces.lane(&lane.key);
    let most = turns.as_ref().map_or(CLAIM_MOST, |turns| turns.within(AHEAD).min(CLAIM_MOST));
    let slots = Slots::new(outbox.limits.in_flight_most);
    loop {
        if stopping.is_cancelled() {
            return;
        }
        let now = outbox.clock.now();
        if !leases.holds(&lane.key, now) {
            let wait = leases.starts_in(&lane.key, now).unwrap_or(LOOK_EVERY).clamp(LEAST_WAIT, LOOK_EVERY);
            tokio::select! { () = leases.changed() => {}, () = tokio::time::sleep(wait) => {}, () = stopping.cancelled() => return }
            continue;
        }
        let Some(alarm) = outbox.progress.wake.alarm(&lane.key) else { return };
        if alarm.due(&outbox.clock, &stopping).await.is_none() {
            return;
        }
        let Some(Room { which, mut permits }) = slots.room(most).await else { return };
        let circuits = outbox.progress.routes.circuits();
        if which == Claim::Critical && !anything_critical(&outbox, &lane).await {
            drop(permits);
            tokio::select! {
                () = slots.any_is_free() => {}
                due = alarm.due(&outbox.clock, &stopping) => if due.is_none() { return },
            }
            outbox.progress.wake.at(&lane.key, now);
            continue;
        }
        if turns.is_some() || !circuits.is_closed(&lane.key) {
            // A turn is taken only for work that is there: one taken in idle times would let two go out together. So is a trial.
            if !anything_due(&outbox, &lane).await {
                continue;
            }
        }
        if let Some(turns) = &turns {
            tokio::select! { () = turns.until_ready() => {}, () = stopping.cancelled() => return }
        }
        // The lane may have been lost, or be on its way to another node, since it was last looked at.
        let Some(approach) = leases.approach(&lane.key, outbox.clock.now()) else {
            outbox.progress.wake.at(&lane.key, now);
            continue;
        };
        let trial = match circuits.gate(&lane.key, outbox.clock.now()) {
            Gate::Go => false,
            Gate::Trial => {
                permits.truncate(1);
                true
            }
            Gate::Shut(until) => {
                outbox.progress.wake.at(&lane.key, now);
                drop((permits, approach));
                let all_done = do_without_sending(&outbox, &lane, &slots, &tasks).await;
                if all_done && !wait_for_circuit(&outbox, until, &stopping).await {
                    return;
                }
                continue;
            }
        };
        let room = permits.len();
        match claim(&outbox, &lane, (which, outbox.limits.lease), room).await {
            Ok(claimed) => {
                if let Some(turns) = &turns {
                    turns.passed_with(claimed.len().saturating_sub(1));
                }
                if trial && claimed.is_empty() {
                    circuits.trial_unused(&lane.key);
                }
                if claimed.len() < room && which == Claim::Any {
                    look_again(&outbox, &lane).await;
                } else {
                    outbox.progress.wake.at(&lane.key, now);
                }
                for (work, permit) in claimed.into_iter().zip(permits) {
                    let (outbox, sends, lane, approach) = (outbox.clone(), sends.clone(), lane.key.clone(), approach.clone());
                    tasks.spawn_piece("work", async move {
                        work::run(&outbox, work, Way { pace: sends.as_deref(), approach: Some(approach) }).await;
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

/// Does what is due and needs no sending. Whether that was all of it.
async fn do_without_sending(outbox: &Outbox, lane: &Lane, slots: &Slots, tasks: &Tasks) -> bool {
    let Some(Room { permits, .. }) = slots.room_for_any(CLAIM_MOST) else { return true };
    let room = permits.len();
    let graced = outbox.clock.now().saturating_sub(outbox.progress.policy.grace).unwrap_or(Timestamp::MIN);
    let claimed = claim(outbox, lane, (Claim::Held { graced }, HELD_FOR), room).await.unwrap_or_else(|error| {
        tracing::warn!(error = %error, lane = %lane.key, "what needs no sending was not claimed");
        Vec::new()
    });
    let all = claimed.len() < room;
    for (work, permit) in claimed.into_iter().zip(permits) {
        let outbox = outbox.clone();
        tasks.spawn_piece("work", async move {
            work::run_held(&outbox, work).await;
            drop(permit);
        });
    }
    all
}

/// Whether something Critical is due now.
async fn anything_critical(outbox: &Outbox, lane: &Lane) -> bool {
    let waiting = outbox.progress.store.waiting(lane.key.clone(), BELOW_CRITICAL, outbox.clock.now(), 1).await;
    waiting.map(|count| count > 0).unwrap_or_else(|error| {
        tracing::warn!(error = %error, lane = %lane.key, "due work was not looked for");
        true
    })
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

async fn claim(outbox: &Outbox, lane: &Lane, (which, lease): (Claim, SignedDuration), n: usize) -> Result<Vec<WorkRow>, StoreError> {
    let now = outbox.clock.now();
    let until = now.saturating_add(lease).unwrap_or(now);
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    outbox.progress.store.claim_due(lane.key.clone(), outbox.node.clone(), now, until, which, n).await
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
