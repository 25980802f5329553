//! A carrier's piece of news counts once.

use crate::fixture::Fresh;
use crate::rows::*;
use tipline::audit::Action;
use tipline::store::commit::{Commit, Once, Outcome, Write};
use tipline::store::rows::*;

pub async fn the_same_news_counts_once(fresh: Fresh) {
    fresh.apply(first_text(1)).await;
    assert_eq!(fresh.store.commit(first_text(1)).await.unwrap(), Outcome::Duplicate);
    // Only the key decides, whatever else the repeat says.
    let repeat = Commit { once: first_text(1).once, writes: vec![says(50, 1)], audit: vec![entry(1, Action::Opened)] };
    assert_eq!(fresh.store.commit(repeat).await.unwrap(), Outcome::Duplicate);
    assert_eq!(fresh.store.messages(tip_id(1), 0, 10).await.unwrap().len(), 2);
    assert_eq!(fresh.store.record(tip_id(1), 0, 10).await.unwrap().len(), 2);
}

pub async fn once_is_per_account(fresh: Fresh) {
    fresh.apply(Commit { once: once("SM1"), ..Commit::default() }).await;
    let other = Once { account: account("second"), key: "SM1".to_owned(), at: at(1) };
    fresh.apply(Commit { once: Some(other.clone()), ..Commit::default() }).await;
    assert_eq!(fresh.store.commit(Commit { once: Some(other), ..Commit::default() }).await.unwrap(), Outcome::Duplicate);
    fresh.apply(Commit { once: once("SM1:delivered"), ..Commit::default() }).await;
    fresh.apply(Commit { once: once("\"quoted\" \\ back"), ..Commit::default() }).await;
    assert_eq!(fresh.store.commit(Commit { once: once("\"quoted\" \\ back"), ..Commit::default() }).await.unwrap(), Outcome::Duplicate);
}

pub async fn a_refused_commit_leaves_no_trace(fresh: Fresh) {
    fresh.apply(first_text(1)).await;
    let before = fresh.store.conversation(tip_id(1)).await.unwrap();
    let health = fresh.store.health(at(0)).await.unwrap();
    let stale = ConversationRow { version: 9, ..tip(1) };
    let writes = vec![
        says(60, 1),
        new_tip(2),
        Write::Task(task(1, 1)),
        Write::Work(work(1, "main-call", 0, 0, 0)),
        Write::MarkRead(tip_id(1)),
        Write::Conversation(Box::new(stale)),
    ];
    let refused = Commit { once: once("SM-refused"), writes: writes.clone(), audit: vec![entry(1, Action::Opened)] };
    assert_eq!(fresh.store.commit(refused).await.unwrap(), Outcome::Conflict);
    assert_eq!(fresh.store.conversation(tip_id(1)).await.unwrap(), before);
    assert_eq!(fresh.store.health(at(0)).await.unwrap(), health);
    assert_eq!(fresh.store.record(tip_id(1), 0, 10).await.unwrap().len(), 2);
    // The key is still free.
    let decided_again = Commit { once: once("SM-refused"), writes: writes[..5].to_vec(), audit: vec![entry(1, Action::Opened)] };
    fresh.apply(decided_again).await;
}
