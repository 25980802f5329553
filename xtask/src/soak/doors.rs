//! How the load reaches the gateway and the carriers: by HTTP, webhooks at the public origin, staff at one node after the other.
//!
//! Where there are several nodes, a balancer listens at the public origin. A node that does not answer is no error here: whoever asked
//! comes again, as carriers and people do.

use super::Turn;
use crate::bench::deployment::AUTH_TOKEN;
use anyhow::{Context, Result, ensure};
use base64::Engine;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, Method};
use serde_json::Value;
use sha1::Sha1;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long a person waits for a page before trying another node.
const STAFF_WAITS: Duration = Duration::from_secs(10);

/// One node's addresses: host and port of each listener.
#[derive(Debug, Clone)]
pub struct Node {
    /// The API.
    pub staff: String,
    /// Health and metrics.
    pub ops: String,
}

/// All addresses.
#[derive(Clone)]
pub struct Doors {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// Where the world comes in, and what signatures are made over.
    pub origin: String,
    /// Host and port of the mock's control.
    pub mock: String,
    /// A token of the API.
    pub token: String,
    /// One client for all.
    pub client: Client,
    /// Whose turn it is.
    pub turn: Arc<Turn>,
}

/// Fields of a form.
pub type Fields = Vec<(String, String)>;

impl Doors {
    fn node(&self) -> &Node {
        &self.nodes[self.turn.fetch_add(1, Ordering::Relaxed) % self.nodes.len()]
    }

    /// Brings a webhook; the status, or nothing when nobody answered.
    pub async fn bring(&self, path: &str, fields: &Fields, signature: &str) -> Option<u16> {
        let url = format!("{}{path}", self.origin);
        let request = self.client.post(url).header("X-Twilio-Signature", signature).form(fields);
        request.send().await.ok().map(|answer| answer.status().as_u16())
    }

    /// The first carrier's signature of these fields at this path.
    pub fn signature(&self, path: &str, fields: &Fields) -> String {
        let mut sorted = fields.clone();
        sorted.sort();
        let text = sorted.iter().fold(format!("{}{path}", self.origin), |text, (key, value)| text + key + value);
        let mut mac = Hmac::<Sha1>::new_from_slice(AUTH_TOKEN.as_bytes()).unwrap_or_else(|_| unreachable!("HMAC takes any key"));
        mac.update(text.as_bytes());
        base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
    }

    /// GET of the API at a node.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.ask(Method::GET, path, None).await
    }

    /// Any request of the API at a node.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let url = format!("http://{}/api/v1{path}", self.node().staff);
        let mut request = self.client.request(method.clone(), url).timeout(STAFF_WAITS).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.context("the API does not answer")?;
        let status = answer.status();
        let text = answer.text().await.context("the API's answer was cut off")?;
        ensure!(status.is_success(), "{method} {path}: {status} {text}");
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// The sum of a metric over its labels and all nodes; nothing when one does not answer.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        let mut sum = 0.0;
        for node in &self.nodes {
            let text = self.client.get(format!("http://{}/metrics", node.ops)).send().await.ok()?.text().await.ok()?;
            let lines = text.lines().filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])));
            sum += lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>();
        }
        Some(sum)
    }

    /// Something of the carriers' control.
    pub async fn carriers(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = self.client.request(method, format!("http://{}/control/{path}", self.mock));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.context("the carriers do not answer")?.error_for_status()?;
        Ok(serde_json::from_slice(&answer.bytes().await?).unwrap_or(Value::Null))
    }
}
