//! Letters of this node's spool beside the backups: like the keys, only ever in their newest state.
//!
//! A letter is sealed under the master key, so an old copy of it could be read after its tip was destroyed; therefore none is in a backup.
//! A copy is named after the spool and the backup that it goes with, and the one before stays until that backup is whole. The spool is
//! copied before the snapshot and once more right after it, so what was acknowledged by then is in one of them.

use super::{BackupError, LETTERS, files};
use crate::spool::folder::{self, Reach};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// What lies in a spool for the process that has it.
const ITS_OWN: [&str; 2] = ["lock", "try"];
/// How far the spool was drained. A later one than the snapshot would leave out what is in neither.
const CURSOR: &str = "cursor";
/// What letters are in, however they are kept.
const OF_LETTERS: [&str; 3] = ["letters", "letter", "damaged"];

/// Letters that are being copied for a backup that is not whole yet.
pub(super) struct Staged {
    spool: PathBuf,
    all: PathBuf,
    /// The spool's name.
    pub(super) name: String,
    /// The copy's folder, once it is whole.
    to: PathBuf,
    half: PathBuf,
    reach: Reach,
}

impl Staged {
    /// For the backup of this name; `None` where this node has no spool.
    pub(super) fn begin(spool: &Path, folder: &Path, backup: &str) -> Result<Option<Self>, BackupError> {
        let all = folder.join(LETTERS);
        remove_halves(&all).map_err(failed(&all))?;
        let Some(name) = folder::name(spool).map_err(failed(spool))? else { return Ok(None) };
        let to = all.join(format!("{name}.{backup}"));
        let half = all.join(format!("{name}.{backup}.half"));
        Ok(Some(Self { spool: spool.to_owned(), all, name, to, half, reach: (0, 0) }))
    }

    /// Copies what waits, before the snapshot; again, if it must.
    pub(super) fn before(&mut self) -> Result<(), BackupError> {
        let copied = || {
            remove(&self.half)?;
            fs::create_dir_all(&self.half)?;
            copy_all(&self.spool, &self.half, &[])?;
            folder::reaches_to(&self.half)
        };
        self.reach = copied().map_err(failed(&self.half))?;
        Ok(())
    }

    /// Copies what came until the snapshot was taken. False if some of that may have been drained already: then neither has it.
    pub(super) fn after(&mut self) -> Result<bool, BackupError> {
        copy_all(&self.spool, &self.half, &[CURSOR]).map_err(failed(&self.half))?;
        Ok(folder::drained_to(&self.spool) <= self.reach)
    }

    /// Gives the copy its name, durably; without letters there is none.
    pub(super) fn stand(&self) -> Result<(), BackupError> {
        let stood = || {
            if count(&self.half)? == 0 {
                return remove(&self.half);
            }
            sync_all(&self.half)?;
            fs::rename(&self.half, &self.to)?;
            File::open(&self.all)?.sync_all()
        };
        stood().map_err(failed(&self.to))
    }

    /// The backup is not to be: what was copied goes, and what was there before stays.
    pub(super) fn give_up(&self) {
        let _ = remove(&self.half);
        let _ = remove(&self.to);
    }

    /// The backup is whole: earlier copies of this spool go.
    pub(super) fn replace(&self) -> Result<(), BackupError> {
        for copy in copies(&self.all)? {
            if copy != self.to && spool_of(&copy) == self.name {
                remove(&copy).map_err(failed(&copy))?;
            }
        }
        Ok(())
    }
}

/// Puts letters into an empty spool: those of the spool `of` that go with this backup, else the newest. Gives the folders of the others,
/// which belong into spools of their own.
pub(super) fn restore(folder: &Path, spool: &Path, backup: &Path, of: Option<&str>) -> Result<(u64, Vec<PathBuf>), BackupError> {
    let mut newest: Vec<PathBuf> = Vec::new();
    for copy in copies(&folder.join(LETTERS))? {
        match newest.last_mut().filter(|last| spool_of(last) == spool_of(&copy)) {
            Some(last) if goes_with(last, backup) => {}
            Some(last) => *last = copy,
            None => newest.push(copy),
        }
    }
    if newest.is_empty() {
        return Ok((0, newest));
    }
    let first = newest.iter().position(|copy| of == Some(spool_of(copy))).unwrap_or(0);
    let first = newest.remove(first);
    let restored = fs::create_dir_all(spool).and_then(|()| copy_all(&first, spool, &[])).and_then(|()| count(&first));
    restored.map(|kept| (kept, newest)).map_err(failed(spool))
}

/// The copies of letters that are whole, in the order of spools and of their backups.
pub(super) fn copies(all: &Path) -> Result<Vec<PathBuf>, BackupError> {
    let mut found = match fs::read_dir(all) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>().map_err(failed(all))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(failed(all)(error)),
    };
    found.retain(|copy| copy.is_dir() && !is_half(copy));
    found.sort();
    Ok(found)
}

/// The spool that a copy is of; the backup stands behind it.
pub(super) fn spool_of(copy: &Path) -> &str {
    let name = copy.file_name().and_then(|name| name.to_str()).unwrap_or("");
    name.split_once('.').map_or(name, |(spool, _)| spool)
}

fn goes_with(copy: &Path, backup: &Path) -> bool {
    let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    name(copy).zip(name(backup)).is_some_and(|(copy, backup)| copy.split_once('.').is_some_and(|(_, of)| of == backup))
}

fn is_half(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "half")
}

fn failed(path: &Path) -> impl Fn(io::Error) -> BackupError + use<> {
    let path = path.to_owned();
    move |source| BackupError::File { what: "copy the letters of a spool in", path: path.clone(), source }
}

fn remove_halves(all: &Path) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(all) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if is_half(&path) {
            remove(&path)?;
        }
    }
    Ok(())
}

pub(super) fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// How many files of letters there are, those that were set aside included.
fn count(folder: &Path) -> io::Result<u64> {
    let mut found = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found += count(&path)?;
        } else if path.extension().is_some_and(|ending| OF_LETTERS.iter().any(|one| ending == *one)) {
            found += 1;
        }
    }
    Ok(found)
}

/// Files and the folder of letters that were set aside; one that is drained meanwhile is not there any more.
fn copy_all(from: &Path, to: &Path, without: &[&str]) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            fs::create_dir_all(to.join(&name))?;
            copy_all(&path, &to.join(&name), without)?;
        } else if !is_half(&path) && !ITS_OWN.iter().chain(without).any(|left| name == *left) {
            match files::copy(&path, &to.join(&name)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
    }
    Ok(())
}

fn sync_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_all(&path)?;
        }
    }
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    const FIRST: &str = "0000000000000001.letters";
    const SECOND: &str = "0000000000000002.letters";

    fn folders() -> (PathBuf, PathBuf, PathBuf) {
        let all = std::env::temp_dir().join(format!("tipline-letters-{}", Entropy.uuid().simple()));
        let (spool, folder) = (all.join("the-spool"), all.join("backups"));
        fs::create_dir_all(spool.join("poison")).unwrap();
        fs::create_dir_all(folder.join(LETTERS)).unwrap();
        (all, spool, folder)
    }

    fn take(spool: &Path, folder: &Path, backup: &str) -> Staged {
        let mut staged = Staged::begin(spool, folder, backup).unwrap().unwrap();
        staged.before().unwrap();
        assert!(staged.after().unwrap());
        staged.stand().unwrap();
        staged
    }

    #[test]
    fn letters_are_only_there_in_their_newest_state() {
        let (all, spool, folder) = folders();
        let back = all.join("back");
        take(&spool, &folder, "1").replace().unwrap();
        assert_eq!(restore(&folder, &back, Path::new("1"), None).unwrap(), (0, Vec::new()), "an empty spool leaves nothing");
        for (name, text) in [(FIRST, "old"), ("lock", ""), ("cursor", "1 0\n"), ("poison/1.letter", "aside")] {
            fs::write(spool.join(name), text).unwrap();
        }
        let old = take(&spool, &folder, "2");
        old.replace().unwrap();
        fs::remove_file(spool.join(FIRST)).unwrap();
        fs::write(spool.join(SECOND), "new").unwrap();
        let new = take(&spool, &folder, "3");
        assert!(old.to.is_dir(), "until the backup is whole, the one before has its letters");
        let of = Some(new.name.as_str());
        restore(&folder, &all.join("cut"), &folder.join("2"), of).unwrap();
        assert!(all.join("cut").join(FIRST).exists() && !all.join("cut").join(SECOND).exists());
        new.replace().unwrap();
        assert!(!old.to.exists());
        // Another node's, whose name comes first.
        fs::create_dir_all(folder.join(LETTERS).join("00.1")).unwrap();
        fs::write(folder.join(LETTERS).join("00.1").join(FIRST), "another's").unwrap();
        let restored = restore(&folder, &back, &folder.join("3"), of).unwrap();
        assert_eq!(restored, (2, vec![folder.join(LETTERS).join("00.1")]));
        assert_eq!(fs::read_to_string(back.join(SECOND)).unwrap(), "new");
        assert_eq!(fs::read_to_string(back.join("poison/1.letter")).unwrap(), "aside");
        assert!(!back.join(FIRST).exists() && !back.join("lock").exists());
        assert_eq!(folder::name(&back).unwrap().as_deref(), of, "the spool goes on");
        fs::remove_dir_all(all).unwrap();
    }

    #[test]
    fn what_is_acknowledged_between_the_copy_and_the_snapshot_is_copied_too() {
        let (all, spool, folder) = folders();
        fs::write(spool.join(FIRST), "one").unwrap();
        fs::write(spool.join(CURSOR), "1 0\n").unwrap();
        let mut staged = Staged::begin(&spool, &folder, "1").unwrap().unwrap();
        staged.before().unwrap();
        fs::write(spool.join(FIRST), "one two").unwrap();
        fs::write(spool.join(SECOND), "three").unwrap();
        assert!(staged.after().unwrap());
        staged.stand().unwrap();
        assert_eq!(fs::read_to_string(staged.to.join(FIRST)).unwrap(), "one two");
        assert_eq!(fs::read_to_string(staged.to.join(SECOND)).unwrap(), "three");

        // What was copied may be drained meanwhile: that it was is not believed of the copy.
        let mut staged = Staged::begin(&spool, &folder, "2").unwrap().unwrap();
        staged.before().unwrap();
        fs::remove_file(spool.join(FIRST)).unwrap();
        fs::write(spool.join(CURSOR), "2 0\n").unwrap();
        assert!(staged.after().unwrap());
        staged.stand().unwrap();
        assert_eq!(fs::read_to_string(staged.to.join(FIRST)).unwrap(), "one two");
        assert_eq!(folder::drained_to(&staged.to), (1, 0));

        // What came after the first copy and was drained before the second is in neither.
        let mut staged = Staged::begin(&spool, &folder, "3").unwrap().unwrap();
        staged.before().unwrap();
        fs::remove_file(spool.join(SECOND)).unwrap();
        fs::write(spool.join(CURSOR), "4 0\n").unwrap();
        assert!(!staged.after().unwrap(), "the snapshot must be taken anew");
        staged.before().unwrap();
        assert!(staged.after().unwrap());
        staged.give_up();
        assert!(!staged.half.exists() && !staged.to.exists());
        fs::remove_dir_all(all).unwrap();
    }
}
