//! Does what a circuit's change asks for: writes it down, and moves what waits for endusers to a lane that is trusted.
//!
//! The most urgent goes first, in portions, so that a Critical call never waits for thousands of mails to be moved. Looks again by itself
//! every few seconds: work may have been put on a lane in the very moment in which it failed. Only the node that holds a lane knows its
//! carrier and writes; of the other lanes is read what their nodes wrote.

use super::circuit::Circuit;
use crate::clock::Clock;
use crate::outbox::lease::Leases;
use crate::outbox::wake::Wake;
use crate::progress::routes::{Lane, Routes};
use crate::store::rows::RouteRow;
use crate::store::{Commit, Store, StoreError, Write};
use domain::id::LaneKey;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How many pieces of work are moved in one write.
const PORTION: u32 = 500;
/// How often a lane that is not trusted is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Keeps circuits and work in step.
#[derive(Clone)]
pub struct Keeper {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Clock,
    /// The lanes and their circuits.
    pub routes: Arc<Routes>,
    /// Wakes the lane that gets work.
    pub wake: Wake,
    /// Which lanes are this node's.
    pub leases: Leases,
}

impl Keeper {
    /// Puts back what a former run knew of the lanes there are. Unreadable is unknown: the lanes start trusted.
    pub async fn restore(&self) -> Result<(), StoreError> {
        let known = self.store.routes().await?;
        let ours = known.into_iter().filter(|row| self.routes.lane(&row.lane).is_some());
        self.routes.circuits().restore(ours.map(|row| (row.lane, row.circuit)));
        Ok(())
    }

    /// Runs until told to stop.
    pub async fn run(self, stopping: CancellationToken) {
        let mut changes = self.routes.circuits().changes();
        let mut written = self.routes.circuits().all();
        loop {
            if let Err(error) = self.write(&mut written).await {
                tracing::warn!(error = %error, "a circuit's change was not written down; it counts all the same");
            }
            if let Err(error) = self.follow(&mut written).await {
                tracing::warn!(error = %error, "the circuits of other nodes' lanes were not read");
            }
            for lane in self.routes.lanes().filter(|lane| self.leases.has(&lane.key)) {
                if let Err(error) = self.evade(lane).await {
                    tracing::warn!(error = %error, lane = %lane.key, "work was not moved to another account; trying again");
                }
            }
            tokio::select! {
                _ = changes.changed() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stopping.cancelled() => return,
            }
        }
    }

    /// Writes down the circuits that stand elsewhere than last time.
    async fn write(&self, written: &mut BTreeMap<LaneKey, Circuit>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let all = self.routes.circuits().all();
        let word = |circuit: Option<&Circuit>| circuit.map(|circuit| circuit.standing.word());
        let ours = all.iter().filter(|(lane, _)| self.leases.has(lane));
        let changed = ours.filter(|(lane, circuit)| word(written.get(*lane)) != word(Some(*circuit)));
        let writes: Vec<_> =
            changed.map(|(lane, circuit)| Write::Route(RouteRow { lane: lane.clone(), circuit: circuit.clone(), at: now })).collect();
        if !writes.is_empty() {
            self.store.commit(Commit { writes, ..Commit::default() }).await?;
        }
        *written = all;
        Ok(())
    }

    /// Takes what other nodes know of the lanes that they hold.
    async fn follow(&self, written: &mut BTreeMap<LaneKey, Circuit>) -> Result<(), StoreError> {
        if self.routes.lanes().all(|lane| self.leases.has(&lane.key)) {
            return Ok(());
        }
        for row in self.store.routes().await? {
            if self.routes.lane(&row.lane).is_some() && !self.leases.has(&row.lane) {
                self.routes.circuits().follow(&row.lane, &row.circuit);
                written.insert(row.lane, row.circuit);
            }
        }
        Ok(())
    }

    /// Gives what waits on a lane that is not trusted to one that is.
    async fn evade(&self, lane: &Lane) -> Result<(), StoreError> {
        let circuits = self.routes.circuits();
        loop {
            if circuits.is_closed(&lane.key) {
                return Ok(());
            }
            let to = self.routes.for_means(lane.means);
            if to.means != lane.means || !circuits.is_closed(&to.key) {
                return Ok(());
            }
            let moved = self.store.evade(lane.key.clone(), to.key.clone(), PORTION).await?;
            if moved == 0 {
                return Ok(());
            }
            tracing::warn!(from = %lane.key, to = %to.key, moved, "work was moved to another account");
            metrics::counter!(crate::telemetry::metric::WORK_MOVED, "from" => lane.key.to_string(), "to" => to.key.to_string())
                .increment(moved);
            self.wake.at(&to.key, self.clock.now());
            if moved < u64::from(PORTION) {
                return Ok(());
            }
        }
    }
}
