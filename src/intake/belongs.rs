//! Where a message belongs: to a conversation whose code was shown, whose thread it is in, whose address it comes from, or to none yet.
//!
//! A caller's number leads nowhere: phones are shared, so a caller shows the code (R70).

use super::known::Entry as KnownEntry;
use super::{Intake, IntakeError};
use crate::store::rows::ConversationRow;
use crate::vault::mail::MailThread;
use crate::vault::sealed::BlindIndex;
use domain::channel::Channel;
use domain::conversation::WayBack;
use domain::exchange::{InboundMessage, Joins};
use domain::id::ConversationId;
use jiff::Timestamp;

/// Where a message belongs.
pub(super) enum Belongs {
    /// It opens a tip.
    New,
    /// To this one.
    To(Box<KnownEntry>),
}

/// Whether a next message from this address joins the same tip by it.
pub(super) fn joins_by_address(message: &InboundMessage) -> bool {
    message.from.is_some() && message.channel != Channel::Voice
}

impl Intake {
    pub(super) async fn belongs(&self, message: &InboundMessage, at: Timestamp) -> Result<Belongs, IntakeError> {
        match &message.joins {
            Joins::Conversation(id) | Joins::New(id) => match self.store.conversation(*id).await? {
                Some(row) => self.shown(message, row, at).await,
                None => Ok(Belongs::New),
            },
            Joins::Threads(tokens) => {
                for token in tokens.iter().take(MOST_TOKENS) {
                    if let Some(id) = self.thread(token).await?
                        && let Some(row) = self.store.conversation(id).await?
                    {
                        return self.shown(message, row, at).await;
                    }
                }
                self.by_address(message, at).await
            }
            Joins::ByAddress => self.by_address(message, at).await,
        }
    }

    async fn by_address(&self, message: &InboundMessage, at: Timestamp) -> Result<Belongs, IntakeError> {
        let Some(index) = self.index(message).filter(|_| joins_by_address(message)) else { return Ok(Belongs::New) };
        if let Some(entry) = self.known.get(&index, at).filter(|entry| entry.account == message.account) {
            return Ok(Belongs::To(Box::new(entry)));
        }
        let Some((row, contact)) = self.store.conversation_by_contact(index).await? else { return Ok(Belongs::New) };
        let mut entry = KnownEntry { handle: Some(contact.handle), ..self.entry(message, &row, at)? };
        if contact.account != message.account {
            // They wrote to another number of ours than the first time: answers come from there. One address of the tip stays current.
            let contacts = self.store.contacts(entry.conversation).await?;
            let there = contacts.iter().find(|known| known.index == index && known.account == message.account);
            entry.handle = there.map(|known| known.handle);
            entry.elsewhere = true;
        }
        Ok(Belongs::To(Box::new(entry)))
    }

    /// A conversation that the message proved to belong to; its way in may be a new one of it.
    async fn shown(&self, message: &InboundMessage, row: ConversationRow, at: Timestamp) -> Result<Belongs, IntakeError> {
        let mut entry = self.entry(message, &row, at)?;
        let index = self.index(message).unwrap_or_else(|| self.vault.own_index(message.channel, entry.conversation));
        let contacts = self.store.contacts(entry.conversation).await?;
        let known = contacts.iter().find(|contact| contact.index == index);
        entry.handle = known.map(|contact| contact.handle);
        // A mail may be forwarded, or have others in copy: who holds our token alone is heard, and draws no answers to themself.
        let is_stranger = known.map_or(contacts.iter().any(|contact| contact.channel == Channel::Mail), |contact| !contact.current);
        if matches!(message.joins, Joins::Threads(_)) && is_stranger {
            entry.answers_stay = self.store.contact_of(entry.conversation).await?.map(|contact| contact.handle);
            entry.elsewhere = true;
            return Ok(Belongs::To(Box::new(entry)));
        }
        if entry.handle.is_none() && joins_by_address(message) {
            entry.elsewhere = self.store.conversation_by_contact(index).await?.is_some();
        }
        Ok(Belongs::To(Box::new(entry)))
    }

    fn entry(&self, message: &InboundMessage, row: &ConversationRow, at: Timestamp) -> Result<KnownEntry, IntakeError> {
        let tip = &row.conversation;
        Ok(KnownEntry {
            conversation: tip.id,
            key: self.vault.unwrap_key(tip.id, &row.key)?,
            at,
            handle: None,
            account: message.account.clone(),
            language: tip.language,
            opted_out: tip.way_back == WayBack::OptedOut,
            answers_stay: None,
            elsewhere: false,
        })
    }

    /// The keyed index of the address, if there is one.
    pub(super) fn index(&self, message: &InboundMessage) -> Option<BlindIndex> {
        message.from.as_ref().map(|from| self.vault.contact_index(message.channel, from))
    }

    /// The conversation of a thread's token, if it is ours.
    async fn thread(&self, token: &str) -> Result<Option<ConversationId>, IntakeError> {
        Ok(match self.vault.read_mail_thread(token) {
            Some(MailThread::Tip(id)) => Some(id),
            Some(MailThread::Message(id)) => self.store.message(id).await?.map(|row| row.conversation),
            // What an enduser was told is no way into a tip: that was looked at before (`enduser_mail`).
            Some(MailThread::Attempt(_) | MailThread::Notice(_)) | None => None,
        })
    }

    pub(super) fn remember(&self, message: &InboundMessage, entry: KnownEntry) {
        let is_its_address = entry.handle.is_some() && !entry.elsewhere;
        if let Some(index) = self.index(message).filter(|_| joins_by_address(message) && is_its_address) {
            self.known.put(index, entry);
        }
    }

    pub(super) fn forget(&self, message: &InboundMessage) {
        if let Some(index) = self.index(message) {
            self.known.forget(&index);
        }
    }
}

/// More references than any mail program writes.
const MOST_TOKENS: usize = 50;
