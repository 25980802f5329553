//! Tests of [`Telling`](super::Telling): who is paged on which rung, who hears of news, who is drilled and who is asked afterwards.

use super::*;
use crate::directory::fixture::{self, key};
use crate::directory::{ContactPoint, ContentAccepted};
use crate::id::{ConversationId, DispatchId, ObligationId};
use crate::language::Language;
use jiff::civil::time;
use jiff::tz::TimeZone;
use uuid::Uuid;

fn calendars() -> BTreeMap<CalendarKey, Calendar> {
    let office = |key: &str, days: i8, opens: i8, closes: i8| Calendar {
        key: key.parse().expect("a key"),
        zone: TimeZone::get("America/Chicago").expect("bundled"),
        hours: (0..days).map(|day| (day, (time(opens, 0, 0, 0), time(closes, 0, 0, 0)))).collect(),
        closed_on: BTreeSet::new(),
    };
    [office("school", 5, 8, 17), office("always", 7, 0, 0)].map(|calendar| (calendar.key.clone(), calendar)).into()
}

fn local(text: &str) -> Timestamp {
    let zone = TimeZone::get("America/Chicago").expect("bundled");
    zone.to_timestamp(text.parse::<jiff::civil::DateTime>().expect("a local time")).expect("a moment")
}

/// What `ask` answers on a Wednesday morning.
fn with<T>(damage: impl FnOnce(&mut Directory), ask: impl FnOnce(Telling<'_>) -> T) -> T {
    let mut directory = fixture::county();
    damage(&mut directory);
    let (calendars, policy) = (calendars(), Policy::default());
    ask(Telling {
        now: local("2026-11-18T10:00"),
        directory: &directory,
        calendars: &calendars,
        policy: &policy,
        line_name: "Safe2Help Illinois",
    })
}

fn lines(steps: &[Step]) -> Vec<String> {
    steps.iter().map(|step| format!("{} {}", step.means.as_str(), step.person)).collect()
}

/// The line's own supervisors, each with these places in the order; all have a phone and a mail address, the first a number for texts.
fn desk(orders: &[u16]) -> impl FnOnce(&mut Directory) {
    let orders = orders.to_vec();
    move |directory| {
        let line = Organization {
            key: key("desk"),
            kind: Kind::Line,
            name: "The tip line".to_owned(),
            county: None,
            district: None,
            psap: None,
            police: None,
            hotline: None,
            calendar: "always".parse().expect("a key"),
            content: ContentAccepted::default(),
        };
        directory.organizations.insert(line.key.clone(), line);
        let person = |(index, order): (usize, &u16)| Person {
            key: format!("sup-{}", index + 1).parse().expect("a key"),
            organization: key("desk"),
            name: "Chris Sample".to_owned(),
            role: "Supervisor".to_owned(),
            order: *order,
            language: Language::En,
            points: [Means::Call, Means::Mail, Means::Text]
                .into_iter()
                .filter(|means| index == 0 || *means != Means::Text)
                .map(|means| ContactPoint::plain(means, "…42".to_owned()))
                .collect(),
            attested_on: None,
        };
        directory.persons.insert(key("desk"), orders.iter().enumerate().map(person).collect());
    }
}

#[test]
fn a_page_goes_to_the_supervisors_of_its_rung() {
    let first = vec!["call sup-1", "text sup-1", "mail sup-1"];
    let second = vec!["call sup-2", "mail sup-2"];
    let both: Vec<&str> = vec!["call sup-2", "call sup-3", "mail sup-2", "mail sup-3"];
    let table = [
        (&[1_u16, 2][..], 0_u8, first.clone()),
        (&[1, 2], 1, second.clone()),
        (&[1, 2], 2, second.clone()),
        (&[1, 2], 200, second.clone()),
        (&[1, 2, 2], 1, both),
        (&[1], 3, first.clone()),
        (&[1, 5], 1, second),
        (&[], 0, vec![]),
    ];
    for (orders, rung, expected) in table {
        let steps = with(desk(orders), |telling| telling.page(PageReason::Unsorted, rung));
        assert_eq!(lines(&steps), expected, "{orders:?} {rung}");
    }
    let none = with(|_| {}, |telling| telling.page(PageReason::Unsorted, 0));
    assert_eq!(none, [], "nobody is listed");
    // Each rung is due before the next one is paged; the last has five minutes.
    for (rung, minutes) in [(0_u8, 3_i64), (1, 4), (2, 5), (3, 5), (9, 5)] {
        let steps = with(desk(&[1]), |telling| telling.page(PageReason::NotDispatched, rung));
        assert_eq!(steps[0].due_at.duration_since(local("2026-11-18T10:00")).as_mins(), minutes, "{rung}");
        assert!(steps[0].says.contains("an urgent report waits"), "{}", steps[0].says);
    }
}

/// The obligations of a Critical plan for Delta High, all waiting but the district, which stands by.
fn told(telling: Telling<'_>) -> Vec<Obligation> {
    let ids = || (ObligationId::new(Uuid::nil()), DispatchId::new(Uuid::nil()), ConversationId::new(Uuid::nil()));
    let plan = telling.drill(&key("delta-high")).expect("ready");
    let one = |step: Step| {
        let (id, dispatch, conversation) = ids();
        let start = if step.kind == Kind::District { Start::Standby(telling.later(SignedDuration::from_mins(5))) } else { step.start };
        Obligation::new(id, dispatch, conversation, Level::Critical, Step { start, ..step }, telling.now)
    };
    plan.steps.into_iter().map(one).collect()
}

#[test]
fn news_goes_to_those_who_were_told_by_what_they_read() {
    let steps = with(|_| {}, |telling| telling.update(&told(telling), Level::Critical));
    let expected = [
        "mail fox-911-desk",
        "mail fox-911-chief",
        "mail delta-principal",
        "mail delta-assistant",
        "mail delta-officer",
        "mail delta-police-desk",
        "text delta-principal",
    ];
    assert_eq!(lines(&steps), expected, "no calls, and not the district that stands by");
    assert!(steps.iter().all(|step| step.due_at == local("2026-11-18T10:01")));
    // Once the district's turn has come it hears of news, and an update or a drill tells nobody of a tip.
    let mut all = with(|_| {}, told);
    all.iter_mut().filter(|one| one.step.kind == Kind::District).for_each(|one| one.state = State::Waiting { next_at: one.step.due_at });
    let steps = with(|_| {}, |telling| telling.update(&all, Level::Critical));
    assert_eq!(steps.len(), expected.len() + 1);
    let drilled: Vec<Obligation> = all.into_iter().map(|one| one.for_purpose(Purpose::Drill)).collect();
    assert_eq!(with(|_| {}, |telling| telling.update(&drilled, Level::Critical)), []);
    // Who has left the directory is told nothing more.
    let gone = |directory: &mut Directory| drop(directory.persons.remove(&key("delta-high")));
    let all = with(|_| {}, told);
    assert_eq!(with(gone, |telling| telling.update(&all, Level::Critical)).len(), 3);
}

#[test]
fn the_district_is_told_in_the_schools_place() {
    let mut all = with(|_| {}, told);
    let failed = all.remove(all.iter().position(|one| one.step.person.to_string() == "delta-principal").expect("there"));
    let steps = with(|_| {}, |telling| telling.district(&failed, &[]));
    assert_eq!(lines(&steps), ["mail delta-super"]);
    assert!(steps.iter().all(|step| step.due_at == failed.step.due_at && step.kind == Kind::District));
    let excluded = ["delta-super".parse().expect("a key")];
    assert_eq!(with(|_| {}, |telling| telling.district(&failed, &excluded)), []);
    let alone = |directory: &mut Directory| directory.organizations.get_mut(&key("delta-high")).expect("there").district = None;
    assert_eq!(with(alone, |telling| telling.district(&failed, &[])), []);
}

#[test]
fn feedback_is_asked_for_once_a_person_by_mail_in_business_time() {
    let steps = with(|_| {}, |telling| telling.feedback(&told(telling), Level::Critical));
    assert_eq!(steps.len(), 6);
    assert!(steps.iter().all(|step| step.means == Means::Mail && step.due_at == local("2026-11-18T14:00")));
}

#[test]
fn a_drill_reaches_everybody_at_once_and_says_what_it_is() {
    let plan = with(|_| {}, |telling| telling.drill(&key("delta-high")).expect("ready"));
    assert_eq!(plan.level, Level::Other);
    let expected = [
        "call fox-911-desk",
        "call fox-911-chief",
        "call delta-principal",
        "call delta-assistant",
        "call delta-officer",
        "call delta-police-desk",
        "call delta-super",
        "mail fox-911-desk",
        "mail fox-911-chief",
        "mail delta-principal",
        "mail delta-assistant",
        "mail delta-officer",
        "mail delta-police-desk",
        "mail delta-super",
        "text delta-principal",
    ];
    assert_eq!(lines(&plan.steps), expected);
    assert!(plan.steps.iter().all(|step| step.says.contains("This is a test") && matches!(step.start, Start::Now(_))));
    let due = |kind: Kind| plan.steps.iter().find(|step| step.kind == kind).expect("there").due_at;
    assert_eq!((due(Kind::School), due(Kind::Psap)), (local("2026-11-19T17:00"), local("2026-11-20T00:00")));
    // A school that could not be dispatched to is drilled all the same: the drill is to find out what does not work.
    let silent = |directory: &mut Directory| drop(directory.persons.remove(&key("delta-high")));
    let plan = with(silent, |telling| telling.drill(&key("delta-high")).expect("drilled"));
    assert!(plan.notes.iter().any(|note| note.contains("has no point of contact with a phone number")), "{:?}", plan.notes);
    let refused = with(|_| {}, |telling| telling.drill(&key("nowhere")));
    assert!(matches!(refused, Err(CannotPlan::NotReady(_))));
    // A county is drilled for its schools that are not enrolled.
    let county = |directory: &mut Directory| {
        directory.organizations.get_mut(&key("fox-county")).expect("there").psap = Some(key("fox-911"));
    };
    let plan = with(county, |telling| telling.drill(&key("fox-county")).expect("ready"));
    assert_eq!(lines(&plan.steps), ["call fox-911-desk", "call fox-911-chief", "mail fox-911-desk", "mail fox-911-chief"]);
}
