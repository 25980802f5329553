//! One tip as an enduser may see it: the reporter's words unchanged, who was told, what was written about it. Opening it is recorded
//! (R57) before anything of it is given.

use super::access::{Access, Telling, is_owed_to, tells};
use super::login::Enduser;
use super::view::{File, Mine, Note, Said, Tip, Told};
use super::{Portal, PortalError};
use crate::audit::Action;
use crate::desk::view::{Attachment, Author, Message};
use crate::store::endusers::{EnduserWrite, NoteAuthor, OpenedRow};
use crate::store::rows::{AttachmentState, ConversationRow, SafeCopy};
use crate::store::{Commit, Write};
use crate::vault::ConversationKey;
use domain::conversation::State;
use domain::dispatch::obligation::{Satisfaction, State as Stands};
use domain::dispatch::plan::Session;
use domain::dispatch::purpose::Purpose;
use domain::exchange::{MediaRole, Nature};
use domain::id::{ConversationId, PersonKey};
use domain::level::Level;
use domain::sealed::Words;
use std::collections::HashMap;

impl Portal {
    /// Opens a tip: recorded, then given.
    pub async fn open(&self, who: &Enduser, reference: &str) -> Result<Tip, PortalError> {
        let access = self.access(who, reference).await?;
        let (id, now) = (access.tip.conversation.id, self.now());
        let opened = |person: &PersonKey| OpenedRow { conversation: id, person: person.clone(), at: now };
        let through = || access.through.iter();
        let commit = Commit {
            once: None,
            writes: through().map(|one| Write::Enduser(Box::new(EnduserWrite::Opened(opened(&one.person.key))))).collect(),
            audit: through()
                .map(|one| self.entry(id, Action::OpenedByEnduser { who: Self::user(&one.person, &one.organization_name) }))
                .collect(),
        };
        self.commit(commit).await?;
        self.view(who, access).await
    }

    /// The reference of the tip that a mail's receipt page is about; whoever asks must still be one who may see it.
    pub async fn reference_of_receipt(&self, token: &str) -> Result<String, PortalError> {
        let attempt = self.desk.vault.receipt_attempt(token).ok_or(PortalError::NotHere)?;
        let attempt = self.desk.store.attempt(attempt).await?.ok_or(PortalError::NotHere)?;
        let tip = self.desk.store.conversation(attempt.conversation).await?.ok_or(PortalError::NotHere)?;
        Ok(tip.conversation.reference.as_str().to_owned())
    }

    async fn view(&self, who: &Enduser, access: Access) -> Result<Tip, PortalError> {
        let Access { tip, tellings, through } = access;
        let id = tip.conversation.id;
        let key = self.desk.vault.key_for_reading(id, &tip.key)?;
        let directory = self.desk.directory.read().await?;
        let told_us = |(_, rows): &&Telling| {
            rows.iter().any(|row| tells(row) && through.iter().any(|one| one.person.organization == row.obligation.step.organization))
        };
        let messages = self.desk.messages(id, &key, &HashMap::new(), tip.last_seq).await?;
        let feedback = self.desk.store.feedback(id).await?.into_iter().find(|row| who.is(&row.person));
        let triage = &tip.conversation.triage;
        let type_name = |one| self.desk.catalogue().get(one).map_or_else(|| one.to_string(), |known| known.name.clone());
        Ok(Tip {
            reference: tip.conversation.reference.as_str().to_owned(),
            drill: tip.conversation.drill || tellings.iter().all(|(dispatch, _)| dispatch.purpose == Purpose::Drill),
            closed: tip.conversation.state == State::Closed,
            level: level(&tellings, &tip),
            types: triage.types.iter().map(type_name).collect(),
            school: triage.school.as_ref().and_then(|school| directory.organization(school)).map(|one| one.name.clone()),
            marks: triage.marks,
            out_of_session: tellings.iter().flat_map(|(_, rows)| rows).any(|row| {
                let step = &row.obligation.step;
                step.session == Session::Out && through.iter().any(|one| one.person.organization == step.organization)
            }),
            received_at: tip.conversation.received_at,
            told_at: tellings.iter().find(told_us).map_or(tip.conversation.received_at, |(dispatch, _)| dispatch.started_at),
            summary: self.summary(&key, &tellings)?,
            said: messages.into_iter().filter(is_the_reporters).map(said).collect(),
            told: told(&tellings),
            mine: mine(who, &tellings),
            notes: self.notes(who, &key, id).await?,
            feedback: match feedback {
                Some(row) => {
                    let context = self.desk.vault.feedback_context(&row.person);
                    Some((row.did, self.desk.vault.open_words(&key, &context, &row.body)?, row.at))
                }
                None => None,
            },
            feedback_asked: tellings.iter().any(|(dispatch, rows)| {
                dispatch.purpose == Purpose::Feedback && rows.iter().any(|row| who.is(&row.obligation.step.person))
            }),
        })
    }

    /// The last summary that an analyst wrote for the endusers.
    fn summary(&self, key: &ConversationKey, tellings: &[Telling]) -> Result<Option<Words>, PortalError> {
        let last = tellings.iter().rev().find_map(|(dispatch, _)| dispatch.summary.as_ref().map(|sealed| (dispatch.id, sealed)));
        Ok(last.map(|(id, sealed)| self.desk.vault.open_words(key, id.uuid().as_bytes(), sealed)).transpose()?)
    }

    async fn notes(&self, who: &Enduser, key: &ConversationKey, id: ConversationId) -> Result<Vec<Note>, PortalError> {
        let mut notes = Vec::new();
        for row in self.desk.store.enduser_notes(id).await? {
            let (author, is_mine) = match row.author {
                NoteAuthor::Staff { .. } => (None, false),
                NoteAuthor::Enduser { person, role, organization } => (Some((role, organization)), who.is(&person)),
                NoteAuthor::Line { .. } => continue,
            };
            let words = self.desk.vault.open_words(key, row.id.uuid().as_bytes(), &row.body)?;
            notes.push(Note { who: author, mine: is_mine, at: row.at, words });
        }
        Ok(notes)
    }
}

/// The level at which the endusers were told last.
pub(super) fn level(tellings: &[Telling], tip: &ConversationRow) -> Level {
    let last = tellings.iter().rev().find(|(dispatch, _)| dispatch.purpose.tells_of_tip()).or(tellings.last());
    last.map(|(dispatch, _)| dispatch.level).or(tip.conversation.triage.level).unwrap_or(Level::Other)
}

/// Where somebody stands: asked, until one of their obligations of each telling is confirmed.
pub(super) fn mine(who: &Enduser, tellings: &[Telling]) -> Mine {
    let mut stands = Mine::NotAsked;
    for (_, rows) in tellings {
        for listed in &who.persons {
            let owed = || rows.iter().filter(|row| is_owed_to(row, listed));
            let confirmed = owed().filter_map(|row| row.obligation.confirmed_at).min();
            stands = match (stands, owed().next(), confirmed) {
                (Mine::Asked, _, _) | (_, Some(_), None) => Mine::Asked,
                (Mine::Confirmed(before), _, Some(at)) => Mine::Confirmed(before.max(at)),
                (Mine::NotAsked, _, Some(at)) => Mine::Confirmed(at),
                (stands, None, None) => stands,
            };
        }
    }
    stands
}

/// Everybody who was told, once each, with their confirmation.
fn told(tellings: &[Telling]) -> Vec<Told> {
    let mut list: Vec<(&PersonKey, Told)> = Vec::new();
    for row in tellings.iter().flat_map(|(_, rows)| rows).filter(|row| tells(row)) {
        let (obligation, step) = (&row.obligation, &row.obligation.step);
        let by = match &obligation.state {
            Stands::Satisfied { by: Satisfaction::Confirmed(by), .. } => Some(*by),
            Stands::Satisfied { by: Satisfaction::ConfirmedElsewhere | Satisfaction::Notified, .. }
            | Stands::Standby { .. }
            | Stands::Waiting { .. }
            | Stands::InFlight { .. }
            | Stands::Released { .. }
            | Stands::Failed { .. } => None,
        };
        let confirmed = obligation.confirmed_at.map(|at| (at, by));
        match list.iter_mut().find(|(person, one)| **person == step.person && one.organization == step.organization_name) {
            Some((_, one)) => {
                if one.confirmed.is_none() {
                    one.confirmed = confirmed;
                }
            }
            None => {
                list.push((&step.person, Told { role: step.role.clone(), organization: step.organization_name.clone(), confirmed }));
            }
        }
    }
    list.into_iter().map(|(_, one)| one).collect()
}

fn is_the_reporters(message: &Message) -> bool {
    let from_a_person = match message.nature {
        Nature::Person | Nature::Unreadable => true,
        Nature::Automatic | Nature::Bounce | Nature::ReadReceipt => false,
    };
    from_a_person && message.author == Author::Reporter
}

fn said(message: Message) -> Said {
    let files = message.attachments.iter().filter_map(file).collect();
    Said { at: message.at, words: message.words, missing: message.missing, files }
}

/// How a file is shown; a mail as it came is shown to nobody.
fn file(attachment: &Attachment) -> Option<File> {
    match attachment.role {
        MediaRole::Raw => return None,
        MediaRole::Shown | MediaRole::Recording => {}
    }
    Some(match &attachment.state {
        AttachmentState::Waiting { .. } | AttachmentState::Kept { copy: SafeCopy::Pending, .. } => File::Coming,
        AttachmentState::Lost { .. } | AttachmentState::Kept { copy: SafeCopy::Impossible { .. }, .. } => File::NotShown,
        AttachmentState::Kept { copy: SafeCopy::Ready { width: 0, .. } | SafeCopy::Ready { height: 0, .. }, .. } => File::Sound,
        AttachmentState::Kept { copy: SafeCopy::Ready { width, height, .. }, .. } => File::Picture(attachment.id, *width, *height),
    })
}
