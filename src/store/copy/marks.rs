//! The marks that a copy leaves among the deployment's values, and what each keeps others from doing.
//!
//! A target says how far the copy has come until it is finished, a source that it was moved away; `serve` and every other command refuse a
//! database with either. They belong to the database that they stand in, so they are never copied.

use serde::{Deserialize, Serialize};

/// In a target, until the copy into it is finished: [`Mark`] as JSON.
pub const UNFINISHED: &str = "copy_unfinished";
/// In a target, for good: which copy it came from.
pub(super) const COPIED: &str = "copied_by";
/// In a source that was moved away, or is being moved: `Moved` as JSON.
pub const MOVED: &str = "moved_to";

/// Every mark, for leaving them out of copies.
pub(super) const ALL: [&str; 3] = [UNFINISHED, COPIED, MOVED];

/// How far a copy has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Which copy.
    pub id: String,
    /// Tables that are whole, in their order.
    pub tables: usize,
    /// Rows of the next one that are there.
    pub rows: u64,
    /// The key of the last of them, as a hash: the source must give the same row at the same place.
    pub last: String,
    /// Whether the copy was proved; only what follows it is left.
    pub proved: bool,
}

/// Where a deployment was moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Moved {
    /// Which copy.
    pub(super) id: String,
    /// Where to, as it is shown.
    pub(super) to: String,
    /// Whether the copy is finished.
    pub(super) done: bool,
}

/// Why a database that has this mark of a move ([`MOVED`]) is not opened.
pub fn moved(mark: &str, database: &str) -> String {
    match serde_json::from_str::<Moved>(mark) {
        Ok(Moved { to, done: true, .. }) => format!(
            "the deployment in {database} was moved to {to}: start the gateway there (database.url). Should it really go on here, \
             `tipline move --undo-mark` takes the mark away; what came in at the other place since then is not here"
        ),
        Ok(Moved { to, done: false, .. }) => format!(
            "the deployment in {database} is being moved to {to}: run `tipline move` again to finish it, or give it up by \
             `tipline move --undo-mark`"
        ),
        Err(_) => format!("the deployment in {database} was moved; `tipline move --undo-mark` takes the mark away"),
    }
}

/// Why a database that has the mark of an unfinished copy ([`UNFINISHED`]) is not opened.
pub fn unfinished(database: &str) -> String {
    format!("a copy into {database} is not finished: run the same `tipline move` or `tipline restore` again, it goes on where it stopped")
}
