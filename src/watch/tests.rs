//! Looks at clocks over a real store, with a clock that is stepped.

use super::Watching;
use crate::config::Config;
use crate::desk::directory::DirectoryReader;
use crate::entropy::Entropy;
use crate::intake::tests::fixture::Fixture;
use crate::outbox::wake::Wake;
use crate::progress::Progress;
use crate::progress::people::People;
use crate::progress::routes::{Lane, Routes};
use crate::store::rows::{DirectoryRows, WatchRow};
use crate::store::{Commit, Write};
use domain::channel::Means;
use domain::directory::{ContactPoint, Kind, Organization, Person};
use domain::dispatch::policy::Policy;
use domain::dispatch::purpose::{PageReason, Purpose};
use domain::dispatch::watch::{Alarm, Watch};
use domain::id::ConversationId;
use domain::language::Language;
use domain::sealed::Address;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::sync::Arc;

struct Clocks {
    f: Fixture,
    watching: Watching,
}

impl Clocks {
    /// With supervisors on two rungs.
    async fn start() -> Self {
        let f = Fixture::start().await;
        let person = |order: u16| Person {
            key: format!("supervisor-{order}").parse().unwrap(),
            organization: "the-desk".parse().unwrap(),
            name: format!("Supervisor {order}"),
            role: "Supervisor".into(),
            order,
            language: Language::En,
            points: vec![ContactPoint::plain(Means::Mail, "…rg".into())],
            attested_on: None,
        };
        let desk = Organization {
            key: "the-desk".parse().unwrap(),
            kind: Kind::Line,
            name: "The Desk".into(),
            county: None,
            district: None,
            psap: None,
            police: None,
            hotline: None,
            calendar: "always".parse().unwrap(),
            content: Default::default(),
        };
        let rows = DirectoryRows { organizations: vec![desk], persons: vec![person(1), person(2)], addresses: Vec::new() };
        f.store.commit(Commit { writes: vec![Write::Directory(Box::new(rows))], ..Commit::default() }).await.unwrap();
        let lane = |means: Means| Lane {
            key: format!("main-{}", means.as_str()).parse().unwrap(),
            account: "main".parse().unwrap(),
            means,
            from: Address::new(""),
            per_second: None,
        };
        let routes = Arc::new(Routes::new(vec![lane(Means::Mail)]).unwrap());
        let progress = Progress {
            store: f.store.clone(),
            clock: f.clock.clone(),
            entropy: Entropy,
            policy: Arc::new(Policy::default()),
            wake: Wake::new([super::lane()]),
            routes,
            people: People::new(f.store.clone(), f.clock.clone(), &Config::load(None, &BTreeMap::new()).unwrap()),
        };
        let directory = DirectoryReader::new(f.store.clone(), f.clock.clone());
        let watching = Watching::new(progress, directory, Arc::new(BTreeMap::new()), "Example Tip Line".into(), "node".into());
        Self { f, watching }
    }
    async fn later(&self, seconds: i64) {
        self.f.clock.step(SignedDuration::from_secs(seconds));
        self.watching.work_off_what_is_due().await.unwrap();
    }
    async fn raised(&self, tip: ConversationId) -> Vec<Alarm> {
        self.f.store.watch(tip).await.unwrap().map(|row| row.watch.raised.into_iter().collect()).unwrap_or_default()
    }
    async fn pages(&self, tip: ConversationId) -> usize {
        let told = self.f.store.dispatches(tip).await.unwrap();
        told.iter().filter(|row| row.purpose == Purpose::Page(PageReason::Unsorted)).count()
    }
}

const FIRST: Alarm = Alarm::Page(PageReason::Unsorted, 0);
const SECOND: Alarm = Alarm::Page(PageReason::Unsorted, 1);

#[tokio::test]
async fn a_flood_of_unsorted_tips_is_one_page_a_rung() {
    let clocks = Clocks::start().await;
    let mut tips = Vec::new();
    for n in 10..15 {
        tips.push(clocks.f.text(&format!("+155555501{n}"), "somebody wrote on the wall").await);
    }
    clocks.later(179).await;
    assert_eq!(clocks.raised(tips[0]).await, []);
    clocks.later(1).await;
    let mut pages = 0;
    for tip in &tips {
        assert_eq!(clocks.raised(*tip).await, [FIRST], "raised for each");
        pages += clocks.pages(*tip).await;
    }
    assert_eq!(pages, 1, "and one supervisor is disturbed once");
    clocks.later(180).await;
    assert_eq!(clocks.raised(tips[4]).await, [FIRST, SECOND], "the next rung has its own page");
}

#[tokio::test]
async fn a_look_again_raises_nothing_twice() {
    let clocks = Clocks::start().await;
    let tip = clocks.f.text("+15555550142", "somebody wrote on the wall").await;
    clocks.later(181).await;
    for _ in 0..3 {
        clocks.watching.look_at(tip).await.unwrap();
    }
    assert_eq!((clocks.pages(tip).await, clocks.raised(tip).await), (1, vec![FIRST]));
    clocks.f.clock.step(SignedDuration::from_secs(-60));
    clocks.watching.look_at(tip).await.unwrap();
    assert_eq!(clocks.pages(tip).await, 1, "nor when the clock steps back");
}

#[tokio::test]
async fn tips_of_before_there_were_clocks_get_theirs_at_the_start() {
    let clocks = Clocks::start().await;
    let tip = clocks.f.text("+15555550142", "somebody wrote on the wall").await;
    clocks.watching.seed().await.unwrap();
    let row = clocks.f.store.watch(tip).await.unwrap().unwrap();
    assert_eq!(row, WatchRow { conversation: tip, watch: Watch::default(), version: 1 }, "who has clocks keeps them");
    assert!(clocks.f.store.unwatched(9).await.unwrap().is_empty());
}
