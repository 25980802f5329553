//! Telling the endusers: the plan as shown, run as shown; and an analyst's word that somebody was reached.

use super::view::{Staff, Task};
use super::{Desk, DeskError, MOST_ROWS};
use crate::audit::{Action, Actor};
use crate::progress::{News, Started};
use crate::store::rows::*;
use crate::store::{Commit, Write};
use domain::channel::Means;
use domain::directory::Kind;
use domain::dispatch::evidence::{ConfirmedBy, ReceiptKind};
use domain::dispatch::plan::{self, Plan, Request};
use domain::dispatch::purpose::Purpose;
use domain::id::*;
use domain::level::Level;
use jiff::Timestamp;
use std::collections::BTreeSet;

impl Desk {
    /// Who would be told, how and by when. No side effect.
    pub async fn plan(&self, id: ConversationId) -> Result<Plan, DeskError> {
        let row = self.row(id).await?;
        self.plan_of(&row, self.clock.now()).await
    }

    async fn plan_of(&self, row: &ConversationRow, now: Timestamp) -> Result<Plan, DeskError> {
        let directory = self.directory.read().await?;
        let request = Request {
            triage: &row.conversation.triage,
            received_at: row.conversation.received_at,
            now,
            directory: &directory,
            calendars: &self.calendars,
            policy: &self.policy,
            line_name: &self.line.voice.line_name,
            excluded: &BTreeSet::new(),
            has_summary: false,
            calls_per_second: None,
        };
        let mut plan = plan::plan(request)?;
        for means in [Means::Call, Means::Mail] {
            if plan.steps.iter().any(|step| step.means == means) && !self.progress.routes.serves(means) {
                return Err(DeskError::NoLane(means.as_str()));
            }
        }
        let before = plan.steps.len();
        plan.steps.retain(|step| self.progress.routes.serves(step.means));
        if plan.steps.len() < before {
            plan.notes
                .push("Some endusers are listed for text messages, but no account sends them: they are called and mailed only.".to_owned());
        }
        Ok(plan)
    }

    /// Tells them. `version` is the one that the analyst saw. Dispatch, obligations, their work and the record are one commit.
    pub async fn dispatch(&self, who: &Staff, id: ConversationId, version: i64) -> Result<DispatchId, DeskError> {
        let mut row = self.row(id).await?;
        if row.version != version {
            return Err(DeskError::Changed);
        }
        let now = self.clock.now();
        let plan = self.plan_of(&row, now).await?;
        self.refuse_repeat(id, &plan).await?;
        let dispatch = self.entropy.dispatch(now);
        row.conversation.dispatched_at.get_or_insert(now);
        let mut commit = Commit::default();
        commit.writes.push(Write::Conversation(Box::new(row)));
        let telling = DispatchRow {
            id: dispatch,
            conversation: id,
            level: plan.level,
            started_at: now,
            due_at: plan.due_at,
            started_by: Some(who.id),
            purpose: Purpose::Tip,
            summary: None,
            excluded: Vec::new(),
        };
        commit.audit.push(self.entry(who, id, now, Action::Dispatched { dispatch, level: plan.level, obligations: plan.steps.len() }));
        let Started { writes, wakes } = self.progress.start(telling, plan.steps);
        commit.writes.extend(writes);
        self.commit(commit).await?;
        self.progress.wake_all(&wakes);
        metrics::counter!("tipline_dispatches_total", "level" => plan.level.as_str()).increment(1);
        Ok(dispatch)
    }

    /// The same school at the same or a higher level has been told already; without a school (R49), all of the same organizations.
    async fn refuse_repeat(&self, id: ConversationId, plan: &Plan) -> Result<(), DeskError> {
        for dispatch in self.store.dispatches(id).await? {
            let told: Level = dispatch.level;
            let obligations = self.store.obligations(dispatch.id).await?;
            let was_told = |organization: &OrganizationKey| obligations.iter().any(|row| row.obligation.step.organization == *organization);
            let has_school = plan.steps.iter().any(|step| step.kind == Kind::School);
            let same = if has_school { was_told(&plan.school) } else { plan.steps.iter().all(|step| was_told(&step.organization)) };
            if same && told >= plan.level {
                return Err(DeskError::AlreadyDispatched);
            }
        }
        Ok(())
    }

    /// Notes that an enduser confirmed in person (R19: "an analyst's note"): on the latest attempt at the obligation.
    pub async fn confirm(&self, who: &Staff, obligation: ObligationId, note: String) -> Result<(), DeskError> {
        if note.trim().is_empty() {
            return Err(DeskError::Empty);
        }
        let row = self.store.obligation(obligation).await?.ok_or(DeskError::NotFound)?;
        let attempts = self.store.attempts(row.obligation.conversation).await?;
        let Some(attempt) = attempts.iter().rev().find(|attempt| attempt.owner == Owner::Obligation(obligation)) else {
            return Err(DeskError::NotTriedYet);
        };
        let tip = self.row(row.obligation.conversation).await?;
        let news = News {
            kinds: vec![ReceiptKind::Confirmed(ConfirmedBy::AnalystNote)],
            actor: Some(Actor::Staff(who.id)),
            writes: vec![self.sealed_note(who, &tip, NoteKind::Note, note.trim())?],
            ..News::default()
        };
        self.progress.news(attempt.id, news).await?;
        Ok(())
    }

    /// Open tasks, oldest first.
    pub async fn tasks(&self) -> Result<Vec<Task>, DeskError> {
        Ok(self.store.open_tasks(None, MOST_ROWS).await?.into_iter().map(Task::from).collect())
    }

    /// A task is done.
    pub async fn task_done(&self, who: &Staff, task: TaskId) -> Result<(), DeskError> {
        let open = self.store.open_tasks(None, u32::MAX).await?;
        let task = open.into_iter().find(|open| open.id == task).ok_or(DeskError::NotFound)?;
        let now = self.clock.now();
        let audit = vec![self.entry(who, task.conversation, now, Action::TaskDone { what: task.what })];
        self.commit(Commit { once: None, writes: vec![Write::TaskDone(task.id, who.id, now)], audit }).await
    }
}

impl From<TaskRow> for Task {
    fn from(row: TaskRow) -> Self {
        Self { id: row.id, conversation: row.conversation, what: row.what, created_at: row.created_at }
    }
}
