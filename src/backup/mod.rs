//! Backups, and deployments restored from them.
//!
//! A backup is a folder named after its time with a SQLite file in it, whatever the engine, without the keys of tips. Beside the backups lie
//! what all of them share: the sealed files of media, and the keys and the spool's letters, which only ever exist in their newest state;
//! so what was destroyed after a backup cannot be read from it. A restored deployment sends nothing by itself of what was under way:
//! nobody knows what happened after the backup, so that is a task for a person. `docs/backup.md` is for operators.

mod alter;
mod files;
mod former;
mod halves;
mod keys;
mod letters;
mod manifest;
mod others;
mod restore;
mod settle;
mod take;
mod verify;

pub use manifest::Manifest;
pub use restore::{Restored, restore};
pub use settle::Settled;
pub use take::{Taken, take};
pub use verify::{Verified, verify};

use crate::config::{Config, Database};
use crate::store::StoreError;
use crate::store::copy::{CopyError, Place};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The database's file in a backup.
const DATABASE: &str = "database.sqlite";
/// What a backup says of itself; there only when it is whole.
const MANIFEST: &str = "manifest.json";
/// The list of files that a backup needs, as `sha256sum` writes it.
const LIST: &str = "files.sha256";
/// Beside the backups: the sealed files of media.
const FILES: &str = "files";
/// Beside the backups: the keys.
const KEYS: &str = "keys";
/// Beside the backups: letters of each spool.
const LETTERS: &str = "spool";
/// Beside the backups: held while one is taken or restored.
const LOCK: &str = "lock";

/// Why a backup was not taken, not read or not restored, in a sentence with the fix.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file.
    #[error("cannot {what} {}: is there room, and may this user write there?", .path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another backup is being taken.
    #[error("another backup is being taken to {} or restored from it: wait until it is done", .0.display())]
    Locked(PathBuf),
    /// Not a backup.
    #[error("{} is no backup that was finished: name a folder that has a manifest.json, such as FOLDER/2026-11-22T12-00-00Z", .0.display())]
    NoBackup(PathBuf),
    /// Another format.
    #[error("this backup has format {found}, and this program reads {}: use the program that wrote it", manifest::FORMAT)]
    Format {
        /// Its format.
        found: u32,
    },
    /// A file is not what was written.
    #[error("{} is damaged ({what}): use another backup, or another copy of this one", .path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// The keys are older than the backup.
    #[error(
        "the keys beside the backups are older than this backup, so tips would be lost that are in it: copy the newest file `{KEYS}` there"
    )]
    OldKeys,
    /// The database lacks tips whose keys are here.
    #[error(
        "{tips} of the tips whose keys are in {} are not in the database {database}, so a backup there would make every older one of them \
         unreadable: name the database that has them (is its disk mounted?), or, after an older backup was restored, a new folder", .folder.display()
    )]
    TipsGone {
        /// The backups' folder.
        folder: PathBuf,
        /// The database, as it is shown.
        database: String,
        /// How many.
        tips: usize,
    },
    /// The folder has backups of something else.
    #[error(
        "the backups in {} are of another deployment or under another master key than the database {database}: name a folder of its own for it",
        .folder.display()
    )]
    OthersFolder {
        /// The backups' folder.
        folder: PathBuf,
        /// The database, as it is shown.
        database: String,
    },
    /// The keys cannot be compared.
    #[error(
        "{} {why}, so nobody knows whose keys a backup would replace: bring it back from where the folder is copied to, or name a new folder",
        .path.display()
    )]
    KeysLost {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Keys or backup of another deployment.
    #[error("the keys beside the backups belong to another master key than this backup: they were mixed up")]
    OtherKeys,
    /// No deployment.
    #[error("the database {0} was never used, so there is nothing to back up")]
    Unused(String),
    /// The rows.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// What was under way was not ended.
    #[error("what was under way in the backup could not be ended; run the same command again")]
    Store(#[from] StoreError),
    /// Something else wrote to the database meanwhile.
    #[error("the database was changed while it was restored: is a gateway running on it? Stop it, make the database anew and begin again")]
    Contended,
}

/// The database of a configuration as one end of a copy.
pub(crate) fn place(config: &Config) -> Place {
    match &config.database {
        Database::File(path) => Place::Sqlite(path.clone()),
        Database::Server(url) => Place::Postgres(url.reveal().to_owned()),
    }
}

/// Keeps others from taking or restoring a backup here as long as it is held.
fn hold(folder: &Path) -> Result<File, BackupError> {
    let path = folder.join(LOCK);
    let failed = |source| BackupError::File { what: "write", path: path.clone(), source };
    let lock = File::options().write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(BackupError::Locked(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// The finished backups in a folder, the oldest first.
fn finished(folder: &Path) -> Result<Vec<PathBuf>, BackupError> {
    let failed = |source| BackupError::File { what: "look through", path: folder.to_owned(), source };
    let mut backups = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.join(MANIFEST).exists() && path.extension().is_none_or(|ending| ending != "half") {
            backups.push(path);
        }
    }
    backups.sort();
    Ok(backups)
}

/// The folder that a backup lies in, with what the backups share.
fn beside(backup: &Path) -> PathBuf {
    match backup.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}
