//! Who may see a tip, and where they stand with it, over made-up tellings.

use super::access::{Telling, through};
use super::login::Enduser;
use super::tip::mine;
use super::view::Mine;
use crate::store::rows::{DispatchRow, ObligationRow};
use domain::channel::Means;
use domain::directory::{ContactPoint, Kind, Person};
use domain::dispatch::obligation::{Obligation, State};
use domain::dispatch::plan::{Session, Start, Step, StepContent};
use domain::dispatch::purpose::{PageReason, Purpose};
use domain::id::{ConversationId, DispatchId, ObligationId};
use domain::language::Language;
use domain::level::Level;
use jiff::Timestamp;
use uuid::Uuid;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// `principal@delta-high`.
fn person(text: &str) -> Person {
    let (key, organization) = text.split_once('@').unwrap();
    Person {
        key: key.parse().unwrap(),
        organization: organization.parse().unwrap(),
        name: key.to_owned(),
        role: key.to_owned(),
        order: 1,
        language: Language::En,
        points: vec![ContactPoint::plain(Means::Mail, "…rg".to_owned())],
        attested_on: None,
    }
}

fn who(persons: &[&str], same: &[&str]) -> Enduser {
    Enduser::of(persons.iter().map(|text| person(text)), same.iter().map(|key| key.parse().unwrap()))
}

/// A telling of these persons, each `principal@delta-high call now`.
fn telling(purpose: Purpose, excluded: &[&str], owed: &[&str]) -> Telling {
    let (dispatch, conversation) = (DispatchId::new(Uuid::from_u128(1)), ConversationId::new(Uuid::from_u128(2)));
    let row = |(place, text): (usize, &&str)| {
        let words: Vec<&str> = text.split(' ').collect();
        let listed = person(words[0]);
        let step = Step {
            organization_name: listed.organization.to_string(),
            organization: listed.organization,
            kind: Kind::School,
            person: listed.key,
            person_name: listed.name,
            role: listed.role,
            means: Means::parse(words[1]).unwrap(),
            tail: "…rg".to_owned(),
            says: String::new(),
            due_at: at(1200),
            start: if words[2] == "standby" { Start::Standby(at(300)) } else { Start::Now(0) },
            content: StepContent::Nothing,
            session: Session::Unsaid,
        };
        let id = ObligationId::new(Uuid::from_u128(10 + place as u128));
        let mut obligation = Obligation::new(id, dispatch, conversation, Level::Critical, step, at(0)).for_purpose(purpose);
        match words[2] {
            "released" => obligation.state = State::Released { at: at(9) },
            "confirmed" => obligation.confirmed_at = Some(at(9)),
            _ => {}
        }
        ObligationRow { obligation, place: place as u32, version: 1 }
    };
    let dispatch = DispatchRow {
        id: dispatch,
        conversation,
        level: Level::Critical,
        started_at: at(0),
        due_at: at(1200),
        started_by: None,
        purpose,
        summary: None,
        excluded: excluded.iter().map(|key| key.parse().unwrap()).collect(),
    };
    (dispatch, owed.iter().enumerate().map(row).collect())
}

#[test]
fn a_tip_is_seen_through_an_organization_that_was_told() {
    let table: [(&[&str], Purpose, &[&str], usize); 10] = [
        (&["principal@delta-high"], Purpose::Tip, &["principal@delta-high mail now"], 1),
        (&["secretary@delta-high"], Purpose::Tip, &["principal@delta-high mail now"], 1),
        (&["principal@echo-high"], Purpose::Tip, &["principal@delta-high mail now"], 0),
        (&["safety@district"], Purpose::Tip, &["principal@delta-high call now", "safety@district call standby"], 0),
        (&["safety@district"], Purpose::Tip, &["safety@district call released"], 0),
        (&["principal@delta-high"], Purpose::Drill, &["principal@delta-high call now"], 1),
        (&["principal@delta-high"], Purpose::Update, &["principal@delta-high mail now"], 0),
        (&["principal@delta-high"], Purpose::Feedback, &["principal@delta-high mail now"], 0),
        (&["supervisor@line"], Purpose::Page(PageReason::Unsorted), &["supervisor@line call now"], 0),
        (&["officer@delta-high", "officer@echo-high"], Purpose::Tip, &["officer@echo-high mail now"], 1),
    ];
    for (persons, purpose, owed, expected) in table {
        assert_eq!(through(&who(persons, &[]), &[telling(purpose, &[], owed)]).len(), expected, "{persons:?} {purpose:?} {owed:?}");
    }
    assert!(through(&who(&["principal@delta-high"], &[]), &[]).is_empty(), "nobody was told");
}

#[test]
fn whoever_is_left_out_sees_nothing_under_any_of_their_names_until_they_are_put_back() {
    let owed: &[&str] = &["assistant@delta-high mail now", "principal@delta-high mail now"];
    let told = || telling(Purpose::Tip, &[], owed);
    let mut tellings = vec![told(), telling(Purpose::Tip, &["principal"], owed), telling(Purpose::Update, &[], owed)];
    assert!(through(&who(&["principal@delta-high"], &[]), &tellings).is_empty());
    assert!(through(&who(&["coach@delta-high"], &["principal"]), &tellings).is_empty(), "the same human by a shared address");
    assert_eq!(through(&who(&["assistant@delta-high"], &[]), &tellings).len(), 1);
    tellings.push(told());
    assert_eq!(through(&who(&["principal@delta-high"], &[]), &tellings).len(), 1, "a later dispatch left nobody out");
}

#[test]
fn somebody_is_asked_until_one_of_their_obligations_is_confirmed() {
    let principal = who(&["principal@delta-high"], &[]);
    let stands = |owed: &[&str]| mine(&principal, &[telling(Purpose::Tip, &[], owed)]);
    assert_eq!(stands(&["principal@delta-high call now", "principal@delta-high mail now"]), Mine::Asked);
    assert_eq!(stands(&["principal@delta-high call now", "principal@delta-high mail confirmed"]), Mine::Confirmed(at(9)));
    assert_eq!(stands(&["assistant@delta-high call now"]), Mine::NotAsked);
    let again = [
        telling(Purpose::Tip, &[], &["principal@delta-high call confirmed"]),
        telling(Purpose::Update, &[], &["principal@delta-high mail now"]),
    ];
    assert_eq!(mine(&principal, &again), Mine::Asked, "news asks again");
}
