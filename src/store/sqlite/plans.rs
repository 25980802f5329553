//! Every statement is prepared on the real schema, and none walks a whole table: each reaches its rows by an index, in an
//! empty database as in a full one (no statistics are kept that could change a plan).

use crate::store::{batch, reads, sql};
use sqlx::{Connection, Row, SqliteConnection};

/// Walks that are meant: along the partial index that holds exactly the rows wanted, or the array.
///
/// The last six are children that a foreign key would search below a new parent; that code is jumped over as long as no violation
/// is outstanding, which in a set-based insert is always. `lane` has a handful of rows, and `work` is walked once a start.
const MEANT: [&str; 19] = [
    "SCAN i VIRTUAL TABLE",
    "USING INDEX conversation_",
    "USING COVERING INDEX conversation_",
    "USING INDEX task_open",
    "USING COVERING INDEX work_",
    "SCAN CONSTANT ROW",
    "SCAN (subquery",
    "SCAN few",
    "USING INDEX message_unfinished",
    "USING INDEX obligation_open",
    "USING INDEX attachment_unfinished",
    "SCAN lane",
    "SCAN work",
    "SCAN contact",
    "SCAN attachment",
    "SCAN receipt",
    "SCAN session",
    "SCAN api_token",
    "SCAN person",
];

#[tokio::test]
async fn every_statement_goes_by_an_index() {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    sql::sqlite_migrator().run_direct(None, &mut connection, false).await.unwrap();
    let mut walks = Vec::new();
    for statement in batch::every_statement().chain(reads::every_statement()) {
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"))).fetch_all(&mut connection).await;
        let plan = plan.unwrap_or_else(|error| panic!("{error}: {statement}"));
        for line in plan {
            let detail: String = line.get("detail");
            if detail.starts_with("SCAN") && !MEANT.iter().any(|meant| detail.contains(meant)) {
                walks.push(format!("{detail}: {statement}"));
            }
        }
    }
    assert!(walks.is_empty(), "{}", walks.join("\n\n"));
}

/// A 911 centre after five years: the last page of its list is read from the end of an index, not sorted out of all that it was ever told.
#[tokio::test]
async fn the_portals_list_is_read_along_its_index() {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    sql::sqlite_migrator().run_direct(None, &mut connection, false).await.unwrap();
    let plan = format!("EXPLAIN QUERY PLAN {}", reads::endusers::TOLD);
    let plan = sqlx::query(sqlx::AssertSqlSafe(plan)).fetch_all(&mut connection).await.unwrap();
    let lines: Vec<String> = plan.iter().map(|line| line.get("detail")).collect();
    assert!(lines[0].contains("USING INDEX obligation_told (organization=? AND id<?)"), "{lines:?}");
    assert!(lines.iter().all(|line| !line.contains("TEMP B-TREE")), "nothing is sorted: {lines:?}");
}
