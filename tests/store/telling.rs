//! Dispatches, obligations, attempts, receipts, deliveries and tasks.

use crate::fixture::Fresh;
use crate::rows::*;
use domain::channel::Means;
use domain::dispatch::delivery::Delivery;
use domain::dispatch::evidence::{ConfirmedBy, End, ReceiptKind};
use domain::dispatch::obligation::{FailedBecause, Obligation, Satisfaction, State};
use domain::dispatch::purpose::{PageReason, Purpose};
use domain::dispatch::watch::{Alarm, Watch};
use domain::voice::enduser_call::EnduserCall;
use tipline::store::commit::{Outcome, Write};
use tipline::store::rows::*;

async fn told(fresh: &Fresh) {
    fresh.write([new_tip(1), says(1, 1)]).await;
    let mut writes = vec![Write::Dispatch(dispatch(1, 1))];
    writes.extend((1..=3).map(|n| Write::Obligation(Box::new(obligation(n, 1, 1, 20)))));
    writes.extend((1..=3).map(|n| Write::Work(work(n, "main-call", n as i32, 20, 0))));
    fresh.write(writes).await;
}

pub async fn obligations_and_attempts_are_versioned(fresh: Fresh) {
    told(&fresh).await;
    assert_eq!(fresh.store.dispatches(tip_id(1)).await.unwrap(), [dispatch(1, 1)]);
    let rows = fresh.store.obligations(dispatch_id(1)).await.unwrap();
    assert_eq!(rows, (1..=3).map(|n| ObligationRow { version: 1, ..obligation(n, 1, 1, 20) }).collect::<Vec<_>>());

    // The intent of an attempt goes with the state of its obligation.
    let mut next = rows[0].clone();
    next.obligation.state = State::InFlight { attempt: attempt_id(1), since: at(6), check_at: at(7) };
    fresh.write([Write::Obligation(Box::new(next.clone())), Write::Attempt(Box::new(attempt(1, 1, 1)))]).await;
    assert_eq!(fresh.outcome([Write::Obligation(Box::new(next.clone()))]).await, Outcome::Conflict, "read before that");
    assert_eq!(fresh.outcome([Write::Attempt(Box::new(attempt(1, 1, 1)))]).await, Outcome::Conflict, "there already");
    assert_eq!(fresh.outcome([Write::Obligation(Box::new(obligation(1, 1, 1, 20)))]).await, Outcome::Conflict, "there already");
    assert_eq!(fresh.store.obligation(obligation_id(1)).await.unwrap().unwrap(), ObligationRow { version: 2, ..next });

    let mut row = fresh.store.attempt(attempt_id(1)).await.unwrap().unwrap();
    assert_eq!(row, AttemptRow { version: 1, ..attempt(1, 1, 1) });
    row.provider_id = Some("CA0001".to_owned());
    row.answer = Some("accepted".to_owned());
    row.evidence.merge(&ReceiptKind::Rang, at(8));
    row.evidence.merge(&ReceiptKind::Confirmed(ConfirmedBy::Keypad), at(9));
    row.evidence.merge(&ReceiptKind::Ended(End::Failed(Some(13224))), at(9));
    row.call = Some(EnduserCall::new());
    fresh.write([Write::Attempt(Box::new(row.clone()))]).await;
    assert_eq!(fresh.store.attempt(attempt_id(1)).await.unwrap().unwrap(), AttemptRow { version: 2, ..row });
    let mut of_message = attempt(0, 0, 1);
    of_message.owner = Owner::Message(message_id(1));
    of_message.means = Means::Text;
    fresh.write([Write::Attempt(Box::new(of_message))]).await;
    let ids: Vec<_> = fresh.store.attempts(tip_id(1)).await.unwrap().iter().map(|row| (row.id, row.owner)).collect();
    assert_eq!(ids, [(attempt_id(0), Owner::Message(message_id(1))), (attempt_id(1), Owner::Obligation(obligation_id(1)))], "oldest first");
    assert_eq!(fresh.store.attempt(attempt_id(9)).await.unwrap(), None);
    assert_eq!(fresh.store.obligation(obligation_id(9)).await.unwrap(), None);
}

pub async fn a_provider_id_belongs_to_one_attempt(fresh: Fresh) {
    told(&fresh).await;
    let with_id =
        |n: u32, account_name: &str| AttemptRow { provider_id: Some("CA1".to_owned()), account: account(account_name), ..attempt(n, 1, 1) };
    fresh.write([Write::Attempt(Box::new(with_id(1, "main")))]).await;
    assert_eq!(fresh.outcome([Write::Attempt(Box::new(with_id(2, "main")))]).await, Outcome::Conflict);
    fresh.write([Write::Attempt(Box::new(with_id(3, "second")))]).await;
    fresh.write([Write::Attempt(Box::new(AttemptRow { version: 1, ..with_id(1, "main") }))]).await;
    let asked = vec!["CA1".to_owned(), "CA2".to_owned(), "CA\"3".to_owned()];
    assert_eq!(fresh.store.known_provider_ids(account("main"), asked.clone()).await.unwrap(), [("CA1".to_owned(), attempt_id(1))]);
    assert_eq!(fresh.store.known_provider_ids(account("second"), asked).await.unwrap(), [("CA1".to_owned(), attempt_id(3))]);
    assert_eq!(fresh.store.known_provider_ids(account("third"), Vec::new()).await.unwrap(), []);
}

pub async fn receipts_keep_their_order(fresh: Fresh) {
    told(&fresh).await;
    fresh.write([Write::Attempt(Box::new(attempt(1, 1, 1)))]).await;
    let kinds =
        [ReceiptKind::Ended(End::Completed), ReceiptKind::Rang, ReceiptKind::Unrecognised("odd \"word\"".to_owned()), ReceiptKind::Rang];
    let receipt =
        |kind: &ReceiptKind, minute| ReceiptRow { attempt: attempt_id(1), conversation: tip_id(1), at: at(minute), kind: kind.clone() };
    fresh.write([Write::Receipt(receipt(&kinds[0], 9)), Write::Receipt(receipt(&kinds[1], 7))]).await;
    fresh.write([Write::Receipt(receipt(&kinds[2], 7))]).await;
    fresh.write([Write::Receipt(receipt(&kinds[3], 1))]).await;
    let read: Vec<_> = fresh.store.receipts(tip_id(1)).await.unwrap().into_iter().map(|row| row.kind).collect();
    assert_eq!(read, kinds);
}

pub async fn tasks_are_done_once(fresh: Fresh) {
    fresh.write([new_tip(1), new_tip(2), Write::Task(task(2, 1)), Write::Task(task(1, 2))]).await;
    assert_eq!(fresh.store.open_tasks(None, 10).await.unwrap(), [task(1, 2), task(2, 1)], "oldest first");
    assert_eq!(fresh.store.open_tasks(Some(tip_id(1)), 10).await.unwrap(), [task(2, 1)]);
    assert_eq!(fresh.store.open_tasks(None, 1).await.unwrap().len(), 1);
    fresh.write([Write::TaskDone(task_id(1), staff_id(1), at(9))]).await;
    assert_eq!(fresh.outcome([Write::TaskDone(task_id(1), staff_id(2), at(9))]).await, Outcome::Conflict, "done by another before");
    assert_eq!(fresh.outcome([Write::TaskDone(task_id(7), staff_id(2), at(9))]).await, Outcome::Conflict, "no such task");
    assert_eq!(fresh.store.open_tasks(None, 10).await.unwrap(), [task(2, 1)]);
}

pub async fn a_delivery_is_versioned(fresh: Fresh) {
    fresh.apply(first_text(1)).await;
    let id = message_id(1_000_001);
    let mut row = fresh.store.message(id).await.unwrap().unwrap();
    row.delivery = Some(Delivery::InFlight { attempt: attempt_id(1), since: at(1), check_at: at(2), made: 1 });
    row.body.0.clear();
    fresh.write([Write::Delivery(Box::new(row.clone()))]).await;
    assert_eq!(fresh.outcome([Write::Delivery(Box::new(row.clone()))]).await, Outcome::Conflict);
    let read = fresh.store.message(id).await.unwrap().unwrap();
    assert_eq!((&read.delivery, read.delivery_version), (&row.delivery, 2));
    assert_eq!(read.body, message(1_000_001, 1, Author::System).body, "only the delivery is written");
    let unknown = MessageRow { delivery_version: 1, ..message(77, 1, Author::System) };
    assert_eq!(fresh.outcome([Write::Delivery(Box::new(unknown))]).await, Outcome::Conflict);
}

pub async fn health_finds_what_has_no_timer(fresh: Fresh) {
    told(&fresh).await;
    fresh.apply(first_text(2)).await;
    fresh.write([Write::Task(task(1, 1))]).await;
    let health = fresh.store.health(at(1)).await.unwrap();
    assert_eq!(
        health,
        Health {
            conversations: 2,
            messages: 3,
            open_obligations: 3,
            without_timer: 0,
            due_work: vec![(lane("main-call"), 3), (lane("main-text"), 1)],
            oldest_due: Some(at(20)),
            open_tasks: 1,
        }
    );
    assert_eq!(fresh.store.health(at(-1)).await.unwrap().due_work, []);
    fresh.write([Write::WorkDone(WorkId::Obligation(obligation_id(1))), Write::WorkDone(WorkId::Message(message_id(1_000_002)))]).await;
    assert_eq!(fresh.store.health(at(1)).await.unwrap().without_timer, 2);
    let mut failed = fresh.store.obligation(obligation_id(1)).await.unwrap().unwrap();
    failed.obligation.state = State::Failed { at: at(30), reason: FailedBecause::NobodyConfirmed };
    let mut sent = fresh.store.message(message_id(1_000_002)).await.unwrap().unwrap();
    sent.delivery = Some(Delivery::Delivered { at: at(3) });
    fresh.write([Write::Obligation(Box::new(failed)), Write::Delivery(Box::new(sent))]).await;
    let health = fresh.store.health(at(1)).await.unwrap();
    assert_eq!((health.without_timer, health.open_obligations), (0, 2));
}

pub async fn the_clocks_of_a_tip_are_one_row(fresh: Fresh) {
    told(&fresh).await;
    assert_eq!(fresh.store.watch(tip_id(1)).await.unwrap(), None);
    let row = WatchRow { conversation: tip_id(1), watch: Watch::default(), version: 0 };
    let work = WorkRow { id: WorkId::Watch(tip_id(1)), ..work(9, "watch", 0, 20, 0) };
    fresh.write([Write::Watch(Box::new(row.clone())), Write::Work(work)]).await;
    assert_eq!(fresh.outcome([Write::Watch(Box::new(row.clone()))]).await, Outcome::Conflict, "there already");
    let mut next = fresh.store.watch(tip_id(1)).await.unwrap().unwrap();
    assert_eq!(next, WatchRow { version: 1, ..row });
    next.watch.raised.insert(Alarm::HalfWindow(dispatch_id(1)));
    next.watch.told_to = 3;
    fresh.write([Write::Watch(Box::new(next.clone()))]).await;
    assert_eq!(fresh.store.watch(tip_id(1)).await.unwrap().unwrap(), WatchRow { version: 2, ..next });
    let claimed = fresh.store.claim_due(lane("watch"), "node".to_owned(), at(1), at(2), Claim::Any, 5).await.unwrap();
    assert_eq!(claimed.into_iter().map(|row| row.id).collect::<Vec<_>>(), [WorkId::Watch(tip_id(1))]);
}

pub async fn what_is_decided_on_all_that_is_known_is_still_so(fresh: Fresh) {
    fresh.write([new_tip(1), says(1, 1)]).await;
    let read = fresh.store.conversation(tip_id(1)).await.unwrap().unwrap();
    let still = || Write::Still(tip_id(1), read.version, read.last_seq);
    let look = || Write::WorkIfTold(tip_id(1), WorkRow { id: WorkId::Watch(tip_id(1)), ..work(9, "watch", 0, 20, 0) });
    fresh.write([still(), look()]).await;
    assert_eq!(fresh.store.next_due(lane("watch")).await.unwrap(), None, "nobody was told of it yet");
    fresh.write([says(2, 1)]).await;
    assert_eq!(fresh.outcome([still()]).await, Outcome::Conflict, "the reporter has written since");
    let mut told = fresh.store.conversation(tip_id(1)).await.unwrap().unwrap();
    told.conversation.dispatched_at = Some(at(3));
    fresh.write([Write::Conversation(Box::new(told.clone()))]).await;
    assert_eq!(fresh.outcome([Write::Still(tip_id(1), told.version, told.last_seq)]).await, Outcome::Conflict, "it was dispatched since");
    fresh.write([look()]).await;
    assert_eq!(fresh.store.next_due(lane("watch")).await.unwrap(), Some(at(0)));
    assert_eq!(fresh.store.unwatched(9).await.unwrap(), [tip_id(1)]);
    fresh.write([Write::Watch(Box::new(WatchRow { conversation: tip_id(1), watch: Watch::default(), version: 0 }))]).await;
    assert_eq!(fresh.store.unwatched(9).await.unwrap(), []);
}

pub async fn a_page_is_in_no_count(fresh: Fresh) {
    told(&fresh).await;
    let page = DispatchRow { purpose: Purpose::Page(PageReason::Unsorted), started_by: None, ..dispatch(2, 1) };
    let mut paged = obligation(9, 2, 1, 10);
    paged.obligation.confirmed_at = Some(at(6));
    paged.obligation.breached_at = Some(at(6));
    fresh.write([Write::Dispatch(page.clone()), Write::Obligation(Box::new(paged)), Write::Work(work(9, "main-call", 9, 10, 3))]).await;
    assert_eq!(fresh.store.dispatch(dispatch_id(2)).await.unwrap(), Some(page));
    let row = fresh.store.tips_of(vec![tip_id(1)]).await.unwrap().remove(0);
    assert_eq!((row.open_obligations, row.confirmed, row.breached, row.next_due), (3, 0, 0, Some(at(20))));
    let waiting = async |most| fresh.store.waiting(lane("main-call"), 3, at(1), most).await.unwrap();
    assert_eq!((waiting(100).await, waiting(1).await), (2, 1), "more urgent than rank 3 and due, as far as is asked");
}

/// What each promise was before is compared, and the tip is counted again only then: so each thing that is counted is changed by itself.
pub async fn each_thing_that_is_counted_counts_when_it_alone_changes(fresh: Fresh) {
    told(&fresh).await;
    let change = async |n: u32, change: fn(&mut Obligation)| {
        let mut row = fresh.store.obligation(obligation_id(n)).await.unwrap().unwrap();
        change(&mut row.obligation);
        fresh.write([Write::Obligation(Box::new(row))]).await;
        let tip = fresh.store.tips_of(vec![tip_id(1)]).await.unwrap().remove(0);
        (tip.open_obligations, tip.confirmed, tip.breached, tip.next_due)
    };
    let due = |minute| Some(at(minute));
    let uncounted = change(1, |o| o.state = State::InFlight { attempt: attempt_id(1), since: at(6), check_at: at(7) }).await;
    assert_eq!(uncounted, (3, 0, 0, due(20)), "an attempt is in no count");
    assert_eq!(change(1, |o| o.step.due_at = at(15)).await, (3, 0, 0, due(15)), "its due time");
    assert_eq!(change(1, |o| o.breached_at = Some(at(15))).await, (3, 0, 1, due(15)), "missed");
    assert_eq!(change(1, |o| o.confirmed_at = Some(at(16))).await, (3, 1, 1, due(20)), "confirmed");
    assert_eq!(change(2, |o| o.breached_at = Some(at(20))).await, (3, 1, 2, due(20)), "another missed");
    assert_eq!(change(2, |o| o.state = State::Failed { at: at(21), reason: FailedBecause::NobodyConfirmed }).await, (2, 1, 2, due(20)));
    let satisfied = change(2, |o| o.state = State::Satisfied { at: at(22), by: Satisfaction::Confirmed(ConfirmedBy::Keypad) }).await;
    assert_eq!(satisfied, (2, 1, 1, due(20)), "kept after it had failed");
    assert_eq!(change(3, |o| o.state = State::Released { at: at(23) }).await, (1, 1, 1, None), "only what is confirmed is open");
}
