//! The plan: who would be told what, how and by when. Computed without side effect, shown before it runs, then run as shown.
//!
//! Critical: a call and a mail to the PSAP and to every POC of the school and its police, PSAP first (R11, R14, R24, R25); the
//! district's POCs stand by (R10). Standard and Other: a mail to every POC (R15, R16), and to police when a crime is possible or
//! a safety issue is marked (R35).

use super::policy::Policy;
use super::words;
use crate::calendar::{Calendar, NeverOpen};
use crate::channel::Means;
use crate::conversation::triage::Triage;
use crate::directory::check::{NotReady, not_ready};
use crate::directory::{Directory, Kind, Organization, Person};
use crate::id::{CalendarKey, OrganizationKey, PersonKey};
use crate::level::Level;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
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
    /// The line's name, for the words of the preview.
    pub line_name: &'a str,
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

/// After this many days a list counts as stale (R13): it is noted and still used.
pub const ATTESTED_DAYS: i32 = 365;

/// Makes the plan.
///
/// Errors when the tip is not triaged, names no school, or the school could not be told as the procedures want. A Critical plan never
/// fails for want of a calendar: it needs none, so that is a note.
pub fn plan(request: Request<'_>) -> Result<Plan, CannotPlan> {
    let level = request.triage.level.filter(|_| !request.triage.types.is_empty()).ok_or(CannotPlan::NotTriaged)?;
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
    let mut draft = Draft { request, school, level, due_at, steps: Vec::new(), notes: Vec::new() };
    draft.note_time(calendar);
    match level {
        Level::Critical => draft.critical(),
        Level::Standard | Level::Other => draft.by_mail(),
    }
    Ok(Plan { level, school: school.key.clone(), due_at, steps: draft.steps, notes: draft.notes })
}

/// By when a tip of this level, received then, must have been told (R14 to R16).
pub fn due_at(level: Level, received_at: Timestamp, calendar: &Calendar, policy: &Policy) -> Result<Timestamp, NeverOpen> {
    match level {
        Level::Critical => Ok(critical_due(received_at, policy)),
        Level::Standard => calendar.after(received_at, policy.standard_window),
        Level::Other => calendar.after(received_at, policy.other_window),
    }
}

fn critical_due(received_at: Timestamp, policy: &Policy) -> Timestamp {
    received_at.saturating_add(policy.critical_window).unwrap_or(Timestamp::MAX)
}

/// A plan in the making.
struct Draft<'a> {
    request: Request<'a>,
    school: &'a Organization,
    level: Level,
    due_at: Timestamp,
    steps: Vec<Step>,
    notes: Vec<String>,
}

/// The places of a Critical dispatch: the PSAP's calls, the other calls, then what is read.
const PSAP_CALLS: u16 = 0;
const OTHER_CALLS: u16 = 1;
const MAILS: u16 = 2;
const TEXTS: u16 = 3;

impl<'a> Draft<'a> {
    /// R14, R10: everybody is called and mailed, PSAP first; the district stands by.
    fn critical(&mut self) {
        let psap = self.linked(self.school.psap.as_ref());
        let police = self.linked(self.school.police.as_ref());
        let district = self.linked(self.school.district.as_ref());
        let school = self.school;
        let told: Vec<&Organization> = psap.into_iter().chain([school]).chain(police).collect();
        self.add(psap, Means::Call, Start::Now(PSAP_CALLS));
        self.add(Some(school), Means::Call, Start::Now(OTHER_CALLS));
        self.add(police, Means::Call, Start::Now(OTHER_CALLS));
        for (means, place) in [(Means::Mail, MAILS), (Means::Text, TEXTS)] {
            for organization in &told {
                self.add(Some(organization), means, Start::Now(place));
            }
        }
        let standby = Start::Standby(self.district_at());
        self.add(district, Means::Call, standby);
        self.add(district, Means::Mail, standby);
        for organization in told.iter().copied().chain(district) {
            self.note_list(organization, &[Means::Call, Means::Mail]);
        }
        if police.is_none() {
            self.notes.push(format!("{} has no police agency in the directory: tell the police yourself.", school.name));
        }
        if district.is_none() {
            self.notes.push(format!("{} has no district in the directory: if nobody there answers, nobody stands by.", school.name));
        }
    }

    /// R15, R16, R35: a mail to every POC, and to police when a crime is possible or a safety issue is marked.
    fn by_mail(&mut self) {
        let marks = self.request.triage.marks;
        let police = self.linked(self.school.police.as_ref());
        let with_police = marks.safety_issue || marks.possible_crime;
        let told: Vec<&Organization> = [self.school].into_iter().chain(police.filter(|_| with_police)).collect();
        for organization in &told {
            self.add(Some(organization), Means::Mail, Start::Now(0));
        }
        if self.level == Level::Standard {
            for organization in &told {
                self.add(Some(organization), Means::Text, Start::Now(1));
            }
        }
        for organization in told {
            self.note_list(organization, &[Means::Mail]);
        }
        let name = &self.school.name;
        let note = match (police, marks.safety_issue, marks.possible_crime) {
            (None, true, _) => Some(format!(
                "Police must be told of a safety issue, and {name} has no police agency in the directory: tell them yourself."
            )),
            (None, false, true) => Some(format!("A crime is possible, and {name} has no police agency in the directory.")),
            (Some(police), true, _) => Some(format!("{} is told because a safety issue is marked.", police.name)),
            (Some(police), false, true) => {
                Some(format!("{} is told because a crime is possible; untick the mark if they should not be.", police.name))
            }
            (_, false, false) => Some("Police are not told: neither a safety issue nor a possible crime is marked.".to_owned()),
        };
        self.notes.extend(note);
    }

    /// What the time of the tip and of the day makes worth saying.
    fn note_time(&mut self, calendar: Option<&Calendar>) {
        if self.due_at <= self.request.now {
            self.notes.push("The time to tell them has passed: everything starts at once, and the breach is recorded.".to_owned());
        }
        if self.level != Level::Critical {
            return;
        }
        let name = &self.school.name;
        self.notes.extend(match calendar {
            None => Some(format!(
                "The calendar {} is not in the configuration: whether {name} is in session is not known.",
                self.school.calendar
            )),
            Some(calendar) if !calendar.is_open(self.request.now) => Some(format!(
                "{name} is not in session now: police may make a welfare check (R20). The school's contacts are told all the same."
            )),
            Some(_) => None,
        });
    }

    /// What a person's or organization's list lacks.
    fn note_list(&mut self, organization: &Organization, needed: &[Means]) {
        let persons = self.request.directory.persons_of(&organization.key);
        if persons.is_empty() {
            self.notes.push(format!("{} has nobody in the directory: nobody there is told.", organization.name));
        }
        for person in persons {
            for means in needed.iter().filter(|means| person.point(**means).is_none()) {
                let (lack, rest) = match means {
                    Means::Call => ("no phone number", "not called"),
                    Means::Mail => ("no mail address", "not mailed"),
                    Means::Text => ("no number for texts", "not texted"),
                };
                self.notes.push(format!("{} ({}) has {lack} and is {rest}.", person.name, organization.name));
            }
        }
        let stale: Vec<&str> = persons.iter().filter(|person| self.is_stale(person)).map(|person| person.name.as_str()).collect();
        if !stale.is_empty() {
            let names = stale.join(", ");
            self.notes
                .push(format!("The list of {} was not attested in the last year ({names}). It is used all the same.", organization.name));
        }
    }

    /// R13. A day is a UTC day here: a list is stale by years, not by hours.
    fn is_stale(&self, person: &Person) -> bool {
        let today = self.request.now.to_zoned(TimeZone::UTC).date();
        person.attested_on.is_none_or(|attested| attested.saturating_add(SignedDuration::from_hours(24 * i64::from(ATTESTED_DAYS))) < today)
    }

    /// R10: after `district_after`, but never later than leaves half of the time to the due time.
    fn district_at(&self) -> Timestamp {
        let now = self.request.now;
        let half = self.due_at.duration_since(now) / 2;
        let wait = self.request.policy.district_after.min(half).max(SignedDuration::ZERO);
        now.saturating_add(wait).unwrap_or(now)
    }

    fn linked(&self, key: Option<&OrganizationKey>) -> Option<&'a Organization> {
        key.and_then(|key| self.request.directory.organization(key))
    }

    /// A step for every person of the organization who can be reached by this means, in calling order.
    fn add(&mut self, organization: Option<&Organization>, means: Means, start: Start) {
        let Some(organization) = organization else { return };
        let (line_name, name, level) = (self.request.line_name, organization.name.as_str(), self.level);
        let says = match means {
            Means::Call => words::call_preview(line_name, name, level),
            Means::Mail => words::mail_preview(line_name, name, level),
            Means::Text => words::text_preview(line_name, name, level),
        };
        for person in self.request.directory.persons_of(&organization.key) {
            let Some(point) = person.point(means) else { continue };
            self.steps.push(Step {
                organization: organization.key.clone(),
                organization_name: organization.name.clone(),
                kind: organization.kind,
                person: person.key.clone(),
                person_name: person.name.clone(),
                role: person.role.clone(),
                means,
                tail: point.tail.clone(),
                says: says.clone(),
                due_at: self.due_at,
                start,
            });
        }
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
