//! The keys that a backup finds beside the others, and what must be so before they are replaced.
//!
//! All backups of a folder are read with one file of keys, in which a key that is missing was destroyed. So it may be replaced only from
//! a database that has every tip of it: a destroyed tip has its row still, while an empty database, half of one, an older one or
//! another deployment's lacks rows, and would make backups unreadable that are good.

use super::alter::Leaving;
use super::keys::Keys;
use super::{BackupError, KEYS, finished};
use jiff::Timestamp;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// The keys before.
#[derive(Debug)]
pub(super) struct Former {
    folder: PathBuf,
    keys: Option<Keys>,
}

impl Former {
    /// Reads them. None are there before the first backup only; lost or damaged ones are refused.
    pub(super) fn read(folder: &Path) -> Result<Self, BackupError> {
        let lost = |why| BackupError::KeysLost { path: folder.join(KEYS), why };
        let keys = match Keys::read(folder) {
            Ok(keys) => Some(keys),
            Err(BackupError::Damaged { .. }) => return Err(lost("is damaged")),
            Err(BackupError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                if !finished(folder)?.is_empty() {
                    return Err(lost("is missing"));
                }
                None
            }
            Err(error) => return Err(error),
        };
        Ok(Self { folder: folder.to_owned(), keys })
    }

    /// The backup that they were written with.
    pub(super) fn backup(&self) -> Option<&str> {
        self.keys.as_ref().and_then(|keys| keys.backup.as_deref())
    }

    /// The tips that a database must have.
    pub(super) fn tips(&self) -> HashSet<String> {
        self.keys.iter().flat_map(|keys| keys.wrapped.keys().cloned()).collect()
    }

    /// Never earlier than those before, whatever a clock says: what is written later has all that is in them.
    pub(super) fn not_before(&self, at: Timestamp) -> Timestamp {
        self.keys.as_ref().map_or(at, |keys| keys.at.max(at))
    }

    /// Refuses to be replaced from a database of which this was read.
    pub(super) fn refuse(&self, read: &Leaving, key_check: &str, database: &str) -> Result<(), BackupError> {
        let Some(keys) = &self.keys else { return Ok(()) };
        let (folder, database) = (self.folder.clone(), database.to_owned());
        if keys.check != key_check || keys.deployment.is_some() && keys.deployment != read.deployment {
            return Err(BackupError::OthersFolder { folder, database });
        }
        match read.gone.len() {
            0 => Ok(()),
            tips => Err(BackupError::TipsGone { folder, database, tips }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;
    use std::collections::HashMap;

    fn keys(deployment: Option<&str>) -> Keys {
        let wrapped = HashMap::from([("a tip".to_owned(), vec![7; 72])]);
        let deployment = deployment.map(str::to_owned);
        Keys { at: "2026-11-22T12:00:00Z".parse().unwrap(), check: "ab".to_owned(), backup: None, deployment, wrapped }
    }

    #[test]
    fn keys_are_replaced_only_from_their_own_deployment_with_every_tip() {
        // Whose they are, whose the database is, its key, tips that it lacks: what is refused.
        for (whose, of, check, gone, refused) in [
            (None, None, "ab", 0, ""),
            (None, Some("one"), "ab", 0, ""),
            (Some("one"), Some("one"), "ab", 0, ""),
            (Some("one"), Some("other"), "ab", 0, "another deployment"),
            (Some("one"), None, "ab", 0, "another deployment"),
            (None, None, "cd", 0, "another deployment"),
            (None, None, "ab", 1, "1 of the tips"),
            (Some("one"), Some("one"), "ab", 1, "1 of the tips"),
        ] {
            let former = Former { folder: PathBuf::from("/srv/backups"), keys: Some(keys(whose)) };
            let gone = former.tips().into_iter().take(gone).collect();
            let read = Leaving { gone, deployment: of.map(str::to_owned), ..Leaving::default() };
            let said = former.refuse(&read, check, "tipline.db").err().map(|error| error.to_string()).unwrap_or_default();
            assert!(
                said.is_empty() == refused.is_empty() && said.contains(refused),
                "{whose:?} {of:?} {check} {gone:?}: {said}",
                gone = read.gone
            );
        }
    }

    #[test]
    fn later_keys_are_never_older_than_those_before() {
        let former = Former { folder: PathBuf::new(), keys: Some(keys(None)) };
        for (at, expected) in [("2026-11-22T11:00:00Z", "2026-11-22T12:00:00Z"), ("2026-11-22T13:00:00Z", "2026-11-22T13:00:00Z")] {
            assert_eq!(former.not_before(at.parse().unwrap()), expected.parse().unwrap(), "a clock that was set back");
        }
    }

    #[test]
    fn keys_that_were_lost_are_not_taken_for_none() {
        let folder = std::env::temp_dir().join(format!("tipline-former-{}", Entropy.uuid().simple()));
        let backup = folder.join("2026-11-22T12-00-00Z");
        std::fs::create_dir_all(&backup).unwrap();
        assert!(Former::read(&folder).unwrap().keys.is_none(), "the first backup");
        std::fs::write(backup.join(super::super::MANIFEST), "").unwrap();
        for (text, why) in [(None, "is missing"), (Some("tipline-keys-1"), "is damaged")] {
            if let Some(text) = text {
                std::fs::write(folder.join(KEYS), text).unwrap();
            }
            let said = Former::read(&folder).unwrap_err().to_string();
            assert!(said.contains(why) && said.contains("new folder"), "{said}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
