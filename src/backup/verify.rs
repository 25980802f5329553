//! Looking whether a backup is what was written, and what could be read from it.

use super::alter::Counting;
use super::keys::Keys;
use super::manifest::{Manifest, Whole};
use super::{BackupError, DATABASE, FILES, LIST, beside, files};
use crate::config::Config;
use crate::entropy::Entropy;
use crate::store::copy::{self, OnProgress};
use crate::vault::Vault;
use crate::vault::sealed::WrappedKey;
use std::path::Path;

/// What was found: everything is as it was written.
#[derive(Debug)]
pub struct Verified {
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// Tips whose key is beside the backups.
    pub tips: u64,
    /// Tips that were destroyed before or after the backup.
    pub destroyed: u64,
    /// How many keys the master key of the configuration opens; `None` when there is none.
    pub opened: Option<u64>,
}

/// The keys that a backup is read with: whole, of the same deployment, and not older than the backup.
pub(super) fn keys_for(backup: &Path, manifest: &Manifest) -> Result<Keys, BackupError> {
    let keys = Keys::read(&beside(backup))?;
    if keys.check != manifest.key_check {
        return Err(BackupError::OtherKeys);
    }
    if keys.at < manifest.taken_at {
        return Err(BackupError::OldKeys);
    }
    Ok(keys)
}

/// Reads all of a backup and compares it with what it says of itself.
pub async fn verify(config: &Config, backup: &Path, progress: OnProgress<'_>) -> Result<Verified, BackupError> {
    let manifest = Manifest::read(backup)?;
    let keys = keys_for(backup, &manifest)?;
    manifest.database.check(&backup.join(DATABASE))?;
    manifest.list.check(&backup.join(LIST))?;
    let mut counting = Counting { keys: &keys, tips: 0, destroyed: 0 };
    let tables = copy::count(backup.join(DATABASE), &mut counting, progress).await?;
    copy::compare(&manifest.tables, &tables)?;
    let (tips, destroyed) = (counting.tips, counting.destroyed);
    for (place, hash) in files::read_list(backup)? {
        let path = beside(backup).join(FILES).join(place);
        let found = Whole::of(&path).map_err(|source| BackupError::File { what: "read", path: path.clone(), source })?;
        if found.sha256 != hash {
            return Err(BackupError::Damaged { path, what: "it is not what was written" });
        }
    }
    let opened = open_keys(config, backup, &keys)?;
    Ok(Verified { manifest, tips, destroyed, opened })
}

/// Tries every key with the master key, if there is one here and it is the one that wrapped them.
fn open_keys(config: &Config, backup: &Path, keys: &Keys) -> Result<Option<u64>, BackupError> {
    let Ok((master, _)) = config.master_key() else { return Ok(None) };
    let vault = Vault::new(&master, Entropy);
    if vault.check_value() != keys.check {
        return Ok(None);
    }
    let opens = |(id, wrapped): (&String, &Vec<u8>)| id.parse().is_ok_and(|id| vault.unwrap_key(id, &WrappedKey(wrapped.clone())).is_ok());
    if keys.wrapped.iter().all(opens) {
        Ok(Some(keys.wrapped.len() as u64))
    } else {
        Err(BackupError::Damaged { path: beside(backup).join(super::KEYS), what: "a key does not open" })
    }
}
