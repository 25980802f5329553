//! Which lanes are this node's: leased in the store, renewed well before they end, given back at shutdown.

use super::Outbox;
use domain::id::LaneKey;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The lanes held, and until when.
#[derive(Debug, Clone, Default)]
pub struct Leases {
    held: Arc<Mutex<HashMap<LaneKey, Timestamp>>>,
    changed: Arc<tokio::sync::Notify>,
}

impl Leases {
    /// Whether the lane is ours at `now`.
    pub fn holds(&self, lane: &LaneKey, now: Timestamp) -> bool {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).get(lane).is_some_and(|until| *until > now)
    }
    /// Waits until leases were renewed or lost.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
    fn set(&self, lanes: Vec<LaneKey>, until: Timestamp) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = lanes.into_iter().map(|lane| (lane, until)).collect();
        self.changed.notify_waiters();
    }
}

/// Renews at a third of the lease, so that two failures in a row lose nothing.
pub(super) async fn keep(outbox: Outbox, leases: Leases, stopping: CancellationToken) {
    let sending = outbox.progress.routes.lanes().map(|lane| lane.key.clone());
    let lanes: Vec<LaneKey> = sending.chain([crate::media::lane(), crate::watch::lane()]).collect();
    let store = outbox.progress.store.clone();
    let every = Duration::try_from(outbox.limits.lane_lease).unwrap_or(Duration::from_secs(15)) / 3;
    if let Some(former) = &outbox.former
        && !former.settle_in_the_end(&stopping).await
    {
        return;
    }
    loop {
        let now = outbox.clock.now();
        let until = now.saturating_add(outbox.limits.lane_lease).unwrap_or(now);
        match store.lease_lanes(lanes.clone(), outbox.node.clone(), now, until).await {
            Ok(held) => leases.set(held, until),
            Err(error) => tracing::warn!(error = %error, "lane leases were not renewed"),
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = stopping.cancelled() => break,
        }
    }
    if let Err(error) = store.release_lanes(outbox.node.clone()).await {
        tracing::warn!(error = %error, "lanes were not given back; they are free when their lease ends");
    }
}
