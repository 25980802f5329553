//! Tips ready to be dispatched, made through the gateway's own doors: a text by the carrier, sorting by the API.

use super::deployment::Deployment;
use anyhow::{Result, ensure};
use serde_json::json;
use std::time::{Duration, Instant};

/// How long a text may take to be in the inbox.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a tip is to be.
#[derive(Clone, Copy)]
pub struct Sorted {
    /// Makes its reporter and its words.
    pub number: usize,
    /// Its school.
    pub school: &'static str,
    /// Its type.
    pub kind: &'static str,
}

/// A tip that can be dispatched.
pub struct Tip {
    /// Its id.
    pub id: String,
    /// The version that the analyst saw.
    pub version: serde_json::Value,
}

/// A reporter texts, an analyst sorts.
pub async fn sorted(gateway: &Deployment, tip: Sorted) -> Result<Tip> {
    let Sorted { number, school, kind } = tip;
    // Words of their own, so that nothing is taken for the same thing.
    let words = format!("bench {number:06} {} {} {}", number * 7919, number * 104_729, number * 1_299_709);
    gateway.say_from(&format!("+1777{number:07}"), &words).await?;
    let began = Instant::now();
    let id = loop {
        if let Some(id) = found(gateway, &format!("bench {number:06} ")).await? {
            break id;
        }
        ensure!(began.elapsed() < PATIENCE, "a text was not in the inbox within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let version = gateway.get(&format!("/api/v1/tips/{id}")).await?["version"].clone();
    let triage = json!({"version": version, "types": [kind], "school": school});
    gateway.send(reqwest::Method::PUT, &format!("/api/v1/tips/{id}/triage"), &triage).await?;
    let version = gateway.get(&format!("/api/v1/tips/{id}")).await?["version"].clone();
    Ok(Tip { id, version })
}

/// Tells everybody.
pub async fn dispatch(gateway: &Deployment, tip: &Tip) -> Result<()> {
    let path = format!("/api/v1/tips/{}/dispatches", tip.id);
    gateway.send(reqwest::Method::POST, &path, &json!({"version": tip.version})).await
}

/// The open tip that begins like this. New ones are unsorted, so that list is short.
async fn found(gateway: &Deployment, words: &str) -> Result<Option<String>> {
    let read = gateway.get("/api/v1/tips?filter=unsorted").await?;
    let tips = read["tips"].as_array().cloned().unwrap_or_default();
    let tip = tips.iter().find(|tip| tip["first_words"].as_str().is_some_and(|text| text.starts_with(words)));
    Ok(tip.and_then(|tip| tip["id"].as_str()).map(str::to_owned))
}
