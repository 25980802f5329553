//! Letters of this node's spool beside the backups: like the keys, only ever in their newest state.
//!
//! A letter is sealed under the master key, so an old copy of it could be read after its tip was destroyed; therefore none is in a backup.
//! They are copied before the database is read: whatever was drained in between is in the database, and is known again by its `once`.

use super::{BackupError, LETTERS, files};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What lies in a spool besides the letters: the lock is the process's own.
const LOCK: &str = "lock";

/// Replaces the letters of this node; how many files there are.
pub(super) fn keep(spool: &Path, folder: &Path, node: &str) -> Result<u64, BackupError> {
    let to = folder.join(LETTERS).join(node);
    let half = folder.join(LETTERS).join(format!("{node}.half"));
    let failed = |source| BackupError::File { what: "keep the letters of the spool in", path: to.clone(), source };
    let written = || {
        remove(&half)?;
        fs::create_dir_all(&half)?;
        let kept = copy_all(spool, &half)?;
        remove(&to)?;
        if kept == 0 {
            remove(&half)?
        } else {
            fs::rename(&half, &to)?
        }
        Ok(kept)
    };
    written().map_err(failed)
}

/// Puts letters into an empty spool: those of one node; gives the folders of the others, which belong into spools of their own.
pub(super) fn restore(folder: &Path, spool: &Path) -> Result<(u64, Vec<PathBuf>), BackupError> {
    let all = folder.join(LETTERS);
    let failed = |source| BackupError::File { what: "restore the letters of the spool to", path: spool.to_owned(), source };
    let mut nodes = match fs::read_dir(&all) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>().map_err(failed)?,
        Err(_) => return Ok((0, Vec::new())),
    };
    nodes.retain(|node| node.extension().is_none_or(|ending| ending != "half"));
    nodes.sort();
    if nodes.is_empty() {
        return Ok((0, nodes));
    }
    let first = nodes.remove(0);
    fs::create_dir_all(spool).and_then(|()| copy_all(&first, spool)).map(|kept| (kept, nodes)).map_err(failed)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Files and the folder of letters that were set aside; one that is drained meanwhile is not there any more.
fn copy_all(from: &Path, to: &Path) -> io::Result<u64> {
    let mut kept = 0;
    let Ok(entries) = fs::read_dir(from) else { return Ok(0) };
    for entry in entries {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            fs::create_dir_all(to.join(&name))?;
            kept += copy_all(&path, &to.join(&name))?;
        } else if name != LOCK {
            match files::copy(&path, &to.join(&name)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => {
                    other?;
                    kept += 1;
                }
            }
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    #[test]
    fn letters_are_only_there_in_their_newest_state() {
        let all = std::env::temp_dir().join(format!("tipline-letters-{}", Entropy.uuid().simple()));
        let (spool, folder, back) = (all.join("spool-of-one"), all.join("backups"), all.join("back"));
        fs::create_dir_all(spool.join("poison")).unwrap();
        fs::create_dir_all(&folder).unwrap();
        assert_eq!(keep(&spool, &folder, "one").unwrap(), 0);
        assert_eq!(restore(&folder, &back).unwrap(), (0, Vec::new()), "an empty spool leaves nothing");
        for (name, text) in [("0000000000000001.letters", "old"), ("lock", ""), ("poison/1.letter", "aside")] {
            fs::write(spool.join(name), text).unwrap();
        }
        assert_eq!(keep(&spool, &folder, "one").unwrap(), 2);
        fs::remove_file(spool.join("0000000000000001.letters")).unwrap();
        fs::write(spool.join("0000000000000002.letters"), "new").unwrap();
        assert_eq!(keep(&spool, &folder, "one").unwrap(), 2);
        assert_eq!(keep(&spool, &folder, "two").unwrap(), 2);
        let (restored, others) = restore(&folder, &back).unwrap();
        assert_eq!((restored, others), (2, vec![folder.join(LETTERS).join("two")]));
        assert_eq!(fs::read_to_string(back.join("0000000000000002.letters")).unwrap(), "new");
        assert_eq!(fs::read_to_string(back.join("poison/1.letter")).unwrap(), "aside");
        assert!(!back.join("0000000000000001.letters").exists() && !back.join(LOCK).exists());
        fs::remove_dir_all(all).unwrap();
    }
}
