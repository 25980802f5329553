//! Staff, the directory, values.

use crate::fixture::Fresh;
use crate::rows::*;
use domain::channel::Means;
use domain::conversation::triage::StaffRole;
use domain::directory::{ContactPoint, ContentAccepted, Kind, Organization, Person};
use domain::id::PersonKey;
use domain::language::Language;
use tipline::store::commit::Write;
use tipline::store::rows::*;
use tipline::vault::sealed::{BlindIndex, Sealed};

fn staff(n: u32, login: &str) -> StaffRow {
    StaffRow {
        id: staff_id(n),
        login: login.to_owned(),
        name: "Sam Example".to_owned(),
        role: StaffRole::Analyst,
        password_hash: "$argon2id$…".to_owned(),
        created_at: at(0),
    }
}

fn session(n: u8, since: i64, until: i64) -> SessionRow {
    SessionRow { token_hash: [n; 32], staff: staff_id(1), csrf: "secret".to_owned(), created_at: at(since), expires_at: at(until) }
}

pub async fn staff_sessions_and_tokens(fresh: Fresh) {
    fresh.write([Write::Staff(staff(1, "sam")), Write::Session(session(1, 0, 60))]).await;
    let changed = StaffRow { role: StaffRole::Supervisor, name: "Sam E.".to_owned(), ..staff(2, "sam") };
    fresh.write([Write::Staff(changed.clone()), Write::Staff(staff(3, "alex"))]).await;
    let sam = StaffRow { id: staff_id(1), ..changed };
    assert_eq!(fresh.store.staff_by_login("sam".to_owned()).await.unwrap(), Some(sam.clone()), "changed by login name, the id stays");
    assert_eq!(fresh.store.staff_by_login("nobody".to_owned()).await.unwrap(), None);
    assert_eq!(fresh.store.staff().await.unwrap(), [staff(3, "alex"), sam.clone()]);
    assert_eq!(fresh.store.session([1; 32], at(59)).await.unwrap(), Some((session(1, 0, 60), sam.clone())));
    assert_eq!(fresh.store.session([1; 32], at(60)).await.unwrap(), None);
    assert_eq!(fresh.store.session([2; 32], at(0)).await.unwrap(), None);
    let token = ApiTokenRow { token_hash: [9; 32], staff: staff_id(1), label: "reports".to_owned(), created_at: at(1) };
    fresh.write([Write::ApiToken(token.clone())]).await;
    assert_eq!(fresh.store.api_token([9; 32]).await.unwrap(), Some((token, sam)));
    assert_eq!(fresh.store.api_token([8; 32]).await.unwrap(), None);
}

pub async fn a_session_ends_and_old_ones_are_swept(fresh: Fresh) {
    fresh.write([Write::Staff(staff(1, "sam")), Write::Session(session(1, 0, 10)), Write::Session(session(2, 0, 100))]).await;
    fresh.write([Write::SessionEnd([2; 32])]).await;
    assert_eq!(fresh.store.session([2; 32], at(1)).await.unwrap(), None);
    fresh.write([Write::Session(session(3, 20, 100))]).await;
    assert_eq!(fresh.store.session([1; 32], at(1)).await.unwrap(), None, "swept: it had expired when the next began");
    assert!(fresh.store.session([3; 32], at(21)).await.unwrap().is_some());
}

pub async fn failed_logins_are_counted(fresh: Fresh) {
    let row = |failures| ThrottleRow { name: "sam".to_owned(), failures, not_before: at(i64::from(failures)) };
    assert_eq!(fresh.store.throttle("sam".to_owned()).await.unwrap(), None);
    fresh.write([Write::Throttle(row(1))]).await;
    fresh.write([Write::Throttle(row(2))]).await;
    assert_eq!(fresh.store.throttle("sam".to_owned()).await.unwrap(), Some(row(2)));
    fresh.write([Write::Throttle(row(0))]).await;
    assert_eq!(fresh.store.throttle("sam".to_owned()).await.unwrap(), None, "a name without failures has no row");
}

fn address(person: PersonKey, name: &str, point: u8) -> AddressRow {
    let index = (point == 0).then(|| BlindIndex([name.as_bytes()[0]; 32]));
    AddressRow { person, means: Means::Call, point, sealed: Sealed(format!("{name}-{point}").into_bytes()), index }
}

fn directory(names: &[&str]) -> DirectoryRows {
    let organization = |key: &str| Organization {
        key: key.parse().unwrap(),
        kind: Kind::School,
        name: format!("The {key}"),
        county: Some("example-county".parse().unwrap()),
        district: None,
        psap: Some("example-psap".parse().unwrap()),
        police: None,
        hotline: Some("example-hotline".parse().unwrap()),
        calendar: "school-year".parse().unwrap(),
        content: ContentAccepted { by_mail: true, by_speech: false, on: Some("2026-09-01".parse().unwrap()) },
    };
    let person = |key: &str| Person {
        key: format!("{key}-principal").parse().unwrap(),
        organization: key.parse().unwrap(),
        name: "Pat Example".to_owned(),
        role: "Principal".to_owned(),
        order: 1,
        language: Language::Es,
        points: vec![ContactPoint {
            extension: "12".to_owned(),
            hours: Some("school-year".parse().unwrap()),
            ..ContactPoint::plain(Means::Call, "…42".to_owned())
        }],
        attested_on: Some("2026-09-01".parse().unwrap()),
    };
    DirectoryRows {
        organizations: names.iter().map(|name| organization(name)).collect(),
        persons: names.iter().map(|name| person(name)).collect(),
        addresses: names.iter().flat_map(|name| [address(person(name).key, name, 0), address(person(name).key, name, 1)]).collect(),
    }
}

pub async fn the_directory_is_replaced_whole(fresh: Fresh) {
    assert_eq!(fresh.store.directory().await.unwrap(), DirectoryRows::default());
    fresh.write([Write::Directory(Box::new(directory(&["delta-high", "alpha-middle"])))]).await;
    fresh.write([Write::Directory(Box::new(directory(&["gamma-high", "delta-high", "beta-high"])))]).await;
    assert_eq!(fresh.store.directory().await.unwrap(), directory(&["gamma-high", "delta-high", "beta-high"]), "in the order of the import");
    let addresses = async |person: &str, means| fresh.store.addresses(person.parse().unwrap(), means).await.unwrap();
    let key: PersonKey = "delta-high-principal".parse().unwrap();
    let both = vec![address(key.clone(), "delta-high", 0), address(key.clone(), "delta-high", 1)];
    assert_eq!(addresses("delta-high-principal", Means::Call).await, both, "in the order of the list");
    assert_eq!(addresses("delta-high-principal", Means::Mail).await, []);
    assert_eq!(addresses("alpha-middle-principal", Means::Call).await, []);
    assert_eq!(fresh.store.persons_at(BlindIndex([b'd'; 32])).await.unwrap(), [(key, Means::Call)]);
    assert_eq!(fresh.store.persons_at(BlindIndex([b'x'; 32])).await.unwrap(), []);
}

pub async fn values_are_kept(mut fresh: Fresh) {
    assert_eq!(fresh.store.meta("key_check").await.unwrap(), None);
    fresh.write([Write::Meta("key_check", "one".to_owned())]).await;
    fresh.write([Write::Meta("key_check", "two".to_owned())]).await;
    fresh.reopen().await;
    assert_eq!(fresh.store.meta("key_check").await.unwrap().as_deref(), Some("two"));
}
