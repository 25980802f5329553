//! `cargo xtask bench`: what the gateway does in a second, beside what the machine could do, in one run.
//!
//! Builds in the release profile, measures on loopback only, bounded in time, and writes `docs/benchmarks.md`. Nothing here
//! passes or fails: a figure without its limit says nothing, and a timed assertion says something else every day.

mod accepts;
mod deployment;
mod dispatch;
mod report;

use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;

/// How long each load runs.
const SECONDS: u64 = 10;

/// What was measured.
pub struct Figures {
    raw: serde_json::Value,
    accepts: accepts::Accepts,
    dispatch: dispatch::Dispatch,
    idle_kib: u64,
    loaded_kib: u64,
}

/// Measures and writes the report.
pub async fn run(root: &Path) -> Result<()> {
    build(root)?;
    let work = root.join("target/bench");
    let _ = std::fs::remove_dir_all(&work);
    std::fs::create_dir_all(&work)?;
    println!("raw limit of the storage, {SECONDS} s …");
    let raw = raw_limit(root, &work)?;
    println!("  {raw}");
    println!("signed webhooks over HTTP at {} connections, {SECONDS} s …", accepts::CONNECTIONS);
    let gateway = deployment::Deployment::start(root, &work.join("accepts"), deployment::Paces { texts: 1.0, calls: 1000.0 }, 0).await?;
    let idle_kib = gateway.memory_kib()?;
    let accepts = accepts::measure(&gateway, std::time::Duration::from_secs(SECONDS)).await?;
    let loaded_kib = gateway.memory_kib()?;
    gateway.stop().await?;
    println!("  {accepts:?}");
    println!("a dispatch of {} calls on an unpaced lane …", dispatch::CALLS);
    let gateway = deployment::Deployment::start(root, &work.join("dispatch"), deployment::Paces { texts: 10.0, calls: 1000.0 }, dispatch::CALLS).await?;
    let dispatch = dispatch::measure(&gateway).await?;
    gateway.stop().await?;
    println!("  {dispatch:?}");
    let figures = Figures { raw, accepts, dispatch, idle_kib, loaded_kib };
    let path = root.join("docs/benchmarks.md");
    std::fs::write(&path, report::text(&figures)).with_context(|| format!("cannot write {}", path.display()))?;
    println!("written to docs/benchmarks.md");
    Ok(())
}

fn build(root: &Path) -> Result<()> {
    println!("building in the release profile (several minutes the first time) …");
    let status = Command::new("cargo")
        .current_dir(root)
        .args(["build", "--release", "--package", "tipline", "--bin", "tipline", "--example", "raw_limit"])
        .status()?;
    anyhow::ensure!(status.success(), "the release build failed");
    let status = Command::new("cargo").current_dir(root).args(["build", "--release", "--package", "mock-carriers", "--bin", "mock-carriers"]).status()?;
    anyhow::ensure!(status.success(), "the release build of the mock carriers failed");
    Ok(())
}

fn raw_limit(root: &Path, work: &Path) -> Result<serde_json::Value> {
    let out = Command::new(root.join("target/release/examples/raw_limit"))
        .args(["--dir", &work.join("raw").display().to_string(), "--seconds", "5"])
        .output()
        .context("cannot run the raw_limit example")?;
    anyhow::ensure!(out.status.success(), "raw_limit failed: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).context("raw_limit did not print JSON")
}
