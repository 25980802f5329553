//! What lists show: tips by urgency with what is counted of them, and numbers about the whole.
//!
//! Nothing here is written; it is read together from several tables.

use super::ConversationRow;
use crate::vault::sealed::Sealed;
use domain::dispatch::watch::Watch;
use domain::id::{ConversationId, LaneKey, MessageId, StaffId};
use jiff::Timestamp;

/// Which tips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InboxFilter {
    /// Open ones.
    Open,
    /// Open and not triaged.
    Unsorted,
    /// Open, claimed by this member of staff.
    Mine(StaffId),
    /// Open and dispatched, with an open obligation or task.
    Underway,
    /// Open, and a request of the press: for the administrators (R41).
    Press,
    /// Closed.
    Closed,
    /// Open ones, but what is counted under another tip's row is not a row of its own.
    First,
    /// The same of those that are not triaged.
    FirstUnsorted,
    /// Everything that is like this tip, also what has new facts, as it came.
    Alike(ConversationId),
}

/// A tip in the inbox.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxRow {
    /// The tip.
    pub row: ConversationRow,
    /// The reporter's first message.
    pub first: Option<(MessageId, Sealed)>,
    /// Open obligations.
    pub open_obligations: i64,
    /// Confirmed obligations.
    pub confirmed: i64,
    /// Open tasks.
    pub open_tasks: i64,
    /// Obligations whose due time has passed without them.
    pub breached: i64,
    /// The earliest due time of an open, unconfirmed obligation.
    pub next_due: Option<Timestamp>,
    /// How many tips are counted under this row.
    pub alike: i64,
    /// The earlier tip that this one is like, unless an analyst took it out.
    pub incident: Option<ConversationId>,
    /// What it says that was not known before, sealed.
    pub new_facts: Option<Sealed>,
    /// How likeness was found, in percent; `Some` also when it was taken out.
    pub likeness: Option<u8>,
    /// Files that came with it.
    pub files: i64,
    /// Whether it is counted under another tip's row.
    pub folded: bool,
    /// What its clocks have raised.
    pub watch: Watch,
}

/// How many tips each filter has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InboxCounts {
    /// Open.
    pub open: i64,
    /// Not triaged.
    pub unsorted: i64,
    /// Mine.
    pub mine: i64,
    /// Underway.
    pub underway: i64,
    /// Requests of the press.
    pub press: i64,
    /// Closed; more than [`CLOSED_COUNTED`] are not counted further.
    pub closed: i64,
}

/// How far closed tips are counted: they become more for years, and the inbox must not become slower with them.
pub const CLOSED_COUNTED: i64 = 1000;

/// Numbers about the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Tips.
    pub conversations: i64,
    /// Messages.
    pub messages: i64,
    /// Open obligations.
    pub open_obligations: i64,
    /// Open obligations, unfinished deliveries or unfinished attachments without work: must be 0 (invariant 3).
    pub without_timer: i64,
    /// Work due and not taken, by lane.
    pub due_work: Vec<(LaneKey, i64)>,
    /// The oldest due time among open obligations.
    pub oldest_due: Option<Timestamp>,
    /// Open tasks.
    pub open_tasks: i64,
}
