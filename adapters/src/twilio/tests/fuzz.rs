//! 20,000 seeded bodies, rightly signed: each gets an answer, none a panic, and what the carrier could sign is never refused as
//! unsigned. Half of them are signed by another form decoder, half over raw bytes.

use super::super::form::Form;
use super::{Dialect, KEY, ORIGIN};
use crate::conformance::attempt;
use crate::contract::{Refused, Webhook};
use base64::Engine;
use hmac::{Hmac, KeyInit, Mac};

const RUNS: u32 = 20_000;
const SEED: u64 = 0x7469_706c_696e_6531;

/// A xorshift generator: enough to stir bytes, and the same on every machine.
struct Stir(u64);

impl Stir {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn body(&mut self) -> Vec<u8> {
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
        for _ in 0..self.next(40) {
            match self.next(8) {
                0 => body.push(u8::try_from(self.next(256)).unwrap()),
                _ => body.extend_from_slice(PIECES[self.next(PIECES.len())]),
            }
        }
        body
    }
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
    let mut stir = Stir(SEED);
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
        let mut request = dialect.signed(&path, stir.body());
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
