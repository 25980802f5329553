//! The URLs that we give to the carrier, and their reading when it calls them.
//!
//! They carry our attempt's id, so that news may come before the send has returned, and for a call's step a one-time token
//! and what the step was asked for (`?on=`). No identity ever stands in them. A path is matched raw, as it was signed.

use crate::twiml::Wants;
use domain::exchange::StepToken;
use domain::id::{AccountKey, AttemptId, CallId};

/// Which of our webhooks a path names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Path {
    /// `/webhooks/{account}/messages`: a reporter wrote.
    Message,
    /// `/webhooks/{account}/messages/{attempt}`: news of a text.
    MessageStatus(AttemptId),
    /// `/webhooks/{account}/calls/{attempt}`: news of a call.
    CallStatus(AttemptId),
    /// `/webhooks/{account}/calls/{attempt}/detection`: who picked up, found out while the call goes on.
    Detection(AttemptId),
    /// `/webhooks/{account}/calls/{attempt}/steps/{token}?on=…`: a call asks what to do next.
    CallStep(AttemptId, StepToken, Option<On>),
    /// `/webhooks/{account}/voice…`: a reporter's call.
    Caller(CallerPath),
}

/// Which webhook of a reporter's call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CallerPath {
    /// `/webhooks/{account}/voice`: it came in.
    Started,
    /// `…/voice/{call}/steps/{token}?on=…`: it asks what to do next; without a word that we know, after keys.
    Step(CallId, StepToken, CallerOn),
    /// `…/voice/{call}/recordings/{token}`: a recording is ready.
    Recording(CallId, StepToken),
    /// `…/voice/{call}/transcripts/{token}`: a machine has understood a recording.
    Transcript(CallId),
}

/// What a step of a reporter's call was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallerOn {
    /// Keys were pressed, or their time ran out.
    Keys,
    /// The words were spoken to their end.
    Spoken,
    /// A recording ended.
    Recorded,
    /// Connecting is over.
    Dialled,
}

/// What a step was asked for, written into its URL by us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    /// The line was picked up.
    Answer,
    /// Keys were pressed, or their time ran out.
    Keys,
    /// The words were spoken to their end.
    Spoken,
    /// Nothing: we made the call ask anew.
    Steered,
}

/// Longer tokens are not ours.
const MAX_TOKEN_CHARS: usize = 128;

impl Path {
    /// Reads a raw path and query; `None` when it is not one of this account's.
    pub(crate) fn read(account: &AccountKey, path_and_query: &str) -> Option<Self> {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let rest = path.strip_prefix("/webhooks/")?.strip_prefix(account.as_str())?.strip_prefix('/')?;
        let parts: Vec<&str> = rest.splitn(6, '/').collect();
        match parts.as_slice() {
            ["messages"] => Some(Path::Message),
            ["messages", attempt] => Some(Path::MessageStatus(attempt.parse().ok()?)),
            ["calls", attempt] => Some(Path::CallStatus(attempt.parse().ok()?)),
            ["calls", attempt, "detection"] => Some(Path::Detection(attempt.parse().ok()?)),
            ["calls", attempt, "steps", token] if is_token(token) => {
                Some(Path::CallStep(attempt.parse().ok()?, StepToken((*token).to_owned()), On::read(query)))
            }
            ["voice", rest @ ..] => CallerPath::read(rest, query).map(Path::Caller),
            _ => None,
        }
    }
}

impl CallerPath {
    fn read(parts: &[&str], query: &str) -> Option<Self> {
        match parts {
            [] => Some(CallerPath::Started),
            [call, what, token] if is_token(token) => {
                let (call, token) = (call.parse().ok()?, StepToken((*token).to_owned()));
                match *what {
                    "steps" => Some(CallerPath::Step(call, token, CallerOn::read(query))),
                    "recordings" => Some(CallerPath::Recording(call, token)),
                    "transcripts" => Some(CallerPath::Transcript(call)),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

impl CallerOn {
    const ALL: [CallerOn; 4] = [CallerOn::Keys, CallerOn::Spoken, CallerOn::Recorded, CallerOn::Dialled];

    const fn word(self) -> &'static str {
        match self {
            CallerOn::Keys => "on=keys",
            CallerOn::Spoken => "on=spoken",
            CallerOn::Recorded => "on=recorded",
            CallerOn::Dialled => "on=dialled",
        }
    }
    fn read(query: &str) -> Self {
        Self::ALL.into_iter().find(|on| query.split('&').any(|field| field == on.word())).unwrap_or(CallerOn::Keys)
    }
}

impl On {
    const ALL: [On; 4] = [On::Answer, On::Keys, On::Spoken, On::Steered];

    const fn word(self) -> &'static str {
        match self {
            On::Answer => "on=answer",
            On::Keys => "on=keys",
            On::Spoken => "on=spoken",
            On::Steered => "on=steered",
        }
    }
    fn read(query: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|on| query.split('&').any(|field| field == on.word()))
    }
}

/// Where news of a text is to go.
pub(crate) fn message_status(origin: &str, account: &AccountKey, attempt: AttemptId) -> String {
    format!("{origin}/webhooks/{account}/messages/{attempt}")
}

/// Where news of a call is to go.
pub(crate) fn call_status(origin: &str, account: &AccountKey, attempt: AttemptId) -> String {
    format!("{origin}/webhooks/{account}/calls/{attempt}")
}

/// Where it is told who picked up, when that is found out while the call goes on.
pub(crate) fn detection(origin: &str, account: &AccountKey, attempt: AttemptId) -> String {
    format!("{origin}/webhooks/{account}/calls/{attempt}/detection")
}

/// Where a call asks for its next script. The token has to be of unreserved URL characters, as the shell draws them.
pub(crate) fn call_step(origin: &str, account: &AccountKey, attempt: AttemptId, token: &StepToken, on: On) -> String {
    format!("{origin}/webhooks/{account}/calls/{attempt}/steps/{}?{}", token.0, on.word())
}

/// A URL of a reporter's call.
pub(crate) fn caller(origin: &str, account: &AccountKey, call: CallId, token: &StepToken, wants: Wants) -> String {
    let step = |on: CallerOn| format!("steps/{}?{}", token.0, on.word());
    let rest = match wants {
        Wants::Keys => step(CallerOn::Keys),
        Wants::Spoken => step(CallerOn::Spoken),
        Wants::Recorded => step(CallerOn::Recorded),
        Wants::Dialled => step(CallerOn::Dialled),
        Wants::RecordingNews => format!("recordings/{}", token.0),
        Wants::Transcript => format!("transcripts/{}", token.0),
    };
    format!("{origin}/webhooks/{account}/voice/{call}/{rest}")
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_TOKEN_CHARS
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~'))
}
