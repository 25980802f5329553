//! Waking lanes: each lane sleeps until its earliest work; whoever commits earlier work wakes it, on another node by the store's news.

use crate::clock::Clock;
use crate::live::LaneNews;
use domain::id::LaneKey;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio_util::sync::CancellationToken;

/// A lane looks at least this often, in case an alarm was lost with another node.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The alarm clocks of all lanes.
#[derive(Debug, Clone, Default)]
pub struct Wake {
    lanes: Arc<HashMap<LaneKey, Alarm>>,
}

/// One lane's alarm.
#[derive(Debug)]
pub struct Alarm {
    at: AtomicI64,
    rung: Notify,
}

impl Wake {
    /// Alarms for these lanes; each rings at once, so that a lane starts by looking.
    pub fn new(lanes: impl IntoIterator<Item = LaneKey>) -> Self {
        Self {
            lanes: Arc::new(lanes.into_iter().map(|lane| (lane, Alarm { at: AtomicI64::new(i64::MIN), rung: Notify::new() })).collect()),
        }
    }
    /// Work of a lane is due at `at`: its alarm is put there if it stands later.
    pub fn at(&self, lane: &LaneKey, at: Timestamp) {
        if let Some(alarm) = self.lanes.get(lane)
            && alarm.at.fetch_min(at.as_microsecond(), Ordering::SeqCst) > at.as_microsecond()
        {
            alarm.rung.notify_one();
        }
    }
    /// Anything may be due: every lane looks.
    pub fn all(&self, now: Timestamp) {
        self.lanes.keys().for_each(|lane| self.at(lane, now));
    }
    /// A lane's alarm.
    pub fn alarm(&self, lane: &LaneKey) -> Option<&Alarm> {
        self.lanes.get(lane)
    }
}

/// Wakes lanes to which other nodes gave work, until told to stop.
pub(super) async fn follow(wake: Wake, clock: Clock, mut news: Receiver<LaneNews>, stopping: CancellationToken) {
    loop {
        let heard = tokio::select! { heard = news.recv() => heard, () = stopping.cancelled() => return };
        match heard {
            Ok(LaneNews::Work(lane)) => wake.at(&lane, clock.now()),
            Ok(LaneNews::Freed) => {}
            Ok(LaneNews::Missed) | Err(RecvError::Lagged(_)) => wake.all(clock.now()),
            Err(RecvError::Closed) => return,
        }
    }
}

impl Alarm {
    /// When it stands; taking it puts it to "never".
    pub fn take(&self) -> i64 {
        self.at.swap(i64::MAX, Ordering::SeqCst)
    }
    /// When it stands.
    pub fn stands_at(&self) -> i64 {
        self.at.load(Ordering::SeqCst)
    }
    /// Sleeps until it rings, at most `LOOK_EVERY`, and takes it. `None` when stopping.
    pub async fn due(&self, clock: &Clock, stopping: &CancellationToken) -> Option<()> {
        loop {
            let now = clock.now().as_microsecond();
            let at = self.stands_at();
            if at <= now {
                self.take();
                return Some(());
            }
            let wait = Duration::from_micros(u64::try_from(at.saturating_sub(now)).unwrap_or(0)).min(LOOK_EVERY);
            tokio::select! {
                () = tokio::time::sleep(wait) => { if wait == LOOK_EVERY { self.take(); return Some(()); } }
                () = self.moved() => {}
                () = stopping.cancelled() => return None,
            }
        }
    }
    /// Waits until it was put earlier.
    pub async fn moved(&self) {
        self.rung.notified().await;
    }
}
