//! The lane of media: claims what is due, a few at a time, and works each off to its end (`piece`).
//!
//! Leased like the lanes that send, so one node does it at a time; and should two ever do the same piece, versions let one of them
//! win. At shutdown a piece is dropped where it stands: every step can be done again.

use super::copy::copier::Copier;
use super::files::Files;
use super::piece;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::lifecycle::Tasks;
use crate::outbox::lease::Leases;
use crate::outbox::wake::{LOOK_EVERY, Wake};
use crate::store::Store;
use crate::store::rows::{Claim, WorkId, WorkRow};
use crate::vault::Vault;
use adapters::contract::Media;
use domain::id::AccountKey;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How many media are fetched and copied at once.
const AT_ONCE: usize = 4;
/// How long claimed work is ours: longer than the longest fetch, its copy and their commits together.
const LEASE: SignedDuration = SignedDuration::from_mins(5);
/// How long one fetch may take, whatever the adapter's own time-out is.
pub(super) const FETCH_MOST: Duration = Duration::from_secs(180);
/// How often a piece is tried when the store or the disk fails, and how long is waited between: 0.1, 0.4 and 1.6 s.
const TRIES: u32 = 4;

/// Everything that media are worked off with.
#[derive(Clone)]
pub struct Worker {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Opens addresses at the carrier.
    pub vault: Arc<Vault>,
    /// Keeps originals and copies.
    pub files: Files,
    /// The clock.
    pub clock: Clock,
    /// Jitter.
    pub entropy: Entropy,
    /// The lane's alarm.
    pub wake: Wake,
    /// Who fetches, by account.
    pub carriers: Arc<HashMap<AccountKey, Arc<dyn Media>>>,
    /// Makes the copies.
    pub copier: Copier,
    /// The largest medium, in bytes.
    pub most_bytes: usize,
    /// This node's name in leases.
    pub node: String,
}

impl Worker {
    /// Starts working; `leases` say whether the lane is ours.
    pub fn start(self, leases: Leases, tasks: &Tasks) {
        tasks.spawn("media", self.run(leases, tasks.clone()));
    }

    async fn run(self, leases: Leases, tasks: Tasks) {
        let (lane, stopping) = (super::lane(), tasks.stopping());
        let Some(alarm) = self.wake.alarm(&lane) else {
            tracing::error!(%lane, "the lane of media has no alarm, so no picture would be fetched");
            return;
        };
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        while !stopping.is_cancelled() {
            if !leases.holds(&lane, self.clock.now()) {
                tokio::select! { () = leases.changed() => {}, () = tokio::time::sleep(LOOK_EVERY) => {}, () = stopping.cancelled() => return }
                continue;
            }
            if alarm.due(&self.clock, &stopping).await.is_none() {
                return;
            }
            let slot = tokio::select! { slot = slots.clone().acquire_owned() => slot, () = stopping.cancelled() => return };
            let (Ok(slot), Some(work)) = (slot, self.claim().await) else { continue };
            let (worker, told) = (self.clone(), stopping.clone());
            tasks.spawn_piece("medium", async move {
                tokio::select! { () = worker.work_off(work) => {}, () = told.cancelled() => {} }
                drop(slot);
            });
        }
    }

    /// The most urgent work that is due; the alarm is put to what comes after it.
    async fn claim(&self) -> Option<WorkRow> {
        let (lane, now) = (super::lane(), self.clock.now());
        let until = now.saturating_add(LEASE).unwrap_or(now);
        match self
            .store
            .claim_due(lane.clone(), self.node.clone(), now, until, Claim::Any, 1)
            .await
            .map(|claimed| claimed.into_iter().next())
        {
            Ok(Some(work)) => {
                self.wake.at(&lane, now);
                Some(work)
            }
            Ok(None) => {
                // After an error the lane looks again by itself after LOOK_EVERY.
                if let Ok(Some(at)) = self.store.next_due(lane.clone()).await {
                    self.wake.at(&lane, at);
                }
                None
            }
            Err(error) => {
                tracing::warn!(error = %error, %lane, "due work was not claimed");
                None
            }
        }
    }

    /// Works one medium off. What fails in us leaves the work to its lease: it comes back.
    async fn work_off(&self, work: WorkRow) {
        let WorkId::Attachment(id) = work.id else { return };
        let mut wait = Duration::from_millis(100);
        for last in (1..=TRIES).map(|n| n == TRIES) {
            match piece::run(self, id).await {
                Ok(()) => return,
                Err(piece::PieceError::Files(error)) if last => {
                    tracing::warn!(error = %error, "a medium was not worked off: the folder of files does not take it; it is tried again");
                    if let Err(error) = piece::put_off(self, id).await {
                        tracing::warn!(error = %error, "a medium was not put off; it comes back when its lease ends");
                    }
                }
                Err(error) if last => tracing::warn!(error = %error, "a medium was not worked off; it comes back when its lease ends"),
                Err(error) => {
                    tracing::warn!(error = %error, "a medium was not worked off; trying again");
                    tokio::time::sleep(wait).await;
                    wait *= 4;
                }
            }
        }
    }

    /// `now` and a while.
    pub(super) fn in_a_while(&self, while_: Duration) -> Timestamp {
        let now = self.clock.now();
        // Between half and one and a half of it, so that many that failed together do not come back together.
        let spread = while_.mul_f64(0.5 + self.entropy.jitter());
        SignedDuration::try_from(spread).ok().and_then(|spread| now.checked_add(spread).ok()).unwrap_or(now)
    }
}
