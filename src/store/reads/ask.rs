//! A question to either engine: one text, values, rows.
//!
//! The text is written for SQLite; for PostgreSQL it is translated once (`store::sql`). Nothing here holds a transaction: a reader that goes
//! away in the middle leaves nothing open.

use crate::store::StoreError;
use crate::store::postgres::Lines;
use crate::store::sql::postgres;
use crate::telemetry::count;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, Decode, Pool, Postgres, Row as _, Sqlite, Type};
use std::time::Duration;

/// A read that takes longer has no database to talk to: a line may be dead without saying so.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Connections that only read.
#[derive(Debug, Clone)]
pub(in crate::store) enum Readers {
    /// Beside the writer of the file.
    Sqlite(Pool<Sqlite>),
    /// Of a server.
    Postgres(Lines),
}

/// A value of a question.
#[derive(Debug, Clone)]
pub(in crate::store) enum Value {
    Int(i64),
    Text(Option<String>),
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(Some(value))
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(Some(value.to_owned()))
    }
}
impl From<Option<String>> for Value {
    fn from(value: Option<String>) -> Self {
        Value::Text(value)
    }
}
impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Value::Bytes(value)
    }
}

/// A row of either engine.
pub(in crate::store) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// What a column can be read as.
pub(in crate::store) trait Readable<'r>:
    Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>
{
}
impl<'r, T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>> Readable<'r> for T {}

impl Row {
    /// A column; `None` when it is missing or something else.
    pub(in crate::store) fn get<'r, T: Readable<'r>>(&'r self, column: &str) -> Option<T> {
        match self {
            Row::Sqlite(row) => row.try_get(column).ok(),
            Row::Postgres(row) => row.try_get(column).ok(),
        }
    }
    /// The same by its place.
    pub(in crate::store) fn at<'r, T: Readable<'r>>(&'r self, place: usize) -> Option<T> {
        match self {
            Row::Sqlite(row) => row.try_get(place).ok(),
            Row::Postgres(row) => row.try_get(place).ok(),
        }
    }
}

/// A question being put together.
pub(in crate::store) struct Ask<'a> {
    readers: &'a Readers,
    sql: &'static str,
    values: Vec<Value>,
}

impl Readers {
    /// Begins a question.
    pub(in crate::store) fn ask(&self, sql: &'static str) -> Ask<'_> {
        Ask { readers: self, sql, values: Vec::new() }
    }
    /// Closes all connections.
    pub(in crate::store) async fn close(&self) {
        match self {
            Readers::Sqlite(pool) => pool.close().await,
            Readers::Postgres(lines) => lines.close().await,
        }
    }
}

impl Ask<'_> {
    /// Adds the next value: the first is `$1`.
    pub(in crate::store) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }
    /// All rows.
    pub(in crate::store) async fn all(self, operation: &'static str) -> Result<Vec<Row>, StoreError> {
        let rows = match tokio::time::timeout(ANSWER_WITHIN, self.rows()).await {
            Ok(rows) => rows.map_err(|error| failed(operation, error)),
            Err(_) => Err(StoreError::Unavailable),
        };
        rows.inspect_err(|_| count::store_error(operation))
    }
    /// The only row there is, if there is one.
    pub(in crate::store) async fn optional(self, operation: &'static str) -> Result<Option<Row>, StoreError> {
        Ok(self.all(operation).await?.into_iter().next())
    }
    /// The row that there always is.
    pub(in crate::store) async fn one(self, operation: &'static str) -> Result<Row, StoreError> {
        let row = self.optional(operation).await?;
        row.ok_or_else(|| StoreError::Failed { operation, source: Box::new(sqlx::Error::RowNotFound) })
    }

    async fn rows(self) -> Result<Vec<Row>, sqlx::Error> {
        let Self { readers, sql, values } = self;
        match readers {
            Readers::Sqlite(pool) => {
                let rows = sqlx::query_with(sql, sqlite_values(values)?).fetch_all(pool).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Readers::Postgres(lines) => of_a_server(lines, sql, values).await,
        }
    }
}

/// A connection that was good a moment ago may be of a server that was started again since: then once more, on a new one.
async fn of_a_server(lines: &Lines, sql: &'static str, values: Vec<Value>) -> Result<Vec<Row>, sqlx::Error> {
    loop {
        let mut line = lines.take().await?;
        let rows = sqlx::query_with(postgres(sql), postgres_values(values.clone())?).fetch_all(line.connection()).await;
        match rows {
            Err(error) if is_away(&error) => {
                lines.forget();
                if line.is_new {
                    return Err(error);
                }
            }
            rows => {
                line.give_back();
                return rows.map(|rows| rows.into_iter().map(Row::Postgres).collect());
            }
        }
    }
}

/// Values as SQLite's driver takes them.
pub(in crate::store) fn sqlite_values(values: Vec<Value>) -> Result<SqliteArguments, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        match value {
            Value::Int(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// Values as PostgreSQL's driver takes them.
pub(in crate::store) fn postgres_values(values: Vec<Value>) -> Result<PgArguments, sqlx::Error> {
    let mut arguments = PgArguments::default();
    for value in values {
        match value {
            Value::Int(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// The error of a read that is named.
pub(super) fn failed(operation: &'static str, error: sqlx::Error) -> StoreError {
    if is_away(&error) { StoreError::Unavailable } else { StoreError::Failed { operation, source: Box::new(error) } }
}

/// Whether it is the database that is away, and not the question that is wrong.
pub(in crate::store) fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolClosed | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed | sqlx::Error::Io(_) => true,
        sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_away_code(&code)),
        _ => false,
    }
}

/// PostgreSQL's classes: connection, no room or too many, told to stop, the system itself; read-only is a replica. SQLite's numbers, which
/// are shorter, with their extended forms: BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL (a lock that nobody gives).
fn is_away_code(code: &str) -> bool {
    if code.len() == 5 {
        return ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) || code == "25006" || code == "55P03";
    }
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 7 | 8 | 10 | 13 | 14 | 15))
}

#[cfg(test)]
mod tests {
    use super::is_away_code;

    #[test]
    fn a_disk_that_does_not_write_is_the_database_away_and_a_bad_row_is_not() {
        for code in ["13", "10", "778", "1034", "8", "264", "14", "5", "517", "57P01", "53100", "25006"] {
            assert!(is_away_code(code), "{code}");
        }
        for code in ["1", "19", "2067", "18", "20", "11", "26", "23505", "22P02", "42601", ""] {
            assert!(!is_away_code(code), "{code}");
        }
    }
}
