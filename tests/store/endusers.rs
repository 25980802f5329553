//! What endusers have of their own: PINs, codes and sessions of the portal, notes, feedback, and whose tips they are.

use crate::fixture::Fresh;
use crate::rows::*;
use domain::dispatch::purpose::{PageReason, Purpose};
use domain::id::{LoginCodeId, OrganizationKey, PersonKey};
use tipline::store::commit::{Outcome, Write};
use tipline::store::endusers::*;
use tipline::vault::sealed::Sealed;

fn person(key: &str) -> PersonKey {
    key.parse().unwrap()
}

fn write(write: EnduserWrite) -> Write {
    Write::Enduser(Box::new(write))
}

pub async fn of_a_persons_pins_the_last_counts(fresh: Fresh) {
    let pin = |key: &str, n: u8, by: Option<u32>| PinRow {
        person: person(key),
        mac: Some([n; 32]),
        set_at: at(i64::from(n)),
        set_by: by.map(staff_id),
    };
    let rows = [pin("principal", 1, Some(1)), pin("officer", 2, Some(1)), pin("principal", 3, None)];
    fresh.write(rows.clone().map(|row| write(EnduserWrite::Pin(row)))).await;
    assert_eq!(fresh.store.pin(person("principal")).await.unwrap(), Some(rows[2].clone()));
    assert_eq!(fresh.store.pin(person("nobody")).await.unwrap(), None);
    assert_eq!(fresh.store.pins().await.unwrap(), [rows[1].clone(), rows[2].clone()]);
    fresh.write([Write::Directory(Box::default())]).await;
    assert!(fresh.store.pin(person("officer")).await.unwrap().is_some(), "an import takes no PIN away");
    let void = PinRow { mac: None, ..pin("officer", 4, None) };
    fresh.write([write(EnduserWrite::Pin(void.clone()))]).await;
    assert_eq!(fresh.store.pin(person("officer")).await.unwrap(), Some(void), "until somebody else has their place");
}

pub async fn a_code_is_tried_by_one_at_a_time(fresh: Fresh) {
    let code = |n: u8, minutes: i64| LoginCodeRow {
        id: LoginCodeId::new(uuid(9, u32::from(n))),
        index: index(7, 1),
        mac: [n; 32],
        created_at: at(minutes),
        expires_at: at(minutes + 10),
        tries: 0,
        version: 0,
    };
    fresh.write([write(EnduserWrite::LoginCode(code(1, 0)))]).await;
    let mut row = fresh.store.login_code(code(1, 0).id).await.unwrap().unwrap();
    assert_eq!(row, LoginCodeRow { version: 1, ..code(1, 0) });
    row.tries = 1;
    fresh.write([write(EnduserWrite::LoginCode(row.clone()))]).await;
    assert_eq!(fresh.outcome([write(EnduserWrite::LoginCode(row))]).await, Outcome::Conflict, "another try was quicker");
    assert_eq!(fresh.store.login_code(code(1, 0).id).await.unwrap().unwrap().tries, 1);
    fresh.write([write(EnduserWrite::LoginCode(code(2, 30)))]).await;
    assert_eq!(fresh.store.login_codes_of(index(7, 1), at(-1)).await.unwrap(), [at(0), at(30)]);
    assert_eq!(fresh.store.login_codes_of(index(7, 2), at(-1)).await.unwrap(), []);
    assert_eq!(fresh.store.login_codes_since(at(0)).await.unwrap(), 1);
    fresh.write([write(EnduserWrite::LoginCode(code(3, 24 * 60)))]).await;
    assert_eq!(fresh.store.login_code(code(1, 0).id).await.unwrap(), None, "swept after a day");
}

pub async fn a_portal_session_ends(fresh: Fresh) {
    let session = |n: u8, since: i64, until: i64| EnduserSessionRow {
        token_hash: [n; 32],
        index: index(7, u32::from(n % 2)),
        csrf: "secret".to_owned(),
        created_at: at(since),
        expires_at: at(until),
    };
    fresh.write([session(1, 0, 10), session(2, 0, 90), session(3, 0, 90)].map(|row| write(EnduserWrite::Session(row)))).await;
    assert_eq!(fresh.store.enduser_session([1; 32], at(9)).await.unwrap(), Some(session(1, 0, 10)));
    assert_eq!(fresh.store.enduser_session([1; 32], at(10)).await.unwrap(), None);
    fresh.write([write(EnduserWrite::SessionEnd([2; 32]))]).await;
    assert_eq!(fresh.store.enduser_session([2; 32], at(1)).await.unwrap(), None);
    fresh.write([write(EnduserWrite::SessionsEnd(index(7, 1)))]).await;
    assert_eq!(fresh.store.enduser_session([3; 32], at(1)).await.unwrap(), None, "every session of the address");
}

pub async fn endusers_write_about_a_tip(fresh: Fresh) {
    fresh.write([new_tip(1), says(1, 1)]).await;
    let note = |n: u32, author| EnduserNoteRow {
        id: message_id(n),
        conversation: tip_id(1),
        author,
        at: at(i64::from(n)),
        body: Sealed(vec![n as u8; 40]),
    };
    let principal =
        NoteAuthor::Enduser { person: person("principal"), role: "Principal".to_owned(), organization: "Delta High School".to_owned() };
    let notes = [note(1, principal), note(2, NoteAuthor::Staff { id: staff_id(1) })];
    fresh.write(notes.clone().map(|row| write(EnduserWrite::Note(row)))).await;
    assert_eq!(fresh.store.enduser_notes(tip_id(1)).await.unwrap(), notes);

    let opened = |minutes| OpenedRow { conversation: tip_id(1), person: person("principal"), at: at(minutes) };
    fresh.write([1, 5].map(|minutes| write(EnduserWrite::Opened(opened(minutes))))).await;
    assert_eq!(fresh.store.opened_by(tip_id(1)).await.unwrap(), [opened(5)]);

    let feedback = |did, minutes| FeedbackRow {
        conversation: tip_id(1),
        person: person("principal"),
        organization: "delta-high".parse().unwrap(),
        role: "Principal".to_owned(),
        did,
        body: Sealed(vec![3; 40]),
        at: at(minutes),
    };
    fresh.write([write(EnduserWrite::Feedback(feedback(Did::GoesOn, 1)))]).await;
    fresh.write([write(EnduserWrite::Feedback(feedback(Did::Helped, 2)))]).await;
    assert_eq!(fresh.store.feedback(tip_id(1)).await.unwrap(), [feedback(Did::Helped, 2)]);
}

pub async fn an_organization_finds_what_it_was_told_of(fresh: Fresh) {
    for n in 1..=4 {
        fresh.write([new_tip(n), says(n, n)]).await;
        let mut row = dispatch(n, n);
        row.started_at = at(i64::from(n) * 10);
        row.purpose = [Purpose::Tip, Purpose::Drill, Purpose::Page(PageReason::Unsorted), Purpose::Tip][n as usize - 1];
        let mut owed = obligation(n, n, n, 20);
        owed.obligation.step.organization = if n == 4 { "echo-high" } else { "delta-high" }.parse().unwrap();
        fresh.write([Write::Dispatch(row), Write::Obligation(Box::new(owed))]).await;
    }
    let told = async |keys: &[&str], limit, offset| {
        let keys: Vec<OrganizationKey> = keys.iter().map(|key| key.parse().unwrap()).collect();
        fresh.store.told_to(keys, limit, offset).await.unwrap()
    };
    assert_eq!(told(&["delta-high"], 9, 0).await, [(tip_id(2), at(20)), (tip_id(1), at(10))], "no page, no other school's");
    assert_eq!(told(&["delta-high", "echo-high"], 1, 0).await, [(tip_id(4), at(40))]);
    assert_eq!(told(&["delta-high", "echo-high"], 9, 1).await.len(), 2);
    assert_eq!(told(&[], 9, 0).await, []);
    // A tip with more obligations than are read at once hides none of the others.
    let mut row = dispatch(5, 1);
    row.started_at = at(50);
    let owed = (5_000..5_450).map(|n| {
        let mut owed = obligation(n, 5, 1, 20);
        owed.obligation.step.organization = "delta-high".parse().unwrap();
        Write::Obligation(Box::new(owed))
    });
    fresh.write(std::iter::once(Write::Dispatch(row)).chain(owed)).await;
    assert_eq!(told(&["delta-high"], 9, 0).await, [(tip_id(1), at(50)), (tip_id(2), at(20))], "each once, the last told first");
    assert_eq!(told(&["delta-high"], 1, 1).await, [(tip_id(2), at(20))]);
}
