//! Copying a whole deployment from one database into another, and proving that it arrived: under `move`, `backup` and `restore`.
//!
//! A copy reads the source in one snapshot and writes the target in bounded transactions, each with a mark of how far it has come, so one that
//! was cut off goes on. Rows may be altered on the way (keys left out, destroyed tips blanked); the proof compares what the source
//! gives after that with what the target then really has. Nothing here knows what a backup folder looks like.

mod end;
mod marks;
mod proof;
mod run;
mod source;
mod target;
mod value;

#[cfg(test)]
mod tests;

pub use marks::{MOVED, Mark, UNFINISHED, moved, unfinished};
pub use proof::TableProof;
pub(crate) use run::compare;
pub(crate) use run::{Alter, Unaltered};
pub(crate) use source::{Source, time};
pub(crate) use value::{Row, Value};

use crate::store::tables::{Kept, Table};
use end::End;
use std::path::PathBuf;

/// A database that is copied from or to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A deployment's SQLite file.
    Sqlite(PathBuf),
    /// A SQLite file that nobody writes: a backup.
    Finished(PathBuf),
    /// PostgreSQL, by its URL, which may have a password in it.
    Postgres(String),
}

impl Place {
    /// How it is named to people: a URL without what stands before the host.
    pub fn shown(&self) -> String {
        match self {
            Place::Sqlite(path) | Place::Finished(path) => path.display().to_string(),
            Place::Postgres(url) => {
                let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
                let rest = rest.split(['?', '#']).next().unwrap_or("");
                format!("postgres://{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host))
            }
        }
    }
}

/// Why a copy was not made; each names what to do where something can be done.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// There is no source.
    #[error("there is no database {0}: is the name right?")]
    Nothing(String),
    /// The engine does not answer.
    #[error("the database {place} cannot be reached: is the address right, and may this user log in there?")]
    Unreachable {
        /// Which.
        place: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// Another version's.
    #[error(
        "the database {place} has schema {found} and this program {known}: run `tipline migrate` there, or use the program that it belongs to"
    )]
    Schema {
        /// Which.
        place: String,
        /// What it has.
        found: i64,
        /// What this program has.
        known: i64,
    },
    /// A schema that is not ours.
    #[error("the database {place} was not made by this program: name another one")]
    Foreign {
        /// Which.
        place: String,
        /// Why.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// The target is in use.
    #[error("the database {0} holds a deployment already: name an empty one")]
    NotEmpty(String),
    /// Another copy into the target was not finished.
    #[error("the database {0} holds the beginning of another copy: finish that one, or make the database anew")]
    OtherCopy(String),
    /// What is written does not compare.
    #[error(
        "table {table} is not the same on both sides ({from} rows with hash {from_hash} were read, {to} with {to_hash} are there): do not use the copy; make the target anew and begin again"
    )]
    Differs {
        /// The table.
        table: String,
        /// Rows read.
        from: u64,
        /// Their hash.
        from_hash: String,
        /// Rows there.
        to: u64,
        /// Their hash.
        to_hash: String,
    },
    /// The source is half a deployment, or one that was moved away.
    #[error("{0}")]
    Marked(String),
    /// The source is not what it was when the copy began.
    #[error("table {0} is not what it was when the copy began, so it cannot go on from there: make the target anew and begin again")]
    Changed(&'static str),
    /// An operation failed.
    #[error("the copy could not {operation}{}", .table.map(|name| format!(" table {name}")).unwrap_or_default())]
    Failed {
        /// What was tried.
        operation: &'static str,
        /// On which table.
        table: Option<&'static str>,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// A file.
    #[error("the copy could not {0}")]
    File(&'static str, #[source] std::io::Error),
    /// A row that cannot be understood.
    #[error("a row of {table} cannot be understood ({what}): `tipline verify` says more")]
    Damaged {
        /// The table.
        table: &'static str,
        /// Which column.
        what: &'static str,
    },
}

impl CopyError {
    fn failed(operation: &'static str) -> impl Fn(sqlx::Error) -> Self {
        move |source| CopyError::Failed { operation, table: None, source }
    }
    fn failed_table(operation: &'static str, table: &'static str) -> impl Fn(sqlx::Error) -> Self {
        move |source| CopyError::Failed { operation, table: Some(table), source }
    }
}

/// What a copy is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Rows are written.
    Copying,
    /// What is there is counted and hashed.
    Proving,
}

/// How far a copy has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What it is doing.
    pub stage: Stage,
    /// With which table.
    pub table: &'static str,
    /// Rows of all tables that are through with this stage.
    pub done: u64,
    /// Rows of all tables.
    pub total: u64,
}

/// Told how far a copy has come, after every page.
pub type OnProgress<'a> = &'a mut (dyn FnMut(Progress) + Send);

/// Everything, into an empty database or on from where this very copy was cut off. Until [`finish`] nothing else opens the target.
pub async fn copy(from: &Place, to: &Place, id: &str, progress: OnProgress<'_>) -> Result<Vec<TableProof>, CopyError> {
    let mut source = End::snapshot(from).await?;
    let proof = run::into_target(&mut source, to, id, every_table, &mut Unaltered, progress).await;
    source.close().await?;
    proof
}

/// A backup: a file of its own, synced, from a snapshot of a deployment that may be running. What only a running deployment needs stays out.
pub(crate) async fn backup(
    mut from: Source,
    to: PathBuf,
    alter: &mut dyn Alter,
    progress: OnProgress<'_>,
) -> Result<Vec<TableProof>, CopyError> {
    let place = Place::Finished(to.clone());
    let proof = run::into_target(from.end(), &place, "backup", not_running, alter, progress).await;
    from.close().await?;
    let proof = proof?;
    target::finish(&place, "backup").await?;
    end::sync(&to).map_err(|source| CopyError::File("sync the file", source))?;
    Ok(proof)
}

/// A backup into an empty deployment: what stands, without what waited to be done. Until [`finish`] nothing else opens the target.
pub(crate) async fn restore(
    from: PathBuf,
    to: &Place,
    id: &str,
    alter: &mut dyn Alter,
    progress: OnProgress<'_>,
) -> Result<Vec<TableProof>, CopyError> {
    let mut source = End::snapshot(&Place::Finished(from)).await?;
    let proof = run::into_target(&mut source, to, id, what_stands, alter, progress).await;
    source.close().await?;
    proof
}

/// What a backup's file really has, table by table; `look` sees every row.
pub(crate) async fn count(of: PathBuf, look: &mut dyn Alter, progress: OnProgress<'_>) -> Result<Vec<TableProof>, CopyError> {
    let mut source = End::snapshot(&Place::Finished(of)).await?;
    let proof = run::tally(&mut source, not_running, look, progress).await;
    source.close().await?;
    proof
}

pub use target::{Move, begin_move, end_move, finish, is_finished, prepare, refuse_taken, undo_move, waiting};

fn every_table(_: &Table) -> bool {
    true
}

fn not_running(table: &Table) -> bool {
    match table.kept {
        Kept::Always | Kept::Waiting => true,
        Kept::Running => false,
    }
}

fn what_stands(table: &Table) -> bool {
    match table.kept {
        Kept::Always => true,
        Kept::Waiting | Kept::Running => false,
    }
}
