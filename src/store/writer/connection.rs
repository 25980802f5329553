//! The connection that a writer owns: one of either engine, with what a batch asks of it.

use super::apply::Cause;
use crate::store::batch::Statement;
use crate::store::batch::facts::{Fact, Facts, Questions};
use crate::store::reads::{Row, Value};
use crate::store::{postgres, sqlite};

/// One of the engines.
pub(in crate::store) enum Connection {
    Sqlite(sqlite::Connection),
    Postgres(Box<postgres::Connection>),
}

impl Connection {
    /// Begins a transaction that writes.
    pub(super) async fn begin(&mut self) -> Result<(), Cause> {
        match self {
            Connection::Sqlite(connection) => connection.begin().await,
            Connection::Postgres(connection) => connection.begin().await,
        }
    }
    /// Begins, and asks what must be known; what is answered stays so until the end of the transaction, as far as tips are concerned.
    pub(super) async fn begin_and_ask(&mut self, questions: Questions) -> Result<Facts, Cause> {
        let rows = match self {
            Connection::Sqlite(connection) => connection.begin_and_ask(questions).await?,
            Connection::Postgres(connection) => connection.begin_and_ask(questions).await?,
        };
        let mut facts = Facts::default();
        for row in rows {
            fact(&row).and_then(|fact| facts.take(fact)).ok_or(Cause::Strange)?;
        }
        Ok(facts)
    }
    /// Runs the statements in order; commits if that is all.
    pub(super) async fn run(&mut self, statements: Vec<Statement>, and_commit: bool) -> Result<(), Cause> {
        match self {
            Connection::Sqlite(connection) => connection.run(statements, and_commit).await,
            Connection::Postgres(connection) => connection.run(statements, and_commit).await,
        }
    }
    /// A statement that gives rows.
    pub(super) async fn rows(&mut self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Row>, Cause> {
        match self {
            Connection::Sqlite(connection) => connection.rows(sql, values).await,
            Connection::Postgres(connection) => connection.rows(sql, values).await,
        }
    }
    /// A statement that gives none: how many rows it touched.
    pub(super) async fn touch(&mut self, sql: &'static str, values: Vec<Value>) -> Result<u64, Cause> {
        match self {
            Connection::Sqlite(connection) => connection.touch(sql, values).await,
            Connection::Postgres(connection) => connection.touch(sql, values).await,
        }
    }
    pub(super) async fn commit(&mut self) -> Result<(), Cause> {
        match self {
            Connection::Sqlite(connection) => connection.commit().await,
            Connection::Postgres(connection) => connection.commit().await,
        }
    }
    /// Ends the transaction without a trace, whatever went wrong.
    pub(super) async fn roll_back(&mut self, cause: &Cause) {
        match self {
            Connection::Sqlite(connection) => connection.roll_back().await,
            Connection::Postgres(connection) => connection.roll_back(cause).await,
        }
    }
    pub(super) async fn close(self) {
        match self {
            Connection::Sqlite(connection) => connection.close().await,
            Connection::Postgres(connection) => connection.close().await,
        }
    }
}

fn fact(row: &Row) -> Option<Fact> {
    let mut fact = Fact { what: row.at(0)?, a: row.at(1)?, b: row.at(2)?, hash: row.at(3)?, numbers: [0; 6] };
    for (place, number) in fact.numbers.iter_mut().enumerate() {
        *number = row.at(4 + place)?;
    }
    Some(fact)
}
