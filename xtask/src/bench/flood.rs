//! A flood: 50,000 texts about one thing from as many numbers, and amid them another school's tips.
//!
//! Measured from outside, beside the same without a flood: how long those other tips take to be accepted, how long until an analyst's
//! inbox shows them, in which row, and how long the inbox takes.

use super::accepts;
use super::deployment::Deployment;
use anyhow::{Context, Result, ensure};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Texts of the flood.
pub const TIPS: u64 = 50_000;
/// Connections that bring it.
pub const CONNECTIONS: usize = 64;
/// Tips of another school, one after the other, during the flood and without one.
pub const OTHERS: u64 = 40;
/// How long a tip may take to be shown.
const PATIENCE: Duration = Duration::from_secs(120);

const FLOOD: &str = "There is a kid on bus 12 to Bravo Middle with a gun in his backpack";

/// What the other school's tips met.
#[derive(Debug)]
pub struct Met {
    /// From sending to the 200, in milliseconds: median and 99th percentile.
    pub accept_ms: [f64; 2],
    /// From sending until the inbox shows it, in milliseconds: median and the longest.
    pub shown_ms: [f64; 2],
    /// The farthest row from the top at which one was first seen, from 1.
    pub row: usize,
}

/// What came out.
#[derive(Debug)]
pub struct Flood {
    /// Without a flood.
    pub quiet: Met,
    /// Amid it.
    pub amid: Met,
    /// How long the flood took, in seconds.
    pub seconds: f64,
    /// Texts of the flood that were answered with 200.
    pub accepted: u64,
    /// Rows of the inbox when all was looked at.
    pub rows: usize,
    /// Tips that the first of the flood stands for then.
    pub alike: u64,
    /// From the last text until they were all under one row, in seconds.
    pub settled_seconds: f64,
}

/// Runs it.
pub async fn measure(gateway: &Deployment) -> Result<Flood> {
    let numbers = Arc::new(AtomicU64::new(0));
    let quiet = others(gateway, 1_000_000, &AtomicU64::new(0)).await?;
    let running = Arc::new(AtomicU64::new(CONNECTIONS as u64));
    let began = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        clients.spawn(client(gateway.public.clone(), numbers.clone(), running.clone()));
    }
    let amid = others(gateway, 2_000_000, &running).await?;
    let mut accepted = 0;
    while let Some(client) = clients.join_next().await {
        accepted += client??;
    }
    let seconds = began.elapsed().as_secs_f64();
    let ended = Instant::now();
    let (rows, alike) = loop {
        let (rows, alike) = inbox(gateway).await?;
        if alike + 1 >= accepted || ended.elapsed() > PATIENCE {
            break (rows.len(), alike);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    Ok(Flood { quiet, amid, seconds, accepted, rows, alike, settled_seconds: ended.elapsed().as_secs_f64() })
}

async fn client(address: String, numbers: Arc<AtomicU64>, running: Arc<AtomicU64>) -> Result<u64> {
    let mut line = accepts::Line::open(&address).await?;
    let mut accepted = 0;
    loop {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        if number >= TIPS {
            running.fetch_sub(1, Ordering::SeqCst);
            return Ok(accepted);
        }
        line.text(number, FLOOD).await?;
        accepted += 1;
    }
}

/// Brings the other school's tips one after the other; amid a flood, no longer than it lasts.
async fn others(gateway: &Deployment, from: u64, running: &AtomicU64) -> Result<Met> {
    let flooded = running.load(Ordering::SeqCst) > 0;
    let mut line = accepts::Line::open(&gateway.public).await?;
    let (mut accept, mut shown, mut row) = (Vec::new(), Vec::new(), 0);
    for n in 0..OTHERS {
        if flooded && running.load(Ordering::SeqCst) == 0 {
            break;
        }
        let words = format!("locker {} at Charlie High smells of smoke, number {n} on the {} floor", from + n, n * 7 + from);
        let began = Instant::now();
        line.text(from + n, &words).await?;
        accept.push(millis(began));
        row = row.max(seen(gateway, &words, began).await?);
        shown.push(millis(began));
    }
    accept.sort_by(f64::total_cmp);
    shown.sort_by(f64::total_cmp);
    let at = |times: &[f64], share: f64| times.get(((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1))).copied();
    let last = shown.last().copied().context("the flood was over before another tip came")?;
    Ok(Met {
        accept_ms: [at(&accept, 0.5).unwrap_or(0.0), at(&accept, 0.99).unwrap_or(0.0)],
        shown_ms: [at(&shown, 0.5).unwrap_or(0.0), last],
        row,
    })
}

/// The row, from 1, at which a tip is first seen.
async fn seen(gateway: &Deployment, words: &str, began: Instant) -> Result<usize> {
    let start: String = words.chars().take(30).collect();
    loop {
        let (rows, _) = inbox(gateway).await?;
        if let Some(place) = rows.iter().position(|row| row.starts_with(&start)) {
            return Ok(place + 1);
        }
        ensure!(began.elapsed() < PATIENCE, "a tip was not in the inbox within {PATIENCE:?}");
    }
}

/// The first words of the rows of the inbox's first pages, and how many the flood's first row stands for.
async fn inbox(gateway: &Deployment) -> Result<(Vec<String>, u64)> {
    let (mut rows, mut alike) = (Vec::new(), 0);
    for page in 0..5 {
        let read = gateway.get(&format!("/api/v1/tips?filter=first&page={page}")).await?;
        for tip in read["tips"].as_array().into_iter().flatten() {
            let words = tip["first_words"].as_str().unwrap_or("");
            alike = alike.max(tip["alike"].as_u64().unwrap_or(0));
            rows.push(words.to_owned());
        }
        if read["more"] != true {
            break;
        }
    }
    Ok((rows, alike))
}

fn millis(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1000.0
}

/// The section of the report.
pub fn section(flood: &Flood) -> String {
    let Flood { quiet, amid, seconds, accepted, rows, alike, settled_seconds } = flood;
    let line = |name: &str, met: &Met| {
        let Met { accept_ms, shown_ms, row } = met;
        format!("| {name} | {:.1} | {:.1} | {:.0} | {:.0} | {row} |\n", accept_ms[0], accept_ms[1], shown_ms[0], shown_ms[1])
    };
    format!(
        "## A flood\n\n{accepted} of {TIPS} texts about one thing, from as many numbers over {CONNECTIONS} connections, were accepted in {seconds:.1} s; \
         none was refused. {settled_seconds:.1} s later one row stood for {alike} of them and the inbox had {rows} rows. Amid them another \
         school's tips came one after the other:\n\n\
         | | accepted in, median (ms) | p99 (ms) | in the inbox after, median (ms) | longest (ms) | farthest row |\n|---|---|---|---|---|---|\n{}{}",
        line("without a flood", quiet),
        line("amid the flood", amid),
    )
}
