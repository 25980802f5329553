//! Listing: detail records say that a text came, the API says what it said, and together they are what the webhook would have told.

use super::{NOW, Telnyx, now};
use crate::conformance::{ID, OURS, PATIENCE, REPORTER, Rig};
use crate::contract::{Inbox, SendError, Webhook};
use crate::stub_server::{Stub, Turn};
use crate::telnyx::TelnyxInbox;
use domain::exchange::{CallerNews, Inbound, InboundMessage, Nature, ProviderId};
use domain::sealed::Address;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;

fn inbox(base: &str) -> TelnyxInbox {
    TelnyxInbox::new(Arc::new(Telnyx::new().config_at(base, PATIENCE)), vec![Address::new(OURS)]).unwrap()
}

fn listed(id: &str, at: &str) -> Value {
    json!({"record_type": "message_detail_record", "uuid": id, "direction": "inbound", "status": "received", "cli": REPORTER, "cld": OURS,
           "created_at": at, "parts": 1, "carrier": "A CARRIER"})
}

fn page(records: &[Value], number: u64, total: u64) -> Turn {
    let body = json!({"data": records, "meta": {"page_number": number, "total_pages": total, "page_size": 50}});
    Turn::Answer(200, "", body.to_string())
}

#[tokio::test]
async fn a_listed_text_completed_is_the_webhooks() {
    let telnyx = Telnyx::new();
    let request = telnyx.message(REPORTER, "he has a gun", &["https://media.example.org/1"]);
    let Some(Inbound::Message(told)) = telnyx.webhook().accept(&request.raw()).unwrap().events.into_iter().next() else {
        panic!("a message is expected")
    };
    let payload = serde_json::from_slice::<Value>(&request.body).unwrap()["data"]["payload"].clone();
    let stub = Stub::start(vec![page(&[listed(ID, NOW)], 1, 1), Turn::Answer(200, "", json!({"data": payload}).to_string())]);
    let found = inbox(&stub.base).since(now(), 10).await.unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].words.is_empty() && found[0].provider_id == ProviderId(ID.to_owned()), "a list has no words");
    let whole = inbox(&stub.base).complete(found.into_iter().next().unwrap()).await.unwrap();
    assert_eq!(whole, InboundMessage { sent_at: Some(now()), ..*told });
    let line = stub.asked().line;
    for part in ["record_type%5D=messaging", "direction%5D=inbound", "cld%5D=%2B15555550100", "gte%5D=2026-11-20"] {
        assert!(line.contains(part), "{line}");
    }
    assert_eq!(stub.asked().line, "GET /v2/messages/b0c9-Opaque%2Eid", "an opaque id stays one segment");
}

#[tokio::test]
async fn pages_are_read_and_what_is_older_or_ours_is_left_out() {
    let mut ours = listed("ours", NOW);
    ours["direction"] = json!("outbound");
    let first = [listed("old", "2026-11-20T15:04:59Z"), listed("a", NOW), ours];
    let stub = Stub::start(vec![page(&first, 1, 2), page(&[listed("b", "2026-11-20T15:06:00Z")], 2, 2)]);
    let found: Vec<String> = inbox(&stub.base).since(now(), 10).await.unwrap().into_iter().map(|one| one.provider_id.0).collect();
    assert_eq!(found, ["a", "b"]);
    let stub = Stub::start(vec![page(&[listed("a", NOW), listed("b", "2026-11-20T15:06:00Z")], 1, 2)]);
    assert_eq!(inbox(&stub.base).since(now(), 1).await.unwrap().len(), 1, "the rest comes with the next look");
}

#[tokio::test]
async fn a_next_look_goes_on_at_the_page_that_was_reached() {
    let old = |id: &str| listed(id, "2026-11-20T03:00:00Z");
    let turns = vec![
        page(&[old("a"), old("b")], 1, 3),
        page(&[old("c"), listed("d", NOW)], 2, 3),
        page(&[listed("e", "2026-11-20T15:06:00Z")], 3, 3),
        // A minute later there is one more.
        page(&[old("c"), listed("d", NOW)], 2, 3),
        page(&[listed("e", "2026-11-20T15:06:00Z"), listed("f", "2026-11-20T15:07:00Z")], 3, 3),
        // Whoever wants older ones gets them.
        page(&[old("a"), old("b")], 1, 1),
    ];
    let stub = Stub::start(turns);
    let inbox = inbox(&stub.base);
    let ids = async |since: Timestamp| inbox.since(since, 10).await.unwrap().into_iter().map(|one| one.provider_id.0).collect::<Vec<_>>();
    let pages =
        |count: usize| (0..count).map(|_| stub.asked().line.split("number%5D=").nth(1).unwrap()[..1].to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(now()).await, ["d", "e"]);
    assert_eq!(pages(3), ["1", "2", "3"]);
    assert_eq!(ids(now() + SignedDuration::from_secs(60)).await, ["e", "f"]);
    assert_eq!(pages(2), ["2", "3"], "what was older than the last look is not read again");
    assert_eq!(ids("2026-11-20T02:00:00Z".parse().unwrap()).await, ["a", "b"]);
    assert_eq!(pages(1), ["1"]);
}

#[tokio::test]
async fn what_was_not_listed_is_not_said_to_be_nothing() {
    for turns in [
        vec![Turn::Answer(500, "", String::new())],
        vec![Turn::Answer(200, "", "{}".to_owned())],
        vec![Turn::HangUp],
        vec![page(&[listed("a", NOW)], 1, 2), Turn::HangUp],
    ] {
        let stub = Stub::start(turns.clone());
        let error = inbox(&stub.base).since(now(), 10).await.unwrap_err();
        assert!(matches!(error, SendError::Transient { .. }), "{turns:?}: {error:?}");
    }
}

#[tokio::test]
async fn of_a_text_that_is_gone_it_is_kept_that_it_came() {
    let stub = Stub::start(vec![page(&[listed(ID, NOW)], 1, 1), Turn::Answer(404, "", String::new())]);
    let found = inbox(&stub.base).since(now(), 10).await.unwrap().remove(0);
    let whole = inbox(&stub.base).complete(found).await.unwrap();
    assert_eq!((whole.nature, whole.from), (Nature::Unreadable, Some(Address::new(REPORTER))));
    let stub = Stub::start(vec![page(&[listed(ID, NOW)], 1, 1), Turn::Answer(500, "", String::new())]);
    let found = inbox(&stub.base).since(now(), 10).await.unwrap().remove(0);
    assert!(inbox(&stub.base).complete(found).await.is_err(), "it is asked for again");
}

#[tokio::test]
async fn recordings_are_listed_with_their_call() {
    let record = |sid: &str, status: &str, duration: &str| {
        json!({"sid": sid, "call_sid": "v3:call", "status": status, "source": "RecordVerb", "duration": duration,
               "date_created": NOW, "media_url": "https://store.example.org/r.wav"})
    };
    let list = json!({"recordings": [record("r1", "completed", "4"), record("r2", "in-progress", "4"), record("r3", "completed", "0")]});
    let stub = Stub::start(vec![Turn::Answer(200, "", list.to_string())]);
    let mut found = inbox(&stub.base).recordings(now()).await.unwrap();
    assert_eq!(found.len(), 1, "what is not finished or empty is none");
    let recorded = found.remove(0);
    let CallerNews::Recording { recording, url, seconds } = &recorded.event.news else { panic!("a recording is expected") };
    assert_eq!((&recording.0[..], url.reveal(), *seconds), ("r1", "https://store.example.org/r.wav", 4));
    for (direction, to, is_ours) in [("inbound", OURS, true), ("outbound", OURS, false), ("inbound", "+15555550109", false)] {
        let call = json!({"sid": "v3:call", "direction": direction, "from": REPORTER, "to": to});
        let stub = Stub::start(vec![Turn::Answer(200, "", call.to_string())]);
        let event = inbox(&stub.base).of_a_reporter(recorded.event.clone()).await.unwrap();
        assert_eq!(event.map(|event| event.from), is_ours.then(|| Address::new(REPORTER)));
    }
}
