//! The plan: who would be told what, how and by when. Computed without side effect, shown before it runs, then run as shown.
//!
//! Critical: a call and a mail to the PSAP and to every POC of the school and its police, PSAP first (R11, R14, R24, R25); the
//! district's POCs stand by (R10). Standard and Other: a mail to every POC (R15, R16), and to police when a crime is possible or
//! a safety issue is marked (R35).

use super::policy::Policy;
use crate::calendar::{Calendar, NeverOpen};
use crate::channel::Means;
use crate::conversation::triage::Triage;
use crate::directory::check::NotReady;
use crate::directory::{Directory, Kind};
use crate::id::{CalendarKey, OrganizationKey, PersonKey};
use crate::level::Level;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// What the analysts made of the tip; needs level, types and school.
    pub triage: &'a Triage,
    /// When the tip was received: the clock runs from here.
    pub received_at: Timestamp,
    /// When it would be dispatched.
    pub now: Timestamp,
    /// Who can be told.
    pub directory: &'a Directory,
    /// The business calendars, by key.
    pub calendars: &'a BTreeMap<CalendarKey, Calendar>,
    /// Windows and delays.
    pub policy: &'a Policy,
}

/// What would be told to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The level it was made for.
    pub level: Level,
    /// The school.
    pub school: OrganizationKey,
    /// By when everybody must have been told.
    pub due_at: Timestamp,
    /// One step an obligation, in the order of starting.
    pub steps: Vec<Step>,
    /// Sentences that the analyst should read before dispatching (a POC without a phone, a stale list, police left out).
    pub notes: Vec<String>,
}

/// One promised telling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The organization told.
    pub organization: OrganizationKey,
    /// Its name.
    pub organization_name: String,
    /// What it is.
    pub kind: Kind,
    /// The person told.
    pub person: PersonKey,
    /// Their name.
    pub person_name: String,
    /// Their role.
    pub role: String,
    /// Call, mail or text.
    pub means: Means,
    /// The last characters of the address.
    pub tail: String,
    /// What they will hear or read, word for word but for code, reference and link.
    pub says: String,
    /// By when.
    pub due_at: Timestamp,
    /// When it starts.
    pub start: Start,
}

/// When a step starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "start", content = "at")]
pub enum Start {
    /// At once, at this place in the order (0 is first: the PSAP's calls).
    Now(u16),
    /// Only if nobody at the school has confirmed by then (R10).
    Standby(Timestamp),
}

/// Why no plan can be made, in words for the analyst.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotPlan {
    /// No level yet (R1).
    #[error("Set the level and at least one type first: a tip cannot be dispatched without them.")]
    NotTriaged,
    /// No school yet.
    #[error("Choose the school first: it decides who is told.")]
    NoSchool,
    /// The school could not be told as the procedures want.
    #[error("This school cannot be dispatched to: {}.", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    NotReady(Vec<NotReady>),
    /// The school's calendar is not configured.
    #[error("The calendar {0} is not in the configuration.")]
    NoCalendar(CalendarKey),
    /// The calendar never opens.
    #[error(transparent)]
    NeverOpen(#[from] NeverOpen),
}

/// Makes the plan.
pub fn plan(request: Request<'_>) -> Result<Plan, CannotPlan> { let _ = request; todo!() }

/// By when a tip of this level, received then, must have been told (R14 to R16).
pub fn due_at(level: Level, received_at: Timestamp, calendar: &Calendar, policy: &Policy) -> Result<Timestamp, NeverOpen> {
    let _ = (level, received_at, calendar, policy);
    todo!()
}
