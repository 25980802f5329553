//! The plan: who would be told what, how and by when. Computed without side effect, shown before it runs, then run as shown.
//!
//! Critical: a call and a mail to the PSAP and to every POC of the school and its police, PSAP first (R11, R14, R24, R25); the
//! district's POCs stand by (R10). Standard and Other: a mail to every POC (R15, R16), and to police when a crime is possible or
//! a safety issue is marked (R35). For a school that is not enrolled its county stands: police and PSAP, at every level (R49). A
//! hotline named for a school or its district is told of everything (R51). A request of the press is told to nobody (R41). Whoever a
//! supervisor excludes gets nothing, and the district is told at once in place of somebody at the school (R42).

use super::draft::Draft;
use super::policy::Policy;
use super::purpose::Purpose;
use crate::calendar::{Calendar, NeverOpen};
use crate::channel::Means;
use crate::conversation::triage::Triage;
use crate::directory::check::{NotReady, not_ready};
use crate::directory::{Directory, Kind};
use crate::id::{CalendarKey, OrganizationKey, PersonKey};
use crate::level::Level;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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
    /// The line's name, for the words of the preview.
    pub line_name: &'a str,
    /// Persons whom a supervisor leaves out (R42): they get nothing, and the district is told in place of the school's.
    pub excluded: &'a BTreeSet<PersonKey>,
    /// Whether a summary was written for organizations that have accepted one.
    pub has_summary: bool,
    /// Calls that the lanes start in a second, to note a window that cannot be kept; `None` when that is not asked.
    pub calls_per_second: Option<f64>,
}

/// What would be told to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The level it was made for.
    pub level: Level,
    /// The school, or the county that stands for it.
    pub school: OrganizationKey,
    /// By when everybody must have been told: the latest due time of its steps.
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
    /// What of the tip itself this channel may carry: nothing, unless the organization has accepted it in writing (R6, R18).
    #[serde(default)]
    pub content: StepContent,
    /// Whether it says that the school is not in session (R20): to its police and its PSAP only.
    #[serde(default)]
    pub session: Session,
}

/// Whether a school is known not to be in session when its police and its PSAP are told of a Critical tip: they may make a welfare check (R20).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Session {
    /// In session, not known, or not theirs to know: nothing is said.
    #[default]
    Unsaid,
    /// Not in session.
    Out,
}

/// What of the tip itself a channel carries to an organization.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepContent {
    /// Nothing: that there is a report, its reference, where to log in.
    #[default]
    Nothing,
    /// The analyst's summary: in the mail, or on the call after the confirmation; never on a machine, never in a text.
    Summary,
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
    #[error("Choose the school first: it decides who is told. For a school that is not enrolled, choose its county.")]
    NoSchool,
    /// A request of the press (R41).
    #[error(
        "A press request goes to the administrators and is told to no enduser: answer it and close it, or untick the mark if it is a tip."
    )]
    ForAdministrators,
    /// The school could not be told as the procedures want.
    #[error("This cannot be dispatched: {}.", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    NotReady(Vec<NotReady>),
    /// The school's calendar is not configured.
    #[error("The calendar {0} is not in the configuration.")]
    NoCalendar(CalendarKey),
    /// The calendar never opens.
    #[error(transparent)]
    NeverOpen(#[from] NeverOpen),
}

/// After this many days a list counts as stale (R13): it is noted and still used.
pub const ATTESTED_DAYS: i32 = 365;

/// Makes the plan.
///
/// Errors when the tip is not triaged, names no school, or the school could not be told as the procedures want. A Critical plan never
/// fails for want of a calendar: it needs none, so that is a note.
pub fn plan(request: Request<'_>) -> Result<Plan, CannotPlan> {
    let level = request.triage.level.filter(|_| !request.triage.types.is_empty()).ok_or(CannotPlan::NotTriaged)?;
    if !request.triage.is_for_endusers() {
        return Err(CannotPlan::ForAdministrators);
    }
    let key = request.triage.school.as_ref().ok_or(CannotPlan::NoSchool)?;
    let reasons = not_ready(request.directory, key);
    let school = match request.directory.organization(key) {
        Some(school) if reasons.is_empty() => school,
        Some(_) | None => return Err(CannotPlan::NotReady(reasons)),
    };
    let calendar = request.calendars.get(&school.calendar);
    let due_at = match (level, calendar) {
        (Level::Critical, _) => critical_due(request.received_at, request.policy),
        (Level::Standard | Level::Other, Some(calendar)) => due_at(level, request.received_at, calendar, request.policy)?,
        (Level::Standard | Level::Other, None) => return Err(CannotPlan::NoCalendar(school.calendar.clone())),
    };
    let mut draft = Draft::new(request, Purpose::Tip, school, level, due_at);
    draft.note_time(calendar);
    match (school.kind, level) {
        (Kind::County, Level::Critical | Level::Standard | Level::Other) => draft.not_enrolled(),
        (Kind::School | Kind::District | Kind::Psap | Kind::Police | Kind::Hotline | Kind::Line, Level::Critical) => draft.critical(),
        (Kind::School | Kind::District | Kind::Psap | Kind::Police | Kind::Hotline | Kind::Line, Level::Standard | Level::Other) => {
            draft.by_mail()
        }
    }
    draft.note_pace();
    Ok(draft.finished())
}

/// By when a tip of this level, received then, must have been told (R14 to R16).
pub fn due_at(level: Level, received_at: Timestamp, calendar: &Calendar, policy: &Policy) -> Result<Timestamp, NeverOpen> {
    match level {
        Level::Critical => Ok(critical_due(received_at, policy)),
        Level::Standard => calendar.after(received_at, policy.standard_window),
        Level::Other => calendar.after(received_at, policy.other_window),
    }
}

pub(super) fn critical_due(received_at: Timestamp, policy: &Policy) -> Timestamp {
    received_at.saturating_add(policy.critical_window).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "plan_rules_tests.rs"]
mod rules_tests;
