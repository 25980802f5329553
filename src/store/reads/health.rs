//! Numbers about the whole, the next due work, and values of the deployment.

use super::{Columns, Readers, one};
use crate::store::StoreError;
use crate::store::rows::Health;
use domain::id::LaneKey;
use jiff::Timestamp;

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
/// Only PostgreSQL is asked for it. Microseconds.
pub(in crate::store) const TIME: &str = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) AS at";
const META: &str = "SELECT m.value FROM meta m WHERE m.name = $1";

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[NEXT_DUE, META];

pub(in crate::store) async fn health(readers: &Readers, now: Timestamp) -> Result<Health, StoreError> {
    const OPERATION: &str = "read the health figures";
    let row = readers.ask(HEALTH).one(OPERATION).await?;
    let due = readers.ask(DUE).bind(now.as_microsecond()).all(OPERATION).await?;
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

pub(in crate::store) async fn next_due(readers: &Readers, lane: LaneKey) -> Result<Option<Timestamp>, StoreError> {
    let row = readers.ask(NEXT_DUE).bind(lane.to_string()).one("read the next due time").await?;
    Columns::of("work", &row).opt_time("run_at")
}

/// A server's own time.
pub(in crate::store) async fn time(readers: &Readers) -> Result<Timestamp, StoreError> {
    Columns::of("clock", &readers.ask(TIME).one("read the database's clock").await?).time("at")
}

pub(in crate::store) async fn meta(readers: &Readers, key: &'static str) -> Result<Option<String>, StoreError> {
    one(readers.ask(META).bind(key).optional("read a value").await?, |row| Columns::of("meta", row).text("value"))
}
