//! Several nodes on one database: the races of the suite between them, and what one commits the others hear of.

use super::{Fresh, conformance, database, open, open_and_hear, until};
use crate::rows::*;
use futures_util::future::join_all;
use test_kit::{Cluster, Line};
use tipline::store::commit::{Commit, Outcome, Write};
use tipline::store::{Changed, News};

async fn three_nodes() -> Fresh {
    let url = database().await;
    let (store, second, third) = (open(&url).await, open(&url).await, open(&url).await);
    Fresh { store, others: vec![second, third], again: Box::new(|| unreachable!("no race opens again")) }
}

conformance!(three_nodes:
    races::{
        of_many_equal_commits_one_goes_through, of_many_new_tips_for_one_address_one_goes_through,
        of_many_changes_of_a_version_one_goes_through, of_many_new_tips_with_one_id_one_goes_through,
        many_messages_get_all_numbers_once, one_bad_commit_fails_alone,
        nothing_stays_counted_under_a_tip_that_is_closed_meanwhile,
    },
    work::{no_work_is_claimed_twice},
);

/// Every node writes about the same hundred tips at once, each commit several in another order: nothing waits for ever, nothing is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_meet_on_the_same_tips_all_come_through() {
    const TIPS: u32 = 20;
    const COMMITS: u32 = 240;
    let fresh = three_nodes().await;
    fresh.write((0..TIPS).map(new_tip)).await;
    let commits = (0..COMMITS).map(|n| {
        // Two tips each, up and down, with their work.
        let (one, two) = (n * 7 % TIPS, n * 11 % TIPS);
        let writes = vec![
            says(10_000 + 2 * n, one),
            says(10_001 + 2 * n, two),
            Write::Work(work(two, "main-call", 0, 1, 0)),
            Write::Work(work(one, "main-call", 0, 1, 0)),
        ];
        let audit = vec![entry(two, tipline::audit::Action::Noted), entry(one, tipline::audit::Action::Noted)];
        fresh.node(n).commit(Commit { once: once(&format!("SM{n}")), writes, audit })
    });
    for (n, outcome) in join_all(commits).await.into_iter().enumerate() {
        assert!(matches!(outcome, Ok(Outcome::Committed(_))), "{n}: {outcome:?}");
    }
    let mut messages = 0;
    for n in 0..TIPS {
        let read: Vec<i64> = fresh.store.messages(tip_id(n), 0, 1000).await.unwrap().iter().map(|message| message.seq).collect();
        assert_eq!(read, (1..).take(read.len()).collect::<Vec<i64>>());
        assert_eq!(fresh.store.record_break(tip_id(n)).await.unwrap(), None);
        messages += read.len();
    }
    assert_eq!(messages, 2 * COMMITS as usize);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_lane_is_one_nodes() {
    let fresh = three_nodes().await;
    let lanes: Vec<_> = (0..8).map(|n| lane(&format!("n{n}-call"))).collect();
    let leased = join_all((0..6_u32).map(|n| {
        let mut lanes = lanes.clone();
        lanes.rotate_left(n as usize);
        fresh.node(n).lease_lanes(lanes, format!("node-{n}"), at(0), at(1))
    }))
    .await;
    let mut all: Vec<_> = leased.into_iter().flat_map(Result::unwrap).collect();
    all.sort();
    assert_eq!(all, lanes, "each is somebody's, and nobody's twice");
}

fn tips(told: &[News]) -> Vec<domain::id::ConversationId> {
    told.iter()
        .flat_map(|news| match news {
            News::Changed(changed) => changed.tips.clone(),
            News::Missed => Vec::new(),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_commits_the_other_is_told_of() {
    let url = database().await;
    let ((one, told_one), (two, told_two)) = (open_and_hear(&url).await, open_and_hear(&url).await);
    // Until both listen.
    for (n, told) in [&told_one, &told_two].into_iter().enumerate() {
        let other = if n == 0 { &two } else { &one };
        until("it listens", async || {
            other.release_lanes("nobody".to_owned()).await.unwrap();
            told.lock().unwrap().iter().any(|news| matches!(news, News::Changed(Changed { freed: true, .. })))
        })
        .await;
    }
    one.commit(first_text(1)).await.unwrap();
    until("the other is told of the tip", async || !tips(&told_two.lock().unwrap()).is_empty()).await;
    let lanes = told_two.lock().unwrap().iter().any(|news| match news {
        News::Changed(changed) => changed.lanes == [lane("main-text")],
        News::Missed => false,
    });
    assert!(lanes, "and that a lane has work");
    // A repeat and a value change no tip; the next change comes after them.
    one.commit(first_text(1)).await.unwrap();
    one.commit(Commit { writes: vec![Write::Meta("a", "b".to_owned())], ..Commit::default() }).await.unwrap();
    two.commit(first_text(2)).await.unwrap();
    until("the first is told of the second's", async || tips(&told_one.lock().unwrap()).contains(&tip_id(2))).await;
    for told in [&told_one, &told_two] {
        let mut tips = tips(&told.lock().unwrap());
        tips.sort();
        assert_eq!(tips, [tip_id(1), tip_id(2)], "each once, its own too");
    }
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_could_not_hear_is_told_that_something_was_missed() {
    let cluster = Cluster::start().await.unwrap();
    let direct = cluster.create_database("tips").await.unwrap();
    tipline::store::postgres::migrate(&direct).await.unwrap();
    let line = Line::to(cluster.address()).await.unwrap();
    let (near, _) = open_and_hear(&direct).await;
    let (far, told) = open_and_hear(&Cluster::url_at(line.address(), "tips")).await;
    let hears = async |n: u32| {
        until("it hears", async || {
            near.release_lanes("nobody".to_owned()).await.unwrap();
            !told.lock().unwrap().is_empty()
        })
        .await;
        near.commit(first_text(n)).await.unwrap();
        until("it hears of the tip", async || tips(&told.lock().unwrap()).contains(&tip_id(n))).await;
    };
    let missed = || told.lock().unwrap().contains(&News::Missed);
    hears(1).await;
    line.cut();
    near.commit(first_text(2)).await.unwrap();
    line.mend();
    until("it is said after a cut", async || missed()).await;
    assert!(!tips(&told.lock().unwrap()).contains(&tip_id(2)));
    told.lock().unwrap().clear();
    hears(3).await;
    // A line that is dead and does not say so: silence tells.
    line.half_open();
    near.commit(first_text(4)).await.unwrap();
    assert!(far.commit(first_text(4)).await.is_err(), "meanwhile the news are swallowed");
    line.mend();
    until("it is said after a silence", async || missed()).await;
    told.lock().unwrap().clear();
    hears(5).await;
    far.close().await;
    near.close().await;
}
