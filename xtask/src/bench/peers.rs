//! pg-boss, graphile-worker and procrastinate doing the gateway's obligations: jobs of the same size, one request to the same carrier each,
//! on the same PostgreSQL in the same run.
//!
//! They are programs of their own in `xtask/bench`, installed below `target/` from the usual registries. A peer makes its tables in a database
//! of its own; when a job was enqueued is its own clock's word, when its request came is the carrier's, and both are this machine's.

use super::clock::share;
use super::sink::{Sink, rate};
use crate::process::Running;
use crate::{Mistake, workspace};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use test_kit::Cluster;

/// Jobs for the rates.
pub const JOBS: usize = 20_000;
/// Jobs that wait when a click comes.
pub const WAITING: usize = 50_000;
/// Requests under way, as many as one of the gateway's lanes has.
pub const BESIDE: usize = 32;
/// Between two of them, in ms.
const GAP_MS: usize = 100;
/// Jobs in one batch, as a dispatch has obligations.
pub const BATCH: usize = 1000;
/// Longer than this is a fault of the bench.
const PATIENCE: Duration = Duration::from_secs(300);
/// A rate is known after so long, also when not everything is done.
const WORK_MOST: Duration = Duration::from_secs(30);
/// The peers' database, made anew for each part.
const DATABASE: &str = "peer";
/// How often something is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Milliseconds until the carrier had a click's first request.
#[derive(Debug, Clone, Copy)]
pub struct Waited {
    /// Half.
    pub half: f64,
    /// 99 in a hundred.
    pub most: f64,
}

/// What one of them did.
#[derive(Debug)]
pub struct Peer {
    /// Its name and version.
    pub name: String,
    /// Enqueued in a second, one at a time, as many beside each other as [`BESIDE`].
    pub singly: f64,
    /// The same in batches of [`BATCH`].
    pub in_batches: f64,
    /// Requests in a second by one process, and by two.
    pub done: [f64; 2],
    /// Requests that were made twice.
    pub twice: usize,
    /// From a click on an empty queue.
    pub empty: Waited,
    /// From a click behind [`WAITING`] that are being worked.
    pub behind: Waited,
}

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Jobs of each rate.
    pub jobs: usize,
    /// What waits before a click.
    pub waiting: usize,
    /// Clicks with nothing waiting, and behind what waits.
    pub clicks: usize,
}

/// How a peer is run.
pub struct Program {
    name: String,
    command: PathBuf,
    script: PathBuf,
}

/// Installs what is missing; the programs.
pub fn install() -> Result<Vec<Program>> {
    let (from, into) = (workspace::root().join("xtask/bench"), workspace::target().join("bench-peers"));
    std::fs::create_dir_all(&into).with_context(|| format!("make {}", into.display()))?;
    for file in ["package.json", "requirements.txt", "job.mjs", "pg-boss.mjs", "graphile-worker.mjs", "procrastinate_peer.py"] {
        std::fs::copy(from.join(file), into.join(file)).with_context(|| format!("copy {file}"))?;
    }
    println!("installing the peers into {} …", into.display());
    run(Command::new("npm").args(["install", "--no-audit", "--no-fund", "--silent"]).current_dir(&into), "npm install")?;
    let python = into.join("python/bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv", "python"]).current_dir(&into), "python3 -m venv")?;
    }
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r", "requirements.txt"]).current_dir(&into), "pip install")?;
    let node = into.join("node_modules/node/bin/node");
    let wanted: Value = serde_json::from_slice(&std::fs::read(from.join("package.json"))?)?;
    let versions = std::fs::read_to_string(from.join("requirements.txt"))?;
    let npm = |name: &str| format!("{name} {}", wanted["dependencies"][name].as_str().unwrap_or(""));
    let pip = versions.lines().find(|line| line.starts_with("procrastinate==")).unwrap_or("procrastinate").replace("==", " ");
    let program = |name, command: &Path, script| Program { name, command: command.to_owned(), script: into.join(script) };
    Ok(vec![
        program(npm("pg-boss"), &node, "pg-boss.mjs"),
        program(npm("graphile-worker"), &node, "graphile-worker.mjs"),
        program(pip, &python, "procrastinate_peer.py"),
    ])
}

fn run(command: &mut Command, what: &str) -> Result<()> {
    let status =
        command.status().map_err(|error| Mistake(format!("{what} cannot be started ({error}): install it to measure the peers")))?;
    ensure!(status.success(), "{what} failed: see above");
    Ok(())
}

impl Program {
    fn ask(&self, arguments: &[String]) -> Result<Value> {
        let out = Command::new(&self.command).arg(&self.script).args(arguments).output().with_context(|| format!("start {}", self.name))?;
        ensure!(out.status.success(), "{} {}: {}", self.name, arguments[0], String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice(&out.stdout).with_context(|| format!("{} {} did not print JSON", self.name, arguments[0]))
    }

    async fn command(&self, arguments: &[&str]) -> Result<Value> {
        let owned: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        tokio::task::block_in_place(|| self.ask(&owned))
    }

    async fn enqueue(&self, url: &str, count: usize, batch: usize, beside: usize, first: usize) -> Result<f64> {
        let said = self.command(&["enqueue", url, &count.to_string(), &batch.to_string(), &beside.to_string(), &first.to_string()]).await?;
        Ok(count as f64 / said["seconds"].as_f64().context("seconds")?)
    }

    async fn work(&self, url: &str, sink: &Sink, beside: usize, log: &Path) -> Result<Running> {
        let mut command = Command::new(&self.command);
        command.arg(&self.script).args(["work", url, &sink.base, &beside.to_string()]);
        let mut worker = Running::start(&self.name, command, log)?;
        let began = Instant::now();
        while !worker.tail().contains("ready") {
            worker.must_live()?;
            ensure!(began.elapsed() < PATIENCE, "{} was not ready within {PATIENCE:?}", self.name);
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(worker)
    }

    /// Requests in a second by so many processes that share the concurrency, and those made twice: until all is done, or for [`WORK_MOST`].
    async fn done(&self, url: &str, sink: &Sink, processes: usize, jobs: usize, folder: &Path) -> Result<(f64, usize)> {
        sink.take();
        let mut workers = Vec::new();
        for n in 0..processes {
            workers.push(self.work(url, sink, BESIDE / processes, &folder.join(format!("worker-{n}.log"))).await?);
        }
        let began = Instant::now();
        while sink.count() < jobs && began.elapsed() < WORK_MOST {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let arrivals = sink.take();
        if arrivals.len() >= jobs {
            self.until_done(url).await?;
        }
        for worker in workers {
            worker.end().await;
        }
        Ok(rate(&arrivals))
    }

    /// Waits until nothing is left of what was enqueued: the last request is not yet its completion.
    async fn until_done(&self, url: &str) -> Result<()> {
        let began = Instant::now();
        while self.command(&["left", url]).await?["left"].as_u64() != Some(0) {
            ensure!(began.elapsed() < PATIENCE, "{} did not complete everything within {PATIENCE:?}", self.name);
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Clicks, each after a little while, while a worker works whatever is there.
    async fn clicks(&self, url: &str, sink: &Sink, clicks: usize, folder: &Path) -> Result<Waited> {
        let worker = self.work(url, sink, BESIDE, &folder.join("worker-clicks.log")).await?;
        let said = self.command(&["click", url, &clicks.to_string(), &GAP_MS.to_string()]).await?;
        let mut times = Vec::new();
        for (n, sent) in said["sent_us"].as_array().context("sent_us")?.iter().enumerate() {
            let sent = sent.as_i64().context("a time")?;
            let came = sink.first_to(&format!("/job/click-{n}"), sent - 1_000_000, PATIENCE).await?;
            times.push((came - sent) as f64 / 1000.0);
        }
        worker.end().await;
        Ok(waited(times))
    }

    /// All of it, each part on an empty database of its own.
    pub async fn measure(&self, cluster: &Cluster, sink: &Sink, load: Load, folder: &Path) -> Result<Peer> {
        let Load { jobs, waiting, clicks } = load;
        let folder = folder.join(self.name.replace(' ', "-"));
        std::fs::create_dir_all(&folder)?;
        let url = self.fresh(cluster).await?;
        let singly = self.enqueue(&url, jobs / 4, 1, BESIDE, 0).await?;
        self.enqueue(&url, jobs - jobs / 4, BATCH, 4, jobs / 4).await?;
        let (one, twice) = self.done(&url, sink, 1, jobs, &folder).await?;
        let url = self.fresh(cluster).await?;
        let in_batches = self.enqueue(&url, jobs, BATCH, 4, 0).await?;
        let (two, again) = self.done(&url, sink, 2, jobs, &folder).await?;
        let url = self.fresh(cluster).await?;
        sink.take();
        let empty = self.clicks(&url, sink, clicks, &folder).await?;
        self.enqueue(&url, waiting, BATCH, 4, 0).await?;
        sink.take();
        let behind = self.clicks(&url, sink, clicks, &folder).await?;
        sink.take();
        cluster.drop_database(DATABASE).await?;
        Ok(Peer { name: self.name.clone(), singly, in_batches, done: [one, two], twice: twice + again, empty, behind })
    }

    /// An empty database with the peer's tables.
    async fn fresh(&self, cluster: &Cluster) -> Result<String> {
        cluster.drop_database(DATABASE).await?;
        let url = cluster.create_database(DATABASE).await?;
        self.command(&["prepare", &url]).await?;
        Ok(url)
    }
}

/// The share of these times in ms.
pub fn waited(mut times: Vec<f64>) -> Waited {
    times.sort_by(f64::total_cmp);
    Waited { half: share(&times, 0.5), most: share(&times, 0.99) }
}
