//! A deployment to break: gateway and carriers as programs, with the delays of a real one, and everybody who is called confirming.

use crate::demo::deployment::Deployment as Folder;
use crate::demo::ports::Ports;
use crate::demo::running::{Both, Pace, SECOND_NUMBER};
use anyhow::{Context, Result, ensure};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long a text may take to be in the inbox.
const PATIENCE: Duration = Duration::from_secs(60);
/// The last of the demo's numbers: 01 to this.
const NUMBERS: u32 = 30;

/// It.
pub(super) struct Line {
    folder: Folder,
    both: Both,
    client: Client,
}

impl Line {
    /// Starts one; the demo's hurried delays are taken out, so that the defaults hold.
    pub(super) async fn start(folder: PathBuf) -> Result<Self> {
        let folder = Folder::make(folder, Ports::free()?, false)?;
        let path = folder.folder.join("tipline.toml");
        let text = std::fs::read_to_string(&path)?;
        let begin = text.find("\n[dispatch]\n").context("config/demo.toml has no [dispatch] any more: change xtask with it")?;
        let end = text[begin..].find("\n\n").map_or(text.len(), |at| begin + at);
        std::fs::write(&path, format!("{}{}", &text[..begin], &text[end..]))?;
        let both = Both::start(&folder, Pace::Usual).await?;
        let line = Self { folder, both, client: Client::builder().no_proxy().build()? };
        line.everybody(&json!([{"answer": "human", "key": "heard_code"}])).await?;
        Ok(line)
    }

    /// Ends both programs and removes the folder.
    pub(super) async fn stop(self) -> Result<()> {
        let folder = self.folder.folder.clone();
        self.both.end().await;
        std::fs::remove_dir_all(&folder).with_context(|| format!("remove {}", folder.display()))
    }

    /// What everybody in the directory does when they are called, call after call; the last again and again.
    pub(super) async fn everybody(&self, calls: &Value) -> Result<()> {
        for suffix in 1..=NUMBERS {
            let body = json!({"number": format!("+155555501{suffix:02}"), "calls": calls});
            self.client.post(self.mock("/control/behaviour")).json(&body).send().await?.error_for_status()?;
        }
        Ok(())
    }

    /// Breaks something.
    pub(super) async fn fault(&self, fault: &Value) -> Result<()> {
        self.client.post(self.mock("/control/faults")).json(fault).send().await?.error_for_status()?;
        Ok(())
    }

    /// Mends everything; how often each fault had struck.
    pub(super) async fn mend(&self) -> Result<u64> {
        let faults: Value = self.client.get(self.mock("/control/faults")).send().await?.error_for_status()?.json().await?;
        self.client.delete(self.mock("/control/faults")).send().await?.error_for_status()?;
        Ok(faults.as_array().into_iter().flatten().filter_map(|fault| fault["hits"].as_u64()).sum())
    }

    /// When each carrier was asked to call, in microseconds of the machine's clock, in order: the first carrier's, then the second's.
    pub(super) async fn calls(&self) -> Result<[Vec<i64>; 2]> {
        let seen: Vec<Value> = self.client.get(self.mock("/control/requests")).send().await?.error_for_status()?.json().await?;
        let to = |end: &str| {
            let asked = |request: &&Value| request["method"] == "POST" && request["path"].as_str().is_some_and(|path| path.ends_with(end));
            let at = |request: &Value| Some(request["at"].as_str()?.parse::<jiff::Timestamp>().ok()?.as_microsecond());
            let mut times: Vec<i64> = seen.iter().filter(asked).filter_map(at).collect();
            times.sort_unstable();
            times
        };
        Ok([to("/Calls.json"), to("/Calls")])
    }

    /// The sum of a metric over its labels.
    pub(super) async fn metric(&self, name: &str) -> Result<f64> {
        let text = self.client.get(format!("http://127.0.0.1:{}/metrics", self.folder.ports.ops)).send().await?.text().await?;
        let lines = text.lines().filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])));
        Ok(lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    /// A student texts to the second carrier's number, an analyst sorts and dispatches: Critical. The tip.
    pub(super) async fn dispatch(&self, number: usize) -> Result<String> {
        // Words of their own, so that nothing is taken for the same thing.
        let words = format!("soak {number:06} {} {} {}", number * 7919, number * 104_729, number * 1_299_709);
        let from = format!("+1777{number:07}");
        let said = json!({"from": from, "to": SECOND_NUMBER, "body": words});
        self.client.post(self.mock("/control/say")).json(&said).send().await?.error_for_status()?;
        let (began, begin) = (Instant::now(), format!("soak {number:06} "));
        let id = loop {
            let read = self.get("/tips?filter=unsorted").await?;
            let tips = read["tips"].as_array().cloned().unwrap_or_default();
            let tip = tips.iter().find(|tip| tip["first_words"].as_str().is_some_and(|text| text.starts_with(&begin)));
            if let Some(id) = tip.and_then(|tip| tip["id"].as_str()) {
                break id.to_owned();
            }
            ensure!(began.elapsed() < PATIENCE, "a text was not in the inbox within {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let version = self.get(&format!("/tips/{id}")).await?["version"].clone();
        let triage = json!({"version": version, "types": ["possession-of-a-weapon"], "school": "bravo-middle"});
        self.send(Method::PUT, &format!("/tips/{id}/triage"), &triage).await?;
        let version = self.get(&format!("/tips/{id}")).await?["version"].clone();
        self.send(Method::POST, &format!("/tips/{id}/dispatches"), &json!({"version": version})).await?;
        Ok(id)
    }

    /// GET of the gateway's API.
    pub(super) async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.client.get(self.api(path)).bearer_auth(&self.folder.token).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Result<()> {
        let answer = self.client.request(method, self.api(path)).bearer_auth(&self.folder.token).json(body).send().await?;
        let status = answer.status();
        ensure!(status.is_success(), "{path}: {status} {}", answer.text().await?);
        Ok(())
    }

    fn api(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/api/v1{path}", self.folder.ports.staff)
    }

    fn mock(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.folder.ports.mock)
    }
}
