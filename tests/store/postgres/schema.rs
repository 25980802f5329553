//! The two dialects of one history: the same tables, columns and indexes; and several nodes that bring the schema up to date at once.

use super::database;
use futures_util::future::join_all;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use std::collections::BTreeSet;
use tipline::store::postgres::migrate;

/// A column, an index or a key, in words that both engines share.
type Shape = BTreeSet<String>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_nodes_may_migrate_at_once() {
    let url = test_kit::database().await.unwrap();
    for outcome in join_all((0..4).map(|_| migrate(&url))).await {
        outcome.unwrap();
    }
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let run: (i64, i64) = sqlx::query_as("SELECT count(*), max(version) FROM _sqlx_migrations").fetch_one(&mut connection).await.unwrap();
    assert!(run.0 == run.1 && run.0 >= 7, "{run:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_dialects_make_the_same_schema() {
    let (server, file) = (of_the_server().await, of_a_file().await);
    assert!(file.len() > 150, "{}", file.len());
    let (only_server, only_file): (Vec<_>, Vec<_>) = (server.difference(&file).collect(), file.difference(&server).collect());
    assert!(only_server.is_empty() && only_file.is_empty(), "only on PostgreSQL: {only_server:#?}\nonly on SQLite: {only_file:#?}");
}

/// As PostgreSQL sees it.
async fn of_the_server() -> Shape {
    let mut connection = PgConnection::connect(&database().await).await.unwrap();
    let columns = "SELECT table_name || '.' || column_name || ' ' || data_type || \
         CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END || \
         COALESCE(' DEFAULT ' || split_part(column_default, '::', 1), '') FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'";
    let indexes = "SELECT 'index on ' || t.relname || ' (' || \
         (SELECT string_agg(a.attname, ', ' ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY k (attnum, n) \
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum) || ')' || \
         CASE WHEN i.indisunique THEN ' unique' ELSE '' END || CASE WHEN i.indpred IS NULL THEN '' ELSE ' partial' END || \
         CASE WHEN i.indisprimary THEN ' primary' ELSE '' END \
         FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
         WHERE n.nspname = 'public' AND t.relname <> '_sqlx_migrations'";
    let references = "SELECT t.relname || '.' || a.attname || ' references ' || r.relname \
         FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid \
         JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] WHERE c.contype = 'f'";
    let mut shape = Shape::new();
    for sql in [columns, indexes, references] {
        let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap();
        shape.extend(rows);
    }
    shape
}

/// As SQLite sees it.
async fn of_a_file() -> Shape {
    let folder = std::env::temp_dir().join(format!("tipline-schema-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("tips.db");
    tipline::store::sqlite::migrate(&path).await.unwrap();
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> '_sqlx_migrations'";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
    let mut shape = Shape::new();
    for table in tables {
        let mut ask = async |pragma: &str| {
            let sql = AssertSqlSafe(format!("SELECT * FROM pragma_{pragma}('{table}')"));
            sqlx::query(sql).fetch_all(&mut connection).await.unwrap()
        };
        for column in ask("table_info").await {
            let (name, kind): (&str, &str) = (column.get("name"), column.get("type"));
            let required = column.get::<i64, _>("notnull") == 1 || column.get::<i64, _>("pk") > 0;
            let default = column.get::<Option<&str>, _>("dflt_value").map(|value| format!(" DEFAULT {}", value.to_lowercase()));
            let not_null = if required { " NOT NULL" } else { "" };
            shape.insert(format!("{table}.{name} {}{not_null}{}", on_the_server(kind), default.unwrap_or_default()));
        }
        for key in ask("foreign_key_list").await {
            shape.insert(format!("{table}.{} references {}", key.get::<&str, _>("from"), key.get::<&str, _>("table")));
        }
        for index in ask("index_list").await {
            let name: String = index.get("name");
            let columns = AssertSqlSafe(format!("SELECT name FROM pragma_index_info('{name}') ORDER BY seqno"));
            let columns: Vec<String> = sqlx::query_scalar(columns).fetch_all(&mut connection).await.unwrap();
            let is = |column: &str, word: &'static str| if index.get::<i64, _>(column) == 1 { word } else { "" };
            let primary = if index.get::<&str, _>("origin") == "pk" { " primary" } else { "" };
            let (unique, partial) = (is("unique", " unique"), is("partial", " partial"));
            shape.insert(format!("index on {table} ({}){unique}{partial}{primary}", columns.join(", ")));
        }
    }
    connection.close().await.unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    shape
}

/// What PostgreSQL calls a type.
fn on_the_server(kind: &str) -> &'static str {
    match kind {
        "TEXT" => "text",
        "BIGINT" => "bigint",
        "BOOLEAN" => "boolean",
        "BLOB" => "bytea",
        other => panic!("a type that the other dialect has no word for: {other}"),
    }
}
