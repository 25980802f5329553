//! More tests of [`plan`](super): exclusions (R42), content that was accepted, several numbers, each organization's own hours, the flag of a
//! school that is not in session (R20), and a pace that cannot be kept.

use super::tests::{Case, WEDNESDAY, lines, local, make, make_with, person};
use super::*;
use crate::directory::fixture::key;
use crate::directory::{ContactPoint, ContentAccepted};
use jiff::civil::date;
use jiff::tz::TimeZone;

#[test]
fn an_excluded_person_gets_nothing_and_the_district_is_told_at_once() {
    let excluded = ["delta-principal"];
    let critical = make(&Case { excluded: &excluded, ..WEDNESDAY }, |_| {}).expect("ready");
    let expected = [
        "0 call fox-911-desk",
        "0 call fox-911-chief",
        "1 call delta-assistant",
        "1 call delta-officer",
        "1 call delta-police-desk",
        "1 call delta-super",
        "2 mail fox-911-desk",
        "2 mail fox-911-chief",
        "2 mail delta-assistant",
        "2 mail delta-officer",
        "2 mail delta-police-desk",
        "2 mail delta-super",
    ];
    assert_eq!(lines(&critical, WEDNESDAY.now), expected);
    let note = "1 person is left out and gets nothing (R42). Delta School District is told in place of Delta High School's, at once.";
    assert_eq!(critical.notes, [note]);
    for level in [Level::Standard, Level::Other] {
        let plan = make(&Case { level, excluded: &excluded, ..WEDNESDAY }, |_| {}).expect("ready");
        let told = lines(&plan, WEDNESDAY.now);
        assert_eq!(told, ["0 mail delta-assistant", "0 mail delta-officer", "0 mail delta-super"], "{level:?}");
        assert_eq!(plan.notes[0], note, "{level:?}");
    }
}

#[test]
fn exclusions_elsewhere_bring_no_district_and_say_who_is_left() {
    let case = |excluded: &'static [&'static str]| Case { excluded, ..WEDNESDAY };
    let plan = make(&case(&["delta-police-desk"]), |_| {}).expect("ready");
    assert!(lines(&plan, WEDNESDAY.now).contains(&"+300s call delta-super".to_owned()), "the district stands by as ever");
    assert_eq!(
        plan.notes,
        ["1 person is left out and gets nothing (R42).", "Nobody else is listed for Delta Police Department: nobody there is told."]
    );
    let plan = make(&case(&["delta-principal", "delta-super"]), |_| {}).expect("ready");
    assert!(plan.notes[0].starts_with("2 persons are left out and get nothing (R42). Delta School District"), "{:?}", plan.notes);
    assert!(plan.notes[1].contains("Nobody else is listed for Delta School District"), "{:?}", plan.notes);
    let no_district = |d: &mut Directory| d.organizations.get_mut(&key("delta-high")).expect("there").district = None;
    let plan = make(&case(&["delta-principal"]), no_district).expect("ready");
    assert!(plan.notes.iter().any(|note| note.contains("tell somebody above them yourself")), "{:?}", plan.notes);
    let nobody_listed = make(&case(&["somebody-else"]), |_| {}).expect("ready");
    assert_eq!(nobody_listed.notes, Vec::<String>::new());
}

#[test]
fn content_goes_only_where_it_was_accepted_in_writing_and_only_when_it_was_written() {
    let accepted = |by_mail, by_speech, dated: bool| {
        move |d: &mut Directory| {
            let on = dated.then(|| date(2026, 9, 1));
            d.organizations.get_mut(&key("delta-high")).expect("there").content = ContentAccepted { by_mail, by_speech, on };
        }
    };
    let with_content = |marks: &'static str, damage: &dyn Fn(&mut Directory)| {
        let plan = make(&Case { marks, ..WEDNESDAY }, damage).expect("ready");
        let carrying = plan.steps.into_iter().filter(|step| step.content == StepContent::Summary);
        carrying.map(|step| (step.organization.to_string(), step.means)).collect::<BTreeSet<_>>()
    };
    let delta = |means: &[Means]| means.iter().map(|means| ("delta-high".to_owned(), *means)).collect::<BTreeSet<_>>();
    assert_eq!(with_content("summary", &accepted(true, false, true)), delta(&[Means::Mail]));
    assert_eq!(with_content("summary", &accepted(false, true, true)), delta(&[Means::Call]));
    assert_eq!(with_content("summary", &accepted(true, true, true)), delta(&[Means::Mail, Means::Call]), "never in a text");
    assert_eq!(with_content("summary", &accepted(true, true, false)), delta(&[]), "without a date nothing was accepted");
    assert_eq!(with_content("summary", &|_| {}), delta(&[]));
    assert_eq!(with_content("", &accepted(true, true, true)), delta(&[]), "nothing was written");
}

#[test]
fn each_organization_has_the_hours_of_its_own_calendar() {
    // Police keep no office hours: on a Friday at 16:40 they have until 17:40, the school until Monday 08:40.
    let friday = Case { level: Level::Standard, marks: "police", received: "2026-11-20T16:40", now: "2026-11-20T16:41", ..WEDNESDAY };
    let due = |plan: &Plan, kind: Kind| {
        let at = plan.steps.iter().find(|step| step.kind == kind).expect("told").due_at;
        at.to_zoned(TimeZone::get("America/Chicago").expect("bundled")).datetime().to_string()
    };
    let plan = make(&friday, |_| {}).expect("ready");
    assert_eq!((due(&plan, Kind::Police).as_str(), due(&plan, Kind::School).as_str()), ("2026-11-20T17:40:00", "2026-11-23T08:40:00"));
    assert_eq!(plan.due_at, local("2026-11-23T08:40"), "the whole is done when the last is");
    // An organization whose calendar is missing has the school's time.
    let lost = |d: &mut Directory| d.organizations.get_mut(&key("delta-police")).expect("there").calendar = "lost".parse().expect("a key");
    assert_eq!(due(&make(&friday, lost).expect("ready"), Kind::Police), "2026-11-23T08:40:00");
    // Critical is by the minute for everybody.
    let critical = make(&Case { level: Level::Critical, ..friday }, lost).expect("ready");
    assert!(critical.steps.iter().all(|step| step.due_at == local("2026-11-20T17:00")));
}

#[test]
fn due_times_over_breaks_and_the_nights_when_the_clock_changes() {
    let table = [
        (Level::Standard, "2026-12-18T16:40", "2027-01-04T08:40"), // a break from 21 December to New Year's Day
        (Level::Other, "2026-12-24T10:00", "2027-01-04T12:00"),
        (Level::Standard, "2026-11-25T16:30", "2026-11-30T08:30"), // Thanksgiving and the Friday after
        (Level::Standard, "2026-10-30T16:30", "2026-11-02T08:30"), // clocks go back on the Sunday
        (Level::Other, "2027-03-12T15:00", "2027-03-15T10:00"),    // and forward
        (Level::Critical, "2026-12-25T03:00", "2026-12-25T03:20"),
        (Level::Critical, "2026-11-01T00:50", "2026-11-01T01:10"), // 01:10 comes twice: the first
        (Level::Critical, "2027-03-14T01:50", "2027-03-14T03:10"), // 02:00 to 03:00 does not exist
    ];
    for (level, received, due) in table {
        let plan = make_with(&Case { level, received, now: received, ..WEDNESDAY }, |_| {}, closed).expect("ready");
        let school = plan.steps.iter().find(|step| step.kind == Kind::School).expect("told");
        assert_eq!(school.due_at, local(due), "{level:?} {received}");
    }
    let never = |calendars: &mut BTreeMap<CalendarKey, Calendar>| {
        calendars.get_mut(&"school".parse().expect("a key")).expect("there").hours.clear();
    };
    let standard = make_with(&Case { level: Level::Standard, ..WEDNESDAY }, |_| {}, never);
    assert!(matches!(standard, Err(CannotPlan::NeverOpen(_))), "{standard:?}");
    assert!(make_with(&WEDNESDAY, |_| {}, never).is_ok(), "a Critical due time needs no calendar");
}

/// The school's calendar with Thanksgiving and a winter break.
fn closed(calendars: &mut BTreeMap<CalendarKey, Calendar>) {
    let school = calendars.get_mut(&"school".parse().expect("a key")).expect("there");
    let winter = date(2026, 12, 21).series(jiff::ToSpan::days(1)).take_while(|day| *day <= date(2027, 1, 1));
    school.closed_on = winter.chain([date(2026, 11, 26), date(2026, 11, 27)]).collect();
}

#[test]
fn police_and_psap_hear_that_the_school_is_not_in_session_and_nobody_else_does() {
    let saturday = Case { received: "2026-11-21T22:00", now: "2026-11-21T22:02", ..WEDNESDAY };
    let plan = make(&saturday, |_| {}).expect("ready");
    for step in &plan.steps {
        let told = matches!(step.kind, Kind::Psap | Kind::Police);
        assert_eq!(step.session == Session::Out, told, "{}", step.person);
        assert_eq!(step.says.contains("not in session"), told && step.means != Means::Text, "{}", step.says);
    }
    let weekday = make(&WEDNESDAY, |_| {}).expect("ready");
    assert!(weekday.steps.iter().all(|step| step.session == Session::Unsaid && !step.says.contains("session")));
    let standard = make(&Case { level: Level::Standard, ..saturday }, |_| {}).expect("ready");
    assert!(standard.steps.iter().all(|step| step.session == Session::Unsaid), "only where a life may be at stake");
}

#[test]
fn the_number_shown_is_the_one_that_is_called_at_this_hour() {
    let two = |d: &mut Directory| {
        let office = ContactPoint { hours: Some("school".parse().expect("a key")), ..ContactPoint::plain(Means::Call, "…71".to_owned()) };
        let home = ContactPoint::plain(Means::Call, "…72".to_owned());
        person(d, "delta-high", 0).points = vec![office, home, ContactPoint::plain(Means::Mail, "…rg".to_owned())];
    };
    let tail = |case: &Case<'_>| {
        let plan = make(case, two).expect("ready");
        plan.steps.iter().find(|step| step.person.as_str() == "delta-principal" && step.means == Means::Call).expect("called").tail.clone()
    };
    assert_eq!(tail(&WEDNESDAY), "…71");
    assert_eq!(tail(&Case { received: "2026-11-21T22:00", now: "2026-11-21T22:02", ..WEDNESDAY }), "…72");
}

#[test]
fn a_landline_gets_no_text_and_the_line_itself_is_never_told() {
    let landline = |d: &mut Directory| {
        for point in person(d, "delta-high", 0).points.iter_mut().filter(|point| point.means == Means::Text) {
            point.landline = true;
        }
    };
    let plan = make(&WEDNESDAY, landline).expect("ready");
    assert!(plan.steps.iter().all(|step| step.means != Means::Text));
    assert_eq!(plan.notes, ["Robin Example (Delta High School) is listed for texts on a landline, which takes none."]);
    assert!(plan.steps.iter().all(|step| step.kind != Kind::Line));
}

#[test]
fn a_pace_that_cannot_be_kept_is_noted_before_it_runs() {
    let notes = |pace: f64| {
        let mut plan = super::tests::with_pace(&WEDNESDAY, pace).expect("ready");
        plan.notes.pop()
    };
    assert_eq!(notes(5.0), None);
    let expected = "At 0.005 calls in a second 2 of the 7 calls start after their due time: call by hand, too.";
    assert_eq!(notes(0.005).as_deref(), Some(expected));
}
