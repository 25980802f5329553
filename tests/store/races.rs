//! Many at once, on all nodes that there are: the outcome is what they would have got one after the other.

use crate::fixture::Fresh;
use crate::rows::*;
use domain::conversation::State;
use futures_util::future::join_all;
use std::collections::HashSet;
use tipline::audit::Action;
use tipline::store::StoreError;
use tipline::store::commit::{Commit, Outcome, Write};
use tipline::store::rows::*;

const MANY: u32 = 64;

async fn all(fresh: &Fresh, commits: impl Iterator<Item = Commit>) -> Vec<Result<Outcome, StoreError>> {
    join_all(commits.zip(0..).map(|(commit, n)| fresh.node(n).commit(commit))).await
}

fn count(outcomes: &[Result<Outcome, StoreError>]) -> (usize, usize, usize) {
    let is = |wanted: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| outcome.as_ref().is_ok_and(wanted)).count();
    (is(|o| matches!(o, Outcome::Committed(_))), is(|o| *o == Outcome::Duplicate), is(|o| *o == Outcome::Conflict))
}

pub async fn of_many_equal_commits_one_goes_through(fresh: Fresh) {
    let outcomes = all(&fresh, (0..MANY).map(|_| first_text(1))).await;
    assert_eq!(count(&outcomes), (1, MANY as usize - 1, 0));
    assert_eq!(fresh.store.messages(tip_id(1), 0, 10).await.unwrap().len(), 2);
}

pub async fn of_many_new_tips_for_one_address_one_goes_through(fresh: Fresh) {
    let outcomes = all(
        &fresh,
        (0..MANY).map(|n| {
            let mut address = contact(n, n);
            address.index = index(2, 0);
            Commit { writes: vec![new_tip(n), Write::Contact(Box::new(address)), says(n, n)], ..Commit::default() }
        }),
    )
    .await;
    assert_eq!(count(&outcomes), (1, 0, MANY as usize - 1));
    assert_eq!(fresh.store.health(at(0)).await.unwrap().conversations, 1);
}

/// An id that is derived (of a call, of a form) is drawn by several at the same time; the losers join the tip that is there.
pub async fn of_many_new_tips_with_one_id_one_goes_through(fresh: Fresh) {
    let opens = |n: u32| {
        let mut row = tip(n);
        row.conversation.id = tip_id(1);
        Commit { writes: vec![Write::Conversation(Box::new(row)), says(n, 1)], ..Commit::default() }
    };
    assert_eq!(count(&all(&fresh, (0..MANY).map(opens)).await), (1, 0, MANY as usize - 1));
    // Once it is there, too, and without spoiling what others in the batch have to say of it.
    let joins = |n: u32| Commit { writes: vec![says(n, 1)], ..Commit::default() };
    let outcomes = all(&fresh, (MANY..2 * MANY).map(|n| if n % 2 == 0 { opens(n) } else { joins(n) })).await;
    assert_eq!(count(&outcomes), (MANY as usize / 2, 0, MANY as usize / 2), "{outcomes:?}");
    assert_eq!(fresh.store.messages(tip_id(1), 0, 1000).await.unwrap().len(), 1 + MANY as usize / 2);
}

pub async fn of_many_changes_of_a_version_one_goes_through(fresh: Fresh) {
    fresh.write([new_tip(1), Write::Dispatch(dispatch(1, 1)), Write::Obligation(Box::new(obligation(1, 1, 1, 20)))]).await;
    let tip = fresh.store.conversation(tip_id(1)).await.unwrap().unwrap();
    let outcomes =
        all(&fresh, (0..MANY).map(|_| Commit { writes: vec![Write::Conversation(Box::new(tip.clone()))], ..Commit::default() })).await;
    assert_eq!(count(&outcomes), (1, 0, MANY as usize - 1));
    let row = fresh.store.obligation(obligation_id(1)).await.unwrap().unwrap();
    let outcomes = all(
        &fresh,
        (0..MANY).map(|n| {
            let mut row = row.clone();
            row.obligation.attempts = n;
            Commit { writes: vec![Write::Obligation(Box::new(row))], ..Commit::default() }
        }),
    )
    .await;
    assert_eq!(count(&outcomes), (1, 0, MANY as usize - 1));
    let winner = outcomes.iter().position(|outcome| matches!(outcome, Ok(Outcome::Committed(_)))).unwrap();
    assert_eq!(fresh.store.obligation(obligation_id(1)).await.unwrap().unwrap().obligation.attempts as usize, winner);
}

pub async fn many_messages_get_all_numbers_once(fresh: Fresh) {
    fresh.write([new_tip(1), new_tip(2)]).await;
    let commits = (0..MANY * 2).map(|n| Commit {
        writes: vec![says(n, 1 + n % 2)],
        audit: vec![entry(1 + n % 2, Action::Noted)],
        ..Commit::default()
    });
    let outcomes = all(&fresh, commits).await;
    for tip in [1, 2] {
        let read: Vec<i64> = fresh.store.messages(tip_id(tip), 0, 1000).await.unwrap().iter().map(|m| m.seq).collect();
        assert_eq!(read, (1..=i64::from(MANY)).collect::<Vec<_>>());
        assert_eq!(fresh.store.record_break(tip_id(tip)).await.unwrap(), None);
        let row = fresh.store.conversation(tip_id(tip)).await.unwrap().unwrap();
        assert_eq!((row.last_seq, row.unread), (i64::from(MANY), i64::from(MANY)));
    }
    for (n, outcome) in (0..MANY * 2).zip(outcomes) {
        let Outcome::Committed(done) = outcome.unwrap() else { panic!("message {n} was refused") };
        let seq = fresh.store.message(message_id(n)).await.unwrap().unwrap().seq;
        assert_eq!(done.messages, [(message_id(n), seq)], "everybody is told their own number");
    }
}

pub async fn one_bad_commit_fails_alone(fresh: Fresh) {
    fresh.write([new_tip(1), says(500, 1)]).await;
    let outcomes = all(
        &fresh,
        (0..MANY).map(|n| match n {
            7 => Commit { writes: vec![says(500, 1)], ..Commit::default() }, // a message id that is there already
            13 => Commit { once: once("a\0b"), ..Commit::default() },
            21 => Commit { writes: vec![says(501, 99)], ..Commit::default() }, // no such tip
            33 => Commit {
                writes: vec![
                    says(502, 1),
                    Write::Receipt(ReceiptRow {
                        attempt: attempt_id(404),
                        conversation: tip_id(1),
                        at: at(1),
                        kind: domain::dispatch::evidence::ReceiptKind::Rang,
                    }),
                ],
                ..Commit::default()
            }, // a receipt of no attempt
            n => Commit { once: once(&format!("SM{n}")), writes: vec![says(n, 1)], audit: vec![entry(1, Action::Noted)] },
        }),
    )
    .await;
    for (n, outcome) in outcomes.iter().enumerate() {
        if [7, 13, 21, 33].contains(&n) {
            assert!(matches!(outcome, Err(StoreError::Failed { operation: "commit", .. })), "{n}: {outcome:?}");
        } else {
            assert!(matches!(outcome, Ok(Outcome::Committed(_))), "{n}: {outcome:?}");
        }
    }
    assert_eq!(fresh.store.messages(tip_id(1), 0, 1000).await.unwrap().len(), 1 + MANY as usize - 4);
    assert_eq!(fresh.store.record_break(tip_id(1)).await.unwrap(), None);
}

/// One closes the first tip while another counts a second one under it: whoever is first, the second is not hidden under a closed one.
pub async fn nothing_stays_counted_under_a_tip_that_is_closed_meanwhile(fresh: Fresh) {
    const PAIRS: u32 = 48;
    let (first, second) = (|n: u32| 2 * n, |n: u32| 2 * n + 1);
    fresh.write((0..2 * PAIRS).map(new_tip)).await;
    let one = |write: Write| Commit { writes: vec![write], ..Commit::default() };
    for n in 0..PAIRS {
        let mut tip = fresh.store.conversation(tip_id(first(n))).await.unwrap().unwrap();
        tip.conversation.state = State::Closed;
        let (conversation, incident) = (tip_id(second(n)), tip_id(first(n)));
        let counted =
            IncidentRow { conversation, incident, likeness: 70, new_facts: None, folded: true, proposed_at: at(20), taken_out: None };
        let both = [one(Write::Conversation(Box::new(tip))), one(Write::Incident(counted))];
        assert_eq!(count(&all(&fresh, both.into_iter()).await), (2, 0, 0));
    }
    let rows = fresh.store.inbox(InboxFilter::First, 1000).await.unwrap();
    let shown: HashSet<_> = rows.iter().map(|row| row.row.conversation.id).collect();
    let hidden = (0..PAIRS).filter(|n| !shown.contains(&tip_id(second(*n)))).count();
    assert_eq!((shown.len(), hidden), (PAIRS as usize, 0), "every open tip is there to be seen");
}
