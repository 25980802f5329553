//! Reading the record, and whether it is still what was written.

use super::{Columns, Readers, all};
use crate::store::StoreError;
use crate::store::chain::{self, Written};
use crate::store::rows::RecordRow;
use domain::id::ConversationId;

const AFTER: &str = "SELECT r.seq, r.at, r.actor_json, r.action_json, r.hash FROM record r WHERE r.conversation = $1 AND r.seq > $2 ORDER BY r.seq LIMIT $3";
/// The end of the record as the tip's row has it rides on every entry, so that both are of one moment.
const WHOLE: &str = "SELECT c.record_seq, c.record_hash, r.seq, r.at, r.actor_json, r.action_json, r.hash \
    FROM conversation c LEFT JOIN record r ON r.conversation = c.id WHERE c.id = $1 ORDER BY r.seq";

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[AFTER, WHOLE];

pub(in crate::store) async fn record(readers: &Readers, id: ConversationId, after: i64, limit: u32) -> Result<Vec<RecordRow>, StoreError> {
    let query = readers.ask(AFTER).bind(id.to_string()).bind(after).bind(i64::from(limit));
    all(&query.all("read the record").await?, |row| {
        let c = Columns::of("record", row);
        Ok(RecordRow {
            seq: c.int("seq")?,
            at: c.time("at")?,
            actor: c.json("actor_json")?,
            action: c.json("action_json")?,
            hash: c.hash("hash")?,
        })
    })
}

pub(in crate::store) async fn first_break(readers: &Readers, id: ConversationId) -> Result<Option<i64>, StoreError> {
    let rows = readers.ask(WHOLE).bind(id.to_string()).all("check the record").await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let head = Columns::of("conversation", first);
    let (last_seq, last_hash) = (head.int("record_seq")?, head.hash("record_hash")?);
    let mut entries = Vec::with_capacity(rows.len());
    for row in &rows {
        let c = Columns::of("record", row);
        let Some(seq) = c.get::<Option<i64>>("seq")? else { continue };
        let (actor_json, action_json) = (c.text("actor_json")?, c.text("action_json")?);
        entries.push(Written { seq, at_micros: c.int("at")?, actor_json, action_json, hash: c.hash("hash")? });
    }
    Ok(chain::first_break(&entries, last_seq, &last_hash))
}
