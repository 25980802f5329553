//! What adapters and the shell hand each other: normalised events in, normalised work out.
//!
//! Only what is named here gets in: adapters parse by an allow-list, and carrier metadata (city, zip, caller name) has
//! no field to go to. Provider ids are opaque text, unique per account, and never matched by pattern (carriers.md 4).

mod caller;
mod media;

pub use caller::{CallRef, CallerEvent, CallerHeard, CallerNews};
pub use media::{MAX_MEDIA, MediaBody, MediaRef, MediaRole};

use crate::channel::Channel;
use crate::conversation::knows::Knows;
use crate::dispatch::evidence::ReceiptKind;
use crate::id::{AccountKey, AttemptId, ConversationId, OrganizationKey};
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
    Message(Box<InboundMessage>),
    /// News of something that we sent.
    Receipt(Receipt),
    /// A call of ours asks what to do next.
    CallStep(CallStep),
    /// A reporter's call asks what to do next, or there is news of it.
    Caller(CallerEvent),
}

/// A reporter's message, whatever way it came (R2): the same words give the same message except for the channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMessage {
    /// The account it came through.
    pub account: AccountKey,
    /// The carrier's id (for mail a hash of the mail, for our own pages the client's id): the unit of "exactly once".
    pub provider_id: ProviderId,
    /// The way it came.
    pub channel: Channel,
    /// Who wrote; opaque, may be no phone number at all. `None` on our own pages, where nobody is asked.
    pub from: Option<Address>,
    /// Our address, which an answer must come from; empty on our own pages.
    pub to: Address,
    /// When the carrier says that it was written, if it says so: the order of messages (R72). Never the clock of a deadline.
    pub sent_at: Option<Timestamp>,
    /// What was written; may be empty when there are pictures.
    pub words: Words,
    /// The language that the reporter chose or the program recognised; `None` when nobody knows.
    pub language: Option<Language>,
    /// Set when the carrier delivers a long text in pieces and leaves the joining to us (R72).
    pub part: Option<Part>,
    /// Which conversation it belongs to.
    pub joins: Joins,
    /// Who or what wrote it.
    pub nature: Nature,
    /// What it says became of a mail of ours, when it is a report of delivery.
    pub fate: Option<Fate>,
    /// True when the carrier itself has already answered this STOP, HELP or START, so that we must not (R71).
    pub carrier_answered: bool,
    /// What the adapter declares that others know of the reporter on this way (R67).
    pub knows: Knows,
    /// What the reporter said in fields of their own.
    pub claims: Claims,
    /// The channel's own name of the message that an answer must refer to (mail: its Message-ID without brackets).
    pub source: Option<Words>,
    /// Pictures and files. At most [`MAX_MEDIA`]; `media_dropped` counts the rest.
    pub media: Vec<MediaRef>,
    /// How many further media the message claimed to have.
    pub media_dropped: u32,
}

impl InboundMessage {
    /// A message with nothing but these: no time, no language, by address, written by a person.
    pub fn plain(account: AccountKey, provider_id: ProviderId, channel: Channel, knows: Knows, words: Words) -> Self {
        Self {
            account,
            provider_id,
            channel,
            from: None,
            to: Address::new(""),
            sent_at: None,
            words,
            language: None,
            part: None,
            joins: Joins::ByAddress,
            nature: Nature::Person,
            fate: None,
            carrier_answered: false,
            knows,
            claims: Claims::default(),
            source: None,
            media: Vec::new(),
            media_dropped: 0,
        }
    }
}

/// Which piece of a long text a message is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The carrier's number of the whole, unique for this sender for some minutes only.
    pub whole: String,
    /// Which piece, from 1.
    pub number: u8,
    /// How many pieces there are.
    pub of: u8,
}

/// How the conversation of a message is found. Whatever does not lead to one opens a tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joins {
    /// The one that the address belongs to.
    ByAddress,
    /// A mail: tokens that may be ours, in order (In-Reply-To, References from the last to the first, plus-address); else the address.
    Threads(Vec<String>),
    /// This one: the reporter has shown its code.
    Conversation(ConversationId),
    /// A new one with this id, whoever it comes from (the web form, a first chat, a recorded call). Whoever made the event drew the id, so
    /// that a repeat, or what belongs to the same visit or call, finds the tip.
    New(ConversationId),
}

/// Who or what wrote a message. All of them are kept and shown; only persons are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// A person, as far as anybody can tell.
    Person,
    /// An autoresponder, a list, a daemon (RFC 3834).
    Automatic,
    /// News that a mail was not delivered (RFC 3464).
    Bounce,
    /// A read receipt (RFC 8098).
    ReadReceipt,
    /// It could not be read: its original is kept, and somebody has to look.
    Unreadable,
}

impl Nature {
    /// Every nature.
    pub const ALL: [Nature; 5] = [Nature::Person, Nature::Automatic, Nature::Bounce, Nature::ReadReceipt, Nature::Unreadable];
    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Nature::Person => "person",
            Nature::Automatic => "automatic",
            Nature::Bounce => "bounce",
            Nature::ReadReceipt => "read_receipt",
            Nature::Unreadable => "unreadable",
        }
    }
    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|nature| nature.as_str() == word)
    }
}

/// What a report of delivery says became of a mail of ours (RFC 3464), the better before the worse. Anybody can forge one: it is believed
/// only with a proof of ours in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It lies in the mailbox. Nobody has read it for that.
    Delivered,
    /// Handed on to a server that reports nothing: it may still come back.
    HandedOn,
    /// Tried again: no failure yet.
    Delayed,
    /// Not delivered, and not tried again.
    Failed {
        /// The address will never take it (5.x.x); else it was given up for the time being (4.x.x).
        permanent: bool,
    },
}

/// What a reporter said in fields of their own (the web form). The words of those fields stand in the message too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The school they chose, when the directory has it.
    pub school: Option<OrganizationKey>,
    /// "It is happening now" (R23).
    pub in_progress: bool,
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
    /// News that came beside the call's own road (asynchronous detection of machines): nobody waits for a script here. When the rules change
    /// what is to be said, the call is steered to its present step (`adapters::contract::Sender::steer`).
    pub aside: bool,
}

/// What happened on the line at the end of a step.
#[derive(Clone, PartialEq, Eq)]
pub enum Heard {
    /// The line was picked up.
    Answered(AnsweredBy),
    /// Keys were pressed (may be empty when the time ran out).
    Digits(String),
    /// What was to be said was said to its end.
    Spoken,
    /// Nothing: we made the call ask anew, because something was learnt beside it.
    Steered,
}

/// Shows no key: they may be a PIN.
impl std::fmt::Debug for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Heard::Answered(by) => write!(f, "Answered({by:?})"),
            Heard::Digits(keys) => write!(f, "Digits({} keys)", keys.len()),
            Heard::Spoken => f.write_str("Spoken"),
            Heard::Steered => f.write_str("Steered"),
        }
    }
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
        /// How a machine is told from a person.
        detection: Detection,
    },
    /// A mail.
    Mail(Mail),
}

/// How a carrier tells a machine from a person on a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Detection {
    /// Not at all: whoever answers is spoken to, and is `Unknown`.
    Off,
    /// The carrier listens first and speaks then: a person hears some seconds of silence, a machine's beep is waited for.
    #[default]
    Before,
    /// The carrier speaks at once and tells later; a machine's voicemail is then spoken after its beep, by steering the call.
    Beside,
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
    /// The Message-ID, without brackets, of the reporter's mail that this answers; `None` for mails to endusers.
    pub answers: Option<Words>,
    /// Who wrote it: what it says of itself to other programs (RFC 3834), and where a bounce goes.
    pub kind: MailKind,
    /// The directory says that this address takes mail over TLS only: better not sent than in clear.
    pub tls_required: bool,
}

/// Who wrote a mail of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailKind {
    /// The program, to an enduser, unasked: `auto-generated`. Bounces go to this address, which names the attempt (VERP); without a mailbox
    /// that is read, to the sender.
    Notice {
        /// The envelope's sender.
        bounces_to: Option<Address>,
    },
    /// The program, as an answer to a reporter's mail: `auto-replied`, and an empty envelope sender, so that nothing answers it.
    AutoReply,
    /// A person, to a reporter: an ordinary mail. A bounce goes to this address, which names the message.
    Answer {
        /// The envelope's sender.
        bounces_to: Address,
    },
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
