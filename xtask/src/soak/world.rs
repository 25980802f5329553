//! What is broken: the nodes, their disks, the carriers, in one folder.
//!
//! Here is one node on SQLite with its data, spool and media on small disks of their own. More nodes or another engine are more
//! [`Node`]s with a configuration each.

use super::doors::{self, Doors};
use super::faults;
use super::node::Node;
use crate::demo::deployment::Deployment as Folder;
use crate::demo::ports::Ports;
use crate::demo::running::mock;
use crate::process::Running;
use anyhow::{Context, Result, bail};
use reqwest::Client;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use test_kit::disk::{Disk, Disks};

/// The sizes of the disks: of the data, the spool, the media.
const DISKS: [(&str, u64); 3] = [("data", 1 << 30), ("data/spool", 64 << 20), ("data/media", 64 << 20)];
/// How long the carriers may take until they answer.
const MOCK_WITHIN: Duration = Duration::from_secs(30);

/// Everything.
pub struct World {
    folder: Folder,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The disks; none where the machine allows none.
    pub disks: Option<Disks>,
    mock: Option<Running>,
    client: Client,
}

impl World {
    /// Makes a deployment in this folder.
    pub fn prepare(folder: PathBuf) -> Result<Self> {
        let folder = Folder::make(folder, Ports::free()?, false)?;
        let disks = DISKS.map(|(name, bytes)| Disk { over: folder.folder.join(name), bytes });
        let disks = match Disks::mount(&disks) {
            Ok(disks) => Some(disks),
            Err(error) => {
                println!("no disk will fill up: {error:#}");
                None
            }
        };
        let at = |port: u16| format!("127.0.0.1:{port}");
        let node = Node {
            addresses: doors::Node { public: at(folder.ports.public), staff: at(folder.ports.staff), ops: at(folder.ports.ops) },
            config: folder.folder.join("tipline.toml"),
            log: folder.folder.join("tipline.log"),
            running: None,
        };
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().context("make an HTTP client")?;
        Ok(Self { folder, nodes: vec![node], disks, mock: None, client })
    }

    /// The folder over which the disk of this name lies.
    pub fn disk(&self, name: &str) -> PathBuf {
        self.folder.folder.join(name)
    }

    /// Starts carriers and nodes.
    pub async fn start(&mut self) -> Result<()> {
        let mut command = mock(&self.folder.ports);
        command.args(["--ring-ms", "20", "--speech-ms-per-word", "1", "--second-ms", "20"]);
        self.mock = Some(Running::start("mock-carriers", command, &self.folder.folder.join("mock-carriers.log"))?);
        let (url, began) = (format!("http://127.0.0.1:{}/healthz", self.folder.ports.mock), Instant::now());
        while !self.client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
            if began.elapsed() > MOCK_WITHIN {
                bail!("the pretend carriers do not answer");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for node in &mut self.nodes {
            node.start(self.disks.as_ref(), &self.client).await?;
        }
        Ok(())
    }

    /// How to reach them.
    pub fn doors(&self) -> Result<Doors> {
        Ok(Doors {
            nodes: self.nodes.iter().map(|node| node.addresses.clone()).collect(),
            origin: format!("http://127.0.0.1:{}", self.folder.ports.public),
            mock: format!("127.0.0.1:{}", self.folder.ports.mock),
            token: self.folder.token.clone(),
            client: self.client.clone(),
            turn: Arc::default(),
        })
    }

    /// Starts a node again and waits until it is ready.
    pub async fn start_node(&mut self, at: usize) -> Result<()> {
        let Self { nodes, disks, client, .. } = self;
        nodes[at].start(disks.as_ref(), client).await
    }

    /// Everything is whole again: room on the disks, nodes that go on, carriers without faults.
    pub async fn mend(&mut self, doors: &Doors) -> Result<()> {
        faults::mend_carriers(doors).await?;
        for name in DISKS.map(|(name, _)| name) {
            if let Some(disks) = &self.disks {
                disks.free(&self.disk(name))?;
            }
        }
        for at in 0..self.nodes.len() {
            self.nodes[at].freeze(false).await;
            self.start_node(at).await?;
            let client = self.client.clone();
            self.nodes[at].ready(&client).await?;
        }
        Ok(())
    }

    /// Ends everything, the nodes first; says which did not end in good order. What was on the disks is left in the folder.
    pub async fn stop(mut self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (at, node) in self.nodes.iter_mut().enumerate() {
            let code = node.end().await;
            if code != Some(0) {
                wrong.push(format!("node {at} ended with {code:?} instead of 0"));
            }
        }
        if let Some(mock) = self.mock.take() {
            mock.end().await;
        }
        if let Some(disks) = &self.disks
            && let Err(error) = disks.copy_out(&self.disk("data"))
        {
            wrong.push(format!("the data could not be kept: {error:#}"));
        }
        wrong
    }
}
