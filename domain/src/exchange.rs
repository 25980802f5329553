//! What adapters and the shell hand each other: normalised events in, normalised work out.
//!
//! Only what is named here gets in: adapters parse by an allow-list, and carrier metadata (city, zip, caller name) has
//! no field to go to. Provider ids are opaque text, unique per account, and never matched by pattern (carriers.md 4).

use crate::channel::Channel;
use crate::dispatch::evidence::ReceiptKind;
use crate::id::{AccountKey, AttemptId};
use crate::language::Language;
use crate::sealed::{Address, Words};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A carrier's own id for a message or call: opaque, unique within one account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProviderId(pub String);

/// A one-time token in the URL of a call's next step. A stale one changes nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepToken(pub String);

impl std::fmt::Debug for StepToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StepToken(sealed)")
    }
}

/// Something that happened at a carrier, verified and normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// A reporter wrote.
    Message(InboundMessage),
    /// News of something that we sent.
    Receipt(Receipt),
    /// A call asks what to do next.
    CallStep(CallStep),
}

/// A reporter's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMessage {
    /// The account it came through.
    pub account: AccountKey,
    /// The carrier's id: the unit of "exactly once".
    pub provider_id: ProviderId,
    /// The way it came.
    pub channel: Channel,
    /// Who wrote; opaque, may be no phone number at all.
    pub from: Address,
    /// Our number, which an answer must come from.
    pub to: Address,
    /// What was written; may be empty when there are pictures.
    pub words: Words,
    /// Pictures and files, not fetched yet. At most [`MAX_MEDIA`]; `media_dropped` counts the rest.
    pub media: Vec<MediaRef>,
    /// How many further media the message claimed to have.
    pub media_dropped: u32,
}

/// More media than any carrier delivers with one message (Twilio: 10).
pub const MAX_MEDIA: usize = 10;

/// A picture or file that waits at the carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaRef {
    /// Where it can be fetched: identifies the reporter's message, so it is sealed like words.
    pub url: Words,
    /// What the carrier says it is, lower case, at most 100 characters; not to be believed.
    pub content_type: String,
}

/// News of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The account it came through.
    pub account: AccountKey,
    /// Our attempt, from the callback's URL.
    pub attempt: AttemptId,
    /// The carrier's id of the message or call.
    pub provider_id: ProviderId,
    /// What makes this piece of news unique within the account, such as `SM…:delivered` or `CA…:3`.
    pub once: String,
    /// What it says.
    pub kind: ReceiptKind,
}

/// A call asks for its next script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallStep {
    /// The account it came through.
    pub account: AccountKey,
    /// Our attempt, from the step's URL.
    pub attempt: AttemptId,
    /// The carrier's id of the call.
    pub provider_id: ProviderId,
    /// The token of the step's URL.
    pub token: StepToken,
    /// What happened on the line.
    pub heard: Heard,
}

/// What happened on the line at the end of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The line was picked up.
    Answered(AnsweredBy),
    /// Keys were pressed (may be empty when the time ran out).
    Digits(String),
    /// What was to be said was said to its end.
    Spoken,
}

/// Who the carrier thinks picked up. Detection errs in 10 to 15 % of calls, so `Unknown` is treated as a human (carriers.md 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnsweredBy {
    /// A person.
    Human,
    /// A machine whose greeting is over: what is said now is recorded.
    MachineReady,
    /// A machine that still speaks.
    MachineSpeaking,
    /// A fax.
    Fax,
    /// Not told apart.
    Unknown,
}

/// Something to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbound {
    /// Our attempt: goes into callback URLs and references.
    pub attempt: AttemptId,
    /// The sending identity: our number or mailbox.
    pub from: Address,
    /// Whom it goes to.
    pub to: Address,
    /// What is sent.
    pub content: Content,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A text message.
    Text(Words),
    /// A call; what is said is asked for by the carrier step by step, first at this token.
    Call {
        /// The token of the first step.
        first: StepToken,
        /// Digits to dial after the answer (an extension), or empty.
        extension: String,
    },
    /// A mail.
    Mail(Mail),
}

/// A mail, free of content about the tip (R6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The left part of our Message-ID; the same for every attempt at one obligation, so that a repeat collapses at the reader's end.
    pub message_id: String,
    /// The subject.
    pub subject: String,
    /// The text, lines of at most 78 characters, with the receipt page's link.
    pub text: String,
    /// The language of the text.
    pub language: Language,
}

/// A carrier took what we sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The carrier's id for it.
    pub provider_id: ProviderId,
}

/// Where to look for an attempt whose outcome is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Our attempt.
    pub attempt: AttemptId,
    /// What was to be sent: a call is looked for among calls.
    pub means: crate::channel::Means,
    /// The sending identity.
    pub from: Address,
    /// Whom it was to go to.
    pub to: Address,
    /// When the intent was committed: nothing older can be it.
    pub intended_at: Timestamp,
    /// The carrier's id, when the answer had come.
    pub provider_id: Option<ProviderId>,
}

/// What a carrier has on record that may be the attempt searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The carrier's id.
    pub provider_id: ProviderId,
    /// When the carrier created it.
    pub created_at: Timestamp,
    /// What its status says, in the order of the lattice.
    pub news: Vec<ReceiptKind>,
}
