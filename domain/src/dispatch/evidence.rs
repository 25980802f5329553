//! What is known about an attempt: an append-only set of receipts, merged monotonically.
//!
//! The merge is commutative, associative and idempotent: a repeat, a replay or another order of the same receipts gives
//! the same evidence, and no receipt ever lowers it. A call that is `completed` says nothing about a person (R19).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One piece of news about an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "detail")]
pub enum ReceiptKind {
    /// The carrier took it.
    Submitted,
    /// The phone rings.
    Rang,
    /// The handset or mailbox has it (texts).
    Delivered,
    /// The line was picked up, by whom is not known.
    Answered,
    /// A person picked up, as far as detection can tell; or keyed something.
    HumanAnswered,
    /// A machine picked up.
    MachineAnswered,
    /// A fax picked up.
    FaxAnswered,
    /// Our words were spoken to the end after a machine's beep.
    VoicemailLeft,
    /// Keys were pressed that are not the code.
    WrongKey,
    /// A person confirmed.
    Confirmed(ConfirmedBy),
    /// The attempt is over.
    Ended(End),
    /// A status that nobody here knows: kept, shown, raised; changes nothing.
    Unrecognised(String),
}

/// How a person confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmedBy {
    /// Keyed the code spoken on that call.
    Keypad,
    /// Sent the form of the mail's receipt page with the code printed in the mail.
    MailPage,
    /// An analyst noted that they spoke with the person.
    AnalystNote,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "end", content = "code")]
pub enum End {
    /// A call was hung up by either side after an answer. No evidence of anything else.
    Completed,
    /// Busy or declined.
    Busy,
    /// Rang out.
    NoAnswer,
    /// Cancelled by us or the carrier.
    Canceled,
    /// The carrier could not; with its error code when it gave one.
    Failed(Option<i64>),
    /// A text or mail did not arrive; with the carrier's error code when it gave one.
    Undelivered(Option<i64>),
}

/// All that is known about an attempt, each fact with the earliest time it is known from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The carrier took it.
    pub submitted: Option<Timestamp>,
    /// It rang.
    pub rang: Option<Timestamp>,
    /// It was delivered.
    pub delivered: Option<Timestamp>,
    /// The line was picked up.
    pub answered: Option<Timestamp>,
    /// By a person.
    pub human: Option<Timestamp>,
    /// By a machine.
    pub machine: Option<Timestamp>,
    /// By a fax.
    pub fax: Option<Timestamp>,
    /// A voicemail was left to its end.
    pub voicemail: Option<Timestamp>,
    /// A wrong key was pressed.
    pub wrong_key: Option<Timestamp>,
    /// A person confirmed.
    pub confirmed: Option<(Timestamp, ConfirmedBy)>,
    /// It is over.
    pub ended: Option<(Timestamp, End)>,
}

/// The ladder shown to people: each rung includes nothing about the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// Not yet taken by a carrier.
    None,
    /// Taken by the carrier.
    Submitted,
    /// Rang, or was delivered.
    Rang,
    /// A voicemail was left.
    Voicemail,
    /// A person answered.
    HumanAnswered,
    /// A person confirmed.
    Confirmed,
}

impl Evidence {
    /// Adds one receipt. True when something new is known.
    pub fn merge(&mut self, kind: &ReceiptKind, at: Timestamp) -> bool { let _ = (kind, at); todo!() }
    /// The highest rung reached.
    pub fn rung(&self) -> Rung { todo!() }
    /// Whether a person confirmed.
    pub fn is_confirmed(&self) -> bool { self.confirmed.is_some() }
}
