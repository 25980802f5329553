//! Gateway and mock carriers as two processes that talk over real sockets.

use super::deployment::Deployment;
use super::ports::Ports;
use crate::process::Running;
use crate::workspace;
use anyhow::{Context, bail};
use std::process::Command;
use std::time::{Duration, Instant};

/// How long the programs may take until they answer.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// How often a program that is not ready yet is asked again.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// The tip line's number in the demo.
pub const LINE_NUMBER: &str = "+15555550100";

/// The number of the demo's second carrier.
pub const SECOND_NUMBER: &str = "+15555550180";

/// How fast people speak on calls that they make.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// As people do.
    Usual,
    /// As quickly as the words can be kept apart: when nobody listens.
    Quick,
}

/// Both programs.
pub struct Both {
    /// The gateway.
    pub gateway: Running,
    /// The mock carriers.
    pub mock: Running,
}

impl Both {
    /// Starts both and waits until both answer.
    pub async fn start(deployment: &Deployment, pace: Pace) -> anyhow::Result<Self> {
        let ports = deployment.ports;
        let mut command = mock(&ports);
        if let Pace::Quick = pace {
            command.args(["--handset-ms-per-word", "2", "--handset-second-ms", "30"]);
        }
        let mock = Running::start("mock-carriers", command, &deployment.folder.join("mock-carriers.log"))?;
        let mut command = deployment.command();
        command.arg("serve");
        let gateway = Running::start("tipline", command, &deployment.folder.join("tipline.log"))?;
        let mut both = Self { gateway, mock };
        both.ready(&format!("http://127.0.0.1:{}/healthz", ports.mock)).await?;
        both.ready(&format!("http://127.0.0.1:{}/readyz", ports.ops)).await?;
        Ok(both)
    }

    /// Waits until this address answers well.
    pub async fn ready(&mut self, url: &str) -> anyhow::Result<()> {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().context("make an HTTP client")?;
        let until = Instant::now() + READY_WITHIN;
        loop {
            self.must_live()?;
            if client.get(url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if Instant::now() > until {
                bail!("{url} did not answer within {} s. tipline's log ends:\n{}", READY_WITHIN.as_secs(), self.gateway.tail());
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// Ends the gateway as a power cut would, starts it again, and waits until it is ready.
    pub async fn cut_gateway(&mut self, deployment: &Deployment) -> anyhow::Result<()> {
        self.gateway.kill().await;
        let mut command = deployment.command();
        command.arg("serve");
        self.gateway = Running::start("tipline", command, &deployment.folder.join("tipline.log"))?;
        self.ready(&format!("http://127.0.0.1:{}/readyz", deployment.ports.ops)).await
    }

    /// Fails when one of them has ended.
    pub fn must_live(&mut self) -> anyhow::Result<()> {
        self.mock.must_live()?;
        self.gateway.must_live()
    }

    /// Ends both, the gateway first.
    pub async fn end(self) {
        self.gateway.end().await;
        self.mock.end().await;
    }
}

/// The mock carriers' program on these ports, with both of the line's numbers.
pub fn mock(ports: &Ports) -> Command {
    let mut command = Command::new(workspace::program("mock-carriers"));
    let webhooks = format!("http://127.0.0.1:{}/webhooks/main", ports.public);
    let route = format!("{LINE_NUMBER}={webhooks}/messages,{webhooks}/voice");
    let second = format!("http://127.0.0.1:{}/webhooks/backup", ports.public);
    let second = format!("{SECOND_NUMBER}={second}/messages,{second}/voice");
    command.args([
        "--listen",
        &format!("127.0.0.1:{}", ports.mock),
        "--telnyx",
        &format!("127.0.0.1:{}", ports.telnyx),
        "--telnyx-number",
        &second,
        "--smtp",
        &format!("127.0.0.1:{}", ports.smtp),
        "--imap",
        &format!("127.0.0.1:{}", ports.imap),
        "--site",
        &format!("http://127.0.0.1:{}", ports.public),
        "--number",
        &route,
    ]);
    command
}
