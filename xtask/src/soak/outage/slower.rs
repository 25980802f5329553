//! Both carriers answer every call with 429 for minutes of real time, amid Critical dispatches: paced, no storm, and nobody is given up.

use super::Seen;
use super::line::Line;
use super::told::Told;
use crate::bench::clock::most_in_a_second;
use anyhow::Result;
use serde_json::json;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A tip at each of these seconds.
const TIPS_AT: [u64; 3] = [0, 60, 150];
/// The window of a Critical tip, and a little.
const PATIENCE: Duration = Duration::from_secs(1300);
/// The demo's calls in a second on each lane.
const PACE: usize = 5;
/// Refused calls that are no storm, in a minute: one trial every two to thirty seconds on each of two lanes, and the six that open a circuit.
const REFUSED_A_MINUTE: usize = 60;

pub(super) async fn soak(folder: PathBuf, minutes: u64) -> Result<Seen> {
    let line = Line::start(folder).await?;
    line.fault(&json!({"match": {"kind": "rest", "path_contains": "Calls", "method": "POST"}, "fault": "429"})).await?;
    let (began, mut tips) = (Instant::now(), Vec::new());
    for (number, at) in TIPS_AT.into_iter().enumerate() {
        tokio::time::sleep(Duration::from_secs(at).saturating_sub(began.elapsed())).await;
        tips.push(line.dispatch(number).await?);
    }
    tokio::time::sleep(Duration::from_secs(minutes * 60).saturating_sub(began.elapsed())).await;
    let refused = line.calls().await?;
    let (hits, ended) = (line.mend().await?, Instant::now());
    let told = Told::of(&line, &tips, PATIENCE).await?;
    let after = ended.elapsed();
    let calls = line.calls().await?;
    let mut seen = Seen::new(format!("429 from both carriers for {minutes} minutes"));
    told.tell(&mut seen);
    let count = refused.iter().map(Vec::len).sum::<usize>();
    seen.figure("calls refused with 429", format!("{hits} ({} and {} by carrier)", refused[0].len(), refused[1].len()));
    seen.figure(
        "most calls in a sliding second, by carrier",
        format!("{} and {}", most_in_a_second(&calls[0]), most_in_a_second(&calls[1])),
    );
    seen.figure("until everybody was told after the 429s ended, seconds", format!("{:.1}", after.as_secs_f64()));
    seen.must(count <= usize::try_from(minutes)? * REFUSED_A_MINUTE, format!("{count} refused calls are a storm"));
    // The way to the carrier takes unequal time, so that the edge of a second is blurred by one.
    seen.must(calls.iter().all(|times| most_in_a_second(times) <= PACE + 1), "a lane was faster than its pace");
    line.stop().await?;
    Ok(seen)
}
