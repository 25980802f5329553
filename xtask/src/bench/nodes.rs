//! What several nodes do in a second: durable accepts and a large dispatch on the SQLite file and on one PostgreSQL with one, two and three
//! gateways, beside what that PostgreSQL takes and beside job queues that do the same there, all in one run.
//!
//! Everything shares this machine's cores: load, gateways, PostgreSQL and the carrier, which here is one that takes everything and never calls
//! back. So more nodes are no more machine, and the figure of three nodes says what they cost each other, not what three machines would do.

use super::accepts::{self, Accepts};
use super::clock::now_us;
use super::deployment::{Deployment, Paces, Round, SCHOOL, School, Wants};
use super::peers::{self, Load, Peer, Waited, waited};
use super::raw_limit;
use super::sink::{Sink, rate};
use super::tips::{Sorted, Tip, dispatch, sorted};
use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};
use test_kit::Cluster;

/// The heading of its section.
const HEADING: &str = "## Several nodes on one PostgreSQL, beside job queues";
/// Calls of one tip.
const CALLS: usize = 100;
/// Who is called first for every Critical tip: the demo county's PSAP.
const PSAP: &str = "+15555550101";
/// A school of two people, for clicks.
const SMALL: &str = "bench-small";
/// Longer than this is a fault of the bench.
const PATIENCE: Duration = Duration::from_secs(900);
/// Between two clicks.
const GAP: Duration = Duration::from_millis(100);

/// How much of it: the usual, or what a busy machine has room for.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Of each load of accepts.
    pub seconds: u64,
    /// Tips that are dispatched at once.
    pub tips: usize,
    /// Of the peers' jobs and of everybody's clicks.
    pub load: Load,
}

/// One way to run the gateway.
#[derive(Debug)]
pub struct Way {
    name: &'static str,
    accepts: Accepts,
    /// Promises made durable in a second by clicks.
    promises: f64,
    /// Calls asked for in a second.
    calls: f64,
    /// Of them, to somebody who was called already.
    twice: usize,
    /// From a click: nothing waits; behind the queue; how many calls waited at the last click of those.
    clicks: Option<(Waited, Waited, usize)>,
}

/// What came out.
#[derive(Debug)]
pub struct Nodes {
    size: Size,
    ways: Vec<Way>,
    /// Of each engine, as `raw_limit` prints it.
    limits: serde_json::Map<String, Value>,
    peers: Vec<Peer>,
    settings: String,
}

/// Runs all of it.
pub async fn measure(work: &Path, size: Size) -> Result<Nodes> {
    let programs = tokio::task::block_in_place(peers::install)?;
    let mut cluster = Cluster::start().await.context("start PostgreSQL")?;
    let settings = tune(&mut cluster).await?;
    let (mut ways, mut limits) = (Vec::new(), serde_json::Map::new());
    for (name, nodes) in
        [("SQLite, one process", 0), ("PostgreSQL, one node", 1), ("PostgreSQL, two nodes", 2), ("PostgreSQL, three nodes", 3)]
    {
        println!("{name} …");
        let mut databases = Vec::new();
        for part in ["told", "taken"].into_iter().filter(|_| nodes > 0) {
            databases.push(cluster.create_database(&format!("{part}_{nodes}")).await?);
        }
        let way = way(&work.join(format!("nodes-{nodes}")), name, nodes, databases, size).await?;
        println!("  {way:?}");
        ways.push(way);
        // Beside the way that it is compared with: a machine that is shared has better and worse minutes.
        let limit = match nodes {
            0 => ("sqlite", sqlite_limit(work)?),
            1 => ("postgres", postgres_limit(work, &cluster).await?),
            _ => continue,
        };
        println!("  the engine's own limit: {}", limit.1);
        limits.insert(limit.0.to_owned(), limit.1);
    }
    let sink = Sink::start().await?;
    let mut measured = Vec::new();
    for program in &programs {
        let peer = program.measure(&cluster, &sink, size.load, &work.join("peers")).await?;
        println!("  {peer:?}");
        measured.push(peer);
    }
    cluster.stop().await?;
    Ok(Nodes { size, ways, limits, peers: measured, settings })
}

/// More memory and log than a test needs, and nothing that costs durability; what was set.
pub async fn tune(cluster: &mut Cluster) -> Result<String> {
    // Its statistics follow within seconds, as they would have followed long ago where work began longer ago.
    let settings = [
        ("shared_buffers", "1GB"),
        ("max_wal_size", "2GB"),
        ("checkpoint_timeout", "15min"),
        ("random_page_cost", "1.1"),
        ("autovacuum_naptime", "2s"),
    ];
    for (name, value) in settings {
        cluster.ask("postgres", &format!("ALTER SYSTEM SET {name} = '{value}'")).await?;
    }
    cluster.stop().await?;
    cluster.start_again().await?;
    ensure!(cluster.ask("postgres", "SHOW fsync").await? == "on", "the bench's PostgreSQL does not sync");
    Ok(settings.map(|(name, value)| format!("{name} {value}")).join(", "))
}

fn wants() -> Wants {
    let schools = vec![School { key: SCHOOL, phones: CALLS, mails: 1 }, School { key: SMALL, phones: 2, mails: 1 }];
    Wants { paces: Paces { texts: 1.0, calls: 1000.0 }, mails_per_second: 1000.0, district_after: 900, schools }
}

/// Telling and taking, each on a fresh database: what is left of one would share the machine with the other.
async fn way(folder: &Path, name: &'static str, nodes: usize, databases: Vec<String>, size: Size) -> Result<Way> {
    let sink = Sink::start().await?;
    let mut databases = databases.into_iter();
    let mut round = || Round { database: databases.next(), carrier: Some(sink.base.clone()), more_nodes: nodes.saturating_sub(1) };
    let gateway = Deployment::start_in(folder.join("told"), wants(), round()).await?;
    let (promises, calls, twice) = dispatches(&gateway, &sink, size.tips).await?;
    println!("  {promises:.0} promises, {calls:.0} calls a second");
    let clicks = if nodes < 2 { Some(clicks(&gateway, &sink, size.load).await?) } else { None };
    gateway.stop().await;
    let gateway = Deployment::start_in(folder.join("taken"), wants(), round()).await?;
    let accepts = accepts::measure(&gateway, Duration::from_secs(size.seconds)).await?;
    gateway.stop().await;
    Ok(Way { name, accepts, promises, calls, twice, clicks })
}

/// Some large dispatches at once: promises in a second, calls in a second, calls made twice.
async fn dispatches(gateway: &Deployment, sink: &Sink, count: usize) -> Result<(f64, f64, usize)> {
    let tips = ready(gateway, 0, count, SCHOOL).await?;
    sink.take();
    let began = Instant::now();
    try_join_all(tips.iter().map(|tip| dispatch(gateway, tip))).await?;
    let clicked = began.elapsed().as_secs_f64();
    sink.until(count * CALLS, PATIENCE).await?;
    settle(sink).await;
    let arrivals = sink.take();
    let (calls, _) = rate(&arrivals);
    // Each tip calls everybody once at the most.
    let mut times: HashMap<&str, usize> = HashMap::new();
    for arrival in &arrivals {
        *times.entry(arrival.to.as_str()).or_default() += 1;
    }
    let twice = times.values().map(|calls| calls.saturating_sub(count)).sum();
    Ok(((count * CALLS) as f64 / clicked, calls, twice))
}

/// Waits until no more calls come.
async fn settle(sink: &Sink) {
    let mut before = usize::MAX;
    while sink.count() != before {
        before = sink.count();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn ready(gateway: &Deployment, from: usize, count: usize, school: &'static str) -> Result<Vec<Tip>> {
    let mut tips = Vec::with_capacity(count);
    for number in from..from + count {
        tips.push(sorted(gateway, Sorted { number, school, kind: "possession-of-a-weapon" }).await?);
    }
    Ok(tips)
}

/// Clicks while nothing waits, then while so many calls do.
async fn clicks(gateway: &Deployment, sink: &Sink, load: Load) -> Result<(Waited, Waited, usize)> {
    let quiet = ready(gateway, 1000, load.clicks, SMALL).await?;
    let full = ready(gateway, 2000, load.waiting.div_ceil(CALLS) + 2, SCHOOL).await?;
    let amid = ready(gateway, 3000, load.clicks, SMALL).await?;
    sink.take();
    let empty = click_each(gateway, sink, &quiet).await?;
    settle(sink).await;
    sink.take();
    for tip in &full {
        dispatch(gateway, tip).await?;
    }
    let behind = click_each(gateway, sink, &amid).await?;
    let left = (full.len() * CALLS).saturating_sub(sink.count());
    Ok((empty, behind, left))
}

/// One click after the other: milliseconds until the PSAP's call is asked for.
async fn click_each(gateway: &Deployment, sink: &Sink, tips: &[Tip]) -> Result<Waited> {
    let mut times = Vec::with_capacity(tips.len());
    for tip in tips {
        let clicked = now_us()?;
        dispatch(gateway, tip).await?;
        let came = sink.first_to(PSAP, clicked, PATIENCE).await?;
        times.push((came - clicked) as f64 / 1000.0);
        tokio::time::sleep(GAP).await;
    }
    Ok(waited(times))
}

/// What the same rows take when nothing but SQLite's work is timed.
fn sqlite_limit(work: &Path) -> Result<Value> {
    tokio::task::block_in_place(|| raw_limit(work, &[]))
}

/// The same of PostgreSQL, by its socket file: over TCP the pieces of a `COPY` wait for each other's acknowledgement.
async fn postgres_limit(work: &Path, cluster: &Cluster) -> Result<Value> {
    let url = cluster.create_database("raw_limit").await?;
    let wants = Wants { schools: Vec::new(), ..wants() };
    Deployment::prepare(work.join("raw-limit"), &wants, &Round { database: Some(url), ..Round::default() })?;
    let limit = tokio::task::block_in_place(|| raw_limit(work, &["--database", &cluster.local_url("raw_limit")]))?;
    cluster.drop_database("raw_limit").await?;
    Ok(limit)
}

/// The section of the report.
pub fn section(nodes: &Nodes) -> String {
    let Nodes { size, ways, limits, peers, settings } = nodes;
    let number = |engine: &str, key: &str| limits.get(engine).and_then(|limit| limit[key].as_f64()).unwrap_or(0.0);
    let (one, two) = (number("postgres", "raw_1x64_per_second"), number("postgres", "raw_2x64_per_second"));
    let sqlite = number("sqlite", "raw_64_per_second");
    let way = |way: &Way| {
        let limit = if way.name.starts_with("SQLite") { sqlite } else { two };
        let Accepts { per_second, p50_ms, p99_ms, accepted, stored, .. } = &way.accepts;
        let lost = if accepted > stored { format!("{} lost", accepted - stored) } else { "none lost".to_owned() };
        format!(
            "| {} | {per_second:.0} | {:.2} | {p50_ms:.1} | {p99_ms:.1} | {lost} | {:.0} | {:.0} | {} |\n",
            way.name,
            per_second / limit.max(1.0),
            way.promises,
            way.calls,
            way.twice
        )
    };
    let waited = |Waited { half, most }: &Waited| format!("{half:.0} | {most:.0}");
    let ours = |way: &Way| {
        let (empty, behind, _) = way.clicks.as_ref()?;
        let gateway = way.accepts.per_second;
        Some(format!(
            "| the gateway, {} | {gateway:.0} | {:.0} | {:.0} | | {} | {} | {} |\n",
            way.name,
            way.promises,
            way.calls,
            way.twice,
            waited(empty),
            waited(behind)
        ))
    };
    let left: Vec<String> = ways.iter().filter_map(|way| way.clicks.as_ref()).map(|(_, _, left)| left.to_string()).collect();
    let peer = |peer: &Peer| {
        let Peer { name, singly, in_batches, done: [one, two], twice, empty, behind } = peer;
        format!("| {name} | {singly:.0} | {in_batches:.0} | {one:.0} | {two:.0} | {twice} | {} | {} |\n", waited(empty), waited(behind))
    };
    format!(
        "{HEADING}\n\n\
         Accepts: {connections} connections for {seconds} s, spread over the nodes, each text a signed webhook that opens a tip (as under *Durable \
         accepts*). Dispatch: {tips} Critical tips with {CALLS} calls each are clicked at once; a promise is an obligation with its work and its \
         record, durable when the click is answered; a call is the request to the carrier, its intent committed before and its answer after. One \
         number's calls are one lane, which one node keeps at a time, so further nodes stand by for a dispatch and do not add to it. PostgreSQL \
         15, fsync and synchronous_commit on, {settings}.\n\n\
         | | accepts a second | of the limit | p50 ms | p99 ms | stored | promises a second | calls a second | called twice |\n\
         |---|---|---|---|---|---|---|---|---|\n{ways_table}\n\
         The limit is the same rows straight into the engine in batches of 64: SQLite {sqlite:.0} a second by one thread, PostgreSQL by `COPY` \
         {one:.0} with one connection and {two:.0} with two (batches of 256: {one_256:.0} and {two_256:.0}). Load, nodes and PostgreSQL share \
         this machine's cores.\n\n\
         **The same obligations by job queues**, on the same PostgreSQL in the same run: a job has the size of an obligation, and its handler makes \
         one request to the same carrier, {beside} at a time. Rates over {jobs} jobs or 30 s of them; *one at a time* is {beside} enqueuing beside each other, a \
         batch is {batch} jobs. Milliseconds are from the call that enqueues (or the click) until the carrier has its request, over {clicks} clicks: \
         with nothing waiting, and of the highest priority behind {waiting} waiting jobs (calls) that are being worked at the same time.\n\n\
         | | enqueued one at a time | in batches | requests a second | by two processes | twice | empty: half | 99 % | behind: half | 99 % |\n\
         |---|---|---|---|---|---|---|---|---|---|\n{ours_table}{peer_table}\n\
         For the gateway *one at a time* is a whole accept (a tip with its key, sealed words, record and the first answer as one piece of work), \
         *in batches* the promises of a dispatch; {left} calls still waited after the last click. What the others do less: none writes down its \
         intent before the request and the carrier's answer after it, so after a crash they send again where the gateway asks first; none keeps \
         receipts, a hash-chained record or sealed words; none paces a number or holds its lane to one node. What they do more: any number of \
         processes works one queue. pg-boss: LISTEN/NOTIFY, two workers of batches of 16, settled job by job; a batch ends with its slowest request. \
         graphile-worker: a local queue of 33 and completions of one moment together; it deletes what is done. procrastinate: one asynchronous \
         worker; it keeps what is done, as pg-boss does.\n",
        connections = accepts::CONNECTIONS,
        seconds = size.seconds,
        tips = size.tips,
        ways_table = ways.iter().map(way).collect::<String>(),
        one_256 = number("postgres", "raw_1x256_per_second"),
        two_256 = number("postgres", "raw_2x256_per_second"),
        beside = peers::BESIDE,
        jobs = size.load.jobs,
        clicks = size.load.clicks,
        batch = peers::BATCH,
        waiting = size.load.waiting,
        ours_table = ways.iter().filter_map(ours).collect::<String>(),
        peer_table = peers.iter().map(peer).collect::<String>(),
        left = left.join(" (SQLite) and "),
    )
}
