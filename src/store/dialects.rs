//! Every statement is understood by both engines, and both give the same columns: the same number, and the same names where they have any.
//!
//! What a statement does is for the conformance suite; here is that none was written for one engine only, also those that no case runs.

use super::sql::{postgres, postgres_migrator, sqlite_migrator};
use super::{batch, reads};
use sqlx::postgres::PgTypeInfo;
use sqlx::postgres::types::Oid;
use sqlx::{AssertSqlSafe, Column, Connection, Executor, PgConnection, SqlSafeStr, SqliteConnection, Statement};

/// PostgreSQL's number of a type that it shall find out by itself.
const UNSAID: Oid = Oid(0);

/// The types of a statement's values as they are sent: arrays as text, their bytes as bytes. All others follow from where they stand.
fn types(sql: &str) -> Vec<PgTypeInfo> {
    let kind = |n: usize| match () {
        () if sql.contains(&format!("json_each(${n})")) => PgTypeInfo::with_name("text"),
        () if sql.contains(&format!("substr(${n},")) => PgTypeInfo::with_name("bytea"),
        () => PgTypeInfo::with_oid(UNSAID),
    };
    let most = (1..=12).rev().find(|n| sql.contains(&format!("${n}"))).unwrap_or(0);
    (1..=most).map(kind).collect()
}

/// The name of a column that has one; an expression's is each engine's own.
fn named(name: &str) -> Option<String> {
    name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_' || letter.is_ascii_digit()).then(|| name.to_owned())
}

#[tokio::test]
async fn every_statement_is_understood_by_both_engines() {
    let mut file = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    sqlite_migrator().run_direct(None, &mut file, false).await.unwrap();
    let mut server = PgConnection::connect(&test_kit::database().await.unwrap()).await.unwrap();
    postgres_migrator().run_direct(None, &mut server, false).await.unwrap();
    let mut wrong = Vec::new();
    for sql in batch::every_statement().chain(reads::every_statement()) {
        let of_file = (&mut file).prepare(AssertSqlSafe(sql).into_sql_str()).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
        let of_server = match (&mut server).prepare_with(postgres(sql), &types(sql)).await {
            Ok(statement) => statement,
            Err(error) => {
                wrong.push(format!("{error}: {sql}"));
                continue;
            }
        };
        let names = |columns: Vec<&str>| columns.into_iter().map(named).collect::<Vec<_>>();
        let of_file = names(of_file.columns().iter().map(|column| column.name()).collect());
        let of_server = names(of_server.columns().iter().map(|column| column.name()).collect());
        let alike =
            of_file.len() == of_server.len() && of_file.iter().zip(&of_server).all(|(file, server)| file.is_none() || file == server);
        if !alike {
            wrong.push(format!("columns {of_file:?} and {of_server:?}: {sql}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
