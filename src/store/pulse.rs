//! What can be told cheaply of the open work: for readiness, the heartbeat and metrics, at any size of the database.

use domain::id::LaneKey;
use domain::level::Level;
use jiff::Timestamp;

/// The open work now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pulse {
    /// Open promises, by level and state.
    pub open: Vec<OpenPromises>,
    /// Open promises, unfinished deliveries or unfinished attachments without work: must be 0 (invariant 3).
    pub without_timer: i64,
    /// The oldest due time among open promises.
    pub oldest_due: Option<Timestamp>,
    /// Open tasks.
    pub open_tasks: i64,
    /// Work that is due and not taken, by lane; lanes without any are not there.
    pub lanes: Vec<LaneDue>,
    /// Lanes that somebody holds.
    pub leases: Vec<LaneLease>,
}

impl Pulse {
    /// All open promises.
    pub fn open_promises(&self) -> i64 {
        self.open.iter().map(|some| some.count).sum()
    }
    /// Work that is due on a lane and not taken.
    pub fn due(&self, lane: &LaneKey) -> i64 {
        self.lanes.iter().find(|due| due.lane == *lane).map_or(0, |due| due.due)
    }
}

/// Open promises of one level in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPromises {
    /// The level of their dispatches.
    pub level: Level,
    /// `standby`, `waiting` or `in_flight`.
    pub state: String,
    /// How many.
    pub count: i64,
}

/// Work that is due on a lane and not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneDue {
    /// The lane.
    pub lane: LaneKey,
    /// How many pieces.
    pub due: i64,
    /// Since when the oldest of them is due.
    pub oldest: Timestamp,
}

/// A lane that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneLease {
    /// The lane.
    pub lane: LaneKey,
    /// Until when, if the lease is not renewed.
    pub until: Timestamp,
}
