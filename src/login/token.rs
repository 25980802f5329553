//! Tokens: 256 random bits that stand for a session or an API client. Only their SHA-256 is kept.
//!
//! `Debug` shows nothing; `reveal()` is the one verb that gives the text, for the cookie or for the one showing on a terminal.

use crate::entropy::Entropy;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;

/// How an API token begins, so that a scanner of leaked secrets knows one.
const API_PREFIX: &str = "tl_";

/// 256 bits in base64url without padding.
const TEXT_LENGTH: usize = 43;

/// The secret in a session's cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(String);

/// The secret of an API client: `tl_` and 43 characters.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiToken(String);

impl SessionToken {
    pub(crate) fn new(entropy: &Entropy) -> (Self, [u8; 32]) {
        let text = random_text(entropy);
        let hash = hash(&text);
        (Self(text), hash)
    }
    /// The text for the cookie.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl ApiToken {
    pub(super) fn new(entropy: &Entropy) -> (Self, [u8; 32]) {
        let text = format!("{API_PREFIX}{}", random_text(entropy));
        let hash = hash(&text);
        (Self(text), hash)
    }
    /// The text, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// The hash of a text that could be a session token.
pub(crate) fn session_token_hash(presented: &str) -> Option<[u8; 32]> {
    (presented.len() == TEXT_LENGTH).then(|| hash(presented))
}

/// The hash of a text that could be an API token.
pub(super) fn api_token_hash(presented: &str) -> Option<[u8; 32]> {
    (presented.len() == API_PREFIX.len() + TEXT_LENGTH && presented.starts_with(API_PREFIX)).then(|| hash(presented))
}

/// A secret of 256 bits as text.
pub(crate) fn random_text(entropy: &Entropy) -> String {
    URL_SAFE_NO_PAD.encode(entropy.bytes::<32>())
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(secret)")
    }
}
impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_again_by_their_hash_alone() {
        let (session, session_hash) = SessionToken::new(&Entropy);
        assert_eq!(session_token_hash(session.reveal()), Some(session_hash));
        let (api, api_hash) = ApiToken::new(&Entropy);
        assert_eq!(api_token_hash(api.reveal()), Some(api_hash));
        assert_eq!(api_token_hash(session.reveal()), None);
        assert_eq!(session_token_hash("short"), None);
    }

    #[test]
    fn debug_shows_nothing() {
        let (session, _) = SessionToken::new(&Entropy);
        let (api, _) = ApiToken::new(&Entropy);
        assert_eq!(format!("{session:?} {api:?}"), "SessionToken(secret) ApiToken(secret)");
    }
}
