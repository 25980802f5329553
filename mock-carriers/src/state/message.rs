//! A text message as the carrier knows it, inbound or outbound, and its media.
//! Its wire form is in `twilio::json`, its handset form here.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One message.
#[derive(Debug, Clone)]
pub struct Message {
    /// `SM..` or `MM..`.
    pub sid: String,
    /// Sender; none until a Messaging Service has chosen one.
    pub from: Option<String>,
    /// Recipient.
    pub to: String,
    /// Text, possibly empty.
    pub body: String,
    /// Who began it.
    pub direction: Direction,
    /// Where it stands.
    pub status: MessageStatus,
    /// Twilio's code when it failed.
    pub error_code: Option<u32>,
    /// SIDs of its media.
    pub media: Vec<String>,
    /// The Messaging Service it was sent through.
    pub messaging_service_sid: Option<String>,
    /// SMS parts.
    pub segments: usize,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// When it left.
    pub sent: Option<Timestamp>,
    /// Where its status is reported.
    pub status_callback: Option<String>,
    /// True for what the carrier says by itself, such as the answer to STOP.
    pub by_carrier: bool,
}

/// Who began a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From a handset to one of the account's numbers.
    Inbound,
    /// Through the REST API.
    OutboundApi,
    /// A TwiML answer, or the carrier's own opt-out confirmation.
    OutboundReply,
}

impl Direction {
    /// Twilio's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::OutboundApi => "outbound-api",
            Self::OutboundReply => "outbound-reply",
        }
    }
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageStatus {
    /// Taken by a Messaging Service that has not chosen a sender.
    Accepted,
    /// To be sent later.
    Scheduled,
    /// Waiting in the sender's queue.
    Queued,
    /// Left the carrier.
    Sent,
    /// Reached the handset.
    Delivered,
    /// Left, and did not arrive.
    Undelivered,
    /// Never left.
    Failed,
    /// Came in.
    Received,
    /// A schedule taken back.
    Canceled,
}

impl MessageStatus {
    /// Twilio's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Scheduled => "scheduled",
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Received => "received",
            Self::Canceled => "canceled",
        }
    }

    /// True while the carrier still means to send it.
    pub fn is_waiting(self) -> bool {
        match self {
            Self::Accepted | Self::Scheduled | Self::Queued => true,
            Self::Sent | Self::Delivered | Self::Undelivered | Self::Failed | Self::Received | Self::Canceled => false,
        }
    }
}

/// A picture or other file that belongs to a message.
#[derive(Debug, Clone)]
pub struct Media {
    /// `ME..`.
    pub sid: String,
    /// The message.
    pub parent_sid: String,
    /// MIME type.
    pub content_type: String,
    /// The bytes; empty for outbound media, which the mock does not fetch.
    pub bytes: Vec<u8>,
    /// Where an outbound picture was to be fetched from.
    pub source_url: Option<String>,
    /// Opens it on the second listener, without a password.
    pub download_token: String,
    /// When it was made.
    pub created: Timestamp,
}

/// A message as a handset shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandsetMessage {
    /// The message's SID.
    pub sid: String,
    /// Who began it.
    pub direction: Direction,
    /// Sender.
    pub from: String,
    /// Recipient.
    pub to: String,
    /// Text.
    pub body: String,
    /// Where it stands.
    pub status: MessageStatus,
    /// SIDs of its media.
    pub media: Vec<String>,
    /// RFC 3339.
    pub at: Timestamp,
    /// True for what the carrier says by itself, such as the answer to STOP.
    #[serde(default)]
    pub by_carrier: bool,
}

impl From<&Message> for HandsetMessage {
    fn from(message: &Message) -> Self {
        Self {
            sid: message.sid.clone(),
            direction: message.direction,
            from: message.from.clone().unwrap_or_default(),
            to: message.to.clone(),
            body: message.body.clone(),
            status: message.status,
            media: message.media.clone(),
            at: message.created,
            by_carrier: message.by_carrier,
        }
    }
}
