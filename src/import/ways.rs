//! How a person of `people.csv` can be reached: phones with their hours, mail, texts.
//!
//! An SMS is sent only where it is designated (R9): `text` is `yes` (to the phone), a number of its own, or `no`. A landline that is designated
//! comes in all the same and is named by the lint: a list is not refused for it, and nothing is texted there. A person's points stand in
//! the order in which they are tried.

use super::address::{MAIL_FIX, PHONE_FIX, mail, phone};
use super::problem::quoted;
use super::table::Row;
use domain::calendar::Calendar;
use domain::channel::Means;
use domain::directory::ContactPoint;
use domain::id::CalendarKey;
use domain::sealed::Address;
use std::collections::BTreeMap;

/// The longest extension, in keys.
const LONGEST_EXTENSION: usize = 10;

/// The ways of one row.
pub(super) struct Ways<'a> {
    /// The row.
    pub(super) row: &'a Row<'a>,
    /// What the hours of a number may name.
    pub(super) calendars: &'a BTreeMap<CalendarKey, Calendar>,
}

/// What is wrong: the column and the sentence.
type Note<'a> = dyn FnMut(&str, String) + 'a;

impl Ways<'_> {
    /// The points with their addresses; whatever is wrong is noted.
    pub(super) fn read(&self, note: &mut Note<'_>) -> Vec<(ContactPoint, Address)> {
        let mut found = Vec::new();
        let mut wrong = 0_usize;
        let mut counted = |column: &str, what: String| {
            wrong += 1;
            note(column, what);
        };
        let landline = self.is_landline(&mut counted);
        let extension = self.extension(&mut counted);
        for (column, hours) in [("phone", "phone_hours"), ("phone2", "phone2_hours")] {
            let hours = self.hours(column, hours, &mut counted);
            let Some(address) = self.number(column, &mut counted) else { continue };
            let is_first = column == "phone";
            let point = ContactPoint {
                extension: if is_first { extension.clone() } else { String::new() },
                hours,
                landline: landline && is_first,
                ..ContactPoint::plain(Means::Call, address.tail())
            };
            found.push((point, address));
        }
        let tls_required = self.tls_required(&mut counted);
        if let Some(address) = self.mail(&mut counted) {
            found.push((ContactPoint { tls_required, ..ContactPoint::plain(Means::Mail, address.tail()) }, address));
        }
        if let Some((address, of_phone)) = self.text(&mut counted) {
            found.push((ContactPoint { landline: landline && of_phone, ..ContactPoint::plain(Means::Text, address.tail()) }, address));
        }
        if found.is_empty() && wrong == 0 {
            note("", "this person cannot be reached: write a phone number or a mail address".to_owned());
        }
        found
    }

    /// The number of a column, if one is written.
    fn number(&self, column: &str, note: &mut Note<'_>) -> Option<Address> {
        let text = self.row.get(column);
        if text.is_empty() {
            return None;
        }
        phone(text).map_err(|error| note(column, format!("{error}: {PHONE_FIX}"))).ok()
    }

    fn mail(&self, note: &mut Note<'_>) -> Option<Address> {
        let text = self.row.get("mail");
        if text.is_empty() {
            return None;
        }
        mail(text).map_err(|error| note("mail", format!("{error}: {MAIL_FIX}"))).ok()
    }

    /// Where texts go, if they are designated, and whether that is the phone. A bad phone was told at its own column.
    fn text(&self, note: &mut Note<'_>) -> Option<(Address, bool)> {
        match (self.row.get("text").to_lowercase().as_str(), self.row.get("phone")) {
            ("" | "no", _) => None,
            ("yes", "") => {
                note("text", "yes means texts to the phone, and there is none: write the number itself".to_owned());
                None
            }
            ("yes", same) => phone(same).ok().map(|address| (address, true)),
            (own, _) if own.starts_with('+') => {
                phone(own).map(|address| (address, false)).map_err(|error| note("text", format!("{error}: {PHONE_FIX}"))).ok()
            }
            (other, _) => {
                note("text", format!("{} is not yes, no or a number", word(other)));
                None
            }
        }
    }

    /// Digits to key after the phone is picked up; empty for none.
    fn extension(&self, note: &mut Note<'_>) -> String {
        let extension = self.row.get("extension");
        let keys = extension.len() <= LONGEST_EXTENSION && extension.bytes().all(|b| b.is_ascii_digit() || b == b'*' || b == b'#');
        if !keys {
            note("extension", format!("the extension is not up to {LONGEST_EXTENSION} digits, * or #"));
        } else if !extension.is_empty() && self.row.get("phone").is_empty() {
            note("extension", "an extension needs a phone: write the number, or drop the extension".to_owned());
        }
        extension.to_owned()
    }

    /// The calendar in whose hours a number is used; none is always.
    fn hours(&self, number: &str, column: &str, note: &mut Note<'_>) -> Option<CalendarKey> {
        let text = self.row.get(column);
        if text.is_empty() {
            return None;
        }
        if self.row.get(number).is_empty() {
            note(column, format!("hours stand here and no {number}: write the number, or drop the hours"));
            return None;
        }
        let key = text.parse::<CalendarKey>().ok().filter(|key| self.calendars.contains_key(key));
        if key.is_none() {
            let known = self.calendars.keys().map(CalendarKey::as_str).collect::<Vec<_>>().join(", ");
            let what =
                format!("there is no calendar {} in the configuration: write one of {known}, or leave it empty for always", word(text));
            note(column, what);
        }
        key
    }

    /// Whether the phone is marked as a landline.
    fn is_landline(&self, note: &mut Note<'_>) -> bool {
        match self.row.get("phone_kind") {
            "" | "mobile" => false,
            "landline" => true,
            other => {
                note("phone_kind", format!("{} is not a kind of phone: write mobile or landline, or leave it empty", word(other)));
                false
            }
        }
    }

    /// Whether the mail address takes mail over TLS only.
    fn tls_required(&self, note: &mut Note<'_>) -> bool {
        match self.row.get("mail_tls") {
            "" => false,
            "required" => true,
            other => {
                note("mail_tls", format!("{} is not known: write required, or leave it empty", word(other)));
                false
            }
        }
    }
}

/// A word for a sentence, unless it could be a number.
fn word(text: &str) -> String {
    if text.bytes().any(|b| b.is_ascii_digit()) { "the value".to_owned() } else { quoted(text) }
}
