//! The rows of what endusers have of their own: PINs, logins to the portal, what they opened, wrote and answered there.
//!
//! Nothing here is tied to the directory's rows, which an import replaces whole: a person who stays keeps their PIN, a person who
//! goes has a session that leads to nobody.

use crate::vault::sealed::{BlindIndex, Sealed};
use domain::id::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One row to write.
#[derive(Debug, Clone)]
pub enum EnduserWrite {
    /// A new PIN; the one set last counts.
    Pin(PinRow),
    /// A one-time code: new or changed (versioned). A new one sweeps those that had expired when it was made.
    LoginCode(LoginCodeRow),
    /// A new session; those that had expired when it began are swept.
    Session(EnduserSessionRow),
    /// The end of a session.
    SessionEnd([u8; 32]),
    /// The end of every session of an address.
    SessionsEnd(BlindIndex),
    /// A new note.
    Note(EnduserNoteRow),
    /// That a person opened a tip; the last time counts.
    Opened(OpenedRow),
    /// What an enduser did; again changes it.
    Feedback(FeedbackRow),
    /// That an address takes no texts any more (STOP) since then; `None` lifts it (START).
    TextsForbidden(BlindIndex, Option<Timestamp>),
}

/// Stands in its column for the mac of a PIN that is void: no keyed hash is all zeros.
pub(super) const VOID_PIN: [u8; 32] = [0; 32];

/// A PIN of an enduser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinRow {
    /// Whose.
    pub person: PersonKey,
    /// `Vault::pin_mac` of it: the PIN itself is kept nowhere. `None` when the one before became void, because somebody else has this place in
    /// the directory.
    pub mac: Option<[u8; 32]>,
    /// Since when.
    pub set_at: Timestamp,
    /// Who drew it; `None` is the person themselves, in the portal.
    pub set_by: Option<StaffId>,
}

/// A one-time code for the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginCodeRow {
    /// Its id, which the page that asks for the code sends back.
    pub id: LoginCodeId,
    /// The address that it goes to.
    pub index: BlindIndex,
    /// `Vault::login_code_mac` of it.
    pub mac: [u8; 32],
    /// When it was drawn.
    pub created_at: Timestamp,
    /// Until when it may be used.
    pub expires_at: Timestamp,
    /// How many tries are used up; a code that was used has none left.
    pub tries: u32,
    /// Version; 0 when new.
    pub version: i64,
}

/// A login to the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnduserSessionRow {
    /// SHA-256 of the token in the cookie.
    pub token_hash: [u8; 32],
    /// The address by which somebody logged in; the persons listed there are who they are.
    pub index: BlindIndex,
    /// The secret that forms must send back.
    pub csrf: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// A note of endusers and analysts to each other about a tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnduserNoteRow {
    /// Its id (a message id: it stands in the same order).
    pub id: MessageId,
    /// The tip.
    pub conversation: ConversationId,
    /// Who wrote it.
    pub author: NoteAuthor,
    /// When.
    pub at: Timestamp,
    /// The words, sealed under the tip's key with the id as context.
    pub body: Sealed,
}

/// Who wrote such a note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum NoteAuthor {
    /// An analyst.
    Staff {
        /** Who. */
        id: StaffId,
    },
    /// An enduser, in the directory's words at that time.
    Enduser {
        /** Who. */
        person: PersonKey,
        /** Their role. */
        role: String,
        /** Their organization's name. */
        organization: String,
    },
    /// One of the line's own people, in answer to a page: endusers are not shown it.
    Line {
        /** Their role. */
        role: String,
        /** The name they are listed under. */
        organization: String,
    },
}

/// That a person opened a tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedRow {
    /// The tip.
    pub conversation: ConversationId,
    /// Who.
    pub person: PersonKey,
    /// When last.
    pub at: Timestamp,
}

/// What an enduser did about a tip (R21).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedbackRow {
    /// The tip.
    pub conversation: ConversationId,
    /// Who.
    pub person: PersonKey,
    /// Their organization.
    pub organization: OrganizationKey,
    /// Their role.
    pub role: String,
    /// The choice that is counted.
    pub did: Did,
    /// Their words, sealed under the tip's key with the person's key as context (`Vault::feedback_context`).
    pub body: Sealed,
    /// When last changed.
    pub at: Timestamp,
}

/// What became of a tip at an organization: one choice, for the annual report (R63).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Did {
    /// Somebody was helped or protected.
    Helped,
    /// It was looked into, and there is nothing more to do.
    LookedInto,
    /// It was handed to somebody else.
    HandedOn,
    /// It was known already.
    Known,
    /// It did not concern them, or was not true.
    Unfounded,
    /// Work goes on.
    GoesOn,
}

impl Did {
    /// Every choice, in the order shown.
    pub const ALL: [Did; 6] = [Did::Helped, Did::LookedInto, Did::HandedOn, Did::Known, Did::Unfounded, Did::GoesOn];
    /// The word used in SQL, forms and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Did::Helped => "helped",
            Did::LookedInto => "looked_into",
            Did::HandedOn => "handed_on",
            Did::Known => "known",
            Did::Unfounded => "unfounded",
            Did::GoesOn => "goes_on",
        }
    }
    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|did| did.as_str() == word)
    }
}
