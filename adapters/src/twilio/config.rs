//! What an account of Twilio's dialect needs to be told.
//!
//! The same adapter serves Twilio, SignalWire and a mock: host, key, header name and ids are all configuration, and SIDs
//! are never matched by pattern. `Config` is data; it is checked once, when a webhook or a sender is made from it.

use crate::media::Allowance;
use crate::secret::Secret;
use crate::twiml::Voices;
use domain::id::AccountKey;
use std::collections::BTreeMap;
use std::time::Duration;

/// One account.
#[derive(Debug, Clone)]
pub struct Config {
    /// Our name for it: it stands in every webhook's path.
    pub account: AccountKey,
    /// The carrier's id of the account; opaque (SignalWire: a UUID).
    pub account_sid: String,
    /// Keys that a webhook may be signed with. Several while a key is rotated. With Twilio the auth tokens, of which the first
    /// also authenticates our requests unless `api_user` is set; with SignalWire the signing key.
    pub secrets: Vec<Secret>,
    /// Further signing keys by id (`X-Twilio-Webhooks-Signature-Settings`, carriers.md 0.5).
    pub shared_keys: BTreeMap<String, Secret>,
    /// The header that carries the signature. SignalWire: `X-SignalWire-Signature`.
    pub signature_header: String,
    /// Scheme, host and port under which the carrier reaches us, such as `https://tips.example.org`.
    /// A signature is checked against this, never against a request's own Host header.
    pub public_origin: String,
    /// Where the carrier's API is, without the version: `https://api.twilio.com`, or for SignalWire
    /// `https://example.signalwire.com/api/laml`.
    pub api_base: String,
    /// The user of the API, when it is not the account with its first secret: an API key, SignalWire's project id.
    pub api_user: Option<String>,
    /// The password that belongs to `api_user`.
    pub api_secret: Option<Secret>,
    /// How long one request to the carrier may take.
    pub request_timeout: Duration,
    /// How long fetching one medium may take, redirects included. While it comes, the carrier may be silent for `request_timeout`.
    pub media_timeout: Duration,
    /// Hosts inside our own network, or without TLS, that a medium's redirect may lead to: for a mock.
    pub allow_private_media: Vec<Allowance>,
    /// True when the carrier itself answers STOP and START (`opt_out`), so that we must not.
    pub answers_keywords: bool,
    /// How long a phone may ring, in seconds.
    pub ring_seconds: u16,
    /// Who speaks each language.
    pub voices: Voices,
}

/// What is wrong with a [`Config`]: one sentence that names the thing and the fix.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not an origin.
    #[error("account {account}: public_origin must be scheme, host and port without a path, such as https://tips.example.org")]
    PublicOrigin {
        /// Our name of the account.
        account: AccountKey,
    },
    /// Not a base URL.
    #[error("account {account}: api_base must be an http(s) URL without a query, such as https://api.twilio.com")]
    ApiBase {
        /// Our name of the account.
        account: AccountKey,
    },
    /// No id of the account.
    #[error("account {account}: account_sid is empty; copy it from the carrier's console")]
    AccountSid {
        /// Our name of the account.
        account: AccountKey,
    },
    /// Nothing to check a signature with.
    #[error("account {account}: no secret is set, so no webhook could be verified; set the account's auth token")]
    NoSecret {
        /// Our name of the account.
        account: AccountKey,
    },
    /// Half of the API's credentials.
    #[error("account {account}: api_user and api_secret must be set together, or neither")]
    HalfCredentials {
        /// Our name of the account.
        account: AccountKey,
    },
    /// Not a header's name.
    #[error("account {account}: signature_header is not a header name, such as X-Twilio-Signature")]
    SignatureHeader {
        /// Our name of the account.
        account: AccountKey,
    },
    /// The HTTP client cannot be made.
    #[error("account {account}: the HTTP client cannot start; are the system's CA certificates installed (package ca-certificates)?")]
    Client {
        /// Our name of the account.
        account: AccountKey,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
}

impl Config {
    /// An account at Twilio itself, with the defaults of every other field.
    pub fn new(account: AccountKey, account_sid: impl Into<String>, secret: Secret, public_origin: impl Into<String>) -> Self {
        Self {
            account,
            account_sid: account_sid.into(),
            secrets: vec![secret],
            shared_keys: BTreeMap::new(),
            signature_header: "X-Twilio-Signature".to_owned(),
            public_origin: public_origin.into(),
            api_base: "https://api.twilio.com".to_owned(),
            api_user: None,
            api_secret: None,
            request_timeout: Duration::from_secs(10),
            media_timeout: Duration::from_secs(60),
            allow_private_media: Vec::new(),
            answers_keywords: true,
            ring_seconds: 25,
            voices: Voices::default(),
        }
    }

    /// Checks everything that can be checked without asking anybody.
    pub fn check(&self) -> Result<(), ConfigError> {
        let account = || self.account.clone();
        if self.account_sid.trim().is_empty() || self.account_sid.contains(['/', '?', '#']) {
            return Err(ConfigError::AccountSid { account: account() });
        }
        if self.secrets.iter().all(Secret::is_empty) && self.shared_keys.values().all(Secret::is_empty) {
            return Err(ConfigError::NoSecret { account: account() });
        }
        if self.api_user.is_some() != self.api_secret.is_some() {
            return Err(ConfigError::HalfCredentials { account: account() });
        }
        if http::HeaderName::from_bytes(self.signature_header.as_bytes()).is_err() {
            return Err(ConfigError::SignatureHeader { account: account() });
        }
        let authority = after_scheme(self.origin());
        if authority.is_none_or(|rest| rest.is_empty() || rest.contains(['/', '?', '#', ' '])) {
            return Err(ConfigError::PublicOrigin { account: account() });
        }
        let base = after_scheme(&self.api_base);
        if base.is_none_or(|rest| rest.is_empty() || rest.starts_with('/') || rest.contains(['?', '#', ' '])) {
            return Err(ConfigError::ApiBase { account: account() });
        }
        Ok(())
    }

    /// The public origin without a trailing slash.
    pub(super) fn origin(&self) -> &str {
        self.public_origin.trim_end_matches('/')
    }

    /// User and password of the API.
    pub(super) fn credentials(&self) -> (&str, &str) {
        match (&self.api_user, &self.api_secret) {
            (Some(user), Some(secret)) => (user, secret.reveal()),
            (None, _) | (_, None) => (&self.account_sid, self.secrets.first().map_or("", Secret::reveal)),
        }
    }
}

/// What follows `http://` or `https://`.
pub(super) fn after_scheme(url: &str) -> Option<&str> {
    url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))
}
