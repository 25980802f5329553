//! Numbers about the whole, the next due work, and values of the deployment.

use super::{Columns, failed, one};
use crate::clock::from_micros;
use crate::store::StoreError;
use crate::store::rows::Health;
use domain::id::LaneKey;
use jiff::Timestamp;
use sqlx::{Pool, Sqlite};

/// The conditions on `closed`, `delivery_open` and `unfinished` repeat those of their partial indexes.
const HEALTH: &str = "SELECT \
    (SELECT count(*) FROM conversation) - (SELECT count(*) FROM conversation c WHERE c.drill) AS conversations, \
    (SELECT count(*) FROM message) AS messages, \
    (SELECT count(*) FROM obligation o WHERE NOT o.closed) AS open_obligations, \
    (SELECT min(o.due_at) FROM obligation o WHERE NOT o.closed) AS oldest_due, \
    (SELECT count(*) FROM obligation o WHERE NOT o.closed AND NOT EXISTS (SELECT 1 FROM work w WHERE w.id = o.id)) \
    + (SELECT count(*) FROM message m WHERE m.delivery_open AND NOT EXISTS (SELECT 1 FROM work w WHERE w.id = m.id)) \
    + (SELECT count(*) FROM attachment a WHERE a.unfinished AND NOT EXISTS (SELECT 1 FROM work w WHERE w.id = a.id)) AS without_timer, \
    (SELECT count(*) FROM task t WHERE t.done_at IS NULL) AS open_tasks";
const DUE: &str = "SELECT w.lane, count(*) AS due FROM work w WHERE w.run_at <= $1 GROUP BY w.lane ORDER BY w.lane";
const NEXT_DUE: &str = "SELECT min(w.run_at) AS run_at FROM work w WHERE w.lane = $1";
const META: &str = "SELECT m.value FROM meta m WHERE m.name = $1";

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[NEXT_DUE, META];

pub(in super::super) async fn health(readers: &Pool<Sqlite>, now: Timestamp) -> Result<Health, StoreError> {
    const OPERATION: &str = "read the health figures";
    let row = sqlx::query(HEALTH).fetch_one(readers).await.map_err(failed(OPERATION))?;
    let due = sqlx::query(DUE).bind(now.as_microsecond()).fetch_all(readers).await.map_err(failed(OPERATION))?;
    let c = Columns::of("health", &row);
    let due_work = due.iter().map(|row| {
        let c = Columns::of("work", row);
        Ok((c.id("lane")?, c.int("due")?))
    });
    Ok(Health {
        conversations: c.int("conversations")?,
        messages: c.int("messages")?,
        open_obligations: c.int("open_obligations")?,
        without_timer: c.int("without_timer")?,
        due_work: due_work.collect::<Result<_, StoreError>>()?,
        oldest_due: c.opt_time("oldest_due")?,
        open_tasks: c.int("open_tasks")?,
    })
}

pub(in super::super) async fn next_due(readers: &Pool<Sqlite>, lane: LaneKey) -> Result<Option<Timestamp>, StoreError> {
    let query = sqlx::query_scalar::<_, Option<i64>>(NEXT_DUE).bind(lane.to_string());
    Ok(query.fetch_one(readers).await.map_err(failed("read the next due time"))?.map(from_micros))
}

pub(in super::super) async fn meta(readers: &Pool<Sqlite>, key: &'static str) -> Result<Option<String>, StoreError> {
    one(sqlx::query(META).bind(key).fetch_optional(readers).await.map_err(failed("read a value"))?, |row| {
        Columns::of("meta", row).text("value")
    })
}
