//! `cargo xtask soak`: everything that can break breaks, drawn from a seed, for minutes or hours under load; then it is looked that
//! nothing was lost, doubled or forgotten.
//!
//! The load (`reporters`, `analyst`, `storm`) talks to whatever nodes [`world::World`] has by [`doors::Doors`]: one on SQLite, or up to nine
//! on a private PostgreSQL (`database`) behind a balancer. `faults` draws what breaks of the `kinds` that there are, and mends it again;
//! `check` reads the gateway's own API at the end, and `tipline verify` the data. Loopback only; it ends by itself, and with Ctrl-C goes on to
//! the check. A further kind of fault is added in `kinds` and `faults` alone. `outage` is a soak of its own: carriers broken in real time.

mod analyst;
mod carriers;
mod check;
mod database;
mod doors;
mod faults;
mod kinds;
mod node;
mod outage;
mod people;
mod reporters;
mod storm;
mod tally;
mod world;

use crate::{Mistake, workspace};
use anyhow::{Context, Result, bail};
use faults::Faults;
use kinds::Kind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tally::Tally;
use tokio::sync::watch;
use tokio::task::JoinSet;
use world::World;

/// How often a line of progress is printed.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Examples of the command.
const EXAMPLES: &str = "Examples:
  cargo xtask soak                                 ten minutes, a seed of its own
  cargo xtask soak --minutes 480 --texts 20        over night
  cargo xtask soak --minutes 2 --seed 7            the same faults in the same order again
  cargo xtask soak --minutes 5 --only kill,storm   only these faults
  cargo xtask soak --nodes 3 --database postgres   three nodes on a private PostgreSQL behind a balancer, which break as well:
                                                   the server, its backends, the nodes' lines to it
  cargo xtask soak --minutes 5 --database postgres --only failover,kill
                                                   one node, on a server that is killed and replaced by its replica, again and again
  cargo xtask soak --outage 30                     only carriers, in real time: one dead for half an hour, five
                                                   minutes of 429 and ten of silence beside it; takes about 35 minutes

Faults: kill, restart, freeze (of a random node), disk (data, spool, media), carrier, callbacks, storm (of webhooks); with --database
postgres also server (kill -9, then recovery), backend (kill -9 or pg_terminate_backend), line (cut, half-open or late) and failover
(a synchronous replica is made, the server killed, the replica promoted). PostgreSQL is Debian's package postgresql; no root is needed.

The seed decides what breaks and when; how the programs meet it is up to the machine. At the end everything is mended, every promise
must come to its end, and `tipline verify` must find the data sound.
Exit code: 0 all was well, 1 something was lost, doubled or forgotten (the folder is left), 2 a mistake in the options.";

/// What to soak.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Soak {
    /// How long things break, in minutes; the check comes after it.
    #[arg(long, value_name = "MINUTES", default_value_t = 10.0)]
    minutes: f64,
    /// What breaks and when follows from this number; without it one is drawn and printed.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Texts in a second, of all reporters together.
    #[arg(long, value_name = "NUMBER", default_value_t = 10.0)]
    texts: f64,
    /// Seconds from one Critical dispatch to the next.
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    dispatch_every: f64,
    /// How many nodes; more than one need PostgreSQL.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=9))]
    nodes: u8,
    /// What keeps the data.
    #[arg(long, value_enum, default_value_t = Engine::Sqlite)]
    database: Engine,
    /// Only these faults, separated by commas: kill, restart, freeze, disk, carrier, callbacks, storm; on PostgreSQL also server, backend,
    /// line, failover. All that fit without it.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<String>,
    /// Instead of all that: carriers that are dead (for so many minutes), ask for less, or take everything and tell nothing.
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(1..=600), conflicts_with_all = ["nodes", "database", "only"])]
    outage: Option<u64>,
    /// Leave the folder with database and logs also when all was well.
    #[arg(long)]
    keep: bool,
}

/// What keeps the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Engine {
    /// A file of this machine, for one node.
    Sqlite,
    /// A private server, for one node or several.
    Postgres,
}

impl Soak {
    /// What is to break; a mistake in the options is told.
    fn wanted(&self) -> Result<Vec<Kind>> {
        if !(self.minutes > 0.0 && self.texts > 0.0 && self.dispatch_every > 0.0) {
            return Err(Mistake("--minutes, --texts and --dispatch-every must be above 0".to_owned()).into());
        }
        match self.database {
            Engine::Sqlite if self.nodes > 1 => {
                Err(Mistake(format!("--nodes {}: several nodes need a database that they can share; add --database postgres", self.nodes))
                    .into())
            }
            Engine::Postgres if !test_kit::is_there() => {
                let package = test_kit::PACKAGE;
                Err(Mistake(format!("--database postgres: its server is not on this machine; apt-get install {package}")).into())
            }
            Engine::Sqlite => kinds::wanted(&self.only, false),
            Engine::Postgres => kinds::wanted(&self.only, true),
        }
    }

    /// Makes what is to be broken.
    async fn world(&self, folder: PathBuf) -> Result<World> {
        match self.database {
            Engine::Sqlite => World::on_sqlite(folder),
            Engine::Postgres => World::on_postgres(folder, self.nodes.into()).await,
        }
    }

    /// The options of a run with the same faults again.
    fn again(&self, seed: u64) -> String {
        let several = match self.database {
            Engine::Sqlite => String::new(),
            Engine::Postgres => format!(" --nodes {} --database postgres", self.nodes),
        };
        let only = if self.only.is_empty() { String::new() } else { format!(" --only {}", self.only.join(",")) };
        format!("cargo xtask soak --minutes {}{several}{only} --seed {seed}", self.minutes)
    }
}

/// Breaks everything, then looks.
pub fn run(soak: &Soak) -> Result<()> {
    if let Some(minutes) = soak.outage {
        return outage::run(minutes);
    }
    let wanted = soak.wanted()?;
    workspace::build()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")?;
    let seed = soak.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let (nodes, database) = (soak.nodes, soak.database);
    println!("seed {seed}; {} minutes of faults; nodes: {nodes}, database: {database:?}", soak.minutes);
    let folder = workspace::target().join(format!("soak-{seed}"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("empty {}", folder.display()))?;
    }
    let found = runtime.block_on(async { soaked(soak, seed, wanted, soak.world(folder.clone()).await?).await })?;
    if found.is_empty() {
        if !soak.keep {
            std::fs::remove_dir_all(&folder).with_context(|| format!("remove {}", folder.display()))?;
        }
        println!("all was well (seed {seed})");
        return Ok(());
    }
    for one in &found {
        println!("WRONG: {one}");
    }
    bail!("{} things were wrong; the same faults again: {}. Database and logs are in {}", found.len(), soak.again(seed), folder.display())
}

/// Runs it; gives what was wrong.
async fn soaked(soak: &Soak, seed: u64, wanted: Vec<Kind>, mut world: World) -> Result<Vec<String>> {
    world.start().await?;
    let (doors, tally) = (world.doors(), Arc::new(Tally::default()));
    let names = people::behave(&doors).await?;
    let (stop, stopped) = watch::channel(false);
    let mut load = JoinSet::new();
    for reporter in 0..reporters::REPORTERS {
        let every = Duration::from_secs_f64(reporters::REPORTERS as f64 / soak.texts);
        load.spawn(reporters::write(doors.clone(), tally.clone(), (seed, reporter), every, stopped.clone()));
    }
    let every = Duration::from_secs_f64(soak.dispatch_every);
    load.spawn(analyst::sort_and_dispatch(doors.clone(), tally.clone(), seed, every, stopped.clone()));
    let captured = storm::Captured::default();
    load.spawn(storm::watch(doors.clone(), tally.clone(), captured.clone(), stopped));
    let until = Instant::now() + Duration::from_secs_f64(soak.minutes * 60.0);
    let broken = break_until(&mut world, &tally, Faults::new(seed, wanted, doors.clone(), captured), until).await;
    // Whatever happened, everything is mended before it is looked at.
    world.mend(&doors).await?;
    stop.send_replace(true);
    println!("mended; waiting for the load to end and for every promise to come to its end …");
    while let Some(ended) = load.join_next().await {
        ended.context("a part of the load broke")?;
    }
    broken?;
    let mut found = check::settled(&doors, &tally, LINE_EVERY).await?;
    found.extend(check::all(&doors, &tally, &names).await?);
    let verified = world.verify().await?;
    let sound = if verified.is_none() { "sound" } else { "NOT SOUND" };
    found.extend(verified.map(|said| format!("tipline verify says:\n{said}")));
    found.extend(world.stop(soak.keep || !found.is_empty()).await);
    println!("\n{}{:<36}{sound:>10}", tally.table(), "tipline verify");
    Ok(found)
}

/// Breaks one thing after the other, with a line of progress now and then.
async fn break_until(world: &mut World, tally: &Arc<Tally>, mut faults: Faults, until: Instant) -> Result<()> {
    let began = Instant::now();
    let breaking = async {
        while Instant::now() < until {
            faults.next(world, tally, until).await?;
        }
        Ok(())
    };
    let lines = async {
        let mut line = tokio::time::interval(LINE_EVERY);
        loop {
            line.tick().await;
            println!("{:>6.0} s  {}", began.elapsed().as_secs_f64(), tally.line());
        }
    };
    tokio::select! {
        broken = breaking => broken,
        () = lines => Ok(()),
        _ = tokio::signal::ctrl_c() => {
            println!("Ctrl-C: on to the check");
            Ok(())
        }
    }
}

/// Waits so long, or until it is time to end.
async fn pause(stopped: &mut watch::Receiver<bool>, time: Duration) {
    let _ = tokio::time::timeout(time, stopped.wait_for(|stop| *stop)).await;
}

/// Which of many is next.
type Turn = std::sync::atomic::AtomicUsize;
