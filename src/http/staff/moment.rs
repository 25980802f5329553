//! Times as pages show them: the county's clock, the whole date on hovering, and how much time is left, as text first.
//!
//! The script ticks `data-until` once a second with the same words as [`left_text`]; without it the page shows the time left as rendered.

use askama::filters::HtmlSafe;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// The page's clock: now, and the county's zone.
#[derive(Debug, Clone)]
pub(super) struct PageClock {
    pub(super) now: Timestamp,
    pub(super) zone: TimeZone,
}

/// A time, as `15:04:12` today and `Nov 21, 15:04` on other days. Writes its own `<time>` element.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    iso: String,
    full: String,
    short: String,
}

/// The time left until something is due. Writes its own element, which the script ticks.
#[derive(Debug, Clone)]
pub(super) struct Left {
    iso: String,
    full: String,
    text: String,
    over: bool,
}

impl PageClock {
    /// A time on this page.
    pub(super) fn moment(&self, at: Timestamp) -> Moment {
        let here = at.to_zoned(self.zone.clone());
        let today = self.now.to_zoned(self.zone.clone()).date() == here.date();
        let short = here.strftime(if today { "%H:%M:%S" } else { "%b %-d, %H:%M" }).to_string();
        Moment { iso: iso(at), full: here.strftime("%A, %B %-d, %Y, %H:%M:%S %Z").to_string(), short }
    }
    /// The time left until `due`.
    pub(super) fn left(&self, due: Timestamp) -> Left {
        Left { iso: iso(due), full: self.moment(due).full, text: left_text(due, self.now), over: due <= self.now }
    }
}

/// To the second, so that the script and other programs read it alike.
fn iso(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// "12:41 left", "3:12:41 left", "2 days 4 h left", "overdue by 3:10".
pub(super) fn left_text(due: Timestamp, now: Timestamp) -> String {
    let left = due.duration_since(now);
    if left.is_negative() || left.is_zero() { format!("overdue by {}", span(left.abs())) } else { format!("{} left", span(left)) }
}

fn span(long: SignedDuration) -> String {
    let seconds = long.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}:{:02}", seconds % 60),
        (0, _) => format!("{hours}:{minutes:02}:{:02}", seconds % 60),
        (1, _) => format!("1 day {hours} h"),
        (_, _) => format!("{days} days {hours} h"),
    }
}

impl Moment {
    /// The short form alone, for a sentence.
    pub(super) fn text(&self) -> &str {
        &self.short
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"<time datetime="{}" title="{}">{}</time>"#, self.iso, self.full, self.short)
    }
}
impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let over = if self.over { " over" } else { "" };
        write!(f, r#"<time class="left{over}" datetime="{0}" data-until="{0}" title="{1}">{2}</time>"#, self.iso, self.full, self.text)
    }
}

// Both write only digits, the names of days and months, and the zone's abbreviation.
impl HtmlSafe for Moment {}
impl HtmlSafe for Left {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_text() {
        let now: Timestamp = "2026-11-20T21:04:12Z".parse().unwrap();
        for (seconds, text) in [
            (761, "12:41 left"),
            (11_561, "3:12:41 left"),
            (187_200, "2 days 4 h left"),
            (90_000, "1 day 1 h left"),
            (0, "overdue by 0:00"),
            (-190, "overdue by 3:10"),
        ] {
            assert_eq!(left_text(now + SignedDuration::from_secs(seconds), now), text);
        }
    }

    #[test]
    fn a_moment_is_the_countys_clock_with_the_whole_date_behind_it() {
        let now: Timestamp = "2026-11-20T21:04:12Z".parse().unwrap();
        let clock = PageClock { now, zone: TimeZone::get("America/Chicago").unwrap() };
        assert_eq!(
            clock.moment(now).to_string(),
            r#"<time datetime="2026-11-20T21:04:12Z" title="Friday, November 20, 2026, 15:04:12 CST">15:04:12</time>"#
        );
        assert_eq!(clock.moment(now - SignedDuration::from_hours(30)).text(), "Nov 19, 09:04");
    }
}
