//! The sealed files of media beside the backups: each once, however many backups name it, with a list of hashes in each.
//!
//! A file never changes once a row names it, so what lies here already is not read again. Rows are read before files: a file is durable
//! before its row, so whatever a row names is there. The list is what `sha256sum --check` reads.

use super::manifest::Whole;
use super::{BackupError, FILES, LIST};
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The list of a backup: places below the folder of files with their hashes, in order.
pub(super) type List = Vec<(String, String)>;

/// What became of the files.
pub(super) struct Kept {
    /// Those that are here.
    pub(super) list: List,
    /// Those that rows name and that were not there.
    pub(super) missing: u64,
}

/// Brings what `named` names from the folder of media to the backups. `known` are hashes of former lists.
pub(super) fn keep(media: &Path, folder: &Path, named: &[String], known: &HashMap<String, String>) -> Result<Kept, BackupError> {
    let mut kept = Kept { list: Vec::new(), missing: 0 };
    let mut folders = HashSet::new();
    for place in named {
        let (from, to) = (media.join(place), folder.join(FILES).join(place));
        let failed = |source| BackupError::File { what: "keep", path: to.clone(), source };
        if let (Some(hash), true) = (known.get(place), to.exists()) {
            kept.list.push((place.clone(), hash.clone()));
            continue;
        }
        let parent = to.parent().unwrap_or(folder);
        if folders.insert(parent.to_owned()) {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        if !to.exists() {
            match bring(&from, &to) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    kept.missing += 1;
                    continue;
                }
                other => other.map_err(failed)?,
            }
        }
        let Whole { sha256, .. } = Whole::of(&to).map_err(failed)?;
        kept.list.push((place.clone(), sha256));
    }
    for parent in folders {
        let synced = File::open(&parent).and_then(|parent| parent.sync_all());
        synced.map_err(|source| BackupError::File { what: "sync", path: parent, source })?;
    }
    Ok(kept)
}

/// A second name for the same file on the same disk, else a copy; whole when it has its name.
fn bring(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error),
        Err(_) => copy(from, to),
    }
}

/// A copy that is on the disk and whole when it has its name.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let half = half(to);
    fs::copy(from, &half)?;
    File::open(&half)?.sync_all()?;
    fs::rename(&half, to)
}

fn half(path: &Path) -> PathBuf {
    let mut half = path.as_os_str().to_owned();
    half.push(".half");
    half.into()
}

/// Writes the list of a backup.
pub(super) fn write_list(backup: &Path, list: &List) -> Result<Whole, BackupError> {
    let path = backup.join(LIST);
    let failed = |source| BackupError::File { what: "write", path: path.clone(), source };
    let text: String = list.iter().map(|(place, hash)| format!("{hash}  ../{FILES}/{place}\n")).collect();
    fs::write(&path, text).and_then(|()| File::open(&path)?.sync_all()).map_err(failed)?;
    Whole::of(&path).map_err(failed)
}

/// Reads the list of a backup.
pub(super) fn read_list(backup: &Path) -> Result<List, BackupError> {
    let path = backup.join(LIST);
    let text = fs::read_to_string(&path).map_err(|source| BackupError::File { what: "read", path: path.clone(), source })?;
    let line = |line: &str| {
        let (hash, place) = line.split_once("  ../")?;
        let place = place.strip_prefix(FILES)?.strip_prefix('/')?;
        // Nothing but what this program names: two digits, a slash, an id, an ending.
        let plain = place.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'/' || b == b'.') && !place.contains("..");
        plain.then(|| (place.to_owned(), hash.to_owned()))
    };
    text.lines()
        .map(|text| line(text).ok_or_else(|| BackupError::Damaged { path: path.clone(), what: "a line is not understood" }))
        .collect()
}

/// Removes files that no list names any more; how many.
pub(super) fn sweep(folder: &Path, backups: &[PathBuf]) -> Result<u64, BackupError> {
    let mut named = HashSet::new();
    for backup in backups {
        named.extend(read_list(backup)?.into_iter().map(|(place, _)| place));
    }
    let all = folder.join(FILES);
    let failed = |source| BackupError::File { what: "look through", path: all.clone(), source };
    let mut removed = 0;
    let Ok(folders) = fs::read_dir(&all) else { return Ok(0) };
    for parent in folders {
        let parent = parent.map_err(failed)?.path();
        for file in fs::read_dir(&parent).map_err(failed)? {
            let path = file.map_err(failed)?.path();
            let place = path.strip_prefix(&all).ok().and_then(Path::to_str).unwrap_or("").to_owned();
            if !named.contains(&place) {
                fs::remove_file(&path).map_err(failed)?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    #[test]
    fn each_file_is_kept_once_and_goes_with_the_last_backup_that_names_it() {
        let all = std::env::temp_dir().join(format!("tipline-kept-{}", Entropy.uuid().simple()));
        let (media, folder) = (all.join("media"), all.join("backups"));
        let (first, second) = (folder.join("1"), folder.join("2"));
        for folder in [&media.join("0a"), &first, &second] {
            fs::create_dir_all(folder).unwrap();
        }
        let names = ["0a/one.original", "0a/one.copy", "0a/two.original"];
        for name in names {
            fs::write(media.join(name), name).unwrap();
        }
        let named: Vec<String> = names.iter().chain(&["0a/gone.original"]).map(|name| (*name).to_owned()).collect();
        let kept = keep(&media, &folder, &named, &HashMap::new()).unwrap();
        assert_eq!((kept.list.len(), kept.missing), (3, 1));
        write_list(&first, &kept.list).unwrap();
        assert_eq!(read_list(&first).unwrap(), kept.list);
        // What lies here already is not read again: its hash is the one that is known.
        let known = HashMap::from([(named[0].clone(), "known".to_owned())]);
        let again = keep(&media, &folder, &named[..1], &known).unwrap();
        assert_eq!(again.list, [(named[0].clone(), "known".to_owned())]);
        write_list(&second, &again.list).unwrap();
        assert_eq!(sweep(&folder, &[first, second.clone()]).unwrap(), 0);
        assert_eq!(sweep(&folder, std::slice::from_ref(&second)).unwrap(), 2);
        assert!(folder.join(FILES).join(names[0]).exists() && !folder.join(FILES).join(names[2]).exists());
        for bad in ["ab  ../files/../../etc/passwd", "ab  /etc/passwd", "ab"] {
            fs::write(second.join(LIST), bad).unwrap();
            assert!(matches!(read_list(&second), Err(BackupError::Damaged { .. })), "{bad}");
        }
        fs::remove_dir_all(all).unwrap();
    }
}
