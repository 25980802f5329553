//! Verifies `telnyx-signature-ed25519` (carriers.md 3.2): Ed25519 over `{timestamp}|{body}`, with a key that only the carrier can sign with.
//!
//! The signature holds a time, so an old request is refused: five minutes either way, which is what the carrier's own libraries allow. It
//! does not hold the URL; for JSON the body names the address it was sent to, and `inbound` compares. A public key of small order, which
//! fits signatures that anybody can make, is no key.

use super::config::Clock;
use crate::contract::{RawRequest, Refused};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};

/// Base64 of 64 bytes.
const SIGNATURE_HEADER: &str = "telnyx-signature-ed25519";
/// Seconds since 1970.
const TIMESTAMP_HEADER: &str = "telnyx-timestamp";
/// How far the signature's time may be from ours, either way.
const WINDOW: SignedDuration = SignedDuration::from_secs(300);
/// Length of a signature.
const SIGNATURE_BYTES: usize = 64;

/// The encodings of the points of small order, without the sign bit (RFC 8032 and the non-canonical ones).
const SMALL_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    first_byte(1),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
        0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
        0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    near_the_prime(0xec),
    near_the_prime(0xed),
    near_the_prime(0xee),
];

const fn first_byte(byte: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = byte;
    bytes
}

const fn near_the_prime(lowest: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = lowest;
    bytes[31] = 0x7f;
    bytes
}

/// Whether a text is the carrier's public key: 32 bytes in base64 that are not of small order.
pub fn is_public_key(text: &str) -> bool {
    PublicKey::parse(text).is_some()
}

/// A key that signatures are checked with.
pub(super) struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads base64; `None` when it is no key, or one that fits what anybody can sign.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = STANDARD.decode(text.trim()).ok()?.try_into().ok()?;
        let mut without_sign = bytes;
        without_sign[31] &= 0x7f;
        (!SMALL_ORDER.contains(&without_sign)).then_some(Self(bytes))
    }
}

/// Verifies a request: exactly one signature and one time, the time near ours, the signature right by one of the keys.
pub(super) fn verify(keys: &[PublicKey], clock: &Clock, request: &RawRequest<'_>) -> Result<(), Refused> {
    let signature = STANDARD.decode(one(request, SIGNATURE_HEADER)?).map_err(|_| Refused::BadSignature)?;
    let timestamp = one(request, TIMESTAMP_HEADER)?;
    if signature.len() != SIGNATURE_BYTES || !is_fresh(timestamp, clock) {
        return Err(Refused::BadSignature);
    }
    let mut signed = Vec::with_capacity(timestamp.len() + 1 + request.body.len());
    signed.extend_from_slice(timestamp);
    signed.push(b'|');
    signed.extend_from_slice(request.body);
    let fits = |key: &PublicKey| UnparsedPublicKey::new(&ED25519, key.0).verify(&signed, &signature).is_ok();
    if keys.iter().any(fits) { Ok(()) } else { Err(Refused::BadSignature) }
}

/// The one value of a header. Two of them are none: which one would count?
fn one<'r>(request: &RawRequest<'r>, name: &str) -> Result<&'r [u8], Refused> {
    let mut all = request.headers.get_all(name).iter();
    let value = all.next().ok_or(Refused::Unsigned)?;
    if all.next().is_some() { Err(Refused::BadSignature) } else { Ok(value.as_bytes()) }
}

fn is_fresh(timestamp: &[u8], clock: &Clock) -> bool {
    let digits = std::str::from_utf8(timestamp).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let at = digits.and_then(|text| text.parse().ok()).and_then(|seconds| Timestamp::from_second(seconds).ok());
    at.is_some_and(|at| clock.is_near(at, WINDOW))
}
