//! The lane of looks: claims what is due, a few at a time, and looks at each in turn.
//!
//! Leased like the lanes that send, so one node does it; should two ever look at one tip, versions let one of them win. A look that fails
//! leaves its work to the lease: it comes back.

use super::begun;
use super::together::Together;
use crate::clock::Clock;
use crate::desk::directory::DirectoryReader;
use crate::entropy::Entropy;
use crate::lifecycle::Tasks;
use crate::outbox::lease::Leases;
use crate::outbox::wake::LOOK_EVERY;
use crate::progress::Progress;
use crate::store::rows::{Claim, WorkId, WorkRow};
use crate::store::{Commit, Outcome, Store, StoreError, Write};
use domain::calendar::Calendar;
use domain::dispatch::policy::Policy;
use domain::id::{CalendarKey, ConversationId};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How many looks are claimed together.
const TOGETHER: u32 = 16;
/// How long claimed looks are ours: each is a handful of reads and one commit.
const LEASE: SignedDuration = SignedDuration::from_secs(15);
/// How many tips without clocks are given theirs at once.
const SEEDED_TOGETHER: u32 = 200;
/// How long the lane waits after the store failed.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// Everything that clocks are looked at with.
#[derive(Clone)]
pub struct Watching {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Clock,
    pub(super) entropy: Entropy,
    pub(super) progress: Progress,
    pub(super) directory: DirectoryReader,
    pub(super) calendars: Arc<BTreeMap<CalendarKey, Calendar>>,
    pub(super) policy: Arc<Policy>,
    pub(super) line_name: String,
    pub(super) together: Arc<Together>,
    node: String,
}

impl Watching {
    /// Puts it together; `node` is this node's name in leases.
    pub fn new(
        progress: Progress,
        directory: DirectoryReader,
        calendars: Arc<BTreeMap<CalendarKey, Calendar>>,
        line_name: String,
        node: String,
    ) -> Self {
        Self {
            store: progress.store.clone(),
            clock: progress.clock.clone(),
            entropy: progress.entropy,
            policy: progress.policy.clone(),
            progress,
            directory,
            calendars,
            line_name,
            together: Arc::default(),
            node,
        }
    }

    /// Starts the task; `leases` say whether the lane is ours.
    pub fn start(self, leases: Leases, tasks: &Tasks) {
        let stopping = tasks.stopping();
        tasks.spawn("clocks of tips", async move {
            // At shutdown a look is dropped where it stands: it is one commit, whole or not at all.
            tokio::select! { () = self.run(leases, &stopping) => {}, () = stopping.cancelled() => {} }
        });
    }

    async fn run(&self, leases: Leases, stopping: &CancellationToken) {
        let lane = super::lane();
        let Some(alarm) = self.progress.wake.alarm(&lane) else {
            tracing::error!(%lane, "the lane of clocks has no alarm, so nobody would be paged");
            return;
        };
        let mut seeded = false;
        while !stopping.is_cancelled() {
            if !leases.holds(&lane, self.clock.now()) {
                tokio::select! { () = leases.changed() => {}, () = tokio::time::sleep(LOOK_EVERY) => {} }
                continue;
            }
            let step = async {
                if !seeded {
                    self.seed().await?;
                }
                self.work_off_what_is_due().await
            };
            match step.await {
                Ok(()) => seeded = true,
                Err(error) => {
                    tracing::warn!(error = %error, "tips were not looked at; trying again");
                    tokio::time::sleep(AFTER_FAILURE).await;
                    continue;
                }
            }
            if alarm.due(&self.clock, stopping).await.is_none() {
                return;
            }
        }
    }

    /// Gives clocks to open tips of before there were any.
    pub(super) async fn seed(&self) -> Result<(), StoreError> {
        loop {
            let ids = self.store.unwatched(SEEDED_TOGETHER).await?;
            let all = u32::try_from(ids.len()).is_ok_and(|n| n < SEEDED_TOGETHER);
            let mut commit = Commit::default();
            for id in ids {
                if let Some(row) = self.store.conversation(id).await? {
                    let [mut watch, first] = begun(&row.conversation, self.clock.now(), &self.policy);
                    // What was written before there were clocks is no news to those who were told then.
                    if let (Write::Watch(watch), true) = (&mut watch, row.conversation.dispatched_at.is_some()) {
                        watch.watch.told_to = row.last_seq;
                    }
                    commit.writes.extend([watch, first]);
                }
            }
            // In conflict with a look: that one has written what is missing, and the rest is found again.
            if let Outcome::Committed(_) | Outcome::Duplicate = self.store.commit(commit).await?
                && all
            {
                return Ok(());
            }
        }
    }

    /// Looks at every tip whose time has come; the alarm is put to what comes after.
    pub(super) async fn work_off_what_is_due(&self) -> Result<(), StoreError> {
        let lane = super::lane();
        loop {
            let now = self.clock.now();
            match self.store.next_due(lane.clone()).await? {
                Some(at) if at <= now => {}
                Some(at) => {
                    self.progress.wake.at(&lane, at);
                    return Ok(());
                }
                None => return Ok(()),
            }
            let until = now.saturating_add(LEASE).unwrap_or(now);
            for work in self.store.claim_due(lane.clone(), self.node.clone(), now, until, Claim::Any, TOGETHER).await? {
                self.work_off(work).await;
            }
        }
    }

    async fn work_off(&self, WorkRow { id, .. }: WorkRow) {
        let tip: ConversationId = match id {
            WorkId::Watch(tip) => tip,
            WorkId::Obligation(_) | WorkId::Message(_) | WorkId::Attachment(_) => return,
        };
        if let Err(error) = self.look_at(tip).await {
            tracing::warn!(error = %error, "a tip was not looked at; it comes back when its lease ends");
        }
    }
}
