//! Media in Twilio's words: the conformance suite's part, the requests on the wire, and the mock, which notes a password at the wrong door.

use super::mock::World;
use super::{DIALECTS, Dialect, ID};
use crate::conformance::PATIENCE;
use crate::conformance::media::{MediaRig, fetching};
use crate::contract::{FetchError, Inbox, Media};
use crate::media::Allowance;
use crate::stub_server::{Stub, Turn};
use crate::twilio::{Config, TwilioInbox, TwilioMedia};
use base64::Engine;
use domain::exchange::{Inbound, InboundMessage, MediaBody};
use domain::sealed::{Address, Words};
use mock_carriers::{SaidMedia, Say};
use std::sync::Arc;
use std::time::Duration;

fn media(config: Config) -> TwilioMedia {
    TwilioMedia::new(Arc::new(config)).unwrap()
}

impl MediaRig for Dialect {
    fn media(&self, base: &str, allowed: &[&str], patience: Duration) -> Box<dyn Media> {
        let mut config = self.config_at(base, patience);
        config.allow_private_media = allowed.iter().map(|text| Allowance::parse(text).unwrap()).collect();
        Box::new(media(config))
    }

    fn picture_url(&self, base: &str) -> String {
        format!("{base}/2010-04-01/Accounts/{}/Messages/{ID}/Media/ME1", self.config.account_sid)
    }

    fn recording_url(&self, base: &str) -> String {
        format!("{base}/2010-04-01/Accounts/{}/Recordings/RE1", self.config.account_sid)
    }
}

#[tokio::test]
async fn fetching_conforms() {
    for dialect in DIALECTS {
        fetching(&dialect()).await;
    }
}

#[tokio::test]
async fn media_on_the_wire() {
    let stub = Stub::start(vec![Turn::Answer(200, "", String::new()); 4]);
    let dialect = Dialect::twilio();
    let media = media(dialect.config_at(&stub.base, PATIENCE));
    let (picture, recording) = (Words::new(dialect.picture_url(&stub.base)), Words::new(dialect.recording_url(&stub.base)));
    media.fetch(&picture, 10).await.unwrap();
    media.fetch(&recording, 10).await.unwrap();
    media.delete(&picture).await.unwrap();
    media.delete(&recording).await.unwrap();
    let account = "/2010-04-01/Accounts/AC-fictional";
    for line in [
        format!("GET {account}/Messages/{ID}/Media/ME1"),
        format!("GET {account}/Recordings/RE1.wav"),
        format!("DELETE {account}/Messages/{ID}/Media/ME1.json"),
        format!("DELETE {account}/Recordings/RE1.json"),
    ] {
        let asked = stub.asked();
        assert_eq!(asked.line, line);
        // AC-fictional:a-fictional-signing-key
        assert!(asked.headers.contains(&"authorization: Basic QUMtZmljdGlvbmFsOmEtZmljdGlvbmFsLXNpZ25pbmcta2V5".to_owned()));
    }
}

/// A message with two pictures, as the webhook told of it.
async fn pictures(world: &World) -> InboundMessage {
    let one = |kind: &str, bytes: &[u8]| SaidMedia {
        content_type: kind.to_owned(),
        data_base64: base64::engine::general_purpose::STANDARD.encode(bytes),
    };
    let media = vec![one("image/png", b"first picture"), one("image/jpeg", b"second picture")];
    let say = Say { from: super::mock::THEIRS.to_owned(), to: super::OURS.to_owned(), body: "look".to_owned(), media, ..Say::default() };
    world.control.say(say).await.unwrap();
    world.sees("a message", |event| matches!(event, Inbound::Message(_))).await;
    let seen = world.seen.lock().unwrap();
    let message = seen.iter().find_map(|event| if let Inbound::Message(message) = event { Some(message) } else { None });
    *message.unwrap().clone()
}

fn url(message: &InboundMessage, at: usize) -> &Words {
    match &message.media[at].body {
        MediaBody::Waiting(url) => url,
        MediaBody::Here(_) => panic!("it waits at the carrier"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mocks_pictures_are_fetched_without_lending_the_password_and_deleted() {
    let world = World::start().await;
    let message = pictures(&world).await;
    let refusing = media(world.config.clone());
    assert!(matches!(refusing.fetch(url(&message, 0), 100).await.unwrap_err(), FetchError::Never(_)), "its store is on this machine");
    let allowing = media(Config { allow_private_media: vec![Allowance::parse("127.0.0.1").unwrap()], ..world.config.clone() });
    let first = allowing.fetch(url(&message, 0), 100).await.unwrap();
    assert_eq!((first.bytes.as_slice(), first.content_type.as_str()), (b"first picture".as_slice(), "image/png"));
    assert_eq!(allowing.fetch(url(&message, 1), 100).await.unwrap().bytes, b"second picture");
    assert_eq!(allowing.fetch(url(&message, 1), 5).await.unwrap_err(), FetchError::TooLarge(5));
    let downloads: Vec<bool> =
        world.control.requests().await.iter().filter(|seen| seen.path.starts_with("/media/")).map(|seen| seen.authorization_sent).collect();
    assert_eq!(downloads, [false, false, false], "no password came to the store");
    for _ in 0..2 {
        allowing.delete(url(&message, 0)).await.unwrap();
    }
    assert!(matches!(allowing.fetch(url(&message, 0), 100).await.unwrap_err(), FetchError::Never(_)));
    assert!(allowing.fetch(url(&message, 1), 100).await.is_ok(), "only that one was deleted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mocks_list_says_what_its_webhook_said() {
    let world = World::start().await;
    let told = pictures(&world).await;
    let inbox = TwilioInbox::new(Arc::new(world.config.clone()), vec![Address::new(super::OURS)]).unwrap();
    let since = "2020-01-01T00:00:00Z".parse().unwrap();
    let listed = inbox.since(since, 10).await.unwrap();
    assert_eq!(listed.len(), 1, "what was sent is not listed");
    let whole = inbox.complete(listed.into_iter().next().unwrap()).await.unwrap();
    assert!(whole.sent_at.is_some());
    assert_eq!(InboundMessage { sent_at: None, ..whole }, told);
}
