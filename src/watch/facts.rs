//! What is true of a tip now, read from the store.
//!
//! The tip's own row is read first: the commit that is made of all this holds only while that row stands, so whatever comes after the
//! first read makes it a conflict, and the tip is looked at again.

use super::Watching;
use crate::progress::left_out::left_out;
use crate::store::StoreError;
use crate::store::rows::{Author, DispatchRow, ObligationRow, TaskRow, WatchRow};
use domain::channel::Means;
use domain::conversation::{Conversation, State};
use domain::dispatch::obligation::Obligation;
use domain::dispatch::purpose::Purpose;
use domain::dispatch::watch::{Facts, News, Told};
use domain::exchange::Nature;
use domain::id::{ConversationId, TaskId};
use jiff::Timestamp;

/// How many new messages of a tip are looked at together; more of them are news all the same.
const MESSAGES_MOST: u32 = 500;
/// How many tasks of a tip are looked at.
const TASKS_MOST: u32 = 200;
/// Calls that go before everything else: Critical, and not only asking the carrier (`progress::routes::rank`).
const CRITICAL_CALLS: i32 = 50_000;

/// What was read of a tip.
pub(super) struct Known {
    pub(super) tip: Conversation,
    /// The tip's version and last message at that moment.
    pub(super) version: i64,
    pub(super) last_seq: i64,
    pub(super) watch: WatchRow,
    /// Its dispatches of every purpose with their obligations.
    pub(super) dispatches: Vec<(DispatchRow, Vec<ObligationRow>)>,
    /// Its open tasks.
    pub(super) tasks: Vec<TaskRow>,
    folded: bool,
    told: Vec<Told>,
    due_tasks: Vec<(TaskId, Timestamp)>,
    news: Option<News>,
    seconds_of_calls_left: f64,
}

impl Known {
    /// The same for the rules.
    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            received_at: self.tip.received_at,
            open: self.tip.state == State::Open,
            level: self.tip.triage.level,
            for_endusers: self.tip.triage.is_for_endusers() && !self.folded && !self.tip.drill,
            dispatches: &self.told,
            tasks: &self.due_tasks,
            news: self.news,
            seconds_of_calls_left: self.seconds_of_calls_left,
        }
    }
    /// Whether it is counted under another tip: its own clocks rest, and begin again when it is not any more.
    pub(super) fn rests(&self) -> bool {
        self.folded && self.tip.state == State::Open && self.tip.dispatched_at.is_none()
    }
    /// Every obligation that told of the tip, oldest dispatch first, less those of persons who are left out (R42).
    pub(super) fn told_by(&self) -> Vec<Obligation> {
        let left_out = left_out(self.dispatches.iter().map(|(row, _)| row));
        let all = self.told.iter().flat_map(|told| &told.obligations);
        all.filter(|obligation| !left_out.contains(&obligation.step.person)).cloned().collect()
    }
}

impl Watching {
    /// Reads a tip; `None` when it is not there.
    pub(super) async fn know(&self, id: ConversationId) -> Result<Option<Known>, StoreError> {
        let Some(row) = self.store.tips_of(vec![id]).await?.pop() else { return Ok(None) };
        let watch = self.store.watch(id).await?.unwrap_or(WatchRow { conversation: id, watch: row.watch, version: 0 });
        let mut dispatches = Vec::new();
        if row.row.conversation.dispatched_at.is_some() || !watch.watch.raised.is_empty() {
            for dispatch in self.store.dispatches(id).await? {
                let obligations = self.store.obligations(dispatch.id).await?;
                dispatches.push((dispatch, obligations));
            }
        }
        let told: Vec<Told> = dispatches.iter().filter(|(row, _)| row.purpose == Purpose::Tip).map(told).collect();
        let tasks = self.store.open_tasks(Some(id), TASKS_MOST).await?;
        let news = if told.is_empty() { None } else { self.news(id, watch.watch.told_to).await? };
        let calls_wait = told.iter().flat_map(|told| &told.obligations).any(waits_for_its_call);
        Ok(Some(Known {
            version: row.row.version,
            last_seq: row.row.last_seq,
            folded: row.folded,
            due_tasks: tasks.iter().filter_map(|task| Some((task.id, task.due_at?))).collect(),
            seconds_of_calls_left: if calls_wait { self.seconds_of_calls(&told).await? } else { 0.0 },
            tip: row.row.conversation,
            watch,
            dispatches,
            tasks,
            told,
            news,
        }))
    }

    /// What a person wrote as the reporter after this number: since when, and to which number.
    async fn news(&self, id: ConversationId, told_to: i64) -> Result<Option<News>, StoreError> {
        let rows = self.store.messages(id, told_to, MESSAGES_MOST).await?;
        let mut new = rows.iter().filter(|row| row.author == Author::Reporter && !is_noise(row.nature));
        let Some(first) = new.next() else { return Ok(None) };
        let last = new.next_back().unwrap_or(first);
        Ok(Some(News { since: first.at, to: last.seq }))
    }

    /// How long the lanes that call need for the Critical calls that wait for their turn: the longest of them counts, since a call waits
    /// on one lane. What is later than the last due time of `told` is not counted further: it is too late for each of them.
    async fn seconds_of_calls(&self, told: &[Told]) -> Result<f64, StoreError> {
        let now = self.clock.now();
        let last_due = told.iter().map(|told| told.due_at).max().unwrap_or(now);
        let left = last_due.duration_since(now).as_secs_f64().max(0.0);
        let mut most = 0.0_f64;
        for lane in self.progress.routes.lanes().filter(|lane| lane.means == Means::Call) {
            let Some(per_second) = lane.per_second else { continue };
            // One more than go out by then.
            let counted = (per_second * left).ceil() as u32 + 1;
            let waiting = self.store.waiting(lane.key.clone(), CRITICAL_CALLS, now, counted).await?;
            most = most.max(waiting as f64 / per_second);
        }
        Ok(most)
    }
}

fn told((row, obligations): &(DispatchRow, Vec<ObligationRow>)) -> Told {
    Told {
        dispatch: row.id,
        at: row.started_at,
        due_at: row.due_at,
        level: row.level,
        obligations: obligations.iter().map(|row| row.obligation.clone()).collect(),
    }
}

fn waits_for_its_call(obligation: &Obligation) -> bool {
    obligation.step.means == Means::Call && obligation.first_attempt_at.is_none() && !obligation.is_closed()
}

/// What no person wrote: nobody is told of it. What could not be read may be a person's.
fn is_noise(nature: Nature) -> bool {
    match nature {
        Nature::Person | Nature::Unreadable => false,
        Nature::Automatic | Nature::Bounce | Nature::ReadReceipt => true,
    }
}
