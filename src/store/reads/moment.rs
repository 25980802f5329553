//! Several questions at one moment: a read transaction that sees what was committed when it began, whatever is committed meanwhile.
//!
//! For checking alone; everything else asks one question at a time. Dropped, it is rolled back before its connection is used
//! again, or its connection is closed.

use super::Columns;
use super::ask::{Readers, Row, Value, postgres_values, sqlite_values};
use crate::store::StoreError;
use crate::store::postgres::Line;
use crate::store::sql::postgres;
use sqlx::{Sqlite, Transaction};
use std::time::Duration;

/// A question that takes longer has no database to talk to, or walks what it should not. Longer than that of a read for a page: some
/// questions go along a whole index.
const ANSWER_WITHIN: Duration = Duration::from_secs(120);

/// How PostgreSQL begins one, with the server's own limit on a statement just below ours.
const BEGIN: [&str; 2] = ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SET LOCAL statement_timeout = '110s'"];

/// The moment's connection.
pub(in crate::store) enum Moment {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Line),
}

impl Readers {
    /// Begins a moment: what it sees is fixed by its first question.
    pub(in crate::store) async fn moment(&self) -> Result<Moment, StoreError> {
        const OPERATION: &str = "begin to look";
        let begun = async {
            Ok(match self {
                Readers::Sqlite(pool) => Moment::Sqlite(pool.begin().await?),
                Readers::Postgres(lines) => {
                    let mut line = lines.take().await?;
                    for step in BEGIN {
                        sqlx::query(step).execute(line.connection()).await?;
                    }
                    Moment::Postgres(line)
                }
            })
        };
        match tokio::time::timeout(ANSWER_WITHIN, begun).await {
            Ok(moment) => moment.map_err(|error| super::ask::failed(OPERATION, error)),
            Err(_) => Err(StoreError::Unavailable),
        }
    }
}

impl Moment {
    /// All rows, each read as one of `table`.
    pub(super) async fn all<T>(
        &mut self,
        operation: &'static str,
        (sql, table): (&'static str, &'static str),
        values: Vec<Value>,
        read: impl Fn(Columns<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = match tokio::time::timeout(ANSWER_WITHIN, self.rows(sql, values)).await {
            Ok(rows) => rows.map_err(|error| super::ask::failed(operation, error))?,
            Err(_) => return Err(StoreError::Unavailable),
        };
        rows.iter().map(|row| read(Columns::of(table, row))).collect()
    }

    async fn rows(&mut self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Row>, sqlx::Error> {
        Ok(match self {
            Moment::Sqlite(connection) => {
                let rows = sqlx::query_with(sql, sqlite_values(values)?).fetch_all(&mut **connection).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Moment::Postgres(connection) => {
                let rows = sqlx::query_with(postgres(sql), postgres_values(values)?).fetch_all(connection.connection()).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }
}
