//! Reading what was done to tell the endusers: dispatches, obligations, attempts, receipts, tasks.

use super::{Columns, Readers, Row, all, one};
use crate::store::StoreError;
use crate::store::rows::{AttemptRow, DispatchRow, ObligationRow, Owner, ReceiptRow, TaskKind, TaskRow, WatchRow};
use crate::store::sql::each;
use domain::channel::Means;
use domain::id::{AccountKey, AttemptId, ConversationId, DispatchId, LaneKey, ObligationId, TaskId};
use domain::level::Level;
use jiff::Timestamp;

macro_rules! obligation_columns {
    () => {
        "o.place, o.obligation_json, o.version"
    };
}
macro_rules! attempt_columns {
    () => {
        "a.id, a.owner_kind, a.owner, a.conversation, a.lane, a.account, a.means, a.intended_at, a.provider_id, a.answer, a.evidence_json, \
         a.call_json, a.version, a.point"
    };
}
pub(super) use attempt_columns;

const DISPATCHES: &str = "SELECT d.id, d.conversation, d.level, d.started_at, d.due_at, d.started_by, \
    d.purpose_json, d.summary, d.excluded_json FROM dispatch d \
    WHERE d.conversation = $1 ORDER BY d.started_at, d.id";
const DISPATCH: &str = "SELECT d.id, d.conversation, d.level, d.started_at, d.due_at, d.started_by, \
    d.purpose_json, d.summary, d.excluded_json FROM dispatch d WHERE d.id = $1";
const OBLIGATIONS: &str = concat!("SELECT ", obligation_columns!(), " FROM obligation o WHERE o.dispatch = $1 ORDER BY o.place, o.id");
const OBLIGATION: &str = concat!("SELECT ", obligation_columns!(), " FROM obligation o WHERE o.id = $1");
const ATTEMPTS: &str = concat!("SELECT ", attempt_columns!(), " FROM attempt a WHERE a.conversation = $1 ORDER BY a.intended_at, a.id");
const ATTEMPT: &str = concat!("SELECT ", attempt_columns!(), " FROM attempt a WHERE a.id = $1");
const KNOWN: &str = concat!(
    "SELECT a.provider_id, a.id FROM ",
    each!(),
    " i CROSS JOIN attempt a WHERE a.account = $2 AND a.provider_id = i.value AND a.provider_id IS NOT NULL",
);
const RECEIPTS: &str = "SELECT r.attempt, r.conversation, r.at, r.kind_json FROM receipt r WHERE r.conversation = $1 ORDER BY r.seq";
const TASK: &str = "SELECT t.id, t.conversation, t.obligation, t.what, t.created_at, t.kind, t.due_at FROM task t WHERE t.id = $1 \
    AND t.done_at IS NULL";
const TASKS: &str = "SELECT t.id, t.conversation, t.obligation, t.what, t.created_at, t.kind, t.due_at FROM task t WHERE t.done_at IS NULL \
    ORDER BY t.created_at, t.id LIMIT $1";
const TASKS_OF: &str = "SELECT t.id, t.conversation, t.obligation, t.what, t.created_at, t.kind, t.due_at FROM task t WHERE t.done_at IS NULL AND t.conversation = $2 \
    ORDER BY t.created_at, t.id LIMIT $1";

/// The condition repeats that of the index of open tips.
const UNWATCHED: &str = "SELECT c.id FROM conversation c WHERE c.state = 'open' AND NOT c.drill \
    AND NOT EXISTS (SELECT 1 FROM watch w WHERE w.conversation = c.id) ORDER BY c.urgency, c.deadline, c.id LIMIT $1";
const WAITING: &str =
    "SELECT count(*) AS n FROM (SELECT 1 FROM work w WHERE w.lane = $1 AND w.urgency < $2 AND w.run_at <= $3 LIMIT $4) few";
const WATCH: &str = "SELECT w.conversation, w.watch_json, w.version FROM watch w WHERE w.conversation = $1";

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] =
    &[DISPATCHES, DISPATCH, UNWATCHED, WAITING, OBLIGATIONS, OBLIGATION, ATTEMPTS, ATTEMPT, KNOWN, RECEIPTS, TASK, TASKS, TASKS_OF, WATCH];

pub(in crate::store) async fn dispatches(readers: &Readers, id: ConversationId) -> Result<Vec<DispatchRow>, StoreError> {
    let rows = readers.ask(DISPATCHES).bind(id.to_string()).all("read dispatches").await?;
    all(&rows, dispatch_row)
}

pub(in crate::store) async fn dispatch(readers: &Readers, id: DispatchId) -> Result<Option<DispatchRow>, StoreError> {
    one(readers.ask(DISPATCH).bind(id.to_string()).optional("read a dispatch").await?, dispatch_row)
}

pub(super) fn dispatch_row(row: &Row) -> Result<DispatchRow, StoreError> {
    let c = Columns::of("dispatch", row);
    Ok(DispatchRow {
        id: c.id("id")?,
        conversation: c.id("conversation")?,
        level: c.word("level", Level::parse)?,
        started_at: c.time("started_at")?,
        due_at: c.time("due_at")?,
        started_by: c.text("started_by")?.parse().ok(),
        purpose: c.json("purpose_json")?,
        summary: c.opt_sealed("summary")?,
        excluded: c.json("excluded_json")?,
    })
}

pub(in crate::store) async fn unwatched(readers: &Readers, limit: u32) -> Result<Vec<ConversationId>, StoreError> {
    let rows = readers.ask(UNWATCHED).bind(i64::from(limit)).all("find tips without clocks").await?;
    all(&rows, |row| Columns::of("conversation", row).id("id"))
}

pub(in crate::store) async fn waiting(readers: &Readers, lane: LaneKey, below: i32, now: Timestamp, most: u32) -> Result<i64, StoreError> {
    let query = readers.ask(WAITING).bind(lane.to_string()).bind(i64::from(below)).bind(now.as_microsecond()).bind(i64::from(most));
    Columns::of("work", &query.one("count what waits on a lane").await?).int("n")
}

pub(in crate::store) async fn obligations(readers: &Readers, dispatch: DispatchId) -> Result<Vec<ObligationRow>, StoreError> {
    all(&readers.ask(OBLIGATIONS).bind(dispatch.to_string()).all("read obligations").await?, obligation_row)
}

pub(in crate::store) async fn obligation(readers: &Readers, id: ObligationId) -> Result<Option<ObligationRow>, StoreError> {
    one(readers.ask(OBLIGATION).bind(id.to_string()).optional("read an obligation").await?, obligation_row)
}

pub(in crate::store) async fn attempts(readers: &Readers, id: ConversationId) -> Result<Vec<AttemptRow>, StoreError> {
    all(&readers.ask(ATTEMPTS).bind(id.to_string()).all("read attempts").await?, attempt_row)
}

pub(in crate::store) async fn attempt(readers: &Readers, id: AttemptId) -> Result<Option<AttemptRow>, StoreError> {
    one(readers.ask(ATTEMPT).bind(id.to_string()).optional("read an attempt").await?, attempt_row)
}

pub(in crate::store) async fn known_provider_ids(
    readers: &Readers,
    account: AccountKey,
    ids: Vec<String>,
) -> Result<Vec<(String, AttemptId)>, StoreError> {
    const OPERATION: &str = "look for provider ids";
    let ids = serde_json::to_string(&ids).map_err(|source| StoreError::Failed { operation: OPERATION, source: source.into() })?;
    let rows = readers.ask(KNOWN).bind(ids).bind(account.to_string()).all(OPERATION).await?;
    all(&rows, |row| {
        let c = Columns::of("attempt", row);
        Ok((c.text("provider_id")?, c.id("id")?))
    })
}

pub(in crate::store) async fn watch(readers: &Readers, id: ConversationId) -> Result<Option<WatchRow>, StoreError> {
    one(readers.ask(WATCH).bind(id.to_string()).optional("read the clocks of a tip").await?, |row| {
        let c = Columns::of("watch", row);
        Ok(WatchRow { conversation: c.id("conversation")?, watch: c.json("watch_json")?, version: c.int("version")? })
    })
}

pub(in crate::store) async fn receipts(readers: &Readers, id: ConversationId) -> Result<Vec<ReceiptRow>, StoreError> {
    let rows = readers.ask(RECEIPTS).bind(id.to_string()).all("read receipts").await?;
    all(&rows, |row| {
        let c = Columns::of("receipt", row);
        Ok(ReceiptRow { attempt: c.id("attempt")?, conversation: c.id("conversation")?, at: c.time("at")?, kind: c.json("kind_json")? })
    })
}

pub(in crate::store) async fn open_tasks(readers: &Readers, tip: Option<ConversationId>, limit: u32) -> Result<Vec<TaskRow>, StoreError> {
    let query = match tip {
        None => readers.ask(TASKS).bind(i64::from(limit)),
        Some(tip) => readers.ask(TASKS_OF).bind(i64::from(limit)).bind(tip.to_string()),
    };
    all(&query.all("read tasks").await?, task_row)
}

pub(in crate::store) async fn open_task(readers: &Readers, id: TaskId) -> Result<Option<TaskRow>, StoreError> {
    one(readers.ask(TASK).bind(id.to_string()).optional("read a task").await?, task_row)
}

fn task_row(row: &Row) -> Result<TaskRow, StoreError> {
    let c = Columns::of("task", row);
    Ok(TaskRow {
        id: c.id("id")?,
        conversation: c.id("conversation")?,
        obligation: c.opt_id("obligation")?,
        what: c.text("what")?,
        created_at: c.time("created_at")?,
        kind: c.word("kind", TaskKind::parse)?,
        due_at: c.opt_time("due_at")?,
    })
}

fn obligation_row(row: &Row) -> Result<ObligationRow, StoreError> {
    let c = Columns::of("obligation", row);
    Ok(ObligationRow { obligation: c.json("obligation_json")?, place: c.small("place")?, version: c.int("version")? })
}

pub(super) fn attempt_row(row: &Row) -> Result<AttemptRow, StoreError> {
    let c = Columns::of("attempt", row);
    let owner = match c.get::<&str>("owner_kind")? {
        "obligation" => Owner::Obligation(c.id("owner")?),
        "message" => Owner::Message(c.id("owner")?),
        _ => return Err(c.damaged("owner_kind")),
    };
    Ok(AttemptRow {
        id: c.id("id")?,
        owner,
        conversation: c.id("conversation")?,
        lane: c.id("lane")?,
        account: c.id("account")?,
        means: c.word("means", Means::parse)?,
        intended_at: c.time("intended_at")?,
        provider_id: c.opt_text("provider_id")?,
        answer: c.opt_text("answer")?,
        evidence: c.json("evidence_json")?,
        call: c.opt_json("call_json")?,
        version: c.int("version")?,
        point: c.byte("point")?,
    })
}
