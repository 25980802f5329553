//! The first carrier is dead for minutes of real time while Critical tips are dispatched, one a minute; then it is back.

use super::Seen;
use super::line::Line;
use super::told::Told;
use anyhow::{Result, ensure};
use serde_json::json;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// One tip a minute.
const EVERY: Duration = Duration::from_secs(60);
/// The window of a Critical tip, and a little.
const PATIENCE: Duration = Duration::from_secs(1300);
/// How soon a carrier that is back has to be used again: the longest wait between two trials is half a minute.
const USED_AGAIN: Duration = Duration::from_secs(120);
/// Requests in vain that a dead carrier may be sent in a minute: trials every two to thirty seconds on two lanes, probes every three, and
/// looks for missed messages.
const IN_VAIN_A_MINUTE: u64 = 100;

pub(super) async fn soak(folder: PathBuf, minutes: u64) -> Result<Seen> {
    let line = Line::start(folder).await?;
    line.fault(&json!({"match": {"carrier": "twilio"}, "fault": "refuse"})).await?;
    let (began, mut tips) = (Instant::now(), Vec::new());
    for minute in 0..minutes {
        tips.push(line.dispatch(usize::try_from(minute)?).await?);
        println!("dead carrier: minute {} of {minutes}", minute + 1);
        tokio::time::sleep((EVERY * u32::try_from(minute + 1)?).saturating_sub(began.elapsed())).await;
    }
    // Those of the last minute may still be under way: the carrier stays dead until everybody is told.
    let told = Told::of(&line, &tips, PATIENCE).await?;
    let dead_for = began.elapsed();
    let mut seen = Seen::new(format!("A carrier dead for {:.1} minutes, the other one sound", dead_for.as_secs_f64() / 60.0));
    let in_vain = line.mend().await?;
    told.tell(&mut seen);
    seen.figure("requests to the dead carrier in all that time", in_vain);
    seen.must(in_vain <= (minutes + 2) * IN_VAIN_A_MINUTE, format!("{in_vain} requests to a dead carrier are a storm"));
    seen.must(told.attempts[1] >= tips.len(), "the second carrier called nobody");
    let back = Instant::now();
    while line.metric("tipline_circuit_open").await? > 0.0 {
        ensure!(back.elapsed() < USED_AGAIN, "a carrier that is back was not trusted again within {USED_AGAIN:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    seen.figure("until it was trusted again once it was back, seconds", format!("{:.1}", back.elapsed().as_secs_f64()));
    let next = line.dispatch(tips.len()).await?;
    let next = Told::of(&line, &[next], PATIENCE).await?;
    seen.figure("calls of the next tip by the first and the second carrier", format!("{} and {}", next.attempts[0], next.attempts[1]));
    seen.must(next.attempts[0] > 0 && next.attempts[1] == 0, "the next tip did not go by the first carrier");
    seen.must(line.metric("tipline_obligations_without_timer").await? == 0.0, "a promise has no timer");
    line.stop().await?;
    Ok(seen)
}
