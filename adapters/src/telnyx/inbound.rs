//! Reads webhooks: first the signature, then only the fields that are named here.
//!
//! Texts and their news come as JSON; calls come as forms in Twilio's dialect and are read by its reader. Carrier names, line types, costs
//! and whatever is added tomorrow have no field to go to. A reporter's words are never refused for their form. Events of kinds that nobody
//! asked for are answered and forgotten.

use super::config::{Clock, Config, ConfigError};
use super::knows::knows;
use super::signature::{self, PublicKey};
use super::{codes, json, status};
use crate::contract::{Answer, RawRequest, Refused, Reply, Verified, Webhook};
use crate::secret::Secret;
use crate::twilio::form::Form;
use crate::twilio::inbound::{MAX_ID_BYTES, XML, channel, media_type, no_content};
use crate::twilio::paths::Path;
use crate::twilio::status::harmless;
use crate::twilio::{self, TwilioWebhook};
use crate::twiml;
use domain::exchange::{CallRef, Inbound, InboundMessage, MAX_MEDIA, MediaBody, MediaRef, MediaRole, ProviderId, Receipt};
use domain::id::{AccountKey, AttemptId};
use domain::sealed::{Address, Words};
use domain::voice::script::Script;
use serde_json::Value;
use std::sync::Arc;

/// The webhooks of one account.
pub struct TelnyxWebhook {
    config: Arc<Config>,
    clock: Clock,
    keys: Vec<PublicKey>,
    calls: TwilioWebhook,
}

impl TelnyxWebhook {
    /// Checks the configuration.
    pub fn new(config: Arc<Config>, clock: Clock) -> Result<Self, ConfigError> {
        config.check()?;
        let keys = config.keys()?;
        let mut dialect = twilio::Config::new(config.account.clone(), config.account_sid.clone(), Secret::new(""), config.origin());
        dialect.voices.clone_from(&config.voices);
        Ok(Self { calls: TwilioWebhook::of_dialect(dialect), config, clock, keys })
    }

    /// A text, or news of one.
    fn event(&self, path: &Path, request: &RawRequest<'_>) -> Result<Verified, Refused> {
        let body = json::object(request.body).ok_or(Refused::Malformed("the body is not JSON"))?;
        // The signature does not cover the URL, but what it covers names it: an event for one address is none for another.
        let meant_for = json::text(&body, "/meta/delivered_to");
        if !meant_for.is_empty() && path_and_query(&meant_for) != Some(request.path_and_query) {
            return Err(Refused::BadSignature);
        }
        let payload = body.pointer("/data/payload").ok_or(Refused::Malformed("there is no payload"))?;
        let events = match (path, json::text(&body, "/data/event_type").as_str()) {
            (Path::Message, "message.received") => vec![Inbound::Message(Box::new(message(&self.config.account, payload)?))],
            (Path::MessageStatus(attempt), "message.sent" | "message.finalized") => vec![self.news(*attempt, payload)?],
            (_, _) => Vec::new(),
        };
        Ok(Verified { events, reply: Reply::Fixed(no_content()) })
    }

    fn news(&self, attempt: AttemptId, payload: &Value) -> Result<Inbound, Refused> {
        let provider_id = id(payload)?;
        let word = json::text(payload, "/to/0/status");
        if word.is_empty() {
            return Err(Refused::Malformed("there is no status"));
        }
        let kind = status::of_message(&word, codes::first(payload.get("errors")));
        let once = format!("{}:{}", provider_id.0, harmless(&word));
        Ok(Inbound::Receipt(Receipt { account: self.config.account.clone(), attempt, provider_id, once, kind }))
    }
}

impl Webhook for TelnyxWebhook {
    fn accept(&self, request: &RawRequest<'_>) -> Result<Verified, Refused> {
        signature::verify(&self.keys, &self.clock, request)?;
        let path = Path::read(&self.config.account, request.path_and_query).ok_or(Refused::NoSuchPath)?;
        if request.method != http::Method::POST {
            return Err(Refused::WrongMethod);
        }
        match path {
            Path::Message | Path::MessageStatus(_) => self.event(&path, request),
            calls @ (Path::CallStatus(_) | Path::Detection(_) | Path::CallStep(..) | Path::Caller(_)) => {
                self.calls.read(calls, &Form::decode(request.body))
            }
        }
    }

    fn render(&self, call: CallRef, script: &Script) -> Answer {
        let body = twiml::render_texml(script, &self.config.voices, &|token, wants| self.calls.url(call, token, wants));
        Answer { status: http::StatusCode::OK, content_type: XML, body }
    }
}

/// A text from its payload, in a webhook or from the API.
pub(super) fn message(account: &AccountKey, payload: &Value) -> Result<InboundMessage, Refused> {
    let provider_id = id(payload)?;
    let from = json::text(payload, "/from/phone_number");
    if from.is_empty() {
        return Err(Refused::Malformed("there is no sender"));
    }
    let listed = payload.get("media").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let media: Vec<MediaRef> = listed.iter().take(MAX_MEDIA).filter_map(medium).collect();
    let channel = channel(&from);
    let words = Words::new(json::text(payload, "/text"));
    Ok(InboundMessage {
        to: Address::new(json::text(payload, "/to/0/phone_number")),
        from: Some(Address::new(from)),
        sent_at: json::text(payload, "/received_at").parse().ok(),
        // It is there only when the carrier knew a keyword and has answered it.
        carrier_answered: !json::text(payload, "/autoresponse_type").is_empty(),
        media_dropped: u32::try_from(listed.len().saturating_sub(media.len())).unwrap_or(u32::MAX),
        media,
        ..InboundMessage::plain(account.clone(), provider_id, channel, knows(channel), words)
    })
}

/// One medium; `None` when there is no URL to fetch it from.
fn medium(value: &Value) -> Option<MediaRef> {
    let url = json::text(value, "/url");
    let content_type = media_type(&json::text(value, "/content_type"));
    (!url.is_empty()).then(|| MediaRef { body: MediaBody::Waiting(Words::new(url)), content_type, role: MediaRole::Shown })
}

fn id(payload: &Value) -> Result<ProviderId, Refused> {
    match json::text(payload, "/id") {
        id if id.is_empty() => Err(Refused::Malformed("there is no id")),
        id if id.len() > MAX_ID_BYTES => Err(Refused::Malformed("an id is longer than 128 bytes")),
        id => Ok(ProviderId(id)),
    }
}

/// What stands after the host of an address, without a fragment.
fn path_and_query(url: &str) -> Option<&str> {
    let after_scheme = url.split_once("://")?.1;
    let path = &after_scheme[after_scheme.find('/')?..];
    path.split('#').next()
}
