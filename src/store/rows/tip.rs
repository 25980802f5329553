//! What a tip is made of: itself, its addresses, messages, staff notes, the record, and what it is like.
//!
//! What the reporter wrote and where it came from is sealed under the tip's key; a counter of messages is the store's own.

use crate::audit::{Action, Actor};
use crate::vault::sealed::{BlindIndex, Sealed, WrappedKey};
use domain::channel::Channel;
use domain::conversation::Conversation;
use domain::dispatch::delivery::Delivery;
use domain::exchange::{Nature, Part};
use domain::id::{AccountKey, ContactHandle, ConversationId, MessageId, StaffId};
use jiff::Timestamp;

/// A tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationRow {
    /// The tip as the rules see it.
    pub conversation: Conversation,
    /// Version; 0 when new.
    pub version: i64,
    /// Its key, wrapped.
    pub key: WrappedKey,
    /// Keyed index of its return code.
    pub code_index: BlindIndex,
    /// Number of the last message (the store's).
    pub last_seq: i64,
    /// Reporter's messages that nobody has opened yet (the store's).
    pub unread: i64,
    /// When something last changed (the store's).
    pub updated_at: Timestamp,
}

/// An address of a tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactRow {
    /// Its handle.
    pub handle: ContactHandle,
    /// The tip.
    pub conversation: ConversationId,
    /// The account through which it wrote, and is answered.
    pub account: AccountKey,
    /// The channel.
    pub channel: Channel,
    /// Keyed index of channel and address.
    pub index: BlindIndex,
    /// The address, sealed under the tip's key.
    pub address: Sealed,
    /// Our address that it wrote to, sealed under the tip's key: answers come from there.
    pub ours: Sealed,
    /// When it first wrote.
    pub created_at: Timestamp,
    /// Whether a next message from it joins this tip. A caller's number never does: phones are shared, so a caller shows the code.
    pub current: bool,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The reporter.
    Reporter,
    /// An analyst.
    Staff(StaffId),
    /// The program.
    System,
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageRow {
    /// Its id.
    pub id: MessageId,
    /// The tip.
    pub conversation: ConversationId,
    /// Its number in the tip, from 1 (the store's).
    pub seq: i64,
    /// Who wrote it.
    pub author: Author,
    /// The channel.
    pub channel: Channel,
    /// The words, sealed under the tip's key with the message's id as context.
    pub body: Sealed,
    /// When it was received or written.
    pub at: Timestamp,
    /// The account and the carrier's id, for a reporter's message.
    pub provider: Option<(AccountKey, String)>,
    /// When the carrier says that it was written; `None` when it says nothing. Shown in this order, else by `at` (R72).
    pub sent_at: Option<Timestamp>,
    /// Which piece of a long text it is; pieces are shown as one message (R72).
    pub part: Option<Part>,
    /// Who or what wrote it.
    pub nature: Nature,
    /// The channel's own name of it that an answer refers to (a mail's Message-ID), sealed with the message's id as context.
    pub source: Option<Sealed>,
    /// Media that were claimed beyond the most that are taken.
    pub media_dropped: u32,
    /// Where the delivery stands, for a message to the reporter.
    pub delivery: Option<Delivery>,
    /// Version of `delivery`; 0 when new.
    pub delivery_version: i64,
}

impl MessageRow {
    /// A message with nothing but these, its words still to be sealed.
    pub fn new(id: MessageId, conversation: ConversationId, author: Author, channel: Channel, at: Timestamp) -> Self {
        Self {
            id,
            conversation,
            seq: 0,
            author,
            channel,
            body: Sealed::default(),
            at,
            provider: None,
            sent_at: None,
            part: None,
            nature: Nature::Person,
            source: None,
            media_dropped: 0,
            delivery: None,
            delivery_version: 0,
        }
    }
}

/// A text for staff only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteRow {
    /// Its id (a message id: it stands in the same order).
    pub id: MessageId,
    /// The tip.
    pub conversation: ConversationId,
    /// Who wrote it.
    pub author: StaffId,
    /// When.
    pub at: Timestamp,
    /// An assessment (R53) or a note.
    pub kind: NoteKind,
    /// The words, sealed with the id as context.
    pub body: Sealed,
}

/// What a staff text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteKind {
    /// The analyst's assessment, kept apart from the reporter's words (R53). The last one counts.
    Assessment,
    /// A note.
    Note,
}

impl NoteKind {
    /// `assessment` or `note`.
    pub const fn as_str(self) -> &'static str {
        match self {
            NoteKind::Assessment => "assessment",
            NoteKind::Note => "note",
        }
    }
}

/// One entry of the record, as kept.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordRow {
    /// Its number in the tip, from 1.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// SHA-256 over the hash before, the number, the time, actor and action as written.
    pub hash: [u8; 32],
}

/// That a tip is about the same thing as an earlier one (R74): proposed by the program, undone by an analyst.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentRow {
    /// The tip.
    pub conversation: ConversationId,
    /// The first tip about the thing.
    pub incident: ConversationId,
    /// How much of their words they share, in percent.
    pub likeness: u8,
    /// What it says that the earlier ones did not, sealed under its own key with its id as context; `None` when nothing.
    pub new_facts: Option<Sealed>,
    /// Whether it is to be counted under the first one's row.
    pub folded: bool,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// Who said that it is something else, and when.
    pub taken_out: Option<(StaffId, Timestamp)>,
}
