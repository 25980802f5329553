//! Both carriers take everything and never call back, for minutes of real time: they are asked, and what they say counts.

use super::Seen;
use super::line::Line;
use super::told::Told;
use anyhow::Result;
use serde_json::json;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// One tip every two minutes.
const EVERY: Duration = Duration::from_secs(120);
/// The window of a Critical tip, and a little.
const PATIENCE: Duration = Duration::from_secs(1300);

pub(super) async fn soak(folder: PathBuf, minutes: u64) -> Result<Seen> {
    let line = Line::start(folder).await?;
    line.fault(&json!({"match": {"kind": "callback"}, "fault": "drop"})).await?;
    let (began, mut tips) = (Instant::now(), Vec::new());
    let mut number = 0_u32;
    while began.elapsed() < Duration::from_secs(minutes * 60) {
        // The first call to each rings out, and nobody tells us.
        line.everybody(&json!([{"answer": "no_answer"}, {"answer": "human", "key": "heard_code"}])).await?;
        tips.push(line.dispatch(usize::try_from(number)?).await?);
        number += 1;
        tokio::time::sleep((EVERY * number).saturating_sub(began.elapsed())).await;
    }
    let told = Told::of(&line, &tips, PATIENCE).await?;
    let lost = line.mend().await?;
    let mut seen =
        Seen::new(format!("Carriers that take everything and never call back, for {:.1} minutes", began.elapsed().as_secs_f64() / 60.0));
    told.tell(&mut seen);
    seen.figure("callbacks that never came", lost);
    seen.figure("calls that rang out, found out by asking", told.unanswered);
    seen.must(lost > 0, "no callback was lost");
    seen.must(told.unanswered >= tips.len(), "nobody asked how the calls ended");
    line.stop().await?;
    Ok(seen)
}
