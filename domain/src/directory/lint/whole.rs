//! What concerns the line as a whole: its own supervisors, the carriers behind its calls and texts, its calendars.
//!
//! A calendar that is open round the clock needs no holidays; any other that has none in the next year was forgotten, for every year has some.

use super::{About, Facts, Findings, Severity};
use crate::calendar::Calendar;
use crate::channel::Means;
use crate::directory::{Kind, Person};
use crate::id::AccountKey;
use jiff::civil::Time;
use jiff::{SignedDuration, ToSpan};
use std::collections::BTreeSet;

/// For so many days ahead a calendar must know a holiday.
const HOLIDAYS_AHEAD_DAYS: i64 = 365;

/// Looks at the line as a whole.
pub(super) fn look(facts: Facts<'_>, findings: &mut Findings) {
    supervisors(facts, findings);
    carriers(facts, findings);
    let used: BTreeSet<_> = facts.directory.organizations.values().map(|one| &one.calendar).collect();
    for calendar in facts.calendars.values().filter(|calendar| used.contains(&calendar.key)) {
        calendar_of(facts, calendar, findings);
    }
}

/// R44: somebody must be paged when nobody sorts a tip.
fn supervisors(facts: Facts<'_>, findings: &mut Findings) {
    let lines = facts.directory.organizations.values().filter(|one| one.kind == Kind::Line);
    let listed: Vec<&Person> = lines.flat_map(|line| facts.directory.persons_of(&line.key)).collect();
    let called: BTreeSet<u16> = listed.iter().filter(|person| person.point(Means::Call).is_some()).map(|person| person.order).collect();
    let fix = "Add an organization of the kind line, and its supervisors with their phones; order 1 is paged first.";
    match (listed.is_empty(), called.len()) {
        (true, _) => {
            let what = "No supervisor of the line itself is listed: nobody is paged when a tip waits (R44).";
            findings.line(Severity::Error, About::Supervisors, what, fix);
        }
        (false, 0) => {
            let what = "No supervisor of the line itself has a phone number: a page would only be mailed (R44).";
            findings.line(Severity::Error, About::Supervisors, what, fix);
        }
        (false, 1) => {
            let what = "All supervisors of the line have the same place in the order: nobody is paged after them.";
            findings.line(Severity::Warning, About::Supervisors, what, "Give a second supervisor the order 2.");
        }
        (false, _) => {}
    }
}

/// One carrier that fails must not silence everybody.
fn carriers(facts: Facts<'_>, findings: &mut Findings) {
    let accounts = |means: Means| {
        facts.routes.iter().filter(move |route| route.means == means).map(|route| &route.account).collect::<BTreeSet<&AccountKey>>()
    };
    let listed = |means: Means| facts.directory.persons.values().flatten().any(|person| person.point(means).is_some());
    for (means, verb) in [(Means::Call, "calls"), (Means::Mail, "mails"), (Means::Text, "texts")] {
        let accounts = accounts(means);
        if accounts.is_empty() && listed(means) {
            let severity = if means == Means::Text { Severity::Warning } else { Severity::Error };
            let what = format!("No account {verb}, and persons are listed for it.");
            findings.line(severity, About::Carrier, what, "Add an [[account]] that does.");
        }
    }
    let calling = accounts(Means::Call);
    if let (1, Some(only)) = (calling.len(), calling.first()) {
        let what = format!("Every call goes by the account {only}: when its carrier fails, nobody is called.");
        findings.line(Severity::Warning, About::Carrier, what, "Add a second [[account]] for calls, with another carrier.");
    }
}

fn calendar_of(facts: Facts<'_>, calendar: &Calendar, findings: &mut Findings) {
    if calendar.after(facts.now, SignedDuration::from_hours(1)).is_err() {
        let what = format!("The calendar {} never opens: Standard and Other tips of its organizations have no due time.", calendar.key);
        findings.line(Severity::Error, About::Calendar, what, "Mend its hours and closed_on in the configuration.");
        return;
    }
    let whole_day =
        |day: i8| calendar.hours.get(&day).is_some_and(|(opens, closes)| *opens == Time::midnight() && *closes == Time::midnight());
    if (0..7).all(whole_day) {
        return;
    }
    let today = facts.now.to_zoned(calendar.zone.clone()).date();
    let last = today.saturating_add(HOLIDAYS_AHEAD_DAYS.days());
    if calendar.closed_on.range(today..=last).next().is_none() {
        let what = format!("The calendar {} knows no holiday in the next year.", calendar.key);
        findings.line(Severity::Warning, About::Calendar, what, "List the holidays and breaks in its closed_on.");
    }
}
