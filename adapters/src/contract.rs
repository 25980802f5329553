//! The traits that an adapter implements and the shell drives.
//!
//! Reading a webhook is synchronous and pure, and verification is part of its type: no byte reaches a parser before its
//! signature was right. Sending classifies its errors and schedules nothing: retries, pace and fail-over are the shell's.

use domain::exchange::{Accepted, CallRef, CallerEvent, Inbound, InboundMessage, Outbound, ProviderId, Search, Sighting, StepToken};
use domain::id::{AccountKey, AttemptId};
use domain::sealed::Words;
use domain::voice::script::Script;
use jiff::Timestamp;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A future that can be kept behind `dyn`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A request as it came over the wire. Its bytes are never logged or stored.
#[derive(Clone, Copy)]
pub struct RawRequest<'a> {
    /// `POST` or `GET`.
    pub method: &'a http::Method,
    /// Path and query, byte for byte.
    pub path_and_query: &'a str,
    /// The headers.
    pub headers: &'a http::HeaderMap,
    /// The body.
    pub body: &'a [u8],
}

/// A webhook whose signature was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What it says: durable before `reply` is given. Empty for news of no interest.
    pub events: Vec<Inbound>,
    /// How to answer after the commit.
    pub reply: Reply,
}

/// How to answer a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// With this, whatever the events lead to.
    Fixed(Answer),
    /// With the script that the call step leads to, rendered by [`Webhook::render`].
    Script,
}

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: http::StatusCode,
    /// The content type; empty for none.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

/// Why a webhook was not taken. Names no value of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No signature header: 403.
    #[error("the signature header is missing")]
    Unsigned,
    /// The signature does not fit: 403.
    #[error("the signature does not fit the configured origin, path, body and secrets")]
    BadSignature,
    /// A signature algorithm or key id that is not configured: 403.
    #[error("the signature's algorithm or key is not configured")]
    UnknownAlgorithm,
    /// Signed, but not understood: 400. Names what is missing.
    #[error("signed, but {0}")]
    Malformed(&'static str),
    /// Signed, but not a path that this adapter has: 404.
    #[error("no such webhook")]
    NoSuchPath,
    /// Signed with a method that is not taken: 405.
    #[error("this webhook takes only POST")]
    WrongMethod,
}

impl Refused {
    /// The HTTP status of the refusal.
    pub fn status(self) -> http::StatusCode {
        match self {
            Refused::Unsigned | Refused::BadSignature | Refused::UnknownAlgorithm => http::StatusCode::FORBIDDEN,
            Refused::Malformed(_) => http::StatusCode::BAD_REQUEST,
            Refused::NoSuchPath => http::StatusCode::NOT_FOUND,
            Refused::WrongMethod => http::StatusCode::METHOD_NOT_ALLOWED,
        }
    }
    /// A word for the metric's label.
    pub const fn label(self) -> &'static str {
        match self {
            Refused::Unsigned => "unsigned",
            Refused::BadSignature => "bad_signature",
            Refused::UnknownAlgorithm => "unknown_algorithm",
            Refused::Malformed(_) => "malformed",
            Refused::NoSuchPath => "no_such_path",
            Refused::WrongMethod => "wrong_method",
        }
    }
}

/// Reads webhooks of one account.
pub trait Webhook: Send + Sync {
    /// Verifies, then parses by an allow-list. Pure: no I/O, and no clock but the one that the adapter was made with, for a signature that
    /// holds a time.
    fn accept(&self, request: &RawRequest<'_>) -> Result<Verified, Refused>;
    /// Renders the next script of a call.
    fn render(&self, call: CallRef, script: &Script) -> Answer;
}

/// Why something was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Not taken; try again later, here or elsewhere.
    #[error("the carrier did not take it: {reason}")]
    Transient {
        /// Without identities: a status, an error code, "connection refused".
        reason: String,
        /// The carrier's code.
        code: Option<i64>,
    },
    /// Not taken: too fast.
    #[error("the carrier asks for a slower pace")]
    Throttled {
        /// How long to wait, when it says so.
        retry_after: Option<Duration>,
    },
    /// Will never be taken, for this address or this content.
    #[error("the carrier will not take it: {reason}")]
    Permanent {
        /// Without identities.
        reason: String,
        /// The carrier's code.
        code: Option<i64>,
    },
    /// Our side is wrong (credentials, sender number): nothing will be taken here until it is mended. Try elsewhere, tell the operator.
    #[error("the carrier refuses this account or sender: {reason}")]
    Misconfigured {
        /// Without identities.
        reason: String,
        /// The carrier's code.
        code: Option<i64>,
    },
    /// Perhaps taken: the bytes had left when the connection failed or the time ran out.
    #[error("the carrier's answer was lost: {reason}")]
    Unknown {
        /// Without identities.
        reason: String,
    },
}

/// Sends by one account and means.
pub trait Sender: Send + Sync {
    /// The account.
    fn account(&self) -> &AccountKey;
    /// Sends one attempt. `Ok` only when the carrier said that it took it.
    fn send<'a>(&'a self, outbound: &'a Outbound) -> BoxFuture<'a, Result<Accepted, SendError>>;
    /// Looks for an attempt at the carrier; the empty list says that the carrier has no trace of it.
    /// `Err` when it could not be asked, or (mail) has nobody to ask.
    fn find<'a>(&'a self, search: &'a Search) -> BoxFuture<'a, Result<Vec<Sighting>, SendError>>;
    /// Asks the carrier for something that costs nothing and changes nothing, with our credentials: `Ok` when it answered as it should. A
    /// test of the road to the carrier's door, not beyond.
    fn probe(&self) -> BoxFuture<'_, Result<(), SendError>>;
    /// Makes a call that is under way ask for its script anew, at this token. Does nothing where calls cannot be steered.
    fn steer<'a>(&'a self, call: &'a ProviderId, attempt: AttemptId, then: &'a StepToken) -> BoxFuture<'a, Result<(), SendError>>;
}

/// The bytes of a medium, as fetched.
#[derive(Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The bytes, at most what was asked for.
    pub bytes: Vec<u8>,
    /// The type that the carrier named, lower case, at most 100 characters; not to be believed.
    pub content_type: String,
}

impl std::fmt::Debug for Fetched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fetched({} bytes, {:?})", self.bytes.len(), self.content_type)
    }
}

/// Why a medium was not fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Not there yet, or the carrier has a fault: try again later.
    #[error("the medium could not be fetched now: {0}")]
    Later(String),
    /// It is gone, or its address is not one that may be fetched from. Holds no address.
    #[error("the medium cannot be fetched: {0}")]
    Never(&'static str),
    /// It is larger than what is taken.
    #[error("the medium is larger than {0} bytes")]
    TooLarge(usize),
}

/// Fetches media that wait at the carrier, and deletes them there.
pub trait Media: Send + Sync {
    /// Fetches: credentials go only to the carrier's own hosts, redirects are followed without them, private and loopback
    /// targets are refused unless configured.
    fn fetch<'a>(&'a self, url: &'a Words, most_bytes: usize) -> BoxFuture<'a, Result<Fetched, FetchError>>;
    /// Deletes it at the carrier; one that is not there any more counts as deleted.
    fn delete<'a>(&'a self, url: &'a Words) -> BoxFuture<'a, Result<(), FetchError>>;
}

/// Lists what reporters have sent, so that what a lost webhook should have told is taken in all the same (carriers.md 0.1).
pub trait Inbox: Send + Sync {
    /// Every inbound message that the carrier took at or after `since`, oldest first, each as the webhook would have told it, with the same
    /// id, and with `sent_at`; but its media are only counted, as dropped, and where a list has no words, neither has it. When there are more than `most`, these are the oldest: go
    /// on from the last one's `sent_at`. What the carrier still receives is left out.
    fn since<'a>(&'a self, since: Timestamp, most: usize) -> BoxFuture<'a, Result<Vec<InboundMessage>, SendError>>;
    /// The same message with everything that its webhook would have told (the addresses of its media, its words where the list had none):
    /// one more question to the carrier, so only for what is news.
    fn complete<'a>(&'a self, message: InboundMessage) -> BoxFuture<'a, Result<InboundMessage, SendError>>;
    /// Every finished recording of a call that the carrier began at or after `since`, oldest first, each as its callback would have told
    /// it, with the same id; but whose call it is was not looked up.
    fn recordings<'a>(&'a self, since: Timestamp) -> BoxFuture<'a, Result<Vec<Recorded>, SendError>>;
    /// The same with the numbers of its call, when that was a reporter's call to us: one more question, so only for what is news.
    fn of_a_reporter<'a>(&'a self, recorded: CallerEvent) -> BoxFuture<'a, Result<Option<CallerEvent>, SendError>>;
}

/// A recording that a carrier lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// When it was begun.
    pub at: Timestamp,
    /// The news of it: always [`CallerNews::Recording`](domain::exchange::CallerNews::Recording).
    pub event: CallerEvent,
    /// The carrier's id of it: what makes it news once.
    pub id: ProviderId,
}

/// The shell's end of a listener: an event is durable when this returns `Ok`.
pub trait Intake: Send + Sync {
    /// Takes one event. `Ok` also when it was known already.
    fn submit<'a>(&'a self, event: Inbound) -> BoxFuture<'a, Result<(), NotTaken>>;
    /// Where a mailbox was read to.
    fn cursor<'a>(&'a self, account: &'a AccountKey, folder: &'a str) -> BoxFuture<'a, Result<Option<Cursor>, NotTaken>>;
    /// Notes where a mailbox was read to. Only after everything before it was submitted.
    fn advance<'a>(&'a self, account: &'a AccountKey, folder: &'a str, cursor: Cursor) -> BoxFuture<'a, Result<(), NotTaken>>;
}

/// Neither stored nor spooled: nothing may be acknowledged; try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event could neither be stored nor spooled")]
pub struct NotTaken;

/// Where a mailbox folder was read to (RFC 9051: a UID means nothing without its UIDVALIDITY).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The folder's UIDVALIDITY.
    pub validity: u32,
    /// The highest UID that was taken in.
    pub uid: u32,
}

/// Something that fetches events itself (a mailbox). Runs until it is told to stop; reconnects by itself, with backoff.
pub trait Listener: Send {
    /// The account, for logs and health.
    fn account(&self) -> &AccountKey;
    /// Runs.
    fn run(self: Box<Self>, intake: std::sync::Arc<dyn Intake>, stop: tokio_util::sync::CancellationToken) -> BoxFuture<'static, ()>;
}
