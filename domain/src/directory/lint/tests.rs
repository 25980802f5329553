//! Each finding is made by one damage to a good county, and by nothing else.

use super::*;
use crate::directory::fixture::{self, key};
use crate::directory::{ContactPoint, ContentAccepted, Kind};
use crate::language::Language;
use jiff::civil::{date, time};
use jiff::tz::TimeZone;

/// Everything the lint looks at, good.
struct County {
    directory: Directory,
    calendars: BTreeMap<CalendarKey, Calendar>,
    policy: Policy,
    routes: Vec<Route>,
    one_number: BTreeSet<OrganizationKey>,
    now: Timestamp,
    void_pins: BTreeSet<PersonKey>,
}

fn calendar(key: &str, days: i8, opens: i8, closes: i8, closed: &[(i16, i8, i8)]) -> Calendar {
    Calendar {
        key: key.parse().expect("a key"),
        zone: TimeZone::get("America/Chicago").expect("bundled"),
        hours: (0..days).map(|day| (day, (time(opens, 0, 0, 0), time(closes, 0, 0, 0)))).collect(),
        closed_on: closed.iter().map(|(year, month, day)| date(*year, *month, *day)).collect(),
    }
}

fn route(account: &str, means: Means, per_second: f64) -> Route {
    Route { account: account.parse().expect("a key"), means, per_second: Some(per_second) }
}

fn supervisor(order: u16) -> Person {
    Person {
        key: format!("sup-{order}").parse().expect("a key"),
        organization: key("desk"),
        name: "Chris Sample".to_owned(),
        role: "Supervisor".to_owned(),
        order,
        language: Language::En,
        points: vec![ContactPoint::plain(Means::Call, "…42".to_owned())],
        attested_on: Some(date(2026, 9, 1)),
    }
}

fn good() -> County {
    let mut directory = fixture::county();
    let mut desk = directory.organizations[&key("city-hotline")].clone();
    (desk.key, desk.kind, desk.name) = (key("desk"), Kind::Line, "The Line".to_owned());
    desk.content = ContentAccepted::default();
    directory.organizations.insert(desk.key.clone(), desk);
    directory.persons.insert(key("desk"), vec![supervisor(1), supervisor(2)]);
    let calendars = [calendar("school", 5, 8, 17, &[(2026, 11, 26)]), calendar("always", 7, 0, 0, &[])];
    County {
        directory,
        calendars: calendars.map(|one| (one.key.clone(), one)).into(),
        policy: Policy::default(),
        routes: vec![
            route("main", Means::Call, 1.0),
            route("other", Means::Call, 1.0),
            route("main", Means::Text, 1.0),
            route("mail", Means::Mail, 5.0),
        ],
        one_number: BTreeSet::new(),
        void_pins: BTreeSet::new(),
        now: "2026-11-18T16:00:00Z".parse().expect("a time"),
    }
}

fn found(damage: impl FnOnce(&mut County)) -> Vec<Finding> {
    let mut county = good();
    damage(&mut county);
    let County { directory, calendars, policy, routes, one_number, void_pins, now } = &county;
    lint(Facts { directory, calendars, policy, routes, one_number, void_pins, now: *now })
}

/// Expects exactly these findings: `where severity what…`, the beginning of the sentence.
fn check(damage: impl FnOnce(&mut County), expected: &[&str]) {
    let findings = found(damage);
    let lines: Vec<String> = findings
        .iter()
        .map(|one| format!("{} {} {}", one.organization.as_ref().map_or("-", OrganizationKey::as_str), one.severity.as_str(), one.what))
        .collect();
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}\nis not {expected}");
    }
    assert!(findings.iter().all(|one| one.fix.ends_with('.') && one.what.ends_with('.')), "{findings:#?}");
}

fn organization<'a>(county: &'a mut County, of: &str) -> &'a mut Organization {
    county.directory.organizations.get_mut(&key(of)).expect("there")
}

fn persons<'a>(county: &'a mut County, of: &str) -> &'a mut Vec<Person> {
    county.directory.persons.get_mut(&key(of)).expect("listed")
}

/// Gives every call of an organization these hours.
fn office_hours(county: &mut County, of: &str) {
    for person in persons(county, of) {
        for point in person.points.iter_mut().filter(|point| point.means == Means::Call) {
            point.hours = Some("school".parse().expect("a key"));
        }
    }
}

#[test]
fn a_good_county_has_no_finding() {
    check(|_| {}, &[]);
}

#[test]
fn what_a_school_lacks_is_named() {
    check(|c| organization(c, "delta-high").psap = None, &["delta-high error Delta High School has no PSAP"]);
    check(|c| organization(c, "delta-high").police = None, &["delta-high warning Delta High School has no police agency"]);
    check(|c| organization(c, "delta-high").district = None, &["delta-high warning Delta High School has no district"]);
    check(
        |c| drop(c.directory.persons.remove(&key("delta-high"))),
        &[
            "delta-high error Delta High School has no point of contact with a mail",
            "delta-high error Delta High School has no point of contact with a phone",
        ],
    );
    let lost = |c: &mut County| organization(c, "charlie-high").calendar = "lost".parse().expect("a key");
    check(lost, &["charlie-high error The calendar lost of Charlie High School is not in the configuration."]);
}

#[test]
fn a_county_that_stands_for_schools_is_looked_at_too() {
    let county = |c: &mut County| organization(c, "fox-county").psap = Some(key("fox-911"));
    check(county, &["fox-county warning Fox County has no police agency"]);
}

#[test]
fn nobody_reachable_at_night_is_named() {
    check(
        |c| office_hours(c, "charlie-high"),
        &["charlie-high warning Nobody at Charlie High School can be called at night: the district"],
    );
    let both = |c: &mut County| {
        office_hours(c, "charlie-high");
        office_hours(c, "fox-district");
    };
    check(both, &["charlie-high error Nobody at Charlie High School and nobody at Fox Unified School District can be called at night."]);
    let alone = |c: &mut County| {
        office_hours(c, "charlie-high");
        organization(c, "charlie-high").district = None;
    };
    check(
        alone,
        &[
            "charlie-high error Nobody at Charlie High School can be called at night, and it has",
            "charlie-high warning Charlie High School has no district",
        ],
    );
    // An extension behind a landline is an office's, at a school; at a PSAP somebody is always there.
    let switchboard = |of: &'static str| {
        move |c: &mut County| {
            for point in persons(c, of).iter_mut().flat_map(|person| person.points.iter_mut()).filter(|point| point.means == Means::Call) {
                (point.landline, point.extension) = (true, "12".to_owned());
            }
        }
    };
    check(switchboard("charlie-high"), &["charlie-high warning Nobody at Charlie High School can be called at night"]);
    check(switchboard("fox-911"), &[]);
    // A second number without hours mends it.
    let mended = |c: &mut County| {
        office_hours(c, "charlie-high");
        persons(c, "charlie-high")[0].points.push(ContactPoint::plain(Means::Call, "…99".to_owned()));
    };
    check(mended, &[]);
    let psap: Vec<Finding> = found(|c| office_hours(c, "fox-911"));
    assert_eq!(psap.len(), 5, "every school of the PSAP is named");
    assert!(psap.iter().all(|one| one.severity == Severity::Error && one.about == About::Night));
}

#[test]
fn a_window_that_the_pace_cannot_keep_is_named_for_each_school() {
    let slow = found(|c| c.routes[0].per_second = Some(0.004));
    let expected = "A Critical tip about Delta High School makes 7 calls; at the 0.004 in a second of the account main, 2 of them start after 20 minutes.";
    assert!(slow.iter().any(|one| one.what == expected), "{slow:#?}");
    assert!(slow.iter().all(|one| one.severity == Severity::Error && one.about == About::Window));
    check(|c| c.routes[0].per_second = None, &[]);
}

#[test]
fn what_a_list_has_wrong_is_named() {
    let landline = |c: &mut County| {
        for point in persons(c, "delta-high")[0].points.iter_mut().filter(|point| point.means == Means::Text) {
            point.landline = true;
        }
    };
    check(landline, &["delta-high warning Robin Example (Delta High School) is to get texts on a landline"]);
    let stale = |c: &mut County| {
        persons(c, "delta-high")[0].attested_on = None;
        persons(c, "delta-high")[1].attested_on = Some(date(2025, 11, 1));
    };
    check(stale, &["delta-high warning 2 of Delta High School were not attested in the last year: Robin Example, Sam Example."]);
    check(
        |c| assert!(c.one_number.insert(key("delta-high"))),
        &["delta-high warning All persons of Delta High School have the same phone number"],
    );
}

#[test]
fn the_line_itself_is_looked_at_first() {
    check(|c| drop(c.directory.persons.remove(&key("desk"))), &["- error No supervisor of the line itself is listed"]);
    check(
        |c| persons(c, "desk").iter_mut().for_each(|one| one.points[0].means = Means::Mail),
        &["- error No supervisor of the line itself has a phone number"],
    );
    check(|c| persons(c, "desk").truncate(1), &["- warning All supervisors of the line have the same place"]);
    check(|c| drop(c.routes.remove(1)), &["- warning Every call goes by the account main"]);
    check(
        |c| c.routes.retain(|route| route.means == Means::Call),
        &["- error No account mails, and persons are listed", "- warning No account texts, and persons are listed"],
    );
    check(
        |c| c.calendars.get_mut(&"school".parse().expect("a key")).expect("there").closed_on.clear(),
        &["- warning The calendar school knows no holiday in the next year."],
    );
    let past = |c: &mut County| {
        let closed = &mut c.calendars.get_mut(&"school".parse().expect("a key")).expect("there").closed_on;
        *closed = [date(2026, 11, 17), date(2027, 11, 25)].into();
    };
    check(past, &["- warning The calendar school knows no holiday in the next year."]);
    check(
        |c| c.calendars.get_mut(&"school".parse().expect("a key")).expect("there").hours.clear(),
        &["- error The calendar school never opens"],
    );
    // A calendar that nobody uses is nobody's business.
    check(|c| drop(c.calendars.insert("summer".parse().expect("a key"), calendar("summer", 5, 8, 12, &[]))), &[]);
}

#[test]
fn a_void_pin_is_named_with_its_person() {
    let found = found(|county| {
        county.void_pins.insert("sup-1".parse().expect("a key"));
    });
    let [one] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((one.about, one.severity, one.person.as_ref().map(PersonKey::as_str)), (About::Pin, Severity::Warning, Some("sup-1")));
}
