//! Ways in that need a memory between two events: a call between its steps, a mailbox between two readings.
//!
//! A call's words are messages of its tip; here is only where it stands.

use adapters::contract::Cursor;
use domain::id::{AccountKey, CallId, ConversationId};
use domain::voice::taken_call::TakenCall;
use jiff::Timestamp;

/// A call that came in: a reporter's, or an enduser's who calls back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerRow {
    /// Its id.
    pub call: CallId,
    /// The account it came through.
    pub account: AccountKey,
    /// Where it stands.
    pub state: TakenCall,
    /// The tip that it opened, or whose code was keyed.
    pub conversation: Option<ConversationId>,
    /// When it came.
    pub started_at: Timestamp,
    /// Version; 0 when new.
    pub version: i64,
}

/// Where a mailbox folder was read to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxRow {
    /// The account.
    pub account: AccountKey,
    /// The folder.
    pub folder: String,
    /// Its UIDVALIDITY and the highest UID taken in.
    pub cursor: Cursor,
}
