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
    pub fn is_open(&self, at: Timestamp) -> bool {
        let today = at.to_zoned(self.zone.clone()).date();
        self.business(today).is_some_and(|(opens, closes)| opens <= at && at < closes)
    }
    /// The moment when `span` of business time has passed since `from`: Friday 16:40 plus one hour, 08-17 hours, is Monday 08:40.
    /// Outside hours the time starts at the next opening; a span of nothing gives that opening.
    pub fn after(&self, from: Timestamp, span: SignedDuration) -> Result<Timestamp, NeverOpen> {
        let never = || NeverOpen(self.key.clone());
        let mut left = span.max(SignedDuration::ZERO);
        let mut day = from.to_zoned(self.zone.clone()).date();
        for _ in 0..HORIZON_DAYS {
            if let Some((opens, closes)) = self.business(day) {
                let start = opens.max(from);
                let there = closes.duration_since(start);
                if start < closes && left <= there {
                    return start.checked_add(left).map_err(|_| never());
                }
                left -= there.max(SignedDuration::ZERO);
            }
            day = day.tomorrow().map_err(|_| never())?;
        }
        Err(never())
    }
    /// When the first business day after today's closes.
    pub fn next_day_closes(&self, from: Timestamp) -> Result<Timestamp, NeverOpen> {
        let never = || NeverOpen(self.key.clone());
        let mut day = from.to_zoned(self.zone.clone()).date();
        for _ in 0..HORIZON_DAYS {
            day = day.tomorrow().map_err(|_| never())?;
            if let Some((_, closes)) = self.business(day) {
                return Ok(closes);
            }
        }
        Err(never())
    }
    /// The first moment from here on at which the office is open at this time of its day; `None` when it never is.
    pub fn next_at(&self, from: Timestamp, time: Time) -> Option<Timestamp> {
        let mut day = from.to_zoned(self.zone.clone()).date();
        for _ in 0..HORIZON_DAYS {
            let at = self.zone.to_ambiguous_timestamp(day.to_datetime(time)).compatible().ok()?;
            if at >= from && self.is_open(at) {
                return Some(at);
            }
            day = day.tomorrow().ok()?;
        }
        None
    }
    /// Opening and closing moment of a date. Closing at 00:00 means the end of that day; a closing before the opening means no
    /// business. A time that the clock skips in spring is read as the moment after the gap, one that comes twice in autumn as the first.
    fn business(&self, date: Date) -> Option<(Timestamp, Timestamp)> {
        if self.closed_on.contains(&date) {
            return None;
        }
        let (opens, closes) = *self.hours.get(&Self::day_number(date.weekday()))?;
        let last = if closes == Time::midnight() { date.tomorrow().ok()? } else { date };
        let moment = |date: Date, time: Time| self.zone.to_ambiguous_timestamp(date.to_datetime(time)).compatible().ok();
        let (opens, closes) = (moment(date, opens)?, moment(last, closes)?);
        (opens < closes).then_some((opens, closes))
    }
    /// A weekday's number in `hours`.
    pub fn day_number(day: Weekday) -> i8 {
        day.to_monday_zero_offset()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::time;

    /// Monday to Friday 08-17 in Chicago, closed on Thanksgiving (26 and 27 November 2026) and over a break.
    fn office() -> Calendar {
        let closed = ["2026-11-26", "2026-11-27", "2026-12-25"].map(|day| day.parse().expect("a date"));
        let winter = (21..=31).map(|day| Date::new(2026, 12, day).expect("a date"));
        Calendar {
            key: "office".parse().expect("a key"),
            zone: TimeZone::get("America/Chicago").expect("bundled"),
            hours: (0..5).map(|day| (day, (time(8, 0, 0, 0), time(17, 0, 0, 0)))).collect(),
            closed_on: closed.into_iter().chain(winter).collect(),
        }
    }

    fn night_desk(opens: i8, closes: i8) -> Calendar {
        Calendar {
            hours: (0..7).map(|day| (day, (time(opens, 0, 0, 0), time(closes, 0, 0, 0)))).collect(),
            closed_on: BTreeSet::new(),
            ..office()
        }
    }

    fn at(calendar: &Calendar, local: &str) -> Timestamp {
        let local: jiff::civil::DateTime = local.parse().expect("a local time");
        calendar.zone.to_timestamp(local).expect("a moment")
    }

    fn check(calendar: &Calendar, from: &str, minutes: i64, expected: &str) {
        let due = calendar.after(at(calendar, from), SignedDuration::from_mins(minutes)).expect("opens");
        assert_eq!(due.to_zoned(calendar.zone.clone()).datetime().to_string(), format!("{expected}:00"), "{from} + {minutes} min");
    }

    #[test]
    fn business_time_passes_only_in_hours() {
        let office = office();
        check(&office, "2026-11-20T16:40", 60, "2026-11-23T08:40"); // Friday to Monday: R15
        check(&office, "2026-11-18T10:00", 60, "2026-11-18T11:00");
        check(&office, "2026-11-18T16:00", 60, "2026-11-18T17:00"); // to the minute of closing
        check(&office, "2026-11-18T17:00", 60, "2026-11-19T09:00");
        check(&office, "2026-11-18T03:00", 60, "2026-11-18T09:00");
        check(&office, "2026-11-21T12:00", 240, "2026-11-23T12:00"); // Saturday: R16
        check(&office, "2026-11-18T08:00", 20 * 60, "2026-11-20T10:00"); // more than two whole days
        check(&office, "2026-11-25T16:30", 60, "2026-11-30T08:30"); // over Thanksgiving and a weekend
        check(&office, "2026-12-18T16:30", 60, "2027-01-01T08:30"); // over the break; 1 January is not listed here
        check(&office, "2026-11-21T12:00", 0, "2026-11-23T08:00");
        check(&office, "2026-11-18T10:00", 0, "2026-11-18T10:00");
    }

    #[test]
    fn nights_when_the_clock_changes() {
        let desk = night_desk(0, 0);
        check(&desk, "2026-10-31T23:30", 60, "2026-11-01T00:30"); // round the clock, over midnight
        check(&desk, "2026-11-01T00:30", 120, "2026-11-01T01:30"); // 01:30 comes twice, this is the second
        check(&desk, "2027-03-14T01:30", 60, "2027-03-14T03:30"); // 02:00 to 03:00 does not exist
        let early = night_desk(2, 4);
        check(&early, "2027-03-13T05:00", 60, "2027-03-14T04:00"); // opens in the gap: at 03:00
        check(&early, "2027-03-13T05:00", 90, "2027-03-15T02:30"); // so that night has one hour only
        check(&night_desk(1, 3), "2026-10-31T05:00", 150, "2026-11-01T02:30"); // and that one three
    }

    #[test]
    fn a_break_passes_as_a_night_does() {
        let office = office();
        check(&office, "2026-12-24T12:00", 60, "2027-01-01T09:00"); // received in the break
        check(&office, "2026-12-18T16:59", 4 * 60, "2027-01-01T11:59"); // R16 over the break
        check(&office, "2026-12-21T00:00", 0, "2027-01-01T08:00");
    }

    #[test]
    fn the_next_business_day_and_an_hour_of_it() {
        let office = office();
        let shown = |at: Timestamp| at.to_zoned(office.zone.clone()).datetime().to_string();
        for (from, closes, next) in [
            ("2026-11-18T07:00", "2026-11-19T17:00:00", "2026-11-18T10:00:00"),
            ("2026-11-18T10:00", "2026-11-19T17:00:00", "2026-11-18T10:00:00"),
            ("2026-11-18T10:01", "2026-11-19T17:00:00", "2026-11-19T10:00:00"),
            ("2026-11-20T18:00", "2026-11-23T17:00:00", "2026-11-23T10:00:00"),
            ("2026-12-19T18:00", "2027-01-01T17:00:00", "2027-01-01T10:00:00"),
        ] {
            let from = at(&office, from);
            assert_eq!(office.next_day_closes(from).map(shown), Ok(closes.to_owned()));
            assert_eq!(office.next_at(from, time(10, 0, 0, 0)).map(shown).as_deref(), Some(next));
        }
        assert_eq!(office.next_at(at(&office, "2026-11-18T10:00"), time(20, 0, 0, 0)), None, "never open at eight in the evening");
    }

    #[test]
    fn is_open_agrees_with_its_hours() {
        let office = office();
        let table = [
            ("2026-11-18T07:59", false),
            ("2026-11-18T08:00", true),
            ("2026-11-18T16:59", true),
            ("2026-11-18T17:00", false),
            ("2026-11-21T12:00", false),
            ("2026-11-26T12:00", false),
        ];
        for (local, open) in table {
            assert_eq!(office.is_open(at(&office, local)), open, "{local}");
        }
        assert!(night_desk(0, 0).is_open(at(&office, "2026-11-01T23:59")));
    }

    #[test]
    fn a_calendar_without_hours_never_opens() {
        for hours in [BTreeMap::new(), [(0, (time(17, 0, 0, 0), time(8, 0, 0, 0)))].into()] {
            let closed = Calendar { hours, ..office() };
            let refused = closed.after(at(&closed, "2026-11-18T10:00"), SignedDuration::from_hours(1));
            assert_eq!(refused, Err(NeverOpen(closed.key.clone())));
        }
    }
}
