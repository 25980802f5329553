//! Telling the endusers: dispatches, drills, obligations, attempts, receipts, tasks and the clocks of a tip.
//!
//! States are the rules' own types; whatever is open has a row of [work](super::WorkRow) in the same commit.

use crate::vault::sealed::Sealed;
use domain::channel::Means;
use domain::dispatch::evidence::{Evidence, ReceiptKind};
use domain::dispatch::obligation::Obligation;
use domain::dispatch::purpose::Purpose;
use domain::dispatch::watch::Watch;
use domain::id::{
    AccountKey, AttemptId, ConversationId, DispatchId, LaneKey, MessageId, ObligationId, OrganizationKey, PersonKey, StaffId, TaskId,
};
use domain::level::Level;
use domain::voice::enduser_call::EnduserCall;
use jiff::Timestamp;

/// One telling of the endusers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispatchRow {
    /// Its id.
    pub id: DispatchId,
    /// The tip.
    pub conversation: ConversationId,
    /// The level.
    pub level: Level,
    /// When it was started.
    pub started_at: Timestamp,
    /// By when everybody must have been told.
    pub due_at: Timestamp,
    /// Who started it; `None` when the program did (a page, an update, a scheduled drill).
    pub started_by: Option<StaffId>,
    /// Why they are told.
    pub purpose: Purpose,
    /// The analyst's summary for organizations that have accepted it, sealed under the tip's key with the dispatch's id as context.
    pub summary: Option<Sealed>,
    /// Persons left out by a supervisor (R42); the reason is a note.
    pub excluded: Vec<PersonKey>,
}

/// A drill in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillRow {
    /// Its conversation, which nobody wrote.
    pub conversation: ConversationId,
    /// Its reference, as it is said and printed.
    pub reference: String,
    /// The school, or the county that stands for some.
    pub school: Option<OrganizationKey>,
    /// Its dispatch.
    pub dispatch: DispatchId,
    /// When it was started.
    pub started_at: Timestamp,
    /// By when it is to be through.
    pub due_at: Timestamp,
    /// Who started it; `None` is the schedule.
    pub started_by: Option<StaffId>,
}

/// One obligation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObligationRow {
    /// The obligation as the rules see it.
    pub obligation: Obligation,
    /// Its place in the plan, from 0.
    pub place: u32,
    /// Version; 0 when new.
    pub version: i64,
}

/// What an attempt is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// An obligation.
    Obligation(ObligationId),
    /// A message to a reporter.
    Message(MessageId),
}

/// One attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptRow {
    /// Its id.
    pub id: AttemptId,
    /// What it is made for.
    pub owner: Owner,
    /// The tip.
    pub conversation: ConversationId,
    /// The lane.
    pub lane: LaneKey,
    /// The account.
    pub account: AccountKey,
    /// Call, mail or text.
    pub means: Means,
    /// When the intent was committed.
    pub intended_at: Timestamp,
    /// The carrier's id, once known. Unique per account.
    pub provider_id: Option<String>,
    /// How the carrier answered: `None` before, then `accepted`, `not_taken`, `unknown`, `not_found`.
    pub answer: Option<String>,
    /// What is known.
    pub evidence: Evidence,
    /// Where the call stands, for a call.
    pub call: Option<EnduserCall>,
    /// Which of the person's addresses of this means it takes (0 is the first listed).
    pub point: u8,
    /// Version; 0 when new.
    pub version: i64,
}

/// One receipt, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRow {
    /// The attempt.
    pub attempt: AttemptId,
    /// The tip.
    pub conversation: ConversationId,
    /// When it was taken.
    pub at: Timestamp,
    /// What it says.
    pub kind: ReceiptKind,
}

/// Something for a person to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRow {
    /// Its id.
    pub id: TaskId,
    /// The tip.
    pub conversation: ConversationId,
    /// The obligation that failed, if one did.
    pub obligation: Option<ObligationId>,
    /// What to do, in the directory's words: "Call the Principal of Delta High School by hand: nobody confirmed."
    pub what: String,
    /// Since when.
    pub created_at: Timestamp,
    /// What sort of thing it is.
    pub kind: TaskKind,
    /// By when, if it has a time: not done by then, a supervisor is paged.
    pub due_at: Option<Timestamp>,
}

/// What sort of thing a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskKind {
    /// An obligation failed: do it by hand.
    Failed,
    /// The follow-up call to police after a Critical dispatch (R26, R33).
    FollowUp,
    /// A sentence of the directory is wrong: a wrong number, a STOP, a returned mail.
    Directory,
    /// Something that the program does not understand: a status that nobody knows.
    Look,
}

impl TaskKind {
    /// Every kind.
    pub const ALL: [TaskKind; 4] = [TaskKind::Failed, TaskKind::FollowUp, TaskKind::Directory, TaskKind::Look];
    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            TaskKind::Failed => "failed",
            TaskKind::FollowUp => "follow_up",
            TaskKind::Directory => "directory",
            TaskKind::Look => "look",
        }
    }
    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// The clocks of one tip, with the version that they were read at (0 for new).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchRow {
    /// The tip.
    pub conversation: ConversationId,
    /// What was raised.
    pub watch: Watch,
    /// Version; 0 when new.
    pub version: i64,
}
