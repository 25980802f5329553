//! Sends texts and calls, one attempt each, and looks for attempts whose outcome is unknown.
//!
//! Our attempt's id stands in every callback URL, so news is matched even when the carrier's answer was lost. What a call
//! says is never in the request: the carrier asks for it step by step. `Ok` only with the carrier's own id in hand.

use super::client::{CallUpdate, Client};
use super::config::{Config, ConfigError};
use super::listing;
use super::paths::{self, On};
use crate::contract::{BoxFuture, SendError, Sender};
use domain::exchange::{Accepted, Content, Detection, Outbound, ProviderId, Search, Sighting, StepToken};
use domain::id::{AccountKey, AttemptId};
use domain::sealed::Words;
use serde_json::Value;
use std::sync::Arc;

/// The stages of a call that are reported to us.
const CALL_EVENTS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];
/// Half-second waits before an extension is dialled: a switchboard needs two seconds to listen.
const BEFORE_EXTENSION: &str = "wwww";

/// Sends texts and calls by one account.
pub struct TwilioSender {
    client: Client,
}

impl TwilioSender {
    /// Checks the configuration; opens no connection yet.
    pub fn new(config: Arc<Config>) -> Result<Self, ConfigError> {
        Ok(Self { client: Client::new(config)? })
    }

    /// The API itself, for what is no sending: hanging up a call, deleting a message.
    pub fn client(&self) -> &Client {
        &self.client
    }

    async fn text(&self, outbound: &Outbound, words: &Words) -> Result<Accepted, SendError> {
        let config = self.client.config();
        let callback = paths::message_status(config.origin(), &config.account, outbound.attempt);
        let fields = [
            ("To", outbound.to.reveal()),
            ("From", outbound.from.reveal()),
            ("Body", words.reveal()),
            ("StatusCallback", callback.as_str()),
        ];
        accepted(&self.client.create_message(&fields).await?)
    }

    async fn call(&self, outbound: &Outbound, first: &StepToken, extension: &str, detection: Detection) -> Result<Accepted, SendError> {
        let config = self.client.config();
        let callback = paths::call_status(config.origin(), &config.account, outbound.attempt);
        let url = paths::call_step(config.origin(), &config.account, outbound.attempt, first, On::Answer);
        let ring_seconds = config.ring_seconds.to_string();
        let keys: String = extension.chars().filter(|c| c.is_ascii_digit() || matches!(c, '*' | '#' | 'w')).collect();
        let send_digits = format!("{BEFORE_EXTENSION}{keys}");
        let mut fields = vec![
            ("To", outbound.to.reveal()),
            ("From", outbound.from.reveal()),
            ("Url", url.as_str()),
            ("Method", "POST"),
            ("StatusCallback", callback.as_str()),
            ("StatusCallbackMethod", "POST"),
            ("Timeout", ring_seconds.as_str()),
        ];
        fields.extend(CALL_EVENTS.iter().map(|event| ("StatusCallbackEvent", *event)));
        let told_at = paths::detection(config.origin(), &config.account, outbound.attempt);
        if keys.is_empty() {
            match detection {
                Detection::Off => {}
                Detection::Before => fields.push(("MachineDetection", "DetectMessageEnd")),
                Detection::Beside => fields.extend([
                    ("MachineDetection", "DetectMessageEnd"),
                    ("AsyncAmd", "true"),
                    ("AsyncAmdStatusCallback", told_at.as_str()),
                    ("AsyncAmdStatusCallbackMethod", "POST"),
                ]),
            }
        } else {
            // Detection would listen to the switchboard's greeting and call it a machine.
            fields.push(("SendDigits", send_digits.as_str()));
        }
        accepted(&self.client.create_call(&fields).await?)
    }
}

impl Sender for TwilioSender {
    fn account(&self) -> &AccountKey {
        &self.client.config().account
    }

    fn send<'a>(&'a self, outbound: &'a Outbound) -> BoxFuture<'a, Result<Accepted, SendError>> {
        Box::pin(async move {
            match &outbound.content {
                Content::Text(words) => self.text(outbound, words).await,
                Content::Call { first, extension, detection } => self.call(outbound, first, extension, *detection).await,
                Content::Mail(_) => Err(SendError::Permanent { reason: "this account sends no mail".to_owned(), code: None }),
            }
        })
    }

    fn find<'a>(&'a self, search: &'a Search) -> BoxFuture<'a, Result<Vec<Sighting>, SendError>> {
        Box::pin(listing::find(&self.client, search))
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async move {
            match self.client.fetch_account().await? {
                Some(_) => Ok(()),
                None => Err(SendError::Misconfigured { reason: "the carrier does not know this account".to_owned(), code: None }),
            }
        })
    }

    fn steer<'a>(&'a self, call: &'a ProviderId, attempt: AttemptId, then: &'a StepToken) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            let config = self.client.config();
            let url = paths::call_step(config.origin(), &config.account, attempt, then, On::Steered);
            self.client.update_call(&call.0, &CallUpdate::Redirect(url)).await.map(drop)
        })
    }
}

/// A record without an id may still be a message that was sent, so its absence is an unknown outcome.
fn accepted(record: &Value) -> Result<Accepted, SendError> {
    match record.get("sid").and_then(Value::as_str).filter(|sid| !sid.is_empty()) {
        Some(sid) => Ok(Accepted { provider_id: ProviderId(sid.to_owned()) }),
        None => Err(SendError::Unknown { reason: "the carrier's record has no sid".to_owned() }),
    }
}
