//! A reporter's message: opens a tip, or joins the one that the address belongs to.

use super::known::Entry as KnownEntry;
use super::{Intake, IntakeError, Taken};
use crate::audit::{Action, Actor, Entry};
use crate::progress::MOST_REPEATS;
use crate::progress::routes::{message_turn, rank};
use crate::store::commit::Once;
use crate::store::rows::*;
use crate::store::{Commit, Outcome, Write};
use crate::vault::ConversationKey;
use crate::vault::sealed::BlindIndex;
use domain::conversation::alias::alias;
use domain::conversation::first_words::first_words;
use domain::conversation::reference::Reference;
use domain::conversation::triage::Triage;
use domain::conversation::{Conversation, State, WayBack};
use domain::dispatch::delivery::Delivery;
use domain::exchange::InboundMessage;
use domain::id::{AttachmentId, ContactHandle, ConversationId};
use domain::language::Language;
use jiff::Timestamp;

impl Intake {
    pub(super) async fn message(&self, message: InboundMessage) -> Result<Taken, IntakeError> {
        let index = self.vault.contact_index(message.channel, &message.from);
        for _ in 0..MOST_REPEATS {
            let known = self.find(&index).await?;
            let (commit, entry) = match known {
                Some(entry) => (self.joined(&message, &entry), entry),
                None => self.opened(&message, index),
            };
            match self.store.commit(commit).await? {
                Outcome::Committed(_) => {
                    self.known.put(index, entry);
                    self.wake(&message);
                    return Ok(Taken::Stored);
                }
                Outcome::Duplicate => return Ok(Taken::Known),
                Outcome::Conflict => self.known.forget(&index),
            }
        }
        Err(IntakeError::Contended)
    }

    async fn find(&self, index: &BlindIndex) -> Result<Option<KnownEntry>, IntakeError> {
        if let Some(entry) = self.known.get(index, self.clock.now()) {
            return Ok(Some(entry));
        }
        let Some((row, _)) = self.store.conversation_by_contact(*index).await? else { return Ok(None) };
        let conversation = row.conversation.id;
        Ok(Some(KnownEntry { conversation, key: self.vault.unwrap_key(conversation, &row.key)?, at: self.clock.now() }))
    }

    /// A further message of a tip.
    fn joined(&self, message: &InboundMessage, entry: &KnownEntry) -> Commit {
        let now = self.clock.now();
        let mut commit = Commit { once: Some(once(message, now)), ..Commit::default() };
        self.add_message(&mut commit, message, entry.conversation, &entry.key, now);
        // Who writes can perhaps be answered again; if the carrier still refuses, the way back is closed again by its answer.
        commit.writes.push(Write::WayBack(entry.conversation, WayBack::Open));
        record(&mut commit, entry.conversation, now, Actor::Reporter, Action::MessageReceived { channel: message.channel });
        commit
    }

    /// The first message: the tip, its key, its first words, all of it in one commit.
    fn opened(&self, message: &InboundMessage, index: BlindIndex) -> (Commit, KnownEntry) {
        let now = self.clock.now();
        let id = ConversationId::new(self.entropy.ordered(now));
        let (key, wrapped) = self.vault.new_key(id);
        let mut commit = Commit { once: Some(once(message, now)), ..Commit::default() };
        let row = ConversationRow {
            conversation: Conversation {
                id,
                reference: Reference::from_bits(self.entropy.bytes()),
                alias: alias(self.entropy.bytes()),
                channel: message.channel,
                received_at: now,
                state: State::Open,
                way_back: WayBack::Open,
                triage: Triage::default(),
                triaged_at: None,
                dispatched_at: None,
                claimed_by: None,
            },
            version: 0,
            key: wrapped,
            code_index: self.vault.code_index(&key.return_code()),
            last_seq: 0,
            unread: 0,
            updated_at: now,
        };
        commit.writes.push(Write::Conversation(Box::new(row)));
        commit.writes.push(Write::Contact(Box::new(self.contact(message, id, &key, index, now))));
        record(&mut commit, id, now, Actor::Reporter, Action::TipReceived { channel: message.channel });
        self.add_message(&mut commit, message, id, &key, now);
        self.add_first_words(&mut commit, message, id, &key, now);
        (commit, KnownEntry { conversation: id, key, at: now })
    }

    fn contact(
        &self,
        message: &InboundMessage,
        id: ConversationId,
        key: &ConversationKey,
        index: BlindIndex,
        now: Timestamp,
    ) -> ContactRow {
        let handle = ContactHandle::new(self.entropy.uuid());
        let context = handle.uuid();
        ContactRow {
            handle,
            conversation: id,
            account: message.account.clone(),
            channel: message.channel,
            index,
            address: self.vault.seal(key, context.as_bytes(), message.from.reveal()),
            ours: self.vault.seal(key, context.as_bytes(), message.to.reveal()),
            created_at: now,
        }
    }

    fn add_message(
        &self,
        commit: &mut Commit,
        message: &InboundMessage,
        conversation: ConversationId,
        key: &ConversationKey,
        now: Timestamp,
    ) {
        let id = self.entropy.message(now);
        commit.writes.push(Write::Message(Box::new(MessageRow {
            id,
            conversation,
            seq: 0,
            author: Author::Reporter,
            channel: message.channel,
            body: self.vault.seal(key, id.uuid().as_bytes(), message.words.reveal()),
            at: now,
            provider: Some((message.account.clone(), message.provider_id.0.clone())),
            media_dropped: message.media_dropped,
            delivery: None,
            delivery_version: 0,
        })));
        for media in &message.media {
            let attachment = AttachmentId::new(self.entropy.ordered(now));
            commit.writes.push(Write::Attachment(AttachmentRow {
                id: attachment,
                message: id,
                conversation,
                url: self.vault.seal(key, attachment.uuid().as_bytes(), media.url.reveal()),
                content_type: media.content_type.clone(),
                state: "waiting".to_owned(),
            }));
        }
    }

    /// The honest first words (R67), to be sent by the outbox. The stored text holds a place for the code, never the code.
    fn add_first_words(
        &self,
        commit: &mut Commit,
        message: &InboundMessage,
        conversation: ConversationId,
        key: &ConversationKey,
        now: Timestamp,
    ) {
        let Some(lane) = self.progress.routes.for_reply(&message.account) else { return };
        let id = self.entropy.message(now);
        let delivery = Delivery::Waiting { next_at: now, made: 0 };
        let words = first_words(message.channel, Language::En);
        commit.writes.push(Write::Message(Box::new(MessageRow {
            id,
            conversation,
            seq: 0,
            author: Author::System,
            channel: message.channel,
            body: self.vault.seal(key, id.uuid().as_bytes(), words.reveal()),
            at: now,
            provider: None,
            media_dropped: 0,
            delivery: Some(delivery.clone()),
            delivery_version: 0,
        })));
        commit.writes.push(Write::Work(WorkRow {
            id: WorkId::Message(id),
            lane: lane.key.clone(),
            rank: rank(None, message_turn(Author::System, &delivery), 0),
            due_at: now,
            run_at: now,
        }));
        record(commit, conversation, now, Actor::System, Action::FirstWords);
    }

    fn wake(&self, message: &InboundMessage) {
        if let Some(lane) = self.progress.routes.for_reply(&message.account) {
            self.progress.wake.at(&lane.key, self.clock.now());
        }
        metrics::counter!("tipline_messages_taken_total", "channel" => message.channel.as_str()).increment(1);
    }
}

fn once(message: &InboundMessage, now: Timestamp) -> Once {
    Once { account: message.account.clone(), key: message.provider_id.0.clone(), at: now }
}

fn record(commit: &mut Commit, conversation: ConversationId, at: Timestamp, actor: Actor, action: Action) {
    commit.audit.push(Entry { conversation, at, actor, action });
}
