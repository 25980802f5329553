//! A reporter's message: opens a tip, or joins the one that it belongs to, whatever way it came.
//!
//! First it is found out where it belongs ([`super::belongs`]), then one commit holds everything that follows: the tip, its key, the sealed
//! words, files, the honest first words or the answer to a keyword, work for the lanes, the record. While the database is away, the
//! same letter goes to the spool and comes back through here.

use super::belongs::Belongs;
use super::known::Entry as KnownEntry;
use super::{Intake, IntakeError, Taken, language};
use crate::audit::{Action, Actor, Entry};
use crate::progress::MOST_REPEATS;
use crate::spool::{Letter, NewTip};
use crate::store::commit::Once;
use crate::store::rows::*;
use crate::store::{Commit, Outcome, Write};
use crate::telemetry::{count, traces};
use crate::watch;
use domain::conversation::alias::alias;
use domain::conversation::reference::Reference;
use domain::conversation::triage::{Marks, Triage};
use domain::conversation::{Conversation, State, WayBack};
use domain::exchange::{InboundMessage, Joins, Nature};
use domain::id::{ContactHandle, ConversationId};
use domain::language::Language;
use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, Instant};
use tracing::Instrument;

/// How long the store may take before a message goes to the spool: carriers give up after 2 to 15 seconds (carriers.md 0.2).
const STORE_PATIENCE: Duration = Duration::from_millis(1500);
/// How long a message waits for the spool to be through, when that is near.
const SPOOL_PATIENCE: Duration = Duration::from_millis(500);
/// How far back a carrier's time is believed.
const OLDEST_SENT: SignedDuration = SignedDuration::from_hours(24 * 7);

impl Intake {
    /// Takes a message: durable in the store or in the spool when this returns.
    pub async fn message(&self, message: InboundMessage) -> Result<Taken, IntakeError> {
        let tip = self.new_tip(&message.joins);
        self.letter(Letter::Message(Box::new(message), Box::new(tip))).await
    }

    /// A tip that this message may open.
    pub(super) fn new_tip(&self, joins: &Joins) -> NewTip {
        let at = self.clock.now();
        let id = match joins {
            Joins::New(id) => *id,
            Joins::ByAddress | Joins::Threads(_) | Joins::Conversation(_) => ConversationId::new(self.entropy.ordered(at)),
        };
        let (key, wrapped) = self.vault.new_key(id);
        NewTip { id, key, wrapped, at }
    }

    /// Stores a letter, or lays it into the spool: behind what waits there, or because the store does not answer.
    pub(super) async fn letter(&self, letter: Letter) -> Result<Taken, IntakeError> {
        let (account, began) = (letter.account().clone(), Instant::now());
        let span = traces::accept(&account);
        let taken = self.keep(letter).instrument(span.clone()).await;
        count::taken(&account, began, &taken, &span);
        taken
    }

    async fn keep(&self, letter: Letter) -> Result<Taken, IntakeError> {
        self.spool.caught_up(SPOOL_PATIENCE).await;
        if self.spool.is_empty() {
            match tokio::time::timeout(STORE_PATIENCE, self.take(&letter)).await {
                Ok(Ok(taken)) => return Ok(taken),
                // What the dropped future had sent to the store may still be committed: then the spool's copy is a duplicate.
                Ok(Err(error)) => tracing::warn!(error = %error, "the store does not take it; it goes to the spool"),
                Err(_) => tracing::warn!("the store does not answer; a letter goes to the spool"),
            }
        }
        self.spool.put(&letter).await?;
        Ok(Taken::Spooled(match &letter {
            Letter::Message(message, tip) => Some(match message.joins {
                Joins::Conversation(id) => id,
                Joins::ByAddress | Joins::Threads(_) | Joins::New(_) => tip.id,
            }),
            Letter::Receipt(..) => None,
        }))
    }

    /// Stores a letter, also one that comes out of the spool.
    pub async fn take(&self, letter: &Letter) -> Result<Taken, IntakeError> {
        match letter {
            Letter::Message(message, tip) => self.take_message(message, tip).await,
            Letter::Receipt(receipt, at) => self.take_receipt((**receipt).clone(), *at).await,
        }
    }

    async fn take_message(&self, message: &InboundMessage, tip: &NewTip) -> Result<Taken, IntakeError> {
        if let Some(notice) = self.notice_of(message).await? {
            return self.about_notice(message, notice, tip.at).await;
        }
        if let Some(taken) = self.enduser_text(message, tip.at).await? {
            return Ok(taken);
        }
        for _ in 0..MOST_REPEATS {
            let belongs = self.belongs(message, tip.at).await?;
            let mut letter = match &belongs {
                Belongs::New => self.opened(message, tip),
                Belongs::To(entry) => self.joined(message, entry, tip.at),
            };
            self.add_message(&mut letter, message).await?;
            self.answer(&mut letter, message);
            let Composed { commit, entry, .. } = letter;
            let span = traces::commit(commit.writes.len());
            match self.store.commit(commit).instrument(span).await? {
                Outcome::Committed(_) => {
                    let id = entry.conversation;
                    self.remember(message, entry);
                    self.bounced(message).await?;
                    self.wake(message);
                    return Ok(Taken::Stored(id));
                }
                Outcome::Duplicate => {
                    self.forget(message);
                    self.bounced(message).await?;
                    return Ok(Taken::Known);
                }
                Outcome::Conflict => self.forget(message),
            }
        }
        Err(IntakeError::Contended)
    }

    /// A further message of a tip.
    fn joined(&self, message: &InboundMessage, entry: &KnownEntry, at: Timestamp) -> Composed {
        let mut commit = Commit { once: Some(once(message, at)), ..Commit::default() };
        let id = entry.conversation;
        let mut entry = entry.clone();
        match entry.handle {
            // What no person wrote changes nobody's address: a mail server that sends a bounce back is not the reporter.
            _ if message.nature != Nature::Person => {}
            Some(_) if entry.answers_stay.is_some() => {}
            Some(handle) => commit.writes.push(Write::AnswerTo(id, handle)),
            None => {
                let contact = self.contact(message, &entry, at);
                entry.handle = Some(contact.handle);
                commit.writes.push(Write::Contact(Box::new(contact)));
                commit.writes.extend(entry.answers_stay.map(|handle| Write::AnswerTo(id, handle)));
            }
        }
        // News for whoever was told (R28). The lane of clocks looks by itself every few seconds: no sender waits for that.
        commit.writes.push(Write::WorkIfTold(id, watch::look(id, at)));
        let action = Action::MessageReceived { channel: message.channel };
        commit.audit.push(Entry { conversation: id, at, actor: Actor::Reporter, action });
        Composed { commit, entry, at, is_new: false, language: entry_language(message, None) }.with_language_of_tip()
    }

    /// The first message: the tip and its key.
    fn opened(&self, message: &InboundMessage, tip: &NewTip) -> Composed {
        let NewTip { id, key, wrapped, at } = tip.clone();
        let language = entry_language(message, None);
        let mut commit = Commit { once: Some(once(message, at)), ..Commit::default() };
        let row = ConversationRow {
            conversation: Conversation {
                id,
                reference: Reference::from_bits(self.entropy.bytes()),
                alias: alias(self.entropy.bytes()),
                channel: message.channel,
                language,
                received_at: at,
                state: State::Open,
                way_back: WayBack::Open,
                triage: Triage {
                    school: message.claims.school.clone(),
                    marks: Marks { in_progress: message.claims.in_progress, ..Marks::default() },
                    ..Triage::default()
                },
                triaged_at: None,
                dispatched_at: None,
                claimed_by: None,
                drill: false,
            },
            version: 0,
            code_index: self.vault.code_index(&key.return_code()),
            key: wrapped,
            last_seq: 0,
            unread: 0,
            updated_at: at,
        };
        commit.writes.extend(watch::begun(&row.conversation, at, &self.progress.policy));
        commit.writes.push(Write::Conversation(Box::new(row)));
        let mut entry = KnownEntry {
            conversation: id,
            key,
            at,
            handle: None,
            account: message.account.clone(),
            language,
            opted_out: false,
            answers_stay: None,
            elsewhere: false,
        };
        let contact = self.contact(message, &entry, at);
        entry.handle = Some(contact.handle);
        commit.writes.push(Write::Contact(Box::new(contact)));
        let action = Action::TipReceived { channel: message.channel };
        commit.audit.push(Entry { conversation: id, at, actor: Actor::Reporter, action });
        Composed { commit, entry, at, is_new: true, language }
    }

    /// The address as a row: of our own pages, where there is none, a row that says so.
    fn contact(&self, message: &InboundMessage, entry: &KnownEntry, at: Timestamp) -> ContactRow {
        let handle = ContactHandle::new(self.entropy.uuid());
        let (context, key) = (*handle.uuid().as_bytes(), &entry.key);
        let address = message.from.as_ref().map(|from| from.reveal()).unwrap_or_default();
        ContactRow {
            handle,
            conversation: entry.conversation,
            account: message.account.clone(),
            channel: message.channel,
            index: self.index(message).unwrap_or_else(|| self.vault.own_index(message.channel, entry.conversation)),
            address: self.vault.seal(key, &context, address),
            ours: self.vault.seal(key, &context, message.to.reveal()),
            created_at: at,
            current: super::belongs::joins_by_address(message) && !entry.elsewhere,
        }
    }

    fn wake(&self, message: &InboundMessage) {
        if let Some(lane) = self.progress.routes.for_reply(&message.account, message.channel) {
            self.progress.wake.at(&lane.key, self.clock.now());
        }
        if !message.media.is_empty() {
            self.progress.wake.at(&crate::media::lane(), self.clock.now());
        }
        metrics::counter!(crate::telemetry::metric::MESSAGES_TAKEN, "channel" => message.channel.as_str()).increment(1);
    }
}

/// A commit in the making, and what is known of its tip.
pub(super) struct Composed {
    pub(super) commit: Commit,
    pub(super) entry: KnownEntry,
    pub(super) at: Timestamp,
    pub(super) is_new: bool,
    /// The language of automatic words; `None` when nobody knows.
    pub(super) language: Option<Language>,
}

impl Composed {
    fn with_language_of_tip(mut self) -> Self {
        self.language = self.language.or(self.entry.language);
        self
    }
}

fn entry_language(message: &InboundMessage, known: Option<Language>) -> Option<Language> {
    message.language.or(known).or_else(|| language::guess(message.words.reveal()))
}

/// The carrier's time, when it can be true.
pub(super) fn believed(sent_at: Option<Timestamp>, taken_at: Timestamp) -> Option<Timestamp> {
    let latest = taken_at.saturating_add(SignedDuration::from_mins(1)).unwrap_or(taken_at);
    let earliest = taken_at.saturating_sub(OLDEST_SENT).unwrap_or(taken_at);
    sent_at.filter(|sent| (earliest..=latest).contains(sent))
}

pub(super) fn once(message: &InboundMessage, at: Timestamp) -> Once {
    Once { account: message.account.clone(), key: message.provider_id.0.clone(), at }
}
