//! One node of the gateway: started, killed, frozen, ended; the same command every time.
//!
//! Its windows are seconds instead of minutes, so that every promise comes to its end while one watches.

use super::doors;
use crate::demo::deployment::Deployment as Folder;
use crate::process::Running;
use crate::workspace;
use anyhow::{Context, Result, bail};
use reqwest::Client;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use test_kit::disk::Disks;

/// How long a node may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How often it is asked.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// Short windows: 30 seconds for everybody, 5 of grace.
const SHORT: [(&str, &str); 9] = [
    ("TIPLINE__DISPATCH__CRITICAL_WINDOW", "30"),
    ("TIPLINE__DISPATCH__GRACE", "5"),
    ("TIPLINE__DISPATCH__DISTRICT_AFTER", "10"),
    ("TIPLINE__DISPATCH__BUSY_FIRST", "0.5"),
    ("TIPLINE__DISPATCH__NO_ANSWER_FIRST", "0.5"),
    ("TIPLINE__DISPATCH__LONGEST_DELAY", "3"),
    ("TIPLINE__DISPATCH__ASK_AFTER", "1"),
    ("TIPLINE__DISPATCH__SILENT_ATTEMPT_LIMIT", "5"),
    ("TIPLINE__OUTBOX__LEASE_SECONDS", "10"),
];

/// A node.
pub struct Node {
    /// Where staff and operators find it.
    pub addresses: doors::Node,
    /// What its configuration has otherwise than the folder's, as variables.
    pub own: Vec<(&'static str, String)>,
    /// Its log.
    pub log: PathBuf,
    /// While it runs.
    pub running: Option<Running>,
}

impl Node {
    /// The gateway's program with this node's configuration, on these disks if there are any.
    pub fn command(&self, folder: &Folder, disks: Option<&Disks>) -> Command {
        let program = workspace::program("tipline");
        let command = disks.map_or_else(|| Command::new(&program), |disks| disks.command(&program));
        let mut command = folder.configured(command);
        command.envs(SHORT).envs(self.own.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts it and waits until it is ready.
    pub async fn start(&mut self, folder: &Folder, disks: Option<&Disks>, client: &Client) -> Result<()> {
        if self.running.is_some() {
            return Ok(());
        }
        let mut command = self.command(folder, disks);
        command.arg("serve");
        self.running = Some(Running::start("tipline", command, &self.log)?);
        self.ready(client).await
    }

    /// Waits until it is ready.
    pub async fn ready(&mut self, client: &Client) -> Result<()> {
        let (url, began) = (format!("http://{}/readyz", self.addresses.ops), Instant::now());
        let running = self.running.as_mut().context("the node was not started")?;
        loop {
            running.must_live()?;
            match client.get(&url).send().await {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) if began.elapsed() > READY_WITHIN => bail!("not ready: {}", answer.text().await.unwrap_or_default()),
                Err(error) if began.elapsed() > READY_WITHIN => bail!("not ready: {error}"),
                Ok(_) | Err(_) => tokio::time::sleep(ASK_EVERY).await,
            }
        }
    }

    /// Ends it as a power cut would.
    pub async fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.kill().await;
        }
    }

    /// Lets it stand still, or go on.
    pub async fn freeze(&self, still: bool) {
        if let Some(running) = &self.running {
            running.signal(if still { "STOP" } else { "CONT" }).await;
        }
    }

    /// Asks it to end; its exit code.
    pub async fn end(&mut self) -> Option<i32> {
        self.running.take()?.end().await
    }
}
