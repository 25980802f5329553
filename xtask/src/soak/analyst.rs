//! An analyst who sorts whatever comes, and now and then dispatches a tip as Critical.
//!
//! A click that fails is tried again with the next tip, as a person would; whether one that failed had an effect, the check finds out.

use super::doors::Doors;
use super::tally::Tally;
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};
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
    while !*stopped.borrow() {
        super::pause(&mut stopped, LOOKS_EVERY).await;
        let Ok(read) = doors.get("/tips?filter=unsorted").await else { continue };
        let mut unsorted = read["tips"].as_array().cloned().unwrap_or_default();
        random.shuffle(&mut unsorted);
        for tip in unsorted.iter().take(SORTED_AT_ONCE) {
            let Some(id) = tip["id"].as_str() else { continue };
            let critical = Instant::now() >= next;
            let school = SCHOOLS[random.usize(..SCHOOLS.len())];
            match one(&doors, id, critical.then_some(school)).await {
                Ok(()) if critical => {
                    Tally::add(&tally.dispatched);
                    next = Instant::now() + every;
                }
                Ok(()) | Err(_) => {}
            }
        }
    }
}

/// Sorts one, and dispatches it when it names a school.
async fn one(doors: &Doors, id: &str, critical_at: Option<&str>) -> Result<()> {
    let triage = |version: Value| match critical_at {
        Some(school) => json!({"version": version, "types": ["possession-of-a-weapon"], "school": school}),
        None => json!({"version": version, "types": ["school-complaint"]}),
    };
    let version = doors.get(&format!("/tips/{id}")).await?["version"].clone();
    doors.ask(Method::PUT, &format!("/tips/{id}/triage"), Some(&triage(version))).await?;
    if critical_at.is_some() {
        let version = doors.get(&format!("/tips/{id}")).await?["version"].clone();
        doors.ask(Method::POST, &format!("/tips/{id}/dispatches"), Some(&json!({"version": version}))).await?;
    }
    Ok(())
}
