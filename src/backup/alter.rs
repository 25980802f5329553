//! What changes in rows on their way into a backup and out of it.
//!
//! Into it: keys stay out, and are collected for the file beside it. Out of it: each tip gets its key from that file; one that has none was
//! destroyed after the backup, so whatever lies under its key is blanked, its addresses find nothing any more, and it is closed.

use super::keys::Keys;
use crate::deployment::KEY_CHECK;
use crate::media::files::place;
use crate::media::shared::DEPLOYMENT;
use crate::media::sweep::expected;
use crate::spool::traces::Trace;
use crate::store::copy::{Alter, CopyError, Row, Value};
use crate::store::rows::AttachmentState;
use crate::store::tables::{Column, Table};
use crate::vault::DESTROYED;
use domain::id::AttachmentId;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};

const CONVERSATION: &str = "conversation";
const ATTACHMENT: &str = "attachment";

fn text<'a>(table: &Table, row: &'a Row, column: &str) -> Option<&'a str> {
    row.get(table.place(column)?)?.text()
}

fn set(table: &Table, row: &mut Row, column: &str, value: Value) {
    if let Some(place) = table.place(column)
        && let Some(old) = row.get_mut(place)
    {
        *old = value;
    }
}

/// The places of the files that an attachment names.
fn files_of(table: &Table, row: &Row) -> Result<Vec<String>, CopyError> {
    let damaged = |what| CopyError::Damaged { table: ATTACHMENT, what };
    let id: AttachmentId = text(table, row, "id").and_then(|id| id.parse().ok()).ok_or(damaged("id"))?;
    let state = text(table, row, "state_json").ok_or(damaged("state_json"))?;
    let state: AttachmentState = serde_json::from_str(state).map_err(|_| damaged("state_json"))?;
    Ok(expected(&state).iter().map(|file| place(id, *file)).collect())
}

/// Into a backup.
#[derive(Default)]
pub(super) struct Leaving {
    /// Tips that must be there; those that no row has are left. One that was destroyed has its row still.
    pub(super) gone: HashSet<String>,
    /// Letters whose taking is looked for; those that the database has not taken are left.
    pub(super) untaken: HashSet<Trace>,
    /// The keys, by tip.
    pub(super) keys: HashMap<String, Vec<u8>>,
    /// The files that rows name.
    pub(super) files: Vec<String>,
    /// Which master key wrapped them.
    pub(super) check: Option<String>,
    /// Whose they are, if that was ever said.
    pub(super) deployment: Option<String>,
}

impl Alter for Leaving {
    fn alter(&mut self, table: &'static Table, row: &mut Row) -> Result<bool, CopyError> {
        match table.name {
            "once" => {
                if let (Some(account), Some(key)) = (text(table, row, "account"), text(table, row, "once_key")) {
                    self.untaken.remove(&Trace { account: account.to_owned(), key: key.to_owned() });
                }
            }
            CONVERSATION => {
                let damaged = |what| CopyError::Damaged { table: CONVERSATION, what };
                let id = text(table, row, "id").ok_or(damaged("id"))?.to_owned();
                self.gone.remove(&id);
                let key = table.place("wrapped_key").and_then(|place| row.get_mut(place)).ok_or(damaged("wrapped_key"))?;
                if let Some(wrapped) = key.bytes().filter(|wrapped| !wrapped.is_empty()) {
                    self.keys.insert(id, wrapped.to_vec());
                }
                key.blank();
            }
            ATTACHMENT => self.files.extend(files_of(table, row)?),
            "meta" if text(table, row, "name") == Some(KEY_CHECK) => self.check = text(table, row, "value").map(str::to_owned),
            "meta" if text(table, row, "name") == Some(DEPLOYMENT) => self.deployment = text(table, row, "value").map(str::to_owned),
            _ => {}
        }
        Ok(true)
    }
}

/// Out of a backup.
pub(super) struct Returning<'a> {
    keys: &'a Keys,
    destroyed: HashSet<String>,
    /// The files of destroyed tips, which stay where they are.
    pub(super) left: HashSet<String>,
    /// How many tips have their key.
    pub(super) tips: u64,
}

impl<'a> Returning<'a> {
    pub(super) fn new(keys: &'a Keys) -> Self {
        Self { keys, destroyed: HashSet::new(), left: HashSet::new(), tips: 0 }
    }
    /// How many tips have none.
    pub(super) fn destroyed(&self) -> u64 {
        self.destroyed.len() as u64
    }

    fn tip(&mut self, table: &Table, row: &mut Row) -> Result<(), CopyError> {
        let id = text(table, row, "id").ok_or(CopyError::Damaged { table: CONVERSATION, what: "id" })?.to_owned();
        match self.keys.wrapped.get(&id) {
            Some(wrapped) => {
                set(table, row, "wrapped_key", Value::Bytes(Some(wrapped.clone())));
                self.tips += 1;
            }
            None => {
                set(table, row, "code_index", nobodys("code", &id));
                set(table, row, "state", Value::Text(Some("closed".to_owned())));
                set(table, row, "folded_under", Value::Text(None));
                self.destroyed.insert(id);
            }
        }
        Ok(())
    }
}

impl Alter for Returning<'_> {
    fn alter(&mut self, table: &'static Table, row: &mut Row) -> Result<bool, CopyError> {
        if table.name == CONVERSATION {
            self.tip(table, row)?;
            return Ok(true);
        }
        if !table.tip.and_then(|tip| text(table, row, tip)).is_some_and(|tip| self.destroyed.contains(tip)) {
            return Ok(true);
        }
        for (value, column) in row.iter_mut().zip(table.columns) {
            if let Column::Sealed(_) = column {
                value.blank();
            }
        }
        match table.name {
            "contact" => {
                let handle = text(table, row, "handle").unwrap_or_default().to_owned();
                set(table, row, "idx", nobodys("contact", &handle));
                set(table, row, "current", Value::Flag(Some(false)));
            }
            ATTACHMENT => {
                self.left.extend(files_of(table, row)?);
                let lost = AttachmentState::Lost { why: DESTROYED.to_owned() };
                let state = serde_json::to_string(&lost).map_err(|error| CopyError::File("write a state", error.into()))?;
                set(table, row, "state_json", Value::Text(Some(state)));
                set(table, row, "url", Value::Bytes(None));
                set(table, row, "unfinished", Value::Flag(Some(false)));
            }
            _ => {}
        }
        Ok(true)
    }
}

/// An index that no address and no code has: it is not keyed.
fn nobodys(what: &str, id: &str) -> Value {
    Value::Bytes(Some(Sha256::digest(format!("destroyed {what} {id}")).to_vec()))
}

/// Counts the tips of a backup that have their key, and those that have none.
pub(super) struct Counting<'a> {
    pub(super) keys: &'a Keys,
    pub(super) tips: u64,
    pub(super) destroyed: u64,
}

impl Alter for Counting<'_> {
    fn alter(&mut self, table: &'static Table, row: &mut Row) -> Result<bool, CopyError> {
        if table.name == CONVERSATION {
            let has_key = text(table, row, "id").is_some_and(|id| self.keys.wrapped.contains_key(id));
            if has_key { self.tips += 1 } else { self.destroyed += 1 }
        }
        Ok(true)
    }
}
