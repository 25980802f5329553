//! Taking a backup, beside whatever runs.
//!
//! The order matters: the spool's letters first (what is drained meanwhile is in the database), then the database in one snapshot, then the
//! files that its rows name (a file is durable before its row), then the keys; the manifest and the name come last. A backup that was
//! cut off has no name and is swept by the next.

use super::alter::Leaving;
use super::keys::Keys;
use super::manifest::{FORMAT, Manifest, Whole};
use super::{BackupError, DATABASE, files, finished, hold, letters, place};
use crate::clock::Clock;
use crate::config::Config;
use crate::entropy::Entropy;
use crate::store::copy::{self, OnProgress, Place};
use jiff::Timestamp;
use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// A backup that was taken.
#[derive(Debug)]
pub struct Taken {
    /// Its folder.
    pub path: PathBuf,
    /// What it says of itself.
    pub manifest: Manifest,
    /// Old backups that went to make room.
    pub dropped: Vec<PathBuf>,
    /// Files that no backup names any more and that went.
    pub swept: u64,
}

/// Takes a backup into `folder`; of the older ones only so many stay that there are `keep`, if that is said.
pub async fn take(
    config: &Config,
    clock: &Clock,
    folder: &Path,
    keep: Option<u32>,
    progress: OnProgress<'_>,
) -> Result<Taken, BackupError> {
    private_folder(folder)?;
    let lock = hold(folder)?;
    sweep_halves(folder)?;
    let node = crate::deployment::node_name(config).unwrap_or_else(|_| "node".to_owned());
    letters::keep(&config.spool.folder, folder, &node)?;
    let taken_at = clock.now();
    let name = taken_at.strftime("%Y-%m-%dT%H-%M-%SZ").to_string();
    let (path, half) = (folder.join(&name), folder.join(format!("{name}.half")));
    private_folder(&half)?;
    let from = place(config);
    let mut leaving = Leaving::default();
    let tables = copy::backup(copy::Source::open(&from).await?, half.join(DATABASE), &mut leaving, progress).await?;
    let Leaving { keys, files: named, check } = leaving;
    let key_check = check.ok_or_else(|| BackupError::Unused(from.shown()))?;
    let kept = files::keep(&config.media.files(), folder, &named, &known(folder)?)?;
    let list = files::write_list(&half, &kept.list)?;
    let manifest = Manifest {
        format: FORMAT,
        id: Entropy.uuid().simple().to_string(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        engine: engine(&from).to_owned(),
        taken_at,
        key_check: key_check.clone(),
        database: whole(&half.join(DATABASE))?,
        tables,
        keys: keys.len() as u64,
        list,
        files: kept.list.len() as u64,
        missing: kept.missing,
    };
    Keys { at: taken_at, check: key_check, wrapped: keys }.write(folder)?;
    manifest.write(&half)?;
    name_it(&half, &path, folder)?;
    let dropped = drop_old(folder, keep)?;
    let swept = files::sweep(folder, &finished(folder)?)?;
    drop(lock);
    Ok(Taken { path, manifest, dropped, swept })
}

const fn engine(place: &Place) -> &'static str {
    match place {
        Place::Sqlite(_) | Place::Finished(_) => "sqlite",
        Place::Postgres(_) => "postgres",
    }
}

fn whole(path: &Path) -> Result<Whole, BackupError> {
    Whole::of(path).map_err(|source| BackupError::File { what: "read", path: path.to_owned(), source })
}

/// Makes a folder for this user only.
pub(super) fn private_folder(folder: &Path) -> Result<(), BackupError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|source| BackupError::File { what: "make", path: folder.to_owned(), source })
}

/// What was cut off.
fn sweep_halves(folder: &Path) -> Result<(), BackupError> {
    let failed = |source| BackupError::File { what: "look through", path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() && path.extension().is_some_and(|ending| ending == "half") {
            fs::remove_dir_all(&path).map_err(failed)?;
        }
    }
    Ok(())
}

/// The hashes that the last backup knows, so that no file is read with every backup.
fn known(folder: &Path) -> Result<HashMap<String, String>, BackupError> {
    match finished(folder)?.last() {
        Some(last) => Ok(files::read_list(last)?.into_iter().collect()),
        None => Ok(HashMap::new()),
    }
}

/// Gives a backup its name, durably.
fn name_it(half: &Path, path: &Path, folder: &Path) -> Result<(), BackupError> {
    let named = || {
        File::open(half)?.sync_all()?;
        fs::rename(half, path)?;
        File::open(folder)?.sync_all()
    };
    named().map_err(|source| BackupError::File { what: "finish", path: path.to_owned(), source })
}

fn drop_old(folder: &Path, keep: Option<u32>) -> Result<Vec<PathBuf>, BackupError> {
    let Some(keep) = keep else { return Ok(Vec::new()) };
    let mut backups = finished(folder)?;
    let stay = (keep.max(1) as usize).min(backups.len());
    backups.truncate(backups.len() - stay);
    for path in &backups {
        // Without its manifest it is no backup any more, should this be cut off.
        let dropped = fs::remove_file(path.join(super::MANIFEST)).and_then(|()| fs::remove_dir_all(path));
        dropped.map_err(|source| BackupError::File { what: "remove", path: path.clone(), source })?;
    }
    Ok(backups)
}

/// When a backup was taken, as it is written to people.
pub(super) fn when(at: Timestamp, config: &Config) -> String {
    at.to_zoned(config.zone().clone()).strftime("%B %-d, %Y, %H:%M").to_string()
}
