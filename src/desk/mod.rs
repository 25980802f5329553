//! The analysts' verbs: read, answer, triage, assess, plan, dispatch, take, close. Used alike by the console and the API.
//!
//! Each verb reads, lets `domain` decide, and commits once; on a conflict it reads and decides again a bounded number of
//! times, except where the analyst decided on what they saw (triage, dispatch): then they are told that it changed.

pub mod view;

use crate::store::StoreError;
use crate::store::rows::InboxFilter;
use domain::conversation::triage::{TriageChange, TriageRefused};
use domain::dispatch::plan::{CannotPlan, Plan};
use domain::id::*;
use domain::sealed::Words;
use view::*;

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
    /// The reporter cannot be reached.
    #[error("The way back is closed: the reporter texted STOP or the number cannot be reached. They can still come back with their code.")]
    WayBackClosed,
    /// The triage was refused.
    #[error(transparent)]
    Triage(#[from] TriageRefused),
    /// No plan can be made.
    #[error(transparent)]
    Plan(#[from] CannotPlan),
    /// Dispatched already and unchanged.
    #[error("This tip has been dispatched already. Raise its level or change the school to dispatch again.")]
    AlreadyDispatched,
    /// Closing without what must be there.
    #[error("{0}")]
    CannotClose(String),
    /// The store.
    #[error("This could not be stored. Nothing was changed; try again in a moment.")]
    Store(#[from] StoreError),
    /// Sealing failed: a damaged row or a wrong key.
    #[error("A sealed text of this tip cannot be opened. Tell the operator: the key or the row is damaged.")]
    Sealed,
}

/// What every list is cut to.
pub const MOST_ROWS: u32 = 200;

/// The longest answer, in characters: what a carrier takes in one message (carriers.md 1.1).
pub const LONGEST_REPLY: usize = 1600;

/// The desk.
pub struct Desk {}

impl Desk {
    /// The inbox.
    pub async fn inbox(&self, who: &Staff, filter: InboxFilter) -> Result<Inbox, DeskError> { let _ = (who, filter); todo!() }
    /// A tip. `opened` records the opening (R57) and marks it read; live refreshes pass false.
    pub async fn tip(&self, who: &Staff, id: ConversationId, opened: bool) -> Result<Tip, DeskError> { let _ = (who, id, opened); todo!() }
    /// The tip of a reference such as `T-7K3-QM2`, for the search field.
    pub async fn find(&self, typed: &str) -> Result<Option<ConversationId>, DeskError> { let _ = typed; todo!() }
    /// The timeline, oldest first, above `after`.
    pub async fn timeline(&self, id: ConversationId, after: i64) -> Result<Vec<TimelineEntry>, DeskError> { let _ = (id, after); todo!() }
    /// Answers the reporter.
    pub async fn reply(&self, who: &Staff, id: ConversationId, words: Words) -> Result<MessageId, DeskError> { let _ = (who, id, words); todo!() }
    /// Sets the triage; `version` is the one that the analyst saw.
    pub async fn triage(&self, who: &Staff, id: ConversationId, version: i64, change: TriageChange) -> Result<(), DeskError> { let _ = (who, id, version, change); todo!() }
    /// Writes an assessment or a note.
    pub async fn note(&self, who: &Staff, id: ConversationId, kind: crate::store::rows::NoteKind, words: Words) -> Result<(), DeskError> { let _ = (who, id, kind, words); todo!() }
    /// Who would be told, how and by when. No side effect.
    pub async fn plan(&self, id: ConversationId) -> Result<Plan, DeskError> { let _ = id; todo!() }
    /// Tells them. `version` is the one that the analyst saw.
    pub async fn dispatch(&self, who: &Staff, id: ConversationId, version: i64) -> Result<DispatchId, DeskError> { let _ = (who, id, version); todo!() }
    /// Takes the tip.
    pub async fn claim(&self, who: &Staff, id: ConversationId) -> Result<(), DeskError> { let _ = (who, id); todo!() }
    /// Closes the tip.
    pub async fn close(&self, who: &Staff, id: ConversationId, reason: String) -> Result<(), DeskError> { let _ = (who, id, reason); todo!() }
    /// Notes that an enduser confirmed in person (R19: "an analyst's note").
    pub async fn confirm(&self, who: &Staff, obligation: ObligationId, note: String) -> Result<(), DeskError> { let _ = (who, obligation, note); todo!() }
    /// Open tasks.
    pub async fn tasks(&self) -> Result<Vec<Task>, DeskError> { todo!() }
    /// A task is done.
    pub async fn task_done(&self, who: &Staff, task: TaskId) -> Result<(), DeskError> { let _ = (who, task); todo!() }
    /// The configured types.
    pub fn catalogue(&self) -> &domain::level::Catalogue { todo!() }
    /// Schools for the triage's field: key and name, by name.
    pub async fn schools(&self) -> Result<Vec<(OrganizationKey, String)>, DeskError> { todo!() }
}
