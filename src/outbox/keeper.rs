//! Takes lanes, renews them, and gives them back: this node's hand on the leases in the store.
//!
//! It looks once a second, and at once when another node says that it gave lanes back; leases are renewed at a third of their length, so
//! that two failures in a row lose nothing. A lane whose former holder did not give it back is an orphan: what that one had claimed is due
//! again, and what it had sent without hearing the answer is asked for (`left_behind`). The same goes for
//! what a former run of this node held, where a file has one owner only. Lanes go back when what was claimed has
//! gone out, before the node ends: another has them within a turn. What the rows say is another's is left at once, whatever the clock says;
//! nothing is taken from another before the clock is sure.

use super::lease::Leases;
use super::shares::{Move, Shares};
use super::{Outbox, left_behind};
use crate::lifecycle::Tasks;
use crate::live::LaneNews;
use crate::store::rows::{LeaseRow, PRESENCE, latest_end};
use crate::store::{Store, StoreError};
use domain::channel::Means;
use domain::id::LaneKey;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::Duration;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// How often it is looked at who has what.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long what was claimed may take to pass the gate before its lane goes back: a turn of a slow lane, and a commit.
const PASSES_WITHIN: Duration = Duration::from_millis(1500);
/// How long the presence of a run that died is kept, for whoever looks into it.
const PRESENCES_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Keeps the leases.
pub(super) struct Keeper {
    pub(super) outbox: Outbox,
    pub(super) tasks: Tasks,
    lanes: Vec<LaneKey>,
    presence: Option<LaneKey>,
    shares: Shares,
    renewed_at: Option<Timestamp>,
    /// Whether what a former run of this node still held was given back.
    settled: bool,
    /// Lanes that were taken, and whose former holders' work is not due again yet.
    gained: BTreeSet<LaneKey>,
    /// Whether a node is gone, and what it had claimed on this node's lanes is not due again yet.
    gone: bool,
    /// Whether the work of lanes that nobody has any more was taken over since a node went, or this one began.
    moved: bool,
}

impl Keeper {
    pub(super) fn new(outbox: Outbox, tasks: Tasks) -> Self {
        let sending = outbox.progress.routes.lanes().map(|lane| lane.key.clone());
        let mut lanes: Vec<LaneKey> = sending.chain([crate::media::lane(), crate::watch::lane()]).collect();
        // Nodes that look at the same moment do not all want the same first.
        let mut hasher = DefaultHasher::new();
        outbox.node.hash(&mut hasher);
        let first = usize::try_from(hasher.finish() % lanes.len().max(1) as u64).unwrap_or(0);
        lanes.rotate_left(first);
        let presence = format!("{PRESENCE}{}", outbox.node).parse().ok();
        Self {
            outbox,
            tasks,
            lanes,
            presence,
            shares: Shares::default(),
            renewed_at: None,
            settled: false,
            gained: BTreeSet::new(),
            gone: false,
            moved: false,
        }
    }

    pub(super) async fn run(mut self, mut news: Receiver<LaneNews>) {
        let stopping = self.tasks.stopping();
        loop {
            if let Err(error) = self.look().await {
                tracing::warn!(error = %error, "lane leases were not looked at or renewed");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = freed(&mut news) => {}
                () = stopping.cancelled() => break,
            }
        }
        let all = self.outbox.leases.lanes();
        self.pass(&all).await;
        if let Err(error) = self.store().release_lanes(self.outbox.node.clone()).await {
            tracing::warn!(error = %error, "lanes were not given back; they are free when their lease ends");
        }
    }

    fn store(&self) -> &dyn Store {
        &*self.outbox.progress.store
    }
    fn leases(&self) -> &Leases {
        &self.outbox.leases
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        let rows = self.store().leases().await?;
        if !self.settled {
            // As long as the database does not write, nothing is leased, and this is tried again.
            self.store().release_lanes(self.outbox.node.clone()).await?;
            self.settled = true;
        }
        self.leave_what_others_have(&rows);
        let (held, length) = (self.leases().lanes(), self.outbox.limits.lane_lease);
        let moves = self.moves(&rows, &held, length).await;
        let now = self.outbox.clock.now();
        self.gone |= moves.gone;
        self.moved &= !moves.gone;
        let due = self.renewed_at.is_none_or(|at| now.duration_since(at) >= length / 3 || now < at);
        if due || !moves.take.is_empty() {
            self.renew(&held, &moves, now, length).await?;
        }
        self.make_due(now, length).await?;
        if !self.moved {
            self.adopt(now).await?;
            self.moved = true;
        }
        self.forget(&rows, now).await?;
        if let Some(lane) = moves.give {
            tracing::info!(%lane, "the lane is given to another node, so that each has its share");
            self.pass(std::slice::from_ref(&lane)).await;
            self.store().give_back(vec![lane], self.outbox.node.clone()).await?;
        }
        Ok(())
    }

    /// Another may have taken a lane over when it saw the lease as over and this node does not yet: its clock is behind, or it was asleep.
    fn leave_what_others_have(&self, rows: &[LeaseRow]) {
        let is_anothers = |lane: &LaneKey| rows.iter().any(|row| row.lane == *lane && row.owner != self.outbox.node);
        let lost: Vec<LaneKey> = self.leases().lanes().into_iter().filter(is_anothers).collect();
        for lane in &lost {
            tracing::warn!(%lane, "the lane is another node's now, and left at once");
        }
        if !lost.is_empty() {
            self.leases().left(&lost);
        }
    }

    /// What to take and to give. Nothing, as long as the clock is not sure of what is over; then the next look finds the same.
    async fn moves(&mut self, rows: &[LeaseRow], held: &[LaneKey], length: SignedDuration) -> Move {
        let (mut shares, now) = (self.shares.clone(), self.outbox.clock.now());
        let moves = shares.look(rows, &self.outbox.node, (&self.lanes, held), (now, length));
        if (moves.gone || !moves.take.is_empty()) && !self.outbox.clock.is_sure(self.store()).await {
            return Move::default();
        }
        self.shares = shares;
        moves
    }

    async fn renew(&mut self, held: &[LaneKey], moves: &Move, now: Timestamp, length: SignedDuration) -> Result<(), StoreError> {
        let wanted: Vec<LaneKey> = held.iter().chain(&moves.take).chain(&self.presence).cloned().collect();
        let until = now.saturating_add(length).unwrap_or(now);
        let mut got = self.store().lease_lanes(wanted, self.outbox.node.clone(), now, until).await?;
        got.retain(|lane| self.lanes.contains(lane));
        let got_at = self.outbox.clock.now();
        self.leases().renewed(&got, until, length, |lane| got_at.saturating_add(self.turn(lane)).unwrap_or(got_at));
        self.renewed_at = Some(now);
        for lost in held.iter().filter(|lane| !got.contains(lane)) {
            tracing::warn!(lane = %lost, "the lane was not renewed in time and is another node's now");
        }
        let gained: Vec<LaneKey> = moves.take.iter().filter(|lane| got.contains(lane)).cloned().collect();
        if gained.is_empty() {
            return Ok(());
        }
        self.gained.extend(gained.iter().cloned());
        let orphans: Vec<LaneKey> = moves.orphaned.iter().filter(|lane| gained.contains(lane)).cloned().collect();
        tracing::info!(lanes = gained.len(), orphaned = orphans.len(), "lanes are this node's now");
        for lane in orphans {
            self.tasks.spawn_piece("what was left behind", left_behind::ask(self.outbox.clone(), lane, now));
        }
        Ok(())
    }

    /// Makes due again what others had claimed and cannot finish. What the store refuses now is tried at every look.
    async fn make_due(&mut self, now: Timestamp, length: SignedDuration) -> Result<(), StoreError> {
        let mut lanes = self.leases().lanes();
        lanes.retain(|lane| self.gone || self.gained.contains(lane));
        if !lanes.is_empty() {
            self.store().reclaim(lanes, now, latest_end(now, length)).await?;
        }
        for lane in std::mem::take(&mut self.gained) {
            self.outbox.progress.wake.at(&lane, now);
        }
        self.gone = false;
        Ok(())
    }

    /// Every run has a presence of its own; of those that did not end in good order nobody else takes it away.
    async fn forget(&self, rows: &[LeaseRow], now: Timestamp) -> Result<(), StoreError> {
        let before = now.saturating_sub(PRESENCES_KEPT).unwrap_or(Timestamp::MIN);
        let old = rows.iter().filter(|row| row.until <= before && row.lane.as_str().starts_with(PRESENCE));
        let lanes: Vec<LaneKey> = old.map(|row| row.lane.clone()).collect();
        if lanes.is_empty() { Ok(()) } else { self.store().forget_leases(lanes, before).await }
    }

    /// How long a lane's pace lets pass between two sends: so long after it was another's, nothing goes out.
    fn turn(&self, lane: &LaneKey) -> SignedDuration {
        let per_second = self.outbox.progress.routes.lane(lane).and_then(|lane| lane.per_second);
        let turn = per_second.and_then(|per_second| Duration::try_from_secs_f64(1.0 / per_second).ok());
        turn.and_then(|turn| SignedDuration::try_from(turn).ok()).unwrap_or_default()
    }

    /// Takes over the work of lanes that are in nobody's configuration any more.
    async fn adopt(&self, now: Timestamp) -> Result<(), StoreError> {
        let routes = &self.outbox.progress.routes;
        for means in Means::ALL {
            let lanes = routes.lanes().map(|lane| lane.key.clone()).collect();
            self.store().move_work(lanes, means, routes.for_means(means).key.clone(), now).await?;
        }
        Ok(())
    }

    /// Stops claiming on these and lets what was claimed go out; then nothing does.
    async fn pass(&self, lanes: &[LaneKey]) {
        self.leases().leave(lanes);
        let _ = tokio::time::timeout(PASSES_WITHIN, self.leases().all_passed(lanes)).await;
        self.leases().left(lanes);
    }
}

/// Returns when lanes were given back by another node, or that may be.
async fn freed(news: &mut Receiver<LaneNews>) {
    loop {
        match news.recv().await {
            Ok(LaneNews::Work(_)) => {}
            Ok(LaneNews::Freed | LaneNews::Missed) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests;
