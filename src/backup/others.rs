//! Letters of other spools beside the backups: of other nodes, and of those that are gone.
//!
//! Whether such a node lives cannot be known here, and its letters may be the only ones, so none goes by its age. But as soon as the
//! database has taken what is in a file of letters, the file only keeps words readable whose tip may be destroyed: then it goes.

use super::letters::{copies, remove, spool_of};
use super::{BackupError, LETTERS};
use crate::spool::traces::{self, Trace, Traced};
use crate::vault::Vault;
use jiff::Timestamp;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The copies of other spools, with what is in them.
pub(super) struct Others(Vec<(PathBuf, Option<Vec<Traced>>)>);

impl Others {
    /// Looks at all but those of the spool `own`. Without the master key nothing is known of what is in them.
    pub(super) fn look(folder: &Path, own: Option<&str>, vault: Option<&Vault>, now: Timestamp) -> Result<Self, BackupError> {
        let mut others = Vec::new();
        for copy in copies(&folder.join(LETTERS))? {
            if own != Some(spool_of(&copy)) {
                let read = |source| BackupError::File { what: "read", path: copy.clone(), source };
                let files = vault.map(|vault| traces::of(&copy, vault, now)).transpose().map_err(read)?;
                others.push((copy, files));
            }
        }
        Ok(Self(others))
    }

    /// What the database would know, had it taken all of them.
    pub(super) fn traces(&self) -> HashSet<Trace> {
        self.0.iter().filter_map(|(_, files)| files.as_ref()).flatten().flat_map(|file| file.traces.iter().cloned()).collect()
    }

    /// Removes files of which the database has taken all; gives the folders that stay.
    pub(super) fn drop_taken(self, untaken: &HashSet<Trace>) -> Result<Vec<PathBuf>, BackupError> {
        let mut stay = Vec::new();
        for (copy, files) in self.0 {
            let failed = |source| BackupError::File { what: "remove", path: copy.clone(), source };
            let Some(files) = files else {
                stay.push(copy);
                continue;
            };
            let waits = |file: &Traced| file.closed || file.traces.iter().any(|trace| untaken.contains(trace));
            if !files.iter().any(waits) {
                remove(&copy).map_err(failed)?;
                continue;
            }
            for file in files.iter().filter(|file| !waits(file)) {
                fs::remove_file(&file.path).map_err(failed)?;
            }
            stay.push(copy);
        }
        Ok(stay)
    }
}
