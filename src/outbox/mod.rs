//! The outbox: lanes that do due work in order of urgency, at their pace, with every intent on disk before the carrier is called.
//!
//! A lane is leased by one node. It claims its most urgent due work, lets the rules decide (which commits the intent of an
//! attempt), and only then calls the carrier; no transaction is open meanwhile. What the carrier says is one more event.
//! A crash anywhere leaves the work with a time to come back at, and the attempt to be looked for at the carrier.

pub mod compose;
pub mod former;
mod lane;
pub mod lease;
pub mod pace;
mod slots;
pub mod source;
pub mod wake;
mod work;

use crate::clock::Clock;
use crate::lifecycle::Tasks;
use crate::progress::Progress;
use adapters::contract::Sender;
use compose::Compose;
use domain::id::LaneKey;
use jiff::SignedDuration;
use lease::Leases;
use pace::Paces;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// The numbers of the outbox.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How long claimed work is ours before it comes back by itself: longer than the slowest carrier call.
    pub lease: SignedDuration,
    /// How long a lane is ours without being renewed.
    pub lane_lease: SignedDuration,
    /// How many pieces of work of one lane may be under way.
    pub in_flight_most: usize,
}

/// Everything a lane works with.
#[derive(Clone)]
pub struct Outbox {
    /// Decides and commits.
    pub progress: Progress,
    /// Puts attempts together.
    pub compose: Compose,
    /// Who sends, by lane.
    pub senders: Arc<HashMap<LaneKey, Arc<dyn Sender>>>,
    /// The clock.
    pub clock: Clock,
    /// The lanes' pace.
    pub paces: Paces,
    /// The numbers.
    pub limits: Arc<Limits>,
    /// This node's name in leases.
    pub node: String,
    /// What a former run left behind, while that is not settled.
    pub former: Option<former::Former>,
}

impl Outbox {
    /// How long one send may take: less than until the carrier is asked about it, and less than its work's lease.
    pub(crate) fn send_deadline(&self) -> Duration {
        let most = self.progress.policy.ask_after.min(self.limits.lease);
        Duration::try_from(most).unwrap_or(Duration::from_secs(30)).mul_f64(0.8)
    }

    /// Starts every lane and the keeper of their leases, which keeps the lane of media too.
    pub fn start(self, tasks: &Tasks) -> Leases {
        let leases = Leases::default();
        let lanes: Vec<_> = self.progress.routes.lanes().cloned().collect();
        tasks.spawn("lane leases", lease::keep(self.clone(), leases.clone(), tasks.stopping()));
        for lane in lanes {
            tasks.spawn("lane", lane::run(self.clone(), lane, leases.clone(), tasks.clone()));
        }
        leases
    }
}
