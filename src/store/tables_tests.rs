//! The list of tables against the schema that the migrations make.

use super::*;
use crate::store::sql;
use sqlx::{Connection, Row, SqliteConnection};
use std::collections::BTreeSet;

/// A column as the database tells of it: table, name, type, place in the key (0 for none).
type Told = BTreeSet<(String, String, String, i64)>;

pub(crate) fn listed() -> Told {
    let mut all = Told::new();
    for table in TABLES {
        for column in table.columns {
            let kind = match column {
                Text(_) => "TEXT",
                Int(_) => "BIGINT",
                Flag(_) => "BOOLEAN",
                Bytes(_) | Sealed(_) => "BLOB",
            };
            let place = table.key.iter().position(|key| *key == column.name()).map_or(0, |at| at as i64 + 1);
            all.insert((table.name.to_owned(), column.name().to_owned(), kind.to_owned(), place));
        }
    }
    all
}

async fn migrated() -> SqliteConnection {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    sql::sqlite_migrator().run_direct(None, &mut connection, false).await.unwrap();
    connection
}

#[tokio::test]
async fn every_column_of_the_schema_is_listed() {
    let mut connection = migrated().await;
    let rows = sqlx::query(
        "SELECT t.name AS tab, c.name AS col, c.type AS kind, c.pk AS place FROM sqlite_master t, pragma_table_info(t.name) c \
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND t.name <> '_sqlx_migrations'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let told: Told = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect();
    let (forgotten, invented) =
        (told.difference(&listed()).cloned().collect::<Vec<_>>(), listed().difference(&told).cloned().collect::<Vec<_>>());
    assert!(forgotten.is_empty(), "in the migrations and not in tables.rs, so that a copy would lose it: {forgotten:?}");
    assert!(invented.is_empty(), "in tables.rs and not in the migrations: {invented:?}");
}

#[tokio::test]
async fn parents_come_before_their_children() {
    let mut connection = migrated().await;
    let mut before = BTreeSet::new();
    for table in TABLES {
        before.insert(table.name.to_owned());
        let parents = sqlx::query_scalar::<_, String>("SELECT f.\"table\" FROM pragma_foreign_key_list($1) f")
            .bind(table.name)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        for parent in parents {
            assert!(before.contains(&parent), "{} is listed before {parent}", table.name);
        }
    }
    assert_eq!(TABLES.last().map(|table| table.name), Some("meta"));
}

#[test]
fn what_is_sealed_names_its_tip() {
    for table in TABLES {
        let sealed = table.columns.iter().any(|column| matches!(column, Sealed(_)));
        assert!(!sealed || table.tip.is_some_and(|tip| table.place(tip).is_some()), "{}", table.name);
        assert_eq!(table.key_places().count(), table.key.len(), "{}", table.name);
    }
}
