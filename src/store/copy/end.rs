//! One end of a copy: a connection to either engine, with the few things that a copy does on it.
//!
//! Pages go in the order of the primary key as that engine sorts it; a page begins after the last key of the one before. A source is
//! read in one snapshot from its first page to its last.

use super::value::{Row, Value};
use super::{CopyError, Place};
use crate::store::tables::{Column, Table};
use crate::store::{sql, sqlite};
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row as _, SqlSafeStr};
use std::path::Path;

/// The most values that one statement carries; SQLite takes 32,766 and PostgreSQL 65,535.
const VALUES_MOST: usize = 12_000;
/// The most rows that one statement writes.
const ROWS_MOST: usize = 250;

/// A connection.
pub(super) enum End {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

impl End {
    /// Opens a database to read all of it as it stands now, beside whoever writes.
    pub(super) async fn snapshot(place: &Place) -> Result<Self, CopyError> {
        let mut end = match place {
            Place::Sqlite(path) => {
                if !path.exists() {
                    return Err(CopyError::Nothing(place.shown()));
                }
                let options = sqlite::options(path).create_if_missing(false).pragma("query_only", "ON");
                Self::sqlite(options, place).await?
            }
            Place::Finished(path) => {
                if !path.exists() {
                    return Err(CopyError::Nothing(place.shown()));
                }
                // Nobody writes it, so nothing is laid beside it: no journal, no lock.
                let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(true).disable_statement_logging();
                Self::sqlite(options, place).await?
            }
            Place::Postgres(url) => Self::postgres(url, place).await?,
        };
        end.check_schema(place).await?;
        let begin = match end {
            // The first read takes the snapshot: that is the look at the schema below.
            End::Sqlite(_) => "BEGIN",
            End::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        end.execute(begin).await?;
        end.number("SELECT count(*) FROM meta").await?;
        Ok(end)
    }

    /// Opens a database to write to it. Its schema is there and is this program's.
    pub(super) async fn writing(place: &Place) -> Result<Self, CopyError> {
        let mut end = match place {
            Place::Sqlite(path) => Self::sqlite(sqlite::options(path).create_if_missing(false), place).await?,
            Place::Finished(path) => {
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Memory)
                    // Synced whole when it is finished; until then it counts for nothing.
                    .synchronous(SqliteSynchronous::Off)
                    .foreign_keys(true)
                    .disable_statement_logging();
                let mut end = Self::sqlite(options, place).await?;
                if let End::Sqlite(connection) = &mut end {
                    let migrated = sql::sqlite_migrator().run_direct(None, &mut **connection, false).await;
                    migrated.map_err(|source| CopyError::Foreign { place: place.shown(), source })?;
                }
                end
            }
            Place::Postgres(url) => Self::postgres(url, place).await?,
        };
        end.check_schema(place).await?;
        Ok(end)
    }

    async fn sqlite(options: SqliteConnectOptions, place: &Place) -> Result<Self, CopyError> {
        let connection = options.connect().await.map_err(|source| CopyError::Unreachable { place: place.shown(), source })?;
        Ok(End::Sqlite(Box::new(connection)))
    }

    pub(super) async fn postgres(url: &str, place: &Place) -> Result<Self, CopyError> {
        let options: sqlx::postgres::PgConnectOptions =
            url.parse().map_err(|source| CopyError::Unreachable { place: place.shown(), source })?;
        // Pages go by the key's index, whatever the statistics of a table that was just filled say.
        let options = options.options([("enable_seqscan", "off")]).application_name("tipline copy");
        let connection = options.disable_statement_logging().connect().await;
        let connection = connection.map_err(|source| CopyError::Unreachable { place: place.shown(), source })?;
        Ok(End::Postgres(Box::new(connection)))
    }

    /// The schema must be the one that the list of tables describes.
    async fn check_schema(&mut self, place: &Place) -> Result<(), CopyError> {
        let there = match self {
            End::Sqlite(_) => "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'",
            End::Postgres(_) => "SELECT count(*) FROM pg_class WHERE oid = to_regclass('_sqlx_migrations')",
        };
        let found = if self.number(there).await? == 0 { 0 } else { self.number("SELECT max(version) FROM _sqlx_migrations").await? };
        if found == sql::NEWEST { Ok(()) } else { Err(CopyError::Schema { place: place.shown(), found, known: sql::NEWEST }) }
    }

    /// Runs a statement that gives nothing.
    pub(super) async fn execute(&mut self, text: &'static str) -> Result<(), CopyError> {
        match self {
            End::Sqlite(connection) => sqlx::query(text).execute(&mut **connection).await.map(|_| ()),
            End::Postgres(connection) => sqlx::query(text).execute(&mut **connection).await.map(|_| ()),
        }
        .map_err(CopyError::failed("end a step"))
    }

    /// A number, 0 for none.
    pub(super) async fn number(&mut self, text: &str) -> Result<i64, CopyError> {
        let text = AssertSqlSafe(text).into_sql_str();
        let number = match self {
            End::Sqlite(connection) => sqlx::query_scalar::<_, Option<i64>>(text).fetch_one(&mut **connection).await,
            End::Postgres(connection) => sqlx::query_scalar::<_, Option<i64>>(text).fetch_one(&mut **connection).await,
        };
        Ok(number.map_err(CopyError::failed("count rows"))?.unwrap_or(0))
    }

    /// How many rows a table has.
    pub(super) async fn count(&mut self, table: &Table) -> Result<u64, CopyError> {
        let count = self.number(&format!("SELECT count(*) FROM {}", table.name)).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Texts of one column.
    pub(super) async fn texts(&mut self, text: &'static str) -> Result<Vec<String>, CopyError> {
        match self {
            End::Sqlite(connection) => sqlx::query_scalar::<_, String>(text).fetch_all(&mut **connection).await,
            End::Postgres(connection) => sqlx::query_scalar::<_, String>(text).fetch_all(&mut **connection).await,
        }
        .map_err(CopyError::failed("read a list"))
    }

    /// A value of the deployment.
    pub(super) async fn meta(&mut self, name: &str) -> Result<Option<String>, CopyError> {
        const TEXT: &str = "SELECT m.value FROM meta m WHERE m.name = $1";
        match self {
            End::Sqlite(connection) => sqlx::query_scalar::<_, String>(TEXT).bind(name).fetch_optional(&mut **connection).await,
            End::Postgres(connection) => sqlx::query_scalar::<_, String>(TEXT).bind(name).fetch_optional(&mut **connection).await,
        }
        .map_err(CopyError::failed("read a value"))
    }

    /// Writes a value of the deployment; none removes it.
    pub(super) async fn set_meta(&mut self, name: &str, value: Option<&str>) -> Result<(), CopyError> {
        const PUT: &str = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        const END: &str = "DELETE FROM meta WHERE name = $1";
        match (self, value) {
            (End::Sqlite(connection), Some(value)) => sqlx::query(PUT).bind(name).bind(value).execute(&mut **connection).await.map(|_| ()),
            (End::Sqlite(connection), None) => sqlx::query(END).bind(name).execute(&mut **connection).await.map(|_| ()),
            (End::Postgres(connection), Some(value)) => {
                sqlx::query(PUT).bind(name).bind(value).execute(&mut **connection).await.map(|_| ())
            }
            (End::Postgres(connection), None) => sqlx::query(END).bind(name).execute(&mut **connection).await.map(|_| ()),
        }
        .map_err(CopyError::failed("write a value"))
    }

    /// The rows after this one in the order of the key, at most `most`; from the first when there is none before.
    pub(super) async fn page(&mut self, table: &Table, after: Option<&Row>, most: usize) -> Result<Vec<Row>, CopyError> {
        let text = AssertSqlSafe(page_text(table, after.is_some(), most)).into_sql_str();
        let key: Vec<Value> = after.map(|row| table.key_places().map(|place| row[place].clone()).collect()).unwrap_or_default();
        let read = CopyError::failed_table("read", table.name);
        match self {
            End::Sqlite(connection) => {
                let mut arguments = SqliteArguments::default();
                bind_sqlite(&mut arguments, key.iter()).map_err(&read)?;
                let rows = sqlx::query_with(text, arguments).fetch_all(&mut **connection).await.map_err(&read)?;
                rows.iter().map(|row| of_sqlite(table, row).map_err(&read)).collect()
            }
            End::Postgres(connection) => {
                let mut arguments = PgArguments::default();
                bind_postgres(&mut arguments, key.iter()).map_err(&read)?;
                let rows = sqlx::query_with(text, arguments).fetch_all(&mut **connection).await.map_err(&read)?;
                rows.iter().map(|row| of_postgres(table, row).map_err(&read)).collect()
            }
        }
    }

    /// Writes new rows.
    pub(super) async fn insert(&mut self, table: &Table, rows: &[Row]) -> Result<(), CopyError> {
        let together = (VALUES_MOST / table.columns.len()).clamp(1, ROWS_MOST);
        let write = CopyError::failed_table("write", table.name);
        for rows in rows.chunks(together) {
            let text = AssertSqlSafe(insert_text(table, rows.len())).into_sql_str();
            let values = rows.iter().flatten();
            match self {
                End::Sqlite(connection) => {
                    let mut arguments = SqliteArguments::default();
                    bind_sqlite(&mut arguments, values).map_err(&write)?;
                    sqlx::query_with(text, arguments).execute(&mut **connection).await.map(|_| ())
                }
                End::Postgres(connection) => {
                    let mut arguments = PgArguments::default();
                    bind_postgres(&mut arguments, values).map_err(&write)?;
                    sqlx::query_with(text, arguments).execute(&mut **connection).await.map(|_| ())
                }
            }
            .map_err(&write)?;
        }
        Ok(())
    }

    /// Ends the connection; what was not committed is undone.
    pub(super) async fn close(self) -> Result<(), CopyError> {
        match self {
            End::Sqlite(connection) => connection.close().await,
            End::Postgres(connection) => connection.close().await,
        }
        .map_err(CopyError::failed("close"))
    }
}

/// A file that is finished, onto the disk.
pub(super) fn sync(path: &Path) -> std::io::Result<()> {
    std::fs::File::open(path)?.sync_all()
}

fn names(table: &Table) -> String {
    table.columns.iter().map(|column| column.name()).collect::<Vec<_>>().join(", ")
}

fn page_text(table: &Table, after: bool, most: usize) -> String {
    let key = table.key.join(", ");
    let places = (1..=table.key.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
    let condition = if after { format!(" WHERE ({key}) > ({places})") } else { String::new() };
    format!("SELECT {} FROM {}{condition} ORDER BY {key} LIMIT {most}", names(table), table.name)
}

fn insert_text(table: &Table, rows: usize) -> String {
    let wide = table.columns.len();
    let row = |at: usize| format!("({})", (1..=wide).map(|place| format!("${}", at * wide + place)).collect::<Vec<_>>().join(", "));
    let rows = (0..rows).map(row).collect::<Vec<_>>().join(", ");
    format!("INSERT INTO {} ({}) VALUES {rows}", table.name, names(table))
}

type Bound = Result<(), sqlx::Error>;

fn bind_sqlite<'a>(arguments: &mut SqliteArguments, values: impl Iterator<Item = &'a Value>) -> Bound {
    use sqlx::Arguments;
    for value in values {
        match value {
            Value::Text(text) => arguments.add(text.clone()),
            Value::Int(number) => arguments.add(*number),
            Value::Flag(flag) => arguments.add(*flag),
            Value::Bytes(bytes) => arguments.add(bytes.clone()),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(())
}

fn bind_postgres<'a>(arguments: &mut PgArguments, values: impl Iterator<Item = &'a Value>) -> Bound {
    use sqlx::Arguments;
    for value in values {
        match value {
            Value::Text(text) => arguments.add(text.as_deref()),
            Value::Int(number) => arguments.add(*number),
            Value::Flag(flag) => arguments.add(*flag),
            Value::Bytes(bytes) => arguments.add(bytes.as_deref()),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(())
}

fn of_sqlite(table: &Table, row: &SqliteRow) -> Result<Row, sqlx::Error> {
    let value = |(place, column): (usize, &Column)| match column {
        Column::Text(_) => row.try_get(place).map(Value::Text),
        Column::Int(_) => row.try_get(place).map(Value::Int),
        Column::Flag(_) => row.try_get(place).map(Value::Flag),
        Column::Bytes(_) | Column::Sealed(_) => row.try_get(place).map(Value::Bytes),
    };
    table.columns.iter().enumerate().map(value).collect()
}

fn of_postgres(table: &Table, row: &PgRow) -> Result<Row, sqlx::Error> {
    let value = |(place, column): (usize, &Column)| match column {
        Column::Text(_) => row.try_get(place).map(Value::Text),
        Column::Int(_) => row.try_get(place).map(Value::Int),
        Column::Flag(_) => row.try_get(place).map(Value::Flag),
        Column::Bytes(_) | Column::Sealed(_) => row.try_get(place).map(Value::Bytes),
    };
    table.columns.iter().enumerate().map(value).collect()
}
