//! The inbox: tips in the order in which somebody should look at them.
//!
//! Order and tallies stand in the tip's own row, kept by the writer, so a page of the inbox is read along one partial index however
//! many tips there are. A drill is closed from its beginning, and is neither listed nor counted here. The `WHERE` of each filter repeats the condition of its index word for word.

use super::tips::{tip, tip_columns};
use super::{Columns, Readers, Row, all};
use crate::store::StoreError;
use crate::store::rows::{InboxCounts, InboxFilter, InboxRow};
use domain::id::{ConversationId, StaffId};

macro_rules! inbox {
    ($where_and_order:literal) => {
        concat!(
            "SELECT ", tip_columns!(), ", c.open_obligations, c.confirmed, c.open_tasks, c.breached, c.next_due, m.id AS first_id, m.body AS first_body,",
            " n.incident, n.likeness, n.new_facts, n.taken_out_at, (SELECT count(*) FROM conversation f WHERE f.folded_under = c.id) AS alike,",
            " (SELECT count(*) FROM attachment a WHERE a.conversation = c.id) AS files, c.folded_under, w.watch_json",
            " FROM conversation c LEFT JOIN message m ON m.id = (SELECT f.id FROM message f WHERE f.conversation = c.id AND f.author = 'reporter'",
            " ORDER BY f.seq LIMIT 1) LEFT JOIN incident_member n ON n.conversation = c.id LEFT JOIN watch w ON w.conversation = c.id WHERE ", $where_and_order, " LIMIT $1"
        )
    };
}

const OPEN: &str = inbox!("c.state = 'open' ORDER BY c.urgency, c.deadline, c.id");
const UNSORTED: &str = inbox!("c.state = 'open' AND c.triaged_at IS NULL ORDER BY c.urgency, c.deadline, c.id");
const MINE: &str = inbox!("c.state = 'open' AND c.claimed_by IS NOT NULL AND c.claimed_by = $2 ORDER BY c.urgency, c.deadline, c.id");
const UNDERWAY: &str = inbox!(
    "c.state = 'open' AND c.dispatched_at IS NOT NULL AND (c.open_obligations > 0 OR c.open_tasks > 0) ORDER BY c.urgency, c.deadline, c.id"
);
const PRESS: &str = inbox!("c.state = 'open' AND c.press ORDER BY c.urgency, c.deadline, c.id");
const FIRST: &str = inbox!("c.state = 'open' AND c.folded_under IS NULL ORDER BY c.urgency, c.deadline, c.id");
const FIRST_UNSORTED: &str =
    inbox!("c.state = 'open' AND c.folded_under IS NULL AND c.triaged_at IS NULL ORDER BY c.urgency, c.deadline, c.id");
const ALIKE: &str = inbox!(
    "c.id IN (SELECT o.conversation FROM incident_member o WHERE o.incident = $2 AND o.taken_out_at IS NULL) ORDER BY c.received_at, c.id"
);
const THESE: &str = inbox!("c.id IN (SELECT i.value FROM json_each($2) i) ORDER BY c.received_at, c.id");
const CLOSED: &str = inbox!("c.state = 'closed' AND NOT c.drill ORDER BY c.updated_at DESC, c.id DESC");

/// Closed ones become more for years, so they are counted to
/// [`CLOSED_COUNTED`](crate::store::rows::CLOSED_COUNTED) and one: the figure in it.
const COUNTS: &str = "SELECT \
    (SELECT count(*) FROM conversation c WHERE c.state = 'open') AS open_tips, \
    (SELECT count(*) FROM conversation c WHERE c.state = 'open' AND c.triaged_at IS NULL) AS unsorted, \
    (SELECT count(*) FROM conversation c WHERE c.state = 'open' AND c.claimed_by IS NOT NULL AND c.claimed_by = $1) AS mine, \
    (SELECT count(*) FROM conversation c WHERE c.state = 'open' AND c.dispatched_at IS NOT NULL AND (c.open_obligations > 0 OR c.open_tasks > 0)) AS underway, \
    (SELECT count(*) FROM conversation c WHERE c.state = 'open' AND c.press) AS press, \
    (SELECT count(*) FROM (SELECT c.id FROM conversation c WHERE c.state = 'closed' AND NOT c.drill LIMIT 1001) few) AS closed_tips";

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[OPEN, UNSORTED, MINE, UNDERWAY, PRESS, CLOSED, FIRST, FIRST_UNSORTED, ALIKE, THESE, COUNTS];

pub(in crate::store) async fn inbox(readers: &Readers, filter: InboxFilter, limit: u32) -> Result<Vec<InboxRow>, StoreError> {
    let (sql, me) = match filter {
        InboxFilter::Open => (OPEN, None),
        InboxFilter::Unsorted => (UNSORTED, None),
        InboxFilter::Mine(me) => (MINE, Some(me.to_string())),
        InboxFilter::Underway => (UNDERWAY, None),
        InboxFilter::Press => (PRESS, None),
        InboxFilter::Closed => (CLOSED, None),
        InboxFilter::First => (FIRST, None),
        InboxFilter::FirstUnsorted => (FIRST_UNSORTED, None),
        InboxFilter::Alike(id) => (ALIKE, Some(id.to_string())),
    };
    let rows = readers.ask(sql).bind(i64::from(limit)).bind(me).all("read the inbox").await?;
    all(&rows, row)
}

pub(in crate::store) async fn tips_of(readers: &Readers, ids: Vec<ConversationId>) -> Result<Vec<InboxRow>, StoreError> {
    let most = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    let ids = serde_json::to_string(&ids).map_err(|source| StoreError::Failed { operation: "read tips", source: source.into() })?;
    let rows = readers.ask(THESE).bind(most).bind(ids).all("read tips").await?;
    all(&rows, row)
}

pub(in crate::store) async fn counts(readers: &Readers, me: StaffId) -> Result<InboxCounts, StoreError> {
    let row = readers.ask(COUNTS).bind(me.to_string()).one("count the inbox").await?;
    let c = Columns::of("conversation", &row);
    Ok(InboxCounts {
        open: c.int("open_tips")?,
        unsorted: c.int("unsorted")?,
        mine: c.int("mine")?,
        underway: c.int("underway")?,
        press: c.int("press")?,
        closed: c.int("closed_tips")?,
    })
}

fn row(row: &Row) -> Result<InboxRow, StoreError> {
    let c = Columns::of("conversation", row);
    let taken_out = c.opt_time("taken_out_at")?.is_some();
    let likeness = c.get::<Option<i64>>("likeness")?;
    Ok(InboxRow {
        row: tip(row)?,
        first: match c.opt_id("first_id")? {
            Some(id) => Some((id, c.sealed("first_body")?)),
            None => None,
        },
        open_obligations: c.int("open_obligations")?,
        confirmed: c.int("confirmed")?,
        open_tasks: c.int("open_tasks")?,
        breached: c.int("breached")?,
        next_due: c.opt_time("next_due")?,
        alike: c.int("alike")?,
        incident: c.opt_id("incident")?.filter(|_| !taken_out),
        new_facts: c.opt_sealed("new_facts")?.filter(|_| !taken_out),
        likeness: likeness.map(|percent| u8::try_from(percent).unwrap_or(u8::MAX)),
        files: c.int("files")?,
        folded: c.get::<Option<String>>("folded_under")?.is_some(),
        watch: c.opt_json("watch_json")?.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn closed_tips_are_counted_no_further_than_is_said() {
        assert!(super::COUNTS.contains(&format!("LIMIT {})", crate::store::rows::CLOSED_COUNTED + 1)));
    }
}
