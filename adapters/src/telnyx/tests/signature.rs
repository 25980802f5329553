//! Who may speak as the carrier: the right key, the right time, this very body, and no key that fits everything.

use super::{ORIGIN, Telnyx, clock, now, pair, signed_headers};
use crate::conformance::{REPORTER, Rig};
use crate::contract::{RawRequest, Refused, Verified, Webhook};
use crate::telnyx::{ConfigError, TelnyxWebhook};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use std::sync::Arc;

fn accept(telnyx: &Telnyx, headers: &http::HeaderMap, body: &[u8]) -> Result<Verified, Refused> {
    let path = telnyx.path("messages");
    telnyx.webhook().accept(&RawRequest { method: &http::Method::POST, path_and_query: &path, headers, body })
}

#[test]
fn five_minutes_either_way_and_no_more() {
    let telnyx = Telnyx::new();
    let body = telnyx.message(REPORTER, "help", &[]).body;
    for (seconds, good) in [(0, true), (300, true), (-300, true), (301, false), (-301, false), (86_400, false)] {
        let headers = signed_headers(&body, now() + SignedDuration::from_secs(seconds), "application/json");
        assert_eq!(accept(&telnyx, &headers, &body).is_ok(), good, "{seconds} s away");
    }
}

#[test]
fn the_time_is_part_of_what_is_signed() {
    let telnyx = Telnyx::new();
    let body = telnyx.message(REPORTER, "help", &[]).body;
    let good = signed_headers(&body, now(), "application/json");
    let with = |name: &'static str, value: &str| {
        let mut headers = good.clone();
        headers.insert(name, value.parse().unwrap());
        accept(&telnyx, &headers, &body)
    };
    let later = (now().as_second() + 1).to_string();
    for (name, value) in [
        ("telnyx-timestamp", later.as_str()),
        ("telnyx-timestamp", ""),
        ("telnyx-timestamp", "-1"),
        ("telnyx-timestamp", "99999999999999999999"),
        ("telnyx-signature-ed25519", ""),
        ("telnyx-signature-ed25519", "not base64!"),
        ("telnyx-signature-ed25519", "AAAA"),
    ] {
        assert_eq!(with(name, value), Err(Refused::BadSignature), "{name}: {value}");
    }
    let mut twice = good.clone();
    twice.append("telnyx-timestamp", later.parse().unwrap());
    assert_eq!(accept(&telnyx, &twice, &body), Err(Refused::BadSignature));
    for name in ["telnyx-timestamp", "telnyx-signature-ed25519"] {
        let mut headers = good.clone();
        headers.remove(name);
        assert_eq!(accept(&telnyx, &headers, &body), Err(Refused::Unsigned));
    }
}

#[test]
fn another_key_is_refused_and_a_second_one_is_good_while_keys_change() {
    let other = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
    let mut telnyx = Telnyx::new();
    let request = telnyx.message(REPORTER, "help", &[]);
    telnyx.config.public_keys = vec![STANDARD.encode(other.public_key().as_ref())];
    assert_eq!(telnyx.webhook().accept(&request.raw()), Err(Refused::BadSignature));
    telnyx.config.public_keys.push(STANDARD.encode(pair().public_key().as_ref()));
    assert!(telnyx.webhook().accept(&request.raw()).is_ok());
}

#[test]
fn an_event_for_another_address_is_refused() {
    let telnyx = Telnyx::new();
    let news = telnyx.text_news(crate::conformance::attempt(), "delivered");
    let mut moved = news.clone();
    moved.path_and_query = telnyx.path("messages/0192f0c1b2c37d4e8f5a6b7c8d9e0fff");
    assert!(telnyx.webhook().accept(&news.raw()).is_ok());
    assert_eq!(telnyx.webhook().accept(&moved.raw()), Err(Refused::BadSignature), "signed, but sent to another of our addresses");
    assert!(!ORIGIN.ends_with('/'));
}

#[test]
fn keys_that_are_none_or_fit_everything_are_no_configuration() {
    let mut identity = [0_u8; 32];
    identity[0] = 1;
    let mut signed_identity = identity;
    signed_identity[31] = 0x80;
    let mut near = [0xff_u8; 32];
    (near[0], near[31]) = (0xec, 0x7f);
    let texts = [
        String::new(),
        "short".to_owned(),
        STANDARD.encode([0_u8; 32]),
        STANDARD.encode(identity),
        STANDARD.encode(signed_identity),
        STANDARD.encode(near),
        STANDARD.encode([1_u8; 33]),
    ];
    for text in texts {
        let mut telnyx = Telnyx::new();
        telnyx.config.public_keys = vec![text];
        let refused = TelnyxWebhook::new(Arc::new(telnyx.config), clock()).err();
        assert!(matches!(refused, Some(ConfigError::PublicKey { .. })));
    }
}
