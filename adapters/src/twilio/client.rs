//! The nine calls: create, fetch and list messages and calls, list a message's media, change a live call, delete a message.
//!
//! One request each; nothing here retries or waits, which is the shell's. Forms repeat a list's key. Redirects are not
//! followed, since that would carry the credentials elsewhere. An answer is read up to a bound and only for what is named.

use super::config::{Config, ConfigError};
use super::errors::{self, Effect};
use super::listing::Page;
use crate::contract::SendError;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// One record is about a kilobyte, with the longest text of escaped characters eleven; an error page is more. What is longer is not read.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// A page of 200 records of the longest kind.
const MAX_LIST_BYTES: usize = 4 * 1024 * 1024;
/// Connections kept open between calls.
const MAX_IDLE_CONNECTIONS: usize = 8;
/// How long one is kept: shorter than what servers and firewalls silently end, since a request that runs into a dead
/// connection is an unknown outcome.
const MAX_IDLE: Duration = Duration::from_secs(15);
/// How long connecting may take; the request itself has the configured time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What to do with a live call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallUpdate {
    /// Hang up.
    Complete,
    /// Ask this URL of ours for the next script.
    Redirect(String),
}

/// Asks one account's API.
pub struct Client {
    config: Arc<Config>,
    http: reqwest::Client,
}

impl Client {
    /// Makes the HTTP client; opens no connection yet.
    pub fn new(config: Arc<Config>) -> Result<Self, ConfigError> {
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
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Creates a message; the answer is its record.
    pub async fn create_message(&self, fields: &[(&str, &str)]) -> Result<Value, SendError> {
        self.json(Effect::Sends, self.http.post(self.url("/Messages.json")).form(fields)).await
    }

    /// Creates a call; the answer is its record.
    pub async fn create_call(&self, fields: &[(&str, &str)]) -> Result<Value, SendError> {
        self.json(Effect::Sends, self.http.post(self.url("/Calls.json")).form(fields)).await
    }

    /// The account's own record: changes nothing and costs nothing.
    pub async fn fetch_account(&self) -> Result<Option<Value>, SendError> {
        self.fetch(".json".to_owned()).await
    }

    /// A message's record, `None` when the carrier has none.
    pub async fn fetch_message(&self, sid: &str) -> Result<Option<Value>, SendError> {
        self.fetch(format!("/Messages/{}.json", segment(sid))).await
    }

    /// A call's record, `None` when the carrier has none.
    pub async fn fetch_call(&self, sid: &str) -> Result<Option<Value>, SendError> {
        self.fetch(format!("/Calls/{}.json", segment(sid))).await
    }

    /// One page of messages. The filter goes in the URL, because the carrier takes it nowhere else.
    pub async fn list_messages(&self, page: &Page<'_>) -> Result<Value, SendError> {
        self.list("/Messages.json", page).await
    }

    /// The media of one message, newest first.
    pub async fn list_media(&self, sid: &str) -> Result<Option<Value>, SendError> {
        self.fetch(format!("/Messages/{}/Media.json", segment(sid))).await
    }

    /// One page of calls.
    pub async fn list_calls(&self, page: &Page<'_>) -> Result<Value, SendError> {
        self.list("/Calls.json", page).await
    }

    /// One page of recordings.
    pub async fn list_recordings(&self, page: &Page<'_>) -> Result<Value, SendError> {
        self.list("/Recordings.json", page).await
    }

    /// Changes a live call; the answer is its record. Doing it twice does no harm.
    pub async fn update_call(&self, sid: &str, update: &CallUpdate) -> Result<Value, SendError> {
        let url = self.url(&format!("/Calls/{}.json", segment(sid)));
        let fields: &[(&str, &str)] = match update {
            CallUpdate::Complete => &[("Status", "completed")],
            CallUpdate::Redirect(to) => &[("Url", to), ("Method", "POST")],
        };
        self.json(Effect::Repeatable, self.http.post(url).form(fields)).await
    }

    /// Deletes a message and its media at the carrier; one that is gone already is as good.
    pub async fn delete_message(&self, sid: &str) -> Result<(), SendError> {
        let request = self.http.delete(self.url(&format!("/Messages/{}.json", segment(sid))));
        let (status, retry_after, body) = self.exchange(Effect::Repeatable, request, MAX_ANSWER_BYTES).await?;
        if (200..300).contains(&status) || status == 404 {
            return Ok(());
        }
        Err(errors::of_answer(Effect::Repeatable, status, retry_after.as_deref(), parsed(&body).as_ref()))
    }

    async fn fetch(&self, path: String) -> Result<Option<Value>, SendError> {
        let (status, retry_after, body) = self.exchange(Effect::Repeatable, self.http.get(self.url(&path)), MAX_ANSWER_BYTES).await?;
        if status == 404 {
            return Ok(None);
        }
        self.read(Effect::Repeatable, status, retry_after, &body).map(Some)
    }

    async fn list(&self, path: &str, page: &Page<'_>) -> Result<Value, SendError> {
        let request = match page {
            Page::First(filter) => self.http.get(self.url(path)).query(filter),
            Page::Next(uri) => self.http.get(format!("{}{uri}", self.host())),
        };
        let (status, retry_after, body) = self.exchange(Effect::Repeatable, request, MAX_LIST_BYTES).await?;
        self.read(Effect::Repeatable, status, retry_after, &body)
    }

    async fn json(&self, effect: Effect, request: reqwest::RequestBuilder) -> Result<Value, SendError> {
        let (status, retry_after, body) = self.exchange(effect, request, MAX_ANSWER_BYTES).await?;
        self.read(effect, status, retry_after, &body)
    }

    fn read(&self, effect: Effect, status: u16, retry_after: Option<String>, body: &[u8]) -> Result<Value, SendError> {
        match (status, parsed(body)) {
            (200..300, Some(record)) => Ok(record),
            // It said yes and we cannot read to what.
            (200..300, None) => Err(errors::lost(effect, format!("status {status} without a readable record"))),
            (_, body) => Err(errors::of_answer(effect, status, retry_after.as_deref(), body.as_ref())),
        }
    }

    /// Status, `Retry-After` and body. A body that breaks off or is too long counts as lost, unless the status says no.
    async fn exchange(
        &self,
        effect: Effect,
        request: reqwest::RequestBuilder,
        most_bytes: usize,
    ) -> Result<(u16, Option<String>, Vec<u8>), SendError> {
        let (user, password) = self.config.credentials();
        let request = request.basic_auth(user, Some(password));
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
        let base = self.config.api_base.trim_end_matches('/');
        format!("{base}/2010-04-01/Accounts/{}{path}", segment(&self.config.account_sid))
    }

    /// Scheme, host and port of the API: what a record's URI is relative to.
    pub(super) fn host(&self) -> &str {
        let base = &self.config.api_base;
        let start = base.find("://").map_or(0, |at| at + 3);
        base[start..].find('/').map_or(base.as_str(), |at| &base[..start + at])
    }
}

fn parsed(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok().filter(Value::is_object)
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
