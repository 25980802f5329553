//! Tips about one thing: what is counted under another tip comes back to a row of its own whenever it might be overlooked.

use crate::fixture::Fresh;
use crate::rows::*;
use domain::conversation::State;
use tipline::store::commit::Write;
use tipline::store::rows::*;
use tipline::vault::sealed::Sealed;

fn like(n: u32, first: u32, folded: bool) -> Write {
    let new_facts = (!folded).then(|| Sealed(vec![1, 2, 3]));
    let (conversation, incident) = (tip_id(n), tip_id(first));
    Write::Incident(IncidentRow { conversation, incident, likeness: 70, new_facts, folded, proposed_at: at(20), taken_out: None })
}

async fn ids(fresh: &Fresh, filter: InboxFilter) -> Vec<u32> {
    let rows = fresh.store.inbox(filter, 100).await.unwrap();
    rows.iter().map(|row| (1..=9).find(|n| tip_id(*n) == row.row.conversation.id).unwrap()).collect()
}

async fn five_alike(fresh: &Fresh) {
    for n in 1..=5 {
        fresh.write([new_tip(n), says(n, n)]).await;
    }
    fresh.write([like(2, 1, true), like(3, 1, true), like(4, 1, false)]).await;
}

pub async fn what_is_like_another_is_counted_under_it(fresh: Fresh) {
    five_alike(&fresh).await;
    assert_eq!(ids(&fresh, InboxFilter::First).await, [1, 4, 5]);
    assert_eq!(ids(&fresh, InboxFilter::FirstUnsorted).await, [1, 4, 5]);
    assert_eq!(ids(&fresh, InboxFilter::Open).await, [1, 2, 3, 4, 5], "nothing is gone");
    assert_eq!(ids(&fresh, InboxFilter::Alike(tip_id(1))).await, [2, 3, 4]);
    assert_eq!(fresh.store.inbox_counts(staff_id(1)).await.unwrap().open, 5);
    let rows = fresh.store.tips_of(vec![tip_id(4), tip_id(1)]).await.unwrap();
    assert_eq!((rows[0].alike, rows[0].incident, rows[0].likeness), (2, None, None));
    assert_eq!((rows[1].alike, rows[1].incident, rows[1].new_facts.clone()), (0, Some(tip_id(1)), Some(Sealed(vec![1, 2, 3]))));
    let lately = fresh.store.tips_since(at(0), 2).await.unwrap();
    assert_eq!(lately, [tip_id(4), tip_id(5)], "of too many the last");
}

pub async fn nothing_stays_counted_where_it_would_be_overlooked(fresh: Fresh) {
    five_alike(&fresh).await;
    fresh.write([says(12, 2)]).await;
    assert_eq!(ids(&fresh, InboxFilter::First).await, [1, 2, 4, 5], "its reporter wrote again");
    fresh.write([like(2, 1, true)]).await;
    assert_eq!(ids(&fresh, InboxFilter::First).await, [1, 2, 4, 5], "and is not folded again while that is unread");
    let by = Some((staff_id(1), at(30)));
    let (conversation, incident) = (tip_id(4), tip_id(1));
    let out = IncidentRow { conversation, incident, likeness: 0, new_facts: None, folded: false, proposed_at: at(30), taken_out: by };
    fresh.write([Write::Incident(out)]).await;
    let row = fresh.store.tips_of(vec![tip_id(4)]).await.unwrap().remove(0);
    assert_eq!((row.incident, row.new_facts, row.likeness), (None, None, Some(70)), "taken out, and known to be so");
    assert_eq!(ids(&fresh, InboxFilter::Alike(tip_id(1))).await, [2, 3]);
    let mut first = fresh.store.conversation(tip_id(1)).await.unwrap().unwrap();
    first.conversation.state = State::Closed;
    fresh.write([Write::Conversation(Box::new(first))]).await;
    assert_eq!(ids(&fresh, InboxFilter::First).await, [2, 3, 4, 5], "the first one is closed: what was counted under it stands for itself");
    fresh.write([like(5, 1, true)]).await;
    assert_eq!(ids(&fresh, InboxFilter::First).await, [2, 3, 4, 5], "nothing is counted under a closed tip");
}
