//! A plan in the making: who gets a step at each level, in which order, and what the analyst should know before dispatching.
//!
//! The order of the steps is the order of starting. Whoever cannot be reached by a means is left out and named in a note: a
//! list that lacks something never keeps the others from being told.

use super::plan::{ATTESTED_DAYS, Request, Start, Step, StepContent};
use super::words;
use crate::calendar::Calendar;
use crate::channel::Means;
use crate::directory::{Kind, Organization, Person};
use crate::id::OrganizationKey;
use crate::level::Level;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A plan in the making.
pub(super) struct Draft<'a> {
    request: Request<'a>,
    school: &'a Organization,
    level: Level,
    due_at: Timestamp,
    pub(super) steps: Vec<Step>,
    pub(super) notes: Vec<String>,
}

/// The places of a Critical dispatch: the PSAP's calls, the other calls, then what is read.
const PSAP_CALLS: u16 = 0;
const OTHER_CALLS: u16 = 1;
const MAILS: u16 = 2;
const TEXTS: u16 = 3;

impl<'a> Draft<'a> {
    /// An empty one.
    pub(super) fn new(request: Request<'a>, school: &'a Organization, level: Level, due_at: Timestamp) -> Self {
        Self { request, school, level, due_at, steps: Vec::new(), notes: Vec::new() }
    }

    /// R14, R10: everybody is called and mailed, PSAP first; the district stands by.
    pub(super) fn critical(&mut self) {
        let psap = self.linked(self.school.psap.as_ref());
        let police = self.linked(self.school.police.as_ref());
        let district = self.linked(self.school.district.as_ref());
        let school = self.school;
        let told: Vec<&Organization> = psap.into_iter().chain([school]).chain(police).chain(self.hotline()).collect();
        self.at_once(&told);
        let standby = Start::Standby(self.district_at());
        self.add(district, Means::Call, standby);
        self.add(district, Means::Mail, standby);
        for organization in told.iter().copied().chain(district) {
            self.note_list(organization, &[Means::Call, Means::Mail]);
        }
        self.note_no_police(police);
        if district.is_none() {
            self.notes.push(format!("{} has no district in the directory: if nobody there answers, nobody stands by.", school.name));
        }
    }

    /// Calls, then mails, then texts to all of these; the PSAP's calls first.
    fn at_once(&mut self, told: &[&Organization]) {
        for organization in told {
            let place = if organization.kind == Kind::Psap { PSAP_CALLS } else { OTHER_CALLS };
            self.add(Some(organization), Means::Call, Start::Now(place));
        }
        for (means, place) in [(Means::Mail, MAILS), (Means::Text, TEXTS)] {
            for organization in told {
                self.add(Some(organization), means, Start::Now(place));
            }
        }
    }

    /// R49: a school that is not enrolled. Its county's PSAP and police are told, called too when it is Critical, and whoever the county lists.
    pub(super) fn not_enrolled(&mut self) {
        let (psap, police, county) = (self.linked(self.school.psap.as_ref()), self.linked(self.school.police.as_ref()), self.school);
        let listed = Some(county).filter(|county| !self.request.directory.persons_of(&county.key).is_empty());
        let told: Vec<&Organization> = psap.into_iter().chain(police).chain(listed).chain(self.hotline()).collect();
        let needed: &[Means] = match self.level {
            Level::Critical => {
                self.at_once(&told);
                &[Means::Call, Means::Mail]
            }
            Level::Standard | Level::Other => {
                for organization in &told {
                    self.add(Some(organization), Means::Mail, Start::Now(0));
                }
                &[Means::Mail]
            }
        };
        self.notes.push(format!(
            "The school is not enrolled: the 911 centre and the police of {} are told, and nobody at the school is. Tell the school yourself.",
            county.name
        ));
        self.note_no_police(police);
        for organization in told {
            self.note_list(organization, needed);
        }
    }

    fn note_no_police(&mut self, police: Option<&Organization>) {
        if police.is_none() {
            self.notes.push(format!("{} has no police agency in the directory: tell the police yourself.", self.school.name));
        }
    }

    /// R15, R16, R35: a mail to every POC, to the hotline, and to police when a crime is possible or a safety issue is marked.
    pub(super) fn by_mail(&mut self) {
        let marks = self.request.triage.marks;
        let police = self.linked(self.school.police.as_ref());
        let with_police = marks.safety_issue || marks.possible_crime;
        let told: Vec<&Organization> = [self.school].into_iter().chain(police.filter(|_| with_police)).chain(self.hotline()).collect();
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
    pub(super) fn note_time(&mut self, calendar: Option<&Calendar>) {
        if self.due_at <= self.request.now {
            self.notes.push("The time to tell them has passed: everything starts at once, and the breach is recorded.".to_owned());
        }
        if self.level != Level::Critical || self.school.kind == Kind::County {
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

    /// R51: the hotline that must be told, too.
    fn hotline(&self) -> Option<&'a Organization> {
        self.linked(self.request.directory.hotline_of(self.school))
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
                content: StepContent::Nothing,
            });
        }
    }
}
