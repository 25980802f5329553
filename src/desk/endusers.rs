//! The analysts' side of the endusers' portal: what endusers wrote and say they did, answers to them, and PINs for those who cannot get in.

use super::read::name_of;
use super::view::{EnduserNote, Feedback, Pin, Staff};
use super::{Desk, DeskError};
use crate::audit::Action;
use crate::portal::{LONGEST_NOTE, MOST_NOTES, pins};
use crate::store::endusers::{EnduserNoteRow, EnduserWrite, NoteAuthor};
use crate::store::{Commit, Write};
use crate::vault::ConversationKey;
use crate::vault::endusers::ShortSecret;
use domain::conversation::triage::StaffRole;
use domain::id::{ConversationId, PersonKey, StaffId};
use domain::sealed::Words;
use std::collections::HashMap;

impl Desk {
    /// What endusers and analysts wrote to each other, oldest first.
    pub(super) async fn enduser_notes(
        &self,
        id: ConversationId,
        key: &ConversationKey,
        names: &HashMap<StaffId, String>,
    ) -> Result<Vec<EnduserNote>, DeskError> {
        let mut notes = Vec::new();
        for row in self.store.enduser_notes(id).await? {
            let words = self.vault.open_words(key, row.id.uuid().as_bytes(), &row.body)?;
            let (who, by_staff) = match row.author {
                NoteAuthor::Staff { id } => (name_of(names, id), true),
                NoteAuthor::Enduser { role, organization, .. } => (format!("{role}, {organization}"), false),
                NoteAuthor::Line { role, organization } => (format!("{role}, {organization} (endusers are not shown this)"), false),
            };
            notes.push(EnduserNote { who, by_staff, at: row.at, words });
        }
        Ok(notes)
    }

    /// What endusers say they did (R21), oldest first.
    pub(super) async fn feedback(&self, id: ConversationId, key: &ConversationKey) -> Result<Vec<Feedback>, DeskError> {
        let directory = self.directory.read().await?;
        let mut all = Vec::new();
        for row in self.store.feedback(id).await? {
            let words = self.vault.open_words(key, &self.vault.feedback_context(&row.person), &row.body)?;
            let organization =
                directory.organization(&row.organization).map_or_else(|| row.organization.to_string(), |one| one.name.clone());
            all.push(Feedback { who: format!("{}, {organization}", row.role), did: row.did, at: row.at, words });
        }
        Ok(all)
    }

    /// Writes to the endusers who were told: they read it in the portal.
    pub async fn note_to_endusers(&self, who: &Staff, id: ConversationId, words: Words) -> Result<(), DeskError> {
        let length = words.reveal().chars().count();
        if words.is_empty() {
            return Err(DeskError::Empty);
        }
        if length > LONGEST_NOTE {
            return Err(DeskError::TooLong(length, LONGEST_NOTE));
        }
        let (_, key) = self.opened(id).await?;
        if !self.store.dispatches(id).await?.iter().any(|dispatch| dispatch.purpose.tells_of_tip()) {
            return Err(DeskError::NobodyToldYet);
        }
        if self.store.enduser_notes(id).await?.len() >= MOST_NOTES {
            return Err(DeskError::ManyNotes(MOST_NOTES));
        }
        let now = self.clock.now();
        let note = self.entropy.message(now);
        let row = EnduserNoteRow {
            id: note,
            conversation: id,
            author: NoteAuthor::Staff { id: who.id },
            at: now,
            body: self.vault.seal(&key, note.uuid().as_bytes(), words.reveal().trim()),
        };
        let writes = vec![Write::Enduser(Box::new(EnduserWrite::Note(row)))];
        self.commit(Commit { once: None, writes, audit: vec![self.entry(who, id, now, Action::NoteToEndusers)] }).await
    }

    /// Who is listed, and since when they have a PIN; in the directory's order.
    pub async fn pins(&self) -> Result<Vec<Pin>, DeskError> {
        let directory = self.directory.read().await?;
        let names = self.staff_names().await?;
        let mut kept: HashMap<PersonKey, _> = self.store.pins().await?.into_iter().map(|row| (row.person.clone(), row)).collect();
        let mut all = Vec::new();
        for (key, persons) in &directory.persons {
            let organization = directory.organization(key).map_or_else(|| key.to_string(), |one| one.name.clone());
            for person in persons {
                let row = kept.remove(&person.key);
                all.push(Pin {
                    person: person.key.clone(),
                    role: person.role.clone(),
                    organization: organization.clone(),
                    set_at: row.as_ref().filter(|row| row.mac.is_some()).map(|row| row.set_at),
                    void_since: row.as_ref().filter(|row| row.mac.is_none()).map(|row| row.set_at),
                    set_by: row.and_then(|row| row.set_by).map(|id| name_of(&names, id)),
                });
            }
        }
        Ok(all)
    }

    /// Draws a PIN for somebody; the one before is void. By a supervisor, who tells it to them; it is shown this once.
    pub async fn new_pin(&self, who: &Staff, person: &PersonKey) -> Result<(String, ShortSecret), DeskError> {
        match who.role {
            StaffRole::Supervisor => {}
            StaffRole::Analyst => return Err(DeskError::OnlySupervisorDrawsPins),
        }
        let directory = self.directory.read().await?;
        let listed = directory.persons.values().flatten().find(|listed| listed.key == *person).ok_or(DeskError::NotFound)?;
        let organization = directory.organization(&listed.organization).map_or_else(String::new, |one| one.name.clone());
        let pin = pins::draw(&*self.store, &self.vault, [person.clone()], Some(who.id), self.clock.now()).await?;
        Ok((format!("{}, {organization}", listed.role), pin))
    }
}
