//! Loops that are under way: a text or a call from one of our numbers to another of ours, at another carrier.
//!
//! The way in asks here before anything else, so that a loop is never a tip. A text is known by its sender, one of our own numbers, and a
//! keyed token in its words, also after a restart, and also when it is only found later by looking for missed messages. A call carries no
//! words: it is known by its two numbers and by being expected; which other nodes expect is `elsewhere`'s.

use super::elsewhere::took;
use super::results::{Results, Test};
use crate::progress::routes::Routes;
use crate::vault::Vault;
use domain::channel::Means;
use domain::exchange::InboundMessage;
use domain::id::{AttemptId, LaneKey};
use domain::sealed::Address;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A loop that has not come back after this has failed.
pub const LOOP_MOST: SignedDuration = SignedDuration::from_secs(120);
/// The most that are remembered; there are as many as lanes.
const KEPT: usize = 256;

/// The loops under way.
#[derive(Debug, Clone, Default)]
pub struct Loops {
    open: Arc<Mutex<Vec<Open>>>,
}

/// One loop.
#[derive(Debug, Clone)]
pub struct Open {
    /// Its attempt's id, which callbacks name.
    pub attempt: AttemptId,
    /// The lane that sent it.
    pub lane: LaneKey,
    /// What it is.
    pub means: Means,
    /// From which of our numbers.
    pub from: Address,
    /// To which.
    pub to: Address,
    /// When it was sent.
    pub at: Timestamp,
    /// Whether it has come in.
    pub came: bool,
}

/// Where a loop that came in was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// By this run of this node.
    Here,
    /// By another node, or by a former run.
    Elsewhere,
}

impl Loops {
    /// A loop begins.
    pub fn begin(&self, open: Open) {
        let mut held = self.held();
        if held.len() >= KEPT {
            held.remove(0);
        }
        held.push(open);
    }
    /// Loops that have not come back in time end, and are told. Those that came are remembered as long, for their callbacks.
    pub fn overdue(&self, now: Timestamp) -> Vec<LaneKey> {
        let mut held = self.held();
        let over = |open: &Open| now.duration_since(open.at) >= LOOP_MOST;
        let late = held.iter().filter(|open| over(open) && !open.came).map(|open| open.lane.clone()).collect();
        held.retain(|open| !over(open));
        late
    }
    /// It was not sent.
    pub fn end(&self, attempt: AttemptId) {
        self.held().retain(|open| open.attempt != attempt);
    }
    /// Whether callbacks of this attempt are a loop's.
    pub fn is_attempt(&self, attempt: AttemptId) -> bool {
        self.held().iter().any(|open| open.attempt == attempt)
    }
    /// Whether a text is a loop on its way round; then it has come, and this says by which lane it was sent, and from where.
    pub fn takes_text(&self, message: &InboundMessage, routes: &Routes, vault: &Vault, now: Timestamp) -> Option<(LaneKey, Sent)> {
        let sender = routes.lanes().find(|lane| lane.means == Means::Text && message.from.as_ref() == Some(&lane.from))?;
        let at = vault.read_loop_words(&sender.key, message.words.reveal())?;
        let mut held = self.held();
        let Some(open) = held.iter_mut().find(|open| open.lane == sender.key && open.at == at) else {
            return Some((sender.key.clone(), Sent::Elsewhere));
        };
        if !open.came {
            open.came = true;
            routes.links().results.succeeded(&sender.key, Test::Loop, now, took(at, now));
        }
        Some((sender.key.clone(), Sent::Here))
    }
    /// Whether any has not come yet.
    pub(super) fn waits(&self) -> bool {
        self.held().iter().any(|open| !open.came)
    }
    /// Notes which have come in at other nodes; `came_at` says when a lane's last one did.
    pub(super) fn came_elsewhere(&self, came_at: impl Fn(&LaneKey) -> Option<Timestamp>, results: &Results) {
        for open in self.held().iter_mut().filter(|open| !open.came) {
            if let Some(came) = came_at(&open.lane).filter(|came| *came >= open.at) {
                open.came = true;
                results.succeeded(&open.lane, Test::Loop, came, took(open.at, came));
            }
        }
    }
    /// Whether a call is one of ours on its way round; then it has come.
    pub fn takes_call(&self, from: &Address, to: &Address, results: &Results, now: Timestamp) -> bool {
        let mut held = self.held();
        let mut ours = held.iter_mut().filter(|open| open.means == Means::Call && open.from == *from && open.to == *to);
        let Some(open) = ours.next_back() else { return false };
        if !open.came {
            open.came = true;
            results.succeeded(&open.lane, Test::Loop, now, took(open.at, now));
        }
        true
    }

    fn held(&self) -> MutexGuard<'_, Vec<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
