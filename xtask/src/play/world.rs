//! The outside world: students, phones and mailboxes, through the mock's control API.

use super::county::County;
use anyhow::{Context, bail};
use reqwest::Client;
use serde_json::{Value, json};

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
