//! The server dies, its processes are killed, the line to it is cut or says nothing: a commit is whole or not there, and the store goes on.

use super::{PATIENCE, open, until};
use crate::rows::*;
use futures_util::future::join_all;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};
use test_kit::{Cluster, Line};
use tipline::store::commit::Outcome;
use tipline::store::{Store, StoreError};

/// A commit or a read answers within this, whatever has become of the line: connecting, one step and a queue of two batches before it.
const ANSWER_WITHIN: Duration = Duration::from_secs(25);

async fn cluster() -> (Cluster, String) {
    let cluster = Cluster::start().await.unwrap();
    let url = cluster.create_database("tips").await.unwrap();
    tipline::store::postgres::migrate(&url).await.unwrap();
    (cluster, url)
}

/// What writers of a load have seen.
#[derive(Default)]
struct Seen {
    next: AtomicU32,
    stop: AtomicBool,
    committed: AtomicU32,
    /// Commits whose answer was lost, but which were there at the repeat.
    in_doubt: AtomicU32,
    away: AtomicU32,
}

/// First texts until told to stop, each repeated until it is taken, as a carrier does.
async fn load(store: Arc<dyn Store>, seen: Arc<Seen>) {
    while !seen.stop.load(Ordering::SeqCst) {
        let n = seen.next.fetch_add(1, Ordering::SeqCst);
        let began = Instant::now();
        loop {
            match store.commit(first_text(n)).await {
                Ok(Outcome::Committed(_)) => break,
                Ok(Outcome::Duplicate) => {
                    seen.in_doubt.fetch_add(1, Ordering::SeqCst);
                    break;
                }
                Err(StoreError::Unavailable) => seen.away.fetch_add(1, Ordering::SeqCst),
                other => panic!("text {n}: {other:?}"),
            };
            assert!(began.elapsed() < PATIENCE, "text {n} is never taken");
            let _ = tokio::time::timeout(Duration::from_millis(20), std::future::pending::<()>()).await;
        }
        seen.committed.fetch_add(1, Ordering::SeqCst);
    }
}

/// Every tip is there with all that its commit wrote, once.
async fn all_is_whole(store: &dyn Store, tips: u32) {
    for n in 0..tips {
        assert_eq!(store.messages(tip_id(n), 0, 10).await.unwrap().len(), 2, "tip {n}");
        assert_eq!(store.contacts(tip_id(n)).await.unwrap().len(), 1);
        assert_eq!((store.record(tip_id(n), 0, 10).await.unwrap().len(), store.record_break(tip_id(n)).await.unwrap()), (2, None));
    }
    let health = store.health(at(0)).await.unwrap();
    assert_eq!(health.conversations, i64::from(tips));
}

/// Runs the load beside `breaking` and then looks at what is there; returns what the writers have seen.
async fn under_load(nodes: Vec<Arc<dyn Store>>, breaking: impl AsyncFnOnce(&Seen)) -> Arc<Seen> {
    let seen: Arc<Seen> = Arc::default();
    let mut writers = tokio::task::JoinSet::new();
    for store in nodes.iter().cycle().take(8) {
        writers.spawn(load(store.clone(), seen.clone()));
    }
    breaking(&seen).await;
    seen.stop.store(true, Ordering::SeqCst);
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
    let tips = seen.next.load(Ordering::SeqCst);
    assert_eq!(tips, seen.committed.load(Ordering::SeqCst));
    all_is_whole(&*nodes[0], tips).await;
    join_all(nodes.iter().map(|store| store.close())).await;
    seen
}

/// Waits until so many more texts were taken.
async fn more(seen: &Seen, texts: u32) {
    let goal = seen.committed.load(Ordering::SeqCst) + texts;
    until("texts are taken", async || seen.committed.load(Ordering::SeqCst) >= goal).await;
}

#[expect(clippy::print_stdout, reason = "what was measured is said")]
fn told(what: &str, seen: &Seen) {
    let read = |counter: &AtomicU32| counter.load(Ordering::SeqCst);
    println!("{what}: {} texts once each; {} told away, {} in doubt", read(&seen.committed), read(&seen.away), read(&seen.in_doubt));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_ended_in_mid_commit_leave_whole_commits() {
    const ENDED: usize = 40;
    let (cluster, url) = cluster().await;
    let seen = under_load(vec![open(&url).await, open(&url).await], async |seen| {
        for n in 0..ENDED {
            cluster.end_backend(n * 7).await.unwrap();
            more(seen, 5).await;
        }
    })
    .await;
    told("40 connections ended", &seen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_is_brought_up_to_date_beside_writers() {
    const TIMES: usize = 30;
    let (cluster, url) = cluster().await;
    let seen = under_load(vec![open(&url).await, open(&url).await], async |seen| {
        for _ in 0..TIMES {
            more(seen, 5).await;
            // As it was before the last migrations that keep older programs, of which the last takes an index away.
            let back = "DELETE FROM _sqlx_migrations WHERE version >= 10; DROP INDEX IF EXISTS conversation_ended; \
                        CREATE INDEX IF NOT EXISTS conversation_closed ON conversation (updated_at, id) WHERE state = 'closed'";
            for statement in back.split(';') {
                cluster.ask("tips", statement).await.unwrap();
            }
            tipline::store::postgres::migrate(&url).await.unwrap();
        }
    })
    .await;
    assert_eq!(seen.away.load(Ordering::SeqCst), 0, "nobody was told that the store is away");
    told("30 migrations", &seen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_in_mid_commit_leaves_whole_commits() {
    const KILLS: usize = 4;
    let (mut cluster, url) = cluster().await;
    let seen = under_load(vec![open(&url).await, open(&url).await], async |seen| {
        for n in 0..KILLS {
            more(seen, 20).await;
            if n % 2 == 0 {
                // The server takes it for a crash, ends all others and recovers.
                cluster.kill_backend(n).await.unwrap();
            } else {
                cluster.kill();
                until("somebody is told that it is away", async || seen.away.load(Ordering::SeqCst) > 0).await;
                cluster.start_again().await.unwrap();
            }
        }
        more(seen, 20).await;
    })
    .await;
    assert!(seen.away.load(Ordering::SeqCst) > 0);
    told("server killed 2 times, a process of it 2 times", &seen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promoted_replica_has_every_commit_that_was_answered() {
    let (mut primary, _) = cluster().await;
    let replica = primary.replica().await.unwrap();
    primary.synchronous(true).await.unwrap();
    let line = Line::to(primary.address()).await.unwrap();
    let url = Cluster::url_at(line.address(), "tips");
    let seen = under_load(vec![open(&url).await, open(&url).await], async |seen| {
        more(seen, 50).await;
        primary.kill();
        replica.promote().await.unwrap();
        line.lead_to(replica.address());
        more(seen, 50).await;
    })
    .await;
    told("a replica took over", &seen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_ever_on_a_line_that_says_nothing() {
    let (cluster, _) = cluster().await;
    let line = Line::to(cluster.address()).await.unwrap();
    let store = open(&Cluster::url_at(line.address(), "tips")).await;
    store.commit(first_text(0)).await.unwrap();
    store.conversation(tip_id(0)).await.unwrap();
    line.half_open();
    let began = Instant::now();
    let both = async { tokio::join!(store.commit(first_text(1)), store.conversation(tip_id(0))) };
    let (committed, read) = tokio::time::timeout(ANSWER_WITHIN, both).await.unwrap();
    assert!(matches!(committed, Err(StoreError::Unavailable)), "{committed:?}");
    assert!(matches!(read, Err(StoreError::Unavailable)), "{read:?}");
    println!("half open: told away after {:.1} s", began.elapsed().as_secs_f64());
    line.mend();
    until("it writes again", async || store.commit(first_text(1)).await.is_ok()).await;
    until("it reads again", async || store.conversation(tip_id(0)).await.is_ok()).await;
    // Another writer may be told a moment later that the server is back.
    until("it writes once", async || matches!(store.commit(first_text(1)).await, Ok(Outcome::Duplicate))).await;
    all_is_whole(&*store, 2).await;
    store.close().await;
}
