//! Loops that begin on one node and come in on another: told by two leases beside the lane's own, `{lane}-loop` and `{lane}-came`.
//!
//! Whoever sends a loop leases the first before, so that a node at which a call from one of our numbers to another comes in knows that it is
//! expected, and no reporter's. That one leases the second, which tells the sender when it came. Both end with the loop by themselves. When
//! the store is away nothing is known, and the call is taken for a reporter's: better a tip too many than one too few.

use super::loops::{LOOP_MOST, Loops};
use super::results::Results;
use crate::progress::routes::{Lane, Routes};
use crate::store::rows::LeaseRow;
use crate::store::{Store, StoreError};
use domain::channel::Means;
use domain::id::LaneKey;
use domain::sealed::Address;
use jiff::Timestamp;
use std::time::Duration;

/// In whose name both are leased: any node's.
const OWNER: &str = "loops";

fn beside(lane: &LaneKey, what: &str) -> Option<LaneKey> {
    format!("{lane}-{what}").parse().ok()
}

async fn lease(store: &dyn Store, lane: Option<LaneKey>, now: Timestamp) -> Result<(), StoreError> {
    let until = now.saturating_add(LOOP_MOST).unwrap_or(now);
    let lanes = lane.into_iter().collect();
    store.lease_lanes(lanes, OWNER.to_owned(), now, until).await.map(|_| ())
}

/// A loop is about to be sent by this lane.
pub async fn begins(store: &dyn Store, lane: &LaneKey, now: Timestamp) -> Result<(), StoreError> {
    lease(store, beside(lane, "loop"), now).await
}

/// A loop of this lane came in here.
pub async fn came(store: &dyn Store, lane: &LaneKey, now: Timestamp) {
    if let Err(error) = lease(store, beside(lane, "came"), now).await {
        tracing::info!(error = %error, %lane, "that a test came round was not told to the node that sent it");
    }
}

/// The lane whose loop a call between two of our numbers is, if one is expected now.
pub async fn expects_call<'a>(store: &dyn Store, routes: &'a Routes, (from, to): (&Address, &Address), now: Timestamp) -> Option<&'a Lane> {
    let ours = |number: &Address| routes.lanes().find(|lane| lane.means == Means::Call && lane.from == *number);
    let (sender, _receiver) = (ours(from)?, ours(to)?);
    let expected = beside(&sender.key, "loop")?;
    let leases = store.leases().await.unwrap_or_else(|error| {
        tracing::warn!(error = %error, "whether a call is a test of a link was not found out; it is taken for a reporter's");
        Vec::new()
    });
    leases.iter().any(|lease| lease.lane == expected && lease.until > now).then_some(sender)
}

/// Notes which of this node's loops came in at others.
pub async fn hear(store: &dyn Store, loops: &Loops, results: &Results) -> Result<(), StoreError> {
    if loops.waits() {
        let leases = store.leases().await?;
        loops.came_elsewhere(|lane| came_at(&leases, lane), results);
    }
    Ok(())
}

fn came_at(leases: &[LeaseRow], lane: &LaneKey) -> Option<Timestamp> {
    let name = beside(lane, "came")?;
    leases.iter().find(|lease| lease.lane == name).and_then(|lease| lease.until.saturating_sub(LOOP_MOST).ok())
}

/// How long a loop took; nothing, where clocks disagree.
pub(super) fn took(sent: Timestamp, came: Timestamp) -> Duration {
    Duration::try_from(came.duration_since(sent)).unwrap_or_default()
}
