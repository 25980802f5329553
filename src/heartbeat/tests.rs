//! Over a real store with a clock that is stepped: sent when all is well, not while something is wrong, and again when it is mended.

use super::turn::{Turned, Watchdog};
use super::{Heartbeat, client};
use crate::config::Config;
use crate::config::operations::Heartbeat as Settings;
use crate::desk::directory::DirectoryReader;
use crate::entropy::Entropy;
use crate::import::{self, Source};
use crate::intake::tests::fixture::Fixture;
use crate::lifecycle::Tasks;
use crate::links::circuit::News;
use crate::progress::routes::{Lane, Routes};
use crate::readiness::{Part, Readiness, Takes};
use crate::spool::{Options, Spool};
use crate::store::rows::{Claim, WorkId, WorkRow};
use crate::store::{Commit, Write};
use crate::{media, watch};
use adapters::secret::Secret;
use domain::channel::Means;
use domain::id::{LaneKey, MessageId};
use domain::sealed::Address;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A line with a directory, two lanes that somebody holds, and a watchdog that counts.
struct Line {
    f: Fixture,
    heart: Heartbeat,
    spool: Spool,
    watchdog: Watchdog,
    heard: Arc<AtomicU32>,
    tasks: Tasks,
    before: Option<String>,
    folder: PathBuf,
}

impl Line {
    async fn start() -> Self {
        let f = Fixture::start().await;
        let organizations = Source { name: "organizations.csv", bytes: include_bytes!("../../config/demo/organizations.csv") };
        let people = Source { name: "people.csv", bytes: include_bytes!("../../config/demo/people.csv") };
        let config = Config::load(None, &BTreeMap::new()).unwrap();
        let rows = import::read(organizations, people, config.calendars()).unwrap().sealed(&f.vault);
        f.store.commit(Commit { writes: vec![Write::Directory(Box::new(rows))], ..Commit::default() }).await.unwrap();
        let tasks = Tasks::default();
        let spawning = tasks.clone();
        let folder = std::env::temp_dir().join(format!("tipline-heart-{}", Entropy.uuid().simple()));
        let options = Options { folder: folder.clone(), most_bytes: 1 << 20 };
        let spool = Spool::open(&options, f.vault.clone(), &move |name, task| spawning.spawn(name, task)).unwrap();
        let heard = Arc::new(AtomicU32::new(0));
        let url = watchdog(&tasks, heard.clone()).await;
        let readiness = Readiness {
            store: f.store.clone(),
            clock: f.clock.clone(),
            spool: spool.clone(),
            routes: Arc::new(Routes::new(vec![lane("main", Means::Text), lane("mail", Means::Mail)]).unwrap()),
            directory: DirectoryReader::new(f.store.clone(), f.clock.clone()),
            leaving: tasks.leaving(),
            patience: Duration::from_secs(60),
            steps: Arc::default(),
        };
        let settings = Settings { url: None, every: Duration::from_secs(60), patience: Duration::from_secs(60) };
        let heart = Heartbeat { readiness, store: f.store.clone(), node: "this".to_owned(), settings };
        let watchdog = Watchdog { client: client(&url, Duration::from_secs(5)).unwrap(), url: Secret::new(url) };
        let line = Self { f, heart, spool, watchdog, heard, tasks, before: None, folder };
        line.step(0).await;
        line
    }

    /// Time goes on, and the lanes' leases are renewed.
    async fn step(&self, seconds: i64) {
        self.f.clock.step(SignedDuration::from_secs(seconds));
        self.lease(["main-text", "mail-mail", media::lane().as_str(), watch::lane().as_str()].as_slice(), "this", 60).await;
    }

    async fn lease(&self, lanes: &[&str], owner: &str, seconds: i64) {
        let now = self.f.clock.now();
        let lanes = lanes.iter().map(|lane| lane.parse::<LaneKey>().unwrap()).collect();
        let until = now + SignedDuration::from_secs(seconds);
        self.f.store.lease_lanes(lanes, owner.to_owned(), now, until).await.unwrap();
    }

    async fn turn(&mut self) -> Option<Turned> {
        self.heart.turn(Some(&self.watchdog), &mut self.before).await
    }

    async fn write(&self, writes: Vec<Write>) {
        self.f.store.commit(Commit { writes, ..Commit::default() }).await.unwrap();
    }

    fn heard(&self) -> u32 {
        self.heard.load(Ordering::SeqCst)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.tasks.stop();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn lane(account: &str, means: Means) -> Lane {
    let key = format!("{account}-{}", means.as_str()).parse().unwrap();
    Lane { key, account: account.parse().unwrap(), means, from: Address::new(""), per_second: None }
}

/// Answers every request with 200 and counts it.
async fn watchdog(tasks: &Tasks, heard: Arc<AtomicU32>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stopping = tasks.stopping();
    tasks.spawn("watchdog", async move {
        while let Some(Ok((mut socket, _))) = stopping.run_until_cancelled(listener.accept()).await {
            let mut request = [0; 4096];
            let read = socket.read(&mut request).await.unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            assert!(request.starts_with("GET /beat/of-ours HTTP/1.1\r\n") && request.ends_with("\r\n\r\n"), "it has no body");
            heard.fetch_add(1, Ordering::SeqCst);
            let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
        }
    });
    format!("http://{address}/beat/of-ours")
}

/// The message that waits to be sent.
async fn waiting(line: &Line) -> WorkRow {
    let now = line.f.clock.now();
    let claimed = line.f.store.claim_due("main-text".parse().unwrap(), "this".to_owned(), now, now, Claim::Any, 1).await.unwrap();
    claimed.into_iter().next().expect("work is due")
}

#[tokio::test]
async fn sent_while_nothing_waits_longer_than_its_lane_explains() {
    let mut line = Line::start().await;
    assert_eq!(line.turn().await, Some(Turned::Sent), "{:?}", line.before);
    line.f.text("+15555550142", "they hit me").await;
    assert_eq!(line.turn().await, Some(Turned::Sent), "work that is fresh is no trouble");
    line.step(120).await;
    assert_eq!(line.turn().await, Some(Turned::Withheld));
    assert!(line.before.as_ref().is_some_and(|why| why.contains("work on main-text has waited 120 s")), "{:?}", line.before);
    assert_eq!(line.heard(), 2);
    let report = line.heart.readiness.look().await;
    assert_eq!((report.is_ready(), report.takes), (true, Takes::Stores), "no balancer takes a node away for that");
    // Somebody works on it.
    let now = line.f.clock.now();
    let until = now + SignedDuration::from_secs(30);
    line.f.store.claim_due("main-text".parse().unwrap(), "this".to_owned(), now, until, Claim::Any, 10).await.unwrap();
    assert_eq!(line.turn().await, Some(Turned::Sent), "{:?}", line.before);
    assert_eq!(line.heard(), 3);
}

#[tokio::test]
async fn withheld_while_a_promise_has_no_timer_and_sent_when_it_has_one_again() {
    let mut line = Line::start().await;
    line.f.text("+15555550142", "they hit me").await;
    let work = waiting(&line).await;
    let id: MessageId = match work.id {
        WorkId::Message(id) => id,
        other => panic!("an answer waits, not {other:?}"),
    };
    line.write(vec![Write::WorkDone(WorkId::Message(id))]).await;
    assert_eq!(line.turn().await, Some(Turned::Withheld));
    assert!(line.before.as_ref().is_some_and(|why| why.contains("1 promises have no timer")), "{:?}", line.before);
    line.write(vec![Write::Work(work)]).await;
    assert_eq!(line.turn().await, Some(Turned::Sent), "{:?}", line.before);
}

#[tokio::test]
async fn each_part_can_stop_it() {
    let mut line = Line::start().await;
    line.f.clock.step(SignedDuration::from_secs(61));
    assert_eq!(line.turn().await, Some(Turned::Withheld));
    assert_eq!(line.before.as_deref(), Some("leases: nobody holds main-text, mail-mail, media-fetch, watch-clocks"));
    line.step(0).await;
    // The veto that this very node held is given back at once.
    assert_eq!(line.turn().await, Some(Turned::Sent), "{:?}", line.before);
    let circuits = line.heart.readiness.routes.circuits().clone();
    circuits.take(&"mail-mail".parse().unwrap(), News::Refused, line.f.clock.now());
    assert_eq!(line.turn().await, Some(Turned::Withheld));
    assert_eq!(line.before.as_deref(), Some("carriers: no account is trusted now to mail"));
    line.spool.close().await;
    line.tasks.leave();
    let report = line.heart.readiness.look().await;
    assert!(!report.is_ready() && report.troubles.contains_key(&Part::Stopping), "{}", report.why());
}

#[tokio::test]
async fn one_node_sends_and_another_can_stop_it() {
    let mut line = Line::start().await;
    line.lease(&["heartbeat"], "that", 30).await;
    assert_eq!(line.turn().await, Some(Turned::Elsewhere));
    line.step(31).await;
    assert_eq!(line.turn().await, Some(Turned::Sent), "the other one is gone");
    line.lease(&["heartbeat-veto"], "that", 30).await;
    assert_eq!(line.turn().await, Some(Turned::Withheld), "another node has a trouble of its own");
    line.step(31).await;
    assert_eq!(line.turn().await, Some(Turned::Sent));
    assert_eq!(line.heard(), 2);
}
