//! The PostgreSQL under several nodes: killed and started again, its backends killed, replaced by its replica, and a line to it for each node.
//!
//! While a replica follows, commits wait for it, so that what is promoted has all that was committed. Whatever was broken,
//! [`Database::whole`] makes it work again; what works is left as it is.

use anyhow::{Context, Result};
use std::path::Path;
use std::time::Duration;
use test_kit::{Cluster, Line};

/// The name of the database.
const NAME: &str = "tips";

/// The server, with the lines to it.
pub struct Database {
    cluster: Cluster,
    /// What is to take over.
    replica: Option<Cluster>,
    lines: Vec<Line>,
}

/// What can happen to a line.
#[derive(Debug, Clone, Copy)]
pub enum Trouble {
    /// Every connection is reset, new ones are refused.
    Cut,
    /// Bytes vanish, nothing is closed.
    HalfOpen,
    /// Every byte is late.
    Late(Duration),
}

impl Database {
    /// A server with an empty database, and so many lines to it.
    pub async fn start(lines: usize) -> Result<Self> {
        let cluster = Cluster::start().await?;
        cluster.create_database(NAME).await?;
        let mut laid = Vec::new();
        for _ in 0..lines {
            laid.push(Line::to(cluster.address()).await?);
        }
        Ok(Self { cluster, replica: None, lines: laid })
    }

    /// Where it is now.
    pub fn url(&self) -> String {
        self.cluster.url(NAME)
    }

    /// Where a node finds it, by its line.
    pub fn url_by_line(&self, node: usize) -> String {
        Cluster::url_at(self.lines[node].address(), NAME)
    }

    /// kill -9 of the server with all its backends.
    pub fn kill(&mut self) {
        self.cluster.kill();
    }

    /// One backend is killed, upon which the server ends all others and recovers; or, `gently`, only that one ends. While the server still
    /// recovers from the one before, nothing happens.
    pub async fn end_backend(&self, choice: usize, gently: bool) {
        let _ = if gently { self.cluster.end_backend(choice).await } else { self.cluster.kill_backend(choice).await };
    }

    /// Makes a replica, lets it follow, and kills the server: [`Self::whole`] then promotes the replica.
    pub async fn lose(&mut self) -> Result<()> {
        // Kept at once: commits wait for it from now on, also when Ctrl-C ends this in the middle.
        self.replica = Some(self.cluster.replica().await.context("make a replica")?);
        self.cluster.synchronous(true).await?;
        self.cluster.kill();
        Ok(())
    }

    /// Breaks a node's line.
    pub fn trouble(&self, node: usize, trouble: Trouble) {
        let line = &self.lines[node];
        match trouble {
            Trouble::Cut => line.cut(),
            Trouble::HalfOpen => line.half_open(),
            Trouble::Late(by) => line.delay(by),
        }
    }

    /// A node's line carries again, and in time.
    pub fn mend_line(&self, node: usize) {
        self.lines[node].mend();
        self.lines[node].delay(Duration::ZERO);
    }

    /// A server takes writes again: the replica if the server was lost to it, else the same as before.
    pub async fn whole(&mut self) -> Result<()> {
        match self.replica.take() {
            Some(_following) if self.cluster.is_running() => self.cluster.synchronous(false).await?,
            Some(replica) => {
                replica.promote().await?;
                for line in &self.lines {
                    line.lead_to(replica.address());
                }
                self.cluster = replica;
            }
            None => {}
        }
        self.cluster.start_again().await
    }

    /// Leaves what is in it, and the end of the server's log, for whoever looks later.
    pub async fn leave(&self, folder: &Path) -> Result<()> {
        std::fs::write(folder.join("postgres.log"), self.cluster.log()).context("keep the server's log")?;
        self.cluster.dump(NAME, &folder.join("database.sql")).await.context("keep the database")
    }
}
