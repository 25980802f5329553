//! `people.csv`: who is told for an organization, in what order and how (R9).
//!
//! Whatever is wrong with a row is told at once, all of it. How a person can be reached is `ways`'.

use super::organizations::{KEY_FIX, Lines};
use super::problem::{Rejected, quoted};
use super::table::{Column, Row, rows};
use super::ways::Ways;
use domain::calendar::Calendar;
use domain::channel::Means;
use domain::directory::{ContactPoint, Person};
use domain::id::{CalendarKey, PersonKey};
use domain::language::Language;
use domain::sealed::Address;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Its columns.
pub(super) const COLUMNS: [Column; 16] = [
    Column { name: "key", needed: true },
    Column { name: "organization", needed: true },
    Column { name: "name", needed: true },
    Column { name: "role", needed: true },
    Column { name: "order", needed: false },
    Column { name: "phone", needed: true },
    Column { name: "extension", needed: false },
    Column { name: "mail", needed: true },
    Column { name: "text", needed: false },
    Column { name: "language", needed: false },
    Column { name: "attested_on", needed: false },
    Column { name: "phone_hours", needed: false },
    Column { name: "phone_kind", needed: false },
    Column { name: "phone2", needed: false },
    Column { name: "phone2_hours", needed: false },
    Column { name: "mail_tls", needed: false },
];

/// A person with their addresses in clear.
pub(super) type Listed = (Person, Vec<(Means, Address)>);

/// Reads the file.
pub(super) fn read(
    file: &str,
    bytes: &[u8],
    organizations: &Lines,
    calendars: &BTreeMap<CalendarKey, Calendar>,
    rejected: &mut Rejected,
) -> Vec<Listed> {
    let mut seen: BTreeMap<PersonKey, u64> = BTreeMap::new();
    let mut people = Vec::new();
    for row in rows(file, bytes, &COLUMNS, rejected) {
        let listed = one(file, &row, organizations, calendars, rejected);
        let Ok(key) = row.get("key").parse::<PersonKey>() else { continue };
        match seen.get(&key) {
            Some(first) => rejected.note(file, row.line, "key", format!("{key} stands in line {first} already: give each its own key")),
            None => {
                seen.insert(key, row.line);
                people.extend(listed);
            }
        }
    }
    people
}

/// One row; whatever is wrong with it is noted, all of it.
fn one(
    file: &str,
    row: &Row<'_>,
    organizations: &Lines,
    calendars: &BTreeMap<CalendarKey, Calendar>,
    rejected: &mut Rejected,
) -> Option<Listed> {
    let mut note = |column: &str, what: String| rejected.note(file, row.line, column, what);
    let key = row.get("key").parse::<PersonKey>().ok();
    if key.is_none() {
        note("key", format!("{} is not a key: {KEY_FIX}", quoted(row.get("key"))));
    }
    let organization = row.get("organization").parse().ok().filter(|key| organizations.contains_key(key));
    if organization.is_none() {
        note(
            "organization",
            format!("{} is not a good row of the organizations' file: write the key of one that is", quoted(row.get("organization"))),
        );
    }
    for (column, what) in [
        ("name", "the name is missing: write it, or the desk's"),
        ("role", "the role is missing: write what they are there, such as Principal"),
    ] {
        if row.get(column).is_empty() {
            note(column, what.to_owned());
        }
    }
    let order = whole(row.get("order"));
    if order.is_none() {
        note(
            "order",
            format!("{} is not a place in the order: write 1 for the first to be called, then 2, 3, …", quoted(row.get("order"))),
        );
    }
    let language = if row.get("language").is_empty() { Some(Language::En) } else { Language::parse(row.get("language")) };
    if language.is_none() {
        note("language", format!("{} is not a language: write en, es or ar", quoted(row.get("language"))));
    }
    let attested_on = if row.get("attested_on").is_empty() { Some(None) } else { row.get("attested_on").parse::<Date>().ok().map(Some) };
    if attested_on.is_none() {
        note("attested_on", format!("{} is not a date: write it as 2026-08-15", quoted(row.get("attested_on"))));
    }
    let ways = Ways { row, calendars };
    let found = ways.read(&mut note);
    let (points, addresses): (Vec<ContactPoint>, Vec<(Means, Address)>) =
        found.into_iter().map(|(point, address)| (point.clone(), (point.means, address))).unzip();
    let person = Person {
        key: key?,
        organization: organization?,
        name: row.get("name").to_owned(),
        role: row.get("role").to_owned(),
        order: order?,
        language: language?,
        points,
        attested_on: attested_on?,
    };
    Some((person, addresses))
}

/// A place in the order; 1 when none is written.
fn whole(text: &str) -> Option<u16> {
    if text.is_empty() { Some(1) } else { text.parse().ok().filter(|order| *order > 0) }
}
