//! A backup into an empty deployment: rows, keys, files, letters; then what was under way is ended.
//!
//! Until the very end the database carries the mark of an unfinished copy, so no gateway starts on half of it; a restore that was cut off is
//! run again and goes on. Everything is compared with the manifest on its way.

use super::alter::Returning;
use super::manifest::{Manifest, Whole};
use super::settle::{self, Settled};
use super::take::private_folder;
use super::verify::keys_for;
use super::{BackupError, DATABASE, FILES, LIST, beside, files, hold, letters, place};
use crate::clock::Clock;
use crate::config::{Config, Database};
use crate::deployment::{self, refusal};
use crate::entropy::Entropy;
use crate::store::copy::{self, OnProgress};
use crate::store::sqlite;
use crate::vault::Vault;
use crate::vault::keys::KeyError;
use std::fs;
use std::path::{Path, PathBuf};

/// What stands after a restore.
#[derive(Debug)]
pub struct Restored {
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// Tips that can be read.
    pub tips: u64,
    /// Tips that were destroyed, before the backup or after it.
    pub destroyed: u64,
    /// Files that were brought back.
    pub files: u64,
    /// Letters of other nodes, which belong into the spools of other nodes.
    pub other_letters: Vec<PathBuf>,
    /// What was under way and was ended.
    pub settled: Settled,
}

/// Restores `backup` into the empty deployment of this configuration.
pub async fn restore(config: &Config, clock: &Clock, backup: &Path, progress: OnProgress<'_>) -> anyhow::Result<Restored> {
    let manifest = Manifest::read(backup)?;
    let folder = beside(backup);
    let lock = hold(&folder)?;
    let keys = keys_for(backup, &manifest)?;
    let (master, source) = config.master_key().map_err(refusal)?;
    if Vault::new(&master, Entropy).check_value() != manifest.key_check {
        return Err(refusal(KeyError::Wrong(source)));
    }
    manifest.database.check(&backup.join(DATABASE))?;
    manifest.list.check(&backup.join(LIST))?;
    let list = files::read_list(backup)?;
    let to = place(config);
    deployment::make_folder(&config.data_folder)?;
    // Nobody else opens the file meanwhile; a server's database is kept by its mark.
    let held = match &config.database {
        Database::File(path) => Some(sqlite::hold(path, true).await.map_err(refusal)?),
        Database::Server(_) => None,
    };
    copy::prepare(&to).await?;
    let mut returning = Returning::new(&keys);
    copy::restore(backup.join(DATABASE), &to, &manifest.id, &mut returning, progress).await?;
    let (tips, destroyed) = (returning.tips, returning.destroyed());
    let brought = bring_files(&folder, &config.media.files(), list.iter().filter(|(place, _)| !returning.left.contains(place)))?;
    let (_, other_letters) = letters::restore(&folder, &config.spool.folder, backup, manifest.spool.as_deref())?;
    drop(held);
    let waiting = copy::waiting(&to).await?;
    let settled = settle::settle(config, clock, &manifest, waiting).await?;
    copy::finish(&to, &manifest.id).await?;
    drop(lock);
    Ok(Restored { manifest, tips, destroyed, files: brought, other_letters, settled })
}

/// Copies sealed files to where the gateway looks for them; each must be what was written.
fn bring_files<'a>(folder: &Path, media: &Path, list: impl Iterator<Item = &'a (String, String)>) -> Result<u64, BackupError> {
    let mut brought = 0;
    for (place, hash) in list {
        let (from, to) = (folder.join(FILES).join(place), media.join(place));
        let failed = |source| BackupError::File { what: "restore", path: to.clone(), source };
        private_folder(to.parent().unwrap_or(media))?;
        files::copy(&from, &to).map_err(failed)?;
        if Whole::of(&to).map_err(failed)?.sha256 != *hash {
            fs::remove_file(&to).map_err(failed)?;
            return Err(BackupError::Damaged { path: from, what: "it is not what was written" });
        }
        brought += 1;
    }
    Ok(brought)
}
