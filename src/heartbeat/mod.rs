//! The dead-man switch: a request to the operator's watchdog, as long as all is well.
//!
//! The watchdog raises its alarm when *none* comes, so everything that stops this program, its machine or its network is told of too. Sent by one node
//! at a time, by lease. A node with a trouble of its own that others cannot see (its spool, its clock) holds a second lease, the veto,
//! and nobody sends. Nothing of a tip is in the request: it has no body and its address is the watchdog's own.

mod turn;

#[cfg(test)]
mod tests;

pub use turn::{Turned, Watchdog};

use crate::client::client;
use crate::config::operations::Heartbeat as Settings;
use crate::lifecycle::Tasks;
use crate::readiness::Readiness;
use crate::store::Store;
use crate::telemetry::metric;
use adapters::secret::Secret;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// When a node first looks after its start: by then it has its leases.
const FIRST_LOOK: Duration = Duration::from_secs(5);
/// How long the watchdog may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Looks and tells.
pub struct Heartbeat {
    /// What looks.
    pub readiness: Readiness,
    /// For the leases.
    pub store: Arc<dyn Store>,
    /// This node's name in leases.
    pub node: String,
    /// How often, and whom.
    pub settings: Settings,
}

impl Heartbeat {
    /// Starts the task. Without a watchdog it looks all the same: what is wrong is in the log and in the metrics.
    pub fn start(self, tasks: &Tasks) -> Result<(), reqwest::Error> {
        let watchdog = match &self.settings.url {
            Some(url) => Some(Watchdog { client: client(url.reveal(), PATIENCE)?, url: Secret::new(url.reveal()) }),
            None => None,
        };
        tasks.spawn("heartbeat", self.run(watchdog, tasks.stopping()));
        Ok(())
    }

    async fn run(self, watchdog: Option<Watchdog>, stopping: CancellationToken) {
        let mut before = None;
        let mut wait = self.settings.every.min(FIRST_LOOK);
        while tokio::time::timeout(wait, stopping.cancelled()).await.is_err() {
            wait = self.settings.every;
            if let Some(result) = self.turn(watchdog.as_ref(), &mut before).await {
                metrics::counter!(metric::HEARTBEATS, "result" => result.word()).increment(1);
            }
        }
    }
}
