//! What a backup says of itself: versions, counts, hashes. Written last, so that a backup with a manifest is whole.

use super::{BackupError, MANIFEST};
use crate::store::copy::TableProof;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The format of the folder that this program writes and reads.
pub(super) const FORMAT: u32 = 1;
/// How much of a file is hashed at once.
const PIECE: usize = 64 * 1024;

/// A backup's own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The folder's format.
    pub format: u32,
    /// Which backup this is: random, so that a restore that was cut off knows it again.
    pub id: String,
    /// The program that wrote it.
    pub program: String,
    /// What it was taken from: `sqlite` or `postgres`.
    pub engine: String,
    /// Before letters and database were read, by the time of the database's server if there is one: whatever is not in it is younger.
    pub taken_at: Timestamp,
    /// Tells which master key sealed it, and nothing of the key.
    pub key_check: String,
    /// The database's file.
    pub database: Whole,
    /// What its tables have.
    pub tables: Vec<TableProof>,
    /// How many tips had a key.
    pub keys: u64,
    /// The spool whose letters were taken with it; early backups do not say it, and a node without a spool has none.
    #[serde(default)]
    pub spool: Option<String>,
    /// The list of files.
    pub list: Whole,
    /// How many files are in the list.
    pub files: u64,
    /// Files that rows name and that were not there.
    pub missing: u64,
}

/// A file as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whole {
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

impl Manifest {
    /// Reads the manifest of a backup.
    pub fn read(backup: &Path) -> Result<Self, BackupError> {
        let path = backup.join(MANIFEST);
        let text = std::fs::read(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => BackupError::NoBackup(backup.to_owned()),
            _ => BackupError::File { what: "read", path: path.clone(), source },
        })?;
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|_| BackupError::Damaged { path: path.clone(), what: "it is no manifest" })?;
        if manifest.format == FORMAT { Ok(manifest) } else { Err(BackupError::Format { found: manifest.format }) }
    }
    pub(super) fn write(&self, backup: &Path) -> Result<(), BackupError> {
        let path = backup.join(MANIFEST);
        let failed = |source| BackupError::File { what: "write", path: path.clone(), source };
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        std::fs::write(&path, text).and_then(|()| File::open(&path)?.sync_all()).map_err(failed)
    }
}

impl Whole {
    /// Of a file that is there.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let (mut hasher, mut bytes, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
        loop {
            let read = file.read(&mut piece)?;
            if read == 0 {
                return Ok(Self { bytes, sha256: crate::vault::hex(&hasher.finalize()) });
            }
            hasher.update(&piece[..read]);
            bytes += read as u64;
        }
    }
    /// Whether a file is this.
    pub(super) fn check(&self, path: &Path) -> Result<(), BackupError> {
        let found = Self::of(path).map_err(|source| BackupError::File { what: "read", path: path.to_owned(), source })?;
        if found == *self { Ok(()) } else { Err(BackupError::Damaged { path: path.to_owned(), what: "it is not what was written" }) }
    }
}
