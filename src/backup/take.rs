//! Taking a backup, beside whatever runs.
//!
//! The order matters: the time, the spool's letters, the database in one snapshot, the letters once more, then the files that its rows name
//! (a file is durable before its row). Nothing that other backups need is touched until it is known that this one may stand beside
//! them; then come manifest, keys and name, and what is older goes last. Cut off, it is swept or finished by the next.

use super::alter::Leaving;
use super::former::Former;
use super::halves::{finish_or_sweep, name_it};
use super::keys::Keys;
use super::letters::Staged;
use super::manifest::{FORMAT, Manifest, Whole};
use super::others::Others;
use super::{BackupError, DATABASE, files, finished, hold, place};
use crate::clock::Clock;
use crate::config::Config;
use crate::entropy::Entropy;
use crate::store::copy::{self, OnProgress, Place, Source};
use crate::vault::Vault;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// How often the snapshot is taken anew when the spool was drained faster than it was copied. Each time takes milliseconds, so this is
/// enough unless letters come and go all the time.
const SNAPSHOTS_MOST: u32 = 20;

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
    /// Whether a letter may have come and been drained while the snapshot was taken, so that it is not in it.
    pub may_lack_letters: bool,
    /// Letters of other spools that the database has not taken yet.
    pub other_letters: Vec<PathBuf>,
    /// Whether those were looked at: without the master key they cannot be.
    pub letters_open: bool,
}

/// Takes a backup into `folder`; of the older ones only so many stay that there are `keep`, if that is said. Refused, it changes nothing
/// there.
pub async fn take(
    config: &Config,
    clock: &Clock,
    folder: &Path,
    keep: Option<u32>,
    progress: OnProgress<'_>,
) -> Result<Taken, BackupError> {
    private_folder(folder)?;
    let lock = hold(folder)?;
    let former = Former::read(folder)?;
    finish_or_sweep(folder, former.backup())?;
    let from = place(config);
    let taken_at = copy::time(&from).await?.unwrap_or_else(|| clock.now());
    let name = free_name(folder, taken_at);
    let (path, half) = (folder.join(&name), folder.join(format!("{name}.half")));
    let mut staged = Staged::begin(&config.spool.folder, folder, &name)?;
    let own = staged.as_ref().map(|staged| staged.name.clone());
    let vault = config.master_key().ok().map(|(master, _)| Vault::new(&master, Entropy));
    let others = Others::look(folder, own.as_deref(), vault.as_ref(), taken_at)?;
    let leaving = Leaving { gone: former.tips(), untaken: others.traces(), ..Leaving::default() };
    let read = async {
        private_folder(&half)?;
        let read = read(&from, &half, staged.as_mut(), leaving, progress).await?;
        former.refuse(&read.leaving, &read.key_check, &from.shown())?;
        Ok::<_, BackupError>(read)
    };
    let Read { leaving, key_check, tables, may_lack_letters } = match read.await {
        Ok(read) => read,
        Err(error) => {
            // The next one would sweep them as well.
            let _ = fs::remove_dir_all(&half);
            staged.inspect(Staged::give_up);
            return Err(error);
        }
    };
    let kept = files::keep(&config.media.files(), folder, &leaving.files, &known(folder)?)?;
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
        keys: leaving.keys.len() as u64,
        spool: own,
        list,
        files: kept.list.len() as u64,
        missing: kept.missing,
    };
    if let Some(staged) = &staged {
        staged.stand()?;
    }
    manifest.write(&half)?;
    let (backup, deployment) = (Some(manifest.id.clone()), leaving.deployment);
    Keys { at: former.not_before(taken_at), check: key_check, backup, deployment, wrapped: leaving.keys }.write(folder)?;
    name_it(&half, &path, folder)?;
    if let Some(staged) = &staged {
        staged.replace()?;
    }
    let other_letters = others.drop_taken(&leaving.untaken)?;
    let dropped = drop_old(folder, keep)?;
    let swept = files::sweep(folder, &finished(folder)?)?;
    drop(lock);
    Ok(Taken { path, manifest, dropped, swept, may_lack_letters, other_letters, letters_open: vault.is_some() })
}

/// The name of a backup: its second, or the next one that no other has.
fn free_name(folder: &Path, taken_at: Timestamp) -> String {
    let seconds = (0..).map(|more| taken_at.saturating_add(SignedDuration::from_secs(more)).unwrap_or(taken_at));
    let mut names = seconds.map(|at| at.strftime("%Y-%m-%dT%H-%M-%SZ").to_string());
    names.find(|name| !folder.join(name).exists()).unwrap_or_default()
}

/// What was read of letters and database.
struct Read {
    leaving: Leaving,
    key_check: String,
    tables: Vec<copy::TableProof>,
    may_lack_letters: bool,
}

/// Letters and rows, of one moment.
async fn read(
    from: &Place,
    half: &Path,
    mut letters: Option<&mut Staged>,
    mut leaving: Leaving,
    progress: OnProgress<'_>,
) -> Result<Read, BackupError> {
    let (source, may_lack_letters) = snapshot(from, &mut letters).await?;
    let tables = copy::backup(source, half.join(DATABASE), &mut leaving, progress).await?;
    let key_check = leaving.check.take().ok_or_else(|| BackupError::Unused(from.shown()))?;
    Ok(Read { leaving, key_check, tables, may_lack_letters })
}

/// The database at a moment at which every letter was copied that it had not taken; and whether that could not be had.
async fn snapshot(from: &Place, letters: &mut Option<&mut Staged>) -> Result<(Source, bool), BackupError> {
    let Some(letters) = letters else { return Ok((Source::open(from).await?, false)) };
    let mut tries = 0;
    loop {
        letters.before()?;
        let source = Source::open(from).await?;
        let is_all = letters.after()?;
        tries += 1;
        if is_all || tries == SNAPSHOTS_MOST {
            return Ok((source, !is_all));
        }
        source.close().await?;
    }
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

/// The hashes that the last backup knows, so that no file is read with every backup.
fn known(folder: &Path) -> Result<HashMap<String, String>, BackupError> {
    match finished(folder)?.last() {
        Some(last) => Ok(files::read_list(last)?.into_iter().collect()),
        None => Ok(HashMap::new()),
    }
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
