//! The store on a PostgreSQL server, for one node or several.
//!
//! The same statements as on a file, with what several nodes need: a batch locks the tips that it is about before it asks what is so; what
//! another node was quicker with is decided anew; after a commit the other nodes are told (`news`). Plans go by the indexes, whatever
//! the statistics say: a table that was empty when a statement was prepared must not be walked when it is full.

mod connection;
mod lines;
mod news;
mod open;

pub(in crate::store) use connection::Connection;
pub(in crate::store) use lines::{Line, Lines};
pub(in crate::store) use news::Others;
pub use open::{OpenError, migrate};

use super::Store;
use super::database::{Database, Options, Spawn};
use super::reads::Readers;
use super::writer::{self, QUEUE_MOST, Writer};
use adapters::contract::BoxFuture;
use sqlx::postgres::PgConnectOptions;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc, watch};
use tokio_util::sync::CancellationToken;

/// How many batches are written beside each other: while one waits for the disk, the next is decided.
const WRITERS: usize = 2;
/// How many reads run beside each other.
const READERS: usize = 8;

/// The store on a server.
pub enum Postgres {}

impl Postgres {
    /// Connects to the server of `url` and starts what writes and listens through `spawn`.
    pub fn open<'a>(url: &'a str, options: Options, spawn: Spawn<'a>) -> BoxFuture<'a, Result<Arc<dyn Store>, OpenError>> {
        Box::pin(async move {
            let connect = open::options(url)?;
            open::ready(&connect, options.migrate).await?;
            let closing = CancellationToken::new();
            let readers = readers(&connect);
            let others = Others::start(&connect, options.on_news.clone(), closing.clone(), spawn);
            let (orders, queue) = mpsc::channel(QUEUE_MOST);
            let queue = Arc::new(Mutex::new(queue));
            let (alive, writers) = watch::channel(());
            let alive = Arc::new(alive);
            for _ in 0..WRITERS {
                let writer = Writer {
                    connection: writer::Connection::Postgres(Box::new(Connection::new(open::writing(&connect)))),
                    orders: queue.clone(),
                    on_news: options.on_news.clone(),
                    others: Some(others.clone()),
                    alive: alive.clone(),
                };
                spawn("store writer", Box::pin(writer.run()));
            }
            drop(alive);
            Ok(Arc::new(Database { orders, writers, readers: Readers::Postgres(readers), closing }) as Arc<dyn Store>)
        })
    }

    /// A store of this server that is away for as long as it lives: for what comes in before the server can be reached.
    pub fn away(url: &str) -> Result<Arc<dyn Store>, OpenError> {
        Ok(Database::to_read(Readers::Postgres(Lines::none(open::options(url)?))))
    }

    /// Whether the server of `url` takes connections, and takes writes.
    pub fn answers(url: &str) -> BoxFuture<'_, Result<(), OpenError>> {
        Box::pin(async move { open::leading(&open::options(url)?).await.map(|_| ()) })
    }

    /// Connects for reading only: every change is refused as unavailable.
    pub fn open_to_read(url: &str) -> BoxFuture<'_, Result<Arc<dyn Store>, OpenError>> {
        Box::pin(async move {
            let connect = open::options(url)?;
            open::readable(&connect).await?;
            Ok(Database::to_read(Readers::Postgres(readers(&connect))))
        })
    }
}

fn readers(connect: &PgConnectOptions) -> Lines {
    Lines::new(open::reading(connect), READERS)
}
