//! What staff are shown: opened rows, ready for a page or the API. Holds words in clear, so it lives only for one answer.
//!
//! No address, number or return code has a field here (R47). Times are absolute; pages turn them into "time left".

use super::Attention;
use crate::audit::{Action, Actor};
use crate::store::endusers::Did;
use crate::store::rows::{AttachmentState, InboxCounts, NoteKind, TaskKind};
use domain::channel::{Channel, Means};
use domain::conversation::canned::Canned;
use domain::conversation::triage::{StaffRole, Triage};
use domain::conversation::{State, WayBack};
use domain::directory::Kind;
use domain::dispatch::delivery::Delivery;
use domain::dispatch::evidence::{Evidence, ReceiptKind, Rung};
use domain::dispatch::obligation;
use domain::dispatch::purpose::Purpose;
use domain::exchange::{MediaRole, Nature};
use domain::id::*;
use domain::language::Language;
use domain::level::Level;
use domain::sealed::Words;
use jiff::Timestamp;

/// A member of staff who is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// Their id.
    pub id: StaffId,
    /// The name shown.
    pub name: String,
    /// What they may do.
    pub role: StaffRole,
}

/// The inbox.
#[derive(Debug)]
pub struct Inbox {
    /// The tips, most urgent first.
    pub tips: Vec<TipLine>,
    /// How many each filter has.
    pub counts: InboxCounts,
    /// Which page this is; 0 is the most urgent.
    pub page: u32,
    /// Whether there is another page.
    pub more: bool,
    /// When this was read.
    pub now: Timestamp,
}

/// One line of the inbox.
#[derive(Debug)]
pub struct TipLine {
    /// The tip.
    pub id: ConversationId,
    /// Its reference.
    pub reference: String,
    /// The reporter's alias.
    pub alias: String,
    /// The first message's channel.
    pub channel: Channel,
    /// The level; `None` is "not yet sorted".
    pub level: Option<Level>,
    /// The school's name.
    pub school: Option<String>,
    /// The first words, cut to 140 characters.
    pub first_words: Words,
    /// Who has it.
    pub claimed_by: Option<String>,
    /// Reporter's messages not opened yet.
    pub unread: i64,
    /// Whether an answer can reach the reporter.
    pub way_back: WayBack,
    /// When it was received.
    pub received_at: Timestamp,
    /// By when something is due, if anything is.
    pub deadline: Option<Timestamp>,
    /// Obligations that are open, confirmed, breached; open tasks.
    pub open_obligations: i64,
    /// Confirmed by a person.
    pub confirmed: i64,
    /// Due time passed.
    pub breached: i64,
    /// Tasks for a person.
    pub open_tasks: i64,
    /// Open or closed.
    pub state: State,
    /// How many tips that say nothing new are counted under this one.
    pub alike: i64,
    /// The earlier tip that this one is like.
    pub like: Option<ConversationId>,
    /// What its clocks have raised and still stands.
    pub attention: Vec<Attention>,
    /// What it says that the earlier ones did not; empty when it is like none.
    pub new_facts: Words,
}

/// A tip with everything about it.
#[derive(Debug)]
pub struct Tip {
    /// Its id.
    pub id: ConversationId,
    /// Version for changes: goes into forms as a hidden field.
    pub version: i64,
    /// Its reference.
    pub reference: String,
    /// The reporter's alias.
    pub alias: String,
    /// The first message's channel.
    pub channel: Channel,
    /// Open or closed.
    pub state: State,
    /// Whether an answer can reach the reporter.
    pub way_back: WayBack,
    /// How an answer written now would reach the reporter.
    pub answers: Answers,
    /// When it was received.
    pub received_at: Timestamp,
    /// When it was first triaged.
    pub triaged_at: Option<Timestamp>,
    /// When it was first dispatched.
    pub dispatched_at: Option<Timestamp>,
    /// By when it must be told, while that is open.
    pub deadline: Option<Timestamp>,
    /// Who has it.
    pub claimed_by: Option<(StaffId, String)>,
    /// The triage.
    pub triage: Triage,
    /// The school's name.
    pub school_name: Option<String>,
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// Staff texts, oldest first.
    pub notes: Vec<Note>,
    /// The dispatches, oldest first.
    pub dispatches: Vec<Dispatch>,
    /// Open tasks: those with a due time first.
    pub tasks: Vec<Task>,
    /// What its clocks have raised and still stands.
    pub attention: Vec<Attention>,
    /// Words of the reporter that those who were told do not know of.
    pub news: Option<NewWords>,
    /// Whether closing it wants a decision on referral to mental-health services (R56).
    pub wants_referral: bool,
    /// Whether closing it wants to know whom at the police a member of staff told (R35).
    pub wants_police: bool,
    /// What endusers and analysts wrote to each other, oldest first.
    pub enduser_notes: Vec<EnduserNote>,
    /// What endusers say they did.
    pub feedback: Vec<Feedback>,
    /// When this was read.
    pub now: Timestamp,
}

/// A note of an enduser or to them.
#[derive(Debug)]
pub struct EnduserNote {
    /// Role and organization, or the name of a member of staff.
    pub who: String,
    /// Whether staff wrote it.
    pub by_staff: bool,
    /// When.
    pub at: Timestamp,
    /// The words.
    pub words: Words,
}

/// What an enduser says they did.
#[derive(Debug)]
pub struct Feedback {
    /// Role and organization.
    pub who: String,
    /// The choice that is counted.
    pub did: Did,
    /// When last changed.
    pub at: Timestamp,
    /// The words; perhaps none.
    pub words: Words,
}

/// Somebody who has a PIN, or none, or a void one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The directory's key.
    pub person: PersonKey,
    /// The role.
    pub role: String,
    /// The organization's name.
    pub organization: String,
    /// Since when.
    pub set_at: Option<Timestamp>,
    /// Since when the one before is void: somebody else has their place in the directory.
    pub void_since: Option<Timestamp>,
    /// The member of staff who drew it; `None` is the person themselves, or the operator.
    pub set_by: Option<String>,
}

/// Words of the reporter that those who were told do not know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewWords {
    /// How many messages.
    pub count: usize,
    /// When they are told that there is news.
    pub told_at: Timestamp,
}

/// How an answer written now reaches the reporter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// The channel that they wrote by last.
    pub channel: Channel,
    /// False when nothing can be sent there, or the way back is closed: the answer is kept until they come back with their code.
    pub sent: bool,
    /// The language that they are answered in.
    pub language: Language,
    /// The channels they have used, in the order in which they first did.
    pub used: Vec<Channel>,
    /// Approved answers that are said once only, and have been.
    pub said: Vec<Canned>,
}

/// A message.
#[derive(Debug)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Its number.
    pub seq: i64,
    /// Who wrote it.
    pub author: Author,
    /// The channel.
    pub channel: Channel,
    /// The words, unchanged. The return code shows as `••••`.
    pub words: Words,
    /// When it was written, as the carrier says, or came.
    pub at: Timestamp,
    /// True when a piece of a long text has not come yet; `…` stands for it.
    pub missing: bool,
    /// Who or what wrote it.
    pub nature: Nature,
    /// Pictures and files.
    pub attachments: Vec<Attachment>,
    /// Media beyond the most that are taken.
    pub media_dropped: u32,
    /// For a message to the reporter: where it stands.
    pub delivery: Option<Delivery>,
}

/// Who wrote a message, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    /// The reporter.
    Reporter,
    /// A member of staff, by name.
    Staff(String),
    /// The program.
    System,
}

/// A picture or file.
#[derive(Debug)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// What the carrier calls it; not to be believed.
    pub content_type: String,
    /// What it is for.
    pub role: MediaRole,
    /// Where it stands.
    pub state: AttachmentState,
}

/// A staff text.
#[derive(Debug)]
pub struct Note {
    /// Who wrote it.
    pub author: String,
    /// When.
    pub at: Timestamp,
    /// Assessment or note.
    pub kind: NoteKind,
    /// The words.
    pub words: Words,
}

/// A telling of the endusers.
#[derive(Debug)]
pub struct Dispatch {
    /// Its id.
    pub id: DispatchId,
    /// Why they are told.
    pub purpose: Purpose,
    /// The level.
    pub level: Level,
    /// When.
    pub started_at: Timestamp,
    /// By whom.
    pub started_by: String,
    /// By when everybody must have been told.
    pub due_at: Timestamp,
    /// The names of those whom a supervisor left out.
    pub left_out: Vec<String>,
    /// The summary for organizations that have accepted one.
    pub summary: Option<Words>,
    /// The obligations, in plan order.
    pub obligations: Vec<Obligation>,
}

/// An obligation.
#[derive(Debug)]
pub struct Obligation {
    /// Its id.
    pub id: ObligationId,
    /// The organization's name.
    pub organization: String,
    /// What it is.
    pub kind: Kind,
    /// The person's name.
    pub person: String,
    /// Their role.
    pub role: String,
    /// Call, mail or text.
    pub means: Means,
    /// Last characters of the address.
    pub tail: String,
    /// By when.
    pub due_at: Timestamp,
    /// Where it stands.
    pub state: obligation::State,
    /// The highest rung of all attempts.
    pub rung: Rung,
    /// When first tried (R66).
    pub first_attempt_at: Option<Timestamp>,
    /// When confirmed (R66).
    pub confirmed_at: Option<Timestamp>,
    /// When its due time passed without it.
    pub breached_at: Option<Timestamp>,
    /// The attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

/// An attempt.
#[derive(Debug)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// When it was started.
    pub at: Timestamp,
    /// The lane.
    pub lane: LaneKey,
    /// How the carrier answered: `accepted`, `not_taken`, `unknown`, `not_found`; `None` while it is asked.
    pub answer: Option<String>,
    /// What is known.
    pub evidence: Evidence,
    /// The receipts as they came.
    pub receipts: Vec<(Timestamp, ReceiptKind)>,
}

/// Something for a person to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// The tip.
    pub conversation: ConversationId,
    /// What to do.
    pub what: String,
    /// Since when.
    pub created_at: Timestamp,
    /// What sort of thing it is.
    pub kind: TaskKind,
    /// By when, if it has a time.
    pub due_at: Option<Timestamp>,
}

/// One sentence of the timeline.
#[derive(Debug)]
pub struct TimelineEntry {
    /// Its number.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who, for people: "Reporter", a member of staff's name, "Enduser", "" for the program.
    pub who: String,
    /// The actor as kept.
    pub actor: Actor,
    /// What, as kept.
    pub action: Action,
    /// What, as a plain sentence: "Voicemail left for the Assistant Principal of Delta High School."
    pub sentence: String,
}
