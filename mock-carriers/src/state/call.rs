//! A phone call as the carrier knows it: its status, and everything that was said and keyed on it.
//! How a call proceeds is `voice::session`'s; its wire form is in `twilio::json`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::carrier::Carrier;
use crate::clock;
use crate::ids;

/// One call. Serialized as it is in the control API.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Call {
    /// `CA..`.
    pub sid: String,
    /// Which carrier's it is.
    #[serde(default)]
    pub carrier: Carrier,
    /// The number called.
    pub to: String,
    /// The number calling.
    pub from: String,
    /// Who began it.
    pub direction: CallDirection,
    /// Where it stands.
    pub status: CallStatus,
    /// What machine detection concluded.
    pub answered_by: Option<String>,
    /// The call this one was dialled from.
    pub parent_call_sid: Option<String>,
    /// Digits sent after the connection, as asked for.
    pub send_digits: Option<String>,
    /// The name of the behaviour that answered it.
    pub behaviour: String,
    /// When it was made, with fractions of a second.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What was said and keyed, in order.
    pub transcript: Vec<Line>,
    /// Status callbacks sent, in order.
    pub callbacks: Vec<CallbackSent>,
    /// True while a person may answer it on a handset page.
    pub manual: bool,
    /// What the call listens for now.
    #[serde(default)]
    pub listening: Listening,
    /// Commands given to its session, and how many of them it has read and acted on.
    #[serde(skip)]
    pub commands: Commands,
}

/// What a call listens for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Listening {
    /// Nothing.
    #[default]
    Nothing,
    /// Keys may be pressed already, while the prompt is still spoken.
    Prompt,
    /// Keys: the prompt was spoken to its end.
    Keys,
    /// Words, for a recording.
    Words,
    /// The other party of a bridged call.
    Talk,
}

/// How far a session is behind what it was told to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Commands {
    /// Given.
    pub sent: u64,
    /// Acted on.
    pub settled: u64,
}

impl Call {
    /// A call that begins now.
    pub fn new(direction: CallDirection, from: &str, to: &str) -> Self {
        let now = clock::now();
        Self {
            sid: ids::sid("CA"),
            carrier: Carrier::Twilio,
            to: to.to_owned(),
            from: from.to_owned(),
            direction,
            status: CallStatus::Queued,
            answered_by: None,
            parent_call_sid: None,
            send_digits: None,
            behaviour: String::new(),
            created_at: now,
            updated_at: now,
            answered_at: None,
            ended_at: None,
            transcript: Vec::new(),
            callbacks: Vec::new(),
            manual: false,
            listening: Listening::Nothing,
            commands: Commands::default(),
        }
    }

    /// True while keys may be pressed.
    pub fn is_gathering(&self) -> bool {
        matches!(self.listening, Listening::Prompt | Listening::Keys)
    }

    /// True when the call waits for the person: what was keyed or said before is dealt with.
    pub fn waits(&self) -> bool {
        let listens = matches!(self.listening, Listening::Keys | Listening::Words | Listening::Talk);
        listens && self.commands.sent == self.commands.settled
    }

    /// What the gateway said since the person last keyed or said something, line by line.
    pub fn last_heard(&self) -> String {
        let since = self.transcript.iter().rposition(|line| line.who == Speaker::Callee).map_or(0, |at| at + 1);
        let lines = self.transcript.iter().skip(since).filter(|line| line.who == Speaker::Gateway);
        lines.filter_map(|line| line.text.as_deref()).collect::<Vec<_>>().join("\n")
    }
}

/// Most transcript lines kept for one call.
pub const LINES_KEPT: usize = 400;

/// Who began a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallDirection {
    /// From a handset to one of the account's numbers.
    Inbound,
    /// Through the REST API.
    OutboundApi,
    /// By a `<Dial>`.
    OutboundDial,
}

impl CallDirection {
    /// Twilio's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::OutboundApi => "outbound-api",
            Self::OutboundDial => "outbound-dial",
        }
    }
}

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallStatus {
    /// Not yet placed.
    Queued,
    /// Placed, and the other side rings.
    Ringing,
    /// Answered.
    InProgress,
    /// Answered and ended.
    Completed,
    /// The line was busy, or the call was declined.
    Busy,
    /// Could not be placed.
    Failed,
    /// Nobody answered.
    NoAnswer,
    /// Taken back before it was answered.
    Canceled,
}

impl CallStatus {
    /// Twilio's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::NoAnswer => "no-answer",
            Self::Canceled => "canceled",
        }
    }

    /// True once nothing more can happen on the call.
    pub fn is_over(self) -> bool {
        match self {
            Self::Queued | Self::Ringing | Self::InProgress => false,
            Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled => true,
        }
    }
}

/// One line of a call's transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When it began.
    pub at: Timestamp,
    /// Who.
    pub who: Speaker,
    /// What was said; a note such as `(beep)` stands in brackets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What was keyed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<String>,
    /// The language of a `<Say>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// How long one word of it lasts, in milliseconds.
    #[serde(default)]
    pub word_ms: u64,
    /// True when a key or a hang-up cut it off.
    #[serde(default)]
    pub cut: bool,
}

/// Who spoke or keyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    /// The program that answers webhooks.
    Gateway,
    /// The person or machine at the handset.
    Callee,
    /// The telephone network: beeps and announcements.
    Carrier,
    /// The other party of a bridged call.
    Other,
}

/// One status callback of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackSent {
    /// `CallStatus` as sent.
    pub status: String,
    /// `SequenceNumber` as sent.
    pub sequence_number: u32,
    /// When it was given to the sender.
    pub at: Timestamp,
}

/// A recording made on a call.
#[derive(Debug, Clone, Serialize)]
pub struct Recording {
    /// `RE..`.
    pub sid: String,
    /// The call.
    pub call_sid: String,
    /// Length in seconds.
    pub duration_s: u32,
    /// Twilio's word for what made it.
    pub source: &'static str,
    /// What was said; the sound itself is a tone.
    pub words: String,
    /// When it began.
    pub started: Timestamp,
    /// When it was made.
    pub created: Timestamp,
    /// When its sound can be fetched.
    pub ready: Timestamp,
}

/// A recording's words in writing.
#[derive(Debug, Clone, Serialize)]
pub struct Transcription {
    /// `TR..`.
    pub sid: String,
    /// The recording.
    pub recording_sid: String,
    /// `completed` or `failed`.
    pub status: &'static str,
    /// The words.
    pub text: String,
    /// The recording's length in seconds.
    pub duration_s: u32,
    /// When it was made.
    pub created: Timestamp,
}
