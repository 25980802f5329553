//! The API's shapes. Times are RFC 3339 in UTC. No address, number or code of anybody has a field here (R47).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An error.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refusal {
    /// What went wrong.
    pub error: RefusalDetail,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusalDetail {
    /// A stable word, such as `changed`.
    pub code: String,
    /// A sentence for people.
    pub message: String,
}

/// The inbox, most urgent first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Inbox {
    /// The tips.
    pub tips: Vec<TipLine>,
    /// How many each filter has.
    pub counts: Counts,
    /// When this was read.
    #[schema(format = DateTime)]
    pub now: String,
}

/// How many tips each filter has.
#[derive(Debug, Serialize, ToSchema)]
pub struct Counts {
    /// Open.
    pub open: i64,
    /// Open and not triaged.
    pub unsorted: i64,
    /// Claimed by the token's member of staff.
    pub mine: i64,
    /// Being told.
    pub underway: i64,
    /// Closed.
    pub closed: i64,
}

/// One tip of the inbox.
#[derive(Debug, Serialize, ToSchema)]
pub struct TipLine {
    /// Its id.
    pub id: String,
    /// Its reference.
    pub reference: String,
    /// The two words that stand for the reporter.
    pub alias: String,
    /// `text`, `whatsapp`, `messenger`, `voice`, `mail`, `chat` or `web`.
    pub channel: String,
    /// `critical`, `standard`, `other`, or null before triage.
    pub level: Option<String>,
    /// The school's name.
    pub school: Option<String>,
    /// The first words, cut.
    pub first_words: String,
    /// Who has it.
    pub claimed_by: Option<String>,
    /// Messages that nobody has opened.
    pub unread: i64,
    /// `open`, `opted_out` or `unreachable`.
    pub way_back: String,
    /// When it was received.
    #[schema(format = DateTime)]
    pub received_at: String,
    /// By when something is due.
    #[schema(format = DateTime)]
    pub deadline: Option<String>,
    /// Open obligations.
    pub open_obligations: i64,
    /// Confirmed obligations.
    pub confirmed: i64,
    /// Obligations whose due time passed.
    pub breached: i64,
    /// Open tasks.
    pub open_tasks: i64,
    /// `open` or `closed`.
    pub state: String,
}

/// A tip with everything about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tip {
    /// Its id.
    pub id: String,
    /// The version to send back with a triage or a dispatch.
    pub version: i64,
    /// Its reference.
    pub reference: String,
    /// The two words that stand for the reporter.
    pub alias: String,
    /// The first message's channel.
    pub channel: String,
    /// `open` or `closed`.
    pub state: String,
    /// `open`, `opted_out` or `unreachable`.
    pub way_back: String,
    /// When it was received.
    #[schema(format = DateTime)]
    pub received_at: String,
    /// When it was first triaged.
    #[schema(format = DateTime)]
    pub triaged_at: Option<String>,
    /// When it was first dispatched.
    #[schema(format = DateTime)]
    pub dispatched_at: Option<String>,
    /// By when something is due.
    #[schema(format = DateTime)]
    pub deadline: Option<String>,
    /// Who has it.
    pub claimed_by: Option<String>,
    /// The triage.
    pub triage: Triage,
    /// The school's name.
    pub school_name: Option<String>,
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// Notes and assessments, oldest first.
    pub notes: Vec<Note>,
    /// The dispatches, oldest first.
    pub dispatches: Vec<Dispatch>,
    /// Open tasks.
    pub tasks: Vec<Task>,
}

/// What the analysts made of a tip.
#[derive(Debug, Serialize, ToSchema)]
pub struct Triage {
    /// Keys of the catalogue.
    pub types: Vec<String>,
    /// `critical`, `standard`, `other`, or null.
    pub level: Option<String>,
    /// The school's key.
    pub school: Option<String>,
    /// The marks.
    pub marks: Marks,
}

/// Facts that change who is told and how.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Marks {
    /// It happens now.
    pub in_progress: bool,
    /// Police may be told.
    pub possible_crime: bool,
    /// Police must be told.
    pub safety_issue: bool,
}

/// One message.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// Its number in the tip, from 1.
    pub seq: i64,
    /// `reporter`, `staff` or `system`.
    pub author: String,
    /// The member of staff's name.
    pub author_name: Option<String>,
    /// The channel.
    pub channel: String,
    /// The words, unchanged.
    pub text: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// Pictures and files.
    pub attachments: Vec<Attachment>,
    /// Files beyond the most that are taken.
    pub media_dropped: u32,
    /// For a message to the reporter: where it stands.
    pub delivery: Option<Delivery>,
}

/// A picture or file.
#[derive(Debug, Serialize, ToSchema)]
pub struct Attachment {
    /// Its id.
    pub id: String,
    /// What the carrier calls it.
    pub content_type: String,
    /// `waiting`: still at the carrier.
    pub state: String,
}

/// Where a message to the reporter stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delivery {
    /// `waiting`, `in_flight`, `sent`, `delivered`, `unconfirmed`, `unknown` or `failed`.
    pub state: String,
    /// Since when; for `waiting`, when it is tried.
    #[schema(format = DateTime)]
    pub at: String,
    /// Why it failed.
    pub reason: Option<String>,
}

/// A text for staff.
#[derive(Debug, Serialize, ToSchema)]
pub struct Note {
    /// Who wrote it.
    pub author: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// `assessment` or `note`.
    pub kind: String,
    /// The words.
    pub text: String,
}

/// One telling of the endusers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Dispatch {
    /// Its id.
    pub id: String,
    /// Its level.
    pub level: String,
    /// When it was started.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// By whom.
    pub started_by: String,
    /// By when everybody must have been told.
    #[schema(format = DateTime)]
    pub due_at: String,
    /// The obligations, in the plan's order.
    pub obligations: Vec<Obligation>,
}

/// One thing promised to one enduser.
#[derive(Debug, Serialize, ToSchema)]
pub struct Obligation {
    /// Its id.
    pub id: String,
    /// The organization's name.
    pub organization: String,
    /// `county`, `district`, `school`, `psap`, `police` or `hotline`.
    pub kind: String,
    /// The person's name.
    pub person: String,
    /// Their role.
    pub role: String,
    /// `call`, `mail` or `text`.
    pub means: String,
    /// By when.
    #[schema(format = DateTime)]
    pub due_at: String,
    /// `standby`, `waiting`, `in_flight`, `satisfied`, `released` or `failed`.
    pub state: String,
    /// `keypad`, `mail_page`, `analyst_note`, `elsewhere` or `notified`, when satisfied; why, when failed.
    pub state_detail: Option<String>,
    /// When the state began, or for `standby`, `waiting` and `in_flight` when something happens next by itself.
    #[schema(format = DateTime)]
    pub state_at: String,
    /// The highest rung of all attempts: `none`, `submitted`, `rang`, `voicemail`, `human_answered` or `confirmed`.
    pub rung: String,
    /// When it was first tried (R66).
    #[schema(format = DateTime)]
    pub first_attempt_at: Option<String>,
    /// When a person confirmed (R66).
    #[schema(format = DateTime)]
    pub confirmed_at: Option<String>,
    /// When its due time passed without it.
    #[schema(format = DateTime)]
    pub breached_at: Option<String>,
    /// The attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

/// One attempt.
#[derive(Debug, Serialize, ToSchema)]
pub struct Attempt {
    /// Its id.
    pub id: String,
    /// When its intent was kept.
    #[schema(format = DateTime)]
    pub at: String,
    /// The lane.
    pub lane: String,
    /// `accepted`, `not_taken`, `unknown`, `not_found`, or null while the carrier is asked.
    pub answer: Option<String>,
    /// The highest rung.
    pub rung: String,
    /// The receipts as they came.
    pub receipts: Vec<Receipt>,
}

/// One receipt.
#[derive(Debug, Serialize, ToSchema)]
pub struct Receipt {
    /// When it came.
    #[schema(format = DateTime)]
    pub at: String,
    /// `submitted`, `rang`, `delivered`, `answered`, `human_answered`, `machine_answered`, `fax_answered`, `voicemail_left`, `wrong_key`,
    /// `confirmed`, `ended` or `unrecognised`.
    pub kind: String,
    /// How it was confirmed, or how it ended.
    pub detail: Option<String>,
}

/// Something for a person to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// The tip.
    pub tip: String,
    /// What to do.
    pub what: String,
    /// Since when.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// Who would be told, how and by when.
#[derive(Debug, Serialize, ToSchema)]
pub struct Plan {
    /// The level.
    pub level: String,
    /// The school's key.
    pub school: String,
    /// By when everybody must have been told.
    #[schema(format = DateTime)]
    pub due_at: String,
    /// One an obligation, in the order of starting.
    pub steps: Vec<Step>,
    /// Sentences to read before dispatching.
    pub notes: Vec<String>,
}

/// One step of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct Step {
    /// The organization's key.
    pub organization: String,
    /// Its name.
    pub organization_name: String,
    /// What it is.
    pub kind: String,
    /// The person's name.
    pub person: String,
    /// Their role.
    pub role: String,
    /// `call`, `mail` or `text`.
    pub means: String,
    /// What they will hear or read.
    pub says: String,
    /// By when.
    #[schema(format = DateTime)]
    pub due_at: String,
    /// Until when it stands by; null when it starts at once.
    #[schema(format = DateTime)]
    pub standby_until: Option<String>,
}

/// One sentence of the timeline.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineEntry {
    /// Its number.
    pub seq: i64,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// Who; empty for the program.
    pub who: String,
    /// What, as a plain sentence.
    pub sentence: String,
}

/// A type of tip.
#[derive(Debug, Serialize, ToSchema)]
pub struct TipType {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The least level of a tip of this type.
    pub level: String,
}

/// A school.
#[derive(Debug, Serialize, ToSchema)]
pub struct School {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
}

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct Made {
    /// Its id.
    pub id: String,
}

/// An answer to the reporter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReply {
    /// The words, at most 1600 characters.
    pub text: String,
}

/// A whole triage, as chosen on `version`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTriage {
    /// The version that it was chosen on.
    pub version: i64,
    /// Keys of the catalogue.
    pub types: Vec<String>,
    /// `critical`, `standard`, `other`; null follows the types.
    #[serde(default)]
    pub level: Option<String>,
    /// The school's key.
    #[serde(default)]
    pub school: Option<String>,
    /// The marks.
    #[serde(default)]
    pub marks: Marks,
    /// Why the level is lowered; needed only then.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A note or an assessment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// `note` or `assessment`.
    pub kind: String,
    /// The words.
    pub text: String,
}

/// The start of a dispatch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDispatch {
    /// The version that was seen.
    pub version: i64,
}

/// Why a tip is closed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// The reason.
    pub reason: String,
}

/// How somebody was reached.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirming {
    /// The analyst's note.
    pub note: String,
}
