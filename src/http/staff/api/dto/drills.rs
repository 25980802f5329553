//! Drills on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which schools to drill: one, or every one that had none in so many days.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDrill {
    /// The school's key.
    pub school: Option<String>,
    /// Days.
    pub none_in_days: Option<u16>,
}

/// What was started.
#[derive(Serialize, ToSchema)]
pub struct DrillsStarted {
    /// How many.
    pub started: usize,
    /// The drill, when it is one school's.
    pub id: Option<String>,
}

/// A drill.
#[derive(Serialize, ToSchema)]
pub struct Drill {
    /// Its id.
    pub id: String,
    /// Its reference, as it is said and printed.
    pub reference: String,
    /// The school's name.
    pub school: String,
    /// When it was started.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// By when it is to be through.
    #[schema(format = DateTime)]
    pub due_at: String,
    /// Who started it; null is the schedule.
    pub started_by: Option<String>,
    /// Numbers and addresses, those that did not work first.
    pub lines: Vec<DrillLine>,
}

/// One number or address.
#[derive(Serialize, ToSchema)]
pub struct DrillLine {
    /// The organization.
    pub organization: String,
    /// The person.
    pub person: String,
    /// Their role.
    pub role: String,
    /// `call`, `mail` or `text`.
    pub means: String,
    /// The end of the number or address.
    pub tail: String,
    /// `failed`, `unsure`, `waiting` or `works`.
    pub verdict: String,
    /// What happened, in words.
    pub found: String,
    /// When it was tried first.
    #[schema(format = DateTime)]
    pub tried_at: Option<String>,
}
