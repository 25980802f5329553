//! The file of keys beside the backups: the wrapped key of every tip that there is, and of no other.
//!
//! It is replaced whole with every backup, so it only ever exists in its newest state: an old backup finds no key in it for a tip that was
//! destroyed since, and nothing of it can be read. It ends with a hash of itself, because a key that is missing by damage would destroy a tip.

use super::{BackupError, KEYS};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The first word of the file, with its format. Time, check value and count follow; then, unless it is an early one, backup and deployment.
const HEAD: &str = "tipline-keys-1";
/// Stands where there is nothing to say.
const NONE: &str = "-";

/// The keys of all tips, by the id of each as the database writes it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Keys {
    /// When they were read: no backup that is younger can be restored with them.
    pub(super) at: Timestamp,
    /// Which master key wrapped them.
    pub(super) check: String,
    /// The id of the backup that they were written with; an early file does not say it.
    pub(super) backup: Option<String>,
    /// Whose they are; a deployment that never ran on a server has no name.
    pub(super) deployment: Option<String>,
    /// The wrapped keys.
    pub(super) wrapped: HashMap<String, Vec<u8>>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({} sealed)", self.wrapped.len())
    }
}

impl Keys {
    /// Replaces the file beside the backups.
    pub(super) fn write(&self, folder: &Path) -> Result<(), BackupError> {
        let path = folder.join(KEYS);
        let half = folder.join(format!("{KEYS}.half"));
        let failed = |source| BackupError::File { what: "write", path: path.clone(), source };
        let [backup, deployment] = [&self.backup, &self.deployment].map(|name| name.as_deref().unwrap_or(NONE));
        let mut text = format!("{HEAD} {} {} {} {backup} {deployment}\n", self.at, self.check, self.wrapped.len());
        for (id, key) in &self.wrapped {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{id} {}", STANDARD.encode(key));
        }
        let hash = crate::vault::hex(&Sha256::digest(text.as_bytes()));
        let _ = writeln!(text, "sha256 {hash}");
        let written = || {
            let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&half)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&half, &path)?;
            File::open(folder)?.sync_all()
        };
        written().map_err(failed)
    }

    /// Reads the file beside the backups; a damaged one is refused, never read as if keys had been destroyed.
    pub(super) fn read(folder: &Path) -> Result<Self, BackupError> {
        let path = folder.join(KEYS);
        let damaged = |what| BackupError::Damaged { path: path.clone(), what };
        let text = fs::read_to_string(&path).map_err(|source| BackupError::File { what: "read", path: path.clone(), source })?;
        let at = text.rfind("sha256 ").ok_or_else(|| damaged("its end is missing"))?;
        let (body, end) = text.split_at(at);
        let hash = crate::vault::hex(&Sha256::digest(body.as_bytes()));
        if end.strip_prefix("sha256 ").map(str::trim) != Some(hash.as_str()) {
            return Err(damaged("it is not what was written"));
        }
        let mut lines = body.lines();
        let head: Vec<&str> = lines.next().unwrap_or("").split(' ').collect();
        let (at, check, count, [backup, deployment]) = match head[..] {
            [HEAD, at, check, count] => (at, check, count, [NONE; 2]),
            [HEAD, at, check, count, backup, deployment] => (at, check, count, [backup, deployment]),
            _ => return Err(damaged("it is no file of keys")),
        };
        let [backup, deployment] = [backup, deployment].map(|name| (name != NONE).then(|| name.to_owned()));
        let at = at.parse().map_err(|_| damaged("its time is not understood"))?;
        let mut wrapped = HashMap::new();
        for line in lines {
            let (id, key) = line.split_once(' ').ok_or_else(|| damaged("a line is not understood"))?;
            wrapped.insert(id.to_owned(), STANDARD.decode(key).map_err(|_| damaged("a key is not understood"))?);
        }
        if count.parse() != Ok(wrapped.len()) {
            return Err(damaged("keys are missing"));
        }
        Ok(Self { at, check: check.to_owned(), backup, deployment, wrapped })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    #[test]
    fn a_file_of_keys_is_read_back_whole_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("tipline-keys-{}", Entropy.uuid().simple()));
        fs::create_dir_all(&folder).unwrap();
        let wrapped = (0..40_u8).map(|n| (format!("{n:032x}"), vec![n; 72])).collect();
        let (at, backup) = ("2026-11-22T12:00:00Z".parse().unwrap(), Some("0a".to_owned()));
        let keys = Keys { at, check: "ab".to_owned(), backup, deployment: None, wrapped };
        keys.write(&folder).unwrap();
        keys.write(&folder).unwrap();
        assert_eq!(Keys::read(&folder).unwrap(), keys);
        let whole = fs::read(folder.join(KEYS)).unwrap();
        for cut in [0, 10, whole.len() / 2, whole.len() - 2] {
            fs::write(folder.join(KEYS), &whole[..cut]).unwrap();
            assert!(matches!(Keys::read(&folder), Err(BackupError::Damaged { .. })), "cut at {cut}");
        }
        for at in (0..whole.len()).step_by(97) {
            let mut bent = whole.clone();
            bent[at] ^= 1;
            fs::write(folder.join(KEYS), &bent).unwrap();
            assert!(Keys::read(&folder).is_err(), "bent at {at}");
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn an_early_file_that_names_neither_backup_nor_deployment_is_read() {
        let folder = std::env::temp_dir().join(format!("tipline-keys-{}", Entropy.uuid().simple()));
        fs::create_dir_all(&folder).unwrap();
        let body = format!("{HEAD} 2026-11-22T12:00:00Z ab 1\n{:032x} {}\n", 7, STANDARD.encode([7; 72]));
        let hash = crate::vault::hex(&Sha256::digest(body.as_bytes()));
        fs::write(folder.join(KEYS), format!("{body}sha256 {hash}\n")).unwrap();
        let keys = Keys::read(&folder).unwrap();
        assert_eq!((keys.wrapped.len(), keys.backup, keys.deployment), (1, None, None));
        fs::remove_dir_all(folder).unwrap();
    }
}
