//! What was seen, line by line with its time, and the waiting for it.

use anyhow::bail;
use std::time::{Duration, Instant};

/// How often a condition is looked at again.
const LOOK_EVERY: Duration = Duration::from_millis(40);

/// The steps seen so far.
pub(super) struct Story {
    began: Instant,
    seen: usize,
}

impl Story {
    /// The clock starts.
    pub(super) fn begin() -> Self {
        println!("\nThe main job, seen from the outside:\n");
        Self { began: Instant::now(), seen: 0 }
    }

    /// A step was seen.
    pub(super) fn saw(&mut self, what: &str) {
        self.seen += 1;
        println!("{:>8.2} s  {what}", self.began.elapsed().as_secs_f64());
    }

    /// The end of the play.
    pub(super) fn end(&self) {
        println!("\nEvery one of {} steps was seen to happen, in {:.1} s.", self.seen, self.began.elapsed().as_secs_f64());
    }
}

/// Looks again and again until `look` gives something. `what` says what was awaited when the time is over.
pub(super) async fn until<T>(what: &str, within: Duration, mut look: impl AsyncFnMut() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
    let end = Instant::now() + within;
    loop {
        let found = look().await?;
        if let Some(found) = found {
            return Ok(found);
        }
        if Instant::now() > end {
            bail!("not seen within {:.1} s: {what}", within.as_secs_f64());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
