//! Tests of [`plan`](super): who is told, how, in which order and by when, in the procedures' own examples and with bad lists.
//!
//! The county is `directory::fixture`'s. A plan is compared as lines `start means person`.

use super::*;
use crate::conversation::triage::Marks;
use crate::directory::fixture::{self, key};
use crate::directory::{Organization, Person};
use jiff::civil::{Date, date, time};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

fn calendars() -> BTreeMap<CalendarKey, Calendar> {
    let office = |key: &str, days: i8, opens: i8, closes: i8| Calendar {
        key: key.parse().expect("a key"),
        zone: TimeZone::get("America/Chicago").expect("bundled"),
        hours: (0..days).map(|day| (day, (time(opens, 0, 0, 0), time(closes, 0, 0, 0)))).collect(),
        closed_on: BTreeSet::new(),
    };
    [office("school", 5, 8, 17), office("always", 7, 0, 0)].map(|calendar| (calendar.key.clone(), calendar)).into()
}

pub(super) fn local(text: &str) -> Timestamp {
    let zone = TimeZone::get("America/Chicago").expect("bundled");
    zone.to_timestamp(text.parse::<jiff::civil::DateTime>().expect("a local time")).expect("a moment")
}

/// A case: the school, the level and marks (`police` for a safety issue, `crime` for a possible crime, `summary` when one was written),
/// received and dispatched, in local time, and who is excluded.
pub(super) struct Case<'a> {
    pub(super) school: &'a str,
    pub(super) level: Level,
    pub(super) marks: &'a str,
    pub(super) received: &'a str,
    pub(super) now: &'a str,
    pub(super) excluded: &'a [&'a str],
}

pub(super) const WEDNESDAY: Case<'static> =
    Case { school: "delta-high", level: Level::Critical, marks: "", received: "2026-11-18T10:00", now: "2026-11-18T10:04", excluded: &[] };

fn triage(case: &Case<'_>) -> Triage {
    Triage {
        types: ["some-type".parse().expect("a key")].into(),
        level: Some(case.level),
        school: Some(key(case.school)),
        marks: Marks {
            in_progress: false,
            possible_crime: case.marks.contains("crime"),
            safety_issue: case.marks.contains("police"),
            media_request: case.marks.contains("media"),
            ..Marks::default()
        },
    }
}

pub(super) fn make(case: &Case<'_>, damage: impl FnOnce(&mut Directory)) -> Result<Plan, CannotPlan> {
    make_with(case, damage, |_| {})
}

/// The plan at this pace.
pub(super) fn with_pace(case: &Case<'_>, pace: f64) -> Result<Plan, CannotPlan> {
    paced(case, |_| {}, |_| {}, Some(pace))
}

/// The plan with these calendars.
pub(super) fn make_with(
    case: &Case<'_>,
    damage: impl FnOnce(&mut Directory),
    close: impl FnOnce(&mut BTreeMap<CalendarKey, Calendar>),
) -> Result<Plan, CannotPlan> {
    paced(case, damage, close, None)
}

fn paced(
    case: &Case<'_>,
    damage: impl FnOnce(&mut Directory),
    close: impl FnOnce(&mut BTreeMap<CalendarKey, Calendar>),
    calls_per_second: Option<f64>,
) -> Result<Plan, CannotPlan> {
    let mut directory = fixture::county();
    damage(&mut directory);
    let (triage, mut calendars, policy) = (triage(case), calendars(), Policy::default());
    close(&mut calendars);
    let (received_at, now) = (local(case.received), local(case.now));
    let excluded = case.excluded.iter().map(|person| person.parse().expect("a key")).collect();
    plan(Request {
        triage: &triage,
        received_at,
        now,
        directory: &directory,
        calendars: &calendars,
        policy: &policy,
        line_name: "Safe2Help Illinois",
        excluded: &excluded,
        has_summary: case.marks.contains("summary"),
        calls_per_second,
    })
}

pub(super) fn lines(plan: &Plan, now: &str) -> Vec<String> {
    let line = |step: &Step| {
        let start = match step.start {
            Start::Now(place) => format!("{place}"),
            Start::Standby(at) => format!("+{}s", at.duration_since(local(now)).as_secs()),
        };
        format!("{start} {} {}", step.means.as_str(), step.person)
    };
    plan.steps.iter().map(line).collect()
}

fn due(plan: &Plan) -> String {
    plan.due_at.to_zoned(TimeZone::get("America/Chicago").expect("bundled")).datetime().to_string()
}

#[test]
fn critical_calls_and_mails_everybody_psap_first() {
    let plan = make(&WEDNESDAY, |_| {}).expect("ready");
    let expected = [
        "0 call fox-911-desk",
        "0 call fox-911-chief",
        "1 call delta-principal",
        "1 call delta-assistant",
        "1 call delta-officer",
        "1 call delta-police-desk",
        "2 mail fox-911-desk",
        "2 mail fox-911-chief",
        "2 mail delta-principal",
        "2 mail delta-assistant",
        "2 mail delta-officer",
        "2 mail delta-police-desk",
        "3 text delta-principal",
        "+300s call delta-super",
        "+300s mail delta-super",
    ];
    assert_eq!(lines(&plan, WEDNESDAY.now), expected);
    assert_eq!(due(&plan), "2026-11-18T10:20:00");
    assert_eq!(plan.notes, Vec::<String>::new());
    assert!(plan.steps.iter().all(|step| step.due_at == plan.due_at && step.tail.starts_with('…')));
    assert!(plan.steps[2].says.starts_with("This is Safe2Help Illinois with an urgent report for Delta High School."));
}

#[test]
fn the_district_stands_by_for_half_of_the_time_left_at_most() {
    for (now, expected) in
        [("2026-11-18T10:04", "+300s"), ("2026-11-18T10:14", "+180s"), ("2026-11-18T10:19", "+30s"), ("2026-11-18T10:40", "+0s")]
    {
        let plan = make(&Case { now, ..WEDNESDAY }, |_| {}).expect("ready");
        assert_eq!(lines(&plan, now)[13], format!("{expected} call delta-super"), "{now}");
    }
}

#[test]
fn standard_and_other_mail_the_school_and_police_when_marked() {
    let principal = ["0 mail delta-principal", "0 mail delta-assistant", "0 mail delta-officer"];
    let text = "1 text delta-principal";
    let police = "0 mail delta-police-desk";
    let table = [
        (Level::Standard, "", vec![principal[0], principal[1], principal[2], text], "Police are not told"),
        (Level::Standard, "police", vec![principal[0], principal[1], principal[2], police, text], "safety issue is marked"),
        (Level::Standard, "crime", vec![principal[0], principal[1], principal[2], police, text], "untick the mark"),
        (Level::Other, "", principal.to_vec(), "Police are not told"),
        (Level::Other, "police crime", vec![principal[0], principal[1], principal[2], police], "safety issue is marked"),
    ];
    for (level, marks, expected, note) in table {
        let plan = make(&Case { level, marks, ..WEDNESDAY }, |_| {}).expect("ready");
        assert_eq!(lines(&plan, WEDNESDAY.now), expected, "{level:?} {marks}");
        assert!(plan.notes.iter().any(|line| line.contains(note)), "{level:?} {marks}: {:?}", plan.notes);
    }
}

/// The county of the fixture, which stands for its schools that are not enrolled.
fn fox_county(d: &mut Directory) {
    let fox = d.organizations.get_mut(&key("fox-county")).expect("there");
    (fox.psap, fox.police) = (Some(key("fox-911")), Some(key("fox-sheriff")));
}

#[test]
fn an_unenrolled_school_reaches_psap_and_police_of_its_county() {
    let not_enrolled = "The school is not enrolled: the 911 centre and the police of Fox County are told, and nobody at the school is. \
                        Tell the school yourself.";
    let critical = Case { school: "fox-county", ..WEDNESDAY };
    let plan = make(&critical, fox_county).expect("ready");
    let calls = ["0 call fox-911-desk", "0 call fox-911-chief", "1 call fox-sheriff-desk"];
    let mails = ["2 mail fox-911-desk", "2 mail fox-911-chief", "2 mail fox-sheriff-desk"];
    assert_eq!(lines(&plan, WEDNESDAY.now), [calls, mails].concat());
    assert_eq!((due(&plan).as_str(), plan.notes.as_slice()), ("2026-11-18T10:20:00", [not_enrolled.to_owned()].as_slice()));
    // At every level, marked or not.
    for level in [Level::Standard, Level::Other] {
        let plan = make(&Case { level, ..critical }, fox_county).expect("ready");
        assert_eq!(lines(&plan, WEDNESDAY.now), mails.map(|mail| mail.replacen('2', "0", 1)), "{level:?}");
    }
    // Nobody is asked whether the school is in session, and a county without police says so.
    let at_night = Case { received: "2026-11-21T22:00", now: "2026-11-21T22:02", ..critical };
    assert_eq!(make(&at_night, fox_county).expect("ready").notes, [not_enrolled]);
    let no_police = |d: &mut Directory| {
        fox_county(d);
        d.organizations.get_mut(&key("fox-county")).expect("there").police = None;
    };
    let notes = make(&critical, no_police).expect("ready").notes;
    assert_eq!(notes[1], "Fox County has no police agency in the directory: tell the police yourself.");
    // Whoever the county lists is told, too.
    let with_office = |d: &mut Directory| {
        fox_county(d);
        let mut office = d.persons[&key("fox-district")].clone();
        office[0].organization = key("fox-county");
        d.persons.insert(key("fox-county"), office);
    };
    let plan = make(&critical, with_office).expect("ready");
    assert!(lines(&plan, WEDNESDAY.now).contains(&"1 call fox-super".to_owned()));
    // A county that names no PSAP cannot stand for a school.
    let refused = make(&critical, |_| {}).expect_err("refused").to_string();
    assert!(refused.starts_with("This cannot be dispatched: Fox County has no PSAP"), "{refused}");
}

#[test]
fn a_hotline_is_told_of_everything_about_its_schools() {
    let named =
        |of: &'static str| move |d: &mut Directory| d.organizations.get_mut(&key(of)).expect("there").hotline = Some(key("city-hotline"));
    for of in ["delta-high", "delta-district"] {
        let plan = make(&WEDNESDAY, named(of)).expect("ready");
        let told: Vec<String> = lines(&plan, WEDNESDAY.now).into_iter().filter(|line| line.contains("city-hotline")).collect();
        assert_eq!(told, ["1 call city-hotline-desk", "2 mail city-hotline-desk"], "{of}");
        assert!(lines(&plan, WEDNESDAY.now)[0].starts_with("0 call fox-911"), "the PSAP stays first");
        for (level, marks) in [(Level::Standard, ""), (Level::Standard, "police"), (Level::Other, "")] {
            let plan = make(&Case { level, marks, ..WEDNESDAY }, named(of)).expect("ready");
            let told = plan.steps.iter().filter(|step| step.kind == Kind::Hotline).map(|step| (step.means, step.start)).collect::<Vec<_>>();
            assert_eq!(told, [(Means::Mail, Start::Now(0))], "{of} {level:?} {marks}");
        }
    }
    // A school's own goes before its district's, and other districts are not touched.
    let plan = make(&Case { school: "bravo-middle", ..WEDNESDAY }, named("delta-district")).expect("ready");
    assert!(plan.steps.iter().all(|step| step.kind != Kind::Hotline));
    // One that lists nobody is noted and keeps nobody else from being told.
    let empty = |d: &mut Directory| {
        named("delta-district")(d);
        d.persons.remove(&key("city-hotline"));
    };
    assert_eq!(notes(&WEDNESDAY, empty), "City Prevention Hotline has nobody in the directory: nobody there is told.");
}

#[test]
fn due_times_of_the_six_examples() {
    let table = [
        ("delta-high", Level::Critical, "2026-11-20T16:40", "2026-11-20T17:00:00"),
        ("bravo-middle", Level::Critical, "2026-11-22T03:00", "2026-11-22T03:20:00"),
        ("alpha-middle", Level::Standard, "2026-11-18T10:00", "2026-11-18T11:00:00"),
        ("charlie-high", Level::Standard, "2026-11-20T16:40", "2026-11-23T08:40:00"),
        ("delta-elementary", Level::Other, "2026-11-18T12:00", "2026-11-18T16:00:00"),
        ("bravo-middle", Level::Other, "2026-11-20T16:00", "2026-11-23T11:00:00"),
    ];
    for (school, level, received, expected) in table {
        let plan = make(&Case { school, level, received, now: received, marks: "", excluded: &[] }, |_| {}).expect("ready");
        assert_eq!(due(&plan), expected, "{school} {level:?}");
        assert!(!plan.steps.is_empty());
    }
}

/// The notes of a Critical plan after this damage.
fn notes(case: &Case<'_>, damage: impl FnOnce(&mut Directory)) -> String {
    make(case, damage).expect("ready").notes.join("\n")
}

pub(super) fn person<'a>(directory: &'a mut Directory, organization: &str, index: usize) -> &'a mut Person {
    &mut directory.persons.get_mut(&key(organization)).expect("listed")[index]
}

#[test]
fn notes_say_what_is_missing() {
    let school = |d: &mut Directory, change: fn(&mut Organization)| change(d.organizations.get_mut(&key("delta-high")).expect("there"));
    let no_phone = |d: &mut Directory| person(d, "delta-high", 1).points.retain(|point| point.means != Means::Call);
    let no_mail = |d: &mut Directory| person(d, "delta-police", 0).points.retain(|point| point.means != Means::Mail);
    assert_eq!(notes(&WEDNESDAY, no_phone), "Sam Example (Delta High School) has no phone number and is not called.");
    assert_eq!(notes(&WEDNESDAY, no_mail), "Delta Desk (Delta Police Department) has no mail address and is not mailed.");
    let no_police = notes(&WEDNESDAY, |d| school(d, |s| s.police = None));
    assert_eq!(no_police, "Delta High School has no police agency in the directory: tell the police yourself.");
    let no_district = notes(&WEDNESDAY, |d| school(d, |s| s.district = None));
    assert!(no_district.contains("has no district in the directory"), "{no_district}");
    let empty = notes(&WEDNESDAY, |d| drop(d.persons.remove(&key("delta-police"))));
    assert_eq!(empty, "Delta Police Department has nobody in the directory: nobody there is told.");
    let unmarked = Case { level: Level::Standard, marks: "police", ..WEDNESDAY };
    assert!(notes(&unmarked, |d| school(d, |s| s.police = None)).starts_with("Police must be told of a safety issue"));
}

#[test]
fn stale_lists_are_noted_and_used() {
    let attested = |on: Option<Date>| move |d: &mut Directory| person(d, "delta-high", 0).attested_on = on;
    let note = "The list of Delta High School was not attested in the last year (Robin Example). It is used all the same.";
    for (on, stale) in [(None, true), (Some(date(2025, 11, 17)), true), (Some(date(2025, 11, 18)), false), (Some(date(2027, 1, 1)), false)]
    {
        let plan = make(&WEDNESDAY, attested(on)).expect("ready");
        assert_eq!(plan.notes == [note.to_owned()], stale, "{on:?}: {:?}", plan.notes);
        assert_eq!(plan.steps.len(), 15);
    }
}

#[test]
fn the_hour_is_noted_and_never_refuses_a_critical_tip() {
    let saturday = Case { received: "2026-11-21T22:00", now: "2026-11-21T22:02", ..WEDNESDAY };
    assert!(notes(&saturday, |_| {}).contains("police may make a welfare check (R20), and are told so"));
    assert!(lines(&make(&saturday, |_| {}).expect("ready"), saturday.now).contains(&"1 call delta-principal".to_owned()));
    let late = Case { now: "2026-11-18T11:00", ..WEDNESDAY };
    assert!(notes(&late, |_| {}).contains("everything starts at once"));
    let no_calendar =
        |d: &mut Directory| d.organizations.get_mut(&key("delta-high")).expect("there").calendar = "lost".parse().expect("a key");
    assert!(notes(&WEDNESDAY, no_calendar).contains("calendar lost is not in the configuration"));
    let standard = Case { level: Level::Standard, ..WEDNESDAY };
    assert_eq!(make(&standard, no_calendar), Err(CannotPlan::NoCalendar("lost".parse().expect("a key"))));
}

#[test]
fn what_cannot_be_planned_says_why() {
    let request = |change: fn(&mut Triage)| {
        let (mut triage, directory, calendars, policy) = (triage(&WEDNESDAY), fixture::county(), calendars(), Policy::default());
        change(&mut triage);
        let now = local(WEDNESDAY.now);
        plan(Request {
            triage: &triage,
            received_at: now,
            now,
            directory: &directory,
            calendars: &calendars,
            policy: &policy,
            line_name: "the line",
            excluded: &BTreeSet::new(),
            has_summary: false,
            calls_per_second: None,
        })
    };
    assert_eq!(request(|t| t.level = None), Err(CannotPlan::NotTriaged));
    assert_eq!(request(|t| t.types.clear()), Err(CannotPlan::NotTriaged));
    assert_eq!(request(|t| t.school = None), Err(CannotPlan::NoSchool));
    assert_eq!(request(|t| (t.level, t.marks.media_request) = (Some(Level::Other), true)), Err(CannotPlan::ForAdministrators));
    assert!(request(|t| t.marks.media_request = true).is_ok(), "R41 keeps nothing Critical from being told");
    assert_eq!(
        request(|t| t.school = Some(key("fox-district"))),
        Err(CannotPlan::NotReady(vec![NotReady::NotASchool(key("fox-district"))]))
    );
    assert_eq!(request(|t| t.school = Some(key("nowhere"))), Err(CannotPlan::NotReady(vec![NotReady::NotASchool(key("nowhere"))])));
    let no_psap = make(&WEDNESDAY, |d| d.organizations.get_mut(&key("delta-high")).expect("there").psap = None);
    let said = no_psap.map_err(|refused| refused.to_string()).expect_err("refused");
    assert!(said.starts_with("This cannot be dispatched: Delta High School has no PSAP"), "{said}");
}
