//! Reads what is told of a reporter's call to us: it came in, a step ended, a recording is ready, a machine understood one.
//!
//! The same allow-list as for everything: the caller's number may be a word for "hidden" and is opaque; city, zip and caller name have
//! nowhere to go. A recording is told of twice (by the action and by its own callback), each time with the carrier's id of it, so that one
//! of the two may be lost and the two together are one. After a hang-up nothing is asked for any more, but what was said still counts.

use super::form::Form;
use super::inbound::{TwilioWebhook, digits, empty_response, id, no_content, number};
use super::paths::{CallerOn, CallerPath};
use super::status;
use crate::contract::{Refused, Reply, Verified};
use domain::dispatch::evidence::ReceiptKind;
use domain::exchange::{CallerEvent, CallerHeard, CallerNews, Inbound, StepToken};
use domain::id::CallId;
use domain::sealed::{Address, Words};

impl TwilioWebhook {
    pub(super) fn caller(&self, path: CallerPath, form: &Form) -> Result<Verified, Refused> {
        match path {
            CallerPath::Started if ended(form)? => Ok(nothing()),
            CallerPath::Started => self.next(vec![CallerNews::Started], form),
            CallerPath::Step(call, token, on) => self.caller_step(call, token, on, form),
            CallerPath::Recording(..) => {
                let news = if word(form, "RecordingStatus", "completed")? { recording(form)? } else { None };
                self.told(news, form)
            }
            CallerPath::Transcript(call) => self.told(transcript(call, form)?, form),
        }
    }

    fn caller_step(&self, call: CallId, token: StepToken, on: CallerOn, form: &Form) -> Result<Verified, Refused> {
        let mut news = Vec::new();
        let heard = match on {
            CallerOn::Keys | CallerOn::Spoken if ended(form)? => return Ok(nothing()),
            CallerOn::Keys => CallerHeard::Digits(digits(&form.get("Digits")?.unwrap_or_default())),
            CallerOn::Spoken => CallerHeard::Spoken,
            CallerOn::Recorded => {
                news.extend(recording(form)?);
                CallerHeard::Recorded { empty: is_empty(form)? }
            }
            CallerOn::Dialled => {
                let answered = form.get("DialCallStatus")?.is_some_and(|word| matches!(word.as_str(), "completed" | "answered"));
                CallerHeard::Dialled { answered }
            }
        };
        news.push(CallerNews::Step { call, token, heard });
        self.next(news, form)
    }

    /// News after which the next script is wanted.
    fn next(&self, news: Vec<CallerNews>, form: &Form) -> Result<Verified, Refused> {
        let events = news.into_iter().map(|news| self.event(news, form)).collect::<Result<_, _>>()?;
        Ok(Verified { events, reply: Reply::Script })
    }

    /// News that is only told; none when it is of no interest.
    fn told(&self, news: Option<CallerNews>, form: &Form) -> Result<Verified, Refused> {
        let events = news.into_iter().map(|news| self.event(news, form)).collect::<Result<_, _>>()?;
        Ok(Verified { events, reply: Reply::Fixed(no_content()) })
    }

    fn event(&self, news: CallerNews, form: &Form) -> Result<Inbound, Refused> {
        Ok(Inbound::Caller(CallerEvent {
            account: self.config.account.clone(),
            provider_id: id(form, "CallSid", "there is no CallSid")?,
            from: Address::new(form.get("From")?.unwrap_or_default()),
            to: Address::new(form.get("To")?.unwrap_or_default()),
            news,
        }))
    }
}

/// A recording with something in it; `None` when it is empty, or cannot be fetched because its address or id is missing.
fn recording(form: &Form) -> Result<Option<CallerNews>, Refused> {
    let url = form.get("RecordingUrl")?.unwrap_or_default();
    if is_empty(form)? || form.get("RecordingSid")?.is_none_or(|sid| sid.is_empty()) {
        return Ok(None);
    }
    let recording = id(form, "RecordingSid", "there is no RecordingSid")?;
    let seconds = number(form, "RecordingDuration")?.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(0);
    Ok(Some(CallerNews::Recording { recording, url: Words::new(url), seconds }))
}

/// Whether nothing was said. A recording whose length is not told may hold something.
fn is_empty(form: &Form) -> Result<bool, Refused> {
    let url = form.get("RecordingUrl")?.unwrap_or_default();
    Ok(url.is_empty() || number(form, "RecordingDuration")? == Some(0))
}

fn transcript(call: CallId, form: &Form) -> Result<Option<CallerNews>, Refused> {
    let words = Words::new(form.get("TranscriptionText")?.unwrap_or_default());
    if words.is_empty() || !word(form, "TranscriptionStatus", "completed")? {
        return Ok(None);
    }
    let recording = id(form, "RecordingSid", "there is no RecordingSid")?;
    Ok(Some(CallerNews::Transcript { call, recording, words }))
}

/// Whether the field is this word, or is not there.
fn word(form: &Form, key: &str, expected: &str) -> Result<bool, Refused> {
    Ok(form.get(key)?.is_none_or(|word| word == expected))
}

/// Whether the line is down.
fn ended(form: &Form) -> Result<bool, Refused> {
    Ok(form.get("CallStatus")?.is_some_and(|word| matches!(status::of_call(&word, None), ReceiptKind::Ended(_))))
}

/// Nobody listens any more, and nothing was said.
fn nothing() -> Verified {
    Verified { events: Vec::new(), reply: Reply::Fixed(empty_response()) }
}
