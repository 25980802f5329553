//! The rows that the store keeps, as the rest of the program sees them.
//!
//! Everything that identifies a reporter, and every word, is [`Sealed`]; the store could not read it if it wanted to.

use crate::audit::{Action, Actor};
use crate::links::circuit::Circuit;
use crate::vault::sealed::{BlindIndex, Sealed, WrappedKey};
use adapters::contract::Cursor;
use domain::channel::{Channel, Means};
use domain::conversation::Conversation;
use domain::conversation::triage::StaffRole;
use domain::directory::{Organization, Person};
use domain::dispatch::delivery::Delivery;
use domain::dispatch::evidence::{Evidence, ReceiptKind};
use domain::dispatch::obligation::Obligation;
use domain::dispatch::purpose::Purpose;
use domain::dispatch::watch::Watch;
use domain::exchange::{MediaRole, Nature, Part};
use domain::id::*;
use domain::level::Level;
use domain::voice::enduser_call::EnduserCall;
use domain::voice::taken_call::TakenCall;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationRow {
    /// The tip as the rules see it.
    pub conversation: Conversation,
    /// Version; 0 when new.
    pub version: i64,
    /// Its key, wrapped.
    pub key: WrappedKey,
    /// Keyed index of its return code.
    pub code_index: BlindIndex,
    /// Number of the last message (the store's).
    pub last_seq: i64,
    /// Reporter's messages that nobody has opened yet (the store's).
    pub unread: i64,
    /// When something last changed (the store's).
    pub updated_at: Timestamp,
}

/// An address of a tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactRow {
    /// Its handle.
    pub handle: ContactHandle,
    /// The tip.
    pub conversation: ConversationId,
    /// The account through which it wrote, and is answered.
    pub account: AccountKey,
    /// The channel.
    pub channel: Channel,
    /// Keyed index of channel and address.
    pub index: BlindIndex,
    /// The address, sealed under the tip's key.
    pub address: Sealed,
    /// Our address that it wrote to, sealed under the tip's key: answers come from there.
    pub ours: Sealed,
    /// When it first wrote.
    pub created_at: Timestamp,
    /// Whether a next message from it joins this tip. A caller's number never does: phones are shared, so a caller shows the code.
    pub current: bool,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The reporter.
    Reporter,
    /// An analyst.
    Staff(StaffId),
    /// The program.
    System,
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageRow {
    /// Its id.
    pub id: MessageId,
    /// The tip.
    pub conversation: ConversationId,
    /// Its number in the tip, from 1 (the store's).
    pub seq: i64,
    /// Who wrote it.
    pub author: Author,
    /// The channel.
    pub channel: Channel,
    /// The words, sealed under the tip's key with the message's id as context.
    pub body: Sealed,
    /// When it was received or written.
    pub at: Timestamp,
    /// The account and the carrier's id, for a reporter's message.
    pub provider: Option<(AccountKey, String)>,
    /// When the carrier says that it was written; `None` when it says nothing. Shown in this order, else by `at` (R72).
    pub sent_at: Option<Timestamp>,
    /// Which piece of a long text it is; pieces are shown as one message (R72).
    pub part: Option<Part>,
    /// Who or what wrote it.
    pub nature: Nature,
    /// The channel's own name of it that an answer refers to (a mail's Message-ID), sealed with the message's id as context.
    pub source: Option<Sealed>,
    /// Media that were claimed beyond the most that are taken.
    pub media_dropped: u32,
    /// Where the delivery stands, for a message to the reporter.
    pub delivery: Option<Delivery>,
    /// Version of `delivery`; 0 when new.
    pub delivery_version: i64,
}

impl MessageRow {
    /// A message with nothing but these, its words still to be sealed.
    pub fn new(id: MessageId, conversation: ConversationId, author: Author, channel: Channel, at: Timestamp) -> Self {
        Self {
            id,
            conversation,
            seq: 0,
            author,
            channel,
            body: Sealed::default(),
            at,
            provider: None,
            sent_at: None,
            part: None,
            nature: Nature::Person,
            source: None,
            media_dropped: 0,
            delivery: None,
            delivery_version: 0,
        }
    }
}

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

/// A call that came in: a reporter's, or an enduser's who calls back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerRow {
    /// Its id.
    pub call: CallId,
    /// The account it came through.
    pub account: AccountKey,
    /// Where it stands.
    pub state: TakenCall,
    /// The tip that it opened, or whose code was keyed.
    pub conversation: Option<ConversationId>,
    /// When it came.
    pub started_at: Timestamp,
    /// Version; 0 when new.
    pub version: i64,
}

/// Where a mailbox folder was read to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxRow {
    /// The account.
    pub account: AccountKey,
    /// The folder.
    pub folder: String,
    /// Its UIDVALIDITY and the highest UID taken in.
    pub cursor: Cursor,
}

/// A text for staff only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteRow {
    /// Its id (a message id: it stands in the same order).
    pub id: MessageId,
    /// The tip.
    pub conversation: ConversationId,
    /// Who wrote it.
    pub author: StaffId,
    /// When.
    pub at: Timestamp,
    /// An assessment (R53) or a note.
    pub kind: NoteKind,
    /// The words, sealed with the id as context.
    pub body: Sealed,
}

/// What a staff text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteKind {
    /// The analyst's assessment, kept apart from the reporter's words (R53). The last one counts.
    Assessment,
    /// A note.
    Note,
}

impl NoteKind {
    /// `assessment` or `note`.
    pub const fn as_str(self) -> &'static str {
        match self {
            NoteKind::Assessment => "assessment",
            NoteKind::Note => "note",
        }
    }
}

/// One entry of the record, as kept.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordRow {
    /// Its number in the tip, from 1.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// SHA-256 over the hash before, the number, the time, actor and action as written.
    pub hash: [u8; 32],
}

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

/// What a piece of work is about. It has the id of its obligation or message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WorkId {
    /// An obligation's timer.
    Obligation(ObligationId),
    /// A message's timer.
    Message(MessageId),
    /// A medium to fetch, to copy, or to delete at the carrier.
    Attachment(AttachmentId),
    /// The clocks of a tip.
    Watch(ConversationId),
}

/// Something to do at a time. Every open obligation and unfinished delivery has exactly one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkRow {
    /// What it is about.
    pub id: WorkId,
    /// The lane that does it.
    pub lane: LaneKey,
    /// Urgency, lowest first: level, then turn, then place in the plan; see `progress::routes::rank`.
    pub rank: i32,
    /// By when it should be done: the second key of the order.
    pub due_at: Timestamp,
    /// When it may start; also the end of a lease.
    pub run_at: Timestamp,
}

/// Which of a lane's due work is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// All of it.
    Any,
    /// What is Critical, or may be.
    Critical,
    /// What perhaps sends nothing: asking the carrier, and obligations whose due time is over. For a lane that may not send.
    Held,
}

/// Whether a lane is trusted, since the last change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRow {
    /// The lane.
    pub lane: LaneKey,
    /// Its circuit.
    pub circuit: Circuit,
    /// When it was written.
    pub at: Timestamp,
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

/// An address of an enduser, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRow {
    /// Whose.
    pub person: PersonKey,
    /// For which means.
    pub means: Means,
    /// Which of the person's addresses of this means (0 is the first listed).
    pub point: u8,
    /// Sealed under the master key with `person/means` as context.
    pub sealed: Sealed,
    /// Finds it again; `None` for one that was imported before there was an index.
    pub index: Option<BlindIndex>,
}

/// A member of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffRow {
    /// Their id.
    pub id: StaffId,
    /// Login name, lower case, unique.
    pub login: String,
    /// The name shown.
    pub name: String,
    /// What they may do.
    pub role: StaffRole,
    /// argon2id, PHC string.
    pub password_hash: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// A login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the token in the cookie.
    pub token_hash: [u8; 32],
    /// Whose.
    pub staff: StaffId,
    /// The secret that forms must send back.
    pub csrf: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// A bearer token for the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTokenRow {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// In whose name.
    pub staff: StaffId,
    /// What it is for.
    pub label: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// Failed logins of a name: slows, never locks for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThrottleRow {
    /// The login name that was tried, lower case, at most 64 characters.
    pub name: String,
    /// How many failed in a row.
    pub failures: u32,
    /// Before this time every try is refused.
    pub not_before: Timestamp,
}

/// The directory with its sealed addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectoryRows {
    /// Organizations.
    pub organizations: Vec<Organization>,
    /// Persons.
    pub persons: Vec<Person>,
    /// Their addresses.
    pub addresses: Vec<AddressRow>,
}

/// Which tips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InboxFilter {
    /// Open ones.
    Open,
    /// Open and not triaged.
    Unsorted,
    /// Open, claimed by this member of staff.
    Mine(StaffId),
    /// Open and dispatched, with an open obligation or task.
    Underway,
    /// Open, and a request of the press: for the administrators (R41).
    Press,
    /// Closed.
    Closed,
    /// Open ones, but what is counted under another tip's row is not a row of its own.
    First,
    /// The same of those that are not triaged.
    FirstUnsorted,
    /// Everything that is like this tip, also what has new facts, as it came.
    Alike(ConversationId),
}

/// That a tip is about the same thing as an earlier one (R74): proposed by the program, undone by an analyst.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentRow {
    /// The tip.
    pub conversation: ConversationId,
    /// The first tip about the thing.
    pub incident: ConversationId,
    /// How much of their words they share, in percent.
    pub likeness: u8,
    /// What it says that the earlier ones did not, sealed under its own key with its id as context; `None` when nothing.
    pub new_facts: Option<Sealed>,
    /// Whether it is to be counted under the first one's row.
    pub folded: bool,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// Who said that it is something else, and when.
    pub taken_out: Option<(StaffId, Timestamp)>,
}

/// A tip in the inbox.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxRow {
    /// The tip.
    pub row: ConversationRow,
    /// The reporter's first message.
    pub first: Option<(MessageId, Sealed)>,
    /// Open obligations.
    pub open_obligations: i64,
    /// Confirmed obligations.
    pub confirmed: i64,
    /// Open tasks.
    pub open_tasks: i64,
    /// Obligations whose due time has passed without them.
    pub breached: i64,
    /// The earliest due time of an open, unconfirmed obligation.
    pub next_due: Option<Timestamp>,
    /// How many tips are counted under this row.
    pub alike: i64,
    /// The earlier tip that this one is like, unless an analyst took it out.
    pub incident: Option<ConversationId>,
    /// What it says that was not known before, sealed.
    pub new_facts: Option<Sealed>,
    /// How likeness was found, in percent; `Some` also when it was taken out.
    pub likeness: Option<u8>,
    /// Files that came with it.
    pub files: i64,
    /// Whether it is counted under another tip's row.
    pub folded: bool,
    /// What its clocks have raised.
    pub watch: Watch,
}

/// How many tips each filter has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InboxCounts {
    /// Open.
    pub open: i64,
    /// Not triaged.
    pub unsorted: i64,
    /// Mine.
    pub mine: i64,
    /// Underway.
    pub underway: i64,
    /// Requests of the press.
    pub press: i64,
    /// Closed.
    pub closed: i64,
}

/// Numbers about the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Tips.
    pub conversations: i64,
    /// Messages.
    pub messages: i64,
    /// Open obligations.
    pub open_obligations: i64,
    /// Open obligations, unfinished deliveries or unfinished attachments without work: must be 0 (invariant 3).
    pub without_timer: i64,
    /// Work due and not taken, by lane.
    pub due_work: Vec<(LaneKey, i64)>,
    /// The oldest due time among open obligations.
    pub oldest_due: Option<Timestamp>,
    /// Open tasks.
    pub open_tasks: i64,
}
