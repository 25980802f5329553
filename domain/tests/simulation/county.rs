//! A random directory with one school that can be dispatched to: a PSAP, perhaps police and a district, persons who can be reached by some means.
//!
//! Every choice comes from the history's own random numbers. The lists are as bad as `directory::check` allows.

use domain::SignedDuration;
use domain::calendar::Calendar;
use domain::channel::Means;
use domain::directory::{ContactPoint, ContentAccepted, Directory, Kind, Organization, Person};
use domain::id::{CalendarKey, OrganizationKey};
use domain::language::Language;
use jiff::civil::time;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// The county and the school that the tip is about.
pub fn random(rng: &mut fastrand::Rng) -> (Directory, OrganizationKey) {
    let (police, district) = (rng.f64() < 0.85, rng.f64() < 0.85);
    let mut organizations = vec![organization("psap", Kind::Psap)];
    let mut persons = people(rng, "psap", 1);
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
    (Directory::new(organizations, persons), key("school"))
}

/// Between `least` and four persons; the first of a list that must have somebody can be called and mailed.
fn people(rng: &mut fastrand::Rng, organization: &str, least: usize) -> Vec<Person> {
    let count = rng.usize(least..=4);
    (0..count).map(|index| person(rng, organization, index, index == 0)).collect()
}

fn person(rng: &mut fastrand::Rng, organization: &str, index: usize, complete: bool) -> Person {
    let mut points = Vec::new();
    for (means, likely) in [(Means::Call, 0.9), (Means::Mail, 0.9), (Means::Text, 0.3)] {
        if rng.f64() < likely || (complete && means != Means::Text) {
            points.push(ContactPoint::plain(means, "…42".to_owned()));
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

/// Monday to Friday, 08 to 17, in Chicago.
pub fn calendars() -> BTreeMap<CalendarKey, Calendar> {
    let key: CalendarKey = "office".parse().expect("a key");
    let calendar = Calendar {
        key: key.clone(),
        zone: TimeZone::get("America/Chicago").expect("bundled"),
        hours: (0..5).map(|day| (day, (time(8, 0, 0, 0), time(17, 0, 0, 0)))).collect(),
        closed_on: BTreeSet::new(),
    };
    [(key, calendar)].into()
}

/// A length of time in seconds.
pub fn seconds(seconds: f64) -> SignedDuration {
    SignedDuration::from_millis((seconds * 1000.0) as i64)
}
