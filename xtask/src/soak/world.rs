//! What is broken: the nodes, their disks, their database and the carriers, in one folder.
//!
//! On SQLite there is one node, with its data, spool and media on small disks of their own. On PostgreSQL there are as many as wanted, each
//! with a line of its own to a private server and a small disk for its spool, one disk for the media of all, and a balancer before them.

use super::carriers;
use super::database::Database;
use super::doors::{self, Doors};
use super::node::Node;
use crate::demo::deployment::Deployment as Folder;
use crate::demo::ports::Ports;
use crate::demo::running::mock;
use crate::process::Running;
use anyhow::{Context, Result, bail};
use reqwest::Client;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use test_kit::Balancer;
use test_kit::disk::{Disk, Disks};

/// The size of the disk of the data, in bytes.
const DATA_BYTES: u64 = 1 << 30;
/// Of the media, and of a spool.
const SMALL_BYTES: u64 = 64 << 20;
/// How long the carriers may take until they answer.
const MOCK_WITHIN: Duration = Duration::from_secs(30);

/// Everything.
pub struct World {
    folder: Folder,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The server; none on SQLite.
    pub database: Option<Database>,
    /// The disks' folders, below the deployment's.
    pub disk_names: Vec<String>,
    /// The disks; none where the machine allows none.
    disks: Option<Disks>,
    balancer: Option<Balancer>,
    mock: Option<Running>,
    client: Client,
}

impl World {
    /// Makes a deployment of one node on SQLite in this folder.
    pub fn on_sqlite(folder: PathBuf) -> Result<Self> {
        let folder = Folder::make(folder, Ports::free()?, false)?;
        let node = node(&folder, 1, &folder.ports, Vec::new());
        let disks = [("data", DATA_BYTES), ("data/spool", SMALL_BYTES), ("data/media", SMALL_BYTES)];
        Self::of(folder, vec![node], disks.map(|(name, bytes)| (name.to_owned(), bytes)).to_vec())
    }

    /// Makes a deployment of so many nodes on a PostgreSQL of their own in this folder.
    pub async fn on_postgres(folder: PathBuf, nodes: usize) -> Result<Self> {
        let database = Database::start(nodes).await?;
        let variables = vec![("TIPLINE__DATABASE__URL", database.url())];
        let folder = Folder::make_with(folder, Ports::free()?, false, variables)?;
        let (mut all, mut publics, mut disks) = (Vec::new(), Vec::new(), vec![("data/media".to_owned(), SMALL_BYTES)]);
        for at in 0..nodes {
            let (ports, name) = (Ports::free()?, format!("node-{}", at + 1));
            let mut own = folder.node(&folder.folder.join(&name), &ports);
            own.push(("TIPLINE__DATABASE__URL", database.url_by_line(at)));
            all.push(node(&folder, at + 1, &ports, own));
            publics.push((Ipv4Addr::LOCALHOST, ports.public).into());
            disks.push((format!("{name}/spool"), SMALL_BYTES));
        }
        let balancer = Balancer::start(folder.ports.public, publics).await?;
        Ok(Self { database: Some(database), balancer: Some(balancer), ..Self::of(folder, all, disks)? })
    }

    fn of(folder: Folder, nodes: Vec<Node>, disks: Vec<(String, u64)>) -> Result<Self> {
        let wanted: Vec<Disk> = disks.iter().map(|(name, bytes)| Disk { over: folder.folder.join(name), bytes: *bytes }).collect();
        let mounted = match Disks::mount(&wanted) {
            Ok(disks) => Some(disks),
            Err(error) => {
                println!("no disk will fill up: {error:#}");
                None
            }
        };
        let disk_names = disks.into_iter().map(|(name, _)| name).collect();
        // A connection for each request, as carriers make them, so that a balancer can spread them.
        let client = Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(Duration::from_secs(30)).build();
        let client = client.context("make an HTTP client")?;
        Ok(Self { folder, nodes, database: None, disk_names, disks: mounted, balancer: None, mock: None, client })
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
        for at in 0..self.nodes.len() {
            self.start_node(at).await?;
        }
        Ok(())
    }

    /// How to reach them.
    pub fn doors(&self) -> Doors {
        Doors {
            nodes: self.nodes.iter().map(|node| node.addresses.clone()).collect(),
            origin: format!("http://127.0.0.1:{}", self.folder.ports.public),
            mock: format!("127.0.0.1:{}", self.folder.ports.mock),
            token: self.folder.token.clone(),
            client: self.client.clone(),
            turn: Arc::default(),
        }
    }

    /// Starts a node and waits until it is ready.
    pub async fn start_node(&mut self, at: usize) -> Result<()> {
        let Self { folder, nodes, disks, client, .. } = self;
        nodes[at].start(folder, disks.as_ref(), client).await.with_context(|| format!("start node {}", at + 1))
    }

    /// Takes all room of a disk but so many bytes.
    pub fn fill(&self, name: &str, but: u64) -> Result<()> {
        self.disks.as_ref().map_or(Ok(()), |disks| disks.fill(&self.folder.folder.join(name), but))
    }

    /// Gives it back.
    pub fn free(&self, name: &str) -> Result<()> {
        self.disks.as_ref().map_or(Ok(()), |disks| disks.free(&self.folder.folder.join(name)))
    }

    /// What a node stands on is whole again: room on the disks, a server that takes writes, lines to it.
    pub async fn mend_ground(&mut self) -> Result<()> {
        self.disk_names.iter().try_for_each(|name| self.free(name))?;
        if let Some(database) = &mut self.database {
            database.whole().await?;
            (0..self.nodes.len()).for_each(|node| database.mend_line(node));
        }
        Ok(())
    }

    /// Everything is whole again: the ground, nodes that go on, carriers without faults.
    pub async fn mend(&mut self, doors: &Doors) -> Result<()> {
        carriers::mend(doors).await?;
        self.mend_ground().await?;
        for at in 0..self.nodes.len() {
            self.nodes[at].freeze(false).await;
            self.start_node(at).await?;
            self.nodes[at].ready(&self.client).await?;
        }
        Ok(())
    }

    /// What `tipline verify` says of the running deployment: nothing when it is sound.
    pub async fn verify(&self) -> Result<Option<String>> {
        let mut command = tokio::process::Command::from(self.nodes[0].command(&self.folder, self.disks.as_ref()));
        let output = command.args(["verify", "--quiet"]).output().await.context("start tipline verify")?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        Ok((!output.status.success()).then(|| said.trim().to_owned()))
    }

    /// Ends everything, the nodes first; says which did not end in good order. What was on the disks, and with `leave` what is in the server's
    /// database, is left in the folder.
    pub async fn stop(mut self, leave: bool) -> Vec<String> {
        let mut wrong = Vec::new();
        for (at, node) in self.nodes.iter_mut().enumerate() {
            let code = node.end().await;
            if code != Some(0) {
                wrong.push(format!("node {} ended with {code:?} instead of 0", at + 1));
            }
        }
        if let Some(mock) = self.mock.take() {
            mock.end().await;
        }
        drop(self.balancer.take());
        let mut kept = Ok(());
        if let Some(disks) = &self.disks {
            // What lies within another disk comes with it.
            let is_within = |name: &String| self.disk_names.iter().any(|outer| name.starts_with(&format!("{outer}/")));
            let mut outer = self.disk_names.iter().filter(|name| !is_within(name));
            kept = outer.try_for_each(|name| disks.copy_out(&self.folder.folder.join(name)));
        }
        if let Some(database) = &self.database
            && (leave || !wrong.is_empty())
        {
            kept = kept.and(database.leave(&self.folder.folder).await);
        }
        wrong.extend(kept.err().map(|error| format!("the data could not be kept: {error:#}")));
        wrong
    }
}

/// A node of this number.
fn node(folder: &Folder, number: usize, ports: &Ports, own: Vec<(&'static str, String)>) -> Node {
    let at = |port: u16| format!("127.0.0.1:{port}");
    let addresses = doors::Node { staff: at(ports.staff), ops: at(ports.ops) };
    Node { addresses, own, log: folder.folder.join(format!("node-{number}.log")), running: None }
}
