//! Tips, their addresses and messages, and the inbox.

use crate::fixture::Fresh;
use crate::rows::*;
use domain::conversation::{State, WayBack};
use domain::dispatch::obligation;
use domain::exchange::MediaRole;
use domain::level::Level;
use std::collections::BTreeSet;
use tipline::store::commit::{Outcome, Write};
use tipline::store::rows::*;
use tipline::vault::sealed::Sealed;

pub async fn a_tip_is_read_as_it_was_written(fresh: Fresh) {
    let mut written = tip(7);
    written.conversation.triage.types = BTreeSet::from(["bullying".parse().unwrap(), "weapons".parse().unwrap()]);
    written.conversation.triage.level = Some(Level::Standard);
    written.conversation.triage.school = Some("delta-high".parse().unwrap());
    written.conversation.triage.marks.possible_crime = true;
    written.conversation.triaged_at = Some(at(9));
    written.conversation.claimed_by = Some(staff_id(1));
    fresh.write([Write::Conversation(Box::new(written.clone()))]).await;
    let read = fresh.store.conversation(tip_id(7)).await.unwrap().unwrap();
    assert_eq!(read, ConversationRow { version: 1, ..written.clone() });
    let by_reference = fresh.store.conversation_by_reference(written.conversation.reference.as_str()).await.unwrap();
    assert_eq!(by_reference, Some(read.clone()));
    assert_eq!(fresh.store.conversation(tip_id(8)).await.unwrap(), None);
    assert_eq!(fresh.store.conversation_by_reference("T-000-000").await.unwrap(), None);
    let keys = written.conversation.reference.keypad();
    let by_keys = fresh.store.conversations_by_reference_keys(keys, 8).await.unwrap();
    assert_eq!(by_keys.iter().map(|row| row.conversation.id).collect::<Vec<_>>(), [written.conversation.id]);
    assert!(fresh.store.conversations_by_reference_keys("000000".to_owned(), 8).await.unwrap().is_empty());

    let mut changed = read;
    changed.conversation.triage.level = Some(Level::Critical);
    changed.conversation.triage.marks.in_progress = true;
    changed.conversation.dispatched_at = Some(at(10));
    changed.conversation.claimed_by = None;
    changed.key = tipline::vault::sealed::WrappedKey(vec![5; 72]);
    fresh.write([Write::Conversation(Box::new(changed.clone()))]).await;
    assert_eq!(fresh.store.conversation(tip_id(7)).await.unwrap().unwrap(), ConversationRow { version: 2, ..changed });
}

pub async fn an_address_finds_its_tip(fresh: Fresh) {
    fresh.write([new_tip(1), Write::Contact(Box::new(contact(1, 1)))]).await;
    let (row, found) = fresh.store.conversation_by_contact(contact(1, 1).index).await.unwrap().unwrap();
    assert_eq!((row.conversation.id, found), (tip_id(1), contact(1, 1)));
    assert_eq!(fresh.store.conversation_by_contact(index(2, 9)).await.unwrap(), None);
    // A later address of the tip is answered to; both lead to it.
    fresh.write([Write::Contact(Box::new(contact(2, 1)))]).await;
    assert_eq!(fresh.store.contact_of(tip_id(1)).await.unwrap(), Some(contact(2, 1)));
    assert!(fresh.store.conversation_by_contact(contact(1, 1).index).await.unwrap().is_some());
    assert_eq!(fresh.store.contact_of(tip_id(2)).await.unwrap(), None);
}

pub async fn a_current_address_or_reference_is_a_conflict(fresh: Fresh) {
    fresh.write([new_tip(1), Write::Contact(Box::new(contact(1, 1)))]).await;
    let mut other = contact(2, 2);
    other.index = contact(1, 1).index;
    assert_eq!(fresh.outcome([new_tip(2), Write::Contact(Box::new(other))]).await, Outcome::Conflict);
    assert_eq!(fresh.store.conversation(tip_id(2)).await.unwrap(), None, "a refused commit leaves nothing");
    let mut same_reference = tip(3);
    same_reference.conversation.reference = tip(1).conversation.reference;
    assert_eq!(fresh.outcome([Write::Conversation(Box::new(same_reference))]).await, Outcome::Conflict);
    let mut same_code = tip(4);
    same_code.code_index = tip(1).code_index;
    assert_eq!(fresh.outcome([Write::Conversation(Box::new(same_code))]).await, Outcome::Conflict);
}

pub async fn a_retired_address_may_open_another_tip(fresh: Fresh) {
    fresh.write([new_tip(1), Write::Contact(Box::new(contact(1, 1)))]).await;
    fresh.write([Write::RetireContacts(tip_id(1))]).await;
    let index = contact(1, 1).index;
    assert_eq!(fresh.store.conversation_by_contact(index).await.unwrap(), None);
    assert!(fresh.store.contact_of(tip_id(1)).await.unwrap().is_some(), "the tip still knows whom it spoke with");
    let mut again = contact(2, 2);
    again.index = index;
    fresh.write([new_tip(2), Write::Contact(Box::new(again))]).await;
    let found = fresh.store.conversation_by_contact(index).await.unwrap().unwrap();
    assert_eq!(found.0.conversation.id, tip_id(2));
}

pub async fn messages_are_numbered_and_counted(fresh: Fresh) {
    let done = fresh.write([new_tip(1), says(1, 1), Write::Message(Box::new(message(2, 1, Author::System)))]).await;
    assert_eq!(done.messages, [(message_id(1), 1), (message_id(2), 2)]);
    let done = fresh.write([Write::Message(Box::new(message(3, 1, Author::Staff(staff_id(1)))))]).await;
    assert_eq!(done.messages, [(message_id(3), 3)]);
    fresh.write([says(4, 1)]).await;
    let row = fresh.store.conversation(tip_id(1)).await.unwrap().unwrap();
    assert_eq!((row.last_seq, row.unread, row.updated_at, row.version), (4, 2, at(4), 1));

    let all = fresh.store.messages(tip_id(1), 0, 10).await.unwrap();
    assert_eq!(
        all.iter().map(|m| (m.id, m.seq, m.author)).collect::<Vec<_>>(),
        [
            (message_id(1), 1, Author::Reporter),
            (message_id(2), 2, Author::System),
            (message_id(3), 3, Author::Staff(staff_id(1))),
            (message_id(4), 4, Author::Reporter),
        ]
    );
    assert_eq!(all[0], MessageRow { seq: 1, delivery_version: 1, ..message(1, 1, Author::Reporter) });
    assert_eq!(all[1].delivery, message(2, 1, Author::System).delivery);
    let page: Vec<_> = fresh.store.messages(tip_id(1), 1, 2).await.unwrap().into_iter().map(|m| m.seq).collect();
    assert_eq!(page, [2, 3]);
    assert_eq!(fresh.store.message(message_id(3)).await.unwrap().unwrap(), all[2]);
    assert_eq!(fresh.store.message(message_id(9)).await.unwrap(), None);

    fresh.write([Write::MarkRead(tip_id(1))]).await;
    assert_eq!(fresh.store.conversation(tip_id(1)).await.unwrap().unwrap().unread, 0);
}

async fn close(fresh: &Fresh, n: u32) {
    let mut row = fresh.store.conversation(tip_id(n)).await.unwrap().unwrap();
    row.conversation.state = State::Closed;
    fresh.write([Write::Conversation(Box::new(row))]).await;
}

pub async fn a_reporters_message_opens_a_closed_tip(fresh: Fresh) {
    fresh.write([new_tip(1), says(1, 1)]).await;
    close(&fresh, 1).await;
    fresh.write([Write::Message(Box::new(message(2, 1, Author::Staff(staff_id(1)))))]).await;
    let closed = fresh.store.conversation(tip_id(1)).await.unwrap().unwrap();
    assert_eq!(closed.conversation.state, State::Closed, "a word of staff does not open it");
    fresh.write([says(3, 1)]).await;
    let row = fresh.store.conversation(tip_id(1)).await.unwrap().unwrap();
    assert_eq!((row.conversation.state, row.unread), (State::Open, 2));
    assert_eq!(fresh.outcome([Write::Conversation(Box::new(closed))]).await, Outcome::Conflict, "who read it closed reads again");
}

pub async fn a_tip_is_not_closed_over_a_new_message(fresh: Fresh) {
    fresh.write([new_tip(1), says(1, 1)]).await;
    let mut read = fresh.store.conversation(tip_id(1)).await.unwrap().unwrap();
    fresh.write([says(2, 1)]).await;
    read.conversation.state = State::Closed;
    assert_eq!(fresh.outcome([Write::Conversation(Box::new(read))]).await, Outcome::Conflict);
    close(&fresh, 1).await;
}

pub async fn a_stale_version_is_a_conflict(fresh: Fresh) {
    fresh.write([new_tip(1)]).await;
    let row = fresh.store.conversation(tip_id(1)).await.unwrap().unwrap();
    fresh.write([Write::Conversation(Box::new(row.clone()))]).await;
    assert_eq!(fresh.outcome([Write::Conversation(Box::new(row.clone()))]).await, Outcome::Conflict);
    let unknown = ConversationRow { version: 3, ..tip(2) };
    assert!(
        fresh
            .store
            .commit(tipline::store::Commit { writes: vec![Write::Conversation(Box::new(unknown))], ..Default::default() })
            .await
            .is_err()
    );
}

pub async fn the_way_back_is_not_overwritten(fresh: Fresh) {
    fresh.write([new_tip(1)]).await;
    let row = fresh.store.conversation(tip_id(1)).await.unwrap().unwrap();
    fresh.write([Write::WayBack(tip_id(1), WayBack::OptedOut)]).await;
    assert_eq!(fresh.store.conversation(tip_id(1)).await.unwrap().unwrap().conversation.way_back, WayBack::OptedOut);
    assert_eq!(fresh.outcome([Write::Conversation(Box::new(row))]).await, Outcome::Conflict);
}

pub async fn attachments_and_notes_keep_their_order(fresh: Fresh) {
    let attachment = |n: u32, message: u32| AttachmentRow {
        id: domain::id::AttachmentId::new(uuid(9, 100 - n)),
        message: message_id(message),
        conversation: tip_id(1),
        account: account("main"),
        role: MediaRole::Shown,
        url: (n != 2).then(|| Sealed(vec![n as u8; 40])),
        content_type: "image/jpeg".to_owned(),
        state: AttachmentState::Waiting { tried: n },
        version: 0,
    };
    let kept = |n, message| AttachmentRow { version: 1, ..attachment(n, message) };
    fresh
        .write([new_tip(1), says(1, 1), Write::Attachment(Box::new(attachment(1, 1))), Write::Attachment(Box::new(attachment(2, 1)))])
        .await;
    fresh.write([says(2, 1), Write::Attachment(Box::new(attachment(3, 2)))]).await;
    assert_eq!(fresh.store.attachments(tip_id(1)).await.unwrap(), [kept(1, 1), kept(2, 1), kept(3, 2)]);
    let state = AttachmentState::Kept { kind: "image/png".to_owned(), bytes: 7, copy: SafeCopy::Pending };
    let changed = AttachmentRow { state, url: None, ..kept(1, 1) };
    fresh.write([Write::Attachment(Box::new(changed.clone()))]).await;
    let stored = fresh.store.attachment(changed.id).await.unwrap().unwrap();
    assert_eq!(stored, AttachmentRow { version: 2, ..changed.clone() });
    assert_eq!(fresh.outcome([Write::Attachment(Box::new(changed))]).await, Outcome::Conflict, "it was read before the change");
    assert_eq!(fresh.store.attachments(tip_id(1)).await.unwrap()[0], stored, "it keeps its place");
    let note = |n: u32, kind| NoteRow {
        id: message_id(n),
        conversation: tip_id(1),
        author: staff_id(1),
        at: at(i64::from(n)),
        kind,
        body: Sealed(vec![7; n as usize]),
    };
    fresh.write([Write::Note(note(6, NoteKind::Assessment))]).await;
    fresh.write([Write::Note(note(5, NoteKind::Note))]).await;
    assert_eq!(fresh.store.notes(tip_id(1)).await.unwrap(), [note(5, NoteKind::Note), note(6, NoteKind::Assessment)]);
}

async fn triage(fresh: &Fresh, n: u32, level: Level, dispatched: bool) {
    let mut row = fresh.store.conversation(tip_id(n)).await.unwrap().unwrap();
    row.conversation.triage.level = Some(level);
    row.conversation.triaged_at = Some(at(50));
    row.conversation.dispatched_at = dispatched.then(|| at(51));
    fresh.write([Write::Conversation(Box::new(row))]).await;
}

/// Seven tips, in the order in which they should stand: 4, 2, 3, 1, 6, 5, 7.
async fn seven_tips(fresh: &Fresh) {
    for n in 1..=7 {
        fresh.write([new_tip(n), says(n, n)]).await;
    }
    triage(fresh, 1, Level::Critical, true).await; // told, nothing missed
    triage(fresh, 3, Level::Critical, false).await; // not told: deadline 23
    triage(fresh, 4, Level::Critical, true).await; // told, one due time (10) missed
    triage(fresh, 5, Level::Other, false).await;
    triage(fresh, 6, Level::Standard, true).await;
    // 2 is not sorted: deadline 22
    for n in [1, 4] {
        fresh
            .write([Write::Dispatch(dispatch(n, n)), Write::Obligation(Box::new(obligation(n, n, n, if n == 4 { 10 } else { 60 })))])
            .await;
    }
    let mut missed = fresh.store.obligation(obligation_id(4)).await.unwrap().unwrap();
    missed.obligation.breached_at = Some(at(10));
    fresh.write([Write::Obligation(Box::new(missed))]).await;
    triage(fresh, 7, Level::Critical, true).await;
    close(fresh, 7).await;
}

async fn ids(fresh: &Fresh, filter: InboxFilter) -> Vec<u32> {
    let rows = fresh.store.inbox(filter, 100).await.unwrap();
    rows.iter().map(|row| (1..=7).find(|n| tip_id(*n) == row.row.conversation.id).unwrap()).collect()
}

pub async fn the_inbox_is_sorted_by_urgency(fresh: Fresh) {
    seven_tips(&fresh).await;
    assert_eq!(ids(&fresh, InboxFilter::Open).await, [4, 2, 3, 1, 6, 5]);
    let page = fresh.store.inbox(InboxFilter::Open, 2).await.unwrap();
    assert_eq!(page.len(), 2);
    let first = &page[0];
    assert_eq!((first.open_obligations, first.confirmed, first.breached, first.open_tasks, first.next_due), (1, 0, 1, 0, Some(at(10))));
    assert_eq!(first.first, Some((message_id(4), message(4, 4, Author::Reporter).body)));

    // The missed call is confirmed after all: nothing is urgent about tip 4 any more.
    let mut late = fresh.store.obligation(obligation_id(4)).await.unwrap().unwrap();
    late.obligation.confirmed_at = Some(at(12));
    late.obligation.state = obligation::State::Satisfied {
        at: at(12),
        by: obligation::Satisfaction::Confirmed(domain::dispatch::evidence::ConfirmedBy::Keypad),
    };
    fresh.write([Write::Obligation(Box::new(late))]).await;
    assert_eq!(ids(&fresh, InboxFilter::Open).await, [2, 3, 1, 4, 6, 5]);
    let row = fresh.store.inbox(InboxFilter::Open, 100).await.unwrap().remove(3);
    assert_eq!((row.open_obligations, row.confirmed, row.breached, row.next_due), (0, 1, 0, None));
}

pub async fn the_inbox_counts_what_its_filters_show(fresh: Fresh) {
    seven_tips(&fresh).await;
    let mut claimed = fresh.store.conversation(tip_id(5)).await.unwrap().unwrap();
    claimed.conversation.claimed_by = Some(staff_id(1));
    fresh.write([Write::Conversation(Box::new(claimed)), Write::Task(task(1, 6))]).await;
    assert_eq!(ids(&fresh, InboxFilter::Unsorted).await, [2]);
    assert_eq!(ids(&fresh, InboxFilter::Mine(staff_id(1))).await, [5]);
    assert_eq!(ids(&fresh, InboxFilter::Mine(staff_id(2))).await, Vec::<u32>::new());
    assert_eq!(ids(&fresh, InboxFilter::Underway).await, [4, 1, 6]);
    assert_eq!(ids(&fresh, InboxFilter::Closed).await, [7]);
    let counts = fresh.store.inbox_counts(staff_id(1)).await.unwrap();
    assert_eq!(counts, InboxCounts { open: 6, unsorted: 1, mine: 1, underway: 3, press: 0, closed: 1 });
    fresh.write([Write::TaskDone(task_id(1), staff_id(1), at(60))]).await;
    assert_eq!(
        fresh.store.inbox_counts(staff_id(2)).await.unwrap(),
        InboxCounts { open: 6, unsorted: 1, mine: 0, underway: 2, press: 0, closed: 1 }
    );
}

pub async fn everything_is_there_after_opening_again(mut fresh: Fresh) {
    seven_tips(&fresh).await;
    fresh.apply(first_text(20)).await;
    let before = (fresh.store.inbox(InboxFilter::Open, 100).await.unwrap(), fresh.store.health(at(0)).await.unwrap());
    fresh.reopen().await;
    let after = (fresh.store.inbox(InboxFilter::Open, 100).await.unwrap(), fresh.store.health(at(0)).await.unwrap());
    assert_eq!(before, after);
    assert_eq!(fresh.store.commit(first_text(20)).await.unwrap(), Outcome::Duplicate, "what came once is known for ever");
    let done = fresh.write([says(21, 20)]).await;
    assert_eq!(done.messages, [(message_id(21), 3)]);
}
