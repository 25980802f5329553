//! Tips about one thing: what came lately, for whoever looks for likenesses.

use super::{Columns, Readers, all};
use crate::store::StoreError;
use domain::id::ConversationId;
use jiff::Timestamp;

const SINCE: &str = "SELECT c.id FROM conversation c WHERE c.received_at >= $1 ORDER BY c.received_at DESC, c.id DESC LIMIT $2";

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[SINCE];

pub(in crate::store) async fn tips_since(readers: &Readers, since: Timestamp, most: u32) -> Result<Vec<ConversationId>, StoreError> {
    let rows = readers.ask(SINCE).bind(since.as_microsecond()).bind(i64::from(most)).all("read what came lately").await?;
    let mut ids = all(&rows, |row| Columns::of("conversation", row).id("id"))?;
    ids.reverse();
    Ok(ids)
}
