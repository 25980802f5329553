//! What an adapter that can list its carrier's inbound messages has to pass: a listed message is the very one that its webhook told of.
//!
//! That is what makes it safe to take in both. The rig words the carrier's lists; ids, words, channels, pictures and the order are
//! compared with what the same rig's webhook gives.

use super::text::expected;
use super::{ID, PATIENCE, REPORTER, Rig, patience};
use crate::contract::{Inbox, SendError};
use crate::stub_server::{Stub, Turn};
use domain::exchange::{InboundMessage, ProviderId};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// One record of the carrier's list.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    /// The carrier's id.
    pub(crate) id: String,
    /// Who wrote it; `None` for a text of ours.
    pub(crate) from: Option<&'static str>,
    /// What.
    pub(crate) words: &'static str,
    /// How many pictures came with it.
    pub(crate) pictures: usize,
    /// When, to the second.
    pub(crate) at: Timestamp,
}

/// The carrier's side of listing.
pub(crate) trait InboxRig: Rig {
    /// The adapter's lister, pointed at `base`.
    fn inbox(&self, base: &str, patience: Duration) -> Box<dyn Inbox>;
    /// One page of the list, newest first as given; `more` when another page follows.
    fn page(&self, records: &[Listed], more: bool) -> Turn;
    /// What the carrier answers for the pictures of the message [`ID`], and the addresses that its webhook would have named.
    fn pictures(&self, base: &str, count: usize) -> (Turn, Vec<String>);
}

fn noon() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    noon() + SignedDuration::from_secs(seconds)
}

fn listed(id: &str, words: &'static str, seconds: i64) -> Listed {
    Listed { id: id.to_owned(), from: Some(REPORTER), words, pictures: 0, at: at(seconds) }
}

/// Listing, in all of its ways.
pub(crate) async fn listing(rig: &dyn InboxRig) {
    a_listed_message_is_its_webhooks(rig).await;
    pictures_are_fetched_for_news_only(rig).await;
    pages_are_read_until_they_are_older(rig).await;
    the_oldest_come_first(rig).await;
    what_was_not_listed_is_not_said_to_be_nothing(rig).await;
}

async fn ask(rig: &dyn InboxRig, pages: Vec<Turn>, most: usize) -> Vec<InboundMessage> {
    let stub = Stub::start(pages);
    rig.inbox(&stub.base, PATIENCE).since(noon(), most).await.unwrap()
}

async fn a_listed_message_is_its_webhooks(rig: &dyn InboxRig) {
    for (from, words) in [
        (REPORTER, "help"),
        (REPORTER, "STOP"),
        (REPORTER, ""),
        (REPORTER, " two\nlines \u{1F600} "),
        ("whatsapp:+15555550142", "hi"),
        ("messenger:8675309", "hi"),
        ("73529", "أنا خائف"),
    ] {
        let record = Listed { from: Some(from), ..listed(ID, words, 7) };
        let found = ask(rig, vec![rig.page(&[record], false)], 10).await;
        let webhook = InboundMessage { sent_at: Some(at(7)), ..expected(rig, from, words, &[]) };
        assert_eq!(found, [webhook], "{from} {words:?}");
    }
    let sent = Listed { from: None, ..listed("ours", "We read this.", 3) };
    assert_eq!(ask(rig, vec![rig.page(&[sent], false)], 10).await, [], "what we sent is no news");
}

async fn pictures_are_fetched_for_news_only(rig: &dyn InboxRig) {
    for count in [1, 10] {
        let record = Listed { pictures: count, ..listed(ID, "look", 0) };
        let stub = Stub::start_with(|base| vec![rig.page(&[record], false), rig.pictures(base, count).0]);
        let inbox = rig.inbox(&stub.base, PATIENCE);
        let found = inbox.since(noon(), 10).await.unwrap();
        let dropped = found.iter().map(|message| (message.media.len(), message.media_dropped)).collect::<Vec<_>>();
        assert_eq!(dropped, [(0, u32::try_from(count).unwrap())], "a list only counts them");
        let whole = inbox.complete(found.into_iter().next().unwrap()).await.unwrap();
        let urls = rig.pictures(&stub.base, count).1;
        let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
        assert_eq!(whole, InboundMessage { sent_at: Some(at(0)), ..expected(rig, REPORTER, "look", &urls) });
    }
    let plain = InboundMessage { sent_at: Some(at(0)), ..expected(rig, REPORTER, "no picture", &[]) };
    let nobody = rig.inbox("http://127.0.0.1:1", PATIENCE);
    assert_eq!(nobody.complete(plain.clone()).await.unwrap(), plain, "the carrier is not asked for pictures that there are not");
}

async fn pages_are_read_until_they_are_older(rig: &dyn InboxRig) {
    let pages = vec![
        rig.page(&[listed("e", "five", 5), listed("d", "four", 5)], true),
        rig.page(&[listed("c", "three", 3), listed("b", "two", 0)], true),
        rig.page(&[listed("a", "one", -1), listed("z", "long ago", -4000)], true),
        rig.page(&[listed("y", "never asked for", -5000)], false),
    ];
    let found: Vec<ProviderId> = ask(rig, pages, 10).await.into_iter().map(|message| message.provider_id).collect();
    let expected = ["b", "c", "d", "e"].map(|id| ProviderId(id.to_owned()));
    assert_eq!(found, expected, "oldest first, and nothing from before");
}

async fn the_oldest_come_first(rig: &dyn InboxRig) {
    let pages = vec![rig.page(&[listed("c", "", 3), listed("b", "", 2)], true), rig.page(&[listed("a", "", 1)], false)];
    let found: Vec<ProviderId> = ask(rig, pages, 2).await.into_iter().map(|message| message.provider_id).collect();
    assert_eq!(found, ["a", "b"].map(|id| ProviderId(id.to_owned())), "when there are too many, the rest comes at the next look");
}

async fn what_was_not_listed_is_not_said_to_be_nothing(rig: &dyn InboxRig) {
    let first = || rig.page(&[listed("b", "", 2)], true);
    for turns in [
        vec![Turn::Silence],
        vec![Turn::Answer(500, "", String::new())],
        vec![Turn::Answer(200, "", "{}".to_owned())],
        vec![Turn::Answer(200, "", "<html>".to_owned())],
        vec![first(), Turn::Answer(503, "", String::new())],
        vec![first(), Turn::BreakOff(200)],
    ] {
        let wait = turns.last().map_or(PATIENCE, patience);
        let stub = Stub::start(turns.clone());
        let error = rig.inbox(&stub.base, wait).since(noon(), 10).await.unwrap_err();
        assert!(matches!(error, SendError::Transient { .. }), "{turns:?}: {error:?}");
    }
    let message = InboundMessage { media_dropped: 2, ..expected(rig, REPORTER, "look", &[]) };
    let stub = Stub::start(vec![Turn::Answer(500, "", String::new())]);
    assert!(rig.inbox(&stub.base, PATIENCE).complete(message).await.is_err(), "it is asked for again, not taken in without its pictures");
}
