//! The writer's connection to the file: each text that is run costs a hand-off to the engine's thread, so a batch of commits is two
//! texts, `BEGIN` with the facts and all statements with `COMMIT`.

use super::joined::{COMMIT, Joined};
use crate::store::batch::Statement;
use crate::store::batch::facts::{BEGIN_AND_ASK, Questions};
use crate::store::reads::{Row, Value, sqlite_values};
use crate::store::sql::begin;
use crate::store::writer::Cause;
use sqlx::{Connection as _, SqliteConnection};
use std::fs::File;

/// The connection, and the lock that keeps other processes out.
pub(in crate::store) struct Connection {
    connection: SqliteConnection,
    joined: Joined,
    /// Held until the connection is closed, so that no other process opens the database before.
    lock: File,
}

impl Connection {
    pub(super) fn new(connection: SqliteConnection, lock: File) -> Self {
        Self { connection, joined: Joined::default(), lock }
    }
    pub(in crate::store) async fn begin(&mut self) -> Result<(), Cause> {
        sqlx::query(begin!()).execute(&mut self.connection).await?;
        Ok(())
    }
    pub(in crate::store) async fn begin_and_ask(&mut self, questions: Questions) -> Result<Vec<Row>, Cause> {
        let values = sqlite_values(questions.values())?;
        let rows = sqlx::query_with(BEGIN_AND_ASK, values).fetch_all(&mut self.connection).await?;
        Ok(rows.into_iter().map(Row::Sqlite).collect())
    }
    pub(in crate::store) async fn run(&mut self, statements: Vec<Statement>, and_commit: bool) -> Result<(), Cause> {
        self.joined.run(&mut self.connection, statements, and_commit).await?;
        Ok(())
    }
    pub(in crate::store) async fn rows(&mut self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Row>, Cause> {
        let rows = sqlx::query_with(sql, sqlite_values(values)?).fetch_all(&mut self.connection).await?;
        Ok(rows.into_iter().map(Row::Sqlite).collect())
    }
    pub(in crate::store) async fn touch(&mut self, sql: &'static str, values: Vec<Value>) -> Result<u64, Cause> {
        Ok(sqlx::query_with(sql, sqlite_values(values)?).execute(&mut self.connection).await?.rows_affected())
    }
    pub(in crate::store) async fn commit(&mut self) -> Result<(), Cause> {
        sqlx::query(COMMIT).execute(&mut self.connection).await?;
        Ok(())
    }
    pub(in crate::store) async fn roll_back(&mut self) {
        // Fails when the error was in `BEGIN` or the engine has rolled back by itself: then there is nothing to do.
        let _ = sqlx::query("ROLLBACK").execute(&mut self.connection).await;
    }
    pub(in crate::store) async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::warn!(error = &error as &(dyn std::error::Error + 'static), "the database did not close in good order");
        }
        drop(self.lock);
    }
}
