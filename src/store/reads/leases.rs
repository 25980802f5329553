//! Who has which lane, and what was left behind on one.

use super::telling::attempt_row;
use super::{Columns, Readers, all};
use crate::store::StoreError;
use crate::store::rows::{AttemptRow, LeaseRow};
use domain::id::LaneKey;
use jiff::Timestamp;

const LEASES: &str = "SELECT l.lane, l.owner, l.until_at FROM lane l";
/// The condition on `answer` repeats that of its partial index.
const UNANSWERED: &str = concat!(
    "SELECT ",
    super::telling::attempt_columns!(),
    " FROM attempt a WHERE a.lane = $1 AND a.intended_at >= $2 AND a.intended_at < $3 AND a.answer IS NULL AND a.owner_kind = 'obligation'",
    " ORDER BY a.intended_at, a.id LIMIT $4",
);

/// Every statement here, for the test of their plans. (The leases are a handful of rows, read whole.)
#[cfg(test)]
pub(super) const ALL: &[&str] = &[UNANSWERED];

pub(in crate::store) async fn leases(readers: &Readers) -> Result<Vec<LeaseRow>, StoreError> {
    all(&readers.ask(LEASES).all("read leases").await?, |row| {
        let c = Columns::of("lane", row);
        Ok(LeaseRow { lane: c.id("lane")?, owner: c.text("owner")?, until: c.time("until_at")? })
    })
}

pub(in crate::store) async fn unanswered(
    readers: &Readers,
    lane: LaneKey,
    (since, before): (Timestamp, Timestamp),
    limit: u32,
) -> Result<Vec<AttemptRow>, StoreError> {
    let ask = readers.ask(UNANSWERED).bind(lane.to_string()).bind(since.as_microsecond()).bind(before.as_microsecond());
    all(&ask.bind(i64::from(limit)).all("read unanswered attempts").await?, attempt_row)
}
