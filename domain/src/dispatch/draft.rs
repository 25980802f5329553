//! A plan in the making: who gets a step at each level, in which order, and what the analyst should know before dispatching.
//!
//! The order of the steps is the order of starting. Whoever cannot be reached by a means is left out and named in a note: a
//! list that lacks something never keeps the others from being told. What a single step says and carries is [`step`]'s.

use super::pace::feasible;
use super::plan::{ATTESTED_DAYS, Plan, Request, Session, Start, Step, critical_due, due_at};
use super::purpose::Purpose;
use super::step::{Frame, step};
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
    purpose: Purpose,
    school: &'a Organization,
    level: Level,
    /// By when the school must have been told.
    due_at: Timestamp,
    session: Session,
    steps: Vec<Step>,
    notes: Vec<String>,
}

/// The places of a Critical dispatch: the PSAP's calls, the other calls, then what is read.
const PSAP_CALLS: u16 = 0;
const OTHER_CALLS: u16 = 1;
const MAILS: u16 = 2;
const TEXTS: u16 = 3;

impl<'a> Draft<'a> {
    /// An empty one.
    pub(super) fn new(request: Request<'a>, purpose: Purpose, school: &'a Organization, level: Level, due_at: Timestamp) -> Self {
        Self { request, purpose, school, level, due_at, session: Session::Unsaid, steps: Vec::new(), notes: Vec::new() }
    }

    /// The plan.
    pub(super) fn finished(mut self) -> Plan {
        self.steps.sort_by_key(|step| match step.start {
            Start::Now(place) => (place, Timestamp::MIN),
            Start::Standby(until) => (u16::MAX, until),
        });
        let due_at = self.steps.iter().map(|step| step.due_at).max().unwrap_or(self.due_at);
        Plan { level: self.level, school: self.school.key.clone(), due_at, steps: self.steps, notes: self.notes }
    }

    /// R14, R10: everybody is called and mailed, PSAP first; the district stands by.
    pub(super) fn critical(&mut self) {
        let psap = self.linked(self.school.psap.as_ref());
        let police = self.linked(self.school.police.as_ref());
        let district = self.linked(self.school.district.as_ref());
        let school = self.school;
        let told: Vec<&Organization> = psap.into_iter().chain([school]).chain(police).chain(self.hotline()).collect();
        self.at_once(&told);
        let (call, mail) = match (self.purpose, self.school_excluded()) {
            // Nobody waits in a drill for somebody else to fail, and a district that stands in for an excluded person is told at once (R42).
            (Purpose::Drill, _) | (_, true) => (Start::Now(OTHER_CALLS), Start::Now(MAILS)),
            (Purpose::Tip | Purpose::Update | Purpose::Page(_) | Purpose::Feedback, false) => {
                let standby = Start::Standby(self.district_at());
                (standby, standby)
            }
        };
        self.add(district, Means::Call, call);
        self.add(district, Means::Mail, mail);
        for organization in told.iter().copied().chain(district) {
            self.note_list(organization, &[Means::Call, Means::Mail]);
        }
        self.note_excluded(&told, district);
        self.note_no_police(police);
        if district.is_none() {
            self.notes.push(format!("{} has no district in the directory: if nobody there answers, nobody stands by.", school.name));
        }
    }

    /// Calls, then mails, then texts to all of these; the PSAP's calls first.
    fn at_once(&mut self, told: &[&'a Organization]) {
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
        let needed: &[Means] = match (self.level, self.purpose) {
            (Level::Critical, _) | (_, Purpose::Drill) => {
                self.at_once(&told);
                &[Means::Call, Means::Mail]
            }
            (Level::Standard | Level::Other, Purpose::Tip | Purpose::Update | Purpose::Page(_) | Purpose::Feedback) => {
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
        for organization in told.iter().copied() {
            self.note_list(organization, needed);
        }
        self.note_excluded(&told, None);
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
        // R42: in place of somebody who is excluded, their district.
        let district = self.linked(self.school.district.as_ref()).filter(|_| self.school_excluded());
        let told: Vec<&Organization> =
            [self.school].into_iter().chain(police.filter(|_| with_police)).chain(self.hotline()).chain(district).collect();
        for organization in &told {
            self.add(Some(organization), Means::Mail, Start::Now(0));
        }
        if self.level == Level::Standard {
            for organization in &told {
                self.add(Some(organization), Means::Text, Start::Now(1));
            }
        }
        for organization in told.iter().copied() {
            self.note_list(organization, &[Means::Mail]);
        }
        self.note_excluded(&told, district);
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
            Some(calendar) if !calendar.is_open(self.request.now) => {
                self.session = Session::Out;
                Some(format!(
                    "{name} is not in session now: police may make a welfare check (R20), and are told so, as is the PSAP. The school's \
                     contacts are told all the same."
                ))
            }
            Some(_) => None,
        });
    }

    /// What a person's or organization's list lacks.
    fn note_list(&mut self, organization: &Organization, needed: &[Means]) {
        let persons = self.told_at(organization);
        if self.request.directory.persons_of(&organization.key).is_empty() {
            self.notes.push(format!("{} has nobody in the directory: nobody there is told.", organization.name));
        }
        for person in &persons {
            if person.points(Means::Text).any(|(_, point)| point.landline) {
                self.notes.push(format!("{} ({}) is listed for texts on a landline, which takes none.", person.name, organization.name));
            }
            for means in needed.iter().filter(|means| person.point(**means).is_none()) {
                let (lack, rest) = match means {
                    Means::Call => ("no phone number", "not called"),
                    Means::Mail => ("no mail address", "not mailed"),
                    Means::Text => ("no number for texts", "not texted"),
                };
                self.notes.push(format!("{} ({}) has {lack} and is {rest}.", person.name, organization.name));
            }
        }
        let stale: Vec<&str> = persons.iter().copied().filter(|person| self.is_stale(person)).map(|person| person.name.as_str()).collect();
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

    /// Whether somebody at the school is excluded (R42): then the district is told at once, in their place.
    fn school_excluded(&self) -> bool {
        let listed = self.request.directory.persons_of(&self.school.key);
        self.school.kind == Kind::School && listed.iter().any(|person| self.request.excluded.contains(&person.key))
    }

    /// The persons of an organization who are not excluded, in calling order.
    fn told_at(&self, organization: &Organization) -> Vec<&'a Person> {
        let listed = self.request.directory.persons_of(&organization.key);
        listed.iter().filter(|person| !self.request.excluded.contains(&person.key)).collect()
    }

    /// R42: how many are left out, and who is told instead.
    fn note_excluded(&mut self, told: &[&Organization], district: Option<&Organization>) {
        let district_too = district.filter(|district| told.iter().all(|other| other.key != district.key));
        let all: Vec<&Organization> = told.iter().copied().chain(district_too).collect();
        let listed = |organization: &Organization| self.request.directory.persons_of(&organization.key);
        let excluded = all.iter().flat_map(|one| listed(one)).filter(|person| self.request.excluded.contains(&person.key)).count();
        if excluded == 0 {
            return;
        }
        let who =
            if excluded == 1 { "1 person is left out and gets".to_owned() } else { format!("{excluded} persons are left out and get") };
        let name = &self.school.name;
        let instead = match (self.school_excluded(), district) {
            (true, Some(district)) => format!(" {} is told in place of {name}'s, at once.", district.name),
            (true, None) => format!(" {name} has no district in the directory: tell somebody above them yourself."),
            (false, _) => String::new(),
        };
        self.notes.push(format!("{who} nothing (R42).{instead}"));
        let empty = all.iter().filter(|one| !listed(one).is_empty() && self.told_at(one).is_empty());
        let empty: Vec<String> = empty.map(|one| format!("Nobody else is listed for {}: nobody there is told.", one.name)).collect();
        self.notes.extend(empty);
    }

    /// Says so when the calls do not all start in time at the lanes' pace.
    pub(super) fn note_pace(&mut self) {
        let Some(pace) = self.request.calls_per_second else { return };
        let found = feasible(&self.steps, pace, 0, self.request.now);
        if !found.fits() && self.due_at > self.request.now {
            self.notes.push(format!(
                "At {pace} calls in a second {} of the {} calls start after their due time: call by hand, too.",
                found.late, found.calls
            ));
        }
    }

    /// By when this organization must have been told: Critical by the minute, else by its own hours (R15, R16). One whose calendar is
    /// missing or never opens is told by the school's.
    fn due_of(&self, organization: &Organization) -> Timestamp {
        let (level, request) = (self.level, self.request);
        if self.purpose != Purpose::Tip {
            return super::telling::drill_due(organization, request.calendars, request.now);
        }
        match level {
            Level::Critical => critical_due(request.received_at, request.policy),
            Level::Standard | Level::Other => request
                .calendars
                .get(&organization.calendar)
                .and_then(|calendar| due_at(level, request.received_at, calendar, request.policy).ok())
                .unwrap_or(self.due_at),
        }
    }

    /// A step for every person of the organization who can be reached by this means, in calling order.
    fn add(&mut self, organization: Option<&'a Organization>, means: Means, start: Start) {
        let Some(organization) = organization else { return };
        let session = match organization.kind {
            Kind::Psap | Kind::Police => self.session,
            Kind::School | Kind::District | Kind::County | Kind::Hotline | Kind::Line => Session::Unsaid,
        };
        let frame = Frame {
            line_name: self.request.line_name,
            calendars: self.request.calendars,
            now: self.request.now,
            purpose: self.purpose,
            level: self.level,
            has_summary: self.request.has_summary,
            session,
        };
        let due_at = self.due_of(organization);
        let steps = self.told_at(organization).into_iter().filter_map(|person| step(frame, organization, person, means, due_at, start));
        let steps: Vec<Step> = steps.collect();
        self.steps.extend(steps);
    }
}
