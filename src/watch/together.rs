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

/// How long after it stood for another tip's a page is made all the same, though its own tip needs none any more: longer than it is repeated.
const STANDS: SignedDuration = SignedDuration::from_mins(15);

/// Pages of a moment ago.
#[derive(Debug, Default)]
pub(super) struct Together {
    last: Mutex<HashMap<(PageReason, u8), (Timestamp, ConversationId)>>,
    /// Tips whose pages stand for those of others, and since when the last of them.
    stands: Mutex<HashMap<(PageReason, ConversationId), Timestamp>>,
}

impl Together {
    /// Whether another tip's page of the same reason and rung went out a moment ago; then that one stands for this tip, too.
    pub(super) fn covers(&self, page: (PageReason, u8), tip: ConversationId, now: Timestamp, policy: &Policy) -> bool {
        let within = policy.page_after.first().map_or(MOST, |first| (*first / 3).min(MOST));
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let found = last.get(&page).filter(|(at, other)| *other != tip && now.duration_since(*at).abs() < within);
        if let Some((_, other)) = found {
            let mut stands = self.stands.lock().unwrap_or_else(PoisonError::into_inner);
            stands.retain(|_, since| now.duration_since(*since).abs() < STANDS);
            stands.insert((page.0, *other), now);
        }
        found.is_some()
    }
    /// A page was committed.
    pub(super) fn went_out(&self, page: (PageReason, u8), tip: ConversationId, at: Timestamp) {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).insert(page, (at, tip));
    }
    /// Whether a tip's page for this reason stands for other tips, so that it is made though its own tip needs it no more.
    pub(super) fn stands_for_others(&self, reason: PageReason, tip: ConversationId, now: Timestamp) -> bool {
        let stands = self.stands.lock().unwrap_or_else(PoisonError::into_inner);
        stands.get(&(reason, tip)).is_some_and(|since| now.duration_since(*since).abs() < STANDS)
    }
    /// A tip needs its pages for this reason no more: they stand for no further tip.
    pub(super) fn is_over(&self, reason: PageReason, tip: ConversationId) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.retain(|(why, _), (_, whose)| *why != reason || *whose != tip);
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

    #[test]
    fn a_page_that_stands_for_others_is_made_and_one_that_is_over_stands_for_none() {
        let (together, policy) = (Together::default(), Policy::default());
        let tip = |n: u128| ConversationId::new(uuid::Uuid::from_u128(n));
        let at = |seconds: i64| Timestamp::from_second(1_800_000_000 + seconds).unwrap();
        let (page, reason) = ((PageReason::Unsorted, 0), PageReason::Unsorted);
        together.went_out(page, tip(1), at(0));
        assert!(!together.stands_for_others(reason, tip(1), at(5)));
        assert!(together.covers(page, tip(2), at(10), &policy));
        assert!(together.stands_for_others(reason, tip(1), at(20)), "the second tip counts on it");
        assert!(!together.stands_for_others(PageReason::FollowUp, tip(1), at(20)));
        together.is_over(reason, tip(1));
        assert!(!together.covers(page, tip(3), at(30), &policy), "it may have been released: the third has its own");
        assert!(!together.stands_for_others(reason, tip(1), at(10 + 15 * 60)));
    }
}
