//! What an enduser does in the portal: confirm, write, tell what was done.
//!
//! A confirmation is given to one obligation of each telling that names the person: the one that was tried last, and the rules tell their
//! other obligations. Where nothing was tried yet, the obligation itself is confirmed.

use super::access::{Access, Telling, is_for_endusers, is_owed_to};
use super::login::Enduser;
use super::{LONGEST_NOTE, MOST_NOTES, Portal, PortalError};
use crate::audit::{Action, Actor};
use crate::progress::News;
use crate::store::endusers::{Did, EnduserNoteRow, EnduserWrite, FeedbackRow, NoteAuthor};
use crate::store::rows::{AttemptRow, ObligationRow, Owner, TaskKind, TaskRow};
use crate::store::{Commit, Write};
use domain::dispatch::evidence::{ConfirmedBy, ReceiptKind};
use domain::dispatch::purpose::Purpose;
use domain::id::{ConversationId, TaskId};
use domain::sealed::Words;

/// What analysts are asked to do about a note; at most one such task of a tip is open.
const READ_NOTES: &str = "Read what an enduser wrote about this report (From the endusers), and answer if they ask something.";

impl Portal {
    /// "I have received this": of every telling that asked this person.
    pub async fn confirm(&self, who: &Enduser, reference: &str) -> Result<(), PortalError> {
        let access = self.access(who, reference).await?;
        let attempts = self.desk.store.attempts(access.tip.conversation.id).await?;
        let mut asked = false;
        for (_, rows) in access.tellings.iter().filter(|(dispatch, _)| asks_for_receipt(dispatch.purpose)) {
            asked |= self.confirm_telling(who, rows, &attempts).await?;
        }
        if asked { Ok(()) } else { Err(PortalError::NothingToConfirm) }
    }

    /// The same, from the receipt page of a mail to this very person; gives the tip's reference.
    pub async fn confirm_receipt(&self, who: &Enduser, token: &str) -> Result<String, PortalError> {
        let attempt = self.desk.vault.receipt_attempt(token).ok_or(PortalError::NotHere)?;
        let attempt = self.desk.store.attempt(attempt).await?.ok_or(PortalError::NotHere)?;
        let Owner::Obligation(owed) = attempt.owner else { return Err(PortalError::NotHere) };
        let owed = self.desk.store.obligation(owed).await?.ok_or(PortalError::NotHere)?;
        if !who.is(&owed.obligation.step.person) {
            return Err(PortalError::NotHere);
        }
        let reference = self.reference_of_receipt(token).await?;
        self.confirm(who, &reference).await.map(|()| reference)
    }

    /// Confirms for each of the persons that a telling names; false when it names none.
    async fn confirm_telling(&self, who: &Enduser, rows: &[ObligationRow], attempts: &[AttemptRow]) -> Result<bool, PortalError> {
        let mut asked = false;
        for listed in &who.persons {
            let owed: Vec<&ObligationRow> = rows.iter().filter(|row| is_owed_to(row, listed)).collect();
            asked |= !owed.is_empty();
            if owed.is_empty() || owed.iter().any(|row| row.obligation.confirmed_at.is_some()) {
                continue;
            }
            let is_theirs = |owner: Owner| owed.iter().any(|row| owner == Owner::Obligation(row.obligation.id));
            let last = attempts.iter().rev().find(|attempt| is_theirs(attempt.owner));
            match (last, owed.first()) {
                (Some(attempt), _) => {
                    let kinds = vec![ReceiptKind::Confirmed(ConfirmedBy::Portal)];
                    self.desk.progress.news(attempt.id, News { kinds, actor: Some(Actor::Enduser), ..News::default() }).await?;
                }
                (None, Some(row)) => {
                    let action = Action::ConfirmedInPortal { who: Self::user(&listed.person, &listed.organization_name) };
                    let actions = vec![(Actor::Enduser, action)];
                    self.desk.progress.confirmed_apart(row.obligation.id, ConfirmedBy::Portal, actions, Vec::new()).await?;
                }
                (None, None) => {}
            }
        }
        Ok(asked)
    }

    /// Writes to the other endusers and the analysts; the analysts get a task, unless one is open already.
    pub async fn note(&self, who: &Enduser, reference: &str, words: &str) -> Result<(), PortalError> {
        let words = bounded(words)?;
        let access = self.access(who, reference).await?;
        let (id, now) = (access.tip.conversation.id, self.now());
        if self.desk.store.enduser_notes(id).await?.len() >= MOST_NOTES {
            return Err(PortalError::TooMany);
        }
        let Some(listed) = access.through.first() else { return Err(PortalError::NotHere) };
        let key = self.desk.vault.unwrap_key(id, &access.tip.key)?;
        let note = self.desk.entropy.message(now);
        let author = NoteAuthor::Enduser {
            person: listed.person.key.clone(),
            role: listed.person.role.clone(),
            organization: listed.organization_name.clone(),
        };
        let body = self.desk.vault.seal(&key, note.uuid().as_bytes(), words.reveal());
        let mut writes = vec![enduser(EnduserWrite::Note(EnduserNoteRow { id: note, conversation: id, author, at: now, body }))];
        writes.extend(self.reading_task(id).await?);
        let audit = vec![self.entry(id, Action::EnduserNote { who: Self::user(&listed.person, &listed.organization_name) })];
        self.commit(Commit { once: None, writes, audit }).await?;
        Ok(())
    }

    async fn reading_task(&self, id: ConversationId) -> Result<Option<Write>, PortalError> {
        let open = self.desk.store.open_tasks(Some(id), crate::desk::MOST_ROWS).await?;
        if open.iter().any(|task| task.kind == TaskKind::Look && task.what == READ_NOTES) {
            return Ok(None);
        }
        let now = self.now();
        Ok(Some(Write::Task(TaskRow {
            id: TaskId::new(self.desk.entropy.ordered(now)),
            conversation: id,
            obligation: None,
            what: READ_NOTES.to_owned(),
            created_at: now,
            kind: TaskKind::Look,
            due_at: None,
        })))
    }

    /// Tells what was done (R21); again changes it. Whoever was asked by a mail has answered it then.
    pub async fn feedback(&self, who: &Enduser, reference: &str, did: Option<Did>, words: &str) -> Result<(), PortalError> {
        let did = did.ok_or(PortalError::NoChoice)?;
        let words = if words.trim().is_empty() { Words::default() } else { bounded(words)? };
        let access = self.access(who, reference).await?;
        let (id, now) = (access.tip.conversation.id, self.now());
        let Some(listed) = access.through.first() else { return Err(PortalError::NotHere) };
        let key = self.desk.vault.unwrap_key(id, &access.tip.key)?;
        let person = &listed.person;
        let row = FeedbackRow {
            conversation: id,
            person: person.key.clone(),
            organization: person.organization.clone(),
            role: person.role.clone(),
            did,
            body: self.desk.vault.seal(&key, &self.desk.vault.feedback_context(&person.key), words.reveal()),
            at: now,
        };
        let action = Action::Feedback { who: Self::user(person, &listed.organization_name), did: did.as_str().to_owned() };
        let writes = vec![enduser(EnduserWrite::Feedback(row))];
        self.commit(Commit { once: None, writes, audit: vec![self.entry(id, action)] }).await?;
        self.answer_question(who, &access).await
    }

    /// The mail that asked for feedback is answered.
    async fn answer_question(&self, who: &Enduser, access: &Access) -> Result<(), PortalError> {
        let asking = |(dispatch, _): &&Telling| dispatch.purpose == Purpose::Feedback;
        for (_, rows) in access.tellings.iter().filter(asking) {
            for row in rows.iter().filter(|row| who.is(&row.obligation.step.person) && row.obligation.confirmed_at.is_none()) {
                self.desk.progress.confirmed_apart(row.obligation.id, ConfirmedBy::Portal, Vec::new(), Vec::new()).await?;
            }
        }
        Ok(())
    }
}

/// Whether a person is asked to confirm what they were told.
const fn asks_for_receipt(purpose: Purpose) -> bool {
    match purpose {
        Purpose::Tip | Purpose::Update | Purpose::Drill => is_for_endusers(purpose),
        Purpose::Page(_) | Purpose::Feedback => false,
    }
}

fn enduser(write: EnduserWrite) -> Write {
    Write::Enduser(Box::new(write))
}

fn bounded(words: &str) -> Result<Words, PortalError> {
    let words = words.trim().replace('\0', "");
    let length = words.chars().count();
    if length == 0 {
        return Err(PortalError::Empty);
    }
    if length > LONGEST_NOTE {
        return Err(PortalError::TooLong(length));
    }
    Ok(Words::new(words))
}
