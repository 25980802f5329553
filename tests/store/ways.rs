//! What the ways in keep: calls between their steps, mailboxes, several addresses of a tip, and what was taken already.

use crate::fixture::Fresh;
use crate::rows::*;
use adapters::contract::Cursor;
use domain::id::CallId;
use domain::voice::caller_call::CallerCall;
use domain::voice::taken_call::TakenCall;
use tipline::store::commit::{Commit, Outcome, Write};
use tipline::store::rows::*;

pub async fn a_call_is_kept_between_its_steps(fresh: Fresh) {
    let call = CallId::new(uuid(11, 1));
    assert_eq!(fresh.store.caller(call).await.unwrap(), None);
    let row = CallerRow {
        call,
        account: account("main"),
        state: TakenCall::Reporter(CallerCall::new()),
        conversation: None,
        started_at: at(3),
        version: 0,
    };
    fresh.write([Write::Caller(Box::new(row.clone()))]).await;
    assert_eq!(fresh.outcome([Write::Caller(Box::new(row.clone()))]).await, Outcome::Conflict, "it is there already");
    fresh.write([new_tip(1)]).await;
    let state = TakenCall::Reporter(CallerCall { step: 4, ..CallerCall::new() });
    let next = CallerRow { state, conversation: Some(tip_id(1)), version: 1, ..row };
    fresh.write([Write::Caller(Box::new(next.clone()))]).await;
    assert_eq!(fresh.store.caller(call).await.unwrap(), Some(CallerRow { version: 2, ..next }));
}

pub async fn a_mailbox_remembers_where_it_was_read_to(fresh: Fresh) {
    assert_eq!(fresh.store.mailbox(account("mail"), "INBOX".to_owned()).await.unwrap(), None);
    let row =
        |folder: &str, validity, uid| MailboxRow { account: account("mail"), folder: folder.to_owned(), cursor: Cursor { validity, uid } };
    fresh.write([Write::Mailbox(row("INBOX", u32::MAX, 1)), Write::Mailbox(row("Junk", 7, 3))]).await;
    fresh.write([Write::Mailbox(row("INBOX", u32::MAX, u32::MAX))]).await;
    let inbox = fresh.store.mailbox(account("mail"), "INBOX".to_owned()).await.unwrap();
    assert_eq!(inbox, Some(row("INBOX", u32::MAX, u32::MAX)));
    assert_eq!(fresh.store.mailbox(account("main"), "INBOX".to_owned()).await.unwrap(), None, "another account's");
}

pub async fn a_tip_has_several_addresses_and_answers_the_one_that_wrote_last(fresh: Fresh) {
    fresh.write([new_tip(1), Write::Contact(Box::new(contact(1, 1)))]).await;
    let shared = ContactRow { current: false, ..contact(2, 1) };
    fresh.write([Write::Contact(Box::new(shared.clone()))]).await;
    assert_eq!(fresh.store.contacts(tip_id(1)).await.unwrap(), [contact(1, 1), shared.clone()]);
    assert_eq!(fresh.store.contact_of(tip_id(1)).await.unwrap(), Some(shared.clone()), "the new one");
    assert!(fresh.store.conversation_by_contact(shared.index).await.unwrap().is_none(), "it does not join tips");
    fresh.write([Write::AnswerTo(tip_id(1), contact(1, 1).handle)]).await;
    assert_eq!(fresh.store.contact_of(tip_id(1)).await.unwrap(), Some(contact(1, 1)));
    fresh.write([Write::RetireContacts(tip_id(1))]).await;
    assert!(fresh.store.conversation_by_contact(contact(1, 1).index).await.unwrap().is_none());
    let code = fresh.store.conversation(tip_id(1)).await.unwrap().unwrap().code_index;
    assert_eq!(fresh.store.conversation_by_code(code).await.unwrap().unwrap().conversation.id, tip_id(1));
    assert!(fresh.store.conversation_by_code(index(77, 1)).await.unwrap().is_none());
}

pub async fn what_was_taken_is_known(fresh: Fresh) {
    for key in ["SM1", "SM2"] {
        fresh.store.commit(Commit { once: once(key), ..Commit::default() }).await.unwrap();
    }
    let ask = |keys: &[&str]| fresh.store.known_onces(account("main"), keys.iter().map(ToString::to_string).collect());
    let mut known = ask(&["SM2", "SM3", "SM1"]).await.unwrap();
    known.sort();
    assert_eq!(known, ["SM1", "SM2"]);
    assert!(ask(&[]).await.unwrap().is_empty());
}

pub async fn a_message_is_found_by_its_carriers_name_and_by_what_an_answer_refers_to(fresh: Fresh) {
    fresh.write([new_tip(1), says(2, 1), says(3, 1), says(4, 1), says(5, 1)]).await;
    let second = fresh.store.message_by_provider(tip_id(1), format!("SM{:032x}", 3)).await.unwrap().unwrap();
    assert_eq!(second.id, message_id(3));
    assert!(fresh.store.message_by_provider(tip_id(1), "SM9".to_owned()).await.unwrap().is_none());
    assert_eq!(fresh.store.last_sources(tip_id(1), 5).await.unwrap()[0].0, message_id(4), "the last one that has one");
    assert!(fresh.store.last_sources(tip_id(9), 5).await.unwrap().is_empty());
}
