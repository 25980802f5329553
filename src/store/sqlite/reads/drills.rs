//! Reading the ledger of drills, and when each school had its last.

use super::{Columns, all, failed};
use crate::store::StoreError;
use crate::store::rows::DrillRow;
use domain::id::{ConversationId, OrganizationKey};
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Pool, Sqlite};

macro_rules! drill_columns {
    () => {
        "c.id, c.reference, c.school, d.id AS dispatch, d.started_at, d.due_at, d.started_by \
         FROM conversation c JOIN dispatch d ON d.conversation = c.id WHERE c.drill"
    };
}

const LEDGER: &str = concat!("SELECT ", drill_columns!(), " ORDER BY c.received_at DESC, c.id DESC LIMIT $1 OFFSET $2");
const ONE: &str = concat!("SELECT ", drill_columns!(), " AND c.id = $1");
const LAST: &str =
    "SELECT c.school, max(c.received_at) AS last_at FROM conversation c WHERE c.drill AND c.school IS NOT NULL GROUP BY c.school";

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[LEDGER, ONE, LAST];

pub(in super::super) async fn ledger(readers: &Pool<Sqlite>, limit: u32, offset: u32) -> Result<Vec<DrillRow>, StoreError> {
    let query = sqlx::query(LEDGER).bind(i64::from(limit)).bind(i64::from(offset));
    all(&query.fetch_all(readers).await.map_err(failed("read the drills"))?, drill)
}

pub(in super::super) async fn one(readers: &Pool<Sqlite>, id: ConversationId) -> Result<Option<DrillRow>, StoreError> {
    let row = sqlx::query(ONE).bind(id.to_string()).fetch_optional(readers).await.map_err(failed("read a drill"))?;
    super::one(row, drill)
}

pub(in super::super) async fn last(readers: &Pool<Sqlite>) -> Result<Vec<(OrganizationKey, Timestamp)>, StoreError> {
    all(&sqlx::query(LAST).fetch_all(readers).await.map_err(failed("read the last drills"))?, |row| {
        let c = Columns::of("conversation", row);
        Ok((c.id("school")?, c.time("last_at")?))
    })
}

fn drill(row: &SqliteRow) -> Result<DrillRow, StoreError> {
    let c = Columns::of("drill", row);
    Ok(DrillRow {
        conversation: c.id("id")?,
        reference: c.text("reference")?,
        school: c.opt_id("school")?,
        dispatch: c.id("dispatch")?,
        started_at: c.time("started_at")?,
        due_at: c.time("due_at")?,
        started_by: c.text("started_by")?.parse().ok(),
    })
}
