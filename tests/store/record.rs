//! The record: appended with what it records, numbered and chained.

use crate::fixture::Fresh;
use crate::rows::*;
use tipline::audit::{Action, Actor, Entry};
use tipline::store::chain;
use tipline::store::commit::{Commit, Write};

pub async fn the_record_is_chained(fresh: Fresh) {
    fresh.apply(first_text(1)).await;
    let closed = Entry {
        conversation: tip_id(1),
        at: at(30),
        actor: Actor::Staff(staff_id(3)),
        action: Action::TaskDone { what: "done \"well\"".to_owned() },
    };
    fresh.apply(Commit { audit: vec![closed.clone(), entry(1, Action::Opened)], ..Commit::default() }).await;
    let rows = fresh.store.record(tip_id(1), 0, 10).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!((&rows[2].actor, &rows[2].action, rows[2].at), (&closed.actor, &closed.action, closed.at));
    let mut before = chain::START;
    for row in &rows {
        let (actor, action) = (serde_json::to_string(&row.actor).unwrap(), serde_json::to_string(&row.action).unwrap());
        before = chain::link(&before, row.seq, row.at.as_microsecond(), &actor, &action);
        assert_eq!(row.hash, before);
    }
    let page: Vec<_> = fresh.store.record(tip_id(1), 1, 2).await.unwrap().iter().map(|row| row.seq).collect();
    assert_eq!(page, [2, 3]);
    assert_eq!(fresh.store.record_break(tip_id(1)).await.unwrap(), None);
    assert_eq!(fresh.store.conversation(tip_id(1)).await.unwrap().unwrap().updated_at, at(1_000_001), "the first words are the latest");
}

pub async fn the_record_survives_opening_again(mut fresh: Fresh) {
    fresh.apply(first_text(1)).await;
    fresh.reopen().await;
    fresh.apply(Commit { writes: vec![Write::MarkRead(tip_id(1))], audit: vec![entry(1, Action::Opened)], ..Commit::default() }).await;
    assert_eq!(fresh.store.record(tip_id(1), 0, 10).await.unwrap().len(), 3);
    assert_eq!(fresh.store.record_break(tip_id(1)).await.unwrap(), None);
}
