//! What became of the promises of the soaked tips: who was told when, by which carrier, and whether in time.

use super::Seen;
use super::line::Line;
use anyhow::{Result, ensure};
use serde_json::Value;
use std::time::{Duration, Instant};

/// The window of a Critical tip.
const WINDOW_SECONDS: f64 = 1200.0;
/// How often promises are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Of all tips together; times in seconds from each tip's receipt.
#[derive(Debug, Default)]
pub(super) struct Told {
    tips: usize,
    promises: usize,
    kept: usize,
    released: usize,
    breached: usize,
    by_person: usize,
    /// When each call was first tried.
    first: Vec<f64>,
    /// When each call was confirmed.
    confirmed: Vec<f64>,
    /// Attempts at calls by the first carrier, and by the second.
    pub(super) attempts: [usize; 2],
    /// Attempts at calls whose end was found out by asking: no end came by itself.
    pub(super) unanswered: usize,
}

impl Told {
    /// Waits until every promise of these tips is closed, then adds them up.
    pub(super) async fn of(line: &Line, tips: &[String], patience: Duration) -> Result<Self> {
        let began = Instant::now();
        let mut told = Told::default();
        for tip in tips {
            let obligations = loop {
                let read = line.get(&format!("/tips/{tip}")).await?;
                let all = read["dispatches"][0]["obligations"].as_array().cloned().unwrap_or_default();
                let closed = |one: &Value| ["satisfied", "released", "failed"].contains(&one["state"].as_str().unwrap_or(""));
                if !all.is_empty() && all.iter().all(closed) {
                    break (read["received_at"].clone(), all);
                }
                ensure!(began.elapsed() < patience, "a tip's promises were not closed within {patience:?}: {}", states(&all));
                tokio::time::sleep(LOOK_EVERY).await;
            };
            told.add(&obligations.0, &obligations.1);
        }
        Ok(told)
    }

    fn add(&mut self, received_at: &Value, obligations: &[Value]) {
        self.tips += 1;
        let since = |at: &Value| Some((time(at)? - time(received_at)?) as f64 / 1e6);
        for one in obligations {
            self.promises += 1;
            match one["state"].as_str() {
                Some("satisfied") => self.kept += 1,
                Some("released") => self.released += 1,
                _ => {}
            }
            self.breached += usize::from(!one["breached_at"].is_null());
            if one["means"] != "call" {
                continue;
            }
            self.first.extend(since(&one["first_attempt_at"]));
            self.confirmed.extend(since(&one["confirmed_at"]));
            self.by_person += usize::from(one["state"] == "satisfied" && !one["confirmed_at"].is_null());
            for attempt in one["attempts"].as_array().into_iter().flatten() {
                self.attempts[usize::from(attempt["lane"] == "backup-call")] += 1;
                let ends = attempt["receipts"].as_array().into_iter().flatten();
                self.unanswered += usize::from(ends.filter_map(|receipt| receipt["detail"].as_str()).any(|detail| detail == "no answer"));
            }
        }
    }

    /// Its lines of the table, and what must hold of it.
    pub(super) fn tell(&self, seen: &mut Seen) {
        let last = |times: &[f64]| times.iter().copied().fold(0.0, f64::max);
        seen.figure("Critical tips dispatched", self.tips);
        seen.figure("promises", self.promises);
        seen.figure("  kept", self.kept);
        seen.figure("  released (the district that stood by)", self.released);
        seen.figure("  kept too late, or given up", format!("{} and {}", self.breached, self.promises - self.kept - self.released));
        seen.figure("calls confirmed by a person", self.by_person);
        seen.figure("attempts at calls by the first and the second carrier", format!("{} and {}", self.attempts[0], self.attempts[1]));
        seen.figure("latest first attempt at a call, seconds from receipt", format!("{:.1}", last(&self.first)));
        seen.figure("latest confirmation of a call, seconds from receipt", format!("{:.1}", last(&self.confirmed)));
        seen.must(self.breached == 0, format!("{} promises were kept too late", self.breached));
        seen.must(self.kept + self.released == self.promises, "a promise was given up");
        seen.must(last(&self.confirmed) < WINDOW_SECONDS, "a call was confirmed after the window");
    }
}

fn states(all: &[Value]) -> String {
    all.iter()
        .map(|one| format!("{}:{}", one["means"].as_str().unwrap_or(""), one["state"].as_str().unwrap_or("")))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A time of the API, in microseconds since the epoch.
fn time(value: &Value) -> Option<i64> {
    Some(value.as_str()?.parse::<jiff::Timestamp>().ok()?.as_microsecond())
}
