//! Telling the endusers: the plan as shown, run as shown, less whom a supervisor leaves out; and an analyst's word that somebody was reached.
//!
//! A plan is made again when it is dispatched. Should it not be the one that was shown any more (somebody was attested out of the list, the
//! district's hours began), nothing is sent and it is shown again.

use super::follow_up::follow_up;
use super::plan_shown::PlanShown;
use super::view::Staff;
use super::{Desk, DeskError};
use crate::audit::{Action, Actor};
use crate::progress::{MOST_REPEATS, News, Started};
use crate::store::rows::*;
use crate::store::{Commit, Outcome, Write};
use crate::watch;
use domain::channel::Means;
use domain::conversation::triage::StaffRole;
use domain::directory::Kind;
use domain::dispatch::evidence::{ConfirmedBy, ReceiptKind};
use domain::dispatch::obligation::State;
use domain::dispatch::plan::{self, Plan, Request, StepContent};
use domain::dispatch::purpose::Purpose;
use domain::id::*;
use domain::level::Level;
use domain::sealed::Words;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The longest summary, in characters: read out on a call in about two minutes.
pub const LONGEST_SUMMARY: usize = 1_500;
/// The longest reason for leaving somebody out, in characters.
const LONGEST_REASON: usize = 1_000;

/// What an analyst wants told, as the form gives it.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// The tip's version that was seen.
    pub version: i64,
    /// The fingerprint of the plan that was seen; a client that shows no plan gives none.
    pub shown: Option<String>,
    /// Persons who are told nothing, because the tip is about them (R42). Supervisors only.
    pub leave_out: BTreeSet<PersonKey>,
    /// Why.
    pub why_left_out: String,
    /// A summary for those organizations that have accepted one in writing; empty for none.
    pub summary: Words,
}

impl Desk {
    /// Who would be told, how and by when, without these persons and those who were left out of this tip before. No side effect.
    pub async fn plan(&self, id: ConversationId, leave_out: &BTreeSet<PersonKey>) -> Result<PlanShown, DeskError> {
        let row = self.row(id).await?;
        // As if there were a summary: so it is seen whether anybody would get one.
        let leave_out = self.left_out(id).await?.union(leave_out).cloned().collect();
        let plan = self.plan_of(&row, self.clock.now(), &leave_out, true).await?;
        Ok(PlanShown::new(plan))
    }

    /// Those whom a supervisor left out of this tip: they stay so, whoever dispatches it again at a higher level (R42).
    async fn left_out(&self, id: ConversationId) -> Result<BTreeSet<PersonKey>, DeskError> {
        Ok(self.store.dispatches(id).await?.into_iter().flat_map(|dispatch| dispatch.excluded).collect())
    }

    async fn plan_of(
        &self,
        row: &ConversationRow,
        now: Timestamp,
        leave_out: &BTreeSet<PersonKey>,
        has_summary: bool,
    ) -> Result<Plan, DeskError> {
        let directory = self.directory.read().await?;
        let request = Request {
            triage: &row.conversation.triage,
            received_at: row.conversation.received_at,
            now,
            directory: &directory,
            calendars: &self.calendars,
            policy: &self.policy,
            line_name: &self.line.voice.line_name,
            excluded: leave_out,
            has_summary,
            calls_per_second: self.progress.routes.for_means(Means::Call).per_second,
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

    /// Tells them, as wished on what was seen. Dispatch, obligations, their work, the follow-up's task, the clocks and the record are one commit.
    pub async fn dispatch(&self, who: &Staff, id: ConversationId, wish: &Wish) -> Result<DispatchId, DeskError> {
        let before = self.left_out(id).await?;
        let newly: BTreeSet<PersonKey> = wish.leave_out.difference(&before).cloned().collect();
        allowed(who, wish, &newly)?;
        let leave_out: BTreeSet<PersonKey> = before.union(&newly).cloned().collect();
        // Repeated only when the clocks were looked at meanwhile: a tip that somebody changed is shown again.
        for _ in 0..MOST_REPEATS {
            let row = self.row(id).await?;
            if row.version != wish.version {
                return Err(DeskError::Changed);
            }
            let now = self.clock.now();
            let plan = self.plan_of(&row, now, &leave_out, !wish.summary.is_empty()).await?;
            if wish.shown.as_ref().is_some_and(|shown| *shown != PlanShown::fingerprint_of(&plan)) {
                return Err(DeskError::PlanChanged);
            }
            if !wish.summary.is_empty() && plan.steps.iter().all(|step| step.content == StepContent::Nothing) {
                return Err(DeskError::NobodyTakesASummary);
            }
            self.refuse_repeat(id, &plan).await?;
            let level = plan.level;
            let (dispatch, commit, wakes) = self.dispatching(who, row, plan, (wish, &newly, &leave_out), now).await?;
            if let Outcome::Committed(_) | Outcome::Duplicate = self.store.commit(commit).await? {
                self.progress.wake_all(&wakes);
                self.progress.wake.at(&watch::lane(), now);
                metrics::counter!("tipline_dispatches_total", "level" => level.as_str()).increment(1);
                return Ok(dispatch);
            }
        }
        Err(DeskError::Changed)
    }

    async fn dispatching(
        &self,
        who: &Staff,
        mut row: ConversationRow,
        plan: Plan,
        (wish, newly, leave_out): (&Wish, &BTreeSet<PersonKey>, &BTreeSet<PersonKey>),
        now: Timestamp,
    ) -> Result<(DispatchId, Commit, Vec<(LaneKey, Timestamp)>), DeskError> {
        let (id, dispatch) = (row.conversation.id, self.entropy.dispatch(now));
        let key = self.vault.unwrap_key(id, &row.key)?;
        let mut commit = Commit::default();
        commit.audit.push(self.entry(who, id, now, Action::Dispatched { dispatch, level: plan.level, obligations: plan.steps.len() }));
        if !newly.is_empty() {
            let persons = newly.iter().cloned().collect();
            commit.audit.push(self.entry(who, id, now, Action::Excluded { persons }));
            let note = format!("Left out of the dispatch: {}", wish.why_left_out.trim());
            commit.writes.push(self.sealed_note(who, &row, NoteKind::Note, &note)?);
        }
        commit.writes.extend(follow_up(&plan, id, now, &self.policy, self.entropy).map(Write::Task));
        // Endusers are told that there is a report; what was written until now belongs to it and is no news.
        commit.writes.extend(self.no_more_attempts_at(id, newly, now).await?);
        let mut watch = self.clocks(id).await?;
        watch.watch.dispatched(row.last_seq);
        commit.writes.extend([Write::Watch(Box::new(watch)), Write::Work(watch::look(id, now))]);
        row.conversation.dispatched_at.get_or_insert(now);
        let telling = DispatchRow {
            id: dispatch,
            conversation: id,
            level: plan.level,
            started_at: now,
            due_at: plan.due_at,
            started_by: Some(who.id),
            purpose: Purpose::Tip,
            summary: (!wish.summary.is_empty()).then(|| self.vault.seal(&key, dispatch.uuid().as_bytes(), wish.summary.reveal().trim())),
            excluded: leave_out.iter().cloned().collect(),
        };
        let Started { writes, wakes } = self.progress.start(telling, plan.steps);
        commit.writes.extend(writes);
        // The version guards everything: a message or a change that came meanwhile has made another one.
        commit.writes.push(Write::Still(id, row.version, row.last_seq));
        commit.writes.push(Write::Conversation(Box::new(row)));
        Ok((dispatch, commit, wakes))
    }

    /// R42: whoever is left out from now on is not called or written to again by an earlier dispatch either. What is on its way just now
    /// cannot be taken back.
    async fn no_more_attempts_at(&self, id: ConversationId, newly: &BTreeSet<PersonKey>, now: Timestamp) -> Result<Vec<Write>, DeskError> {
        let mut writes = Vec::new();
        if newly.is_empty() {
            return Ok(writes);
        }
        for dispatch in self.store.dispatches(id).await? {
            let concerns = match dispatch.purpose {
                Purpose::Tip | Purpose::Update | Purpose::Feedback => true,
                Purpose::Page(_) | Purpose::Drill => false,
            };
            if !concerns {
                continue;
            }
            for mut row in self.store.obligations(dispatch.id).await? {
                if newly.contains(&row.obligation.step.person) && !row.obligation.is_closed() {
                    row.obligation.state = State::Released { at: now };
                    writes.push(Write::WorkDone(WorkId::Obligation(row.obligation.id)));
                    writes.push(Write::Obligation(Box::new(row)));
                }
            }
        }
        Ok(writes)
    }

    /// The clocks of a tip; new ones for a tip of before there were any.
    pub(super) async fn clocks(&self, conversation: ConversationId) -> Result<WatchRow, DeskError> {
        let found = self.store.watch(conversation).await?;
        Ok(found.unwrap_or(WatchRow { conversation, watch: domain::dispatch::watch::Watch::default(), version: 0 }))
    }

    /// The same school at the same or a higher level has been told already; without a school (R49), all of the same organizations.
    /// News, pages and questions tell nobody of the tip and are not counted.
    async fn refuse_repeat(&self, id: ConversationId, plan: &Plan) -> Result<(), DeskError> {
        for dispatch in self.store.dispatches(id).await?.into_iter().filter(|row| row.purpose.tells_of_tip()) {
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
}

/// Whether this member of staff may wish that.
fn allowed(who: &Staff, wish: &Wish, newly: &BTreeSet<PersonKey>) -> Result<(), DeskError> {
    let length = wish.summary.reveal().chars().count();
    if length > LONGEST_SUMMARY {
        return Err(DeskError::TooLong(length, LONGEST_SUMMARY));
    }
    if newly.is_empty() {
        return Ok(());
    }
    match who.role {
        StaffRole::Analyst => Err(DeskError::OnlySupervisorLeavesOut),
        StaffRole::Supervisor if wish.why_left_out.trim().is_empty() => Err(DeskError::WhyLeftOut),
        StaffRole::Supervisor => {
            let length = wish.why_left_out.chars().count();
            if length > LONGEST_REASON { Err(DeskError::TooLong(length, LONGEST_REASON)) } else { Ok(()) }
        }
    }
}
