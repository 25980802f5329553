//! Tips as they are read: the inbox, a tip, its messages, notes and triage.
//!
//! The reporter is an alias of two words (R47): no address, number or return code has a field here.

use super::telling::{Dispatch, Task};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The inbox, most urgent first.
#[derive(Serialize, ToSchema)]
pub struct Inbox {
    /// The tips.
    pub tips: Vec<TipLine>,
    /// How many each filter has.
    pub counts: Counts,
    /// Which page this is; 0 has the most urgent tips.
    pub page: u32,
    /// Whether there is a further page.
    pub more: bool,
    /// When this was read.
    #[schema(format = DateTime)]
    pub now: String,
}

/// How many tips each filter has.
#[derive(Serialize, ToSchema)]
pub struct Counts {
    /// Open.
    pub open: i64,
    /// Open and not triaged.
    pub unsorted: i64,
    /// Claimed by the token's member of staff.
    pub mine: i64,
    /// Being told.
    pub underway: i64,
    /// Requests of the press, for the administrators.
    pub press: i64,
    /// Closed; 1,001 for any more than a thousand.
    pub closed: i64,
}

/// One tip of the inbox.
#[derive(Serialize, ToSchema)]
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
    /// What its clocks have raised and still stands: `breached`, `cannot_meet`, `three_quarters`, `half`, `paged`, `task_overdue`.
    pub attention: Vec<String>,
    /// `open` or `closed`.
    pub state: String,
    /// How many tips that say nothing new are counted under this one.
    pub alike: i64,
    /// The earlier tip that this one was found like.
    pub like: Option<String>,
    /// What it says that the earlier ones did not; empty when there is nothing or it is like none.
    pub new_facts: String,
}

/// A tip with everything about it.
#[derive(Serialize, ToSchema)]
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
    /// What endusers and analysts wrote to each other in the portal, oldest first.
    pub enduser_notes: Vec<EnduserNote>,
    /// What endusers say they did, oldest first.
    pub feedback: Vec<Feedback>,
    /// The dispatches, oldest first.
    pub dispatches: Vec<Dispatch>,
    /// Open tasks: those with a due time first.
    pub tasks: Vec<Task>,
    /// What its clocks have raised and still stands, as in the inbox.
    pub attention: Vec<String>,
    /// Messages of the reporter that those who were told do not know of.
    pub news: usize,
    /// When they are told that there is news.
    #[schema(format = DateTime)]
    pub news_told_at: Option<String>,
}

/// A note of an enduser or to them.
#[derive(Serialize, ToSchema)]
pub struct EnduserNote {
    /// Role and organization, or the name of a member of staff.
    pub author: String,
    /// Whether staff wrote it.
    pub by_staff: bool,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// The words.
    pub text: String,
}

/// What an enduser says they did.
#[derive(Serialize, ToSchema)]
pub struct Feedback {
    /// Role and organization.
    pub author: String,
    /// `helped`, `looked_into`, `handed_on`, `known`, `unfounded` or `goes_on`.
    pub did: String,
    /// When last changed.
    #[schema(format = DateTime)]
    pub at: String,
    /// The words; perhaps none.
    pub text: String,
}

/// What the analysts made of a tip.
#[derive(Serialize, ToSchema)]
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
#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Marks {
    /// It happens now.
    pub in_progress: bool,
    /// Police may be told.
    pub possible_crime: bool,
    /// Police must be told.
    pub safety_issue: bool,
    /// The reporter writes about themself.
    pub about_self: bool,
    /// A request of the press: for the administrators, no enduser is told.
    pub media_request: bool,
    /// Legal advice was asked for.
    pub legal_request: bool,
}

/// One message.
#[derive(Serialize, ToSchema)]
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
    /// `person`, `automatic`, `bounce`, `read_receipt` or `unreadable`: who or what wrote it.
    pub nature: String,
    /// True when a piece of a long text has not come yet; `…` stands for it.
    pub missing: bool,
    /// Pictures and files.
    pub attachments: Vec<Attachment>,
    /// Files beyond the most that are taken.
    pub media_dropped: u32,
    /// For a message to the reporter: where it stands.
    pub delivery: Option<Delivery>,
}

/// A picture, recording or file.
#[derive(Serialize, ToSchema)]
pub struct Attachment {
    /// Its id.
    pub id: String,
    /// What the carrier calls it; not to be believed.
    pub content_type: String,
    /// `shown`, `recording`, or `raw` for a mail as it came.
    pub role: String,
    /// `waiting` (still at the carrier), `kept` (here) or `lost`.
    pub state: String,
    /// What its bytes say that it is, once it is here.
    pub kind: Option<String>,
    /// How large it is, once it is here.
    pub bytes: Option<u64>,
    /// The copy that can be shown, once there is one.
    pub copy: Option<ShownCopy>,
    /// Why it was lost, or why there is no copy.
    pub why: Option<String>,
}

/// A copy without metadata, decoded and encoded again.
#[derive(Serialize, ToSchema)]
pub struct ShownCopy {
    /// Its path on this host; read it with the same token.
    pub url: String,
    /// `image/jpeg`, `image/png` or `audio/wav`.
    pub kind: String,
    /// How large it is.
    pub bytes: u64,
    /// Its width in pixels; 0 for sound.
    pub width: u32,
    /// Its height in pixels; 0 for sound.
    pub height: u32,
}

/// Where a message to the reporter stands.
#[derive(Serialize, ToSchema)]
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
#[derive(Serialize, ToSchema)]
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
