//! What an adapter that fetches media has to pass: the carrier's password stays with the carrier, what is too much is not read, and what
//! cannot be fetched now is told apart from what never can.
//!
//! `media::fetcher` has the same tests and more for its own part; here they go through the adapter, with the addresses that its webhooks
//! give. Redirects to where nothing may be fetched from are a table there, and one row here.

use super::{PATIENCE, Rig, patience};
use crate::contract::{FetchError, Media};
use crate::stub_server::{Stub, Turn};
use domain::sealed::Words;
use std::time::Duration;

const MOST: usize = 1000;

/// The carrier's side of media.
pub(crate) trait MediaRig: Rig {
    /// The adapter's fetcher, pointed at `base`; `allowed` may be redirected to although it is on this machine.
    fn media(&self, base: &str, allowed: &[&str], patience: Duration) -> Box<dyn Media>;
    /// The address of a message's picture at `base`, as the webhook names it.
    fn picture_url(&self, base: &str) -> String;
    /// The address of a call's recording.
    fn recording_url(&self, base: &str) -> String;
    /// Whether the carrier's store is somewhere else and named by its webhooks, so that a download may begin there, without the password.
    fn has_a_store(&self) -> bool {
        false
    }
}

fn file(content_type: &'static str) -> Turn {
    Turn::Answer(200, content_type, "bytes".to_owned())
}

fn redirect(to: &str) -> Turn {
    Turn::Answer(307, format!("location: {to}\r\n").leak(), String::new())
}

fn is_authorized(stub: &Stub) -> bool {
    stub.asked().headers.iter().any(|line| line.starts_with("authorization: "))
}

/// Fetching and deleting.
pub(crate) async fn fetching(rig: &dyn MediaRig) {
    credentials_stay_at_home(rig).await;
    only_the_carrier_is_asked_first(rig).await;
    failures_have_classes(rig).await;
    deleting(rig).await;
}

async fn credentials_stay_at_home(rig: &dyn MediaRig) {
    for recording in [false, true] {
        let store = Stub::start(vec![file("content-type: Image/PNG; x=1\r\n")]);
        let home = Stub::start(vec![redirect(&format!("{}/file", store.base))]);
        let url = if recording { rig.recording_url(&home.base) } else { rig.picture_url(&home.base) };
        let allowed = store.base.trim_start_matches("http://").to_owned();
        let fetched = rig.media(&home.base, &[&allowed], PATIENCE).fetch(&Words::new(url), MOST).await.unwrap();
        assert_eq!((fetched.bytes.as_slice(), fetched.content_type.as_str()), (b"bytes".as_slice(), "image/png; x=1"));
        assert!(is_authorized(&home) && !is_authorized(&store));
    }
    let inside = Stub::start(vec![file("")]);
    let home = Stub::start(vec![redirect(&inside.base)]);
    let error = rig.media(&home.base, &[], PATIENCE).fetch(&Words::new(rig.picture_url(&home.base)), MOST).await.unwrap_err();
    assert!(matches!(error, FetchError::Never(_)) && inside.is_unasked());
}

async fn only_the_carrier_is_asked_first(rig: &dyn MediaRig) {
    let (home, other) = (Stub::start(vec![file("")]), Stub::start(vec![file("")]));
    let media = rig.media(&home.base, &[other.base.trim_start_matches("http://")], PATIENCE);
    if rig.has_a_store() {
        let fetched = media.fetch(&Words::new(rig.picture_url(&other.base)), MOST).await.unwrap();
        assert_eq!(fetched.bytes, b"bytes");
        assert!(!is_authorized(&other), "a webhook cannot make us send the password elsewhere");
        let inside = Stub::start(vec![file("")]);
        let inside_url = Words::new(rig.picture_url(&inside.base));
        assert!(matches!(media.fetch(&inside_url, MOST).await.unwrap_err(), FetchError::Never(_)) && inside.is_unasked());
        assert!(matches!(media.delete(&inside_url).await.unwrap_err(), FetchError::Never(_)));
        return;
    }
    for url in [rig.picture_url(&other.base), rig.recording_url(&other.base), "not an address".to_owned(), String::new()] {
        let url = Words::new(url);
        assert!(matches!(media.fetch(&url, MOST).await.unwrap_err(), FetchError::Never(_)));
        assert!(matches!(media.delete(&url).await.unwrap_err(), FetchError::Never(_)));
    }
    assert!(other.is_unasked(), "a webhook cannot make us send the password elsewhere");
}

async fn failures_have_classes(rig: &dyn MediaRig) {
    let with = async |turn: Turn, recording: bool| {
        let stub = Stub::start(vec![turn.clone()]);
        let url = if recording { rig.recording_url(&stub.base) } else { rig.picture_url(&stub.base) };
        let error = rig.media(&stub.base, &[], patience(&turn)).fetch(&Words::new(url), MOST).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("127.0.0.1"), "an error names no address");
        error
    };
    let status = |status| Turn::Answer(status, "", String::new());
    assert!(matches!(with(status(404), false).await, FetchError::Never(_)), "a picture that is not there is gone");
    assert!(matches!(with(status(404), true).await, FetchError::Later(_)), "a recording may not be there yet");
    for turn in [status(401), status(429), status(500), Turn::HangUp, Turn::Silence, Turn::BreakOff(200)] {
        assert!(matches!(with(turn.clone(), false).await, FetchError::Later(_)), "{turn:?}");
    }
    for turn in [Turn::Answer(200, "", "x".repeat(MOST + 1)), Turn::Endless] {
        assert_eq!(with(turn, false).await, FetchError::TooLarge(MOST));
    }
}

async fn deleting(rig: &dyn MediaRig) {
    for recording in [false, true] {
        for (status, deleted) in [(204, true), (404, true), (500, false), (401, false)] {
            let stub = Stub::start(vec![Turn::Answer(status, "", String::new())]);
            let url = if recording { rig.recording_url(&stub.base) } else { rig.picture_url(&stub.base) };
            assert_eq!(rig.media(&stub.base, &[], PATIENCE).delete(&Words::new(url)).await.is_ok(), deleted, "{status}");
            let asked = stub.asked();
            assert!(asked.line.starts_with("DELETE "), "{}", asked.line);
        }
    }
}
