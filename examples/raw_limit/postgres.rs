//! The limit on PostgreSQL: the same rows by `COPY`, its quickest way in, one transaction a batch, everything synced at the commit.
//!
//! Only the engine's work is timed, not the making of the rows. With two connections each has half of the time's batches, as the store's two
//! writers have.

use super::rows::{first_text, lines};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tipline::store::Commit;

/// Accepts a second by so many connections beside each other.
pub async fn raw(url: &str, next: &Arc<AtomicU32>, connections: usize, batch: usize, time: Duration) -> anyhow::Result<f64> {
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..connections {
        writers.spawn(write(url.to_owned(), next.clone(), batch, time));
    }
    let mut all = 0.0;
    while let Some(one) = writers.join_next().await {
        all += one??;
    }
    Ok(all)
}

async fn write(url: String, next: Arc<AtomicU32>, batch: usize, time: Duration) -> anyhow::Result<f64> {
    let options: PgConnectOptions = url.parse()?;
    let mut connection = options.disable_statement_logging().connect().await?;
    let (mut spent, mut done) = (Duration::ZERO, 0_u32);
    while spent < time {
        let commits: Vec<Commit> = (0..batch).map(|_| first_text(next.fetch_add(1, Ordering::Relaxed) + 1)).collect();
        let tables = lines(&commits)?;
        let start = Instant::now();
        connection.execute("BEGIN").await?;
        for (statement, text) in tables {
            let mut copy = connection.copy_in_raw(&statement).await?;
            copy.send(text.into_bytes()).await?;
            copy.finish().await?;
        }
        connection.execute("COMMIT").await?;
        spent += start.elapsed();
        done += u32::try_from(batch)?;
    }
    connection.close().await?;
    Ok(f64::from(done) / spent.as_secs_f64())
}
