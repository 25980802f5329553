//! Tellings that are no dispatch of a tip: a page to the line's own supervisors (R44), news (R28), a drill, a question afterwards (R21).
//!
//! They give the same steps that a plan has, so that the same obligations, attempts and receipts carry them. A person who has gone from the
//! directory since gets nothing more; an excluded one (R42) was never told, and is not told now.

use super::draft::Draft;
use super::obligation::{Obligation, State};
use super::plan::{CannotPlan, Plan, Request, Session, Start, Step, plan};
use super::policy::Policy;
use super::purpose::{PageReason, Purpose};
use super::step::{Frame, step};
use crate::calendar::Calendar;
use crate::channel::Means;
use crate::conversation::triage::Triage;
use crate::directory::check::{NotReady, not_ready};
use crate::directory::{Directory, Kind, Organization, Person};
use crate::id::{CalendarKey, OrganizationKey, PersonKey};
use crate::level::Level;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What such a telling is made from.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'a> {
    /// When it would start.
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

/// By when the last rung of supervisors must have been tried, for nobody is paged after it.
pub const LAST_RUNG_WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// By when feedback is asked for where no calendar says it.
const FEEDBACK_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// Where a mail and a text stand in the order of starting, after calls.
const MAILS: u16 = 2;
const TEXTS: u16 = 3;

impl<'a> Telling<'a> {
    /// The steps of a page: calls, then texts and mails, to the supervisors of this rung (0 is the first): those whose place in the order is
    /// `rung + 1`, or the next that there is; beyond the last rung, the last once more. Due before the next rung is paged. Empty when the
    /// directory lists no supervisors, which the lint calls an error.
    pub fn page(self, reason: PageReason, rung: u8) -> Vec<Step> {
        let lines = self.directory.organizations.values().filter(|one| one.kind == Kind::Line);
        let all: Vec<(&Organization, &Person)> =
            lines.flat_map(|line| self.directory.persons_of(&line.key).iter().map(move |person| (line, person))).collect();
        let wanted = u16::from(rung) + 1;
        let orders = || all.iter().map(|(_, person)| person.order);
        let Some(order) = orders().filter(|order| *order >= wanted).min().or(orders().max()) else { return Vec::new() };
        let due_at = self.later(self.rung_within(rung));
        let frame = self.frame(Purpose::Page(reason), Level::Critical);
        let ways = [(Means::Call, 0), (Means::Text, MAILS), (Means::Mail, TEXTS)];
        let told = |(means, place): (Means, u16)| {
            let paged = all.iter().filter(|(_, person)| person.order == order);
            paged.filter_map(move |(line, person)| step(frame, line, person, means, due_at, Start::Now(place))).collect::<Vec<_>>()
        };
        ways.into_iter().flat_map(told).collect()
    }

    /// The steps of an update (R28): mails and texts, no calls, to those who were told of the tip by these obligations. A district that
    /// never had its turn knows of nothing, so there is no news for it.
    pub fn update(self, earlier: &[Obligation], level: Level) -> Vec<Step> {
        let due_at = self.later(self.policy.update_after);
        let frame = self.frame(Purpose::Update, level);
        let told = self.told(earlier);
        let ways = [(Means::Mail, MAILS), (Means::Text, TEXTS)];
        let steps = |(means, place): (Means, u16)| {
            told.iter().filter_map(move |(organization, person)| step(frame, organization, person, means, due_at, Start::Now(place)))
        };
        ways.into_iter().flat_map(steps).collect()
    }

    /// The step that tells the same person by this means instead: at once, by the same time, for the same purpose. None when the directory
    /// has no such address of theirs any more.
    pub fn instead(self, failed: &Obligation, means: Means) -> Option<Step> {
        let organization = self.directory.organization(&failed.step.organization)?;
        let person = self.directory.persons_of(&organization.key).iter().find(|person| person.key == failed.step.person)?;
        let place = match means {
            Means::Call => 1,
            Means::Mail => MAILS,
            Means::Text => TEXTS,
        };
        let frame = Frame { session: failed.step.session, ..self.frame(failed.purpose, failed.level) };
        step(frame, organization, person, means, failed.step.due_at, Start::Now(place))
    }

    /// The steps that tell the school's district in its place (R10), when mails alone were promised and the school's have all come to
    /// nothing: at once, by the same time, with nobody among them who was left out (R42). Empty without a district.
    pub fn district(self, failed: &Obligation, excluded: &[PersonKey]) -> Vec<Step> {
        let school = self.directory.organization(&failed.step.organization);
        let key = school.and_then(|school| school.district.as_ref());
        let Some(district) = key.and_then(|key| self.directory.organization(key)) else { return Vec::new() };
        let frame = self.frame(failed.purpose, failed.level);
        let persons = self.directory.persons_of(&district.key).iter().filter(|person| !excluded.contains(&person.key));
        persons.filter_map(|person| step(frame, district, person, Means::Mail, failed.step.due_at, Start::Now(MAILS))).collect()
    }

    /// The steps of the question afterwards (R21): a mail to each person told, within four of their business hours.
    pub fn feedback(self, earlier: &[Obligation], level: Level) -> Vec<Step> {
        let frame = self.frame(Purpose::Feedback, level);
        let due = |organization: &Organization| {
            let calendar = self.calendars.get(&organization.calendar);
            calendar
                .and_then(|calendar| calendar.after(self.now, self.policy.other_window).ok())
                .unwrap_or_else(|| self.later(FEEDBACK_WITHIN))
        };
        let told = self.told(earlier);
        told.iter()
            .filter_map(|(organization, person)| step(frame, organization, person, Means::Mail, due(organization), Start::Now(MAILS)))
            .collect()
    }

    /// The plan of a drill: everybody whom a Critical tip about this school would be told to, on every channel, at once and marked as a
    /// test; due by the end of the next business day of each. Of the lowest level, for nothing real waits for it.
    pub fn drill(self, school: &OrganizationKey) -> Result<Plan, CannotPlan> {
        let reasons = not_ready(self.directory, school);
        let drilled = self.directory.organization(school);
        let (Some(drilled), false) = (drilled, reasons.iter().any(|reason| matches!(reason, NotReady::NotASchool(_)))) else {
            return Err(CannotPlan::NotReady(reasons));
        };
        let (triage, excluded) = (Triage::default(), BTreeSet::new());
        let request = self.request(&triage, &excluded);
        let mut draft = Draft::new(request, Purpose::Drill, drilled, Level::Other, drill_due(drilled, self.calendars, self.now));
        match drilled.kind {
            Kind::County => draft.not_enrolled(),
            Kind::School | Kind::District | Kind::Psap | Kind::Police | Kind::Hotline | Kind::Line => draft.critical(),
        }
        let mut plan = draft.finished();
        plan.notes.extend(reasons.iter().map(ToString::to_string));
        Ok(plan)
    }

    /// The plan of a Critical tip about this school, or this county, received and dispatched now: what the lint and the page of the directory
    /// look at.
    pub fn critical(self, school: &OrganizationKey, calls_per_second: Option<f64>) -> Result<Plan, CannotPlan> {
        let types = "any".parse().ok().into_iter().collect();
        let triage = Triage { types, level: Some(Level::Critical), school: Some(school.clone()), ..Triage::default() };
        plan(Request { triage: &triage, calls_per_second, ..self.request(&triage, &BTreeSet::new()) })
    }

    /// A request of a plan by this triage, received now.
    fn request<'r>(self, triage: &'r Triage, excluded: &'r BTreeSet<PersonKey>) -> Request<'r>
    where
        'a: 'r,
    {
        Request {
            triage,
            received_at: self.now,
            now: self.now,
            directory: self.directory,
            calendars: self.calendars,
            policy: self.policy,
            line_name: self.line_name,
            excluded,
            has_summary: false,
            calls_per_second: None,
        }
    }

    /// Whom these obligations have told or are telling, each person once, as the directory has them now.
    fn told(self, earlier: &[Obligation]) -> Vec<(&'a Organization, &'a Person)> {
        let mut seen: BTreeSet<&PersonKey> = BTreeSet::new();
        let listed = |obligation: &Obligation| {
            let organization = self.directory.organization(&obligation.step.organization)?;
            let person = self.directory.persons_of(&organization.key).iter().find(|person| person.key == obligation.step.person)?;
            Some((organization, person))
        };
        earlier.iter().filter(|obligation| is_told(obligation)).filter_map(listed).filter(|(_, person)| seen.insert(&person.key)).collect()
    }

    fn frame(self, purpose: Purpose, level: Level) -> Frame<'a> {
        Frame {
            line_name: self.line_name,
            calendars: self.calendars,
            now: self.now,
            purpose,
            level,
            has_summary: false,
            session: Session::Unsaid,
        }
    }

    /// How long until the rung after this one is paged.
    fn rung_within(self, rung: u8) -> SignedDuration {
        let after = &self.policy.page_after;
        let gap = after.get(usize::from(rung)).zip(after.get(usize::from(rung) + 1)).map(|(this, next)| *next - *this);
        gap.filter(|gap| gap.is_positive()).unwrap_or(LAST_RUNG_WITHIN)
    }

    fn later(self, span: SignedDuration) -> Timestamp {
        self.now.saturating_add(span).unwrap_or(Timestamp::MAX)
    }
}

/// Whether an obligation has told its person of a tip, or is about to.
fn is_told(obligation: &Obligation) -> bool {
    obligation.purpose.tells_of_tip()
        && match &obligation.state {
            State::Standby { .. } | State::Released { .. } => obligation.first_attempt_at.is_some(),
            State::Waiting { .. } | State::InFlight { .. } | State::Satisfied { .. } | State::Failed { .. } => true,
        }
}

/// By when a drill must be through at this organization: the close of its next business day, or a day later where no calendar says it.
pub(super) fn drill_due(organization: &Organization, calendars: &BTreeMap<CalendarKey, Calendar>, now: Timestamp) -> Timestamp {
    let calendar = calendars.get(&organization.calendar);
    let next = calendar.and_then(|calendar| calendar.next_day_closes(now).ok());
    next.unwrap_or_else(|| now.saturating_add(FEEDBACK_WITHIN).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
#[path = "telling_tests.rs"]
mod tests;
