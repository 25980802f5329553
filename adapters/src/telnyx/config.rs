//! What a Telnyx account needs to be told.
//!
//! `Config` is data; it is checked once, when a webhook or a sender is made from it. The clock is not in it: a signature holds a time, so
//! whoever makes the reader gives it one.

use super::signature::PublicKey;
use crate::media::Allowance;
use crate::secret::Secret;
use crate::twiml::Voices;
use domain::id::AccountKey;
use jiff::{SignedDuration, Timestamp};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Tells the time.
type Tells = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Tells the time to whoever checks that a signature is fresh.
#[derive(Clone)]
pub struct Clock {
    ours: Tells,
    machine: Option<Tells>,
}

impl Clock {
    /// A clock that asks this.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { ours: Arc::new(now), machine: None }
    }
    /// The same beside the machine's own clock. After one of the two was set wrong the carrier's time is near the other, and a signature
    /// that is fresh by either is fresh: what comes twice is known by its id.
    #[must_use]
    pub fn beside(self, machine: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { machine: Some(Arc::new(machine)), ..self }
    }
    pub(super) fn now(&self) -> Timestamp {
        (self.ours)()
    }
    /// Whether a time is not further from now than this, either way.
    pub(super) fn is_near(&self, at: Timestamp, most: SignedDuration) -> bool {
        let is_near = |now: Timestamp| now.duration_since(at).abs() <= most;
        is_near(self.now()) || self.machine.as_ref().is_some_and(|machine| is_near(machine()))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// One account.
#[derive(Debug, Clone)]
pub struct Config {
    /// Our name for it: it stands in every webhook's path.
    pub account: AccountKey,
    /// The key of the API (`KEY…`).
    pub api_key: Secret,
    /// The carrier's public keys in base64, 32 bytes each: one of them has signed every webhook. Several while a key is rotated.
    pub public_keys: Vec<String>,
    /// The carrier's id of the account, for calls.
    pub account_sid: String,
    /// The id of the TeXML application that calls go out by; `None` for an account that does not call.
    pub application_id: Option<String>,
    /// The messaging profile that texts go out by; `None` for the number's own.
    pub profile_id: Option<String>,
    /// Scheme, host and port under which the carrier reaches us.
    pub public_origin: String,
    /// Another origin of ours where news of texts goes when `public_origin` does not answer; the paths are the same.
    pub failover_origin: Option<String>,
    /// Where the carrier's API is, without the version: `https://api.telnyx.com`.
    pub api_base: String,
    /// How long one sending to the carrier may take, its one repeat included.
    pub request_timeout: Duration,
    /// How long fetching one medium may take.
    pub media_timeout: Duration,
    /// Hosts inside our own network, or without TLS, that media may come from: for a mock.
    pub allow_private_media: Vec<Allowance>,
    /// How long a phone may ring, in seconds.
    pub ring_seconds: u16,
    /// Who speaks each language.
    pub voices: Voices,
}

/// What is wrong with a [`Config`]: one sentence that names the thing and the fix.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not an origin.
    #[error("account {account}: {key} must be scheme, host and port without a path, such as https://tips.example.org")]
    Origin {
        /// Our name of the account.
        account: AccountKey,
        /// Which of the two.
        key: &'static str,
    },
    /// Not a base URL.
    #[error("account {account}: api_base must be an http(s) URL without a query, such as https://api.telnyx.com")]
    ApiBase {
        /// Our name of the account.
        account: AccountKey,
    },
    /// Nothing to authenticate with.
    #[error("account {account}: api_key is empty; make one in the carrier's portal under API keys")]
    ApiKey {
        /// Our name of the account.
        account: AccountKey,
    },
    /// No key, or no usable one.
    #[error("account {account}: public_key must be the account's public key, 32 bytes in base64, from the carrier's portal")]
    PublicKey {
        /// Our name of the account.
        account: AccountKey,
    },
    /// An id that cannot stand in a path.
    #[error("account {account}: account_sid is empty or has characters that no id has; copy it from the carrier's portal")]
    AccountSid {
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
    /// An account at Telnyx itself, with the defaults of every other field.
    pub fn new(
        account: AccountKey,
        api_key: Secret,
        public_key: impl Into<String>,
        account_sid: impl Into<String>,
        public_origin: impl Into<String>,
    ) -> Self {
        Self {
            account,
            api_key,
            public_keys: vec![public_key.into()],
            account_sid: account_sid.into(),
            application_id: None,
            profile_id: None,
            public_origin: public_origin.into(),
            failover_origin: None,
            api_base: "https://api.telnyx.com".to_owned(),
            request_timeout: Duration::from_secs(10),
            media_timeout: Duration::from_secs(60),
            allow_private_media: Vec::new(),
            ring_seconds: 25,
            voices: Voices::default(),
        }
    }

    /// Checks everything that can be checked without asking anybody.
    pub fn check(&self) -> Result<(), ConfigError> {
        let account = || self.account.clone();
        if self.api_key.is_empty() {
            return Err(ConfigError::ApiKey { account: account() });
        }
        if self.account_sid.trim().is_empty() || self.account_sid.contains(['/', '?', '#']) {
            return Err(ConfigError::AccountSid { account: account() });
        }
        self.keys()?;
        let origins = [("public_origin", Some(self.origin())), ("failover_origin", self.failover_origin.as_deref())];
        for (key, origin) in origins.into_iter().filter_map(|(key, origin)| Some((key, origin?))) {
            if after_scheme(origin).is_none_or(|rest| rest.is_empty() || rest.contains(['/', '?', '#', ' '])) {
                return Err(ConfigError::Origin { account: account(), key });
            }
        }
        if after_scheme(&self.api_base).is_none_or(|rest| rest.is_empty() || rest.starts_with('/') || rest.contains(['?', '#', ' '])) {
            return Err(ConfigError::ApiBase { account: account() });
        }
        Ok(())
    }

    /// The public keys, at least one.
    pub(super) fn keys(&self) -> Result<Vec<PublicKey>, ConfigError> {
        let wrong = || ConfigError::PublicKey { account: self.account.clone() };
        let keys = self.public_keys.iter().map(|text| PublicKey::parse(text).ok_or_else(wrong)).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(wrong()) } else { Ok(keys) }
    }

    /// The public origin without a trailing slash.
    pub(super) fn origin(&self) -> &str {
        self.public_origin.trim_end_matches('/')
    }
}

/// What follows `http://` or `https://`.
fn after_scheme(url: &str) -> Option<&str> {
    url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))
}
