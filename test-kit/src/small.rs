//! A cluster whose tables and write-ahead log lie on small disks of their own, which fill up.

use crate::cluster::{Cluster, SETTINGS, blocking, copy, template};
use crate::disk::{Disk, Disks};
use crate::postgres::{self, Folder};
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// There the server's log is turned over soon. It has no socket file, which would lie where it may not write.
const SETTINGS_THERE: &str = "
unix_socket_directories = ''
max_wal_size = 24MB
min_wal_size = 8MB
wal_keep_size = 0
";

/// The user that a server on disks of its own believes to be.
const SOMEBODY: u32 = 1000;

/// What of a server lies on a disk of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its tables: without room for them it refuses what makes them larger.
    Tables,
    /// Its write-ahead log: without room for it the server ends itself.
    WriteAheadLog,
}

impl Part {
    fn of(self, data: &Path) -> PathBuf {
        data.join(match self {
            Part::Tables => "base",
            Part::WriteAheadLog => "pg_wal",
        })
    }
}

impl Cluster {
    /// Makes a cluster on disks of so many bytes and starts it. The disks are seen by the server alone ([`Disks`] says what the machine
    /// must allow), and filled and freed with [`Self::fill`] and [`Self::free`].
    ///
    /// # Errors
    /// As with [`Self::start`], or when this machine lets nobody mount a disk.
    pub async fn start_on_disks(tables: u64, log: u64) -> anyhow::Result<Self> {
        blocking(move || {
            let folder = Folder::new()?;
            copy(template()?, &folder)?;
            folder.append("postgresql.conf", &format!("{SETTINGS}{SETTINGS_THERE}"))?;
            // The whole of it, because the server must own it and is somebody else there.
            let data = folder.data();
            let whole = Disk { over: data.clone(), bytes: 2 * (tables + log) };
            let parts = [(Part::Tables, tables), (Part::WriteAheadLog, log)];
            let parts = parts.map(|(part, bytes)| Disk { over: part.of(&data), bytes });
            let disks = Disks::mount(&[&[whole], &parts[..]].concat())?;
            Self::serve(folder, Some(disks))
        })
        .await
    }

    /// Takes all room of one of its disks.
    ///
    /// # Errors
    /// When it has none of its own.
    pub fn fill(&self, part: Part) -> anyhow::Result<()> {
        self.own_disks()?.fill(&part.of(&self.folder.data()), 0)
    }

    /// Gives the room back.
    ///
    /// # Errors
    /// When it has no disk of its own.
    pub fn free(&self, part: Part) -> anyhow::Result<()> {
        self.own_disks()?.free(&part.of(&self.folder.data()))
    }

    fn own_disks(&self) -> anyhow::Result<&Disks> {
        self.disks.as_ref().context("this cluster has no disks of its own")
    }
}

/// The server's program, where it sees these disks. There its user is the only one there is, and is called root, whom the server refuses:
/// within another namespace it is called somebody else.
pub(crate) fn command(disks: Option<&Disks>) -> anyhow::Result<Command> {
    let Some(disks) = disks else { return postgres::program("postgres") };
    let mut command = disks.command("unshare");
    command.args([format!("--map-user={SOMEBODY}"), format!("--map-group={SOMEBODY}"), "--".to_owned()]);
    command.arg(postgres::programs()?.join("postgres")).current_dir("/").stdin(Stdio::null());
    Ok(command)
}
