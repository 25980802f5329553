//! Telling the endusers: plan, dispatch, obligations with attempts and receipts, tasks, the timeline.
//!
//! An enduser is a name, a role and an organization; where they are reached and what confirms stays inside.

use serde::Serialize;
use utoipa::ToSchema;

/// One telling of the endusers.
#[derive(Serialize, ToSchema)]
pub struct Dispatch {
    /// Its id.
    pub id: String,
    /// `tip`, `update`, `page`, `drill` or `feedback`: only `tip` tells of the tip.
    pub purpose: String,
    /// The names of those whom a supervisor left out.
    pub left_out: Vec<String>,
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
#[derive(Serialize, ToSchema)]
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
#[derive(Serialize, ToSchema)]
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
#[derive(Serialize, ToSchema)]
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
#[derive(Serialize, ToSchema)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// The tip.
    pub tip: String,
    /// What to do.
    pub what: String,
    /// `failed`, `follow_up`, `directory` or `look`.
    pub kind: String,
    /// Since when.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// By when, if it has a time: not done by then, supervisors are paged.
    #[schema(format = DateTime)]
    pub due_at: Option<String>,
}

/// Who would be told, how and by when.
#[derive(Serialize, ToSchema)]
pub struct Plan {
    /// What a dispatch sends back, so that what is dispatched is what was seen.
    pub fingerprint: String,
    /// The names of organizations that have accepted a summary in writing.
    pub take_a_summary: Vec<String>,
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
#[derive(Serialize, ToSchema)]
pub struct Step {
    /// The organization's key.
    pub organization: String,
    /// Its name.
    pub organization_name: String,
    /// What it is.
    pub kind: String,
    /// The person's key: what `leave_out` takes.
    pub person_key: String,
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
#[derive(Serialize, ToSchema)]
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
