//! Reads webhooks: first the signature, then only the fields that are named here.
//!
//! City, zip, caller name and whatever the carrier adds tomorrow have no field to go to. A reporter's words are never
//! refused for their form: broken UTF-8, NUL, a missing body or a hundred pictures still make a message. What cannot be taken is
//! a message without its id (it could be stored twice) or without a sender (it could not be answered).

use super::config::{Config, ConfigError};
use super::form::Form;
use super::knows::knows;
use super::opt_out::carrier_answered;
use super::paths::{self, On, Path};
use super::signature::{self, Signed};
use super::status;
use crate::contract::{Answer, RawRequest, Refused, Reply, Verified, Webhook};
use crate::twiml::{self, Wants};
use domain::channel::Channel;
use domain::dispatch::evidence::ReceiptKind;
use domain::exchange::{
    CallRef, CallStep, Heard, Inbound, InboundMessage, MAX_MEDIA, MediaBody, MediaRef, MediaRole, ProviderId, Receipt, StepToken,
};
use domain::id::AttemptId;
use domain::sealed::{Address, Words};
use domain::voice::script::Script;
use std::sync::Arc;

/// The content type of TwiML.
pub(crate) const XML: &str = "text/xml; charset=utf-8";
/// More than any carrier's id; longer ones are not ids.
pub(crate) const MAX_ID_BYTES: usize = 128;
/// A media type's name is cut after this many characters.
const MAX_CONTENT_TYPE_CHARS: usize = 100;
/// More keys than any step asks for.
const MAX_DIGITS: usize = 32;

/// The webhooks of one account.
pub struct TwilioWebhook {
    pub(super) config: Arc<Config>,
    origins: Vec<String>,
}

impl TwilioWebhook {
    /// Checks the configuration.
    pub fn new(config: Arc<Config>) -> Result<Self, ConfigError> {
        config.check()?;
        let origins = signature::origins(config.origin());
        Ok(Self { config, origins })
    }

    /// A reader for another carrier that speaks this dialect on calls: it can verify nothing, since it has no secret, and reads only by
    /// [`TwilioWebhook::read`] what that carrier's own signature has covered.
    pub(crate) fn of_dialect(config: Config) -> Self {
        Self { config: Arc::new(config), origins: Vec::new() }
    }

    /// Reads a form whose signature was right.
    pub(crate) fn read(&self, path: Path, form: &Form) -> Result<Verified, Refused> {
        match path {
            Path::Message => self.message(form),
            Path::MessageStatus(attempt) => self.message_status(attempt, form),
            Path::CallStatus(attempt) => self.call_status(attempt, form),
            Path::Detection(attempt) => self.detection(attempt, form),
            Path::CallStep(attempt, token, on) => self.call_step(attempt, token, on, form),
            Path::Caller(path) => self.caller(path, form),
        }
    }

    /// Where a script's steps lead.
    pub(crate) fn url(&self, call: CallRef, token: &StepToken, wants: Wants) -> String {
        let (origin, account) = (self.config.origin(), &self.config.account);
        match call {
            CallRef::Attempt(attempt) => {
                // Nobody is recorded or connected on a call of ours.
                let on = if wants == Wants::Keys { On::Keys } else { On::Spoken };
                paths::call_step(origin, account, attempt, token, on)
            }
            CallRef::Caller(call) => paths::caller(origin, account, call, token, wants),
        }
    }

    fn message(&self, form: &Form) -> Result<Verified, Refused> {
        let from = form.need("From", "there is no From")?;
        let named: Vec<u32> = form.numbered("MediaUrl");
        let claimed = form.get("NumMedia")?.and_then(|count| count.trim().parse::<u32>().ok()).unwrap_or(0);
        let mut media = Vec::new();
        for number in named.iter().take(MAX_MEDIA) {
            media.extend(medium(form, *number)?);
        }
        let there = u32::try_from(named.len()).unwrap_or(u32::MAX).max(claimed);
        let channel = channel(&from);
        let words = Words::new(form.get("Body")?.unwrap_or_default());
        let opt_out_type = form.get("OptOutType")?;
        let provider_id = id(form, "MessageSid", "there is no MessageSid")?;
        let message = InboundMessage {
            from: Some(Address::new(from)),
            to: Address::new(form.get("To")?.unwrap_or_default()),
            carrier_answered: carrier_answered(opt_out_type.as_deref(), words.reveal(), self.config.answers_keywords),
            media_dropped: there.saturating_sub(u32::try_from(media.len()).unwrap_or(u32::MAX)),
            media,
            ..InboundMessage::plain(self.config.account.clone(), provider_id, channel, knows(channel), words)
        };
        Ok(Verified { events: vec![Inbound::Message(Box::new(message))], reply: Reply::Fixed(empty_response()) })
    }

    fn message_status(&self, attempt: AttemptId, form: &Form) -> Result<Verified, Refused> {
        let sid = id(form, "MessageSid", "there is no MessageSid")?;
        let word = match form.get("MessageStatus")? {
            Some(word) => word,
            None => form.need("SmsStatus", "there is no MessageStatus")?,
        };
        let kind = status::of_message(&word, number(form, "ErrorCode")?);
        let once = format!("{}:{}", sid.0, status::harmless(&word));
        Ok(Verified { events: vec![self.receipt(attempt, sid, once, kind)], reply: Reply::Fixed(no_content()) })
    }

    fn call_status(&self, attempt: AttemptId, form: &Form) -> Result<Verified, Refused> {
        let sid = id(form, "CallSid", "there is no CallSid")?;
        let word = form.need("CallStatus", "there is no CallStatus")?;
        let code = match number(form, "ErrorCode")? {
            Some(code) => Some(code),
            None => number(form, "SipResponseCode")?,
        };
        // The word stands beside the number: some carriers of the dialect begin again at 0.
        let part = match number(form, "SequenceNumber")? {
            Some(sequence) => format!("{sequence}:{}", status::harmless(&word)),
            None => status::harmless(&word),
        };
        let once = format!("{}:{part}", sid.0);
        let mut events = vec![self.receipt(attempt, sid.clone(), once.clone(), status::of_call(&word, code))];
        let by = form.get("AnsweredBy")?;
        if let Some(kind) = status::detected(status::answered_by(by.as_deref())) {
            events.push(self.receipt(attempt, sid, format!("{once}:answered_by"), kind));
        }
        Ok(Verified { events, reply: Reply::Fixed(no_content()) })
    }

    fn call_step(&self, attempt: AttemptId, token: StepToken, on: Option<On>, form: &Form) -> Result<Verified, Refused> {
        let sid = id(form, "CallSid", "there is no CallSid")?;
        let keys = form.get("Digits")?;
        let heard = match (on, keys) {
            (Some(On::Keys), keys) => Heard::Digits(digits(&keys.unwrap_or_default())),
            (None, Some(keys)) => Heard::Digits(digits(&keys)),
            (Some(on @ (On::Spoken | On::Steered)), _) => {
                if let Some(ended) = self.line_ended(attempt, &sid, form)? {
                    return Ok(ended);
                }
                if on == On::Steered { Heard::Steered } else { Heard::Spoken }
            }
            (Some(On::Answer), _) | (None, None) => Heard::Answered(status::answered_by(form.get("AnsweredBy")?.as_deref())),
        };
        let step = CallStep { account: self.config.account.clone(), attempt, provider_id: sid, token, heard, aside: false };
        Ok(Verified { events: vec![Inbound::CallStep(step)], reply: Reply::Script })
    }

    /// Who picked up, found out while the call goes on. Nobody waits for a script here.
    fn detection(&self, attempt: AttemptId, form: &Form) -> Result<Verified, Refused> {
        let provider_id = id(form, "CallSid", "there is no CallSid")?;
        let heard = Heard::Answered(status::answered_by(form.get("AnsweredBy")?.as_deref()));
        let token = StepToken(String::new());
        let step = CallStep { account: self.config.account.clone(), attempt, provider_id, token, heard, aside: true };
        Ok(Verified { events: vec![Inbound::CallStep(step)], reply: Reply::Fixed(no_content()) })
    }

    /// Words are spoken to their end only while the line stands: what comes after the hang-up is news of the call.
    fn line_ended(&self, attempt: AttemptId, sid: &ProviderId, form: &Form) -> Result<Option<Verified>, Refused> {
        let Some(word) = form.get("CallStatus")? else { return Ok(None) };
        let kind = status::of_call(&word, None);
        if !matches!(kind, ReceiptKind::Ended(_)) {
            return Ok(None);
        }
        let once = format!("{}:{}:step", sid.0, status::harmless(&word));
        let events = vec![self.receipt(attempt, sid.clone(), once, kind)];
        Ok(Some(Verified { events, reply: Reply::Fixed(empty_response()) }))
    }

    fn receipt(&self, attempt: AttemptId, provider_id: ProviderId, once: String, kind: ReceiptKind) -> Inbound {
        Inbound::Receipt(Receipt { account: self.config.account.clone(), attempt, provider_id, once, kind })
    }
}

impl Webhook for TwilioWebhook {
    fn accept(&self, request: &RawRequest<'_>) -> Result<Verified, Refused> {
        let signed = signature::verify(&self.config, &self.origins, request)?;
        let path = Path::read(&self.config.account, request.path_and_query).ok_or(Refused::NoSuchPath)?;
        if request.method != http::Method::POST {
            return Err(Refused::WrongMethod);
        }
        let form = match signed {
            Signed::Form(form) => form,
            Signed::UrlOnly => return Err(Refused::WrongMethod),
            Signed::Json => return Err(Refused::Malformed("the body is not a form")),
        };
        self.read(path, &form)
    }

    fn render(&self, call: CallRef, script: &Script) -> Answer {
        let url = |token: &StepToken, wants: Wants| self.url(call, token, wants);
        Answer { status: http::StatusCode::OK, content_type: XML, body: twiml::render(script, &self.config.voices, &url) }
    }
}

pub(super) fn id(form: &Form, key: &str, missing: &'static str) -> Result<ProviderId, Refused> {
    let id = form.need(key, missing)?;
    if id.len() > MAX_ID_BYTES { Err(Refused::Malformed("an id is longer than 128 bytes")) } else { Ok(ProviderId(id)) }
}

pub(super) fn number(form: &Form, key: &str) -> Result<Option<i64>, Refused> {
    Ok(form.get(key)?.and_then(|text| text.trim().parse().ok()))
}

/// One medium; `None` when there is no URL to fetch it from.
fn medium(form: &Form, number: u32) -> Result<Option<MediaRef>, Refused> {
    let Some(url) = form.get(&format!("MediaUrl{number}"))?.filter(|url| !url.is_empty()) else { return Ok(None) };
    let content_type = form.get(&format!("MediaContentType{number}"))?.unwrap_or_default();
    Ok(Some(MediaRef { body: MediaBody::Waiting(Words::new(url)), content_type: media_type(&content_type), role: MediaRole::Shown }))
}

/// What a medium is said to be, short and plain.
pub(crate) fn media_type(said: &str) -> String {
    said.to_lowercase().chars().filter(|c| !c.is_control()).take(MAX_CONTENT_TYPE_CHARS).collect()
}

/// WhatsApp and Messenger come through the same adapter, by the sender's prefix (R46).
pub(crate) fn channel(from: &str) -> Channel {
    if from.starts_with("whatsapp:") {
        Channel::Whatsapp
    } else if from.starts_with("messenger:") {
        Channel::Messenger
    } else {
        Channel::Text
    }
}

/// The keys of a phone, and nothing else that somebody may have put there.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '*' | '#' | 'A'..='D')).take(MAX_DIGITS).collect()
}

/// Says nothing to the reporter: answers go through the outbox, where they are kept and counted.
pub(super) fn empty_response() -> Answer {
    Answer { status: http::StatusCode::OK, content_type: XML, body: twiml::EMPTY.to_owned() }
}

pub(crate) fn no_content() -> Answer {
    Answer { status: http::StatusCode::NO_CONTENT, content_type: "", body: String::new() }
}
