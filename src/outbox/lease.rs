//! Which lanes are this node's, from when and until when: what a lane asks before it claims, and before it sends.
//!
//! The keeper (`keeper`) takes, renews and gives back; here is only what it found. A lane is held from one turn after it was got, so that two
//! nodes together never exceed its pace, and to a moment before its lease ends, so that this node has stopped before another can begin. A
//! lane that is being given back claims nothing more, but lets what it has claimed already pass.

use domain::id::LaneKey;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// So long before its end a lease counts no more; a quarter of it, if that is less. For what clocks differ, and the way to the carrier.
const MARGIN: SignedDuration = SignedDuration::from_secs(1);

/// The lanes held.
#[derive(Debug, Clone, Default)]
pub struct Leases {
    lanes: Arc<Mutex<HashMap<LaneKey, Lease>>>,
    changed: Arc<Notify>,
    passed: Arc<Notify>,
}

#[derive(Debug, Clone)]
struct Lease {
    from: Timestamp,
    until: Timestamp,
    standing: Standing,
    /// Pieces of work that were claimed and have not passed the gate before the carrier.
    approaching: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Held,
    Leaving,
}

/// A piece of work on its way to the carrier; it has passed when this is dropped.
#[derive(Debug)]
pub struct Approach {
    lane: LaneKey,
    leases: Leases,
}

impl Leases {
    /// Whether work of the lane may be claimed here at `now`.
    pub fn holds(&self, lane: &LaneKey, now: Timestamp) -> bool {
        self.held().get(lane).is_some_and(|lease| lease.lasts(now) && lease.standing == Standing::Held)
    }
    /// Whether something may be sent by the lane from here at `now`.
    pub fn lets_send(&self, lane: &LaneKey, now: Timestamp) -> bool {
        self.held().get(lane).is_some_and(|lease| lease.lasts(now))
    }
    /// Whether the lane is this node's, even if it may not be used this moment.
    pub fn has(&self, lane: &LaneKey) -> bool {
        self.held().contains_key(lane)
    }
    /// Before claiming: as long as what this gives is kept, the lane is not given back. `None` when nothing may be claimed.
    pub fn approach(&self, lane: &LaneKey, now: Timestamp) -> Option<Approach> {
        let mut held = self.held();
        let lease = held.get_mut(lane).filter(|lease| lease.lasts(now) && lease.standing == Standing::Held)?;
        lease.approaching += 1;
        Some(Approach { lane: lane.clone(), leases: self.clone() })
    }
    /// How long until a lane that was got may be used; `None` when it was not got or is used already.
    pub fn starts_in(&self, lane: &LaneKey, now: Timestamp) -> Option<Duration> {
        let from = self.held().get(lane).map(|lease| lease.from)?;
        Duration::try_from(from.duration_since(now)).ok().filter(|wait| !wait.is_zero())
    }
    /// Waits until leases were got, renewed or lost.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The lanes that are held or being given back.
    pub(super) fn lanes(&self) -> Vec<LaneKey> {
        let mut lanes: Vec<LaneKey> = self.held().keys().cloned().collect();
        lanes.sort();
        lanes
    }
    /// These are ours until then, for a lease of this length; one that was not ours before counts from the time that `from` gives.
    pub(super) fn renewed(&self, lanes: &[LaneKey], until: Timestamp, length: SignedDuration, from: impl Fn(&LaneKey) -> Timestamp) {
        let until = until.saturating_sub(MARGIN.min(length / 4)).unwrap_or(until);
        let mut held = self.held();
        held.retain(|lane, _| lanes.contains(lane));
        for lane in lanes {
            match held.get_mut(lane) {
                Some(lease) => lease.until = until,
                None => {
                    held.insert(lane.clone(), Lease { from: from(lane), until, standing: Standing::Held, approaching: 0 });
                }
            }
        }
        drop(held);
        self.changed.notify_waiters();
    }
    /// Nothing more is claimed on these.
    pub(super) fn leave(&self, lanes: &[LaneKey]) {
        for (_, lease) in self.held().iter_mut().filter(|(lane, _)| lanes.contains(lane)) {
            lease.standing = Standing::Leaving;
        }
    }
    /// Waits until what was claimed on these has gone out.
    pub(super) async fn all_passed(&self, lanes: &[LaneKey]) {
        loop {
            let passed = self.passed.notified();
            if !self.held().iter().any(|(lane, lease)| lanes.contains(lane) && lease.approaching > 0) {
                return;
            }
            passed.await;
        }
    }
    /// These are ours no more: nothing passes the gate.
    pub(super) fn left(&self, lanes: &[LaneKey]) {
        self.held().retain(|lane, _| !lanes.contains(lane));
        self.changed.notify_waiters();
    }

    fn held(&self) -> MutexGuard<'_, HashMap<LaneKey, Lease>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    fn lasts(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }
}

impl Clone for Approach {
    fn clone(&self) -> Self {
        if let Some(lease) = self.leases.held().get_mut(&self.lane) {
            lease.approaching += 1;
        }
        Self { lane: self.lane.clone(), leases: self.leases.clone() }
    }
}

impl Drop for Approach {
    fn drop(&mut self) {
        if let Some(lease) = self.leases.held().get_mut(&self.lane) {
            lease.approaching = lease.approaching.saturating_sub(1);
        }
        self.leases.passed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn t(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }
    fn lane(name: &str) -> LaneKey {
        name.parse().unwrap()
    }
    const LENGTH: SignedDuration = SignedDuration::from_secs(8);

    #[test]
    fn a_lane_is_held_from_a_turn_after_it_was_got_to_a_moment_before_its_end() {
        let (leases, call) = (Leases::default(), lane("main-call"));
        leases.renewed(std::slice::from_ref(&call), t(8), LENGTH, |_| t(1));
        for (second, expected) in [(0, false), (1, true), (6, true), (7, false), (9, false)] {
            assert_eq!(leases.lets_send(&call, t(second)), expected, "{second}");
            assert_eq!(leases.holds(&call, t(second)), expected, "{second}");
        }
        leases.renewed(std::slice::from_ref(&call), t(12), LENGTH, |_| t(20));
        assert!(leases.holds(&call, t(7)), "renewed: it waits for no further turn");
        leases.renewed(&[], t(15), LENGTH, |_| t(0));
        assert!(!leases.has(&call), "another has it");
    }

    #[test]
    fn a_lane_that_is_given_back_lets_pass_what_was_claimed() {
        let (leases, call) = (Leases::default(), lane("main-call"));
        leases.renewed(std::slice::from_ref(&call), t(8), LENGTH, |_| t(0));
        let first = leases.approach(&call, t(1)).unwrap();
        let second = first.clone();
        leases.leave(std::slice::from_ref(&call));
        assert!(leases.approach(&call, t(1)).is_none() && !leases.holds(&call, t(1)));
        assert!(leases.lets_send(&call, t(1)));
        drop(first);
        assert!(leases.all_passed(std::slice::from_ref(&call)).now_or_never().is_none());
        drop(second);
        assert!(leases.all_passed(std::slice::from_ref(&call)).now_or_never().is_some());
        leases.left(std::slice::from_ref(&call));
        assert!(!leases.lets_send(&call, t(1)));
    }
}
