//! The open work in four statements, each by an index of what is open: none of them grows with the years.

use super::{Columns, Readers, all};
use crate::store::StoreError;
use crate::store::pulse::{LaneDue, LaneLease, OpenPromises, Pulse};
use domain::level::Level;
use jiff::Timestamp;

/// The conditions on `closed`, `delivery_open` and `unfinished` repeat those of their partial indexes.
const COUNTS: &str = "SELECT \
    (SELECT min(o.due_at) FROM obligation o WHERE NOT o.closed) AS oldest_due, \
    (SELECT count(*) FROM obligation o WHERE NOT o.closed AND NOT EXISTS (SELECT 1 FROM work w WHERE w.id = o.id)) \
    + (SELECT count(*) FROM message m WHERE m.delivery_open AND NOT EXISTS (SELECT 1 FROM work w WHERE w.id = m.id)) \
    + (SELECT count(*) FROM attachment a WHERE a.unfinished AND NOT EXISTS (SELECT 1 FROM work w WHERE w.id = a.id)) AS without_timer, \
    (SELECT count(*) FROM task t WHERE t.done_at IS NULL) AS open_tasks";
/// The state is read out of our own JSON as text, which both engines do alike.
const OPEN: &str = "SELECT d.level AS level, CASE \
    WHEN o.obligation_json LIKE '%\"state\":{\"state\":\"in_flight\"%' THEN 'in_flight' \
    WHEN o.obligation_json LIKE '%\"state\":{\"state\":\"standby\"%' THEN 'standby' ELSE 'waiting' END AS state, count(*) AS many \
    FROM obligation o JOIN dispatch d ON d.id = o.dispatch WHERE NOT o.closed GROUP BY 1, 2 ORDER BY 1, 2";
/// Work that its owner gave back has no time of its own: it waits from now.
const DUE: &str = "SELECT w.lane, count(*) AS due, COALESCE(min(NULLIF(w.run_at, 0)), $1) AS oldest FROM work w WHERE w.run_at <= $1 GROUP BY w.lane ORDER BY w.lane";
const LEASES: &str = "SELECT lane.lane, lane.until_at FROM lane WHERE lane.until_at > $1 ORDER BY lane.lane";

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[COUNTS, OPEN, DUE, LEASES];

const OPERATION: &str = "read the open work";

pub(in crate::store) async fn pulse(readers: &Readers, now: Timestamp) -> Result<Pulse, StoreError> {
    let now = now.as_microsecond();
    let counts = readers.ask(COUNTS).one(OPERATION).await?;
    let open = readers.ask(OPEN).all(OPERATION).await?;
    let due = readers.ask(DUE).bind(now).all(OPERATION).await?;
    let leases = readers.ask(LEASES).bind(now).all(OPERATION).await?;
    let c = Columns::of("the open work", &counts);
    Ok(Pulse {
        open: all(&open, |row| {
            let c = Columns::of("obligation", row);
            Ok(OpenPromises { level: c.word("level", Level::parse)?, state: c.text("state")?, count: c.int("many")? })
        })?,
        without_timer: c.int("without_timer")?,
        oldest_due: c.opt_time("oldest_due")?,
        open_tasks: c.int("open_tasks")?,
        lanes: all(&due, |row| {
            let c = Columns::of("work", row);
            Ok(LaneDue { lane: c.id("lane")?, due: c.int("due")?, oldest: c.time("oldest")? })
        })?,
        leases: all(&leases, |row| {
            let c = Columns::of("lane", row);
            Ok(LaneLease { lane: c.id("lane")?, until: c.time("until_at")? })
        })?,
    })
}
