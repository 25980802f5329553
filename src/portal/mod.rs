//! What endusers can do in the portal: log in by a code that comes to their own address, read what their organizations were told of,
//! confirm, write to each other and to the analysts, tell what they did.
//!
//! Knows no HTTP: the pages are `http::public::portal`. Who may see what is decided in [`access`] and nowhere else. What would surprise:
//! a session belongs to an address, and who is listed there now is asked at every page, so whoever leaves the directory is out at once.

pub mod access;
mod act;
pub mod code;
mod files;
pub mod list;
pub mod login;
pub mod pins;
mod tip;
pub mod view;

#[cfg(test)]
mod tests;

use crate::audit::{Action, Actor, Entry, PortalUser};
use crate::desk::{Desk, DeskError};
use crate::lifecycle::Tasks;
use crate::outbox::Outbox;
use crate::progress::ProgressError;
use crate::store::{Commit, Outcome, StoreError};
use crate::vault::DoesNotOpen;
use code::Wanted;
use domain::directory::Person;
use domain::id::ConversationId;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use tokio::sync::mpsc;

/// The longest note or answer, in characters.
pub const LONGEST_NOTE: usize = 2000;

/// How many notes of endusers and analysts a tip takes.
pub const MOST_NOTES: usize = 300;

/// Why something was refused. The pages say it in the reader's language.
#[derive(Debug, thiserror::Error)]
pub enum PortalError {
    /// No such tip, or none that this person may see: which of them is not said.
    #[error("there is no such report for this person")]
    NotHere,
    /// The code is wrong, over, used up, or none was sent: which of them is not said.
    #[error("the code does not fit")]
    WrongCode,
    /// Too many want a code at this moment.
    #[error("too many codes are asked for at this moment")]
    Busy,
    /// Nothing was written.
    #[error("nothing was written")]
    Empty,
    /// More than fits: how much it was, in characters.
    #[error("the text has {0} characters; {LONGEST_NOTE} fit")]
    TooLong(usize),
    /// The tip has as many notes as are taken.
    #[error("the report has {MOST_NOTES} notes, the most that are taken")]
    TooMany,
    /// No choice was made.
    #[error("no choice was made")]
    NoChoice,
    /// The person was not asked, so there is nothing that they could confirm.
    #[error("this person was not asked to confirm")]
    NothingToConfirm,
    /// The store.
    #[error("the portal could not use the store")]
    Store(#[from] StoreError),
    /// Deciding met conflicts every time.
    #[error("the portal could not move an obligation on")]
    Progress(#[from] ProgressError),
    /// A damaged row or a wrong key.
    #[error("a sealed text does not open")]
    Sealed(#[from] DoesNotOpen),
    /// Reading the reporter's words or files.
    #[error("a report could not be read")]
    Desk(#[from] DeskError),
}

/// The portal.
#[derive(Clone)]
pub struct Portal {
    desk: Arc<Desk>,
    wanted: mpsc::Sender<Wanted>,
}

impl Portal {
    /// The portal over the desk, and the task that sends one-time codes by these lanes' senders.
    pub fn start(desk: Arc<Desk>, outbox: Outbox, tasks: &Tasks) -> Self {
        let (wanted, codes) = mpsc::channel(code::MOST_WAITING);
        let post = code::Post { desk: desk.clone(), outbox };
        tasks.spawn("login codes", post.run(codes, tasks.clone()));
        Self { desk, wanted }
    }

    /// The time, for the pages.
    pub fn now(&self) -> Timestamp {
        self.desk.clock.now()
    }

    async fn commit(&self, commit: Commit) -> Result<Outcome, StoreError> {
        self.desk.store.commit(commit).await
    }

    /// Writes to the record what an enduser did.
    fn entry(&self, tip: ConversationId, action: Action) -> Entry {
        Entry { conversation: tip, at: self.now(), actor: Actor::Enduser, action }
    }

    /// A person in the directory's words, for the record.
    fn user(person: &Person, organization: &str) -> PortalUser {
        PortalUser { person: person.key.clone(), role: person.role.clone(), organization: organization.to_owned() }
    }
}

/// How long a login lasts, whatever happens.
pub const LONGEST_SESSION: SignedDuration = SignedDuration::from_hours(8);
