//! A deployment that is five years old: fills a prepared database with millions of messages, and measures the claim of work in it.
//!
//! `fill` makes closed tips by the engine itself and puts tips between them that open; `claim` takes work from the stores of several
//! deployments in turn, so that all meet the same moment of the machine. Prints one line of JSON. `cargo xtask bench --large-only` drives it.

mod filler;
mod tips;

use anyhow::Context;
use clap::{Parser, Subcommand};
use domain::id::{LaneKey, ObligationId};
use filler::{Filler, MESSAGES, MONTHS};
use jiff::{SignedDuration, Timestamp};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use tipline::clock::Clock;
use tipline::config::{Config, environment};
use tipline::deployment;
use tipline::entropy::Entropy;
use tipline::lifecycle::Tasks;
use tipline::live::Live;
use tipline::store::rows::{Claim, WorkId, WorkRow};
use tipline::store::{Commit, Store, Write};
use tipline::vault::Vault;

/// Five years of microseconds.
const SPAN_US: i64 = 5 * 365 * 86_400 * 1_000_000;
/// How much work goes into one commit.
const WORK_MOST: u32 = 500;
/// How much is claimed at once.
const CLAIM: u32 = 16;
/// The lane that it waits in: nobody else's.
const LANE: &str = "bench-claim";

#[derive(Parser)]
struct Flags {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Fills one deployment.
    Fill {
        /// Its configuration.
        #[arg(long)]
        config: PathBuf,
        /// Its PostgreSQL, when it has one.
        #[arg(long)]
        database: Option<String>,
        /// How many messages that nobody reads.
        #[arg(long)]
        messages: u64,
        /// How many tips that are read.
        #[arg(long)]
        read: u32,
    },
    /// Claims work of several deployments in turn.
    Claim {
        /// Their configurations.
        #[arg(long)]
        config: Vec<PathBuf>,
        /// Their PostgreSQL databases in the same order, when they have any.
        #[arg(long)]
        database: Vec<String>,
        /// How often each.
        #[arg(long)]
        rounds: u32,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let said = match Flags::parse().what {
        What::Fill { config, database, messages, read } => fill(&config, database, messages, read).await?,
        What::Claim { config, database, rounds } => claim(&config, &database, rounds).await?,
    };
    writeln!(std::io::stdout(), "{said}")?;
    Ok(())
}

/// A deployment's store and vault, and the tasks that must end after it.
struct Opened {
    config: Config,
    tasks: Tasks,
    store: Arc<dyn Store>,
    vault: Arc<Vault>,
}

async fn open(path: &Path, database: Option<&str>) -> anyhow::Result<Opened> {
    let mut variables = environment();
    if let Some(url) = database {
        variables.insert("TIPLINE__DATABASE__URL".to_owned(), url.to_owned());
    }
    let config = Config::load(Some(path), &variables)?;
    let tasks = Tasks::default();
    let (store, vault) = deployment::open(&config, &tasks, &Live::default(), true).await?;
    Ok(Opened { config, tasks, store, vault })
}

async fn fill(path: &Path, database: Option<String>, messages: u64, read: u32) -> anyhow::Result<serde_json::Value> {
    let began = Instant::now();
    let opened = open(path, database.as_deref()).await?;
    let mut filler = Filler::open(&opened.config.data_folder.join("tipline.db"), database.as_deref()).await?;
    let tips = messages / MESSAGES;
    let now = Clock::System.now();
    let begin = now.as_microsecond() - SPAN_US;
    let step = SPAN_US / i64::try_from(tips.max(1))? - 1;
    let (mut ids, mut done) = (Vec::new(), 0_u32);
    for month in 0..MONTHS {
        let (from, to) = (tips * month / MONTHS, tips * (month + 1) / MONTHS);
        if to > from {
            filler.tips(from, to, begin, step).await.with_context(|| format!("fill month {month}"))?;
        }
        let until = u32::try_from(u64::from(read) * (month + 1) / MONTHS)?;
        let month_us = SPAN_US / i64::try_from(MONTHS)?;
        while done < until {
            // Between the others of its month, and not at the same place in each.
            let at = begin + month_us * i64::try_from(month)? + month_us / 37 * i64::from(done % 36);
            ids.push(tips::commit(&*opened.store, &opened.vault, done, Timestamp::from_microsecond(at)?).await?.to_string());
            done += 1;
        }
        tracing::info!(month, "filled");
    }
    filler.finish().await?;
    opened.store.close().await;
    opened.tasks.ended(std::time::Duration::from_secs(10)).await;
    Ok(
        serde_json::json!({"tips": tips + u64::from(read), "messages": (tips + u64::from(read)) * MESSAGES, "read": ids, "seconds": began.elapsed().as_secs()}),
    )
}

async fn claim(paths: &[PathBuf], databases: &[String], rounds: u32) -> anyhow::Result<serde_json::Value> {
    let lane: LaneKey = LANE.parse().context("a lane's key")?;
    let mut all = Vec::new();
    for (n, path) in paths.iter().enumerate() {
        let opened = open(path, databases.get(n).map(String::as_str)).await?;
        // Twice what is claimed, so that the last claim chooses as the first does.
        let put = put(&*opened.store, &lane, 2 * rounds * CLAIM).await?;
        all.push((opened, put, Vec::with_capacity(rounds as usize)));
    }
    for _ in 0..rounds {
        for (opened, _, times) in &mut all {
            let now = Clock::System.now();
            let until = now.saturating_add(SignedDuration::from_secs(600))?;
            let asked = Instant::now();
            let claimed = opened.store.claim_due(lane.clone(), "bench".to_owned(), now, until, Claim::Any, CLAIM).await?;
            times.push(asked.elapsed().as_micros() as f64 / 1000.0);
            anyhow::ensure!(claimed.len() == CLAIM as usize, "only {} were claimed", claimed.len());
        }
    }
    let mut said = Vec::new();
    for (opened, put, times) in all {
        // A gateway is to start here next, and would look for what the work is about.
        for chunk in put.chunks(WORK_MOST as usize) {
            let writes = chunk.iter().map(|id| Write::WorkDone(*id)).collect();
            tips::must(&*opened.store, Commit { once: None, writes, audit: Vec::new() }).await?;
        }
        opened.store.close().await;
        opened.tasks.ended(std::time::Duration::from_secs(10)).await;
        said.push(times);
    }
    Ok(serde_json::json!({ "ms": said }))
}

/// Due work of a lane; its ids.
async fn put(store: &dyn Store, lane: &LaneKey, count: u32) -> anyhow::Result<Vec<WorkId>> {
    let due = Timestamp::from_microsecond(Clock::System.now().as_microsecond() - 60_000_000)?;
    let ids: Vec<WorkId> = (0..count).map(|_| WorkId::Obligation(ObligationId::new(Entropy.uuid()))).collect();
    for chunk in ids.chunks(WORK_MOST as usize) {
        let row = |(n, id): (usize, &WorkId)| WorkRow { id: *id, lane: lane.clone(), rank: (n % 60) as i32, due_at: due, run_at: due };
        let writes = chunk.iter().enumerate().map(|at| Write::Work(row(at))).collect();
        tips::must(store, Commit { once: None, writes, audit: Vec::new() }).await?;
    }
    Ok(ids)
}
