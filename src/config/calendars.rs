//! Business calendars and the catalogue of tip types, from the configuration's lists.

use super::error::ConfigError;
use super::section::Section;
use domain::calendar::Calendar;
use domain::id::{CalendarKey, TipTypeKey};
use domain::level::{Catalogue, Level, TipType};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const HOURS_FIX: &str = "write { mon = \"08:00-17:00\", … } with the days mon, tue, wed, thu, fri, sat, sun";
const KEY_FIX: &str = "write 1 to 64 lower-case letters, digits and dashes, such as school";

/// How a zone is written.
pub(super) const ZONE_FIX: &str = "write a zone of the IANA list, such as America/Chicago";

/// A zone by its IANA name.
pub(super) fn zone(text: &str) -> Option<TimeZone> {
    TimeZone::get(text).ok()
}

/// All calendars; one without a zone of its own has the line's.
pub(super) fn calendars(root: &Section<'_>, line: &TimeZone) -> Result<BTreeMap<CalendarKey, Calendar>, ConfigError> {
    let mut calendars = BTreeMap::new();
    for section in root.list("calendar", |_| &["key", "zone", "hours", "closed_on"])? {
        let key: CalendarKey = section.parsed("key", KEY_FIX, |text| text.parse().ok())?;
        let calendar = Calendar {
            key: key.clone(),
            zone: section.maybe("zone", ZONE_FIX, zone)?.unwrap_or_else(|| line.clone()),
            hours: hours(&section)?,
            closed_on: closed_on(&section)?,
        };
        if calendars.insert(key.clone(), calendar).is_some() {
            return Err(section.bad("key", key.as_str(), "two calendars have this key; give each its own"));
        }
    }
    Ok(calendars)
}

fn hours(section: &Section<'_>) -> Result<BTreeMap<i8, (Time, Time)>, ConfigError> {
    let mut hours = BTreeMap::new();
    for (day, span) in section.strings("hours", HOURS_FIX)? {
        let bad = |fix: &str| section.bad(&format!("hours.{day}"), &format!("{span:?}"), fix);
        let number = DAYS.iter().position(|name| *name == day).and_then(|number| i8::try_from(number).ok());
        let number = number.ok_or_else(|| bad(HOURS_FIX))?;
        let (opens, closes) = span
            .split_once('-')
            .and_then(|(opens, closes)| Some((opens.trim().parse().ok()?, closing(closes.trim())?)))
            .ok_or_else(|| bad("write opening and closing time, such as \"08:00-17:00\""))?;
        if closes != Time::midnight() && closes <= opens {
            return Err(bad("the closing time is not after the opening; a night is two days, each to or from \"24:00\" and \"00:00\""));
        }
        hours.insert(number, (opens, closes));
    }
    if hours.is_empty() {
        return Err(section.missing("hours", HOURS_FIX));
    }
    Ok(hours)
}

/// 24:00 is the end of the day, which the rules write as 00:00.
fn closing(text: &str) -> Option<Time> {
    if text == "24:00" { Some(Time::midnight()) } else { text.parse().ok() }
}

/// The longest break, in days: a longer one is a mistyped year.
const LONGEST_BREAK_DAYS: usize = 130;

/// Dates and breaks without business: `2026-11-26`, or `2026-12-21..2027-01-01` with both ends.
fn closed_on(section: &Section<'_>) -> Result<BTreeSet<Date>, ConfigError> {
    let mut closed = BTreeSet::new();
    for text in section.texts("closed_on")? {
        let bad = |fix: &str| section.bad("closed_on", &format!("{text:?}"), fix);
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let date = |text: &str| text.trim().parse::<Date>().ok();
        let both = date(first).zip(date(last));
        let (first, last) = both.ok_or_else(|| bad("write dates such as \"2026-11-26\", or breaks such as \"2026-12-21..2027-01-01\""))?;
        let days: Vec<Date> = first.series(jiff::ToSpan::days(1)).take_while(|day| *day <= last).take(LONGEST_BREAK_DAYS + 1).collect();
        match days.len() {
            0 => return Err(bad("the break ends before it begins: write its first day, two dots and its last day")),
            1..=LONGEST_BREAK_DAYS => closed.extend(days),
            _ => return Err(bad("the break is longer than 130 days: mend the year")),
        }
    }
    Ok(closed)
}

/// The catalogue of types.
pub(super) fn catalogue(root: &Section<'_>) -> Result<Catalogue, ConfigError> {
    let mut types: Vec<TipType> = Vec::new();
    for section in root.list("tip_type", |_| &["key", "name", "level", "referral"])? {
        let key: TipTypeKey = section.parsed("key", KEY_FIX, |text| text.parse().ok())?;
        if types.iter().any(|other| other.key == key) {
            return Err(section.bad("key", key.as_str(), "two types have this key; give each its own"));
        }
        types.push(TipType {
            key,
            name: section.parsed("name", "write the name that analysts see", |text| Some(text.to_owned()))?,
            level: section.parsed("level", "write critical, standard or other", Level::parse)?,
            referral: section.flag("referral", false)?,
        });
    }
    if types.is_empty() {
        return Err(root.missing("tip_type", "a tip cannot be sorted without types; write at least one [[tip_type]]"));
    }
    Ok(Catalogue::new(types))
}
