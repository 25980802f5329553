//! Chats: what a connection can do with one conversation, without knowing that there are sockets.
//!
//! The store is the queue: a chat keeps no messages, it reads what is above the number that its client has, so a cut loses nothing, a
//! resume doubles nothing, and any node can go on with it. A chat that begins has an id and a token before there is a tip; its first
//! message opens the tip under that id, and saying it again changes nothing.

mod history;
mod say;

pub use history::{History, Seat};
pub use say::Said;

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::intake::{Intake, IntakeError};
use crate::live::{Live, Watching};
use crate::media::uploads::{UploadError, Uploads};
use crate::progress::{Progress, ProgressError};
use crate::store::{Store, StoreError};
use crate::vault::visit::{CHAT_LASTS, Pass};
use crate::vault::{DoesNotOpen, Vault};
use adapters::chat::{Door, Hello};
use domain::conversation::code::ReturnCode;
use domain::id::ConversationId;
use jiff::Timestamp;
use std::sync::Arc;

/// Why a chat could not do something. Nothing is lost: the client asks or says again.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// The token is not ours, or too old.
    #[error("the chat's token is not good any more")]
    UnknownToken,
    /// No conversation has this code.
    #[error("no conversation has this code")]
    UnknownCode,
    /// The way in.
    #[error("the chat's message was not taken")]
    Intake(#[from] IntakeError),
    /// The store.
    #[error("the chat could not be read")]
    Store(#[from] StoreError),
    /// A delivery was not noted.
    #[error("what was seen in the chat was not noted")]
    Progress(#[from] ProgressError),
    /// A key or row is damaged.
    #[error(transparent)]
    Sealed(#[from] DoesNotOpen),
    /// An upload was not kept or could not be read.
    #[error(transparent)]
    Upload(#[from] UploadError),
}

/// What chats are made from.
#[derive(Clone)]
pub struct Chats {
    /// The store, for reading.
    pub store: Arc<dyn Store>,
    /// Opens what was said.
    pub vault: Arc<Vault>,
    /// The way in.
    pub intake: Intake,
    /// Notes what was seen.
    pub progress: Progress,
    /// Tells that something changed.
    pub live: Live,
    /// The time.
    pub clock: Clock,
    /// Draws the ids of chats.
    pub entropy: Entropy,
    /// Pictures that wait for their message.
    pub uploads: Uploads,
}

/// How a chat came in: it decides whether it may be told the code again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// It begins here, or goes on with a token of a chat that began here.
    Begun,
    /// Somebody showed the code, or a token of a chat in which it was shown.
    Returned,
}

impl Came {
    const fn pass(self) -> Pass {
        match self {
            Came::Begun => Pass::ChatBegun,
            Came::Returned => Pass::Chat,
        }
    }
}

impl Chats {
    /// Lets a client in. A token needs no store, so that a chat goes on while the database is away; a code does.
    pub async fn join(&self, hello: &Hello) -> Result<Seat, ChatError> {
        let (conversation, came) = match &hello.door {
            Door::New => (ConversationId::new(self.entropy.ordered(self.clock.now())), Came::Begun),
            Door::Token(token) => self.of_token(token).ok_or(ChatError::UnknownToken)?,
            Door::Code(code) => {
                let row = self.intake.open_by_code(code).await?.ok_or(ChatError::UnknownCode)?;
                (row.conversation.id, Came::Returned)
            }
        };
        let after = if hello.door == Door::New { 0 } else { hello.after };
        Ok(Seat::new(conversation, came, hello.language, after))
    }

    /// The conversation of a token.
    pub fn of_token(&self, token: &str) -> Option<(ConversationId, Came)> {
        let now = self.clock.now();
        let read = |came: Came| self.vault.read_pass(came.pass(), token, now).map(|id| (id, came));
        read(Came::Begun).or_else(|| read(Came::Returned))
    }

    /// A token to come back with, and until when.
    pub fn token(&self, seat: &Seat) -> (String, Timestamp) {
        let now = self.clock.now();
        (self.vault.pass(seat.came().pass(), seat.conversation(), now), now.saturating_add(CHAT_LASTS).unwrap_or(now))
    }

    /// Watches a seat's conversation.
    pub fn watch(&self, seat: &Seat) -> Watching {
        self.live.watch(seat.conversation())
    }

    /// The code of the conversation; `None` before its first message is stored, and for whoever came with the code.
    pub async fn code(&self, seat: &Seat) -> Result<Option<ReturnCode>, ChatError> {
        if seat.came() == Came::Returned {
            return Ok(None);
        }
        if let Some(key) = seat.key() {
            return Ok(Some(key.return_code()));
        }
        let Some(row) = self.store.conversation(seat.conversation()).await? else { return Ok(None) };
        Ok(Some(self.vault.unwrap_key(row.conversation.id, &row.key)?.return_code()))
    }

    /// The reporter has everything up to this number before them. Only what was shown to this seat can have been seen.
    pub async fn seen(&self, seat: &mut Seat, up_to: i64) -> Result<(), ChatError> {
        if let Some(up_to) = seat.newly_seen(up_to) {
            self.progress.seen(seat.conversation(), 1..=up_to).await?;
        }
        Ok(())
    }
}
