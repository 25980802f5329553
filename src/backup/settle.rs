//! Ending what was under way in a backup, so that a restored deployment sends nothing by itself that may have gone out already.
//!
//! Tip by tip in one commit each: open promises fail for this reason, answers are "not known", the clocks count as having rung, the record
//! says so, and one task asks a person to find out. Files that wait at a carrier are still fetched: asking sends nothing. What
//! comes after, a new text or a new dispatch, goes its usual way.

use super::BackupError;
use super::manifest::Manifest;
use super::take::when;
use crate::audit::{Action, Actor, Entry};
use crate::clock::Clock;
use crate::config::Config;
use crate::deployment::{self, refusal};
use crate::entropy::Entropy;
use crate::lifecycle::{SHUTDOWN_DEADLINE, Tasks};
use crate::live::Live;
use crate::media::{self, shared};
use crate::progress::{delivery_word, told};
use crate::reconcile::SinceBackup;
use crate::store::rows::*;
use crate::store::{Commit, Outcome, Store, StoreError, Write};
use domain::conversation::State as TipState;
use domain::dispatch::obligation::State;
use domain::dispatch::policy::Policy;
use domain::dispatch::purpose::Purpose;
use domain::dispatch::watch::{Facts, Told};
use domain::id::{ConversationId, TaskId};
use domain::level::Level;
use jiff::Timestamp;

/// How many messages of a tip are read at once.
const MESSAGES: u32 = 500;
/// How many tasks of a tip are looked at.
const TASKS: u32 = 1000;

/// What was ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settled {
    /// Tips with anything under way.
    pub tips: u64,
    /// Promises that were open.
    pub obligations: u64,
    /// Messages to reporters that had not arrived.
    pub messages: u64,
    /// Tasks for people.
    pub tasks: u64,
}

/// Ends what was under way in these tips.
pub(super) async fn settle(config: &Config, clock: &Clock, manifest: &Manifest, tips: Vec<ConversationId>) -> anyhow::Result<Settled> {
    let tasks = Tasks::default();
    let (store, _) = deployment::open_marked(config, &tasks, &Live::default(), false).await?;
    let settling =
        Settling { store: &*store, clock, policy: config.policy(), taken_at: manifest.taken_at, when: when(manifest.taken_at, config) };
    let settled = async {
        if let Some(id) = store.meta(shared::DEPLOYMENT).await? {
            shared::adopt(&config.media.folder, &id).map_err(refusal)?;
        }
        Ok::<_, anyhow::Error>(settling.all(tips).await?)
    };
    let settled = settled.await;
    store.close().await;
    tasks.stop();
    tasks.ended(SHUTDOWN_DEADLINE).await;
    settled
}

struct Settling<'a> {
    store: &'a dyn Store,
    clock: &'a Clock,
    policy: &'a Policy,
    taken_at: Timestamp,
    when: String,
}

/// What one tip had under way.
#[derive(Default)]
struct Found {
    commit: Commit,
    obligations: usize,
    /// Those by which endusers are told of the tip.
    tellings: usize,
    messages: usize,
    /// Nobody had decided yet whether endusers must be told at once.
    clock_runs: bool,
}

impl Settling<'_> {
    async fn all(&self, tips: Vec<ConversationId>) -> Result<Settled, BackupError> {
        let mut settled = Settled::default();
        for id in tips {
            let Some(row) = self.store.conversation(id).await? else { continue };
            let found = self.tip(&row).await?;
            settled.tips += 1;
            settled.obligations += found.obligations as u64;
            settled.messages += found.messages as u64;
            settled.tasks += u64::from(found.wants_a_person(&row));
            self.commit(found.commit).await?;
        }
        let from = serde_json::to_string(&SinceBackup::new(self.taken_at)).map_err(|_| BackupError::Contended)?;
        self.commit(Commit { writes: vec![Write::Meta(SinceBackup::NAME, from)], ..Commit::default() }).await?;
        Ok(settled)
    }

    async fn commit(&self, commit: Commit) -> Result<(), BackupError> {
        match self.store.commit(commit).await? {
            Outcome::Committed(_) | Outcome::Duplicate => Ok(()),
            Outcome::Conflict => Err(BackupError::Contended),
        }
    }

    async fn tip(&self, row: &ConversationRow) -> Result<Found, StoreError> {
        let (id, now) = (row.conversation.id, self.clock.now());
        let mut found = Found::default();
        let dispatches = self.store.dispatches(id).await?;
        for dispatch in &dispatches {
            for obligation in self.store.obligations(dispatch.id).await? {
                found.obligation(obligation, now);
            }
        }
        let mut after = 0;
        loop {
            let page = self.store.messages(id, after, MESSAGES).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            page.into_iter().for_each(|message| found.message(message, now));
        }
        for attachment in self.store.attachments(id).await?.iter().filter(|one| one.is_unfinished()) {
            let work = WorkRow { id: WorkId::Attachment(attachment.id), lane: media::lane(), rank: 0, due_at: now, run_at: now };
            found.commit.writes.push(Write::Work(work));
        }
        if row.conversation.state == TipState::Open && !row.conversation.drill {
            self.clocks(row, &dispatches, &mut found).await?;
        }
        self.tell(row, &mut found, now);
        Ok(found)
    }

    /// The clocks of an open tip have rung, as far as they could.
    async fn clocks(&self, row: &ConversationRow, dispatches: &[DispatchRow], found: &mut Found) -> Result<(), StoreError> {
        let tip = &row.conversation;
        let mut watch = self.store.watch(tip.id).await?.unwrap_or(WatchRow { conversation: tip.id, watch: Default::default(), version: 0 });
        let before = watch.watch.clone();
        let tasks = self.store.open_tasks(Some(tip.id), TASKS).await?;
        let tasks: Vec<_> = tasks.iter().filter_map(|task| Some((task.id, task.due_at?))).collect();
        let told = |row: &DispatchRow| Told {
            dispatch: row.id,
            at: row.started_at,
            due_at: row.due_at,
            level: row.level,
            obligations: Vec::new(),
        };
        let dispatches: Vec<Told> = dispatches.iter().map(told).collect();
        let facts = Facts {
            received_at: tip.received_at,
            open: true,
            level: tip.triage.level,
            for_endusers: tip.triage.is_for_endusers(),
            dispatches: &dispatches,
            tasks: &tasks,
            news: None,
            seconds_of_calls_left: 0.0,
        };
        found.clock_runs = match tip.triage.level {
            None | Some(Level::Critical) => facts.for_endusers && tip.dispatched_at.is_none(),
            Some(Level::Standard | Level::Other) => false,
        };
        watch.watch.silence(facts, row.last_seq, self.policy);
        if watch.version == 0 || watch.watch != before {
            found.commit.writes.push(Write::Watch(Box::new(watch)));
        }
        Ok(())
    }

    /// A task, if there is anything that a person has to find out, and the record.
    fn tell(&self, row: &ConversationRow, found: &mut Found, now: Timestamp) {
        let conversation = row.conversation.id;
        if found.wants_a_person(row) {
            let what = format!("Restored from the backup of {}: {}.", self.when, found.to_find_out());
            found.commit.writes.push(Write::Task(TaskRow {
                id: TaskId::new(Entropy.ordered(now)),
                conversation,
                obligation: None,
                what,
                created_at: now,
                kind: TaskKind::Failed,
                due_at: None,
            }));
        }
        if found.obligations + found.messages > 0 || found.wants_a_person(row) {
            let action = Action::Restored { taken_at: self.taken_at, obligations: found.obligations, unheard: found.messages };
            found.commit.audit.push(Entry { conversation, at: now, actor: Actor::System, action });
        }
    }
}

impl Found {
    fn obligation(&mut self, row: ObligationRow, now: Timestamp) {
        if row.obligation.is_closed() {
            return;
        }
        let next = row.obligation.restored(now);
        self.obligations += 1;
        self.tellings += match next.purpose {
            Purpose::Tip | Purpose::Update => 1,
            Purpose::Page(_) | Purpose::Drill | Purpose::Feedback => 0,
        };
        let action = match &next.state {
            State::Satisfied { by, .. } => Some(Action::Satisfied { told: told(&next), by: *by }),
            State::Failed { reason, .. } => Some(Action::Failed { told: told(&next), because: *reason }),
            State::Standby { .. } | State::Waiting { .. } | State::InFlight { .. } | State::Released { .. } => None,
        };
        let entry = |action| Entry { conversation: next.conversation, at: now, actor: Actor::System, action };
        self.commit.audit.extend(action.map(entry));
        self.commit.writes.push(Write::WorkDone(WorkId::Obligation(next.id)));
        self.commit.writes.push(Write::Obligation(Box::new(ObligationRow { obligation: next, ..row })));
    }

    fn message(&mut self, row: MessageRow, now: Timestamp) {
        let Some(delivery) = row.delivery.clone().filter(|delivery| delivery.timer().is_some()) else { return };
        let next = delivery.restored(now);
        self.messages += 1;
        let action = Action::Delivery { message: row.id, state: delivery_word(&next).to_owned() };
        self.commit.audit.push(Entry { conversation: row.conversation, at: now, actor: Actor::System, action });
        self.commit.writes.push(Write::WorkDone(WorkId::Message(row.id)));
        self.commit.writes.push(Write::Delivery(Box::new(MessageRow { delivery: Some(next), ..row })));
    }

    fn wants_a_person(&self, row: &ConversationRow) -> bool {
        !row.conversation.drill && !row.key.is_destroyed() && (self.tellings > 0 || self.messages > 0 || self.clock_runs)
    }

    fn to_find_out(&self) -> String {
        let mut parts = Vec::new();
        if self.clock_runs {
            parts.push("it waited to be sorted and dispatched, and its clock has stopped".to_owned());
        }
        if self.tellings > 0 {
            parts.push(format!("endusers were being told ({} of them not yet); ask who was, and tell the others by hand", self.tellings));
        }
        if self.messages > 0 {
            parts.push(format!("whether the last messages to the reporter ({}) were sent is not known", self.messages));
        }
        parts.join(". Also, ")
    }
}
