//! One node's keeper over a store in a file, look by look: what other nodes did stands in the store, and what fails is a store that only
//! reads.

use super::*;
use crate::clock::Clock;
use crate::clock::database::DatabaseClock;
use crate::config::Config;
use crate::desk::directory::DirectoryReader;
use crate::entropy::Entropy;
use crate::outbox::compose::{Compose, Line};
use crate::outbox::wake::Wake;
use crate::outbox::{Limits, pace::Paces};
use crate::progress::Progress;
use crate::progress::people::People;
use crate::progress::routes::{Lane, Routes};
use crate::store::rows::{Claim, WorkId, WorkRow};
use crate::store::sqlite::Sqlite;
use crate::store::{Commit, Options, Write};
use crate::vault::Vault;
use crate::vault::keys::MasterKey;
use domain::dispatch::words::Voice;
use domain::id::MessageId;
use domain::language::Language;
use domain::sealed::Address;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const LENGTH: SignedDuration = SignedDuration::from_secs(8);

struct Node {
    keeper: Keeper,
    store: Arc<dyn Store>,
    /// The same data, of which every change is refused.
    reads: Arc<dyn Store>,
    clock: Clock,
    folder: PathBuf,
}

impl Node {
    async fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("tipline-keeper-{}", Entropy.uuid().simple()));
        std::fs::create_dir(&folder).unwrap();
        let (file, tasks) = (folder.join("tipline.db"), Tasks::default());
        let spawning = tasks.clone();
        let spawn = move |name: &'static str, task| spawning.spawn(name, task);
        let store = Sqlite::open(&file, Options { migrate: true, ..Options::default() }, &spawn).await.unwrap();
        let reads = Sqlite::open_to_read(&file).await.unwrap();
        let clock = Clock::fixed(Timestamp::from_second(1_800_000_000).unwrap());
        let outbox = outbox(store.clone(), clock.clone());
        Self { keeper: Keeper::new(outbox, tasks), store, reads, clock, folder }
    }

    /// Every change is refused from now on, or no more.
    fn writes(&mut self, writes: bool) {
        self.keeper.outbox.progress.store = if writes { self.store.clone() } else { self.reads.clone() };
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
    fn holds(&self, name: &str) -> bool {
        self.keeper.outbox.leases.holds(&lane(name), self.now())
    }

    /// What another node does at this time.
    async fn other(&self, name: &str, lanes: &[&str], now: Timestamp) -> usize {
        let lanes = lanes.iter().map(|name| lane(name)).collect();
        self.store.lease_lanes(lanes, name.to_owned(), now, now + LENGTH).await.unwrap().len()
    }
    async fn put_work(&self) {
        let (id, now) = (WorkId::Message(MessageId::new(Entropy.uuid())), self.now());
        let row = WorkRow { id, lane: lane("main-call"), rank: 0, due_at: now, run_at: now };
        self.store.commit(Commit { writes: vec![Write::Work(row)], ..Commit::default() }).await.unwrap();
    }
    async fn claims(&self, owner: &str) -> usize {
        let until = self.now() + SignedDuration::from_secs(60);
        self.store.claim_due(lane("main-call"), owner.to_owned(), self.now(), until, Claim::Any, 9).await.unwrap().len()
    }
    async fn owner_of(&self, name: &str) -> Option<String> {
        self.store.leases().await.unwrap().into_iter().find(|row| row.lane == lane(name)).map(|row| row.owner)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.keeper.tasks.stop();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn lane(name: &str) -> LaneKey {
    name.parse().unwrap()
}

/// An outbox with two lanes that sends nothing.
fn outbox(store: Arc<dyn Store>, clock: Clock) -> Outbox {
    let lanes = [("main", Means::Call), ("mail", Means::Mail)].map(|(account, means)| Lane {
        key: lane(&format!("{account}-{}", means.as_str())),
        account: account.parse().unwrap(),
        means,
        from: Address::new(""),
        per_second: None,
    });
    let routes = Arc::new(Routes::new(lanes.to_vec()).unwrap());
    let config = Config::load(None, &BTreeMap::new()).unwrap();
    let progress = Progress {
        store: store.clone(),
        clock: clock.clone(),
        entropy: Entropy,
        policy: Arc::new(config.policy().clone()),
        routes: routes.clone(),
        wake: Wake::new(routes.lanes().map(|lane| lane.key.clone())),
        people: People::new(store.clone(), clock.clone(), &config),
    };
    let line = Line {
        voice: Voice { line_name: "Example Tip Line".into(), call_back: String::new() },
        call_back: String::new(),
        endusers_alone: None,
        origin: "https://example.org".into(),
        language: Language::En,
        desk: None,
        hotline: None,
        mailboxes: Vec::new(),
    };
    let compose = Compose {
        store: store.clone(),
        vault: Arc::new(Vault::new(&MasterKey::from_bytes([7; 32]), Entropy)),
        directory: DirectoryReader::new(store, clock.clone()),
        routes,
        line: Arc::new(line),
        detections: Arc::default(),
    };
    Outbox {
        progress,
        compose,
        senders: Arc::default(),
        clock,
        paces: Paces::default(),
        limits: Arc::new(Limits { lease: SignedDuration::from_secs(60), lane_lease: LENGTH, in_flight_most: 4 }),
        leases: Leases::default(),
        node: "me".to_owned(),
        stopping: CancellationToken::new(),
    }
}

#[tokio::test]
async fn a_lane_that_is_anothers_is_left_at_once_and_not_taken_back() {
    let mut node = Node::start().await;
    node.keeper.look().await.unwrap();
    assert!(node.holds("main-call") && node.holds("mail-mail"));
    // The database's clock is an hour ahead now; another node has noticed, this one has not.
    let ahead = node.now() + SignedDuration::from_hours(1);
    assert_eq!(node.other("other", &["main-call", "node-other"], ahead).await, 2);
    node.writes(false);
    let _ = node.keeper.look().await;
    assert!(!node.holds("main-call") && node.holds("mail-mail"), "before any of it is renewed");
}

#[tokio::test]
async fn nothing_is_taken_from_another_while_the_clock_is_not_sure() {
    let mut node = Node::start().await;
    let (now, hour) = (node.now(), SignedDuration::from_hours(1));
    node.other("other", &["main-call", "mail-mail", "node-other"], now).await;
    node.keeper.outbox.clock = Clock::Database(DatabaseClock::told(&[now, now + hour]));
    node.keeper.look().await.unwrap();
    assert_eq!(node.owner_of("main-call").await.as_deref(), Some("other"), "it renews as soon as it has noticed, too");
    assert_eq!(node.owner_of("node-me").await.as_deref(), Some("me"), "this one is there meanwhile");
    node.keeper.outbox.clock = Clock::Database(DatabaseClock::told(&[now + hour]));
    node.keeper.look().await.unwrap();
    assert_eq!(node.owner_of("main-call").await.as_deref(), Some("me"), "it did not");
}

#[tokio::test]
async fn what_a_dead_node_had_claimed_is_due_again_although_the_store_failed_meanwhile() {
    let mut node = Node::start().await;
    node.put_work().await;
    // It had claimed on a lane that this one has now: it gave it back and died.
    node.other("dead", &["main-call", "node-dead"], node.now()).await;
    assert_eq!(node.claims("dead").await, 1);
    node.store.give_back(vec![lane("main-call")], "dead".to_owned()).await.unwrap();
    node.keeper.look().await.unwrap();
    assert!(node.holds("main-call"));
    assert_eq!(node.claims("me").await, 0, "it may still be at it");
    node.clock.step(LENGTH);
    node.writes(false);
    assert!(node.keeper.look().await.is_err(), "that it is gone is seen, and nothing can be done about it");
    node.writes(true);
    node.keeper.look().await.unwrap();
    assert_eq!(node.claims("me").await, 1);
}

#[tokio::test]
async fn what_was_claimed_on_a_lane_is_due_again_although_the_store_failed_when_it_had_been_taken() {
    let mut node = Node::start().await;
    node.put_work().await;
    node.other("dead", &["main-call", "node-dead"], node.now()).await;
    assert_eq!(node.claims("dead").await, 1);
    node.clock.step(LENGTH);
    let rows = node.store.leases().await.unwrap();
    let moves = node.keeper.moves(&rows, &[], LENGTH).await;
    node.keeper.renew(&[], &moves, node.clock.now(), LENGTH).await.unwrap();
    assert!(node.holds("main-call"));
    node.writes(false);
    assert!(node.keeper.make_due(node.clock.now(), LENGTH).await.is_err());
    node.writes(true);
    node.keeper.look().await.unwrap();
    assert_eq!(node.claims("me").await, 1);
}

#[tokio::test]
async fn presences_of_runs_that_died_are_forgotten_after_a_day() {
    let mut node = Node::start().await;
    node.other("dead", &["node-dead"], node.now()).await;
    for (hours, left) in [(0, true), (23, true), (2, false)] {
        node.clock.step(SignedDuration::from_hours(hours));
        node.keeper.look().await.unwrap();
        assert_eq!(node.owner_of("node-dead").await.is_some(), left, "{hours}");
        assert!(node.owner_of("node-me").await.is_some());
    }
}
