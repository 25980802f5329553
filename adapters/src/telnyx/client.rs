//! The API calls: create and fetch texts and calls, list detail records, calls and recordings, change a live call, ask for the balance.
//!
//! One request each, with a Bearer key; nothing here waits or repeats. Redirects are not followed, since that would carry the key elsewhere.
//! An answer is read up to a bound and only for what is named.

use super::config::{Config, ConfigError};
use super::errors::{self, Effect};
use super::json;
use crate::contract::SendError;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// One record is a few kilobytes with the longest text. What is longer is not read.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// A page of 50 detail records or 200 calls.
const MAX_LIST_BYTES: usize = 4 * 1024 * 1024;
/// Connections kept open between calls.
const MAX_IDLE_CONNECTIONS: usize = 8;
/// How long one is kept: shorter than what servers and firewalls silently end.
const MAX_IDLE: Duration = Duration::from_secs(15);
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Asks one account's API.
pub(super) struct Client {
    config: Arc<Config>,
    http: reqwest::Client,
}

impl Client {
    /// Makes the HTTP client; opens no connection yet.
    pub(super) fn new(config: Arc<Config>) -> Result<Self, ConfigError> {
        config.check()?;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("tipline/", env!("CARGO_PKG_VERSION")))
            .timeout(config.request_timeout)
            .connect_timeout(config.request_timeout.min(CONNECT_TIMEOUT))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .pool_idle_timeout(MAX_IDLE)
            .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS);
        if config.api_base.starts_with("http://") {
            // Without TLS it can only be a mock on this machine: no proxy is asked, and no certificates are needed.
            builder = builder.no_proxy().tls_certs_only([]);
        }
        let http = builder.build().map_err(|source| ConfigError::Client { account: config.account.clone(), source })?;
        Ok(Self { config, http })
    }

    /// The account's configuration.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Creates a text. The same key within 24 hours gives the first answer again and sends nothing (carriers.md 4).
    pub(super) async fn create_message(&self, key: &str, body: &Value, patience: Duration) -> Result<Value, SendError> {
        let request = self.http.post(self.url("/messages")).header("Idempotency-Key", key).timeout(patience).json(body);
        self.ask(Effect::Sends, request, MAX_ANSWER_BYTES).await
    }

    /// Creates a call.
    pub(super) async fn create_call(&self, body: &Value) -> Result<Value, SendError> {
        self.ask(Effect::Sends, self.http.post(self.url(&self.texml("/Calls"))).json(body), MAX_ANSWER_BYTES).await
    }

    /// Makes a live call ask this address of ours for its next script. Doing it twice does no harm.
    pub(super) async fn redirect_call(&self, sid: &str, url: &str) -> Result<Value, SendError> {
        let request = self.http.post(self.url(&self.texml(&format!("/Calls/{}", segment(sid)))));
        let body = serde_json::json!({ "Url": url, "Method": "POST" });
        self.ask(Effect::Repeatable, request.json(&body), MAX_ANSWER_BYTES).await
    }

    /// A text's record, `None` when the carrier has none (it keeps them for ten days).
    pub(super) async fn fetch_message(&self, id: &str) -> Result<Option<Value>, SendError> {
        self.fetch(&format!("/messages/{}", segment(id))).await
    }

    /// A call's record, `None` when the carrier has none.
    pub(super) async fn fetch_call(&self, sid: &str) -> Result<Option<Value>, SendError> {
        self.fetch(&self.texml(&format!("/Calls/{}", segment(sid)))).await
    }

    /// The account's balance: changes nothing and costs nothing.
    pub(super) async fn fetch_balance(&self) -> Result<Option<Value>, SendError> {
        self.fetch("/balance").await
    }

    /// One page of what was sent and received, without the words.
    pub(super) async fn list_detail_records(&self, query: &[(&str, &str)]) -> Result<Value, SendError> {
        self.ask(Effect::Repeatable, self.http.get(self.url("/detail_records")).query(query), MAX_LIST_BYTES).await
    }

    /// One page of calls.
    pub(super) async fn list_calls(&self, query: &[(&str, &str)]) -> Result<Value, SendError> {
        self.ask(Effect::Repeatable, self.http.get(self.url(&self.texml("/Calls"))).query(query), MAX_LIST_BYTES).await
    }

    /// One page of recordings.
    pub(super) async fn list_recordings(&self, query: &[(&str, &str)]) -> Result<Value, SendError> {
        self.ask(Effect::Repeatable, self.http.get(self.url(&self.texml("/Recordings.json"))).query(query), MAX_LIST_BYTES).await
    }

    async fn fetch(&self, path: &str) -> Result<Option<Value>, SendError> {
        let (status, retry_after, body) = self.exchange(Effect::Repeatable, self.http.get(self.url(path)), MAX_ANSWER_BYTES).await?;
        if status == 404 { Ok(None) } else { read(Effect::Repeatable, status, retry_after, &body).map(Some) }
    }

    async fn ask(&self, effect: Effect, request: reqwest::RequestBuilder, most_bytes: usize) -> Result<Value, SendError> {
        let (status, retry_after, body) = self.exchange(effect, request, most_bytes).await?;
        read(effect, status, retry_after, &body)
    }

    /// Status, `Retry-After` and body. A body that breaks off or is too long counts as lost, unless the status says no.
    async fn exchange(
        &self,
        effect: Effect,
        request: reqwest::RequestBuilder,
        most_bytes: usize,
    ) -> Result<(u16, Option<String>, Vec<u8>), SendError> {
        let request = request.bearer_auth(self.config.api_key.reveal());
        let mut response = request.send().await.map_err(|error| errors::of_transport(effect, &error))?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= most_bytes => body.extend_from_slice(&chunk),
                Ok(None) => return Ok((status, retry_after, body)),
                Ok(Some(_)) | Err(_) if status >= 300 => return Ok((status, retry_after, Vec::new())),
                Ok(Some(_)) => return Err(errors::lost(effect, format!("status {status}, and the answer is too long"))),
                Err(error) => return Err(errors::of_transport(effect, &error)),
            }
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/v2{path}", self.config.api_base.trim_end_matches('/'))
    }

    fn texml(&self, path: &str) -> String {
        format!("/texml/Accounts/{}{path}", segment(&self.config.account_sid))
    }
}

fn read(effect: Effect, status: u16, retry_after: Option<String>, body: &[u8]) -> Result<Value, SendError> {
    match (status, json::object(body)) {
        (200..300, Some(record)) => Ok(record),
        // It said yes and we cannot read to what.
        (200..300, None) => Err(errors::lost(effect, format!("status {status} without a readable record"))),
        (_, body) => Err(errors::of_answer(effect, status, retry_after.as_deref(), body.as_ref())),
    }
}

/// An opaque id as one segment of a path.
fn segment(id: &str) -> String {
    let mut escaped = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}
