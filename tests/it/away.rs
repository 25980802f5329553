//! The database away, for real: another connection holds SQLite's write lock on the gateway's file for as long as a test wants.

use crate::gateway::TestGateway;
use sqlx::{Connection, SqliteConnection};
use tipline::store::sqlite::options;

/// Holds the lock; give it back with [`Away::back`].
pub struct Away(SqliteConnection);

impl Away {
    /// Takes the lock: from now on no write of the gateway ends.
    pub async fn take(gateway: &TestGateway) -> Self {
        let file = std::fs::read_dir(gateway.folder.join("data")).expect("the data folder");
        let file = file.map(|entry| entry.expect("an entry").path()).find(|path| path.extension().is_some_and(|kind| kind == "db"));
        let mut connection = SqliteConnection::connect_with(&options(&file.expect("the database")).create_if_missing(false))
            .await
            .expect("the database opens");
        sqlx::query("BEGIN EXCLUSIVE").execute(&mut connection).await.expect("the lock");
        Self(connection)
    }

    /// The database is back.
    pub async fn back(mut self) {
        sqlx::query("ROLLBACK").execute(&mut self.0).await.expect("the lock is given back");
        self.0.close().await.expect("it closes");
    }
}
