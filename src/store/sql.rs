//! Where the engines differ, all in one place.
//!
//! Every statement below this folder is one text for SQLite and PostgreSQL: `$1` placeholders, `ON CONFLICT`, `RETURNING`,
//! partial indexes, BOOLEAN. What is left is the tokens for bytes, keyed tables and what JSON is read as in the migrations, and the array source: a
//! batch of rows travels as one JSON array (`$1`) with one string of bytes beside it (`$2`), and [`each!`] opens it. The texts are
//! SQLite's; [`postgres`] makes PostgreSQL's of them. `CAST` and `substr` are written so that both understand them.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};
use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};

/// Begins a transaction that will write. At once, because on SQLite a transaction that reads first and then writes fails when
/// another has written in between, whatever the busy time-out; on PostgreSQL plain `BEGIN`.
macro_rules! begin {
    () => {
        "BEGIN IMMEDIATE"
    };
}
/// Where a claim passes by rows that another claim holds; SQLite has one writer and needs none.
macro_rules! skip_locked {
    () => {
        "/* SKIP LOCKED */"
    };
}
/// The rows of a JSON array as a table with one column `value`.
macro_rules! each {
    () => {
        "json_each($1)"
    };
    ($n:literal) => {
        concat!("json_each($", $n, ")")
    };
}
/// A text of a row.
macro_rules! text {
    ($n:literal) => {
        concat!("i.value->>", $n)
    };
}
/// A whole number of a row.
macro_rules! int {
    ($n:literal) => {
        concat!("CAST(i.value->>", $n, " AS BIGINT)")
    };
}
/// True or false of a row.
macro_rules! flag {
    ($n:literal) => {
        concat!("CAST(i.value->>", $n, " AS BOOLEAN)")
    };
}
/// Bytes of a row: where they start in `$2` and how many they are.
macro_rules! bytes {
    ($at:literal, $length:literal) => {
        concat!("substr($2, CAST(i.value->>", $at, " AS INTEGER), CAST(i.value->>", $length, " AS INTEGER))")
    };
}
/// Bytes of a row that may be missing.
macro_rules! opt_bytes {
    ($at:literal, $length:literal) => {
        concat!(
            "CASE WHEN i.value->>",
            $at,
            " IS NULL THEN NULL ELSE substr($2, CAST(i.value->>",
            $at,
            " AS INTEGER), CAST(i.value->>",
            $length,
            " AS INTEGER)) END"
        )
    };
}
/// Thirty-two bytes of a row: where they start in `$2`.
macro_rules! hash {
    ($at:literal) => {
        concat!("substr($2, CAST(i.value->>", $at, " AS INTEGER), 32)")
    };
}
pub(crate) use {begin, bytes, each, flag, hash, int, opt_bytes, skip_locked, text};

/// The migrations, in order: number, name, portable text. Only ever added to.
const MIGRATIONS: [(i64, &str, &str); 11] = [
    (1, "base", include_str!("../../migrations/0001_base.sql")),
    (2, "every way in", include_str!("../../migrations/0002_every_way_in.sql")),
    (3, "incidents", include_str!("../../migrations/0003_incidents.sql")),
    (4, "telling", include_str!("../../migrations/0004_telling.sql")),
    (5, "drills", include_str!("../../migrations/0005_drills.sql")),
    (6, "portal", include_str!("../../migrations/0006_portal.sql")),
    (7, "routes", include_str!("../../migrations/0007_routes.sql")),
    (8, "portal list (keeps 7)", include_str!("../../migrations/0008_portal_list.sql")),
    (9, "nodes (keeps 7)", include_str!("../../migrations/0009_nodes.sql")),
    (10, "closed list (keeps 7)", include_str!("../../migrations/0010_closed_list.sql")),
    (11, "closed list alone (keeps 7)", include_str!("../../migrations/0011_closed_list_alone.sql")),
];

/// What the migrations that this program does not know say of themselves.
pub(crate) const LATER: &str = "SELECT description FROM _sqlx_migrations WHERE version > $1";

/// Whether this program may go on with a schema to which migrations of these names were added since: each must say in its name that it keeps
/// programs like this one, as "nodes (keeps 7)" keeps those that know schema 7 and later (docs/decisions/expand-then-contract.md).
pub(crate) fn may_go_on(later: &[String]) -> bool {
    let keeps = |name: &String| name.strip_suffix(')')?.rsplit_once("(keeps ")?.1.parse::<i64>().ok();
    !later.is_empty() && later.iter().all(|name| keeps(name).is_some_and(|oldest| oldest <= NEWEST))
}

/// The newest schema that this program knows.
pub(crate) const NEWEST: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// The migrations as SQLite reads them.
pub(crate) fn sqlite_migrator() -> Migrator {
    migrator("BLOB", "WITHOUT ROWID", "TEXT")
}

/// The migrations as PostgreSQL reads them.
pub(crate) fn postgres_migrator() -> Migrator {
    migrator("BYTEA", "", "JSONB")
}

/// A statement as PostgreSQL reads it: how an array is opened, how a value of it that is no row is read, and that whoever claims
/// passes by what another is claiming.
pub(crate) fn postgres(sql: &'static str) -> SqlStr {
    static KNOWN: OnceLock<RwLock<HashMap<&'static str, SqlStr>>> = OnceLock::new();
    let known = KNOWN.get_or_init(RwLock::default);
    if let Some(text) = known.read().unwrap_or_else(PoisonError::into_inner).get(sql) {
        return text.clone();
    }
    let text = AssertSqlSafe(translated(sql)).into_sql_str();
    known.write().unwrap_or_else(PoisonError::into_inner).entry(sql).or_insert(text).clone()
}

fn translated(sql: &str) -> String {
    let mut text = sql.replace(skip_locked!(), "FOR UPDATE SKIP LOCKED");
    for n in 1..=9 {
        text = text.replace(&format!("json_each(${n})"), &format!("jsonb_array_elements(${n}::jsonb)"));
    }
    let mut parts = text.split("i.value");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for rest in parts {
        out.push_str(if rest.starts_with("->>") { "i.value" } else { "(i.value #>> '{}')" });
        out.push_str(rest);
    }
    out
}

fn migrator(bytes: &str, keyed: &str, json: &str) -> Migrator {
    let with_words = |text: &str| {
        let text = text.replace("{{BYTES}}", bytes).replace("{{KEYED}}", keyed).replace("{{JSON}}", json);
        AssertSqlSafe(text).into_sql_str()
    };
    let all = MIGRATIONS
        .iter()
        .map(|(number, name, text)| Migration::new(*number, (*name).into(), MigrationType::Simple, with_words(text), false));
    Migrator::with_migrations(all.collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_token_is_left() {
        for migrator in [super::sqlite_migrator(), super::postgres_migrator()] {
            assert!(migrator.iter().all(|migration| !migration.sql.as_str().contains("{{")));
            assert_eq!(migrator.iter().count(), super::MIGRATIONS.len());
        }
    }

    #[test]
    fn a_newer_schema_is_worked_with_if_it_keeps_programs_like_this_one() {
        let may = |names: &[&str]| super::may_go_on(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        let known = format!("later (keeps {})", super::NEWEST);
        assert!(may(&[&known]) && may(&[&known, "nodes (keeps 7)"]));
        assert!(!may(&[&known, "later still"]) && !may(&["much later (keeps 9999)"]) && !may(&["(keeps x)"]) && !may(&[]));
    }

    #[test]
    fn arrays_are_opened_in_the_other_dialect() {
        assert_eq!(
            super::translated(
                "SELECT i.value->>0 FROM json_each($1) i WHERE a IN (SELECT i.value FROM json_each($2) i) LIMIT $3 /* SKIP LOCKED */"
            ),
            "SELECT i.value->>0 FROM jsonb_array_elements($1::jsonb) i WHERE a IN (SELECT (i.value #>> '{}') FROM \
             jsonb_array_elements($2::jsonb) i) LIMIT $3 FOR UPDATE SKIP LOCKED"
        );
    }
}
