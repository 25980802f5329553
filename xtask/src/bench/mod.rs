//! `cargo xtask bench`: what the gateway does in a second, beside what the machine could do, in one run.
//!
//! Builds in the release profile, measures on loopback only, bounded in time, and writes `docs/benchmarks.md`. Nothing here
//! passes or fails: a figure without its limit says nothing, and a timed assertion says something else every day.

mod accepts;
mod chats;
pub mod clock;
pub mod deployment;
mod dispatch;
mod flood;
mod large;
mod nodes;
mod peers;
mod queue;
mod report;
mod sink;
mod storm;
mod tips;

use crate::workspace;
use anyhow::{Context, Result, ensure};
use deployment::{Deployment, Paces};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// How long each load runs.
const SECONDS: u64 = 10;

/// What was measured.
pub struct Figures {
    raw: serde_json::Value,
    accepts: accepts::Accepts,
    dispatch: dispatch::Dispatch,
    chats: chats::Chats,
    flood: flood::Flood,
    queue: queue::Queue,
    storm: storm::Storm,
    idle_kib: u64,
    loaded_kib: u64,
}

/// What to measure.
#[derive(Debug, clap::Args)]
pub struct Bench {
    /// Only so many chats, in the profile that the demo runs in; the figures are printed and nothing is written.
    #[arg(long, value_name = "NUMBER")]
    chats_only: Option<usize>,
    /// Only the flood, in the profile that the demo runs in; the figures are printed and nothing is written.
    #[arg(long)]
    flood_only: bool,
    /// Only a Critical tip behind so many Standard promises, in the profile that the demo runs in; its section of the report is written anew.
    #[arg(long, value_name = "NUMBER", num_args = 0..=1, default_missing_value = "50000")]
    queue_only: Option<usize>,
    /// Only so many Critical tips at once, in the profile that the demo runs in; its section of the report is written anew.
    #[arg(long, value_name = "NUMBER", num_args = 0..=1, default_missing_value = "1000")]
    storm_only: Option<usize>,
    /// Calls in a second for --storm-only.
    #[arg(long, value_name = "PACE", default_value_t = storm::PACE)]
    storm_pace: f64,
    /// Only accepts and dispatches on SQLite and on one to three nodes, beside other job queues; its section of the report is written anew.
    #[arg(long)]
    nodes_only: bool,
    /// Seconds of each load of accepts for --nodes-only.
    #[arg(long, value_name = "SECONDS", default_value_t = SECONDS)]
    nodes_seconds: u64,
    /// Jobs of each rate for --nodes-only; two and a half times as many wait before a click.
    #[arg(long, value_name = "NUMBER", default_value_t = peers::JOBS)]
    nodes_jobs: usize,
    /// Only a database of so many messages beside an empty one; its section of the report is written anew. Ten million need 15 GB of disk.
    #[arg(long, value_name = "NUMBER", num_args = 0..=1, default_missing_value = "10000000")]
    large_only: Option<u64>,
    /// With one of the above: the programs as they were built last, whatever has changed since.
    #[arg(long)]
    as_built: bool,
    /// With one of the above: in the release profile instead of the one that the demo runs in.
    #[arg(long)]
    release: bool,
}

/// Measures and writes the report.
pub fn run(bench: &Bench) -> Result<()> {
    if let Some(chats) = bench.chats_only {
        return only_chats(chats);
    }
    if bench.flood_only {
        return only_flood();
    }
    if bench.queue_only.is_some() || bench.storm_only.is_some() {
        return only_waiting(bench);
    }
    if bench.nodes_only || bench.large_only.is_some() {
        return only_scale(bench);
    }
    build(true, &["raw_limit"])?;
    workspace::use_release();
    let work = workspace::target().join("bench");
    if work.exists() {
        std::fs::remove_dir_all(&work).with_context(|| format!("empty {}", work.display()))?;
    }
    std::fs::create_dir_all(&work)?;
    println!("the storage's own limit …");
    let raw = raw_limit(&work, &[])?;
    println!("  {raw}");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")?;
    let figures = runtime.block_on(over_http(raw, &work))?;
    report::write(&figures)
}

fn only_chats(chats: usize) -> Result<()> {
    workspace::build()?;
    let work = workspace::target().join("bench-chats");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")?;
    println!("{}", chats::section(&runtime.block_on(chats_of_own(chats, &work))?));
    Ok(())
}

fn only_flood() -> Result<()> {
    workspace::build()?;
    let work = workspace::target().join("bench-flood");
    if work.exists() {
        std::fs::remove_dir_all(&work).with_context(|| format!("empty {}", work.display()))?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")?;
    println!("{}", flood::section(&runtime.block_on(flood_of_own(&work))?));
    Ok(())
}

fn only_waiting(bench: &Bench) -> Result<()> {
    workspace::build()?;
    let work = workspace::target().join("bench-waiting");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")?;
    if let Some(waiting) = bench.queue_only {
        println!("a Critical tip behind {waiting} Standard promises …");
        let figures = runtime.block_on(queue::measure(&work.join("queue"), waiting))?;
        report::replace_section(&queue::section(&figures), false)?;
    }
    if let Some(tips) = bench.storm_only {
        println!("{tips} Critical tips at once …");
        let figures = runtime.block_on(storm::measure(&work.join("storm"), tips, bench.storm_pace))?;
        report::replace_section(&storm::section(&figures), false)?;
    }
    Ok(())
}

fn only_scale(bench: &Bench) -> Result<()> {
    if !bench.as_built {
        build(bench.release, &["raw_limit", "five_years"])?;
    }
    if bench.release {
        workspace::use_release();
    }
    let work = workspace::target().join(if bench.nodes_only { "bench-nodes" } else { "bench-large" });
    if work.exists() {
        std::fs::remove_dir_all(&work).with_context(|| format!("empty {}", work.display()))?;
    }
    std::fs::create_dir_all(&work)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")?;
    if bench.nodes_only {
        let jobs = bench.nodes_jobs;
        let load = peers::Load { jobs, waiting: jobs * peers::WAITING / peers::JOBS, clicks: (jobs / 500).clamp(10, 40) };
        let size = nodes::Size { seconds: bench.nodes_seconds, tips: (jobs / 1000).max(2), load };
        let figures = runtime.block_on(nodes::measure(&work, size))?;
        report::replace_section(&nodes::section(&figures), bench.release)?;
    }
    if let Some(messages) = bench.large_only {
        let figures = runtime.block_on(large::measure(&work.join("large"), messages))?;
        report::replace_section(&large::section(&figures), bench.release)?;
    }
    std::fs::remove_dir_all(&work).context("remove what was measured")
}

async fn flood_of_own(work: &Path) -> Result<flood::Flood> {
    println!("a flood of {} texts about one thing …", flood::TIPS);
    let gateway = Deployment::start(work.join("flood"), Paces { texts: 1.0, calls: 10.0 }, 0).await?;
    let figures = flood::measure(&gateway).await?;
    gateway.stop().await;
    println!("  {figures:?}");
    Ok(figures)
}

async fn chats_of_own(chats: usize, work: &Path) -> Result<chats::Chats> {
    let chats = chats::room_for(chats);
    println!("{chats} chats …");
    let mut gateway = Deployment::start(work.join("chats"), Paces { texts: 1.0, calls: 10.0 }, 0).await?;
    let figures = chats::measure(&mut gateway, chats).await?;
    gateway.stop().await;
    println!("  {figures:?}");
    Ok(figures)
}

async fn over_http(raw: serde_json::Value, work: &Path) -> Result<Figures> {
    println!("signed webhooks over HTTP at {} connections, {SECONDS} s …", accepts::CONNECTIONS);
    let paces = Paces { texts: 1.0, calls: 1000.0 };
    let gateway = Deployment::start(work.join("accepts"), paces, 0).await?;
    let idle_kib = gateway.memory_kib()?;
    let accepts = accepts::measure(&gateway, Duration::from_secs(SECONDS)).await?;
    let loaded_kib = gateway.memory_kib()?;
    gateway.stop().await;
    println!("  {accepts:?}");
    println!("a dispatch of {} calls on an unpaced lane …", dispatch::CALLS);
    let paces = Paces { texts: 10.0, calls: 1000.0 };
    let gateway = Deployment::start(work.join("dispatch"), paces, dispatch::CALLS).await?;
    let dispatch = dispatch::measure(&gateway).await?;
    gateway.stop().await;
    println!("  {dispatch:?}");
    let chats = chats_of_own(chats::CHATS, work).await?;
    let flood = flood_of_own(work).await?;
    println!("a Critical tip behind {} Standard promises …", queue::WAITING);
    let queue = queue::measure(&work.join("queue"), queue::WAITING).await?;
    println!("{} Critical tips at once …", storm::TIPS);
    let storm = storm::measure(&work.join("storm"), storm::TIPS, storm::PACE).await?;
    Ok(Figures { raw, accepts, dispatch, chats, flood, queue, storm, idle_kib, loaded_kib })
}

/// The programs that are measured, and these examples.
fn build(release: bool, examples: &[&str]) -> Result<()> {
    if release {
        println!("building in the release profile (several minutes the first time) …");
    }
    let mut build = workspace::cargo();
    build.arg("build").args(release.then_some("--release")).args(["--bin", "tipline", "--bin", "mock-carriers"]);
    build.args(examples.iter().flat_map(|name| ["--example", name]));
    let built = build.status().context("start cargo")?;
    ensure!(built.success(), "the build failed: see above");
    Ok(())
}

/// What the engine takes when nothing but its own work is timed, as `raw_limit` prints it.
fn raw_limit(work: &Path, arguments: &[&str]) -> Result<serde_json::Value> {
    let program = workspace::program("examples/raw_limit");
    let mut limit = Command::new(&program);
    limit.arg("--dir").arg(work.join("raw")).args(["--seconds", "5"]).args(arguments);
    let out = limit.output().with_context(|| format!("run {}", program.display()))?;
    ensure!(out.status.success(), "raw_limit failed: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).context("raw_limit did not print JSON")
}
