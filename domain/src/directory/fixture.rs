//! A small county for tests: the five schools of the procedures' examples, their districts, police and 911 centre.
//!
//! Persons are written as `key | organization | name | role | means`; everybody attested on 2026-09-01 and speaks English.
//! Tests damage a copy where they need a bad list. All names are plainly fictional.

use super::{ContactPoint, ContentAccepted, Directory, Kind, Organization, Person};
use crate::channel::Means;
use crate::id::OrganizationKey;
use crate::language::Language;
use jiff::civil::date;

/// An organization's key.
pub(crate) fn key(text: &str) -> OrganizationKey {
    text.parse().expect("a directory key")
}

/// `key | kind | name | district | police`; every school has the PSAP `fox-911`.
const ORGANIZATIONS: &str = "\
fox-county | county | Fox County | |
fox-911 | psap | Fox County 911 | |
delta-police | police | Delta Police Department | |
bravo-police | police | Bravo Police Department | |
fox-sheriff | police | Fox County Sheriff | |
city-hotline | hotline | City Prevention Hotline | |
delta-district | district | Delta School District | |
fox-district | district | Fox Unified School District | |
delta-high | school | Delta High School | delta-district | delta-police
delta-elementary | school | Delta Elementary School | delta-district | delta-police
bravo-middle | school | Bravo Middle School | fox-district | bravo-police
alpha-middle | school | Alpha Middle School | fox-district | fox-sheriff
charlie-high | school | Charlie High School | fox-district | fox-sheriff";

const PERSONS: &str = "\
fox-911-desk | fox-911 | Duty Desk | 911 desk | call mail
fox-911-chief | fox-911 | Pat Example | Shift supervisor | call mail
delta-police-desk | delta-police | Delta Desk | Watch commander | call mail
bravo-police-desk | bravo-police | Bravo Desk | Watch commander | call mail
fox-sheriff-desk | fox-sheriff | Sheriff Desk | Watch commander | call mail
city-hotline-desk | city-hotline | Hotline Desk | Duty desk | call mail
delta-super | delta-district | Dana Sample | Superintendent | call mail
fox-super | fox-district | Fran Sample | Superintendent | call mail
delta-principal | delta-high | Robin Example | Principal | call mail text
delta-assistant | delta-high | Sam Example | Assistant principal | call mail
delta-officer | delta-high | Alex Example | School resource officer | call mail
delta-elem-principal | delta-elementary | Kim Example | Principal | call mail
bravo-principal | bravo-middle | Lee Example | Principal | call mail
alpha-principal | alpha-middle | Max Example | Principal | call mail
charlie-principal | charlie-high | Jo Example | Principal | call mail";

/// The county.
pub(crate) fn county() -> Directory {
    Directory::new(ORGANIZATIONS.lines().map(organization).collect(), PERSONS.lines().enumerate().map(person).collect())
}

fn organization(line: &str) -> Organization {
    let mut fields = line.split('|').map(str::trim);
    let mut field = || fields.next().unwrap_or("");
    let (own, kind, name, district, police) = (field(), field(), field(), field(), field());
    let kind = Kind::parse(kind).expect("a kind");
    let some = |text: &str| (!text.is_empty()).then(|| key(text));
    Organization {
        key: key(own),
        kind,
        name: name.to_owned(),
        county: (kind != Kind::County).then(|| key("fox-county")),
        district: some(district),
        psap: (kind == Kind::School).then(|| key("fox-911")),
        police: some(police),
        hotline: None,
        calendar: if matches!(kind, Kind::Psap | Kind::Police | Kind::Hotline | Kind::County | Kind::Line) { "always" } else { "school" }
            .parse()
            .expect("a key"),
        content: ContentAccepted::default(),
    }
}

fn person((index, line): (usize, &str)) -> Person {
    let fields: Vec<&str> = line.split('|').map(str::trim).collect();
    let points =
        fields[4].split_whitespace().map(|word| ContactPoint::plain(Means::parse(word).expect("a means"), format!("…{:02}", 10 + index)));
    Person {
        key: fields[0].parse().expect("a key"),
        organization: key(fields[1]),
        name: fields[2].to_owned(),
        role: fields[3].to_owned(),
        order: index as u16 + 1,
        language: Language::En,
        points: points.collect(),
        attested_on: Some(date(2026, 9, 1)),
    }
}
