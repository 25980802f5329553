//! What the store costs beside its engine: the rows of an accepted first text, written straight into SQLite and through `Store::commit`.
//!
//! Raw: one thread, batches of 64 and 256, one prepared text of multi-row inserts for a whole transaction, same schema and pragmas; only
//! the engine's work is timed, not the making of the rows. Store: 64 tasks, each commits and waits. Prints one line of JSON.
//! With `--database URL` instead: the limit of a PostgreSQL, and nothing of the store.
//! `cargo run --release --example raw_limit -- --dir PATH --seconds 5`

mod postgres;
mod rows;

use clap::Parser;
use rows::{TABLES, first_text, values, width};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, SqlSafeStr};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tipline::lifecycle::Tasks;
use tipline::store::Options;
use tipline::store::sqlite::{Sqlite, migrate, options};
use tipline::store::{Commit, Outcome};

/// How many commit beside each other.
const TASKS: usize = 64;

#[derive(Parser)]
struct Flags {
    /// An empty folder on the disk to measure.
    #[arg(long)]
    dir: PathBuf,
    /// How long each of the three parts runs.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Only the limit of this PostgreSQL database, which `tipline migrate` has prepared.
    #[arg(long)]
    database: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    std::fs::create_dir_all(&flags.dir)?;
    let time = Duration::from_secs(flags.seconds);
    if let Some(url) = &flags.database {
        return limit_of(url, time).await;
    }
    let raw_64 = raw(&fresh(&flags.dir, "raw-64").await?, 64, time).await?;
    let raw_256 = raw(&fresh(&flags.dir, "raw-256").await?, 256, time).await?;
    let store = through_the_store(&fresh(&flags.dir, "store").await?, time).await?;
    let [p50, p99, p999] = store.percentiles_ms;
    let report = serde_json::json!({
        "raw_64_per_second": raw_64.round(),
        "raw_256_per_second": raw_256.round(),
        "store_per_second": store.per_second.round(),
        "store_of_raw_64": (store.per_second / raw_64 * 100.0).round() / 100.0,
        "store_ms": { "p50": p50, "p99": p99, "p99.9": p999 },
        "tasks": TASKS,
        "seconds": flags.seconds,
    });
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}

/// What PostgreSQL takes by one connection and by two.
async fn limit_of(url: &str, time: Duration) -> anyhow::Result<()> {
    let next = Arc::new(AtomicU32::new(0));
    let mut report = serde_json::Map::new();
    for (connections, batch) in [(1, 64), (1, 256), (2, 64), (2, 256)] {
        let per_second = postgres::raw(url, &next, connections, batch, time).await?;
        report.insert(format!("raw_{connections}x{batch}_per_second"), per_second.round().into());
    }
    writeln!(std::io::stdout(), "{}", serde_json::Value::Object(report))?;
    Ok(())
}

async fn fresh(dir: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let path = dir.join(format!("{name}.db"));
    for end in ["", "-wal", "-shm", ".lock"] {
        let mut file = path.clone().into_os_string();
        file.push(end);
        if Path::new(&file).exists() {
            std::fs::remove_file(&file)?;
        }
    }
    migrate(&path).await?;
    Ok(path)
}

/// Accepts a second, straight into the engine.
async fn raw(path: &Path, batch: usize, time: Duration) -> anyhow::Result<f64> {
    let mut connection = options(path).connect().await?;
    let mut text = "BEGIN IMMEDIATE; ".to_owned();
    for (table, columns, rows, _) in TABLES {
        let row = format!("({})", vec!["?"; width(columns)].join(","));
        text.push_str(&format!("INSERT INTO {table} ({columns}) VALUES {}; ", vec![row; rows * batch].join(",")));
    }
    text.push_str("COMMIT");
    let text = AssertSqlSafe(text).into_sql_str();
    let (mut spent, mut done) = (Duration::ZERO, 0_u32);
    while spent < time {
        let commits: Vec<Commit> = (0..batch)
            .map(|_| {
                done += 1;
                first_text(done)
            })
            .collect();
        let query = sqlx::query_with(text.clone(), values(&commits)?);
        let start = Instant::now();
        connection.execute(query).await?;
        spent += start.elapsed();
    }
    Ok(f64::from(done) / spent.as_secs_f64())
}

/// What the store reached.
struct Reached {
    per_second: f64,
    percentiles_ms: [f64; 3],
}

/// Accepts a second and how long each waited, through the store.
async fn through_the_store(path: &Path, time: Duration) -> anyhow::Result<Reached> {
    let tasks = Tasks::default();
    let store = Sqlite::open(path, Options::default(), &|name, task| tasks.spawn(name, task)).await?;
    let next = Arc::new(AtomicU32::new(0));
    let waited = Arc::new(Mutex::new(Vec::new()));
    let start = Instant::now();
    let committers = Tasks::default();
    for _ in 0..TASKS {
        let (store, next, waited) = (Arc::clone(&store), Arc::clone(&next), Arc::clone(&waited));
        committers.spawn("committer", async move {
            let mut mine = Vec::new();
            while start.elapsed() < time {
                let commit = first_text(next.fetch_add(1, Ordering::Relaxed) + 1);
                let asked = Instant::now();
                match store.commit(commit).await {
                    Ok(Outcome::Committed(_)) => mine.push(asked.elapsed()),
                    other => tracing::error!(?other, "a commit was refused"),
                }
            }
            if let Ok(mut waited) = waited.lock() {
                waited.extend(mine);
            }
        });
    }
    committers.ended(time + Duration::from_secs(30)).await;
    let spent = start.elapsed();
    store.close().await;
    let mut waited = waited.lock().map_err(|_| anyhow::anyhow!("a committer panicked"))?.clone();
    waited.sort();
    let at = |share: usize| {
        waited
            .get((waited.len() * share / 1000).min(waited.len().saturating_sub(1)))
            .map_or(0.0, |t| (t.as_secs_f64() * 100_000.0).round() / 100.0)
    };
    #[expect(clippy::cast_precision_loss, reason = "a count for a figure")]
    Ok(Reached { per_second: waited.len() as f64 / spent.as_secs_f64(), percentiles_ms: [at(500), at(990), at(999)] })
}
