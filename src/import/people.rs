//! `people.csv`: who is told for an organization, in what order and how (R9).
//!
//! An SMS is sent only where it is designated: `text` is `yes` (to the phone), a number of its own, or `no`.

use super::address::{MAIL_FIX, PHONE_FIX, mail, phone};
use super::organizations::{KEY_FIX, Lines};
use super::problem::{Rejected, quoted};
use super::table::{Column, Row, rows};
use domain::channel::Means;
use domain::directory::{ContactPoint, Person};
use domain::id::PersonKey;
use domain::language::Language;
use domain::sealed::Address;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Its columns.
pub(super) const COLUMNS: [Column; 11] = [
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
];

/// The longest extension, in keys.
const LONGEST_EXTENSION: usize = 10;

/// A person with their addresses in clear.
pub(super) type Listed = (Person, Vec<(Means, Address)>);

/// Reads the file.
pub(super) fn read(file: &str, bytes: &[u8], organizations: &Lines, rejected: &mut Rejected) -> Vec<Listed> {
    let mut seen: BTreeMap<PersonKey, u64> = BTreeMap::new();
    let mut people = Vec::new();
    for row in rows(file, bytes, &COLUMNS, rejected) {
        let listed = one(file, &row, organizations, rejected);
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
fn one(file: &str, row: &Row<'_>, organizations: &Lines, rejected: &mut Rejected) -> Option<Listed> {
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
    let addresses = addresses(row, &mut note);
    let points = addresses.iter().map(|(means, address)| ContactPoint {
        means: *means,
        tail: address.tail(),
        extension: if *means == Means::Call { row.get("extension").to_owned() } else { String::new() },
        ..ContactPoint::plain(*means, address.tail())
    });
    let person = Person {
        key: key?,
        organization: organization?,
        name: row.get("name").to_owned(),
        role: row.get("role").to_owned(),
        order: order?,
        language: language?,
        points: points.collect(),
        attested_on: attested_on?,
    };
    Some((person, addresses))
}

/// A place in the order; 1 when none is written.
fn whole(text: &str) -> Option<u16> {
    if text.is_empty() { Some(1) } else { text.parse().ok().filter(|order| *order > 0) }
}

/// How the person can be reached.
fn addresses(row: &Row<'_>, note: &mut impl FnMut(&str, String)) -> Vec<(Means, Address)> {
    let mut addresses = Vec::new();
    let mut good = true;
    let mut read = |column: &str, means: Means, address: Result<Address, String>| match address {
        Ok(address) => addresses.push((means, address)),
        Err(what) => {
            note(column, what);
            good = false;
        }
    };
    let number = |text: &str| phone(text).map_err(|error| format!("{error}: {PHONE_FIX}"));
    if !row.get("phone").is_empty() {
        read("phone", Means::Call, number(row.get("phone")));
    }
    if !row.get("mail").is_empty() {
        read("mail", Means::Mail, mail(row.get("mail")).map_err(|error| format!("{error}: {MAIL_FIX}")));
    }
    match (row.get("text").to_lowercase().as_str(), row.get("phone")) {
        ("" | "no", _) => {}
        ("yes", "") => {
            read("text", Means::Text, Err("yes means texts to the phone, and there is none: write the number itself".to_owned()))
        }
        ("yes", same) => addresses_of_phone(same, &mut read),
        (own, _) if own.starts_with('+') => read("text", Means::Text, number(own)),
        (other, _) => read("text", Means::Text, Err(format!("{} is not yes, no or a number", word(other)))),
    }
    let extension = row.get("extension");
    let keys = extension.len() <= LONGEST_EXTENSION && extension.bytes().all(|b| b.is_ascii_digit() || b == b'*' || b == b'#');
    if !keys {
        note("extension", format!("the extension is not up to {LONGEST_EXTENSION} digits, * or #"));
    } else if !extension.is_empty() && row.get("phone").is_empty() {
        note("extension", "an extension needs a phone: write the number, or drop the extension".to_owned());
    } else if addresses.is_empty() && good {
        note("", "this person cannot be reached: write a phone number or a mail address".to_owned());
    }
    addresses
}

/// Texts to the phone; a bad number was told at its own column.
fn addresses_of_phone(number: &str, read: &mut impl FnMut(&str, Means, Result<Address, String>)) {
    if let Ok(address) = phone(number) {
        read("text", Means::Text, Ok(address));
    }
}

/// A word for a sentence, unless it could be a number.
fn word(text: &str) -> String {
    if text.bytes().any(|b| b.is_ascii_digit()) { "the value".to_owned() } else { quoted(text) }
}
