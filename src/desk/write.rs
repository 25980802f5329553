//! What an analyst writes: answers, triage, assessments and notes, taking and closing.

use super::view::Staff;
use super::{Desk, DeskError, LONGEST_REPLY};
use crate::audit::Action;
use crate::progress::MOST_REPEATS;
use crate::progress::routes::{REPLY_TURN, rank};
use crate::store::rows::*;
use crate::store::{Commit, Outcome, Write};
use domain::conversation::triage::{self, TriageChange};
use domain::conversation::{State, WayBack};
use domain::dispatch::delivery::Delivery;
use domain::id::*;
use domain::sealed::Words;

/// The longest note, in characters.
const LONGEST_NOTE: usize = 10_000;

impl Desk {
    /// Answers the reporter: durable here, sent by the outbox.
    pub async fn reply(&self, who: &Staff, id: ConversationId, words: Words) -> Result<MessageId, DeskError> {
        bounded(&words, LONGEST_REPLY)?;
        let (row, key) = self.opened(id).await?;
        if row.conversation.way_back != WayBack::Open {
            return Err(DeskError::WayBackClosed);
        }
        let contact = self.store.contact_of(id).await?.ok_or(DeskError::WayBackClosed)?;
        let lane = self.progress.routes.for_reply(&contact.account).ok_or(DeskError::WayBackClosed)?;
        let now = self.clock.now();
        let message = self.entropy.message(now);
        let commit = Commit {
            once: None,
            writes: vec![
                Write::Message(Box::new(MessageRow {
                    id: message,
                    conversation: id,
                    seq: 0,
                    author: Author::Staff(who.id),
                    channel: contact.channel,
                    body: self.vault.seal(&key, message.uuid().as_bytes(), words.reveal()),
                    at: now,
                    provider: None,
                    media_dropped: 0,
                    delivery: Some(Delivery::Waiting { next_at: now, made: 0 }),
                    delivery_version: 0,
                })),
                Write::Work(WorkRow {
                    id: WorkId::Message(message),
                    lane: lane.key.clone(),
                    rank: rank(row.conversation.triage.level, REPLY_TURN, 0),
                    due_at: now,
                    run_at: now,
                }),
            ],
            audit: vec![self.entry(who, id, now, Action::ReplyWritten { message })],
        };
        self.commit(commit).await?;
        self.progress.wake.at(&lane.key, now);
        Ok(message)
    }

    /// Sets the triage; `version` is the one that the analyst saw.
    pub async fn triage(&self, who: &Staff, id: ConversationId, version: i64, change: TriageChange) -> Result<(), DeskError> {
        let mut row = self.row(id).await?;
        if row.version != version {
            return Err(DeskError::Changed);
        }
        if let Some(school) = &change.school
            && self.directory.read().await?.organization(school).is_none()
        {
            return Err(DeskError::NoSuchSchool(school.clone()));
        }
        let reason = change.reason.clone().filter(|reason| !reason.trim().is_empty());
        let triage = triage::apply(&row.conversation.triage, change, who.role, &self.catalogue)?;
        let now = self.clock.now();
        row.conversation.triaged_at.get_or_insert(now);
        row.conversation.triage = triage.clone();
        let action = Action::Triaged { level: triage.level, types: triage.types, school: triage.school, marks: triage.marks, reason };
        let audit = vec![self.entry(who, id, now, action)];
        self.commit(Commit { once: None, writes: vec![Write::Conversation(Box::new(row))], audit }).await
    }

    /// Writes an assessment or a note: for staff only, sealed like the reporter's words, kept apart from them (R53).
    pub async fn note(&self, who: &Staff, id: ConversationId, kind: NoteKind, words: Words) -> Result<(), DeskError> {
        bounded(&words, LONGEST_NOTE)?;
        let (_, key) = self.opened(id).await?;
        let now = self.clock.now();
        let note = self.entropy.message(now);
        let body = self.vault.seal(&key, note.uuid().as_bytes(), words.reveal());
        let action = match kind {
            NoteKind::Assessment => Action::Assessed,
            NoteKind::Note => Action::Noted,
        };
        let writes = vec![Write::Note(NoteRow { id: note, conversation: id, author: who.id, at: now, kind, body })];
        self.commit(Commit { once: None, writes, audit: vec![self.entry(who, id, now, action)] }).await
    }

    /// Takes the tip, also from somebody else: the record shows it.
    pub async fn claim(&self, who: &Staff, id: ConversationId) -> Result<(), DeskError> {
        self.change(
            id,
            |row| {
                let taken = row.conversation.claimed_by == Some(who.id);
                row.conversation.claimed_by = Some(who.id);
                (!taken).then_some(Action::Claimed)
            },
            who,
        )
        .await
    }

    /// Closes the tip. Refused while something promised is open, and before the tip was sorted (R1, R35).
    pub async fn close(&self, who: &Staff, id: ConversationId, reason: String) -> Result<(), DeskError> {
        let reason = reason.trim().to_owned();
        if reason.is_empty() {
            return Err(DeskError::CannotClose("Write why it is closed.".to_owned()));
        }
        let row = self.row(id).await?;
        if row.conversation.triage.level.is_none() {
            return Err(DeskError::CannotClose("Sort the tip first: it has no level and no type yet.".to_owned()));
        }
        if row.conversation.dispatched_at.is_none() {
            return Err(DeskError::CannotClose(
                "Nobody has been told yet: every tip goes to its school (levels Standard and Other by mail).".to_owned(),
            ));
        }
        for dispatch in self.store.dispatches(id).await? {
            let open = self.store.obligations(dispatch.id).await?.iter().filter(|row| !row.obligation.is_closed()).count();
            if open > 0 {
                return Err(DeskError::CannotClose(format!("{open} promises are still under way. Close it when they are kept.")));
            }
        }
        if !self.store.open_tasks(Some(id), 1).await?.is_empty() {
            return Err(DeskError::CannotClose("There are open tasks. Do them, or note that they are done, then close.".to_owned()));
        }
        self.change(
            id,
            |row| {
                row.conversation.state = State::Closed;
                Some(Action::Closed { reason: reason.clone() })
            },
            who,
        )
        .await
    }

    /// Changes a tip in a way that does not depend on what the analyst saw, so a conflict is no reason to ask them.
    async fn change(
        &self,
        id: ConversationId,
        mut how: impl FnMut(&mut ConversationRow) -> Option<Action>,
        who: &Staff,
    ) -> Result<(), DeskError> {
        for _ in 0..MOST_REPEATS {
            let mut row = self.row(id).await?;
            let Some(action) = how(&mut row) else { return Ok(()) };
            let now = self.clock.now();
            let commit =
                Commit { once: None, writes: vec![Write::Conversation(Box::new(row))], audit: vec![self.entry(who, id, now, action)] };
            match self.store.commit(commit).await? {
                Outcome::Committed(_) | Outcome::Duplicate => return Ok(()),
                Outcome::Conflict => {}
            }
        }
        Err(DeskError::Changed)
    }
}

fn bounded(words: &Words, most: usize) -> Result<(), DeskError> {
    if words.is_empty() {
        return Err(DeskError::Empty);
    }
    let length = words.reveal().chars().count();
    if length > most {
        return Err(DeskError::TooLong(length, most));
    }
    Ok(())
}
