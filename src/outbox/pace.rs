//! The pace of each lane: two gates of the same rate, one before work is claimed and one right before the carrier, where it counts.
//!
//! GCRA with a burst of one, so that no sliding second holds more than the pace. Tests of the links go through the same gates, and only
//! when both are open at once: they never wait in the place of a call.

use crate::progress::routes::Lane;
use domain::id::LaneKey;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// One lane's gates; none when it is unpaced.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    /// Before a piece of work is claimed.
    pub turns: Option<Arc<DefaultDirectRateLimiter>>,
    /// Before the carrier is asked.
    pub sends: Option<Arc<DefaultDirectRateLimiter>>,
}

/// The paces of all lanes.
#[derive(Debug, Clone, Default)]
pub struct Paces {
    lanes: Arc<HashMap<LaneKey, Pace>>,
}

impl Paces {
    /// Of these lanes.
    pub fn of<'a>(lanes: impl Iterator<Item = &'a Lane>) -> Self {
        let pace = |lane: &Lane| Pace { turns: lane.per_second.and_then(limiter), sends: lane.per_second.and_then(limiter) };
        Self { lanes: Arc::new(lanes.map(|lane| (lane.key.clone(), pace(lane))).collect()) }
    }
    /// A lane's.
    pub fn lane(&self, lane: &LaneKey) -> Pace {
        self.lanes.get(lane).cloned().unwrap_or_default()
    }
}

impl Pace {
    /// Takes a turn if nobody is in line for one.
    pub fn takes_idle_turn(&self) -> bool {
        let open = |gate: &Option<Arc<DefaultDirectRateLimiter>>| gate.as_ref().is_none_or(|gate| gate.check().is_ok());
        open(&self.turns) && open(&self.sends)
    }
}

fn limiter(per_second: f64) -> Option<Arc<DefaultDirectRateLimiter>> {
    let period = Duration::try_from_secs_f64(1.0 / per_second).ok()?;
    Some(Arc::new(RateLimiter::direct(Quota::with_period(period)?)))
}
