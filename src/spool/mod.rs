//! The spool: events that came while the database was away, sealed and durable on the local disk, drained in order when it is back (R43).
//!
//! While anything waits here, later messages are laid behind it, so their order is kept. A letter that is drained twice changes
//! nothing: it carries the key by which the store knows it.

use domain::exchange::{InboundMessage, Receipt};
use domain::id::ConversationId;
use jiff::Timestamp;

use crate::vault::ConversationKey;
use crate::vault::sealed::WrappedKey;

/// What waits in the spool.
#[derive(Debug, Clone)]
pub enum Letter {
    /// A reporter's message, with the tip that it opens if it opens one.
    Message(Box<InboundMessage>, Box<NewTip>),
    /// News of something that we sent.
    Receipt(Box<Receipt>, Timestamp),
}

/// A tip that may be opened: drawn before anything is stored, so that its code can be told even while the database is away.
#[derive(Debug, Clone)]
pub struct NewTip {
    /// Its id.
    pub id: ConversationId,
    /// Its key.
    pub key: ConversationKey,
    /// The same, wrapped.
    pub wrapped: WrappedKey,
    /// When the message came: every clock runs from here (R44).
    pub at: Timestamp,
}

/// Why a letter is not durable.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// There is no spool, or its disk refuses.
    #[error("the spool could not take a letter")]
    Failed(#[source] std::io::Error),
    /// It holds as much as it may.
    #[error("the spool is full")]
    Full,
}

/// The spool of this node.
#[derive(Debug, Clone, Default)]
pub struct Spool {}

impl Spool {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        true
    }
    /// Takes a letter; durable when this returns.
    pub async fn put(&self, _letter: &Letter) -> Result<(), SpoolError> {
        Err(SpoolError::Failed(std::io::ErrorKind::Unsupported.into()))
    }
}
