//! Work, its claims, and the leases of lanes.

use crate::fixture::Fresh;
use crate::rows::*;
use domain::channel::Means;
use domain::id::MessageId;
use futures_util::future::join_all;
use std::collections::HashSet;
use tipline::links::circuit::{Circuit, News};
use tipline::store::commit::Write;
use tipline::store::rows::{AttemptRow, Claim, PRESENCE, RouteRow, WorkId, WorkRow};

fn numbers(work: &[tipline::store::rows::WorkRow]) -> Vec<u32> {
    work.iter().map(|row| (0..1000).find(|n| row.id == WorkId::Obligation(obligation_id(*n))).unwrap()).collect()
}

async fn claim(fresh: &Fresh, owner: &str, now: i64, until: i64, n: u32) -> Vec<u32> {
    numbers(&fresh.store.claim_due(lane("main-call"), owner.to_owned(), at(now), at(until), Claim::Any, n).await.unwrap())
}

pub async fn work_is_claimed_by_urgency(fresh: Fresh) {
    fresh
        .write([
            Write::Work(work(1, "main-call", 200, 1, 0)),
            Write::Work(work(2, "main-call", 1, 30, 0)),
            Write::Work(work(3, "main-call", 1, 20, 0)),
            Write::Work(work(4, "main-call", 0, 40, 0)),
            Write::Work(work(5, "main-call", 0, 10, 5)), // not yet
            Write::Work(work(6, "main-mail", 0, 1, 0)),  // another lane
        ])
        .await;
    let first = fresh.store.claim_due(lane("main-call"), "a".to_owned(), at(0), at(2), Claim::Any, 3).await.unwrap();
    assert_eq!(numbers(&first), [4, 3, 2]);
    let row = &first[0];
    assert_eq!((row.lane.clone(), row.rank, row.due_at, row.run_at), (lane("main-call"), 0, at(40), at(2)));
    assert_eq!(claim(&fresh, "a", 0, 2, 3).await, [1]);
    assert_eq!(claim(&fresh, "a", 0, 2, 3).await, Vec::<u32>::new());
}

pub async fn only_such_work_is_claimed_as_is_asked_for(fresh: Fresh) {
    // By urgency: Critical to be sent, Critical to be asked about, Standard to be sent and to be asked about.
    let ranks = [(1, 1_000), (2, 50_001), (3, 101_000), (4, 150_002)];
    fresh.write(ranks.map(|(n, rank)| Write::Work(work(n, "main-call", rank, 20, 0)))).await;
    let claim = async |which, now: i64, n: u32| {
        numbers(&fresh.store.claim_due(lane("main-call"), "a".to_owned(), at(now), at(now + 1), which, n).await.unwrap())
    };
    let held = |minutes: i64| Claim::Held { graced: at(minutes) };
    assert_eq!(claim(Claim::Critical, 0, 9).await, [1, 2]);
    assert_eq!(claim(held(0), 2, 9).await, [2, 4], "asking alone, before the due time");
    assert_eq!(claim(held(0), 21, 3).await, [1, 2, 3], "after it all of them, the most urgent first");
    assert_eq!(claim(Claim::Any, 30, 9).await, [1, 2, 3, 4]);
    let message = WorkRow { id: WorkId::Message(MessageId::new(uuid(2, 7))), ..work(7, "main-call", 6_000, 20, 0) };
    fresh.write([Write::Work(message)]).await;
    assert_eq!(claim(held(10), 40, 9).await, [2, 4], "what was put since its due time waits, and a message to a reporter, which has none");
    assert_eq!(claim(held(20), 42, 9).await, [1, 2, 3, 4], "until its grace is over");
}

pub async fn claimed_work_comes_back_when_its_lease_ends(mut fresh: Fresh) {
    fresh.write([Write::Work(work(1, "main-call", 0, 20, 0)), Write::Work(work(2, "main-call", 1, 20, 0))]).await;
    assert_eq!(claim(&fresh, "a", 0, 2, 9).await, [1, 2]);
    assert_eq!(claim(&fresh, "b", 1, 3, 9).await, Vec::<u32>::new());
    fresh.write([Write::WorkDone(WorkId::Obligation(obligation_id(1)))]).await;
    fresh.reopen().await;
    assert_eq!(claim(&fresh, "b", 2, 4, 9).await, [2], "what was not ended, and only that");
}

pub async fn work_put_again_is_taken_from_its_owner(fresh: Fresh) {
    fresh.write([Write::Work(work(1, "main-call", 0, 20, 0))]).await;
    assert_eq!(claim(&fresh, "a", 0, 10, 9).await, [1]);
    fresh.write([Write::Work(work(1, "main-call", 0, 20, 1))]).await;
    assert_eq!(claim(&fresh, "b", 1, 10, 9).await, [1]);
    // Put and ended in one commit: the last word counts.
    fresh.write([Write::Work(work(2, "main-call", 0, 20, 0)), Write::WorkDone(WorkId::Obligation(obligation_id(2)))]).await;
    fresh.write([Write::WorkDone(WorkId::Obligation(obligation_id(3))), Write::Work(work(3, "main-call", 0, 20, 0))]).await;
    assert_eq!(claim(&fresh, "b", 1, 10, 9).await, [3]);
}

pub async fn no_work_is_claimed_twice(fresh: Fresh) {
    fresh.write((0..200).map(|n| Write::Work(work(n, "main-call", 0, i64::from(n), 0)))).await;
    let claims =
        join_all((0..40).map(|n| fresh.node(n).claim_due(lane("main-call"), format!("node-{n}"), at(0), at(9), Claim::Any, 7))).await;
    let all: Vec<u32> = claims.into_iter().flat_map(|claim| numbers(&claim.unwrap())).collect();
    assert_eq!(all.len(), 200);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 200);
}

pub async fn lanes_are_leased_by_one(mut fresh: Fresh) {
    let both = || vec![lane("main-call"), lane("main-text")];
    let lease = async |fresh: &Fresh, lanes, owner: &str, now, until| {
        fresh.store.lease_lanes(lanes, owner.to_owned(), at(now), at(until)).await.unwrap()
    };
    assert_eq!(lease(&fresh, vec![lane("main-call")], "a", 0, 2).await, [lane("main-call")]);
    assert_eq!(lease(&fresh, both(), "b", 1, 3).await, [lane("main-text")]);
    assert_eq!(lease(&fresh, both(), "a", 1, 4).await, [lane("main-call")], "renewed");
    assert_eq!(lease(&fresh, both(), "b", 3, 5).await, [lane("main-text")]);
    fresh.reopen().await;
    assert_eq!(lease(&fresh, both(), "b", 4, 6).await, both(), "expired ones are free");
    fresh.store.release_lanes("b".to_owned()).await.unwrap();
    assert_eq!(lease(&fresh, both(), "a", 4, 6).await, both());
    assert_eq!(lease(&fresh, Vec::new(), "a", 4, 6).await, []);
}

pub async fn what_an_owner_gives_back_is_due_again(fresh: Fresh) {
    fresh
        .write([
            Write::Work(work(1, "main-call", 0, 20, 0)),
            Write::Work(work(2, "main-call", 1, 20, 0)),
            Write::Work(work(3, "main-call", 2, 20, 50)),
        ])
        .await;
    assert_eq!(claim(&fresh, "a", 0, 30, 1).await, [1]);
    assert_eq!(claim(&fresh, "b", 0, 30, 1).await, [2]);
    fresh.store.release_lanes("a".to_owned()).await.unwrap();
    assert_eq!(claim(&fresh, "b", 1, 30, 9).await, [1], "not b's own, and not what is not due");
}

pub async fn work_of_a_lane_that_is_gone_goes_to_one_that_is(fresh: Fresh) {
    fresh
        .write([
            Write::Work(work(1, "old-call", 0, 20, 0)),
            Write::Work(work(2, "old-mail", 0, 20, 0)),
            Write::Work(work(3, "main-call", 1, 20, 0)),
        ])
        .await;
    let lanes = vec![lane("main-call"), lane("other-call"), lane("main-mail")];
    fresh.store.move_work(lanes, Means::Call, lane("main-call"), at(1)).await.unwrap();
    assert_eq!(claim(&fresh, "a", 0, 30, 9).await, [1, 3]);
    assert_eq!(fresh.store.next_due(lane("old-mail")).await.unwrap(), Some(at(0)), "another means is left alone");
}

pub async fn work_evades_a_lane_that_cannot_be_used(fresh: Fresh) {
    let message = WorkRow { id: WorkId::Message(MessageId::new(uuid::Uuid::from_u128(9))), ..work(9, "main-call", 0, 20, 0) };
    fresh
        .write([
            Write::Work(work(1, "main-call", 200_000, 20, 0)),
            Write::Work(work(2, "main-call", 0, 20, 7)),
            Write::Work(work(3, "main-call", 1, 20, 0)),
            Write::Work(message),
        ])
        .await;
    assert_eq!(fresh.store.evade(lane("main-call"), lane("other-call"), 2).await.unwrap(), 2);
    let taken = fresh.store.claim_due(lane("other-call"), "a".to_owned(), at(8), at(30), Claim::Any, 9).await.unwrap();
    assert_eq!(numbers(&taken), [2, 3], "the most urgent first, each at its time");
    assert_eq!(fresh.store.evade(lane("main-call"), lane("other-call"), 9).await.unwrap(), 1, "what is for reporters stays");
    assert_eq!(fresh.store.evade(lane("main-call"), lane("other-call"), 9).await.unwrap(), 0);
}

pub async fn circuits_are_kept(mut fresh: Fresh) {
    assert_eq!(fresh.store.routes().await.unwrap(), []);
    let mut circuit = Circuit::new(at(0));
    circuit.take(News::Refused, at(1));
    let row = RouteRow { lane: lane("main-call"), circuit: circuit.clone(), at: at(1) };
    fresh.write([Write::Route(RouteRow { circuit: Circuit::new(at(0)), ..row.clone() })]).await;
    fresh.write([Write::Route(row.clone())]).await;
    fresh.reopen().await;
    assert_eq!(fresh.store.routes().await.unwrap(), [row]);
}

pub async fn the_next_due_time_is_known(fresh: Fresh) {
    assert_eq!(fresh.store.next_due(lane("main-call")).await.unwrap(), None);
    fresh.write([Write::Work(work(1, "main-call", 0, 20, 8)), Write::Work(work(2, "main-call", 5, 20, 3))]).await;
    assert_eq!(fresh.store.next_due(lane("main-call")).await.unwrap(), Some(at(3)));
    assert_eq!(fresh.store.next_due(lane("main-mail")).await.unwrap(), None);
}

pub async fn a_dead_owners_work_is_due_again_once_its_lanes_are_over(fresh: Fresh) {
    let [call, mail] = [lane("main-call"), lane("main-mail")];
    fresh
        .write([
            Write::Work(work(1, "main-call", 0, 20, 0)),
            Write::Work(work(2, "main-call", 1, 20, 0)),
            Write::Work(work(3, "main-mail", 1, 20, 0)),
        ])
        .await;
    let store = &fresh.store;
    let presence = |owner: &str| lane(&format!("{PRESENCE}{owner}"));
    store.lease_lanes(vec![call.clone(), mail.clone(), presence("dead")], "dead".to_owned(), at(0), at(8)).await.unwrap();
    store.lease_lanes(vec![lane("sweep")], "dead".to_owned(), at(0), at(40)).await.unwrap();
    store.lease_lanes(vec![presence("new")], "new".to_owned(), at(0), at(20)).await.unwrap();
    assert_eq!(claim(&fresh, "dead", 0, 60, 1).await, [1]);
    assert_eq!(claim(&fresh, "new", 0, 60, 1).await, [2]);
    assert_eq!(store.reclaim(vec![call.clone(), mail.clone()], at(7), at(39)).await.unwrap(), 0, "it may still be at it");
    assert_eq!(store.lease_lanes(vec![lane("sweep")], "new".to_owned(), at(7), at(16)).await.unwrap(), []);
    let leases = store.leases().await.unwrap();
    assert_eq!(leases.iter().filter(|row| row.owner == "dead" && row.until == at(8)).count(), 3);
    assert_eq!(store.lease_lanes(vec![call.clone()], "new".to_owned(), at(8), at(16)).await.unwrap(), std::slice::from_ref(&call));
    assert_eq!(store.reclaim(vec![call], at(8), at(40)).await.unwrap(), 1, "whatever else it has a lease of");
    assert_eq!(claim(&fresh, "new", 8, 60, 9).await, [1], "and what the living one has stays with it");
    let sweep = vec![lane("sweep")];
    assert_eq!(store.lease_lanes(sweep.clone(), "new".to_owned(), at(8), at(16)).await.unwrap(), sweep, "its long leases are over, too");
}

pub async fn some_lanes_are_given_back_and_what_is_under_way_there_is_not(fresh: Fresh) {
    let (store, both) = (&fresh.store, vec![lane("main-call"), lane("main-text")]);
    fresh.write([Write::Work(work(1, "main-call", 0, 20, 0))]).await;
    store.lease_lanes(both.clone(), "a".to_owned(), at(0), at(8)).await.unwrap();
    assert_eq!(claim(&fresh, "a", 0, 60, 1).await, [1]);
    store.give_back(vec![lane("main-call")], "b".to_owned()).await.unwrap();
    assert_eq!(store.lease_lanes(both.clone(), "b".to_owned(), at(1), at(9)).await.unwrap(), [], "not b's to give");
    store.give_back(vec![lane("main-call")], "a".to_owned()).await.unwrap();
    assert_eq!(store.lease_lanes(both, "b".to_owned(), at(1), at(9)).await.unwrap(), [lane("main-call")]);
    assert_eq!(claim(&fresh, "b", 1, 60, 1).await, Vec::<u32>::new());
}

pub async fn a_lease_of_before_the_clock_was_set_back_is_over(fresh: Fresh) {
    let (store, call) = (&fresh.store, vec![lane("main-call")]);
    store.lease_lanes(call.clone(), "a".to_owned(), at(3600), at(3608)).await.unwrap();
    assert_eq!(store.lease_lanes(call.clone(), "b".to_owned(), at(10), at(18)).await.unwrap(), call);
    assert_eq!(store.lease_lanes(call, "c".to_owned(), at(11), at(19)).await.unwrap(), []);
}

pub async fn what_was_claimed_by_a_node_that_died_before_the_clock_was_set_back_is_due_again(fresh: Fresh) {
    let (store, call) = (&fresh.store, vec![lane("main-call")]);
    fresh.write([Write::Work(work(1, "main-call", 0, 20, 0))]).await;
    let presence = vec![lane(&format!("{PRESENCE}dead"))];
    store.lease_lanes(presence, "dead".to_owned(), at(3600), at(3608)).await.unwrap();
    assert_eq!(claim(&fresh, "dead", 3600, 3660, 1).await, [1]);
    assert_eq!(store.reclaim(call.clone(), at(10), at(3608)).await.unwrap(), 0, "it may be present");
    assert_eq!(store.reclaim(call, at(10), at(42)).await.unwrap(), 1, "no presence that is renewed ends so late");
    assert_eq!(claim(&fresh, "new", 10, 70, 1).await, [1]);
}

pub async fn leases_of_long_ago_are_forgotten(fresh: Fresh) {
    let store = &fresh.store;
    let lanes = || ["node-a", "node-b", "main-call"].map(lane).to_vec();
    for (lane, until) in lanes().into_iter().zip([8, 2000, 8]) {
        store.lease_lanes(vec![lane], "dead".to_owned(), at(0), at(until)).await.unwrap();
    }
    store.forget_leases(lanes()[..2].to_vec(), at(7)).await.unwrap();
    assert_eq!(store.leases().await.unwrap().len(), 3);
    store.forget_leases(lanes()[..2].to_vec(), at(8)).await.unwrap();
    let mut left: Vec<_> = store.leases().await.unwrap().into_iter().map(|row| row.lane).collect();
    left.sort();
    assert_eq!(left, ["main-call", "node-b"].map(lane), "what was not named and what ended later stays");
}

pub async fn work_of_a_lane_that_another_node_holds_is_left_to_it(fresh: Fresh) {
    fresh.write([Write::Work(work(1, "other-call", 0, 20, 0))]).await;
    fresh.store.lease_lanes(vec![lane("other-call")], "b".to_owned(), at(0), at(8)).await.unwrap();
    let known = || vec![lane("main-call")];
    fresh.store.move_work(known(), Means::Call, lane("main-call"), at(7)).await.unwrap();
    assert_eq!(claim(&fresh, "a", 7, 30, 9).await, Vec::<u32>::new(), "b has another configuration");
    fresh.store.move_work(known(), Means::Call, lane("main-call"), at(8)).await.unwrap();
    assert_eq!(claim(&fresh, "a", 8, 30, 9).await, [1]);
}

pub async fn attempts_without_an_answer_are_found(fresh: Fresh) {
    fresh.write([new_tip(1), says(1, 1)]).await;
    let answered = AttemptRow { answer: Some("accepted".to_owned()), ..attempt(2, 1, 1) };
    let elsewhere = AttemptRow { lane: lane("other-call"), ..attempt(3, 1, 1) };
    let rows = [attempt(1, 1, 1), answered, elsewhere, attempt(4, 1, 1), attempt(9, 1, 1)];
    fresh.write(rows.map(|row| Write::Attempt(Box::new(row)))).await;
    let found = fresh.store.unanswered(lane("main-call"), at(1), at(9), 10).await.unwrap();
    assert_eq!(found.iter().map(|row| row.id).collect::<Vec<_>>(), [attempt_id(1), attempt_id(4)]);
    assert_eq!(fresh.store.unanswered(lane("main-call"), at(2), at(9), 10).await.unwrap().len(), 1);
}
