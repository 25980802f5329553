//! Pictures, recordings and files as an adapter hands them over: named, not fetched, and not believed.

use crate::sealed::Words;
use serde::{Deserialize, Serialize};

/// More media than any carrier delivers with one message (Twilio: 10).
pub const MAX_MEDIA: usize = 10;

/// A picture, recording or file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaRef {
    /// Where it is.
    pub body: MediaBody,
    /// What it is said to be, lower case, at most 100 characters; not to be believed.
    pub content_type: String,
    /// What it is for.
    pub role: MediaRole,
}

/// Where the bytes of a medium are.
#[derive(Clone, PartialEq, Eq)]
pub enum MediaBody {
    /// At the carrier, under this address: it names the reporter's message, so it is sealed like words.
    Waiting(Words),
    /// Here: uploaded, or part of a mail.
    Here(Vec<u8>),
}

impl std::fmt::Debug for MediaBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            MediaBody::Waiting(_) => f.write_str("Waiting(sealed)"),
            MediaBody::Here(bytes) => write!(f, "Here({} bytes)", bytes.len()),
        }
    }
}

/// What a medium is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaRole {
    /// A picture or file that the reporter wanted to be seen.
    Shown,
    /// A spoken message.
    Recording,
    /// The whole mail as it came, with everything that was cut from the words: kept sealed, opened for nobody at the console.
    Raw,
}

impl MediaRole {
    /// Every role.
    pub const ALL: [MediaRole; 3] = [MediaRole::Shown, MediaRole::Recording, MediaRole::Raw];
    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            MediaRole::Shown => "shown",
            MediaRole::Recording => "recording",
            MediaRole::Raw => "raw",
        }
    }
    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}
