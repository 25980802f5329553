//! The outside world: students, phones and mailboxes, through the mock's control API.

use super::county::County;
use anyhow::{Context, bail};
use reqwest::Client;
use serde_json::{Value, json};

/// How long a call may take until it listens.
const PROMPT_MS: u64 = 9_000;

/// The mock carriers.
pub(super) struct World {
    client: Client,
    base: String,
}

impl World {
    /// The mock at this address.
    pub(super) fn new(client: Client, base: String) -> Self {
        Self { client, base }
    }

    /// Who answers how: the PSAP, the police and the principal are persons, the assistant's line is a machine, the counselor's is
    /// busy at first, the officer does not answer.
    pub(super) async fn script(&self, county: &County) -> anyhow::Result<()> {
        let human = || json!({"answer": "human", "key": "heard_code"});
        for person in county.told() {
            let calls = match person.key.as_str() {
                "delta-high-assistant" => json!([{"answer": "machine"}]),
                "delta-high-officer" => json!([{"answer": "no_answer"}]),
                "delta-high-counselor" => json!([{"answer": "busy"}, human()]),
                _ => json!([human()]),
            };
            self.post("behaviour", &json!({"number": person.phone, "calls": calls})).await?;
        }
        Ok(())
    }

    /// A student texts; gives the webhook's HTTP status.
    pub(super) async fn say(&self, from: &str, to: &str, body: &str) -> anyhow::Result<u64> {
        let said = self.post("say", &json!({"from": from, "to": to, "body": body})).await?;
        said["webhook"]["status"].as_u64().with_context(|| format!("the webhook was not answered: {said}"))
    }

    /// Somebody dials; gives the call's id.
    pub(super) async fn dial(&self, from: &str, to: &str) -> anyhow::Result<String> {
        let call = self.post("dial", &json!({"from": from, "to": to})).await?;
        call["sid"].as_str().map(str::to_owned).with_context(|| format!("no call was made: {call}"))
    }

    /// Waits until a call listens; gives what was said since it listened last.
    pub(super) async fn prompt(&self, call: &str) -> anyhow::Result<String> {
        let url = format!("{}/control/calls/{call}/prompt?within_ms={PROMPT_MS}", self.base);
        let answer = self.client.get(&url).send().await.context("ask the mock")?;
        let status = answer.status();
        let prompt: Value = answer.json().await.with_context(|| format!("the call does not listen: {status}"))?;
        prompt["heard"].as_str().map(str::to_owned).with_context(|| format!("the call does not listen: {prompt}"))
    }

    /// Keys are pressed on a call, once it listens; gives what is said next.
    pub(super) async fn key(&self, call: &str, digits: &str) -> anyhow::Result<String> {
        self.press(call, digits).await?;
        self.prompt(call).await
    }

    /// Keys are pressed on a call, once it listens; it may end then.
    pub(super) async fn press(&self, call: &str, digits: &str) -> anyhow::Result<()> {
        self.post(&format!("calls/{call}/press"), &json!({"digits": digits, "within_ms": PROMPT_MS})).await.map(drop)
    }

    /// Words are spoken after the tone, and ended; gives what is said next.
    pub(super) async fn leave(&self, call: &str, words: &str) -> anyhow::Result<String> {
        self.prompt(call).await?;
        self.post(&format!("calls/{call}/speak"), &json!({"words": words, "seconds": 4})).await?;
        self.key(call, "#").await
    }

    /// The caller hangs up.
    pub(super) async fn hang_up(&self, call: &str) -> anyhow::Result<()> {
        self.post(&format!("calls/{call}/hangup"), &json!({})).await.map(drop)
    }

    /// Somebody mails the tip line.
    pub(super) async fn mail(&self, from: &str, subject: &str, text: &str) -> anyhow::Result<()> {
        self.post("mailbox", &json!({"from": from, "subject": subject, "text": text})).await.map(drop)
    }

    /// What stands on a handset, oldest first.
    pub(super) async fn handset(&self, number: &str) -> anyhow::Result<Vec<Value>> {
        self.list("messages", &[("number", number)]).await
    }

    /// Calls to a number, oldest first.
    pub(super) async fn calls(&self, number: &str) -> anyhow::Result<Vec<Value>> {
        self.list("calls", &[("number", number)]).await
    }

    /// All calls, oldest first.
    pub(super) async fn all_calls(&self) -> anyhow::Result<Vec<Value>> {
        self.list("calls", &[]).await
    }

    /// Mails to an address, oldest first.
    pub(super) async fn mails(&self, to: &str) -> anyhow::Result<Vec<Value>> {
        self.list("mails", &[("to", to)]).await
    }

    /// What the gateway did wrong in a carrier's eyes.
    pub(super) async fn debugger(&self) -> anyhow::Result<Vec<Value>> {
        self.list("debugger", &[]).await
    }

    async fn list(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<Vec<Value>> {
        let url = format!("{}/control/{path}", self.base);
        let answer = self.client.get(&url).query(query).send().await.context("ask the mock")?;
        match answer.json::<Value>().await.context("read the mock's answer")? {
            Value::Array(list) => Ok(list),
            other => bail!("the mock's {path} is no list: {other}"),
        }
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let url = format!("{}/control/{path}", self.base);
        let answer = self.client.post(&url).json(body).send().await.context("ask the mock")?;
        let status = answer.status();
        let text = answer.text().await.context("read the mock's answer")?;
        if !status.is_success() {
            bail!("the mock refused {path}: {status} {text}");
        }
        serde_json::from_str(&text).with_context(|| format!("the mock's answer to {path} is no JSON"))
    }
}

/// Everything that was spoken on a call by the gateway, as one text.
pub(super) fn spoken(call: &Value) -> String {
    let lines = call["transcript"].as_array().cloned().unwrap_or_default();
    let ours = lines.iter().filter(|line| line["who"] == "gateway").filter_map(|line| line["text"].as_str());
    ours.collect::<Vec<_>>().join(" ")
}

/// What was keyed on a call.
pub(super) fn keyed(call: &Value) -> String {
    let lines = call["transcript"].as_array().cloned().unwrap_or_default();
    lines.iter().filter_map(|line| line["digits"].as_str()).collect()
}
