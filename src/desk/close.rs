//! Closing a tip: what must have been done before, and the question that follows (R1, R21, R35, R56).

use super::view::Staff;
use super::{Desk, DeskError, MOST_ROWS};
use crate::audit::Action;
use crate::progress::Started;
use crate::progress::left_out::left_out;
use crate::store::rows::*;
use crate::store::{Commit, Write};
use crate::watch;
use domain::channel::Means;
use domain::conversation::State;
use domain::directory::Kind;
use domain::dispatch::obligation::{self, Obligation};
use domain::dispatch::plan::Step;
use domain::dispatch::purpose::Purpose;
use domain::dispatch::telling::Telling;
use domain::id::{ConversationId, LaneKey};
use domain::level::Level;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What is written when a tip is closed.
#[derive(Debug, Clone, Default)]
pub struct Closing {
    /// What was done, and why it is finished.
    pub reason: String,
    /// Whether somebody is referred to mental-health services: must be decided for tips of self-harm (R56).
    pub referral: Option<bool>,
    /// To whom, or why not.
    pub referral_note: String,
    /// Whom at the police a member of staff told, when a safety issue is marked and no dispatch reached them (R35).
    pub police_told: String,
}

impl Desk {
    /// Closes the tip. Refused while something promised is open or a message is unread, before the tip was sorted, and without what the
    /// procedures want done first (R1, R35, R56).
    pub async fn close(&self, who: &Staff, id: ConversationId, closing: &Closing) -> Result<(), DeskError> {
        let mut row = self.row(id).await?;
        let told = self.told_of(id).await?;
        self.may_close(&row, &told, closing)?;
        if !self.store.open_tasks(Some(id), 1).await?.is_empty() {
            return Err(cannot("There are open tasks. Do them, or note that they are done, then close."));
        }
        let now = self.clock.now();
        let (mut writes, mut audit) = (Vec::new(), vec![self.entry(who, id, now, Action::Closed)]);
        writes.push(self.sealed_note(who, &row, NoteKind::Note, &format!("Closed: {}", closing.reason.trim()))?);
        if let Some(referred) = closing.referral.filter(|_| self.wants_referral(&row)) {
            audit.push(self.entry(who, id, now, Action::ReferralDecided { referred }));
            let decided = if referred { "Referred to" } else { "No referral" };
            writes.push(self.sealed_note(who, &row, NoteKind::Note, &format!("{decided}: {}", closing.referral_note.trim()))?);
        }
        if !closing.police_told.trim().is_empty() {
            audit.push(self.entry(who, id, now, Action::PoliceToldByHand));
            writes.push(self.sealed_note(who, &row, NoteKind::Note, &format!("Police told by hand: {}", closing.police_told.trim()))?);
        }
        let wakes = self.ask_for_feedback(who, id, &told, now, (&mut writes, &mut audit)).await?;
        // What was counted under this tip stands by itself from now on, and its clocks run.
        for alike in self.store.inbox(InboxFilter::Alike(id), MOST_ROWS).await? {
            writes.push(Write::Work(watch::look(alike.row.conversation.id, now)));
        }
        row.conversation.state = State::Closed;
        // The row read above decides: whatever came since (a message, a dispatch) makes this a conflict, and the analyst looks again.
        writes.extend([Write::RetireContacts(id), Write::Conversation(Box::new(row)), Write::Work(watch::look(id, now))]);
        self.commit(Commit { once: None, writes, audit }).await?;
        self.progress.wake_all(&wakes);
        self.progress.wake.at(&watch::lane(), now);
        Ok(())
    }

    /// Why it may not be closed, as the first thing to do.
    fn may_close(&self, row: &ConversationRow, told: &[(DispatchRow, Vec<Obligation>)], closing: &Closing) -> Result<(), DeskError> {
        let triage = &row.conversation.triage;
        if closing.reason.trim().is_empty() {
            return Err(cannot("Write why it is closed."));
        }
        if row.unread > 0 {
            return Err(cannot("The reporter has written since you opened this tip. Read it first."));
        }
        if triage.level.is_none() {
            return Err(cannot("Sort the tip first: it has no level and no type yet."));
        }
        if row.conversation.dispatched_at.is_none() && triage.is_for_endusers() {
            return Err(cannot("Nobody has been told yet: every tip goes to its school (levels Standard and Other by mail)."));
        }
        let promises = told.iter().filter(|(row, _)| matches!(row.purpose, Purpose::Tip | Purpose::Update));
        let open = promises.flat_map(|(_, obligations)| obligations).filter(|obligation| !obligation.is_closed()).count();
        if open > 0 {
            return Err(DeskError::CannotClose(format!("{open} promises are still under way. Close it when they are kept.")));
        }
        if triage.marks.safety_issue && !police_were_told(told) && closing.police_told.trim().is_empty() {
            return Err(cannot(
                "A safety issue is marked, so police must be told, and no dispatch has reached them. Tell them, and write here with whom you spoke.",
            ));
        }
        if self.wants_referral(row) {
            if closing.referral.is_none() {
                return Err(cannot("Decide on a referral to mental-health services first: this tip is about self-harm."));
            }
            if closing.referral_note.trim().is_empty() {
                return Err(cannot("Write to whom they are referred, or why there is no referral."));
            }
        }
        Ok(())
    }

    /// Whether a decision on referral to mental-health services is wanted (R56).
    pub(super) fn wants_referral(&self, row: &ConversationRow) -> bool {
        let types = row.conversation.triage.types.iter();
        types.filter_map(|key| self.catalogue.get(key)).any(|one| one.referral)
    }

    /// The dispatches of a tip, of every purpose, with their obligations.
    pub(super) async fn told_of(&self, id: ConversationId) -> Result<Vec<(DispatchRow, Vec<Obligation>)>, DeskError> {
        let mut told = Vec::new();
        for dispatch in self.store.dispatches(id).await? {
            let obligations = self.store.obligations(dispatch.id).await?.into_iter().map(|row| row.obligation).collect();
            told.push((dispatch, obligations));
        }
        Ok(told)
    }

    /// A mail to everybody who was told, once, however often the tip is opened and closed again (R21). Nobody waits for it.
    async fn ask_for_feedback(
        &self,
        who: &Staff,
        id: ConversationId,
        told: &[(DispatchRow, Vec<Obligation>)],
        now: Timestamp,
        (writes, audit): (&mut Vec<Write>, &mut Vec<crate::audit::Entry>),
    ) -> Result<Vec<(LaneKey, Timestamp)>, DeskError> {
        let asked = told.iter().any(|(row, _)| row.purpose == Purpose::Feedback);
        if asked || !self.progress.routes.serves(Means::Mail) {
            return Ok(Vec::new());
        }
        let directory = self.directory.read().await?;
        let earlier = still_told(told);
        let line_name = &self.line.voice.line_name;
        let telling = Telling { now, directory: &directory, calendars: &self.calendars, policy: &self.policy, line_name };
        let steps: Vec<Step> = telling.feedback(&earlier, Level::Other);
        let Some(due_at) = steps.iter().map(|step| step.due_at).max() else { return Ok(Vec::new()) };
        let people = steps.iter().map(|step| &step.person).collect::<BTreeSet<_>>().len();
        audit.push(self.entry(who, id, now, Action::FeedbackAsked { people }));
        let row = DispatchRow {
            id: self.entropy.dispatch(now),
            conversation: id,
            level: Level::Other,
            started_at: now,
            due_at,
            started_by: None,
            purpose: Purpose::Feedback,
            summary: None,
            excluded: Vec::new(),
        };
        let Started { writes: rows, wakes } = self.progress.start(row, steps);
        writes.extend(rows);
        Ok(wakes)
    }
}

fn cannot(why: &str) -> DeskError {
    DeskError::CannotClose(why.to_owned())
}

fn tips_only(told: &[(DispatchRow, Vec<Obligation>)]) -> impl Iterator<Item = &(DispatchRow, Vec<Obligation>)> {
    told.iter().filter(|(row, _)| row.purpose.tells_of_tip())
}

/// What told of the tip, less what told persons who are left out now: they get nothing more (R42).
pub(super) fn still_told(told: &[(DispatchRow, Vec<Obligation>)]) -> Vec<Obligation> {
    let left_out = left_out(told.iter().map(|(row, _)| row));
    let all = tips_only(told).flat_map(|(_, obligations)| obligations);
    all.filter(|obligation| !left_out.contains(&obligation.step.person)).cloned().collect()
}

/// Whether something told of the tip reached the police.
pub(super) fn police_were_told(told: &[(DispatchRow, Vec<Obligation>)]) -> bool {
    let reached =
        |obligation: &Obligation| obligation.confirmed_at.is_some() || matches!(obligation.state, obligation::State::Satisfied { .. });
    tips_only(told).flat_map(|(_, obligations)| obligations).any(|one| one.step.kind == Kind::Police && reached(one))
}
