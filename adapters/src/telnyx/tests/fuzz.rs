//! 20,000 seeded bodies, rightly signed, made from kept examples: each gets an answer, none a panic, and what is taken could be kept.

use super::Telnyx;
use crate::conformance::attempt;
use crate::contract::{Refused, Webhook};
use crate::stir::{Stir, corpus};
use domain::exchange::{Inbound, MAX_MEDIA};

const RUNS: usize = 20_000;
const SEED: u64 = 0x7465_6c6e_7978_6531;

#[test]
fn any_signed_body_gets_an_answer() {
    let telnyx = Telnyx::new();
    let webhook = telnyx.webhook();
    let examples = corpus("telnyx-event");
    let mut stir = Stir::new(SEED);
    let words: [&[u8]; 14] = [
        b"null",
        b"\"\"",
        b"{}",
        b"[]",
        b"-1",
        b"1e999",
        b"\\u0000",
        b"\\ud83d",
        b"\\",
        b"message.received",
        b"\"id\":",
        b"\xff",
        b"[[",
        b"\"",
    ];
    let paths = [
        "messages".to_owned(),
        format!("messages/{}", attempt()),
        format!("calls/{}", attempt()),
        format!("calls/{}/steps/t?on=answer", attempt()),
        format!("calls/{}/steps/t?on=keys", attempt()),
        "voice".to_owned(),
        format!("voice/{}/steps/t?on=recorded", attempt()),
    ];
    let mutated: Vec<Vec<u8>> = std::iter::repeat_with(|| stir.mutated(&examples, &words)).take(RUNS).collect();
    let (mut taken, mut refused) = (0, 0);
    for (run, body) in examples.iter().cloned().chain(mutated).enumerate() {
        let path = telnyx.path(&paths[run % paths.len()]);
        match webhook.accept(&telnyx.signed(&path, body, "application/json").raw()) {
            Ok(verified) => {
                taken += verified.events.len();
                for event in verified.events {
                    if let Inbound::Message(message) = event {
                        assert!((1..=128).contains(&message.provider_id.0.len()) && !message.words.reveal().contains('\0'));
                        assert!(message.media.len() <= MAX_MEDIA && message.from.is_some_and(|from| !from.reveal().is_empty()));
                    }
                }
            }
            // An address inside the body that is not this one.
            Err(Refused::Malformed(_) | Refused::BadSignature) => refused += 1,
            Err(other) => panic!("run {run} of seed {SEED:#x}: {other:?}"),
        }
    }
    assert!(taken > 1_000 && refused > 1_000, "the bodies should reach the parser: {taken} events, {refused} refused");
}
