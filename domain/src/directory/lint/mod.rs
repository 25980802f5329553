//! The lint of a directory: every school whose plan cannot work, before a tip finds out.
//!
//! Pure: from the directory, the calendars, what the lanes can do and the time to findings, each with what is wrong and how to mend it. It
//! refuses nothing; a list with findings is used all the same. What a single organization lacks is `at`'s, what concerns the whole line
//! (supervisors, carriers, calendars) is `whole`'s.

mod at;
mod whole;

use crate::calendar::Calendar;
use crate::channel::Means;
use crate::directory::{Directory, Organization, Person};
use crate::dispatch::policy::Policy;
use crate::id::{AccountKey, CalendarKey, OrganizationKey, PersonKey};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What the lint looks at.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The list.
    pub directory: &'a Directory,
    /// The business calendars, by key.
    pub calendars: &'a BTreeMap<CalendarKey, Calendar>,
    /// Windows and delays.
    pub policy: &'a Policy,
    /// What the accounts can send, in order of preference.
    pub routes: &'a [Route],
    /// Organizations whose persons all have one and the same phone number; the shell compares the sealed numbers.
    pub one_number: &'a BTreeSet<OrganizationKey>,
    /// Persons whose PIN became void, because somebody else has their place in the list.
    pub void_pins: &'a BTreeSet<PersonKey>,
    /// The time.
    pub now: Timestamp,
}

/// One thing that an account can send.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// The account.
    pub account: AccountKey,
    /// By which means.
    pub means: Means,
    /// How many in a second; `None` is as many as there are.
    pub per_second: Option<f64>,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A promise of the procedures cannot be kept.
    Error,
    /// It can be kept, but hangs by one thread, or the list may be wrong.
    Warning,
}

impl Severity {
    /// The word that pages and commands show.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// It could not be dispatched to at all (R11, R49, R51).
    NotReady,
    /// Nobody would answer at three in the morning.
    Night,
    /// The Critical calls do not fit into the window at the lane's pace.
    Window,
    /// A landline is designated for texts.
    LandlineText,
    /// Contacts were not attested within a year (R13).
    Stale,
    /// All persons have one number.
    OneNumber,
    /// A PIN was another person's.
    Pin,
    /// Nobody stands by (R10).
    NoDistrict,
    /// No police agency (R26, R35).
    NoPolice,
    /// The supervisors cannot be paged (R44).
    Supervisors,
    /// All calls hang on one carrier, or on none.
    Carrier,
    /// A calendar is missing, never opens, or knows no holidays.
    Calendar,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The organization that it is about: a school, a county that stands for schools, or another one; `None` is the line as a whole.
    pub organization: Option<OrganizationKey>,
    /// Its name; empty for the line as a whole.
    pub organization_name: String,
    /// The person, if it is about one.
    pub person: Option<PersonKey>,
    /// How bad it is.
    pub severity: Severity,
    /// What sort of thing it is.
    pub about: About,
    /// What is wrong, a sentence.
    pub what: String,
    /// How to mend it, a sentence.
    pub fix: String,
}

/// Everything that was found: the whole line first, then by organization, errors before warnings. Empty when every plan works.
pub fn lint(facts: Facts<'_>) -> Vec<Finding> {
    let mut findings = Findings::default();
    whole::look(facts, &mut findings);
    for school in facts.directory.schools().into_iter().chain(facts.directory.counties()) {
        at::plan_of(facts, school, &mut findings);
    }
    for organization in facts.directory.organizations.values() {
        at::list_of(facts, organization, &mut findings);
    }
    let mut found = findings.0;
    found.sort_by(|a, b| order(a).cmp(&order(b)));
    found
}

fn order(finding: &Finding) -> (bool, &str, Severity, About, &str) {
    (finding.organization.is_some(), &finding.organization_name, finding.severity, finding.about, &finding.what)
}

/// Findings as they come.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn line(&mut self, severity: Severity, about: About, what: impl Into<String>, fix: impl Into<String>) {
        self.push(None, None, severity, about, what.into(), fix.into());
    }
    fn at(&mut self, of: &Organization, severity: Severity, about: About, what: impl Into<String>, fix: impl Into<String>) {
        self.push(Some(of), None, severity, about, what.into(), fix.into());
    }
    fn person(&mut self, of: &Organization, person: &Person, about: About, what: impl Into<String>, fix: impl Into<String>) {
        self.push(Some(of), Some(person), Severity::Warning, about, what.into(), fix.into());
    }
    fn push(&mut self, of: Option<&Organization>, person: Option<&Person>, severity: Severity, about: About, what: String, fix: String) {
        self.0.push(Finding {
            organization: of.map(|one| one.key.clone()),
            organization_name: of.map(|one| one.name.clone()).unwrap_or_default(),
            person: person.map(|one| one.key.clone()),
            severity,
            about,
            what,
            fix,
        });
    }
}

#[cfg(test)]
mod tests;
