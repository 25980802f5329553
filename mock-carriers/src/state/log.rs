//! What the mock remembers of its traffic: REST requests with their arrival, webhooks with their outcome,
//! and the debugger's list of what the other side did wrong.
//! Passwords are not kept; form parameters are, since showing them is what the log is for.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::fault::Kind;

/// One REST request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RequestSeen {
    /// Counts from 1.
    pub id: u64,
    /// Arrival on the monotonic clock, in microseconds since the start.
    pub arrived_us: u64,
    /// Arrival as RFC 3339.
    pub at: Timestamp,
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Query parameters in order.
    pub query: Vec<(String, String)>,
    /// Form parameters in order.
    pub form: Vec<(String, String)>,
    /// Answer; 0 until there is one, or when the connection was closed without.
    pub status: u16,
    /// The fault that struck it.
    pub fault: Option<String>,
    /// True when a password came along. The second listener must never see one.
    pub authorization_sent: bool,
}

/// One webhook or callback, sent or meant to be sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delivered {
    /// Counts from 1.
    pub id: u64,
    /// When it was due.
    pub at: Timestamp,
    /// `webhook` or `callback`.
    pub kind: Kind,
    /// HTTP method.
    pub method: String,
    /// Where to, without the fragment.
    pub url: String,
    /// The parameters.
    pub params: Vec<(String, String)>,
    /// The signature as it was first sent.
    pub signature: String,
    /// The idempotency token.
    pub token: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The last answer's status; none when there was no answer.
    pub status: Option<u16>,
    /// The last answer's body, cut at 64 KiB.
    pub body: String,
    /// Why there was no answer.
    pub error: Option<String>,
    /// The fault that struck it.
    pub fault: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// True once it ended, one way or the other.
    pub done: bool,
}

/// One entry of the debugger.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Debugged {
    /// When.
    pub at: Timestamp,
    /// Twilio's code, such as 11200 or 12100.
    pub code: u32,
    /// What happened.
    pub message: String,
    /// The message or call.
    pub sid: String,
    /// The address that was asked.
    pub url: String,
}
