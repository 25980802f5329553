//! What a mailbox that is read needs to be told, and what can go wrong with it.
//!
//! A password never goes over an open line: without TLS only a server on this machine is taken. Faults name the step and
//! never what the server said, for servers quote addresses and mails in their sentences.

use crate::secret::Secret;
use domain::id::AccountKey;
use std::net::IpAddr;
use std::time::Duration;

/// The longest part before the `@`: with a token of 50 characters and a plus it still fits the 64 of RFC 5321.
pub const MOST_LOCAL_PART: usize = 13;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImapTls {
    /// TLS from the first byte (port 993).
    Required,
    /// STARTTLS, or nothing is said (port 143).
    StartTls,
    /// None: taken for a server on this machine only.
    None,
}

impl ImapTls {
    /// Reads the word of the configuration: `required`, `starttls` or `none`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "required" => Some(ImapTls::Required),
            "starttls" => Some(ImapTls::StartTls),
            "none" => Some(ImapTls::None),
            _ => None,
        }
    }
}

/// One mailbox that reporters write to.
#[derive(Debug, Clone)]
pub struct MailboxConfig {
    /// Our name for it.
    pub account: AccountKey,
    /// The server's name: what its certificate must be for.
    pub host: String,
    /// The server's port: 993, or 143 with STARTTLS.
    pub port: u16,
    /// How the connection is protected.
    pub tls: ImapTls,
    /// The user.
    pub user: String,
    /// The user's password.
    pub password: Secret,
    /// The address that reporters write to, such as `tips@example.org`.
    pub address: String,
    /// The name that the mailbox's own server puts into Authentication-Results; those of all others are ignored.
    pub authserv: Option<String>,
    /// The folder that mail comes into.
    pub inbox: String,
    /// Folders that tips land in by mistake.
    pub junk: Vec<String>,
    /// The folder that mails go to once they are durable here; made when it is missing.
    pub processed: String,
    /// How often every folder is looked into, even when the server says nothing new; also how long one IDLE lasts.
    pub sweep: Duration,
    /// How long each command may take; a large mail may take a second more for every 64 KiB.
    pub timeout: Duration,
    /// The largest mail that is taken whole, in bytes; of a larger one the first [`LARGE_TAKEN_BYTES`] are.
    pub most_bytes: usize,
    /// The delays between connections: the first, and the longest that doubling leads to.
    pub reconnect: (Duration, Duration),
}

/// How much is taken of a mail that is larger than what is taken whole: the headers and, as a rule, all of the text.
pub const LARGE_TAKEN_BYTES: usize = 512 * 1024;

impl MailboxConfig {
    /// A mailbox with TLS on port 993, the usual folders, a look a minute, and mails of up to 25 MB.
    pub fn new(
        account: AccountKey,
        host: impl Into<String>,
        user: impl Into<String>,
        password: Secret,
        address: impl Into<String>,
    ) -> Self {
        Self {
            account,
            host: host.into(),
            port: 993,
            tls: ImapTls::Required,
            user: user.into(),
            password,
            address: address.into(),
            authserv: None,
            inbox: "INBOX".to_owned(),
            junk: vec!["Junk".to_owned()],
            processed: "Processed".to_owned(),
            sweep: Duration::from_secs(60),
            timeout: Duration::from_secs(30),
            most_bytes: 25 * 1024 * 1024,
            reconnect: (Duration::from_secs(1), Duration::from_secs(60)),
        }
    }

    /// Checks everything that can be checked without asking anybody.
    pub fn check(&self) -> Result<(), MailboxError> {
        let account = || self.account.clone();
        if self.host.trim().is_empty() {
            return Err(MailboxError::Host { account: account() });
        }
        let local = self.address.rsplit_once('@').filter(|(_, domain)| domain.contains('.')).map_or("", |(local, _)| local);
        if self.address.parse::<lettre::Address>().is_err() || local.contains('+') || !(1..=MOST_LOCAL_PART).contains(&local.len()) {
            return Err(MailboxError::Address { account: account() });
        }
        let plain =
            |name: &String| !name.is_empty() && name.bytes().all(|byte| (b' '..=b'~').contains(&byte) && !b"\"\\*%&".contains(&byte));
        if ![&self.inbox, &self.processed].into_iter().chain(&self.junk).all(plain) || self.junk.contains(&self.processed) {
            return Err(MailboxError::Folder { account: account() });
        }
        if self.processed.eq_ignore_ascii_case(&self.inbox) {
            return Err(MailboxError::Folder { account: account() });
        }
        if self.tls == ImapTls::None && !is_this_machine(&self.host) {
            return Err(MailboxError::InClear { account: account() });
        }
        Ok(())
    }
}

/// Whether a host is this machine, without asking anybody.
pub fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What is wrong with a [`MailboxConfig`]: one sentence that names the thing and the fix.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    /// No server.
    #[error("account {account}: the mailbox's host is empty; set it to a name such as imap.example.org")]
    Host {
        /// Our name of the account.
        account: AccountKey,
    },
    /// An address that cannot carry a token.
    #[error(
        "account {account}: the mailbox's address must be like tips@example.org, with at most {MOST_LOCAL_PART} characters before the @ and no +, \
         so that an answer's address (tips+…@example.org) fits what mail servers take"
    )]
    Address {
        /// Our name of the account.
        account: AccountKey,
    },
    /// A folder that cannot be named.
    #[error(
        "account {account}: folders are named in plain ASCII without quotes, and the processed folder is none of those that are read; write names such as Junk and Processed"
    )]
    Folder {
        /// Our name of the account.
        account: AccountKey,
    },
    /// A password would go over an open line.
    #[error("account {account}: without TLS only a mailbox on this machine is read; set tls to \"required\" or \"starttls\"")]
    InClear {
        /// Our name of the account.
        account: AccountKey,
    },
    /// TLS cannot be set up.
    #[error("account {account}: TLS cannot start; are the CA certificates installed (package ca-certificates)?")]
    Tls {
        /// Our name of the account.
        account: AccountKey,
        /// Why.
        #[source]
        source: rustls::Error,
    },
}

/// Why a connection to a mailbox ended. Holds nothing that the server said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("the mail server cannot be reached ({0})")]
    Unreachable(std::io::ErrorKind),
    #[error("TLS with the mail server failed; is its certificate for this host?")]
    Tls,
    #[error("the mail server refuses user or password")]
    Login,
    #[error("the mail server refused while {0}")]
    Refused(Step),
    #[error("the connection broke while {0}")]
    Broken(Step),
    #[error("no answer in time while {0}")]
    TimedOut(Step),
    #[error("a mail could be neither stored nor spooled")]
    NotTaken,
}

/// How far a conversation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Connect,
    Greeting,
    Login,
    Select,
    Search,
    Fetch,
    Move,
    Idle,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Step::Connect => "connecting",
            Step::Greeting => "greeting",
            Step::Login => "logging in",
            Step::Select => "opening a folder",
            Step::Search => "looking for mails",
            Step::Fetch => "fetching a mail",
            Step::Move => "moving mails",
            Step::Idle => "waiting for mails",
        })
    }
}

impl Fault {
    /// Sorts the library's error, whose text may hold a mail and is therefore dropped here.
    pub(super) fn of(error: &async_imap::error::Error, step: Step) -> Self {
        use async_imap::error::Error;
        match error {
            Error::No(_) if step == Step::Login => Fault::Login,
            Error::No(_) | Error::Bad(_) => Fault::Refused(step),
            _ => Fault::Broken(step),
        }
    }
}

/// Runs one step inside its time.
pub(super) async fn timed<T>(
    limit: Duration,
    step: Step,
    work: impl Future<Output = Result<T, async_imap::error::Error>>,
) -> Result<T, Fault> {
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Fault::of(&error, step)),
        Err(_) => Err(Fault::TimedOut(step)),
    }
}
