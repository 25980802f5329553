//! Reading everything to check it: in the order of the tips' ids, along the indexes that begin with a tip.
//!
//! A range's ends may be no tips at all: rows between two tips that belong to none come with the page. Ids are hexadecimal digits, which
//! every collation puts in the same order, and everything else that could bound a range is above them.

use super::moment::Moment;
use super::telling::{attempt_columns, attempt_row, dispatch_row};
use super::{Columns, Value};
use crate::store::StoreError;
use crate::store::chain::Written;
use crate::store::glance::*;
use crate::store::rows::{AttemptRow, DispatchRow, ObligationRow, ReceiptRow};
use domain::id::*;
use domain::level::Level;

/// Above every id.
const END: &str = "zzzzzzzz";

macro_rules! work_columns {
    () => {
        ", k.about AS work_about, k.lane AS work_lane, k.run_at AS work_run_at, k.owner AS work_owner"
    };
}

const TIPS: &str = concat!(
    "SELECT c.id, c.reference, c.reference_keys, c.received_at, c.state, c.level, c.school, c.press, c.drill, c.dispatched_at, c.last_seq, c.unread, \
     c.answer_to, c.receipt_seq, c.record_seq, c.record_hash, c.open_obligations, c.confirmed, c.open_tasks, c.breached, c.next_due, c.urgency, \
     c.deadline, c.folded_under, f.state AS first_state, f.folded_under AS first_folded, n.conversation AS proposed, n.taken_out_at, w.watch_json",
    work_columns!(),
    " FROM conversation c LEFT JOIN conversation f ON f.id = c.folded_under LEFT JOIN incident_member n ON n.conversation = c.id \
     LEFT JOIN watch w ON w.conversation = c.id LEFT JOIN work k ON k.id = c.id WHERE c.id > $1 AND c.id <= $2 ORDER BY c.id LIMIT $3"
);
const IDS: &str = "SELECT c.id FROM conversation c WHERE c.id > $1 ORDER BY c.id LIMIT $2";
const MESSAGES: &str = concat!(
    "SELECT m.conversation, m.seq, m.author, m.delivery_json, m.delivery_open, m.provider_id, o.once_key",
    work_columns!(),
    " FROM message m LEFT JOIN once o ON o.account = m.provider_account AND o.once_key = m.provider_id LEFT JOIN work k ON k.id = m.id \
     WHERE (m.conversation, m.seq) > ($1, $2) AND m.conversation <= $3 ORDER BY m.conversation, m.seq LIMIT $4"
);
const RECORD: &str = "SELECT r.conversation, r.seq, r.at, r.actor_json, r.action_json, r.hash FROM record r \
    WHERE (r.conversation, r.seq) > ($1, $2) AND r.conversation <= $3 ORDER BY r.conversation, r.seq LIMIT $4";
const FILES: &str = concat!(
    "SELECT a.id, a.conversation, a.state_json, a.unfinished, m.id AS message, CAST(length(a.url) AS BIGINT) AS url_bytes",
    work_columns!(),
    " FROM attachment a LEFT JOIN message m ON m.id = a.message LEFT JOIN work k ON k.id = a.id \
     WHERE a.conversation > $1 AND a.conversation <= $2 ORDER BY a.conversation, a.id"
);
const DISPATCHES: &str = "SELECT d.id, d.conversation, d.level, d.started_at, d.due_at, d.started_by, d.purpose_json, d.summary, d.excluded_json \
    FROM dispatch d WHERE d.conversation > $1 AND d.conversation <= $2 ORDER BY d.conversation, d.started_at";
const OBLIGATIONS: &str = concat!(
    "SELECT o.id, o.conversation, o.dispatch, o.place, o.obligation_json, o.version, o.due_at, o.timer, o.confirmed_at, o.breached_at, o.closed, \
     o.satisfied, o.person, o.organization",
    work_columns!(),
    " FROM obligation o LEFT JOIN work k ON k.id = o.id WHERE o.conversation > $1 AND o.conversation <= $2 ORDER BY o.conversation, o.id"
);
const ATTEMPTS: &str = concat!(
    "SELECT ",
    attempt_columns!(),
    " FROM attempt a WHERE a.conversation > $1 AND a.conversation <= $2 ORDER BY a.conversation, a.intended_at"
);
const RECEIPTS: &str = "SELECT r.conversation, r.seq, r.attempt, r.at, r.kind_json FROM receipt r \
    WHERE r.conversation > $1 AND r.conversation <= $2 ORDER BY r.conversation, r.seq";
const TASKS: &str = "SELECT t.conversation, t.obligation, t.done_by, t.done_at FROM task t \
    WHERE t.conversation > $1 AND t.conversation <= $2 ORDER BY t.conversation";
const CONTACTS: &str = "SELECT c.conversation, c.handle, c.current FROM contact c \
    WHERE c.conversation > $1 AND c.conversation <= $2 ORDER BY c.conversation";
const WORK: &str = "SELECT k.id, k.about, k.lane, o.closed, m.delivery_open, a.unfinished, c.id AS tip FROM work k \
    LEFT JOIN obligation o ON o.id = k.id LEFT JOIN message m ON m.id = k.id LEFT JOIN attachment a ON a.id = k.id \
    LEFT JOIN conversation c ON c.id = k.id WHERE k.id > $1 ORDER BY k.id LIMIT $2";
const LEASES: &str = "SELECT l.lane, l.until_at FROM lane l ORDER BY l.lane";
const LANES_OF_WORK: &str = "SELECT w.lane, min(w.run_at) AS run_at FROM work w GROUP BY w.lane ORDER BY w.lane";
const BROUGHT: &str = "SELECT m.id, m.conversation, m.provider_account, m.provider_id FROM message m \
    WHERE m.id > $1 AND m.provider_account IS NOT NULL AND m.provider_id IS NOT NULL ORDER BY m.id LIMIT $2";
const DOUBLED_REFERENCES: &str =
    "SELECT min(c.id) AS tip FROM conversation c GROUP BY c.reference HAVING count(*) > 1 ORDER BY c.reference LIMIT $1";
const DOUBLED_CONTACTS: &str =
    "SELECT min(c.conversation) AS tip FROM contact c WHERE c.current GROUP BY c.idx HAVING count(*) > 1 ORDER BY c.idx LIMIT $1";

/// The statements that read a page, for the test of their plans. (Lanes and what is doubled are looked for along a whole index.)
#[cfg(test)]
pub(super) const ALL: &[&str] =
    &[IDS, TIPS, MESSAGES, RECORD, FILES, DISPATCHES, OBLIGATIONS, ATTEMPTS, RECEIPTS, TASKS, CONTACTS, WORK, BROUGHT];

/// The ends of a range as they are compared with ids.
fn ends(range: Range) -> [Value; 2] {
    let after = range.after.map(|id| id.to_string()).unwrap_or_default();
    [after.into(), range.to.map_or_else(|| END.to_owned(), |id| id.to_string()).into()]
}

fn chunk((range, seq): (Range, i64), most: u32) -> Vec<Value> {
    let [after, to] = ends(range);
    vec![after, seq.into(), to, i64::from(most).into()]
}

fn worked(c: Columns<'_>) -> Result<Option<Worked>, StoreError> {
    let Some(about) = c.opt_text("work_about")? else { return Ok(None) };
    let owned = c.opt_text("work_owner")?.is_some();
    Ok(Some(Worked { about, lane: c.id("work_lane")?, run_at: c.time("work_run_at")?, owned }))
}

pub(in crate::store) async fn tips(moment: &mut Moment, range: Range, most: u32) -> Result<Vec<TipFigures>, StoreError> {
    let [after, to] = ends(range);
    let values = vec![after, to, i64::from(most).into()];
    moment.all("read a page of tips", (TIPS, "conversation"), values, tip).await
}

pub(in crate::store) async fn ids(
    moment: &mut Moment,
    after: Option<ConversationId>,
    most: u32,
) -> Result<Vec<ConversationId>, StoreError> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    moment.all("read ids of tips", (IDS, "conversation"), vec![after.into(), i64::from(most).into()], |c| c.id("id")).await
}

fn tip(c: Columns<'_>) -> Result<TipFigures, StoreError> {
    let is_open = |word: &str| match word {
        "open" => Some(true),
        "closed" => Some(false),
        _ => None,
    };
    let folded = match c.opt_text("folded_under")? {
        None => None,
        Some(_) => Some(Folded {
            first_stands: c.opt_word("first_state", is_open)? == Some(true) && c.opt_text("first_folded")?.is_none(),
            proposed: c.opt_text("proposed")?.is_some() && c.opt_time("taken_out_at")?.is_none(),
        }),
    };
    Ok(TipFigures {
        id: c.id("id")?,
        reference: c.text("reference")?,
        reference_keys: c.opt_text("reference_keys")?,
        received_at: c.time("received_at")?,
        open: c.word("state", is_open)?,
        level: c.opt_word("level", Level::parse)?,
        school: c.opt_id("school")?,
        press: c.flag("press")?,
        drill: c.flag("drill")?,
        dispatched: c.opt_time("dispatched_at")?.is_some(),
        last_seq: c.int("last_seq")?,
        unread: c.int("unread")?,
        answer_to: c.opt_id("answer_to")?,
        receipt_seq: c.int("receipt_seq")?,
        record_seq: c.int("record_seq")?,
        record_hash: c.hash("record_hash")?,
        tally: Tally {
            open_obligations: c.int("open_obligations")?,
            confirmed: c.int("confirmed")?,
            open_tasks: c.int("open_tasks")?,
            breached: c.int("breached")?,
            next_due: c.get("next_due")?,
        },
        urgency: c.int("urgency")?,
        deadline: c.int("deadline")?,
        folded,
        watch: c.opt_json("watch_json")?,
        work: worked(c)?,
    })
}

pub(in crate::store) async fn messages(moment: &mut Moment, from: (Range, i64), most: u32) -> Result<Vec<MessageFigures>, StoreError> {
    moment
        .all("read messages to check them", (MESSAGES, "message"), chunk(from, most), |c| {
            Ok(MessageFigures {
                tip: c.id("conversation")?,
                seq: c.int("seq")?,
                author: c.text("author")?,
                delivery: c.opt_json("delivery_json")?,
                delivery_open: c.flag("delivery_open")?,
                brought: c.opt_text("provider_id")?.is_some(),
                taken_once: c.opt_text("once_key")?.is_some(),
                work: worked(c)?,
            })
        })
        .await
}

pub(in crate::store) async fn record(
    moment: &mut Moment,
    from: (Range, i64),
    most: u32,
) -> Result<Vec<(ConversationId, Written)>, StoreError> {
    moment
        .all("read records to check them", (RECORD, "record"), chunk(from, most), |c| {
            let (actor_json, action_json) = (c.text("actor_json")?, c.text("action_json")?);
            let written = Written { seq: c.int("seq")?, at_micros: c.int("at")?, actor_json, action_json, hash: c.hash("hash")? };
            Ok((c.id("conversation")?, written))
        })
        .await
}

pub(in crate::store) async fn files(moment: &mut Moment, range: Range) -> Result<Vec<FileFigures>, StoreError> {
    moment
        .all("read files' rows to check them", (FILES, "attachment"), ends(range).into(), |c| {
            Ok(FileFigures {
                id: c.id("id")?,
                tip: c.id("conversation")?,
                state: c.json("state_json")?,
                at_carrier: c.get::<Option<i64>>("url_bytes")?.is_some(),
                unfinished: c.flag("unfinished")?,
                has_message: c.opt_text("message")?.is_some(),
                work: worked(c)?,
            })
        })
        .await
}

pub(in crate::store) async fn dispatches(moment: &mut Moment, range: Range) -> Result<Vec<DispatchRow>, StoreError> {
    moment.all("read dispatches to check them", (DISPATCHES, "dispatch"), ends(range).into(), |c| dispatch_row(c.row)).await
}

pub(in crate::store) async fn obligations(moment: &mut Moment, range: Range) -> Result<Vec<ObligationFigures>, StoreError> {
    moment
        .all("read obligations to check them", (OBLIGATIONS, "obligation"), ends(range).into(), |c| {
            let row = ObligationRow { obligation: c.json("obligation_json")?, place: c.small("place")?, version: c.int("version")? };
            Ok(ObligationFigures {
                id: c.id("id")?,
                tip: c.id("conversation")?,
                dispatch: c.id("dispatch")?,
                row,
                times: (c.time("due_at")?, c.opt_time("timer")?, c.opt_time("confirmed_at")?, c.opt_time("breached_at")?),
                flags: (c.flag("closed")?, c.flag("satisfied")?),
                keys: (c.opt_text("person")?, c.opt_text("organization")?),
                work: worked(c)?,
            })
        })
        .await
}

pub(in crate::store) async fn attempts(moment: &mut Moment, range: Range) -> Result<Vec<AttemptRow>, StoreError> {
    moment.all("read attempts to check them", (ATTEMPTS, "attempt"), ends(range).into(), |c| attempt_row(c.row)).await
}

pub(in crate::store) async fn receipts(moment: &mut Moment, range: Range) -> Result<Vec<(i64, ReceiptRow)>, StoreError> {
    moment
        .all("read receipts to check them", (RECEIPTS, "receipt"), ends(range).into(), |c| {
            let (attempt, conversation) = (c.id("attempt")?, c.id("conversation")?);
            Ok((c.int("seq")?, ReceiptRow { attempt, conversation, at: c.time("at")?, kind: c.json("kind_json")? }))
        })
        .await
}

pub(in crate::store) async fn tasks(moment: &mut Moment, range: Range) -> Result<Vec<TaskFigures>, StoreError> {
    moment
        .all("read tasks to check them", (TASKS, "task"), ends(range).into(), |c| {
            let done = (c.opt_text("done_by")?.is_some(), c.opt_time("done_at")?.is_some());
            Ok(TaskFigures { tip: c.id("conversation")?, obligation: c.opt_id("obligation")?, done })
        })
        .await
}

pub(in crate::store) async fn contacts(moment: &mut Moment, range: Range) -> Result<Vec<ContactFigures>, StoreError> {
    moment
        .all("read addresses' rows to check them", (CONTACTS, "contact"), ends(range).into(), |c| {
            Ok(ContactFigures { tip: c.id("conversation")?, handle: c.id("handle")?, current: c.flag("current")? })
        })
        .await
}

pub(in crate::store) async fn work(moment: &mut Moment, after: &str, most: u32) -> Result<Vec<WorkFigures>, StoreError> {
    moment
        .all("read work to check it", (WORK, "work"), vec![after.into(), i64::from(most).into()], |c| {
            let about = c.text("about")?;
            let wanted = match about.as_str() {
                "obligation" => c.get::<Option<bool>>("closed")?.map(|closed| !closed),
                "message" => c.get("delivery_open")?,
                "attachment" => c.get("unfinished")?,
                "watch" => c.opt_text("tip")?.map(|_| true),
                _ => None,
            };
            Ok(WorkFigures { id: c.text("id")?, about, lane: c.id("lane")?, wanted })
        })
        .await
}

pub(in crate::store) async fn lanes(moment: &mut Moment) -> Result<Vec<LaneFigures>, StoreError> {
    let leases = moment.all("read leases", (LEASES, "lane"), Vec::new(), |c| Ok((c.id("lane")?, c.time("until_at")?))).await?;
    let of_work = moment.all("read lanes of work", (LANES_OF_WORK, "work"), Vec::new(), |c| Ok((c.id("lane")?, c.time("run_at")?))).await?;
    let mut lanes: std::collections::BTreeMap<LaneKey, LaneFigures> = Default::default();
    let empty = |lane: LaneKey| LaneFigures { lane, held_until: None, first_run_at: None };
    for (lane, until) in leases {
        lanes.entry(lane).or_insert_with_key(|lane| empty(lane.clone())).held_until = Some(until);
    }
    for (lane, run_at) in of_work {
        lanes.entry(lane).or_insert_with_key(|lane| empty(lane.clone())).first_run_at = Some(run_at);
    }
    Ok(lanes.into_values().collect())
}

pub(in crate::store) async fn brought(moment: &mut Moment, after: Option<MessageId>, most: u32) -> Result<Vec<Brought>, StoreError> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    moment
        .all("read what carriers brought", (BROUGHT, "message"), vec![after.into(), i64::from(most).into()], |c| {
            Ok(Brought {
                message: c.id("id")?,
                tip: c.id("conversation")?,
                account: c.text("provider_account")?,
                provider_id: c.text("provider_id")?,
            })
        })
        .await
}

pub(in crate::store) async fn doubled_references(moment: &mut Moment, most: u32) -> Result<Vec<ConversationId>, StoreError> {
    let values = vec![i64::from(most).into()];
    moment.all("look for doubled references", (DOUBLED_REFERENCES, "conversation"), values, |c| c.id("tip")).await
}

pub(in crate::store) async fn doubled_contacts(moment: &mut Moment, most: u32) -> Result<Vec<ConversationId>, StoreError> {
    let values = vec![i64::from(most).into()];
    moment.all("look for doubled addresses", (DOUBLED_CONTACTS, "contact"), values, |c| c.id("tip")).await
}
