//! Looks over a carrier that is a list: what is taken in, what waits, and that a look ends.

use super::{Incomplete, OVERLAP, Reconcile, SinceBackup, before};
use crate::config::Reconcile as Settings;
use crate::entropy::Entropy;
use crate::intake::tests::fixture::Fixture;
use crate::store::{Commit, Write};
use adapters::contract::{BoxFuture, Inbox, Recorded, SendError};
use domain::channel::Channel;
use domain::exchange::{CallerEvent, InboundMessage, MediaBody, MediaRef, MediaRole};
use domain::id::AccountKey;
use domain::sealed::Words;
use jiff::{SignedDuration, Timestamp};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const STUDENT: &str = "+15555550142";

/// What the carrier has, oldest first.
#[derive(Default)]
struct List {
    messages: Mutex<Vec<InboundMessage>>,
    asked: AtomicUsize,
    hides_pictures: AtomicBool,
}

impl Inbox for List {
    fn since<'a>(&'a self, since: Timestamp, most: usize) -> BoxFuture<'a, Result<Vec<InboundMessage>, SendError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let all = self.messages.lock().unwrap();
        let found = all.iter().filter(|message| message.sent_at.is_none_or(|at| at >= since)).take(most).cloned().collect();
        Box::pin(std::future::ready(Ok(found)))
    }

    fn complete<'a>(&'a self, mut message: InboundMessage) -> BoxFuture<'a, Result<InboundMessage, SendError>> {
        let answer = if message.media_dropped == 0 {
            Ok(message)
        } else if self.hides_pictures.load(Ordering::SeqCst) {
            Err(SendError::Transient { reason: "status 500".to_owned(), code: None })
        } else {
            let body = MediaBody::Waiting(Words::new("https://carrier.example.org/1"));
            message.media.push(MediaRef { body, content_type: "image/png".to_owned(), role: MediaRole::Shown });
            message.media_dropped -= 1;
            Ok(message)
        };
        Box::pin(std::future::ready(answer))
    }

    fn recordings<'a>(&'a self, _since: Timestamp) -> BoxFuture<'a, Result<Vec<Recorded>, SendError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn of_a_reporter<'a>(&'a self, recorded: CallerEvent) -> BoxFuture<'a, Result<Option<CallerEvent>, SendError>> {
        Box::pin(std::future::ready(Ok(Some(recorded))))
    }
}

fn reconcile(fixture: &Fixture, node: &str) -> Reconcile {
    Reconcile {
        intake: fixture.intake.clone(),
        store: fixture.store.clone(),
        clock: fixture.clock.clone(),
        entropy: Entropy,
        node: node.to_owned(),
        settings: Settings { poll: Duration::from_secs(60), look_back: Duration::from_secs(86_400) },
    }
}

fn account() -> AccountKey {
    "main".parse().unwrap()
}

impl List {
    /// A message that came so many seconds before now.
    fn add(&self, fixture: &Fixture, words: &str, seconds_ago: i64) -> InboundMessage {
        let sent_at = before(fixture.clock.now(), SignedDuration::from_secs(seconds_ago));
        let message = InboundMessage { sent_at: Some(sent_at), ..fixture.message(Channel::Text, Some(STUDENT), words) };
        self.messages.lock().unwrap().push(message.clone());
        message
    }

    /// One look from an hour ago, in questions for two messages; how many messages there are afterwards that reporters wrote.
    async fn looked_at(&self, fixture: &Fixture) -> (Result<(), Incomplete>, usize) {
        let since = before(fixture.clock.now(), SignedDuration::from_hours(1));
        let looked = reconcile(fixture, "one").look(&account(), self, since, 2).await;
        (looked, taken(fixture).await.len())
    }
}

/// What the reporter said, in the one tip.
async fn taken(fixture: &Fixture) -> Vec<String> {
    let index = fixture.vault.contact_index(Channel::Text, &domain::sealed::Address::new(STUDENT));
    let Some((tip, _)) = fixture.store.conversation_by_contact(index).await.unwrap() else { return Vec::new() };
    let said = fixture.said(tip.conversation.id).await;
    said.into_iter().filter_map(|line| line.strip_prefix("reporter: ").map(str::to_owned)).collect()
}

#[tokio::test]
async fn everything_missed_is_taken_in_once_and_in_order() {
    let (fixture, list) = (Fixture::start().await, List::default());
    for (at, words) in ["one", "two", "three", "four", "five"].into_iter().enumerate() {
        let message = list.add(&fixture, words, 500 - i64::try_from(at).unwrap());
        if words == "three" {
            fixture.take(InboundMessage { sent_at: None, ..message }).await;
        }
    }
    assert!(matches!(list.looked_at(&fixture).await, (Ok(()), 5)));
    assert_eq!(taken(&fixture).await, ["three", "one", "two", "four", "five"], "in the order in which they were taken");
    assert!(matches!(list.looked_at(&fixture).await, (Ok(()), 5)));
}

#[tokio::test]
async fn a_webhook_has_its_time() {
    let (fixture, list) = (Fixture::start().await, List::default());
    list.add(&fixture, "just now", 19);
    assert!(matches!(list.looked_at(&fixture).await, (Ok(()), 0)));
    fixture.clock.step(SignedDuration::from_secs(1));
    assert!(matches!(list.looked_at(&fixture).await, (Ok(()), 1)));
    assert!(OVERLAP > SignedDuration::from_mins(2), "what was too young is seen again");
}

#[tokio::test]
async fn many_messages_of_one_second_do_not_hold_up_the_look() {
    let (fixture, list) = (Fixture::start().await, List::default());
    for n in 0..7 {
        list.add(&fixture, &format!("{n}"), 500);
    }
    list.add(&fixture, "later", 400);
    assert!(matches!(list.looked_at(&fixture).await, (Ok(()), 8)), "and none of them is passed over");
    assert!(list.asked.load(Ordering::SeqCst) < 10);
}

#[tokio::test]
async fn words_wait_for_their_pictures_but_not_long() {
    let (fixture, list) = (Fixture::start().await, List::default());
    list.hides_pictures.store(true, Ordering::SeqCst);
    let message = list.add(&fixture, "look", 60);
    list.messages.lock().unwrap()[0] = InboundMessage { media_dropped: 2, ..message };
    list.add(&fixture, "are you there?", 50);
    assert!(matches!(list.looked_at(&fixture).await, (Err(Incomplete::NotTaken(1)), 1)), "and nothing else waits for it");
    fixture.clock.step(SignedDuration::from_mins(5));
    assert!(matches!(list.looked_at(&fixture).await, (Ok(()), 2)));
}

#[tokio::test]
async fn one_node_at_a_time_looks() {
    let (fixture, list) = (Fixture::start().await, List::default());
    list.add(&fixture, "help", 60);
    let (one, two) = (reconcile(&fixture, "one"), reconcile(&fixture, "two"));
    let since = before(fixture.clock.now(), SignedDuration::from_hours(1));
    let lane = "main-poll".parse().unwrap();
    assert!(one.turn(&account(), &list, &lane, since).await.unwrap());
    assert!(!two.turn(&account(), &list, &lane, since).await.unwrap());
    assert_eq!(list.asked.load(Ordering::SeqCst), 1);
    fixture.clock.step(SignedDuration::from_mins(3));
    assert!(two.turn(&account(), &list, &lane, since).await.unwrap(), "a node that is gone loses its turn");
}

#[tokio::test]
async fn after_a_restore_the_first_look_goes_back_to_the_backup_once() {
    let (fixture, list) = (Fixture::start().await, List::default());
    let three_days = SignedDuration::from_hours(72);
    list.add(&fixture, "while the machine was lost", three_days.as_secs() - 600);
    let since = SinceBackup::new(before(fixture.clock.now(), three_days));
    let text = serde_json::to_string(&since).unwrap();
    fixture.store.commit(Commit { writes: vec![Write::Meta(SinceBackup::NAME, text)], ..Commit::default() }).await.unwrap();
    let (one, lane) = (reconcile(&fixture, "one"), "main-poll".parse().unwrap());
    let an_hour = before(fixture.clock.now(), SignedDuration::from_hours(1));
    assert!(one.turn(&account(), &list, &lane, an_hour).await.unwrap());
    assert_eq!(taken(&fixture).await, ["while the machine was lost"]);
    let started_again = reconcile(&fixture, "one");
    let asked = SinceBackup::of(&*started_again.store, &account()).await.unwrap();
    assert_eq!(asked, None, "only the first look goes so far back");
    assert!(SinceBackup::of(&*started_again.store, &"backup".parse().unwrap()).await.unwrap().is_some(), "each account has its own");
}
