//! What one organization lacks: whether its school's plan works, at night and at the lane's pace, and whether its list is right.
//!
//! Night is three in the morning of each of the coming seven nights, in the school's own zone: a number with hours counts only when its
//! calendar is open then, and at a school or district an extension behind a landline does not count, for no switchboard is staffed then.

use super::{About, Facts, Findings, Severity};
use crate::channel::Means;
use crate::directory::check::{NotReady, incomplete};
use crate::directory::{ContactPoint, Kind, Organization, Person};
use crate::dispatch::pace::feasible;
use crate::dispatch::plan::{ATTESTED_DAYS, Plan};
use crate::dispatch::telling::Telling;
use crate::id::OrganizationKey;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// The hour of the night that is asked for.
const NIGHT_HOUR: i8 = 3;
/// How many nights are looked at: one of each weekday.
const NIGHTS: i32 = 7;
/// The most names that one sentence has.
const NAMES_MOST: usize = 5;

/// Whether the plan of this school, or of this county for its schools that are not enrolled, works.
pub(super) fn plan_of(facts: Facts<'_>, school: &Organization, findings: &mut Findings) {
    let reasons = incomplete(facts.directory, &school.key);
    for reason in &reasons {
        let (what, fix) = not_ready(reason);
        findings.at(school, Severity::Error, About::NotReady, what, fix);
    }
    if school.police.is_none() {
        let what = format!("{} has no police agency: police are told of nothing, unless somebody calls them.", school.name);
        findings.at(school, Severity::Warning, About::NoPolice, what, "Name its agency in the column police.");
    }
    if school.kind == Kind::School && school.district.is_none() {
        let what = format!("{} has no district: if nobody at the school answers, nobody stands by (R10).", school.name);
        findings.at(school, Severity::Warning, About::NoDistrict, what, "Name its district in the column district.");
    }
    nights(facts, school, findings);
    let Facts { now, directory, calendars, policy, .. } = facts;
    let telling = Telling { now, directory, calendars, policy, line_name: "" };
    // What cannot be planned is a finding of its own.
    if let Ok(plan) = telling.critical(&school.key, None) {
        window(facts, school, &plan, findings);
    }
}

/// What is wrong with the list of this organization itself.
pub(super) fn list_of(facts: Facts<'_>, organization: &Organization, findings: &mut Findings) {
    let persons = facts.directory.persons_of(&organization.key);
    for person in persons.iter().filter(|person| person.points(Means::Text).any(|(_, point)| point.landline)) {
        let what = format!("{} ({}) is to get texts on a landline, which takes none.", person.name, organization.name);
        findings.person(organization, person, About::LandlineText, what, "Write no in the column text, or the number of a mobile phone.");
    }
    let stale: Vec<&Person> = persons.iter().filter(|person| is_stale(person, facts.now)).collect();
    if !stale.is_empty() {
        let what = format!("{} of {} were not attested in the last year: {}.", stale.len(), organization.name, names(&stale));
        let fix = "Ask them whether it is still right, and write the day into attested_on. The list is used all the same (R13).";
        findings.at(organization, Severity::Warning, About::Stale, what, fix);
    }
    if facts.one_number.contains(&organization.key) {
        let what = format!("All persons of {} have the same phone number: if nobody picks up there, nobody is called.", organization.name);
        findings.at(organization, Severity::Warning, About::OneNumber, what, "Write a number of their own for at least one of them.");
    }
    for person in persons.iter().filter(|person| facts.void_pins.contains(&person.key)) {
        let what = format!("The PIN of {} ({}) was somebody else's who had this place, and is void.", person.name, organization.name);
        let fix = "Draw a new one on the page of PINs, or ask them to get one in the portal.";
        findings.person(organization, person, About::Pin, what, fix);
    }
    if !facts.calendars.contains_key(&organization.calendar) {
        let what = format!("The calendar {} of {} is not in the configuration.", organization.calendar, organization.name);
        let fix = "Add it as a [[calendar]], or name another in the column calendar.";
        findings.at(organization, Severity::Error, About::Calendar, what, fix);
    }
}

/// What is wrong, and how to mend it.
fn not_ready(reason: &NotReady) -> (String, &'static str) {
    match reason {
        NotReady::NoPsap { school } => {
            (format!("{school} has no PSAP, so it cannot be dispatched (R11)."), "Name its 911 centre in the column psap.")
        }
        NotReady::UnknownPsap { school, psap } => {
            (format!("{school} names {psap} as its PSAP, which is not a PSAP in the directory."), "Name its 911 centre in the column psap.")
        }
        NotReady::SilentPsap { school, psap } => {
            (format!("Nobody at {psap}, the PSAP of {school}, has a phone number."), "Write the number of its duty desk.")
        }
        NotReady::SilentHotline { school, hotline } => {
            (format!("Nobody at {hotline}, the hotline of {school}, has a mail address (R51)."), "Write the address of its desk.")
        }
        NotReady::NoPointOfContact { school, missing } => {
            (format!("{school} has no point of contact with {missing}."), "Add one person who can be called and mailed.")
        }
        NotReady::NotASchool(key) => (format!("{key} is not a school or county in the directory."), "Import the list again."),
    }
}

/// Whether somebody can be reached in the night: at the PSAP, and at the school or else its district.
fn nights(facts: Facts<'_>, school: &Organization, findings: &mut Findings) {
    let nights = coming_nights(facts, school);
    let silent = |key: Option<&OrganizationKey>| {
        let organization = key.and_then(|key| facts.directory.organization(key))?;
        let persons = facts.directory.persons_of(&organization.key);
        let has_phone = persons.iter().any(|person| person.point(Means::Call).is_some());
        let is_office = matches!(organization.kind, Kind::School | Kind::District);
        let answers = |night: Timestamp| persons.iter().any(|person| answers_at(facts, person, is_office, night));
        (has_phone && !nights.iter().all(|night| answers(*night))).then_some(organization)
    };
    if let Some(psap) = silent(school.psap.as_ref()) {
        let what = format!("Nobody at {}, the PSAP of {}, can be called at night.", psap.name, school.name);
        findings.at(school, Severity::Error, About::Night, what, "Write a number of its duty desk without hours.");
    }
    if school.kind != Kind::School {
        return;
    }
    let fix = "Add a number that is answered at night: a mobile phone in phone2, without hours.";
    match (silent(Some(&school.key)), school.district.as_ref().map(|key| silent(Some(key)))) {
        (Some(_), Some(None)) => {
            let what = format!("Nobody at {} can be called at night: the district is called in their place.", school.name);
            findings.at(school, Severity::Warning, About::Night, what, fix);
        }
        (Some(_), Some(Some(district))) => {
            let what = format!("Nobody at {} and nobody at {} can be called at night.", school.name, district.name);
            findings.at(school, Severity::Error, About::Night, what, fix);
        }
        (Some(_), None) => {
            let what = format!("Nobody at {} can be called at night, and it has no district.", school.name);
            findings.at(school, Severity::Error, About::Night, what, fix);
        }
        (None, _) => {}
    }
}

/// Three in the morning of the coming nights, where the school is.
fn coming_nights(facts: Facts<'_>, school: &Organization) -> Vec<Timestamp> {
    let zone = facts.calendars.get(&school.calendar).map_or(TimeZone::UTC, |calendar| calendar.zone.clone());
    let today = facts.now.to_zoned(zone.clone()).date();
    let night = |days: i32| {
        let date = today.checked_add(days.days()).ok()?;
        zone.to_ambiguous_timestamp(date.to_datetime(Time::constant(NIGHT_HOUR, 0, 0, 0))).compatible().ok()
    };
    (1..=NIGHTS).filter_map(night).collect()
}

fn answers_at(facts: Facts<'_>, person: &Person, is_office: bool, at: Timestamp) -> bool {
    let open = |point: &ContactPoint| match point.hours.as_ref().and_then(|key| facts.calendars.get(key)) {
        Some(calendar) => calendar.is_open(at),
        None => !(is_office && point.landline && !point.extension.is_empty()),
    };
    person.points(Means::Call).any(|(_, point)| open(point))
}

/// Whether everybody is called in time at the pace of the account that is preferred for calls.
fn window(facts: Facts<'_>, school: &Organization, plan: &Plan, findings: &mut Findings) {
    let preferred = facts.routes.iter().find(|route| route.means == Means::Call);
    let Some((account, pace)) = preferred.and_then(|route| Some((&route.account, route.per_second?))) else { return };
    let found = feasible(&plan.steps, pace, 0, facts.now);
    if !found.fits() {
        let what = format!(
            "A Critical tip about {} makes {} calls; at the {pace} in a second of the account {account}, {} of them start after {} minutes.",
            school.name,
            found.calls,
            found.late,
            facts.policy.critical_window.as_mins()
        );
        findings.at(school, Severity::Error, About::Window, what, "Raise calls_per_second with the carrier, or add an account for calls.");
    }
}

/// R13, by UTC days as in a plan: a list is stale by years, not by hours.
fn is_stale(person: &Person, now: Timestamp) -> bool {
    let today = now.to_zoned(TimeZone::UTC).date();
    let year = SignedDuration::from_hours(24 * i64::from(ATTESTED_DAYS));
    person.attested_on.is_none_or(|attested| attested.saturating_add(year) < today)
}

fn names(persons: &[&Person]) -> String {
    let shown: Vec<&str> = persons.iter().take(NAMES_MOST).map(|person| person.name.as_str()).collect();
    let rest = persons.len().saturating_sub(NAMES_MOST);
    if rest > 0 { format!("{} and {rest} more", shown.join(", ")) } else { shown.join(", ") }
}
