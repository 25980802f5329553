//! The analysts' verbs: read, answer, triage, assess, plan, dispatch, take, close. Used alike by the console and the API.
//!
//! Each verb reads, lets `domain` decide, and commits once; on a conflict it reads and decides again a bounded number of
//! times, except where the analyst decided on what they saw (triage, dispatch): then they are told that it changed.

mod attention;
mod close;
pub mod directory;
mod dispatch;
pub mod drills;
mod endusers;
pub mod files;
mod follow_up;
pub mod health;
mod incident;
mod lists;
mod news;
mod plan_shown;
mod read;
mod sentence;
mod timeline;
pub mod view;
mod write;

pub use attention::Attention;
pub use close::Closing;
pub use dispatch::{LONGEST_SUMMARY, Wish};
pub use follow_up::needs_a_note;
pub use plan_shown::PlanShown;

use crate::audit::{Action, Actor, Entry};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::media::files::Files;
use crate::outbox::compose::Line;
use crate::progress::{Progress, ProgressError};
use crate::store::rows::ConversationRow;
use crate::store::{Commit, Outcome, Store, StoreError};
use crate::vault::{ConversationKey, DoesNotOpen, Vault};
use directory::DirectoryReader;
use domain::calendar::Calendar;
use domain::channel::Channel;
use domain::conversation::triage::TriageRefused;
use domain::dispatch::plan::CannotPlan;
use domain::dispatch::policy::Policy;
use domain::id::{CalendarKey, ConversationId, OrganizationKey};
use domain::level::Catalogue;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use view::Staff;

/// Why a verb was refused, in words for the analyst.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// No such tip, obligation or task.
    #[error("This tip is not here. It may have been removed, or the address is wrong.")]
    NotFound,
    /// Somebody changed the tip meanwhile.
    #[error("Somebody else changed this tip while you were working on it. Look at it again, then repeat what you wanted to do.")]
    Changed,
    /// Nothing was written.
    #[error("Write something first.")]
    Empty,
    /// Too long for the channel.
    #[error("This answer has {0} characters; the most that fits is {1}. Shorten it or send it in two.")]
    TooLong(usize, usize),
    /// An approved answer that is given once was given already (R7).
    #[error("\"{0}\" was said in this tip already, and it is said once only.")]
    SaidAlready(&'static str),
    /// The triage was refused.
    #[error(transparent)]
    Triage(#[from] TriageRefused),
    /// No plan can be made.
    #[error(transparent)]
    Plan(#[from] CannotPlan),
    /// The school is not in the directory.
    #[error("There is no school \"{0}\" in the directory: choose one from the list.")]
    NoSuchSchool(OrganizationKey),
    /// There was no attempt that could be confirmed.
    #[error("This enduser has not been tried yet; there is nothing to confirm.")]
    NotTriedYet,
    /// Nothing in the configuration can call, or mail.
    #[error("No account can send by {0}, so these endusers could not be told. Tell the operator: an [[account]] is missing.")]
    NoLane(&'static str),
    /// Starting a drill by an analyst.
    #[error("Only a supervisor starts a drill: everybody on the list is called.")]
    OnlySupervisorDrills,
    /// Dispatched already and unchanged.
    #[error("This tip has been dispatched already. Raise its level or change the school to dispatch again.")]
    AlreadyDispatched,
    /// The plan is not the one that was shown.
    #[error("Who would be told has changed since this was shown. Look at it again, then dispatch.")]
    PlanChanged,
    /// An analyst leaves somebody out (R42).
    #[error("Only a supervisor can leave somebody out of a dispatch, with a reason.")]
    OnlySupervisorLeavesOut,
    /// Left out without a reason (R42).
    #[error("Write why they are left out.")]
    WhyLeftOut,
    /// An analyst puts somebody back.
    #[error("Only a supervisor can put somebody back who was left out, with a reason.")]
    OnlySupervisorPutsBack,
    /// Put back without a reason.
    #[error("Write why they are told after all.")]
    WhyPutBack,
    /// Whoever is put back is not in the plan.
    #[error("Nobody of those who are put back can be called or mailed: the directory lists no way for them, or not for this school.")]
    NobodyPutBack,
    /// A summary that nobody may get (R6).
    #[error("No organization of this plan has accepted a summary in writing, so nobody would get it. Leave it empty.")]
    NobodyTakesASummary,
    /// News of a tip that nobody was told of.
    #[error("Nobody has been told of this tip yet, so there is nobody to tell news.")]
    NobodyToldYet,
    /// As many notes to and from endusers as a tip takes.
    #[error("This tip has {0} notes to and from endusers, the most that are kept. Call them instead.")]
    ManyNotes(usize),
    /// An analyst draws a PIN.
    #[error("Only a supervisor draws PINs for endusers. They can also get one themselves, in the portal.")]
    OnlySupervisorDrawsPins,
    /// A follow-up without a note (R33).
    #[error("Write with whom you spoke, and what was said.")]
    WhoWasSpokenTo,
    /// Closing without what must be there.
    #[error("{0}")]
    CannotClose(String),
    /// A file that is not there, or not to be had in this way.
    #[error("{0}")]
    NoFile(&'static str),
    /// The folder of files.
    #[error("This file could not be read. Try again in a moment, and tell the operator if it stays.")]
    Files(#[source] std::io::Error),
    /// The store.
    #[error("This could not be stored. Nothing was changed; try again in a moment.")]
    Store(#[from] StoreError),
    /// Sealing failed: a damaged row or a wrong key.
    #[error("A sealed text of this tip cannot be opened. Tell the operator: the key or the row is damaged.")]
    Sealed,
    /// The tip's key was destroyed.
    #[error("The words of this tip were destroyed, and nothing can be added to it any more.")]
    Destroyed,
    /// Deciding met conflicts every time.
    #[error("Too much happened to this obligation at once. Nothing was changed; try again in a moment.")]
    Progress(#[from] ProgressError),
}

/// What every list is cut to.
pub const MOST_ROWS: u32 = 200;

/// The longest answer on a channel, in characters: what a carrier takes in one message (carriers.md 1.1), and elsewhere what is read.
pub const fn longest_reply(channel: Channel) -> usize {
    match channel {
        Channel::Text | Channel::Whatsapp | Channel::Messenger => 1600,
        Channel::Voice | Channel::Mail | Channel::Chat | Channel::Web => 5000,
    }
}

/// The desk.
#[derive(Clone)]
pub struct Desk {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Opens words and seals answers.
    pub vault: Arc<Vault>,
    /// Pictures, recordings and files.
    pub files: Files,
    /// The clock.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// Who can be told.
    pub directory: DirectoryReader,
    /// The configured types.
    pub catalogue: Arc<Catalogue>,
    /// The business calendars.
    pub calendars: Arc<BTreeMap<CalendarKey, Calendar>>,
    /// Windows and delays.
    pub policy: Arc<Policy>,
    /// Decides and commits what concerns obligations.
    pub progress: Progress,
    /// In whose name.
    pub line: Arc<Line>,
}

impl Desk {
    /// The configured types.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Schools for the triage's field: key and name, by name; then the counties that stand for those which are not enrolled (R49).
    pub async fn schools(&self) -> Result<Vec<(OrganizationKey, String)>, DeskError> {
        let directory = self.directory.read().await?;
        let schools = directory.schools().into_iter().map(|school| (school.key.clone(), school.name.clone()));
        let counties = directory.counties().into_iter().map(|county| (county.key.clone(), format!("{}: school not enrolled", county.name)));
        Ok(schools.chain(counties).collect())
    }

    /// A tip's row, or "not here".
    async fn row(&self, id: ConversationId) -> Result<ConversationRow, DeskError> {
        // A drill is no tip: it has pages of its own.
        self.store.conversation(id).await?.filter(|row| !row.conversation.drill).ok_or(DeskError::NotFound)
    }

    /// A tip's row with its key.
    async fn opened(&self, id: ConversationId) -> Result<(ConversationRow, ConversationKey), DeskError> {
        let row = self.row(id).await?;
        if row.key.is_destroyed() {
            return Err(DeskError::Destroyed);
        }
        let key = self.vault.unwrap_key(id, &row.key)?;
        Ok((row, key))
    }

    /// Commits what does not depend on what was read.
    async fn commit(&self, commit: Commit) -> Result<(), DeskError> {
        match self.store.commit(commit).await? {
            Outcome::Committed(_) | Outcome::Duplicate => Ok(()),
            Outcome::Conflict => Err(DeskError::Changed),
        }
    }

    fn entry(&self, who: &Staff, conversation: ConversationId, at: Timestamp, action: Action) -> Entry {
        Entry { conversation, at, actor: Actor::Staff(who.id), action }
    }
}

impl From<DoesNotOpen> for DeskError {
    fn from(_: DoesNotOpen) -> Self {
        DeskError::Sealed
    }
}
