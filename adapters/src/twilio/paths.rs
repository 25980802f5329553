//! The URLs that we give to the carrier, and their reading when it calls them.
//!
//! They carry our attempt's id, so that news may come before the send has returned, and for a call's step a one-time token
//! and what the step was asked for (`?on=`). No identity ever stands in them. A path is matched raw, as it was signed.

use domain::exchange::StepToken;
use domain::id::{AccountKey, AttemptId};

/// Which of our webhooks a path names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// `/webhooks/{account}/messages`: a reporter wrote.
    Message,
    /// `/webhooks/{account}/messages/{attempt}`: news of a text.
    MessageStatus(AttemptId),
    /// `/webhooks/{account}/calls/{attempt}`: news of a call.
    CallStatus(AttemptId),
    /// `/webhooks/{account}/calls/{attempt}/steps/{token}?on=…`: a call asks what to do next.
    CallStep(AttemptId, StepToken, Option<On>),
}

/// What a step was asked for, written into its URL by us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    /// The line was picked up.
    Answer,
    /// Keys were pressed, or their time ran out.
    Keys,
    /// The words were spoken to their end.
    Spoken,
}

/// Longer tokens are not ours.
const MAX_TOKEN_CHARS: usize = 128;

impl Path {
    /// Reads a raw path and query; `None` when it is not one of this account's.
    pub(super) fn read(account: &AccountKey, path_and_query: &str) -> Option<Self> {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let rest = path.strip_prefix("/webhooks/")?.strip_prefix(account.as_str())?.strip_prefix('/')?;
        let parts: Vec<&str> = rest.splitn(5, '/').collect();
        match parts.as_slice() {
            ["messages"] => Some(Path::Message),
            ["messages", attempt] => Some(Path::MessageStatus(attempt.parse().ok()?)),
            ["calls", attempt] => Some(Path::CallStatus(attempt.parse().ok()?)),
            ["calls", attempt, "steps", token] if is_token(token) => {
                Some(Path::CallStep(attempt.parse().ok()?, StepToken((*token).to_owned()), On::read(query)))
            }
            _ => None,
        }
    }
}

impl On {
    const ALL: [On; 3] = [On::Answer, On::Keys, On::Spoken];

    const fn word(self) -> &'static str {
        match self {
            On::Answer => "on=answer",
            On::Keys => "on=keys",
            On::Spoken => "on=spoken",
        }
    }
    fn read(query: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|on| query.split('&').any(|field| field == on.word()))
    }
}

/// Where news of a text is to go.
pub(super) fn message_status(origin: &str, account: &AccountKey, attempt: AttemptId) -> String {
    format!("{origin}/webhooks/{account}/messages/{attempt}")
}

/// Where news of a call is to go.
pub(super) fn call_status(origin: &str, account: &AccountKey, attempt: AttemptId) -> String {
    format!("{origin}/webhooks/{account}/calls/{attempt}")
}

/// Where a call asks for its next script. The token has to be of unreserved URL characters, as the shell draws them.
pub(super) fn call_step(origin: &str, account: &AccountKey, attempt: AttemptId, token: &StepToken, on: On) -> String {
    format!("{origin}/webhooks/{account}/calls/{attempt}/steps/{}?{}", token.0, on.word())
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_TOKEN_CHARS
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~'))
}
