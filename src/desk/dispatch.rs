//! Telling the endusers: the plan as shown, run as shown, less whom a supervisor leaves out; and an analyst's word that somebody was reached.
//!
//! A plan is made again when it is dispatched. Should it not be the one that was shown any more (somebody was attested out of the list, the
//! district's hours began), nothing is sent and it is shown again.

use super::follow_up::follow_up;
use super::plan_shown::PlanShown;
use super::view::Staff;
use super::{Desk, DeskError};
use crate::audit::{Action, Actor};
use crate::progress::left_out::left_out;
use crate::progress::{MOST_REPEATS, News, Started, Took};
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
    /// Persons who were left out before and are told from now on. Supervisors only.
    pub put_back: BTreeSet<PersonKey>,
    /// Why.
    pub why_put_back: String,
    /// A summary for those organizations that have accepted one in writing; empty for none.
    pub summary: Words,
}

impl Desk {
    /// Who would be told, how and by when, without these persons and those who were left out of this tip before, less whom a supervisor puts
    /// back. No side effect.
    pub async fn plan(
        &self,
        id: ConversationId,
        leave_out: &BTreeSet<PersonKey>,
        put_back: &BTreeSet<PersonKey>,
    ) -> Result<PlanShown, DeskError> {
        let row = self.row(id).await?;
        let changes = Changes::of(&self.left_out(id).await?, leave_out, put_back);
        // As if there were a summary: so it is seen whether anybody would get one.
        let plan = match self.plan_of(&row, self.clock.now(), &changes, true).await? {
            Planned::New(plan) | Planned::Repeat(plan) => plan,
        };
        Ok(PlanShown::new(plan))
    }

    /// Those whom a supervisor left out of this tip and nobody put back: they stay so, whoever dispatches it again (R42).
    pub(super) async fn left_out(&self, id: ConversationId) -> Result<BTreeSet<PersonKey>, DeskError> {
        Ok(left_out(&self.store.dispatches(id).await?))
    }

    /// The same by name, for whoever may put them back.
    pub async fn left_out_by_name(&self, id: ConversationId) -> Result<Vec<(PersonKey, String)>, DeskError> {
        let (left_out, directory) = (self.left_out(id).await?, self.directory.read().await?);
        Ok(left_out.into_iter().map(|key| (key.clone(), super::read::person_name(&directory, &key))).collect())
    }

    /// The plan for everybody who is not left out. Where the same people were told already, it holds only those who are put back.
    async fn plan_of(&self, row: &ConversationRow, now: Timestamp, changes: &Changes, has_summary: bool) -> Result<Planned, DeskError> {
        let mut plan = self.whole_plan_of(row, now, &changes.leave_out, has_summary).await?;
        if !self.is_repeat(row.conversation.id, &plan, &changes.put_back).await? {
            return Ok(Planned::New(plan));
        }
        if !changes.put_back.is_empty() {
            plan.steps.retain(|step| changes.put_back.contains(&step.person));
            plan.due_at = plan.steps.iter().map(|step| step.due_at).max().unwrap_or(plan.due_at);
            plan.notes = vec!["The others have been told already: only who is put back is told now.".to_owned()];
        }
        Ok(Planned::Repeat(plan))
    }

    async fn whole_plan_of(
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
        let changes = Changes::of(&self.left_out(id).await?, &wish.leave_out, &wish.put_back);
        allowed(who, wish, &changes)?;
        // Repeated only when the clocks were looked at meanwhile: a tip that somebody changed is shown again.
        for _ in 0..MOST_REPEATS {
            let row = self.row(id).await?;
            if row.version != wish.version {
                return Err(DeskError::Changed);
            }
            let now = self.clock.now();
            let planned = self.plan_of(&row, now, &changes, !wish.summary.is_empty()).await?;
            let plan = match planned {
                Planned::Repeat(_) if changes.put_back.is_empty() => return Err(DeskError::AlreadyDispatched),
                Planned::Repeat(plan) if plan.steps.is_empty() => return Err(DeskError::NobodyPutBack),
                Planned::New(plan) | Planned::Repeat(plan) => plan,
            };
            if wish.shown.as_ref().is_some_and(|shown| *shown != PlanShown::fingerprint_of(&plan)) {
                return Err(DeskError::PlanChanged);
            }
            if !wish.summary.is_empty() && plan.steps.iter().all(|step| step.content == StepContent::Nothing) {
                return Err(DeskError::NobodyTakesASummary);
            }
            let level = plan.level;
            let (dispatch, commit, wakes) = self.dispatching(who, row, plan, (wish, &changes), now).await?;
            if let Outcome::Committed(_) | Outcome::Duplicate = self.store.commit(commit).await? {
                self.progress.wake_all(&wakes);
                self.progress.wake.at(&watch::lane(), now);
                metrics::counter!(crate::telemetry::metric::DISPATCHES, "level" => level.as_str()).increment(1);
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
        (wish, changes): (&Wish, &Changes),
        now: Timestamp,
    ) -> Result<(DispatchId, Commit, Vec<(LaneKey, Timestamp)>), DeskError> {
        let (id, dispatch) = (row.conversation.id, self.entropy.dispatch(now));
        let key = self.vault.unwrap_key(id, &row.key)?;
        let mut commit = Commit::default();
        commit.audit.push(self.entry(who, id, now, Action::Dispatched { dispatch, level: plan.level, obligations: plan.steps.len() }));
        let Changes { leave_out, newly, put_back } = changes;
        if !newly.is_empty() {
            let persons = newly.iter().cloned().collect();
            commit.audit.push(self.entry(who, id, now, Action::Excluded { persons }));
            let note = format!("Left out of the dispatch: {}", wish.why_left_out.trim());
            commit.writes.push(self.sealed_note(who, &row, NoteKind::Note, &note)?);
        }
        if !put_back.is_empty() {
            let persons = put_back.iter().cloned().collect();
            commit.audit.push(self.entry(who, id, now, Action::PutBack { persons }));
            let note = format!("Told again, after having been left out: {}", wish.why_put_back.trim());
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

    /// Whether the same school at the same or a higher level has been told already; without a school (R49), all of the same organizations.
    /// News, pages and questions tell nobody of the tip and are not counted; nor are organizations in which nobody but who is put back
    /// would be told.
    async fn is_repeat(&self, id: ConversationId, plan: &Plan, put_back: &BTreeSet<PersonKey>) -> Result<bool, DeskError> {
        for dispatch in self.store.dispatches(id).await?.into_iter().filter(|row| row.purpose.tells_of_tip()) {
            let told: Level = dispatch.level;
            let obligations = self.store.obligations(dispatch.id).await?;
            let was_told = |organization: &OrganizationKey| obligations.iter().any(|row| row.obligation.step.organization == *organization);
            let has_school = plan.steps.iter().any(|step| step.kind == Kind::School);
            let mut others = plan.steps.iter().filter(|step| !put_back.contains(&step.person));
            // Should all of a school be those who are put back, the school itself was never told.
            let same = if has_school && was_told(&plan.school) {
                true
            } else {
                (!has_school || !put_back.is_empty()) && others.all(|step| was_told(&step.organization))
            };
            if same && told >= plan.level {
                return Ok(true);
            }
        }
        Ok(false)
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
        let written = self.sealed_note(who, &tip, NoteKind::Note, note.trim())?;
        let news = News {
            kinds: vec![ReceiptKind::Confirmed(ConfirmedBy::AnalystNote)],
            actor: Some(Actor::Staff(who.id)),
            writes: vec![written.clone()],
            ..News::default()
        };
        match self.progress.news(attempt.id, news).await? {
            Took::Taken => Ok(()),
            // They had confirmed before: what was said is kept all the same.
            Took::Known | Took::Stale | Took::NoAttempt => {
                let audit = vec![self.entry(who, tip.conversation.id, self.clock.now(), Action::Noted)];
                self.commit(Commit { once: None, writes: vec![written], audit }).await
            }
        }
    }
}

/// Whom a dispatch leaves out.
struct Changes {
    /// Everybody who is left out from now on.
    leave_out: BTreeSet<PersonKey>,
    /// Who of them was not before.
    newly: BTreeSet<PersonKey>,
    /// Who was before, and is not any more.
    put_back: BTreeSet<PersonKey>,
}

/// A plan, and whether its organizations were told before.
enum Planned {
    /** It tells somebody anew. */
    New(Plan),
    /** They were told of the tip at this level; only who is put back, if anybody is, is in it. */
    Repeat(Plan),
}

impl Changes {
    fn of(before: &BTreeSet<PersonKey>, leave_out: &BTreeSet<PersonKey>, put_back: &BTreeSet<PersonKey>) -> Self {
        let newly: BTreeSet<PersonKey> = leave_out.difference(before).cloned().collect();
        // Whoever is ticked in both is left out: telling them cannot be taken back.
        let put_back: BTreeSet<PersonKey> = put_back.intersection(before).filter(|key| !leave_out.contains(*key)).cloned().collect();
        let leave_out = before.union(&newly).filter(|key| !put_back.contains(*key)).cloned().collect();
        Self { leave_out, newly, put_back }
    }
}

/// Whether this member of staff may wish that.
fn allowed(who: &Staff, wish: &Wish, changes: &Changes) -> Result<(), DeskError> {
    let length = wish.summary.reveal().chars().count();
    if length > LONGEST_SUMMARY {
        return Err(DeskError::TooLong(length, LONGEST_SUMMARY));
    }
    let reasons = [
        (&changes.newly, &wish.why_left_out, DeskError::OnlySupervisorLeavesOut, DeskError::WhyLeftOut),
        (&changes.put_back, &wish.why_put_back, DeskError::OnlySupervisorPutsBack, DeskError::WhyPutBack),
    ];
    for (persons, why, only_supervisors, missing) in reasons {
        if persons.is_empty() {
            continue;
        }
        match who.role {
            StaffRole::Analyst => return Err(only_supervisors),
            StaffRole::Supervisor if why.trim().is_empty() => return Err(missing),
            StaffRole::Supervisor => {}
        }
        let length = why.chars().count();
        if length > LONGEST_REASON {
            return Err(DeskError::TooLong(length, LONGEST_REASON));
        }
    }
    Ok(())
}
