//! Keeps the mailboxes read, each by one node at a time: leased like a lane, under the name `{account}-listen`.
//!
//! A node that loses its lease stops reading before it renews anything else. Two that read for a moment do no harm (a mail is
//! taken once, whoever brings it), so the lease is for peace, not for safety.

use crate::clock::Clock;
use crate::lifecycle::Tasks;
use crate::store::Store;
use adapters::contract::{Intake, Listener};
use domain::id::LaneKey;
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What keeps mailboxes read.
#[derive(Clone)]
pub struct Mailboxes {
    /// For leases.
    pub store: Arc<dyn Store>,
    /// For what is read.
    pub intake: Arc<dyn Intake>,
    /// The clock.
    pub clock: Clock,
    /// This node's name in leases.
    pub node: String,
    /// How long a mailbox is ours without being renewed.
    pub lease: SignedDuration,
}

impl Mailboxes {
    /// Starts a task that keeps one mailbox read.
    pub fn keep<L: Listener + Clone + Sync + 'static>(&self, listener: L, tasks: &Tasks) {
        let Ok(lane) = format!("{}-listen", listener.account()).parse::<LaneKey>() else {
            tracing::error!(account = %listener.account(), "the account's name is too long to be leased; its mailbox is not read");
            return;
        };
        let keeper = self.clone();
        let stopping = tasks.stopping();
        tasks.spawn("mailbox", async move { keeper.run(listener, lane, stopping).await });
    }

    async fn run<L: Listener + Clone + 'static>(self, listener: L, lane: LaneKey, stopping: CancellationToken) {
        let every = Duration::try_from(self.lease).unwrap_or(Duration::from_secs(15)) / 3;
        while !stopping.is_cancelled() {
            if self.is_ours(&lane).await == Some(true) {
                let reading = stopping.child_token();
                let read = Box::new(listener.clone()).run(self.intake.clone(), reading.clone());
                tokio::join!(read, self.hold(&lane, every, reading));
            }
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = stopping.cancelled() => {}
            }
        }
    }

    /// Renews the lease until it is lost or the end has come; then nobody reads any more.
    async fn hold(&self, lane: &LaneKey, every: Duration, reading: CancellationToken) {
        let mut until = self.clock.now().saturating_add(self.lease).unwrap_or(self.clock.now());
        loop {
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = reading.cancelled() => return,
            }
            let now = self.clock.now();
            match self.is_ours(lane).await {
                Some(true) => until = now.saturating_add(self.lease).unwrap_or(now),
                None if self.clock.now() < until => {}
                Some(false) | None => {
                    tracing::warn!(%lane, "the lease of a mailbox was lost; it is read no more from here");
                    reading.cancel();
                    return;
                }
            }
        }
    }

    /// Whether it is; `None` when that is not known.
    async fn is_ours(&self, lane: &LaneKey) -> Option<bool> {
        let now = self.clock.now();
        let until = now.saturating_add(self.lease).unwrap_or(now);
        match self.store.lease_lanes(vec![lane.clone()], self.node.clone(), now, until).await {
            Ok(held) => Some(held.contains(lane)),
            Err(error) => {
                tracing::warn!(error = %error, %lane, "the lease of a mailbox was not renewed");
                None
            }
        }
    }
}
