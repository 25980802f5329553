//! Every task of the process, its end and the exit code.
//!
//! No task outlives shutdown unseen (invariant 12): tasks are tracked by name, a panic is counted and ends the process in
//! good order, and what has not ended at the deadline is named in the log and cut off.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long tasks have to end after they were told to.
pub const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(20);

/// Starts tasks and sees them end.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    leaving: CancellationToken,
    stopping: CancellationToken,
    panics: Arc<AtomicU64>,
}

/// How the process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Everything ended by itself.
    Clean,
    /// A task panicked.
    Panicked,
    /// Something was cut off at the deadline.
    CutOff,
}

impl Ending {
    /// 0, 70 (a task panicked: EX_SOFTWARE) or 75 (cut off, come again: EX_TEMPFAIL).
    pub const fn exit_code(self) -> u8 {
        match self {
            Ending::Clean => 0,
            Ending::Panicked => 70,
            Ending::CutOff => 75,
        }
    }
}

impl Tasks {
    /// Starts a task; a panic in it is counted and stops the process in good order.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let (panics, leaving, stopping) = (self.panics.clone(), self.leaving.clone(), self.stopping.clone());
        let inner = self.tracker.spawn(task);
        self.tracker.spawn(async move {
            if let Err(error) = inner.await
                && error.is_panic()
            {
                panics.fetch_add(1, Ordering::SeqCst);
                tracing::error!(task = name, "a task panicked; stopping");
                leaving.cancel();
                stopping.cancel();
            }
        });
    }
    /// Starts one piece of many alike, such as one send: a panic in it is counted, and the others go on.
    pub fn spawn_piece(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let inner = self.tracker.spawn(task);
        self.tracker.spawn(async move {
            if inner.await.is_err_and(|error| error.is_panic()) {
                tracing::error!(task = name, "a piece of work panicked; it comes back when its lease ends");
            }
        });
    }
    /// Tasks that end later than these (the store's writer): told to stop together, a panic counted together, waited for apart.
    pub fn outliving(&self) -> Self {
        Self { tracker: TaskTracker::new(), leaving: self.leaving.clone(), stopping: self.stopping.clone(), panics: self.panics.clone() }
    }
    /// Told when it is time to stop.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }
    /// Told when the end is near: nobody new is to be sent here, and everything goes on until it is time to stop.
    pub fn leaving(&self) -> CancellationToken {
        self.leaving.clone()
    }
    /// Tells that the end is near.
    pub fn leave(&self) {
        self.leaving.cancel();
    }
    /// Tells everything to stop.
    pub fn stop(&self) {
        self.leaving.cancel();
        self.stopping.cancel();
    }
    /// Waits until all tasks have ended, at most `deadline` after this call.
    pub async fn ended(&self, deadline: Duration) -> Ending {
        self.tracker.close();
        let in_time = tokio::time::timeout(deadline, self.tracker.wait()).await.is_ok();
        if self.panics.load(Ordering::SeqCst) > 0 {
            Ending::Panicked
        } else if in_time {
            Ending::Clean
        } else {
            tracing::error!(left = self.tracker.len(), "tasks had not ended at the deadline");
            Ending::CutOff
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_stops_everything_and_shows_in_the_exit_code() {
        let tasks = Tasks::default();
        let stopping = tasks.stopping();
        tasks.spawn("waits", async move { stopping.cancelled().await });
        tasks.spawn("panics", async { panic!("on purpose") });
        assert_eq!(tasks.ended(Duration::from_secs(5)).await, Ending::Panicked);
    }

    #[tokio::test]
    async fn what_does_not_end_is_cut_off() {
        let tasks = Tasks::default();
        tasks.spawn("hangs", std::future::pending());
        tasks.stop();
        assert_eq!(tasks.ended(Duration::from_millis(1)).await.exit_code(), 75);
    }
}
