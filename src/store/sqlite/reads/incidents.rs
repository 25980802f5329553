//! Tips about one thing: what came lately, for whoever looks for likenesses.

use super::{Columns, all, failed};
use crate::store::StoreError;
use domain::id::ConversationId;
use jiff::Timestamp;
use sqlx::{Pool, Sqlite};

const SINCE: &str = "SELECT c.id FROM conversation c WHERE c.received_at >= $1 ORDER BY c.received_at DESC, c.id DESC LIMIT $2";

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[SINCE];

pub(in super::super) async fn tips_since(readers: &Pool<Sqlite>, since: Timestamp, most: u32) -> Result<Vec<ConversationId>, StoreError> {
    let rows = sqlx::query(SINCE).bind(since.as_microsecond()).bind(i64::from(most)).fetch_all(readers).await;
    let mut ids = all(&rows.map_err(failed("read what came lately"))?, |row| Columns::of("conversation", row).id("id"))?;
    ids.reverse();
    Ok(ids)
}
