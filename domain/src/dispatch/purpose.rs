//! Why somebody is told: a tip, news about one, a page to the line's own supervisors, a drill, a question afterwards.
//!
//! The purpose decides the words and what an answer means; the machinery of obligations, attempts and receipts is the same for all, so
//! that a supervisor's page and a drill use the very lines that a Critical dispatch uses.

use serde::{Deserialize, Serialize};

/// Why somebody is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// There is a tip: the procedures' dispatch.
    #[default]
    Tip,
    /// There is news about a tip that they were told of (R28).
    Update,
    /// A supervisor of the line itself is needed (R44, R33).
    Page(PageReason),
    /// A test of the list: marked "This is a test" in every channel.
    Drill,
    /// Feedback is asked for, once, after closing (R21).
    Feedback,
}

impl Purpose {
    /// The word used in SQL, JSON and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Purpose::Tip => "tip",
            Purpose::Update => "update",
            Purpose::Page(_) => "page",
            Purpose::Drill => "drill",
            Purpose::Feedback => "feedback",
        }
    }
    /// Whether it counts as having told the endusers of the tip.
    pub const fn tells_of_tip(self) -> bool {
        match self {
            Purpose::Tip => true,
            Purpose::Update | Purpose::Page(_) | Purpose::Drill | Purpose::Feedback => false,
        }
    }
}

/// Why a supervisor is paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageReason {
    /// A tip that nobody has sorted: it may be Critical, and its clock runs (R44).
    Unsorted,
    /// A Critical tip that nobody has dispatched.
    NotDispatched,
    /// What was promised cannot be kept in time: too many calls for the pace, or nobody left to call.
    InDanger,
    /// The follow-up call to police was not noted (R33).
    FollowUp,
}

impl PageReason {
    /// Every reason.
    pub const ALL: [PageReason; 4] = [PageReason::Unsorted, PageReason::NotDispatched, PageReason::InDanger, PageReason::FollowUp];
}
