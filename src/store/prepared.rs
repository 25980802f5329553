//! A commit with its slow work done: what has to be written as JSON is written in the caller's task, not in the writer's.
//!
//! Nothing is decided here. What a commit must ask of the database before it can be decided is in `batch::facts`.

use super::commit::{Commit, Once, Write};
use super::endusers::EnduserWrite;
use super::rows::Owner;
use super::{StoreError, commit};
use crate::audit::Entry;
use domain::id::ConversationId;
use serde::Serialize;

/// A commit on its way to the writer.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) once: Option<Once>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) entries: Vec<WrittenEntry>,
}

/// One row with its JSON columns, in the order of the schema.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) write: Write,
    pub(crate) json: [Option<String>; 2],
}

/// An entry of the record as it will be written.
#[derive(Debug)]
pub(crate) struct WrittenEntry {
    pub(crate) conversation: ConversationId,
    pub(crate) at_micros: i64,
    pub(crate) actor_json: String,
    pub(crate) action_json: String,
}

impl Prepared {
    /// Writes what is JSON. Fails only for a value that cannot be JSON, which none of ours is.
    pub(crate) fn new(commit: Commit) -> Result<Self, StoreError> {
        let commit::Commit { once, writes, audit } = commit;
        let pieces = writes.into_iter().map(|write| Ok(Piece { json: columns(&write)?, write })).collect::<Result<_, serde_json::Error>>();
        let entries = audit.into_iter().map(written).collect::<Result<_, _>>();
        match (pieces, entries) {
            (Ok(pieces), Ok(entries)) => Ok(Self { once, pieces, entries }),
            (Err(error), _) | (_, Err(error)) => Err(StoreError::Failed { operation: "commit", source: error.into() }),
        }
    }
}

fn written(entry: Entry) -> Result<WrittenEntry, serde_json::Error> {
    Ok(WrittenEntry {
        conversation: entry.conversation,
        at_micros: entry.at.as_microsecond(),
        actor_json: json(&entry.actor)?,
        action_json: json(&entry.action)?,
    })
}

fn columns(write: &Write) -> Result<[Option<String>; 2], serde_json::Error> {
    Ok(match write {
        Write::Conversation(row) => [Some(json(&row.conversation.triage.types)?), Some(json(&row.conversation.triage.marks)?)],
        Write::Message(row) | Write::Delivery(row) => {
            [row.delivery.as_ref().map(json).transpose()?, row.part.as_ref().map(json).transpose()?]
        }
        Write::Attachment(row) => [Some(json(&row.state)?), None],
        Write::Caller(row) => [Some(json(&row.state)?), None],
        Write::Obligation(row) => [Some(json(&row.obligation)?), None],
        Write::Attempt(row) => [Some(json(&row.evidence)?), row.call.as_ref().map(json).transpose()?],
        Write::Receipt(row) => [Some(json(&row.kind)?), None],
        Write::Watch(row) => [Some(json(&row.watch)?), None],
        Write::Route(row) => [Some(json(&row.circuit)?), None],
        Write::Dispatch(row) => [Some(json(&row.purpose)?), Some(json(&row.excluded)?)],
        Write::Enduser(write) => match write.as_ref() {
            EnduserWrite::Note(row) => [Some(json(&row.author)?), None],
            EnduserWrite::Pin(_)
            | EnduserWrite::LoginCode(_)
            | EnduserWrite::Session(_)
            | EnduserWrite::SessionEnd(_)
            | EnduserWrite::SessionsEnd(_)
            | EnduserWrite::Opened(_)
            | EnduserWrite::Feedback(_)
            | EnduserWrite::TextsForbidden(..) => [None, None],
        },
        Write::Contact(_)
        | Write::Mailbox(_)
        | Write::AnswerTo(..)
        | Write::Note(_)
        | Write::Incident(_)
        | Write::WayBack(..)
        | Write::RetireContacts(_)
        | Write::MarkRead(_)
        | Write::Work(_)
        | Write::WorkIfTold(..)
        | Write::Still(..)
        | Write::WorkDone(_)
        | Write::Task(_)
        | Write::TaskDone(..)
        | Write::Staff(_)
        | Write::Session(_)
        | Write::SessionEnd(_)
        | Write::ApiToken(_)
        | Write::Throttle(_)
        | Write::Directory(_)
        | Write::Meta(..) => [None, None],
    })
}

fn json<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    serde_json::to_string(value)
}

impl Owner {
    /// The word used in SQL.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Owner::Obligation(_) => "obligation",
            Owner::Message(_) => "message",
        }
    }
}
