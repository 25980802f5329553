//! `organizations.csv`: schools, districts, police agencies, PSAPs, counties, hotlines and the line's own supervisors.
//!
//! What a row refers to must stand in the same file and be of the right kind: a school's PSAP is a PSAP (R11). A county
//! may name a PSAP and a police agency for its schools that are not enrolled (R49), a school or district a hotline (R51).

use super::problem::{Rejected, quoted};
use super::table::{Column, Row, rows};
use domain::calendar::Calendar;
use domain::directory::check::NotReady;
use domain::directory::{ContentAccepted, Kind, Organization};
use domain::id::{CalendarKey, OrganizationKey};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Its columns.
pub(super) const COLUMNS: [Column; 11] = [
    Column { name: "key", needed: true },
    Column { name: "kind", needed: true },
    Column { name: "name", needed: true },
    Column { name: "county", needed: false },
    Column { name: "district", needed: false },
    Column { name: "psap", needed: true },
    Column { name: "police", needed: false },
    Column { name: "hotline", needed: false },
    Column { name: "calendar", needed: false },
    Column { name: "content", needed: false },
    Column { name: "content_accepted_on", needed: false },
];

/// How a key is written.
pub(super) const KEY_FIX: &str = "write 1 to 64 lower-case letters, digits and dashes, such as delta-high";

/// An organization and the line that it stands in.
pub(super) type Lines = BTreeMap<OrganizationKey, (u64, Organization)>;

/// Reads the file. Every row with a good key is returned, so that persons can refer to it even when something else is wrong.
pub(super) fn read(file: &str, bytes: &[u8], calendars: &BTreeMap<CalendarKey, Calendar>, rejected: &mut Rejected) -> Lines {
    let mut lines = Lines::new();
    for row in rows(file, bytes, &COLUMNS, rejected) {
        let Some(organization) = one(file, &row, calendars, rejected) else { continue };
        if let Some((first, _)) = lines.get(&organization.key) {
            let what = format!("{} stands in line {first} already: give each its own key", organization.key);
            rejected.note(file, row.line, "key", what);
        } else {
            lines.insert(organization.key.clone(), (row.line, organization));
        }
    }
    references(file, &lines, rejected);
    lines
}

fn one(file: &str, row: &Row<'_>, calendars: &BTreeMap<CalendarKey, Calendar>, rejected: &mut Rejected) -> Option<Organization> {
    let Ok(key) = row.get("key").parse::<OrganizationKey>() else {
        rejected.note(file, row.line, "key", format!("{} is not a key: {KEY_FIX}", quoted(row.get("key"))));
        return None;
    };
    let name = row.get("name").to_owned();
    if name.is_empty() {
        rejected.note(file, row.line, "name", "the name is missing: write it as it is to be spoken on the phone");
    }
    let kind = Kind::parse(row.get("kind"));
    if kind.is_none() {
        let words = Kind::ALL.map(Kind::as_str).join(", ");
        rejected.note(file, row.line, "kind", format!("{} is not a kind: write one of {words}", quoted(row.get("kind"))));
    }
    let mut reference = |column: &str| -> Option<OrganizationKey> {
        let text = row.get(column);
        if text.is_empty() {
            return None;
        }
        let key = text.parse().ok();
        if key.is_none() {
            rejected.note(file, row.line, column, format!("{} is not a key: {KEY_FIX}", quoted(text)));
        }
        key
    };
    let (county, district, psap, police) = (reference("county"), reference("district"), reference("psap"), reference("police"));
    let hotline = reference("hotline");
    let kind = kind?;
    if kind == Kind::School && row.get("psap").is_empty() {
        rejected.note(file, row.line, "psap", NotReady::NoPsap { school: name.clone() }.to_string());
    }
    let content = content(file, row, kind, rejected)?;
    let calendar = calendar(file, row, kind, calendars, rejected)?;
    Some(Organization { key, kind, name, county, district, psap, police, hotline, calendar, content })
}

/// What of a tip's content it has accepted in writing (R6, R18): nothing unless a row says what and on which day.
fn content(file: &str, row: &Row<'_>, kind: Kind, rejected: &mut Rejected) -> Option<ContentAccepted> {
    let mut note = |column: &str, what: String| {
        rejected.note(file, row.line, column, what);
        None
    };
    let (by_mail, by_speech) = match row.get("content") {
        "" | "none" => (false, false),
        "mail" => (true, false),
        "speech" => (false, true),
        "both" => (true, true),
        other => return note("content", format!("{} is not what can be accepted: write none, mail, speech or both", quoted(other))),
    };
    let on = match row.get("content_accepted_on") {
        "" => None,
        text => match text.parse::<Date>() {
            Ok(day) => Some(day),
            Err(_) => return note("content_accepted_on", format!("{} is not a date: write it as 2026-08-15", quoted(text))),
        },
    };
    match (by_mail || by_speech, on) {
        (true, None) => {
            note("content_accepted_on", "the day of the written acceptance is missing: write it, or write none as the content".to_owned())
        }
        (false, Some(_)) => {
            note("content", "a day of acceptance stands here and nothing was accepted: write what was, or drop the day".to_owned())
        }
        (true, Some(_)) if kind == Kind::Line => note("content", "the line's own supervisors log in: leave it empty for a line".to_owned()),
        (_, on) => Some(ContentAccepted { by_mail, by_speech, on }),
    }
}

/// The calendar; round the clock where nobody keeps office hours.
fn calendar(
    file: &str,
    row: &Row<'_>,
    kind: Kind,
    calendars: &BTreeMap<CalendarKey, Calendar>,
    rejected: &mut Rejected,
) -> Option<CalendarKey> {
    let written = match (row.get("calendar"), kind) {
        ("", Kind::Psap | Kind::Police | Kind::Hotline | Kind::County | Kind::Line) => "always",
        (text, Kind::School | Kind::District | Kind::Psap | Kind::Police | Kind::Hotline | Kind::County | Kind::Line) => text,
    };
    let key = written.parse::<CalendarKey>().ok().filter(|key| calendars.contains_key(key));
    if key.is_none() {
        let known = calendars.keys().map(CalendarKey::as_str).collect::<Vec<_>>().join(", ");
        let what = match written {
            "" => format!("the calendar is missing: write one of {known}"),
            other => format!("there is no calendar {} in the configuration: write one of {known}, or add it there", quoted(other)),
        };
        rejected.note(file, row.line, "calendar", what);
    }
    key
}

/// What each row refers to is there and of the right kind, and each kind refers only to what it can have.
fn references(file: &str, lines: &Lines, rejected: &mut Rejected) {
    for (line, organization) in lines.values() {
        let references = [
            ("county", &organization.county, Kind::County),
            ("district", &organization.district, Kind::District),
            ("psap", &organization.psap, Kind::Psap),
            ("police", &organization.police, Kind::Police),
            ("hotline", &organization.hotline, Kind::Hotline),
        ];
        for (column, key, wanted) in references {
            let Some(key) = key else { continue };
            let found = lines.get(key).map(|(_, organization)| organization.kind);
            if let Some(owners) = owners(wanted, organization.kind) {
                let what = format!("only {owners} has a {column}: leave it empty for a {}", organization.kind.as_str());
                rejected.note(file, *line, column, what);
            } else if found != Some(wanted) {
                let what = match found {
                    Some(kind) => format!("{key} is a {} and not a {}", kind.as_str(), wanted.as_str()),
                    None => format!("{key} is not in this file: add it, or write the key of one that is"),
                };
                rejected.note(file, *line, column, what);
            }
        }
    }
}

/// Who can name an organization of this kind, when `namer` cannot.
fn owners(named: Kind, namer: Kind) -> Option<&'static str> {
    let (may, owners) = match named {
        Kind::County => (true, "an organization"),
        Kind::Psap | Kind::Police => (matches!(namer, Kind::School | Kind::County), "a school or a county"),
        Kind::Hotline => (matches!(namer, Kind::School | Kind::District), "a school or a district"),
        Kind::District | Kind::School => (namer == Kind::School, "a school"),
        Kind::Line => (false, "nobody"),
    };
    (!may).then_some(owners)
}
