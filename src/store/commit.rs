//! A change as a value, and what becomes of it.
//!
//! Versioned rows carry the version they were read at (0 for a new row); the store applies the commit only if every one of
//! them still has it, and writes version + 1. So a rule is decided on what is true, or decided again.

use super::endusers::EnduserWrite;
use super::rows::*;
use crate::audit::Entry;
use domain::conversation::WayBack;
use domain::id::*;
use jiff::Timestamp;

/// One change, applied whole or not at all.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// What makes this change happen once: unique per account, kept for ever. A second commit with the same is a `Duplicate`.
    pub once: Option<Once>,
    /// The rows, in any order; the store applies them parents first.
    pub writes: Vec<Write>,
    /// The record.
    pub audit: Vec<Entry>,
}

/// A carrier's piece of news: `SM…` for a message, `SM…:delivered` for its status.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Once {
    /// The account.
    pub account: AccountKey,
    /// Unique within the account.
    pub key: String,
    /// When it was taken.
    pub at: Timestamp,
}

/// What became of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Durable.
    Committed(Committed),
    /// `once` was there already: nothing was changed.
    Duplicate,
    /// A row had another version, or a new contact exists already: nothing was changed; read again and decide again.
    Conflict,
}

/// What the store assigned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// The sequence number of each new message in its tip, from 1.
    pub messages: Vec<(MessageId, i64)>,
}

/// One row to write.
#[derive(Debug, Clone)]
pub enum Write {
    /// A tip: new (version 0) or changed. Counters (`last_seq`, `unread`, `updated_at`) are the store's and not written from here; but
    /// a tip that is being closed must still have the `last_seq` it was read with, so that no tip is closed over a message that came
    /// meanwhile. A new tip whose id, reference or code index is taken is a `Conflict`: draw others,
    /// or join the one that is there.
    Conversation(Box<ConversationRow>),
    /// A new address of a tip; a `Conflict` when it is to be current and its index is so already. Later ones of a tip become the one to
    /// answer to.
    Contact(Box<ContactRow>),
    /// A new message. The store assigns `seq`, sets the tip's `updated_at`, and for a reporter's message raises `unread` and opens a closed tip.
    Message(Box<MessageRow>),
    /// The changed delivery of a message that exists (versioned by `delivery_version`).
    Delivery(Box<MessageRow>),
    /// An attachment: new or changed. A new one of a message.
    Attachment(Box<AttachmentRow>),
    /// A reporter's call: new or changed.
    Caller(Box<CallerRow>),
    /// The clocks of a tip.
    Watch(Box<WatchRow>),
    /// Where a mailbox was read to.
    Mailbox(MailboxRow),
    /// That a tip is about the same thing as an earlier one; again changes only whether it was taken out.
    Incident(IncidentRow),
    /// A staff note or assessment.
    Note(NoteRow),
    /// The way back of a tip, whatever its version; raises the version if it changes something.
    WayBack(ConversationId, WayBack),
    /// None of the tip's addresses is current any more: a next message from one opens a new tip, with a clock of its own. With the closing
    /// of a tip.
    RetireContacts(ConversationId),
    /// Answers go to this address of the tip from now on: the reporter wrote by it last.
    AnswerTo(ConversationId, ContactHandle),
    /// Staff have read the tip: `unread` becomes 0.
    MarkRead(ConversationId),
    /// A new dispatch.
    Dispatch(DispatchRow),
    /// An obligation: new or changed.
    Obligation(Box<ObligationRow>),
    /// An attempt: new or changed. A `Conflict`, too, when another attempt of the account has its provider id.
    Attempt(Box<AttemptRow>),
    /// A receipt to append.
    Receipt(ReceiptRow),
    /// Work: new or put to another time; whoever claimed it loses it.
    Work(WorkRow),
    /// The same, if the tip has been dispatched when the commit is applied; else nothing. For a reporter's further message, whose sender does
    /// not ask whether anybody was told.
    WorkIfTold(ConversationId, WorkRow),
    /// Nothing but a `Conflict` when the tip has another version or another last message than this: for what was decided on all that is
    /// known of a tip.
    Still(ConversationId, i64, i64),
    /// Work that is over.
    WorkDone(WorkId),
    /// A new task.
    Task(TaskRow),
    /// A task that is done. A `Conflict` when it is not open: somebody was quicker.
    TaskDone(TaskId, StaffId, Timestamp),
    /// A member of staff: new or changed (by login name; id and `created_at` stay the first ones).
    Staff(StaffRow),
    /// A new session; those that had expired when it began are swept.
    Session(SessionRow),
    /// The end of a session.
    SessionEnd([u8; 32]),
    /// A new API token.
    ApiToken(ApiTokenRow),
    /// Failed logins of a name; none removes the row.
    Throttle(ThrottleRow),
    /// What endusers have of their own: PINs, logins to the portal, notes, feedback.
    Enduser(Box<EnduserWrite>),
    /// The whole directory, replacing what was there.
    Directory(Box<DirectoryRows>),
    /// Whether a lane is trusted.
    Route(RouteRow),
    /// A value of the deployment.
    Meta(&'static str, String),
}
