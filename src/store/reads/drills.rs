//! Reading the ledger of drills, and when each school had its last.

use super::{Columns, Readers, Row, all};
use crate::store::StoreError;
use crate::store::rows::DrillRow;
use domain::id::{ConversationId, OrganizationKey};
use jiff::Timestamp;

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

pub(in crate::store) async fn ledger(readers: &Readers, limit: u32, offset: u32) -> Result<Vec<DrillRow>, StoreError> {
    let query = readers.ask(LEDGER).bind(i64::from(limit)).bind(i64::from(offset));
    all(&query.all("read the drills").await?, drill)
}

pub(in crate::store) async fn one(readers: &Readers, id: ConversationId) -> Result<Option<DrillRow>, StoreError> {
    let row = readers.ask(ONE).bind(id.to_string()).optional("read a drill").await?;
    super::one(row, drill)
}

pub(in crate::store) async fn last(readers: &Readers) -> Result<Vec<(OrganizationKey, Timestamp)>, StoreError> {
    all(&readers.ask(LAST).all("read the last drills").await?, |row| {
        let c = Columns::of("conversation", row);
        Ok((c.id("school")?, c.time("last_at")?))
    })
}

fn drill(row: &Row) -> Result<DrillRow, StoreError> {
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
