//! A random directory with one school that can be dispatched to: a PSAP, perhaps police and a district, the line's supervisors, persons who can
//! be reached by some means, some by two numbers. And the days and hours of it, the two nights of daylight saving among them.
//!
//! Every choice comes from the history's own random numbers. The lists are as bad as `directory::check` allows.

use domain::SignedDuration;
use domain::Timestamp;
use domain::calendar::Calendar;
use domain::channel::Means;
use domain::directory::{ContactPoint, ContentAccepted, Directory, Kind, Organization, Person};
use domain::id::{CalendarKey, OrganizationKey, PersonKey};
use domain::language::Language;
use jiff::civil::time;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that is configuration.
#[derive(Debug, Clone)]
pub struct County {
    pub directory: Directory,
    pub school: OrganizationKey,
    pub calendars: BTreeMap<CalendarKey, Calendar>,
}

impl County {
    pub fn random(rng: &mut fastrand::Rng) -> Self {
        let (police, district) = (rng.f64() < 0.85, rng.f64() < 0.85);
        let mut organizations = vec![organization("psap", Kind::Psap), organization("desk", Kind::Line)];
        let mut persons = people(rng, "psap", 1);
        for rung in 0..2 {
            let mut supervisor = person(rng, "desk", rung, true);
            supervisor.order = rung as u16 + 1;
            persons.push(supervisor);
        }
        for (there, name, kind) in [(police, "police", Kind::Police), (district, "district", Kind::District)] {
            if there {
                organizations.push(organization(name, kind));
                persons.extend(people(rng, name, 0));
            }
        }
        let mut school = organization("school", Kind::School);
        school.psap = Some(key("psap"));
        school.police = police.then(|| key("police"));
        school.district = district.then(|| key("district"));
        organizations.push(school);
        persons.extend(people(rng, "school", 1));
        Self { directory: Directory::new(organizations, persons), school: key("school"), calendars: calendars(rng) }
    }

    /// A person, wherever they are listed.
    pub fn person(&self, organization: &OrganizationKey, person: &PersonKey) -> Option<&Person> {
        self.directory.persons_of(organization).iter().find(|one| one.key == *person)
    }
}

/// When the tip comes in: some day or night of two weeks, or one of the nights when the clocks of Chicago change.
pub fn received(rng: &mut fastrand::Rng) -> (Timestamp, bool) {
    let nights = ["2026-11-01T04:00:00Z", "2027-03-14T05:00:00Z"];
    if rng.f64() < 0.15 {
        let night: Timestamp = nights[rng.usize(..2)].parse().expect("a time");
        return (night.saturating_add(SignedDuration::from_secs(rng.i64(0..6 * 3600))).expect("in range"), true);
    }
    let day = Timestamp::from_second(1_800_000_000).expect("in range");
    (day.saturating_add(SignedDuration::from_secs(rng.i64(0..14 * 86_400))).expect("in range"), false)
}

/// Between `least` and four persons; the first of a list that must have somebody can be called and mailed.
fn people(rng: &mut fastrand::Rng, organization: &str, least: usize) -> Vec<Person> {
    let count = rng.usize(least..=4);
    (0..count).map(|index| person(rng, organization, index, index == 0)).collect()
}

fn person(rng: &mut fastrand::Rng, organization: &str, index: usize, complete: bool) -> Person {
    let mut points = Vec::new();
    for (means, likely, second) in [(Means::Call, 0.9, 0.25), (Means::Mail, 0.9, 0.1), (Means::Text, 0.3, 0.1)] {
        if rng.f64() < likely || (complete && means != Means::Text) {
            points.push(ContactPoint::plain(means, "…42".to_owned()));
            if rng.f64() < second {
                let hours = rng.bool().then(|| "office".parse().expect("a key"));
                points.push(ContactPoint { hours, ..ContactPoint::plain(means, "…43".to_owned()) });
            }
        }
    }
    let name = format!("{organization}-{index}");
    Person {
        key: name.parse().expect("a key"),
        organization: key(organization),
        role: "Somebody".to_owned(),
        order: rng.u16(1..5),
        language: Language::ALL[rng.usize(..3)],
        points,
        attested_on: None,
        name,
    }
}

fn organization(name: &str, kind: Kind) -> Organization {
    let (county, district, psap, police) = (None, None, None, None);
    let calendar = "office".parse().expect("a key");
    Organization {
        key: key(name),
        kind,
        name: name.to_owned(),
        county,
        district,
        psap,
        police,
        hotline: None,
        calendar,
        content: ContentAccepted::default(),
    }
}

fn key(text: &str) -> OrganizationKey {
    text.parse().expect("a key")
}

/// Mostly Monday to Friday, 08 to 17, in Chicago; sometimes a desk that is open at night, when the clocks change.
fn calendars(rng: &mut fastrand::Rng) -> BTreeMap<CalendarKey, Calendar> {
    let key: CalendarKey = "office".parse().expect("a key");
    let hours = |days: i8, opens: i8, closes: i8| (0..days).map(|day| (day, (time(opens, 0, 0, 0), time(closes, 0, 0, 0)))).collect();
    let calendar = Calendar {
        key: key.clone(),
        zone: TimeZone::get("America/Chicago").expect("bundled"),
        hours: match rng.u32(..6) {
            0 => hours(7, 0, 0),
            1 => hours(7, 1, 4),
            _ => hours(5, 8, 17),
        },
        closed_on: BTreeSet::new(),
    };
    [(key, calendar)].into()
}

/// A length of time in seconds.
pub fn seconds(seconds: f64) -> SignedDuration {
    SignedDuration::from_millis((seconds * 1000.0) as i64)
}
