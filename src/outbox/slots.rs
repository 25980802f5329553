//! How many pieces of work of a lane may be under way, and that some of the places are kept for what is Critical.
//!
//! A carrier or a mail server that takes connections and says nothing holds every place that it is given until its time-out. Standard work
//! never gets the last places, so that a Critical mail goes out beside a hundred that hang.

use crate::store::rows::Claim;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many places are kept for what is Critical; half of them, where there are not twice as many.
const KEPT_FOR_CRITICAL: usize = 8;

/// The places of one lane.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    any: Arc<Semaphore>,
    critical: Arc<Semaphore>,
}

/// Places that were taken, and what may be put there.
pub(super) struct Room {
    pub(super) which: Claim,
    pub(super) permits: Vec<OwnedSemaphorePermit>,
}

impl Slots {
    /// So many places together.
    pub(super) fn new(most: usize) -> Self {
        let most = most.max(1);
        let kept = KEPT_FOR_CRITICAL.min(most / 2);
        Self { any: Arc::new(Semaphore::new(most - kept)), critical: Arc::new(Semaphore::new(kept)) }
    }

    /// Waits for a place, and takes up to `most` that are free now: places for everything, if there is one.
    pub(super) async fn room(&self, most: usize) -> Option<Room> {
        if let Some(room) = self.room_for_any(most) {
            return Some(room);
        }
        let (which, first, of) = tokio::select! {
            biased;
            first = self.any.clone().acquire_owned() => (Claim::Any, first, &self.any),
            first = self.critical.clone().acquire_owned() => (Claim::Critical, first, &self.critical),
        };
        let mut permits = vec![first.ok()?];
        permits.extend(free(of, most.saturating_sub(1)));
        Some(Room { which, permits })
    }

    /// Up to `most` places for everything that are free now.
    pub(super) fn room_for_any(&self, most: usize) -> Option<Room> {
        let permits = free(&self.any, most);
        (!permits.is_empty()).then_some(Room { which: Claim::Any, permits })
    }

    /// Waits until a place for everything is free.
    pub(super) async fn any_is_free(&self) {
        // Closed it never is; and then nobody should wait.
        let _ = self.any.acquire().await;
    }
}

fn free(of: &Arc<Semaphore>, most: usize) -> Vec<OwnedSemaphorePermit> {
    std::iter::from_fn(|| of.clone().try_acquire_owned().ok()).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_places_are_for_what_is_critical() {
        let slots = Slots::new(20);
        let hanging = slots.room(64).await.unwrap();
        assert_eq!((hanging.which, hanging.permits.len()), (Claim::Any, 12));
        let urgent = slots.room(64).await.unwrap();
        assert_eq!((urgent.which, urgent.permits.len()), (Claim::Critical, 8));
        assert!(slots.room_for_any(1).is_none());
        drop(hanging);
        assert_eq!(slots.room(1).await.unwrap().which, Claim::Any, "and are not used when there are others");
    }

    #[tokio::test]
    async fn a_lane_of_few_places_keeps_half_of_them() {
        for (most, any, kept) in [(1, 1, 0), (2, 1, 1), (5, 3, 2), (32, 24, 8)] {
            let slots = Slots::new(most);
            assert_eq!((slots.any.available_permits(), slots.critical.available_permits()), (any, kept), "{most}");
        }
    }
}
