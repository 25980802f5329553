//! The outbox: lanes that do due work in order of urgency, at their pace, with every intent on disk before the carrier is called.
//!
//! A lane is leased by one node. It claims its most urgent due work, lets the rules decide (which commits the intent of an
//! attempt), and only then calls the carrier; no transaction is open meanwhile. What the carrier says is one more event.
//! A crash anywhere leaves the work with a time to come back at, and the attempt to be looked for at the carrier.

pub mod compose;
mod keeper;
mod lane;
pub mod lease;
mod left_behind;
pub mod pace;
mod shares;
mod slots;
pub mod source;
pub mod wake;
mod work;

use crate::clock::Clock;
use crate::lifecycle::Tasks;
use crate::live::Live;
use crate::progress::Progress;
use adapters::contract::Sender;
use compose::Compose;
use domain::id::LaneKey;
use jiff::SignedDuration;
use keeper::Keeper;
use lease::Leases;
use pace::Paces;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

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
    /// Which lanes are this node's.
    pub leases: Leases,
    /// This run of this node, as it is named in leases.
    pub node: String,
    /// Told when it is time to stop.
    pub stopping: CancellationToken,
}

impl Outbox {
    /// How long one send may take: less than until the carrier is asked about it, and less than its work's lease.
    pub(crate) fn send_deadline(&self) -> Duration {
        let most = self.progress.policy.ask_after.min(self.limits.lease);
        Duration::try_from(most).unwrap_or(Duration::from_secs(30)).mul_f64(0.8)
    }

    /// Starts every lane and the keeper of their leases, which keeps the lanes of media and of clocks too.
    pub fn start(self, tasks: &Tasks, live: &Live) {
        let lanes: Vec<_> = self.progress.routes.lanes().cloned().collect();
        tasks.spawn("lane leases", Keeper::new(self.clone(), tasks.clone()).run(live.listen_for_lanes()));
        tasks.spawn("lane news", wake::follow(self.progress.wake.clone(), self.clock.clone(), live.listen_for_lanes(), tasks.stopping()));
        for lane in lanes {
            tasks.spawn("lane", lane::run(self.clone(), lane, tasks.clone()));
        }
    }
}
