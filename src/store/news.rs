//! What commits changed, told after each: on this node at once, on the others through the database.
//!
//! Nothing travels but the fact; whoever is told reads what it may see. News may be lost (a line that was cut): then it is said that some
//! were, and everybody reads everything, each from the number it knows.

use domain::id::{ConversationId, LaneKey};
use std::sync::Arc;

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Something changed.
    Changed(Changed),
    /// News may have been missed: read everything again.
    Missed,
}

/// What a batch of commits changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// These tips.
    pub tips: Vec<ConversationId>,
    /// These lanes have new work.
    pub lanes: Vec<LaneKey>,
    /// Lanes were given back, so they are free.
    pub freed: bool,
}

impl Changed {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.tips.is_empty() && self.lanes.is_empty() && !self.freed
    }
}

/// Who is told, after each commit; must not block.
pub type OnNews = Arc<dyn Fn(&News) + Send + Sync>;
