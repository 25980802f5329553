//! Connecting to the server: the right schema, and settings under which a commit is what it says.

use super::connection::CONNECT_WITHIN;
use crate::store::reads::is_away;
use crate::store::sql;
use sqlx::migrate::MigrateError;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use std::str::FromStr;

/// The limits of a connection that writes, the server's second net below ours: a statement, a wait for another's lock, an open
/// transaction whose client says nothing more. Milliseconds.
///
/// What a batch asks and writes is always a short list, each row of it found by a key. A plan that was made while the tables were all but
/// empty reads them whole instead, and stays until somebody analyses them: so what such plans are made of is off.
const WRITING: [(&str, &str); 8] = [
    ("statement_timeout", "5000"),
    ("lock_timeout", "3000"),
    ("idle_in_transaction_session_timeout", "5000"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("enable_material", "off"),
    ("jit", "off"),
];
const READING: [(&str, &str); 4] =
    [("statement_timeout", "9000"), ("default_transaction_read_only", "on"), ("enable_seqscan", "off"), ("jit", "off")];

/// Why the database could not be used, in a sentence with the fix. The address is told, never the password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not an address.
    #[error("the database's address is not understood: write postgres://user:password@host:5432/name")]
    Address,
    /// No answer, or none that we may take: TLS that is asked for and not had is here, too.
    #[error(
        "the database {address} cannot be reached: {why}. Is the server running, may this user connect, and does its TLS suit ?sslmode?"
    )]
    Unreachable {
        /// Host, port and name.
        address: String,
        /// What the network or the server said; part of the sentence, since only that tells a dead server from a certificate that nobody knows.
        why: sqlx::Error,
    },
    /// A replica.
    #[error("the database {address} only follows another one and takes no writes: name the server that leads, or promote this one")]
    Follows {
        /// Host, port and name.
        address: String,
    },
    /// It does not sync.
    #[error("the database {address} answers before the disk has it ({setting} is off), so a tip could be lost: turn it on")]
    Forgetful {
        /// Host, port and name.
        address: String,
        /// The setting.
        setting: &'static str,
    },
    /// The schema is older than the program.
    #[error("the database {address} is not prepared for this version: run `tipline migrate` first")]
    Behind {
        /// Host, port and name.
        address: String,
    },
    /// The schema is newer than the program.
    #[error(
        "the database {address} was prepared by a newer version (its schema is {found}, this program knows {known}): start the newer program"
    )]
    Newer {
        /// Host, port and name.
        address: String,
        /// Its schema.
        found: i64,
        /// The newest known here.
        known: i64,
    },
    /// A schema that is not ours.
    #[error("the database {address} was not made by this program: name another")]
    Foreign {
        /// Host, port and name.
        address: String,
        /// Why.
        #[source]
        source: MigrateError,
    },
    /// It refused, or went away meanwhile.
    #[error("the database {address} could not be read or prepared: see its log")]
    Refused {
        /// Host, port and name.
        address: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
}

impl OpenError {
    /// Whether the server is away, or about to lead: later it may be as it should be without anybody having mended anything here.
    pub fn is_away(&self) -> bool {
        match self {
            OpenError::Unreachable { .. } | OpenError::Follows { .. } => true,
            OpenError::Refused { source, .. } => is_away(source),
            OpenError::Address
            | OpenError::Forgetful { .. }
            | OpenError::Behind { .. }
            | OpenError::Newer { .. }
            | OpenError::Foreign { .. } => false,
        }
    }
}

/// Brings the schema up to date.
pub async fn migrate(url: &str) -> Result<(), OpenError> {
    ready(&options(url)?, true).await
}

/// The options of an address; statements are never logged.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, OpenError> {
    let options = PgConnectOptions::from_str(url).map_err(|_| OpenError::Address)?;
    Ok(options.application_name("tipline").disable_statement_logging())
}

pub(super) fn writing(options: &PgConnectOptions) -> PgConnectOptions {
    options.clone().options(WRITING)
}

pub(super) fn reading(options: &PgConnectOptions) -> PgConnectOptions {
    options.clone().options(READING)
}

/// Host, port and name: what may be told of an address.
fn address(options: &PgConnectOptions) -> String {
    format!("{}:{}/{}", options.get_host(), options.get_port(), options.get_database().unwrap_or(options.get_username()))
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, OpenError> {
    let unreachable = |why| OpenError::Unreachable { address: address(options), why };
    match tokio::time::timeout(CONNECT_WITHIN, options.connect()).await {
        Ok(connected) => connected.map_err(unreachable),
        Err(_) => Err(unreachable(sqlx::Error::PoolTimedOut)),
    }
}

/// A connection to the server, which takes writes.
pub(super) async fn leading(options: &PgConnectOptions) -> Result<PgConnection, OpenError> {
    let mut connection = connect(options).await?;
    let follows = sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(&mut connection);
    match tokio::time::timeout(CONNECT_WITHIN, follows).await {
        Ok(Ok(false)) => Ok(connection),
        Ok(Ok(true)) => Err(OpenError::Follows { address: address(options) }),
        Ok(Err(source)) => Err(refused(options, source)),
        Err(_) => Err(refused(options, sqlx::Error::PoolTimedOut)),
    }
}

/// Checks the schema, and that a commit is durable; brings the schema up to date if that is wished. Several nodes may do so at once.
pub(super) async fn ready(options: &PgConnectOptions, migrate: bool) -> Result<(), OpenError> {
    let mut connection = leading(options).await?;
    for (setting, ask) in [("fsync", "SHOW fsync"), ("synchronous_commit", "SHOW synchronous_commit")] {
        let value: String = sqlx::query_scalar(ask).fetch_one(&mut connection).await.map_err(|source| refused(options, source))?;
        if value == "off" {
            return Err(OpenError::Forgetful { address: address(options), setting });
        }
    }
    let found = schema(options, &mut connection).await?;
    if found < sql::NEWEST && !migrate {
        return Err(OpenError::Behind { address: address(options) });
    }
    // Also when nothing is missing: it compares what was run with what is known.
    let mut migrator = sql::postgres_migrator();
    migrator.set_ignore_missing(found > sql::NEWEST);
    let migrated = migrator.run_direct(None, &mut connection, false).await;
    migrated.map_err(|error| match error {
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => {
            OpenError::Refused { address: address(options), source }
        }
        source => OpenError::Foreign { address: address(options), source },
    })?;
    let _ = connection.close().await;
    Ok(())
}

/// Refuses a database whose schema is not the newest.
pub(super) async fn readable(options: &PgConnectOptions) -> Result<(), OpenError> {
    let mut connection = connect(options).await?;
    let found = schema(options, &mut connection).await?;
    let _ = connection.close().await;
    if found < sql::NEWEST { Err(OpenError::Behind { address: address(options) }) } else { Ok(()) }
}

fn refused(options: &PgConnectOptions, source: sqlx::Error) -> OpenError {
    OpenError::Refused { address: address(options), source }
}

/// The number of the last migration that was run; 0 for none.
async fn schema(options: &PgConnectOptions, connection: &mut PgConnection) -> Result<i64, OpenError> {
    let refused = |source| refused(options, source);
    let there = sqlx::query_scalar::<_, bool>("SELECT to_regclass('_sqlx_migrations') IS NOT NULL");
    if !there.fetch_one(&mut *connection).await.map_err(refused)? {
        return Ok(0);
    }
    let found = sqlx::query_scalar::<_, Option<i64>>("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(&mut *connection)
        .await
        .map_err(refused)?;
    let found = found.unwrap_or(0);
    if found > sql::NEWEST {
        let later = sqlx::query_scalar::<_, String>(sql::LATER).bind(sql::NEWEST).fetch_all(connection).await.map_err(refused)?;
        if sql::may_go_on(&later) {
            tracing::warn!(found, known = sql::NEWEST, "a newer program has prepared the database; this one goes on beside it");
            return Ok(found);
        }
        return Err(OpenError::Newer { address: address(options), found, known: sql::NEWEST });
    }
    Ok(found)
}
