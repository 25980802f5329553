//! What an analyst writes: answers, triage, assessments and notes, and taking it.

use super::view::Staff;
use super::{Desk, DeskError, MOST_ROWS, longest_reply};
use crate::audit::Action;
use crate::progress::MOST_REPEATS;
use crate::progress::routes::{message_turn, rank};
use crate::store::rows::*;
use crate::store::{Commit, Outcome, Write};
use crate::vault::ConversationKey;
use crate::watch;
use domain::conversation::WayBack;
use domain::conversation::canned::Canned;
use domain::conversation::triage::{self, TriageChange};
use domain::dispatch::delivery::Delivery;
use domain::id::*;
use domain::language::Language;
use domain::sealed::Words;

/// The longest note, in characters.
const LONGEST_NOTE: usize = 10_000;

impl Desk {
    /// Answers the reporter: durable here, sent by the outbox or kept until they come back.
    pub async fn reply(&self, who: &Staff, id: ConversationId, words: Words) -> Result<MessageId, DeskError> {
        let (row, key) = self.opened(id).await?;
        let contact = self.store.contact_of(id).await?;
        let channel = contact.as_ref().map_or(row.conversation.channel, |contact| contact.channel);
        bounded(&words, longest_reply(channel))?;
        if let Some(canned) = Canned::ALL.into_iter().find(|canned| canned.once() && is_said(*canned, &words))
            && self.said(id, &key, canned).await?
        {
            return Err(DeskError::SaidAlready(canned.title()));
        }
        let lane = contact.and_then(|contact| self.progress.routes.for_reply(&contact.account, contact.channel));
        // Where nothing can be sent, the answer is kept: the reporter finds it when they come back with their code.
        let lane = lane.filter(|_| row.conversation.way_back == WayBack::Open);
        let now = self.clock.now();
        let message = self.entropy.message(now);
        let delivery = if lane.is_some() { Delivery::Waiting { next_at: now, made: 0 } } else { Delivery::Kept { since: now } };
        let author = Author::Staff(who.id);
        let mut writes = vec![Write::Message(Box::new(MessageRow {
            body: self.vault.seal(&key, message.uuid().as_bytes(), words.reveal()),
            delivery: Some(delivery.clone()),
            ..MessageRow::new(message, id, author, channel, now)
        }))];
        if let Some(lane) = lane {
            let rank = rank(None, message_turn(author, &delivery), 0);
            writes.push(Write::Work(WorkRow { id: WorkId::Message(message), lane: lane.key.clone(), rank, due_at: now, run_at: now }));
        }
        let audit = vec![self.entry(who, id, now, Action::ReplyWritten { message })];
        self.commit(Commit { once: None, writes, audit }).await?;
        if let Some(lane) = lane {
            self.progress.wake.at(&lane.key, now);
        }
        Ok(message)
    }

    /// Whether this approved answer has been given in this tip.
    async fn said(&self, id: ConversationId, key: &ConversationKey, canned: Canned) -> Result<bool, DeskError> {
        let mut after = 0;
        loop {
            let rows = self.store.messages(id, after, MOST_ROWS).await?;
            let Some(last) = rows.last() else { return Ok(false) };
            after = last.seq;
            for row in rows.iter().filter(|row| matches!(row.author, Author::Staff(_))) {
                if is_said(canned, &self.vault.open_words(key, row.id.uuid().as_bytes(), &row.body)?) {
                    return Ok(true);
                }
            }
        }
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
        let reason = change.reason.clone().map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        let triage = triage::apply(&row.conversation.triage, change, who.role, &self.catalogue)?;
        let now = self.clock.now();
        row.conversation.triaged_at.get_or_insert(now);
        row.conversation.triage = triage.clone();
        let action = Action::Triaged {
            level: triage.level,
            types: triage.types,
            school: triage.school,
            marks: triage.marks,
            reason_given: reason.is_some(),
        };
        let audit = vec![self.entry(who, id, now, action)];
        let mut writes = Vec::new();
        if let Some(reason) = reason {
            writes.push(self.sealed_note(who, &row, NoteKind::Note, &format!("Level: {reason}"))?);
        }
        writes.extend([Write::Conversation(Box::new(row)), Write::Work(watch::look(id, now))]);
        self.commit(Commit { once: None, writes, audit }).await?;
        self.progress.wake.at(&watch::lane(), now);
        Ok(())
    }

    /// Writes an assessment or a note: for staff only, sealed like the reporter's words, kept apart from them (R53).
    pub async fn note(&self, who: &Staff, id: ConversationId, kind: NoteKind, words: Words) -> Result<(), DeskError> {
        bounded(&words, LONGEST_NOTE)?;
        let row = self.row(id).await?;
        let action = match kind {
            NoteKind::Assessment => Action::Assessed,
            NoteKind::Note => Action::Noted,
        };
        let writes = vec![self.sealed_note(who, &row, kind, words.reveal())?];
        self.commit(Commit { once: None, writes, audit: vec![self.entry(who, id, self.clock.now(), action)] }).await
    }

    /// A staff text as a row. What somebody writes about a tip is never in the record itself: that outlives the tip's key.
    pub(super) fn sealed_note(&self, who: &Staff, row: &ConversationRow, kind: NoteKind, text: &str) -> Result<Write, DeskError> {
        let conversation = row.conversation.id;
        if row.key.is_destroyed() {
            return Err(DeskError::Destroyed);
        }
        let key = self.vault.unwrap_key(conversation, &row.key)?;
        let at = self.clock.now();
        let id = self.entropy.message(at);
        Ok(Write::Note(NoteRow { id, conversation, author: who.id, at, kind, body: self.vault.seal(&key, id.uuid().as_bytes(), text) }))
    }

    /// Takes the tip, also from somebody else: the record shows it. What the analyst saw does not matter, so a conflict is tried again.
    pub async fn claim(&self, who: &Staff, id: ConversationId) -> Result<(), DeskError> {
        for _ in 0..MOST_REPEATS {
            let mut row = self.row(id).await?;
            if row.conversation.claimed_by.replace(who.id) == Some(who.id) {
                return Ok(());
            }
            let audit = vec![self.entry(who, id, self.clock.now(), Action::Claimed)];
            match self.store.commit(Commit { once: None, writes: vec![Write::Conversation(Box::new(row))], audit }).await? {
                Outcome::Committed(_) | Outcome::Duplicate => return Ok(()),
                Outcome::Conflict => {}
            }
        }
        Err(DeskError::Changed)
    }
}

/// Whether these words are the approved answer, in any language.
fn is_said(canned: Canned, words: &Words) -> bool {
    Language::ALL.iter().any(|language| words.reveal().trim() == canned.text(*language))
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
