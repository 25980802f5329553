//! One page for many tips: a flood of unsorted tips must not become a flood of calls to one supervisor.
//!
//! A page says only that the desk is needed, so within a short while the page for one tip stands for every other of the same reason and
//! rung. Remembered by the node that has the lane, in memory: after a crash a supervisor is called once more, which is no harm.

use domain::dispatch::policy::Policy;
use domain::dispatch::purpose::PageReason;
use domain::id::ConversationId;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How long one page stands for others, at most; never longer than a third of the time to the first rung.
const MOST: SignedDuration = SignedDuration::from_secs(60);

/// Pages of a moment ago.
#[derive(Debug, Default)]
pub(super) struct Together {
    last: Mutex<HashMap<(PageReason, u8), (Timestamp, ConversationId)>>,
}

impl Together {
    /// Whether another tip's page of the same reason and rung went out a moment ago.
    pub(super) fn covers(&self, page: (PageReason, u8), tip: ConversationId, now: Timestamp, policy: &Policy) -> bool {
        let within = policy.page_after.first().map_or(MOST, |first| (*first / 3).min(MOST));
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.get(&page).is_some_and(|(at, other)| *other != tip && now.duration_since(*at).abs() < within)
    }
    /// A page was committed.
    pub(super) fn went_out(&self, page: (PageReason, u8), tip: ConversationId, at: Timestamp) {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).insert(page, (at, tip));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_page_stands_for_others_of_its_kind_for_a_moment() {
        let (together, policy) = (Together::default(), Policy::default());
        let tip = |n: u128| ConversationId::new(uuid::Uuid::from_u128(n));
        let at = |seconds: i64| Timestamp::from_second(1_800_000_000 + seconds).unwrap();
        let page = (PageReason::Unsorted, 0);
        assert!(!together.covers(page, tip(1), at(0), &policy));
        together.went_out(page, tip(1), at(0));
        assert!(together.covers(page, tip(2), at(30), &policy));
        assert!(!together.covers(page, tip(1), at(30), &policy), "never for itself");
        assert!(!together.covers((PageReason::Unsorted, 1), tip(2), at(30), &policy), "another rung is another person");
        assert!(!together.covers((PageReason::InDanger, 0), tip(2), at(30), &policy));
        assert!(!together.covers(page, tip(2), at(61), &policy));
    }
}
