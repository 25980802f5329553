//! The analyst: the console's pages by cookie, the API by token. Everything it was ever shown is kept, to be searched for numbers.

use crate::demo::deployment::LOGINS;
use anyhow::{Context, bail, ensure};
use reqwest::header::{AUTHORIZATION, COOKIE, ORIGIN, SET_COOKIE};
use reqwest::{Client, Method};
use serde_json::Value;
use std::sync::{Mutex, PoisonError};

/// Console and API of the gateway.
pub(super) struct Desk {
    client: Client,
    base: String,
    cookie: String,
    token: String,
    shown: Mutex<Vec<(String, String)>>,
}

impl Desk {
    /// Logs in at the console.
    pub(super) async fn log_in(client: Client, base: String, token: &str) -> anyhow::Result<Self> {
        let (login, _, _, password) = LOGINS[0];
        let form = [("login", login), ("password", password), ("next", "/")];
        let answer = client.post(format!("{base}/login")).header(ORIGIN, &base).form(&form).send().await.context("log in")?;
        let status = answer.status();
        let cookie = answer.headers().get(SET_COOKIE).and_then(|value| value.to_str().ok()).and_then(|value| value.split(';').next());
        let Some(cookie) = cookie.map(str::to_owned) else { bail!("the login was refused with {status}") };
        Ok(Self { client, base, cookie, token: token.to_owned(), shown: Mutex::new(Vec::new()) })
    }

    /// A page of the console.
    pub(super) async fn page(&self, path: &str) -> anyhow::Result<String> {
        let answer = self.client.get(format!("{}{path}", self.base)).header(COOKIE, &self.cookie).send().await.context("read a page")?;
        let status = answer.status();
        let text = answer.text().await.context("read a page")?;
        ensure!(status.is_success(), "the console's page {path} answered {status}");
        self.keep(path, &text);
        Ok(text)
    }

    /// Reads from the API.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, path, None).await
    }

    /// Posts to the API.
    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Puts to the API.
    pub(super) async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(Method::PUT, path, Some(body)).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let mut request = self.client.request(method.clone(), format!("{}/api/v1{path}", self.base));
        request = request.header(AUTHORIZATION, format!("Bearer {}", self.token));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.with_context(|| format!("ask the API: {method} {path}"))?;
        let status = answer.status();
        let text = answer.text().await.context("read the API's answer")?;
        self.keep(path, &text);
        ensure!(status.is_success(), "the API answered {method} {path} with {status}: {text}");
        if text.is_empty() { Ok(Value::Null) } else { serde_json::from_str(&text).with_context(|| format!("{path} is no JSON")) }
    }

    /// Every page and answer shown so far that holds this text.
    pub(super) fn shown_with(&self, text: &str) -> Vec<String> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.iter().filter(|(_, body)| body.contains(text)).map(|(path, _)| path.clone()).collect()
    }

    /// How many pages and answers were shown.
    pub(super) fn shown_count(&self) -> usize {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn keep(&self, path: &str, text: &str) {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).push((path.to_owned(), text.to_owned()));
    }
}
