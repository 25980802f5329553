//! Sends texts and calls, one attempt each, and looks for attempts whose outcome is unknown.
//!
//! A text carries our attempt's id as its key, so asking for it again is exact: when the first answer is lost, it is asked for once more
//! within the same deadline, and only when that answer is lost too is the outcome unknown. Calls have no key. What a call says is never in
//! the request; only the keys of an extension are, since this carrier dials them by script. `Ok` only with the carrier's own id in hand.

use super::client::Client;
use super::config::{Clock, Config, ConfigError};
use super::listing;
use crate::contract::{BoxFuture, SendError, Sender};
use crate::twilio::paths::{self, On};
use domain::exchange::{Accepted, Content, Detection, Outbound, ProviderId, Search, Sighting, StepToken};
use domain::id::{AccountKey, AttemptId};
use domain::sealed::Words;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Instant;

/// The stages of a call that are reported to us: one text, separated by blanks.
const CALL_EVENTS: &str = "initiated ringing answered completed";
/// The first try of a text has this many fifths of the time, its repeat the rest.
const FIRST_TRY_FIFTHS: u32 = 3;

/// Sends texts and calls by one account.
pub struct TelnyxSender {
    client: Client,
    clock: Clock,
}

impl TelnyxSender {
    /// Checks the configuration; opens no connection yet.
    pub fn new(config: Arc<Config>, clock: Clock) -> Result<Self, ConfigError> {
        Ok(Self { client: Client::new(config)?, clock })
    }

    async fn text(&self, outbound: &Outbound, words: &Words) -> Result<Accepted, SendError> {
        let config = self.client.config();
        let webhook = |origin: &str| paths::message_status(origin.trim_end_matches('/'), &config.account, outbound.attempt);
        let mut body = json!({
            "from": outbound.from.reveal(),
            "to": outbound.to.reveal(),
            "text": words.reveal(),
            "webhook_url": webhook(config.origin()),
            "use_profile_webhooks": false,
        });
        let further =
            [("webhook_failover_url", config.failover_origin.as_deref().map(webhook)), ("messaging_profile_id", config.profile_id.clone())];
        set(&mut body, further);
        let record = self.once_more_when_lost(&outbound.attempt.to_string(), &body).await?;
        accepted(record.get("data").unwrap_or(&record))
    }

    /// The repeat is exact, by the key. Its refusal says what became of the first; another lost answer, or none at all, does not.
    async fn once_more_when_lost(&self, key: &str, body: &Value) -> Result<Value, SendError> {
        let (began, whole) = (Instant::now(), self.client.config().request_timeout);
        let lost = match self.client.create_message(key, body, whole * FIRST_TRY_FIFTHS / 5).await {
            Err(SendError::Unknown { reason }) => SendError::Unknown { reason },
            known => return known,
        };
        let left = whole.saturating_sub(began.elapsed());
        if left.is_zero() {
            return Err(lost);
        }
        match self.client.create_message(key, body, left).await {
            Err(SendError::Unknown { .. } | SendError::Transient { .. } | SendError::Throttled { .. }) => Err(lost),
            known @ (Ok(_) | Err(SendError::Permanent { .. } | SendError::Misconfigured { .. })) => known,
        }
    }

    async fn call(&self, outbound: &Outbound, first: &StepToken, extension: &str, detection: Detection) -> Result<Accepted, SendError> {
        let config = self.client.config();
        let Some(application) = &config.application_id else {
            return Err(SendError::Misconfigured { reason: "this account has no application_id to call by".to_owned(), code: None });
        };
        let url = paths::call_step(config.origin(), &config.account, outbound.attempt, first, On::Answer);
        let mut body = json!({
            "ApplicationSid": application,
            "To": outbound.to.reveal(),
            "From": outbound.from.reveal(),
            "StatusCallback": paths::call_status(config.origin(), &config.account, outbound.attempt),
            "StatusCallbackMethod": "POST",
            "StatusCallbackEvent": CALL_EVENTS,
            "Timeout": config.ring_seconds,
        });
        let keys: String = extension.chars().filter(|c| c.is_ascii_digit() || matches!(c, '*' | '#' | 'w')).collect();
        if keys.is_empty() {
            set(&mut body, [("Url", Some(url)), ("UrlMethod", Some("POST".to_owned()))]);
            match detection {
                Detection::Off => {}
                // The carrier documents where it tells of a machine only for detection beside the call, so that is what is asked for in
                // both; a person then hears no silence, and a machine is met by steering the call.
                Detection::Before | Detection::Beside => {
                    let told_at = paths::detection(config.origin(), &config.account, outbound.attempt);
                    let further = [("MachineDetection", "DetectMessageEnd"), ("AsyncAmdStatusCallbackMethod", "POST")];
                    set(&mut body, further.map(|(key, value)| (key, Some(value.to_owned()))));
                    set(&mut body, [("AsyncAmdStatusCallback", Some(told_at))]);
                    body["AsyncAmd"] = Value::Bool(true);
                    // What we say is cut off by us, when the rules say so.
                    body["CancelPlaybackOnMachineDetection"] = Value::Bool(false);
                    body["CancelPlaybackOnDetectMessageEnd"] = Value::Bool(false);
                }
            }
        } else {
            // Detection would listen to the switchboard's greeting and call it a machine. There is no parameter for keys: a script dials them.
            set(&mut body, [("Texml", Some(dialling(&keys, &url)))]);
        }
        accepted(&self.client.create_call(&body).await?)
    }
}

/// Waits for the switchboard, dials, and goes on where the call would have begun. Neither keys nor our URLs need escaping but for `&`.
fn dialling(keys: &str, then: &str) -> String {
    let then = then.replace('&', "&amp;");
    let head = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
    format!(r#"{head}<Response><Pause length="2"/><Play digits="{keys}"/><Redirect method="POST">{then}</Redirect></Response>"#)
}

/// Adds what there is to an object.
fn set<const N: usize>(object: &mut Value, fields: [(&str, Option<String>); N]) {
    let further: Map<String, Value> = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into()))).collect();
    if let Value::Object(map) = object {
        map.extend(further);
    }
}

impl Sender for TelnyxSender {
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
        Box::pin(listing::find(&self.client, &self.clock, search))
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async move {
            match self.client.fetch_balance().await? {
                Some(_) => Ok(()),
                None => Err(SendError::Misconfigured { reason: "the carrier does not know this account".to_owned(), code: None }),
            }
        })
    }

    fn steer<'a>(&'a self, call: &'a ProviderId, attempt: AttemptId, then: &'a StepToken) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            let config = self.client.config();
            let url = paths::call_step(config.origin(), &config.account, attempt, then, On::Steered);
            self.client.redirect_call(&call.0, &url).await.map(drop)
        })
    }
}

/// A record without an id may still be a message that was sent, so its absence is an unknown outcome. Documentation and practice name the id
/// of a call differently.
fn accepted(record: &Value) -> Result<Accepted, SendError> {
    let named = ["id", "sid", "call_sid", "CallSid"].iter().find_map(|key| record.get(key)?.as_str().filter(|id| !id.is_empty()));
    match named {
        Some(id) => Ok(Accepted { provider_id: ProviderId(id.to_owned()) }),
        None => Err(SendError::Unknown { reason: "the carrier's record has no id".to_owned() }),
    }
}
