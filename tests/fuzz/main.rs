//! What strangers and operators type, wounded at random for a bounded time: nothing panics, and every answer keeps its bounds.
//!
//! Mails, carriers' webhooks, lists and redirects have their own in `adapters`; forms and chat frames beside their parsers.

#![expect(clippy::unwrap_used, reason = "a case that cannot go on fails")]

mod pictures;
mod stir;

use domain::conversation::code::ReturnCode;
use domain::conversation::keyword::Keyword;
use domain::conversation::reference::Reference;
use domain::conversation::similar::{Sketch, new_facts};
use std::collections::{BTreeMap, HashSet};
use tipline::config::Config;
use tipline::import::{self, MOST_PROBLEMS, Source};

const TABLE: &[&[u8]] = &[b",", b"\"", b"\"\"", b"\r\n", b"\n\n", b"\0", b"\xff\xfe", b"school", b"psap", b"+15555550106", b"\xef\xbb\xbf"];

#[test]
fn organizations() {
    let config = Config::load(None, &BTreeMap::new()).unwrap();
    let people = Source { name: "people.csv", bytes: include_bytes!("corpus/people/demo.csv") };
    stir::run("organizations", TABLE, 300, |bytes| {
        bounded(import::read(Source { name: "organizations.csv", bytes }, people, config.calendars()));
    });
}

#[test]
fn people() {
    let config = Config::load(None, &BTreeMap::new()).unwrap();
    let organizations = Source { name: "organizations.csv", bytes: include_bytes!("corpus/organizations/demo.csv") };
    stir::run("people", TABLE, 300, |bytes| {
        bounded(import::read(organizations, Source { name: "people.csv", bytes }, config.calendars()));
    });
}

/// Taken whole, or refused with sentences that are not without an end.
fn bounded(read: Result<import::Imported, import::Rejected>) {
    if let Err(rejected) = read {
        let told = rejected.to_string();
        assert!(!told.is_empty() && told.lines().count() <= MOST_PROBLEMS + 2, "{} lines", told.lines().count());
        assert!(told.len() < 200_000, "{} bytes of complaints", told.len());
    }
}

#[test]
fn codes_references_keywords_and_sketches() {
    let words: &[&[u8]] =
        &["٤".as_bytes(), b"4821", b"-", "\u{200f}".as_bytes(), b"STOP", b"O", "توقف".as_bytes(), b" ", b"\xf0\x9f\x98\x80"];
    stir::run("codes", words, 5_000, |bytes| {
        let typed = String::from_utf8_lossy(bytes);
        if let Some(code) = ReturnCode::parse(&typed) {
            assert!(code.reveal().len() == 16 && code.reveal().bytes().all(|digit| digit.is_ascii_digit()));
            assert_eq!(ReturnCode::parse(&code.grouped()), Some(code), "what is shown can be typed");
        }
        if let Some(reference) = Reference::parse(&typed) {
            assert_eq!(Reference::parse(reference.as_str()), Some(reference));
        }
        if Keyword::of(&typed, true).is_some() {
            assert!(typed.chars().count() <= 160, "a keyword is a whole message, and a short one");
        }
        let _ = Sketch::of(&typed, 7);
        assert!(new_facts(&typed, 7, &HashSet::new()).len() <= typed.len());
    });
}
