//! Work to do at a time, which part of it is claimed, and whether its lane is trusted.
//!
//! A claim moves the time to the end of a lease, so that work whose worker died comes back by itself.

use crate::links::circuit::Circuit;
use domain::id::{AttachmentId, ConversationId, LaneKey, MessageId, ObligationId};
use jiff::{SignedDuration, Timestamp};

/// What a piece of work is about. It has the id of its obligation or message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WorkId {
    /// An obligation's timer.
    Obligation(ObligationId),
    /// A message's timer.
    Message(MessageId),
    /// A medium to fetch, to copy, or to delete at the carrier.
    Attachment(AttachmentId),
    /// The clocks of a tip.
    Watch(ConversationId),
}

/// Something to do at a time. Every open obligation and unfinished delivery has exactly one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkRow {
    /// What it is about.
    pub id: WorkId,
    /// The lane that does it.
    pub lane: LaneKey,
    /// Urgency, lowest first: level, then turn, then place in the plan; see `progress::routes::rank`.
    pub rank: i32,
    /// By when it should be done: the second key of the order.
    pub due_at: Timestamp,
    /// When it may start; also the end of a lease.
    pub run_at: Timestamp,
}

/// Which of a lane's due work is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// All of it.
    Any,
    /// What is Critical, or may be.
    Critical,
    /// What sends nothing, for a lane that may not: asking the carrier, obligations whose due time came since they were put, and those
    /// whose grace is over.
    Held {
        /** The latest due time of those whose grace is over. */
        graced: Timestamp,
    },
}

/// Whether a lane is trusted, since the last change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRow {
    /// The lane.
    pub lane: LaneKey,
    /// Its circuit.
    pub circuit: Circuit,
    /// When it was written.
    pub at: Timestamp,
}

/// How the presence of a node is called among the lanes, before the name of its run: a lease that it renews as long as it lives. Statements
/// name it, too.
pub const PRESENCE: &str = "node-";

/// Who has a lane, and until when. The presence of a node is a lease, too (`outbox::shares`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseRow {
    /// The lane.
    pub lane: LaneKey,
    /// The run of a node.
    pub owner: String,
    /// When it is free, if it is not renewed.
    pub until: Timestamp,
}

/// A lease that is renewed ends within its length from now. One that ends later than in so many of them was written before the clock was
/// set back, and is over: whoever lives has renewed it by the new time. (The statement that leases says the same.)
const LENGTHS_MOST: i32 = 4;

/// The latest time at which a lease of this length can end.
pub fn latest_end(now: Timestamp, length: SignedDuration) -> Timestamp {
    now.saturating_add(length.saturating_mul(LENGTHS_MOST)).unwrap_or(Timestamp::MAX)
}

impl LeaseRow {
    /// Whether it is over, when leases of this kind are given for this length.
    pub fn is_over(&self, now: Timestamp, length: SignedDuration) -> bool {
        self.until <= now || self.until > latest_end(now, length)
    }
}
