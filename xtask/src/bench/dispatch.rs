//! One dispatch of many calls: from the click to the first and the last request at the carrier.

use super::deployment::{Deployment, SCHOOL};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime};

/// Calls of the dispatch.
pub const CALLS: usize = 1000;
/// Longer than this is a fault of the bench, not a figure.
const PATIENCE: Duration = Duration::from_secs(120);

/// What came out, in milliseconds from the click.
#[derive(Debug)]
pub struct Dispatch {
    /// Until the API had answered: everything promised is durable.
    pub answered_ms: f64,
    /// Until the carrier saw the first call.
    pub first_ms: f64,
    /// Until the carrier saw the last of the calls.
    pub last_ms: f64,
    /// How many calls the carrier saw.
    pub calls: usize,
}

/// Opens a tip, sorts it, dispatches it, and asks the carrier what it saw and when.
pub async fn measure(gateway: &Deployment) -> Result<Dispatch> {
    gateway.say("A student has a gun in his backpack on the bus.").await?;
    let tip = wait(|| async { Ok(gateway.get("/api/v1/tips?filter=open").await?["tips"][0]["id"].as_str().map(str::to_owned)) }).await?;
    let read = gateway.get(&format!("/api/v1/tips/{tip}")).await?;
    let triage = json!({"version": read["version"], "types": ["possession-of-a-weapon"], "school": SCHOOL, "marks": {"in_progress": true, "possible_crime": true, "safety_issue": true}});
    gateway.send(reqwest::Method::PUT, &format!("/api/v1/tips/{tip}/triage"), &triage).await?;
    let version = gateway.get(&format!("/api/v1/tips/{tip}")).await?["version"].clone();
    gateway.clear_requests().await?;
    #[expect(clippy::disallowed_methods, reason = "the mock's times are of the machine's clock, and so must ours be")]
    let (clicked_at, clicked) = (SystemTime::now(), Instant::now());
    gateway.send(reqwest::Method::POST, &format!("/api/v1/tips/{tip}/dispatches"), &json!({"version": version})).await?;
    let answered_ms = clicked.elapsed().as_secs_f64() * 1000.0;
    let clicked_us = i64::try_from(clicked_at.duration_since(SystemTime::UNIX_EPOCH)?.as_micros())?;
    let mut times = wait(|| async {
        let times = calls(&gateway.requests().await?);
        Ok((times.len() >= CALLS).then_some(times))
    })
    .await?;
    times.sort_unstable();
    times.truncate(CALLS);
    let since = |at: Option<&i64>| at.map(|at| (at - clicked_us) as f64 / 1000.0).context("no call was seen");
    Ok(Dispatch { answered_ms, first_ms: since(times.first())?, last_ms: since(times.last())?, calls: times.len() })
}

/// When the carrier saw each create-call request, in microseconds since the epoch.
fn calls(requests: &[Value]) -> Vec<i64> {
    requests
        .iter()
        .filter(|request| request["method"] == "POST" && request["path"].as_str().is_some_and(|path| path.ends_with("/Calls.json")))
        .filter_map(|request| request["at"].as_str()?.parse::<jiff::Timestamp>().ok().map(|at| at.as_microsecond()))
        .collect()
}

async fn wait<T, F: Future<Output = Result<Option<T>>>>(mut look: impl FnMut() -> F) -> Result<T> {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        ensure!(began.elapsed() < PATIENCE, "nothing came within {} s", PATIENCE.as_secs());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
