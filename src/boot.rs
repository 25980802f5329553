//! The composition root: from a configuration to a running gateway, and to its end.
//!
//! Everything is made here once and handed to those who need it. What can be refused is refused before anything is served: a missing or
//! wrong key, a database of another schema, an account that cannot work, a port in use. Only a server that cannot be reached is waited for,
//! by a node that has served before (`waiting`).

mod composed;
mod doors;
mod line;
mod operating;
mod waiting;

pub use operating::serve;

use crate::clock::{Clock, database};
use crate::config::Config;
use crate::deployment::{self, refusal};
use crate::entropy::Entropy;
use crate::lifecycle::{Ending, SHUTDOWN_DEADLINE, Tasks};
use crate::live::Live;
use crate::media::shared;
use crate::spool::Spool;
use crate::store::Store;
use crate::telemetry::{self, recorder};
use anyhow::Context;
use composed::{Composed, Ground};
use doors::Doors;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A gateway that runs.
pub struct Gateway {
    /// Where carriers, reporters and endusers come.
    pub public: SocketAddr,
    /// Where staff come.
    pub staff: SocketAddr,
    /// Where operators come.
    pub ops: SocketAddr,
    /// The store, for tests and checks.
    pub store: Arc<dyn Store>,
    spool: Spool,
    node: String,
    tasks: Tasks,
    store_tasks: Tasks,
    over: CancellationToken,
}

/// Starts everything; returns when all listeners are served.
pub async fn start(config: &Config, clock: Clock) -> anyhow::Result<Gateway> {
    start_behind(&Doors::open(config).await?, config, clock).await
}

async fn start_behind(doors: &Doors, config: &Config, clock: Clock) -> anyhow::Result<Gateway> {
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let (tasks, live) = (Tasks::default(), Live::default());
    let store_tasks = tasks.outliving();
    tasks.spawn("log lines left out", telemetry::pace::tell(tasks.stopping()));
    let metrics = recorder::start().context("start counting")?;
    let (store, vault) = deployment::open(config, &store_tasks, &live, true).await?;
    let (clock, is_shared) = database::clock_of(&store, clock, &tasks).await?;
    if is_shared {
        shared::prove(&*store, &config.media.folder, &clock, Entropy).await.map_err(refusal)?;
        deployment::remember_served(config, &vault)?;
        tasks.spawn("net below the news", live.clone().keep_looking(tasks.stopping()));
    }
    let node = deployment::run_name(config)?;
    let ground = Ground {
        store: store.clone(),
        vault,
        clock,
        live,
        node: node.clone(),
        is_shared,
        tasks: tasks.clone(),
        store_tasks: store_tasks.clone(),
    };
    let composed = Composed::of(config, ground)?;
    let spool = composed.spool.clone();
    let operators = operating::operate(config, (composed.readiness(config), composed.leases.clone(), node.clone()), metrics, &tasks)?;
    let routers = composed.routers(config, operators);
    composed.work(config).await?;
    // Operators can look until the very end.
    let over = CancellationToken::new();
    let world = (tasks.clone(), tasks.stopping());
    let [public, staff, ops] = doors.serve(routers, [world.clone(), world, (store_tasks.clone(), over.clone())])?;
    tracing::info!(%public, %staff, %ops, "listening");
    Ok(Gateway { public, staff, ops, store, spool, node, tasks, store_tasks, over })
}

impl Gateway {
    /// Told when something inside asks for the end.
    pub fn stopping(&self) -> CancellationToken {
        self.tasks.stopping()
    }
    /// Says that the end is near: `/readyz` is 503 from now on, and everything goes on.
    pub fn leave(&self) {
        self.tasks.leave();
    }
    /// Stops taking work, finishes what is in flight, closes the store.
    pub async fn stop(self) -> Ending {
        self.tasks.stop();
        let ended = self.tasks.ended(SHUTDOWN_DEADLINE).await;
        // Everybody else needed the writer until they had ended.
        self.spool.close().await;
        // Mailboxes, looks for missed messages and the like: whatever was leased beside the lanes.
        if let Err(error) = self.store.release_lanes(self.node.clone()).await {
            tracing::warn!(error = %error, "leases were not given back; they end by themselves");
        }
        self.store.close().await;
        self.over.cancel();
        let written = self.store_tasks.ended(SHUTDOWN_DEADLINE).await;
        let ending = if ended == Ending::Clean { written } else { ended };
        tracing::info!(?ending, "stopped");
        ending
    }
}
