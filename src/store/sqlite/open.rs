//! Opening the database file: one process at a time, the right schema, the right pragmas.
//!
//! A second process is kept out by a lock on a file beside the database (SQLite's own exclusive mode would keep our readers
//! out too). The lock is the operating system's and falls with the process, also when that is killed.

use crate::store::reads::is_away;
use crate::store::sql;
use adapters::contract::BoxFuture;
use sqlx::migrate::MigrateError;
use sqlx::sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a statement waits for SQLite's lock; only readers that meet a checkpoint ever do.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Pages after which the write-ahead log is put into the database (4,096 bytes each: 16 MB). Larger than SQLite's 1,000, so that
/// a full load checkpoints less often.
const CHECKPOINT_PAGES: &str = "4000";

/// The most that a connection keeps of the file in memory, in SQLite's negative kibibytes: 16 MB hold the upper pages of the indexes
/// of a few million rows. Taken only as it is used.
const CACHE: &str = "-16384";

/// What the log file is cut to after a checkpoint, in bytes.
const LOG_KEPT: &str = "33554432";

/// Why the database could not be opened, in a sentence with the fix.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder is missing or may not be written.
    #[error("cannot write the database {}: create its folder, or let this user write there", .path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another process has it.
    #[error("the database {} is open in another process: stop that one first, or name another file", .path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The schema is older than the program.
    #[error("the database {} is not prepared for this version: run `tipline migrate` first", .path.display())]
    Behind {
        /// The file.
        path: PathBuf,
    },
    /// The schema is newer than the program.
    #[error("the database {} was written by a newer version (its schema is {found}, this program knows {known}): start the newer program, or restore a backup from before", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest known here.
        known: i64,
    },
    /// A schema that is not ours.
    #[error("the database {} was not made by this program: name another file", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: MigrateError,
    },
    /// Its disk does not do what an opening needs.
    #[error("the database {} cannot be opened, because its disk is full, read-only or broken: mend that, then start again", .path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// SQLite refused.
    #[error("the database {} cannot be opened: if the file is damaged, restore it from a backup", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
}

/// Why it could not be opened.
fn refused(path: &Path, source: sqlx::Error) -> OpenError {
    let path = path.to_owned();
    if is_away(&source) { OpenError::Disk { path, source } } else { OpenError::Damaged { path, source } }
}

/// Brings the schema up to date, creating the file if it is not there.
pub async fn migrate(path: &Path) -> Result<(), OpenError> {
    hold(path, true).await.map(drop)
}

/// Keeps every other process out as long as the lock is held; the schema is there, or is made (`migrate`).
pub async fn hold(path: &Path, migrate: bool) -> Result<File, OpenError> {
    let (connection, lock) = writer(path.to_owned(), migrate).await?;
    connection.close().await.map_err(|source| refused(path, source))?;
    Ok(lock)
}

/// The writer's connection with the schema checked, and the lock.
pub(super) fn writer(path: PathBuf, migrate: bool) -> BoxFuture<'static, Result<(SqliteConnection, File), OpenError>> {
    Box::pin(async move {
        let lock = lock(&path)?;
        let mut options = options(&path);
        if std::fs::metadata(&path).is_ok_and(|file| file.len() == 0) {
            // Of a new file only: on one that is there SQLite writes it anew at each opening, which a full disk refuses.
            options = options.auto_vacuum(SqliteAutoVacuum::Incremental);
        }
        let mut connection = options.connect().await.map_err(|source| refused(&path, source))?;
        let found = schema(&path, &mut connection).await?;
        if found < sql::NEWEST && !migrate {
            return Err(OpenError::Behind { path });
        }
        // Also when nothing is missing: it compares what was run with what is known.
        let mut migrator = sql::sqlite_migrator();
        migrator.set_ignore_missing(found > sql::NEWEST);
        migrator.run_direct(None, &mut connection, false).await.map_err(|source| OpenError::Foreign { path: path.clone(), source })?;
        Ok((connection, lock))
    })
}

/// Refuses a file that is not there, or whose schema is not the newest, without a lock: for reading beside the process that owns it.
pub(super) fn readable(path: PathBuf) -> BoxFuture<'static, Result<(), OpenError>> {
    Box::pin(async move {
        if !path.exists() {
            return Err(OpenError::Behind { path });
        }
        let reader = options(&path).create_if_missing(false).pragma("query_only", "ON");
        let mut connection = reader.connect().await.map_err(|source| refused(&path, source))?;
        if schema(&path, &mut connection).await? < sql::NEWEST {
            return Err(OpenError::Behind { path });
        }
        Ok(())
    })
}

/// The options of every connection; statements are never logged. For what measures the engine beside the store, too.
pub fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("trusted_schema", "OFF")
        .pragma("temp_store", "MEMORY")
        .pragma("secure_delete", "ON")
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .pragma("journal_size_limit", LOG_KEPT)
        .pragma("cache_size", CACHE)
        .disable_statement_logging()
}

/// The number of the last migration that was run; 0 for none.
async fn schema(path: &Path, connection: &mut SqliteConnection) -> Result<i64, OpenError> {
    let damaged = |source| refused(path, source);
    let table = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'");
    if table.fetch_one(&mut *connection).await.map_err(damaged)? == 0 {
        return Ok(0);
    }
    let found = sqlx::query_scalar::<_, Option<i64>>("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(&mut *connection)
        .await
        .map_err(damaged)?;
    let found = found.unwrap_or(0);
    if found > sql::NEWEST {
        let later = sqlx::query_scalar::<_, String>(sql::LATER).bind(sql::NEWEST).fetch_all(connection).await.map_err(damaged)?;
        if sql::may_go_on(&later) {
            return Ok(found);
        }
        return Err(OpenError::Newer { path: path.to_owned(), found, known: sql::NEWEST });
    }
    Ok(found)
}

/// Takes the lock and makes sure that the database file exists and is this user's alone.
fn lock(path: &Path) -> Result<File, OpenError> {
    let unwritable = |source| OpenError::Unwritable { path: path.to_owned(), source };
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let lock = private().open(Path::new(&beside)).map_err(unwritable)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(OpenError::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => return Err(unwritable(source)),
    }
    private().open(path).map_err(unwritable)?;
    Ok(lock)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
