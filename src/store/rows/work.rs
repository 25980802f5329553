//! Work to do at a time, which part of it is claimed, and whether its lane is trusted.
//!
//! A claim moves the time to the end of a lease, so that work whose worker died comes back by itself.

use crate::links::circuit::Circuit;
use domain::id::{AttachmentId, ConversationId, LaneKey, MessageId, ObligationId};
use jiff::Timestamp;

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
