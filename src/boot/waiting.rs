//! The waiting room: what comes in is kept while the database's server cannot be reached at the start (R43).
//!
//! A power cut ends nodes and server together, and the server may be the last to come back. A node that has served this deployment before
//! does not wait for it with closed doors: it opens them on a store that is away, so that all behaves as when the server goes away later.
//! Texts, calls, chats and forms are laid in the spool and answered, readiness says so, nothing is sent. When the server is reached, the
//! room is closed and the node starts as always, on the same listeners; whatever is wrong then is refused then, and what was kept stays.

use super::composed::{Composed, Ground};
use super::doors::Doors;
use super::operating::Asked;
use crate::clock::Clock;
use crate::config::{Config, Database};
use crate::deployment::{self, refusal};
use crate::entropy::Entropy;
use crate::http::ops::Ops;
use crate::lifecycle::{Ending, Tasks};
use crate::live::Live;
use crate::spool::Spool;
use crate::store::postgres::Postgres;
use crate::telemetry::{self, recorder};
use crate::vault::Vault;
use anyhow::Context;
use std::sync::Arc;
use std::time::Duration;

/// How often the server is tried.
const TRY_EVERY: Duration = Duration::from_millis(500);
/// How long who is being answered has to the end of it; nobody else is answered meanwhile. Whoever is not through is told that nothing was
/// kept, and comes again.
const ROOM_CLOSES_WITHIN: Duration = Duration::from_secs(3);

/// How the waiting ended.
pub(super) enum Waited {
    /// There is no need to wait (any more).
    Reached,
    /// The node was told to stop meanwhile.
    Stopped(Ending),
}

/// Keeps what comes in until the server answers, if it does not and this node has served before.
pub(super) async fn until_reached(doors: &Doors, config: &Config, asked: &mut Asked) -> anyhow::Result<Waited> {
    let Database::Server(url) = &config.database else { return Ok(Waited::Reached) };
    let url = url.reveal();
    let Err(why) = Postgres::answers(url).await else { return Ok(Waited::Reached) };
    let (master, _) = config.master_key().map_err(refusal)?;
    let vault = Arc::new(Vault::new(&master, Entropy));
    if !why.is_away() || !deployment::has_served(config, &vault) {
        // The start refuses it in the same words.
        return Ok(Waited::Reached);
    }
    let room = Room::open(doors, config, vault)?;
    tracing::error!(error = %why, "started without the database: what comes in is kept in the spool, and nothing is sent until it answers");
    let stopping = room.tasks.stopping();
    let stopped = tokio::select! {
        () = answers(url) => false,
        () = asked.once() => true,
        () = stopping.cancelled() => true,
    };
    let ending = room.close().await;
    if stopped {
        return Ok(Waited::Stopped(ending));
    }
    tracing::info!("the database answers; starting");
    Ok(Waited::Reached)
}

/// Until the server answers, whatever it says.
async fn answers(url: &str) {
    loop {
        tokio::time::sleep(TRY_EVERY).await;
        match Postgres::answers(url).await {
            Err(why) if why.is_away() => {}
            Ok(()) | Err(_) => return,
        }
    }
}

struct Room {
    tasks: Tasks,
    store_tasks: Tasks,
    spool: Spool,
}

impl Room {
    fn open(doors: &Doors, config: &Config, vault: Arc<Vault>) -> anyhow::Result<Self> {
        let Database::Server(url) = &config.database else { anyhow::bail!("only a server is waited for") };
        let tasks = Tasks::default();
        let store_tasks = tasks.outliving();
        tasks.spawn("log lines left out", telemetry::pace::tell(tasks.stopping()));
        let ground = Ground {
            store: Postgres::away(url.reveal()).map_err(refusal)?,
            vault,
            // The server's time is not known; a letter keeps the machine's.
            clock: Clock::steady(),
            live: Live::default(),
            node: String::new(),
            is_shared: true,
            tasks: tasks.clone(),
            store_tasks: store_tasks.clone(),
        };
        let composed = Composed::of(config, ground)?;
        let metrics = recorder::start().context("start counting")?;
        let operators = Ops::new(composed.readiness(config), composed.leases.clone(), metrics);
        let until = (tasks.clone(), tasks.stopping());
        doors.serve(composed.routers(config, operators), [until.clone(), until.clone(), until])?;
        Ok(Self { tasks, store_tasks, spool: composed.spool })
    }

    async fn close(self) -> Ending {
        self.tasks.stop();
        let ended = self.tasks.ended(ROOM_CLOSES_WITHIN).await;
        self.spool.close().await;
        let written = self.store_tasks.ended(ROOM_CLOSES_WITHIN).await;
        if ended == Ending::Clean { written } else { ended }
    }
}
