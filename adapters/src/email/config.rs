//! What a mailbox that sends needs to be told.
//!
//! There is no setting that turns TLS off where the server offers it. Certificates are checked under `Required` and
//! `Wrapper`; `Opportunistic` encrypts without a check, and therefore never carries a password.

use super::dkim::Signer;
use crate::secret::Secret;
use domain::id::AccountKey;
use lettre::message::Mailbox;
use std::sync::Arc;
use std::time::Duration;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// STARTTLS when the server offers it, else in clear: for a relay on this machine and for mocks.
    Opportunistic,
    /// STARTTLS, or nothing is sent.
    Required,
    /// TLS from the first byte (port 465).
    Wrapper,
}

impl Tls {
    /// Reads the word of the configuration: `opportunistic`, `required` or `wrapper`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "opportunistic" => Some(Tls::Opportunistic),
            "required" => Some(Tls::Required),
            "wrapper" => Some(Tls::Wrapper),
            _ => None,
        }
    }
}

/// One sending mailbox.
#[derive(Debug, Clone)]
pub struct Config {
    /// Our name for it.
    pub account: AccountKey,
    /// The server's name: what its certificate must be for.
    pub host: String,
    /// The server's port: 587 with STARTTLS, 465 with TLS from the first byte.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// The user, when the server wants one.
    pub user: Option<String>,
    /// The password that belongs to `user`.
    pub password: Option<Secret>,
    /// The sender's address when a mail does not name one, such as `reports@example.org`; its domain is our Message-IDs'.
    pub from_address: String,
    /// The name shown beside the sender's address.
    pub from_name: String,
    /// What we call ourselves to the server; a host name.
    pub hello_name: String,
    /// How long connecting, each command, and the hand-over of the mail may take.
    pub timeout: Duration,
    /// Connections kept open between mails.
    pub max_idle_connections: usize,
    /// Signs every mail (DKIM), when there is a key.
    pub dkim: Option<Arc<Signer>>,
}

/// What is wrong with a [`Config`]: one sentence that names the thing and the fix.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No server.
    #[error("account {account}: the mail server's host is empty; set it to a name such as mail.example.org")]
    Host {
        /// Our name of the account.
        account: AccountKey,
    },
    /// Not an address.
    #[error("account {account}: the sender's address is not a mail address, such as reports@example.org")]
    FromAddress {
        /// Our name of the account.
        account: AccountKey,
    },
    /// Half of the credentials.
    #[error("account {account}: the mail server's user and password must be set together, or neither")]
    HalfCredentials {
        /// Our name of the account.
        account: AccountKey,
    },
    /// Credentials would be sent in clear.
    #[error("account {account}: a password is only sent over TLS; set tls to \"required\" or \"wrapper\"")]
    PasswordInClear {
        /// Our name of the account.
        account: AccountKey,
    },
    /// TLS cannot be set up.
    #[error(
        "account {account}: TLS cannot start; is the host a plain name, and are the CA certificates installed (package ca-certificates)?"
    )]
    Tls {
        /// Our name of the account.
        account: AccountKey,
        /// Why.
        #[source]
        source: lettre::transport::smtp::Error,
    },
}

impl Config {
    /// A server on port 587 with STARTTLS, without a login.
    pub fn new(account: AccountKey, host: impl Into<String>, from_address: impl Into<String>) -> Self {
        Self {
            account,
            host: host.into(),
            port: 587,
            tls: Tls::Required,
            user: None,
            password: None,
            from_address: from_address.into(),
            from_name: String::new(),
            hello_name: "localhost".to_owned(),
            timeout: Duration::from_secs(20),
            max_idle_connections: 4,
            dkim: None,
        }
    }

    /// Checks everything that can be checked without asking anybody.
    pub fn check(&self) -> Result<(), ConfigError> {
        let account = || self.account.clone();
        if self.host.trim().is_empty() {
            return Err(ConfigError::Host { account: account() });
        }
        if self.from_address.parse::<lettre::Address>().is_err() {
            return Err(ConfigError::FromAddress { account: account() });
        }
        if self.user.is_some() != self.password.is_some() {
            return Err(ConfigError::HalfCredentials { account: account() });
        }
        if self.user.is_some() && self.tls == Tls::Opportunistic {
            return Err(ConfigError::PasswordInClear { account: account() });
        }
        Ok(())
    }

    /// `address` with the sender's name beside it.
    pub(super) fn mailbox(&self, address: lettre::Address) -> Mailbox {
        let name = self.from_name.trim();
        Mailbox::new(if name.is_empty() { None } else { Some(name.to_owned()) }, address)
    }
}
