//! An analyst who sorts whatever comes, and now and then dispatches a tip as Critical.
//!
//! A click that fails is tried again at the next look, as a person would: a tip that was to be dispatched is read first, for the click may have
//! had its effect all the same.

use super::doors::Doors;
use super::tally::Tally;
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often the analyst looks.
const LOOKS_EVERY: Duration = Duration::from_millis(500);
/// Tips that are sorted at one look.
const SORTED_AT_ONCE: usize = 20;
/// The schools of the demo that are told.
const SCHOOLS: [&str; 4] = ["bravo-middle", "delta-high", "alpha-middle", "charlie-high"];

/// Sorts and dispatches until told to stop.
pub async fn sort_and_dispatch(doors: Doors, tally: Arc<Tally>, seed: u64, every: Duration, mut stopped: watch::Receiver<bool>) {
    let mut random = fastrand::Rng::with_seed(seed ^ 0xA11A_1157);
    let mut next = Instant::now();
    let mut to_dispatch: BTreeSet<String> = BTreeSet::new();
    loop {
        for id in to_dispatch.clone() {
            if let Ok(()) = dispatch(&doors, &id).await {
                Tally::add(&tally.dispatched);
                to_dispatch.remove(&id);
            }
        }
        // Everything is mended then, so the last clicks come through; what does not, the supervisors are paged for.
        if *stopped.borrow() {
            return;
        }
        super::pause(&mut stopped, LOOKS_EVERY).await;
        let Ok(read) = doors.get("/tips?filter=unsorted").await else { continue };
        let mut unsorted = read["tips"].as_array().cloned().unwrap_or_default();
        random.shuffle(&mut unsorted);
        for tip in unsorted.iter().take(SORTED_AT_ONCE) {
            let Some(id) = tip["id"].as_str() else { continue };
            let critical = Instant::now() >= next;
            let school = SCHOOLS[random.usize(..SCHOOLS.len())];
            if let Ok(()) = sort(&doors, id, critical.then_some(school)).await
                && critical
            {
                to_dispatch.insert(id.to_owned());
                next = Instant::now() + every;
            }
        }
    }
}

/// Sorts one; as Critical when it names a school.
async fn sort(doors: &Doors, id: &str, critical_at: Option<&str>) -> Result<()> {
    let triage = |version: Value| match critical_at {
        Some(school) => json!({"version": version, "types": ["possession-of-a-weapon"], "school": school}),
        None => json!({"version": version, "types": ["school-complaint"]}),
    };
    let version = doors.get(&format!("/tips/{id}")).await?["version"].clone();
    doors.ask(Method::PUT, &format!("/tips/{id}/triage"), Some(&triage(version))).await.map(drop)
}

/// Dispatches one that was sorted as Critical, unless that was done.
async fn dispatch(doors: &Doors, id: &str) -> Result<()> {
    let tip = doors.get(&format!("/tips/{id}")).await?;
    if tip["dispatches"].as_array().into_iter().flatten().any(|dispatch| dispatch["purpose"] == "tip") {
        return Ok(());
    }
    doors.ask(Method::POST, &format!("/tips/{id}/dispatches"), Some(&json!({"version": tip["version"]}))).await.map(drop)
}
