//! Pictures, recordings and files of a tip: where each stands on its way from the carrier to a copy that may be shown.
//!
//! The bytes are in the media folder, sealed; here is only what is known of them.

use crate::vault::sealed::Sealed;
use domain::exchange::MediaRole;
use domain::id::{AccountKey, AttachmentId, ConversationId, MessageId};
use serde::{Deserialize, Serialize};

/// A picture or file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentRow {
    /// Its id.
    pub id: AttachmentId,
    /// Its message.
    pub message: MessageId,
    /// The tip.
    pub conversation: ConversationId,
    /// The account whose adapter fetches it.
    pub account: AccountKey,
    /// What it is for.
    pub role: MediaRole,
    /// Where it waits at the carrier, sealed with the attachment's id as context; `None` when it came with the message.
    pub url: Option<Sealed>,
    /// What the sender calls it; not to be believed.
    pub content_type: String,
    /// Where it stands.
    pub state: AttachmentState,
    /// Version; 0 when new.
    pub version: i64,
}

impl AttachmentRow {
    /// Whether there is still something to do with it: fetch it, copy it, delete it at the carrier.
    pub fn is_unfinished(&self) -> bool {
        match &self.state {
            AttachmentState::Waiting { .. } => true,
            AttachmentState::Kept { copy: SafeCopy::Pending, .. } => true,
            AttachmentState::Kept { copy: SafeCopy::Ready { .. } | SafeCopy::Impossible { .. }, .. } => self.url.is_some(),
            AttachmentState::Lost { .. } => false,
        }
    }
}

/// Where a picture or file stands (R73). The words of its message never depend on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum AttachmentState {
    /// It waits at the carrier.
    Waiting {
        /** How often fetching it was tried. */
        tried: u32,
    },
    /// The original is here, sealed; whether there is a copy that can be shown says `copy`.
    Kept {
        /** What its bytes say that it is, such as `image/jpeg`; `application/octet-stream` when they say nothing. */
        kind: String,
        /** How large it is. */
        bytes: u64,
        /** The copy for people. */
        copy: SafeCopy,
    },
    /// It never came: gone at the carrier, too large, or an address that may not be fetched from.
    Lost {
        /** Why, in words for the analyst. */
        why: String,
    },
}

/// A copy made by decoding and encoding again, without metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "copy")]
pub enum SafeCopy {
    /// It is being made.
    Pending,
    /// It is there.
    Ready {
        /** What it is, such as `image/png`. */
        kind: String,
        /** How large it is. */
        bytes: u64,
        /** Its width in pixels; 0 for sound. */
        width: u32,
        /** Its height in pixels; 0 for sound. */
        height: u32,
    },
    /// None can be made: nobody is shown it but an analyst who asks for the original.
    Impossible {
        /** Why, in words for the analyst. */
        why: String,
    },
}
