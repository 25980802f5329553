//! Business calendars: when an office is there, and when "one business hour from now" is (R15, R16).
//!
//! Calendars are data: a time zone, hours per weekday, and dates without business. Time zone arithmetic, daylight saving
//! included, is jiff's with its bundled database.

use crate::id::CalendarKey;
use jiff::civil::{Date, Time, Weekday};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use std::collections::{BTreeMap, BTreeSet};

/// One business calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    /// Its key.
    pub key: CalendarKey,
    /// The zone of its hours.
    pub zone: TimeZone,
    /// Opening and closing time per weekday (Monday = 0 … Sunday = 6, jiff's `to_monday_zero_offset`); a day without an entry is closed.
    pub hours: BTreeMap<i8, (Time, Time)>,
    /// Dates without business: holidays and breaks.
    pub closed_on: BTreeSet<Date>,
}

/// No business hour was found within [`HORIZON_DAYS`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("calendar {0} has no business hours in the next 400 days: check its hours and holidays")]
pub struct NeverOpen(pub CalendarKey);

/// How far ahead an opening is looked for.
pub const HORIZON_DAYS: i32 = 400;

impl Calendar {
    /// Whether the office is open at this moment.
    pub fn is_open(&self, at: Timestamp) -> bool { let _ = at; todo!() }
    /// The moment when `span` of business time has passed since `from`: Friday 16:40 plus one hour, 08-17 hours, is Monday 08:40.
    pub fn after(&self, from: Timestamp, span: SignedDuration) -> Result<Timestamp, NeverOpen> { let _ = (from, span); todo!() }
    /// A weekday's number in `hours`.
    pub fn day_number(day: Weekday) -> i8 { day.to_monday_zero_offset() }
}
