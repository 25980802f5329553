//! Backups that have no name yet, and how one gets it.
//!
//! Order: the manifest, the keys, the name. A backup that was cut off before its keys were in place counts for nothing and is swept; one
//! whose keys are there is whole, and gets its name from the next, so that no tip has its key there and its rows nowhere.

use super::manifest::Manifest;
use super::{BackupError, MANIFEST};
use std::fs::{self, File};
use std::path::Path;

/// The ending of a folder that is being written.
const ENDING: &str = "half";

/// Finishes the one that the keys were written with, and sweeps the others.
pub(super) fn finish_or_sweep(folder: &Path, keys_of: Option<&str>) -> Result<(), BackupError> {
    let failed = |source| BackupError::File { what: "look through", path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if !path.is_dir() || path.extension().is_none_or(|ending| ending != ENDING) {
            continue;
        }
        let is_whole = path.join(MANIFEST).exists() && Manifest::read(&path).is_ok_and(|manifest| keys_of == Some(&*manifest.id));
        if is_whole {
            name_it(&path, &path.with_extension(""), folder)?;
        } else {
            fs::remove_dir_all(&path).map_err(failed)?;
        }
    }
    Ok(())
}

/// Gives a backup its name, durably.
pub(super) fn name_it(half: &Path, path: &Path, folder: &Path) -> Result<(), BackupError> {
    let named = || {
        File::open(half)?.sync_all()?;
        fs::rename(half, path)?;
        File::open(folder)?.sync_all()
    };
    named().map_err(|source| BackupError::File { what: "finish", path: path.to_owned(), source })
}
