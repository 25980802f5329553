//! A writer's connection to a server: made again by itself, bounded in everything, and in doubt about nothing.
//!
//! Every step has a time-out, because a line may be dead without saying so. After one, or after any error that is not the database's own
//! word, the connection is thrown away: the server then ends what it had begun. Whether a `COMMIT` that was not answered came through is
//! not known; whoever asked is told that the store is away, and asks again with the same `once`.

use crate::store::batch::Statement;
use crate::store::batch::facts::{ASK, LOCK, Questions};
use crate::store::reads::{Row, Value, is_away, postgres_values};
use crate::store::sql::postgres;
use crate::store::writer::Cause;
use sqlx::postgres::{PgArguments, PgConnectOptions};
use sqlx::{ConnectOptions, Connection as _, PgConnection};
use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;

/// A server that does not take a connection within this is away.
pub(super) const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// A step that takes longer than the server's own limits has lost its line.
const STEP_WITHIN: Duration = Duration::from_secs(7);
/// While the server is away, whoever writes is told so at once; it is tried this often.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(250);

/// The connection, while there is one.
pub(in crate::store) struct Connection {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    not_before: Option<Instant>,
}

impl Connection {
    pub(super) fn new(options: PgConnectOptions) -> Self {
        Self { options, connection: None, not_before: None }
    }

    pub(in crate::store) async fn begin(&mut self) -> Result<(), Cause> {
        if self.connection.is_none() {
            self.connect().await?;
        }
        self.execute("BEGIN", PgArguments::default()).await.map(|_| ())
    }

    /// Two questions: the facts are asked only when the locks are held, so that they are seen as they are then.
    pub(in crate::store) async fn begin_and_ask(&mut self, questions: Questions) -> Result<Vec<Row>, Cause> {
        self.begin().await?;
        let (tips, tasks) = questions.locks();
        if let Some(values) = (tips != "[]" || tasks != "[]").then(|| vec![tips.into(), tasks.into()]) {
            self.rows(LOCK, values).await?;
        }
        self.rows(ASK, questions.values()).await
    }

    pub(in crate::store) async fn run(&mut self, statements: Vec<Statement>, and_commit: bool) -> Result<(), Cause> {
        for Statement { sql, json, bytes, must_touch } in statements {
            let touched = self.touch(sql, vec![json.into(), bytes.into()]).await?;
            if must_touch.is_some_and(|must| must != touched) {
                return Err(Cause::Raced);
            }
        }
        if and_commit { self.commit().await } else { Ok(()) }
    }

    pub(in crate::store) async fn rows(&mut self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Row>, Cause> {
        let (values, connection) = (postgres_values(values)?, self.connection.as_mut().ok_or(Cause::Away)?);
        let rows = within(sqlx::query_with(postgres(sql), values).fetch_all(connection)).await?;
        Ok(rows.into_iter().map(Row::Postgres).collect())
    }

    pub(in crate::store) async fn touch(&mut self, sql: &'static str, values: Vec<Value>) -> Result<u64, Cause> {
        let values = postgres_values(values)?;
        self.execute(sql, values).await
    }

    pub(in crate::store) async fn commit(&mut self) -> Result<(), Cause> {
        self.execute("COMMIT", PgArguments::default()).await.map(|_| ())
    }

    /// After the database's own word the transaction is ended; after anything else the connection is thrown away.
    pub(in crate::store) async fn roll_back(&mut self, cause: &Cause) {
        let fit = match cause {
            Cause::Database(sqlx::Error::Database(_)) | Cause::Bad(_) | Cause::Raced | Cause::Strange => !cause.is_away(),
            Cause::Database(_) | Cause::Away => false,
        };
        if !fit || self.execute("ROLLBACK", PgArguments::default()).await.is_err() {
            self.connection = None;
        }
    }

    pub(in crate::store) async fn close(mut self) {
        if let Some(connection) = self.connection.take() {
            let _ = within(connection.close()).await;
        }
    }

    async fn execute(&mut self, sql: &'static str, values: PgArguments) -> Result<u64, Cause> {
        let connection = self.connection.as_mut().ok_or(Cause::Away)?;
        Ok(within(sqlx::query_with(postgres(sql), values).execute(connection)).await?.rows_affected())
    }

    async fn connect(&mut self) -> Result<(), Cause> {
        if self.not_before.is_some_and(|at| Instant::now() < at) {
            return Err(Cause::Away);
        }
        match tokio::time::timeout(CONNECT_WITHIN, self.options.connect()).await {
            Ok(Ok(connection)) => {
                self.connection = Some(connection);
                self.not_before = None;
                Ok(())
            }
            Ok(Err(error)) => {
                self.not_before = Some(Instant::now() + TRY_AGAIN_AFTER);
                Err(if is_away(&error) { Cause::Away } else { Cause::Database(error) })
            }
            Err(_) => {
                self.not_before = Some(Instant::now() + TRY_AGAIN_AFTER);
                Err(Cause::Away)
            }
        }
    }
}

async fn within<T>(step: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, Cause> {
    match tokio::time::timeout(STEP_WITHIN, step).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(Cause::Away),
    }
}
