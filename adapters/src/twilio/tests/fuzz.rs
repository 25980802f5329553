//! 20,000 seeded bodies, rightly signed: each gets an answer, none a panic, and what the carrier could sign is never refused as
//! unsigned. Half of them are signed by another form decoder, half over raw bytes. Lists of messages likewise, from kept examples.

use super::super::form::Form;
use super::{Dialect, KEY, ORIGIN, OURS};
use crate::conformance::{PATIENCE, attempt};
use crate::contract::{Inbox, Refused, SendError, Webhook};
use crate::stir::{Stir, corpus};
use crate::stub_server::{Stub, Turn};
use crate::twilio::TwilioInbox;
use base64::Engine;
use domain::sealed::Address;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use std::sync::Arc;

const RUNS: u32 = 20_000;
const SEED: u64 = 0x7469_706c_696e_6531;

/// A body put together from the pieces of real ones.
fn body(stir: &mut Stir) -> Vec<u8> {
    const PIECES: [&[u8]; 31] = [
        b"MessageSid=",
        b"From=",
        b"Body=",
        b"NumMedia=",
        b"MediaUrl",
        b"MediaContentType0=",
        b"CallSid=",
        b"CallStatus=completed",
        b"Digits=",
        b"MessageStatus=",
        b"SequenceNumber=",
        b"AnsweredBy=human",
        b"RecordingUrl=",
        b"RecordingSid=",
        b"RecordingDuration=",
        b"RecordingStatus=",
        b"TranscriptionText=",
        b"TranscriptionStatus=completed",
        b"DialCallStatus=",
        b"&",
        b"&",
        b"=",
        b"%",
        b"%F",
        b"%00",
        b"%ED%A0%80",
        b"+",
        b"x",
        b"7",
        b"\xff",
        b"&&==",
    ];
    let mut body = Vec::new();
    for _ in 0..stir.next(40) {
        match stir.next(8) {
            0 => body.push(u8::try_from(stir.next(256)).unwrap()),
            _ => body.extend_from_slice(PIECES[stir.next(PIECES.len())]),
        }
    }
    body
}

/// Signed as a carrier would that never turns the form into text.
fn sign_bytes(url: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(url.as_bytes());
    for (key, value) in Form::decode(body).sorted() {
        mac.update(key);
        mac.update(value);
    }
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

#[test]
fn any_signed_body_gets_an_answer() {
    let dialect = Dialect::twilio();
    let webhook = dialect.webhook();
    let mut stir = Stir::new(SEED);
    let id = attempt();
    let paths = [
        "messages".to_owned(),
        format!("messages/{id}"),
        format!("calls/{id}"),
        format!("calls/{id}/steps/t?on=keys"),
        format!("calls/{id}/steps/t"),
        "voice".to_owned(),
        format!("voice/{id}/steps/t?on=keys"),
        format!("voice/{id}/steps/t?on=recorded"),
        format!("voice/{id}/steps/t?on=dialled"),
        format!("voice/{id}/recordings/t"),
        format!("voice/{id}/transcripts/t"),
    ];
    let (mut taken, mut malformed) = (0, 0);
    for run in 0..RUNS {
        let name = &paths[stir.next(paths.len())];
        let path = dialect.path(name);
        let mut request = dialect.signed(&path, body(&mut stir));
        if run % 2 == 0 {
            let signature = sign_bytes(&format!("{ORIGIN}{path}"), &request.body);
            request.headers.insert("x-twilio-signature", signature.parse().unwrap());
        }
        match webhook.accept(&request.raw()) {
            Ok(verified) => {
                // Of a call that is over, and of an empty recording, there is nothing to tell.
                assert!(!verified.events.is_empty() || name.starts_with("voice"));
                taken += 1;
            }
            Err(Refused::Malformed(_)) => malformed += 1,
            Err(other) => panic!("run {run} of seed {SEED:#x}: {other:?} for {:?}", request.body),
        }
    }
    assert_eq!(taken + malformed, RUNS);
    assert!(taken > 100, "the bodies should reach the parser: {taken}");
}

const LISTS: usize = 1_500;

/// Lists that are wounded somewhere: each gives messages that could be taken in, or an error; no host but the carrier's is asked.
#[tokio::test]
async fn any_list_gives_messages_or_an_error() {
    let examples = corpus("twilio-list");
    let mut stir = Stir::new(SEED);
    let words: [&[u8]; 12] =
        [b"null", b"\"\"", b"{}", b"[]", b"-1", b"1e999", b"\\u0000", b"\\ud83d", b"\"inbound\"", b"\"sid\":", b"\xff", b"[["];
    let turns = examples.iter().cloned().chain(std::iter::repeat_with(|| stir.mutated(&examples, &words)).take(LISTS));
    // The stub answers in text; what is not UTF-8 is replaced, which a JSON text would not survive anyway.
    let turns: Vec<Turn> = turns.map(|bytes| Turn::Answer(200, "", String::from_utf8_lossy(&bytes).into_owned())).collect();
    let asks = turns.len();
    let stub = Stub::start(turns);
    let config = Arc::new(Dialect::twilio().config_at(&stub.base, PATIENCE));
    let inbox = TwilioInbox::new(config, vec![Address::new(OURS)]).unwrap();
    let (mut taken, mut refused) = (0, 0);
    // A list that names a next page uses up two answers.
    for _ in 0..asks / 2 {
        match inbox.since(Timestamp::MIN, 10).await {
            Ok(messages) => {
                taken += messages.len();
                for message in messages {
                    assert!((1..=128).contains(&message.provider_id.0.len()) && !message.words.reveal().contains('\0'));
                    assert!(message.from.is_some_and(|from| !from.reveal().is_empty()) && message.media.is_empty());
                }
            }
            Err(SendError::Transient { .. }) => refused += 1,
            Err(other) => panic!("a list that cannot be read is asked for again, not {other:?}"),
        }
    }
    assert!(taken > 150 && refused > 150, "the lists should reach the parser: {taken} messages, {refused} refused");
}
