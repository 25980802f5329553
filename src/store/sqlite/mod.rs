//! The store in one file: one writer, a few readers beside it (WAL).

mod connection;
mod joined;
mod open;
#[cfg(test)]
mod plans;

pub(in crate::store) use connection::Connection;
pub use open::{OpenError, hold, migrate, options};

use super::Store;
use super::database::{Database, Options, Spawn};
use super::reads::Readers;
use super::writer::{self, QUEUE_MOST, Writer};
use adapters::contract::BoxFuture;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{Pool, Sqlite as Engine};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc, watch};
use tokio_util::sync::CancellationToken;

/// How many reads run beside each other.
const READERS: u32 = 4;

/// The store in a file.
pub enum Sqlite {}

/// The connections that only read.
fn readers(path: &Path) -> Pool<Engine> {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .min_connections(0)
        .test_before_acquire(false)
        .connect_lazy_with(open::options(path).create_if_missing(false).pragma("query_only", "ON"))
}

impl Sqlite {
    /// Opens the file at `path` and starts the writer through `spawn`. The file stays locked for other processes until
    /// [`Store::close`] or the end of this one.
    pub fn open<'a>(path: &'a Path, options: Options, spawn: Spawn<'a>) -> BoxFuture<'a, Result<Arc<dyn Store>, OpenError>> {
        Box::pin(async move {
            let (connection, lock) = open::writer(path.to_owned(), options.migrate).await?;
            let (orders, queue) = mpsc::channel(QUEUE_MOST);
            let (alive, writers) = watch::channel(());
            let writer = Writer {
                connection: writer::Connection::Sqlite(Connection::new(connection, lock)),
                orders: Arc::new(Mutex::new(queue)),
                on_news: options.on_news,
                others: None,
                alive: Arc::new(alive),
            };
            spawn("store writer", Box::pin(writer.run()));
            let closing = CancellationToken::new();
            Ok(Arc::new(Database { orders, writers, readers: Readers::Sqlite(readers(path)), closing }) as Arc<dyn Store>)
        })
    }

    /// Opens the file at `path` for reading only, also while another process owns it: every change is refused as unavailable.
    pub fn open_to_read(path: &Path) -> BoxFuture<'_, Result<Arc<dyn Store>, OpenError>> {
        Box::pin(async move {
            open::readable(path.to_owned()).await?;
            Ok(Database::to_read(Readers::Sqlite(readers(path))))
        })
    }
}
