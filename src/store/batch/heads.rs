//! A tip's row: its head, its rules and its tally.
//!
//! The head (numbers, hash, state) is computed here and written whole, so a hundred commits to one tip write it once. The
//! tally is counted by the database after the rows below it are written, so it cannot drift from them; it is counted again when something
//! that is in it has changed ([`Counted`](super::facts::Counted)).

use super::facts::Head;
use super::rows::Rows;
use super::*;
use crate::store::chain;
use crate::store::sql::{bytes, each, flag, hash, int, text};
use domain::conversation::{State, WayBack};
use domain::language::Language;
use domain::level::Level;

/// The twenty minutes in which a tip that may be Critical must have been told (R14, R44), in microseconds. Only the order of the
/// inbox uses it here: what is promised is decided by the rules.
pub(crate) const CRITICAL_WINDOW: i64 = 20 * 60 * 1_000_000;

#[rustfmt::skip]
const NEW: &str = concat!(
    "INSERT INTO conversation (id, reference, alias, channel, received_at, code_index, wrapped_key, state, way_back, level, school, types_json,",
    " in_progress, possible_crime, safety_issue, triaged_at, dispatched_at, claimed_by, version, last_seq, unread, updated_at, answer_to,",
    " receipt_seq, record_seq, record_hash, open_obligations, confirmed, open_tasks, breached, next_due, urgency, deadline, language, marks_json, press, drill, reference_keys) SELECT ",
    text!(0), ", ", text!(1), ", ", text!(2), ", ", text!(3), ", ", int!(4), ", ", hash!(5), ", ", bytes!(6, 7), ", ", text!(8), ", ", text!(9), ", ",
    text!(10), ", ", text!(11), ", ", text!(12), ", ", flag!(13), ", ", flag!(14), ", ", flag!(15), ", ", int!(16), ", ", int!(17), ", ", text!(18), ", ",
    int!(19), ", ", int!(20), ", ", int!(21), ", ", int!(22), ", ", text!(23), ", ", int!(24), ", ", int!(25), ", ", hash!(26),
    ", 0, 0, 0, 0, NULL, ", int!(27), ", ", int!(28), ", ", text!(29), ", ", text!(30), ", ", flag!(31), ", ", flag!(32), ", ", text!(33), " FROM ", each!(), " i",
);

#[rustfmt::skip]
const HEAD: &str = concat!(
    "UPDATE conversation SET state = ", text!(1), ", way_back = ", text!(2), ", version = ", int!(3), ", last_seq = ", int!(4), ", unread = ", int!(5),
    ", updated_at = ", int!(6), ", answer_to = ", text!(7), ", receipt_seq = ", int!(8), ", record_seq = ", int!(9), ", record_hash = ", hash!(10),
    " FROM ", each!(), " i WHERE conversation.id = ", text!(0),
);

#[rustfmt::skip]
const RULES: &str = concat!(
    "UPDATE conversation SET code_index = ", hash!(1), ", wrapped_key = ", bytes!(2, 3), ", level = ", text!(4), ", school = ", text!(5),
    ", types_json = ", text!(6), ", in_progress = ", flag!(7), ", possible_crime = ", flag!(8), ", safety_issue = ", flag!(9),
    ", triaged_at = ", int!(10), ", dispatched_at = ", int!(11), ", claimed_by = ", text!(12), ", language = ", text!(13), ", marks_json = ", text!(14), ", press = ", flag!(15),
    " FROM ", each!(), " i WHERE conversation.id = ", text!(0),
);

/// What tells of the tip or of news about it is counted. A supervisor's page and a question afterwards are in no count: whoever confirms
/// those has not said that an enduser knows.
#[rustfmt::skip]
const TALLY: &str = concat!(
    "UPDATE conversation SET (open_obligations, confirmed, breached, next_due) = (SELECT",
    " count(*) FILTER (WHERE NOT o.closed), count(o.confirmed_at), count(*) FILTER (WHERE o.breached_at IS NOT NULL AND NOT o.satisfied),",
    " min(o.due_at) FILTER (WHERE NOT o.closed AND o.confirmed_at IS NULL)",
    " FROM obligation o CROSS JOIN dispatch d WHERE o.conversation = conversation.id AND d.id = o.dispatch",
    " AND d.purpose_json IN ('\"tip\"', '\"update\"', '\"drill\"')),",
    " open_tasks = (SELECT count(*) FROM task t WHERE t.conversation = conversation.id AND t.done_at IS NULL)",
    " WHERE id IN (SELECT i.value FROM ", each!(), " i)",
);

/// 0 is what cannot wait: not dispatched and perhaps Critical, or a due time missed with something still open. The
/// figure in it is [`CRITICAL_WINDOW`].
#[rustfmt::skip]
const ORDER: &str = concat!(
    "UPDATE conversation SET (urgency, deadline) = (SELECT",
    " CASE WHEN c.dispatched_at IS NULL AND (c.level IS NULL OR c.level = 'critical') THEN 0",
    " WHEN c.breached > 0 AND (c.open_obligations > 0 OR c.open_tasks > 0) THEN 0",
    " WHEN c.level = 'standard' THEN 2 WHEN c.level = 'other' THEN 3 ELSE 1 END,",
    " CASE WHEN c.dispatched_at IS NULL AND (c.level IS NULL OR c.level = 'critical') THEN c.received_at + 1200000000",
    " WHEN c.breached > 0 AND (c.open_obligations > 0 OR c.open_tasks > 0) THEN COALESCE(c.next_due, c.received_at + 1200000000)",
    " ELSE c.received_at END",
    " FROM conversation c WHERE c.id = conversation.id)",
    " WHERE id IN (SELECT i.value FROM ", each!(), " i)",
);

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(crate) const ALL: &[&str] = &[NEW, HEAD, RULES, TALLY, ORDER];

/// The types and marks of a tip as JSON.
type Columns<'a> = (&'a str, Option<&'a str>);

/// A tip in a batch.
#[derive(Debug)]
pub(super) struct Tip<'a> {
    pub(super) head: Head,
    /// Some commit of the batch changed it.
    pub(super) touched: bool,
    /// Obligations or tasks changed.
    pub(super) count_again: bool,
    is_new: bool,
    /// The last row that the rules gave, with its columns.
    rules: Option<(&'a ConversationRow, Columns<'a>)>,
}

impl<'a> Tip<'a> {
    /// A tip that is in the database.
    pub(super) fn known(head: Head) -> Self {
        Self { head, touched: false, count_again: false, is_new: false, rules: None }
    }

    /// A tip that this batch begins.
    pub(super) fn new(row: &'a ConversationRow, columns: Columns<'a>) -> Self {
        let head = Head {
            version: 1,
            state: row.conversation.state,
            way_back: row.conversation.way_back,
            told: row.conversation.dispatched_at.is_some(),
            last_seq: 0,
            unread: 0,
            updated_at: row.conversation.received_at.as_microsecond(),
            answer_to: None,
            receipt_seq: 0,
            record_seq: 0,
            record_hash: chain::START,
        };
        Self { head, touched: true, count_again: false, is_new: true, rules: Some((row, columns)) }
    }

    /// The rules changed it.
    pub(super) fn change(&mut self, row: &'a ConversationRow, columns: Columns<'a>) {
        self.head.version = row.version + 1;
        self.head.state = row.conversation.state;
        self.head.way_back = row.conversation.way_back;
        self.head.told = row.conversation.dispatched_at.is_some();
        self.rules = Some((row, columns));
    }

    /// The way back changed beside the rules: whoever read the tip before has to read it again.
    pub(super) fn set_way_back(&mut self, way_back: WayBack) {
        if self.head.way_back != way_back {
            self.head.way_back = way_back;
            self.head.version += 1;
        }
    }

    /// A message comes: its number. A reporter's raises `unread` and opens a closed tip.
    pub(super) fn next_message(&mut self, from_reporter: bool, at_micros: i64) -> i64 {
        self.head.last_seq += 1;
        self.head.updated_at = self.head.updated_at.max(at_micros);
        if from_reporter {
            self.head.unread += 1;
            if self.head.state == State::Closed {
                self.head.state = State::Open;
                self.head.version += 1;
            }
        }
        self.head.last_seq
    }
}

impl Batch<'_> {
    /// New tips, heads and rules.
    pub(super) fn tip_statements(&self, list: &mut Vec<Statement>) -> Result<(), Bad> {
        let (mut new, mut heads, mut rules) = (Rows::default(), Rows::default(), Rows::default());
        for id in &self.new_tips {
            if let Some(Tip { head, rules: Some((row, columns)), .. }) = self.tips.get(id) {
                new_row(&mut new, head, row, *columns);
            }
        }
        for (id, tip) in self.tips.iter().filter(|(_, tip)| !tip.is_new && tip.touched) {
            head_row(&mut heads, *id, &tip.head);
            if let Some((row, columns)) = &tip.rules {
                rules_row(&mut rules, row, *columns);
            }
        }
        add(list, NEW, new)?;
        add(list, HEAD, heads)?;
        add(list, RULES, rules)
    }

    /// Counts and order again, for the tips whose rules, obligations or tasks changed.
    pub(super) fn tally_statements(&self, list: &mut Vec<Statement>) -> Result<(), Bad> {
        let (mut count, mut order) = (Rows::default(), Rows::default());
        for (id, tip) in &self.tips {
            if tip.count_again {
                count.id(id.uuid());
            }
            if tip.count_again || (tip.rules.is_some() && !tip.is_new) {
                order.id(id.uuid());
            }
        }
        add(list, TALLY, count)?;
        add(list, ORDER, order)
    }
}

#[rustfmt::skip] // the columns in the groups of the statement
fn new_row(rows: &mut Rows, head: &Head, row: &ConversationRow, (types, marks): (&str, Option<&str>)) {
    let c = &row.conversation;
    let (urgency, deadline) = first_order(row);
    rows.row().id(c.id.uuid()).text(c.reference.as_str()).text(&c.alias).text(c.channel.as_str()).int(c.received_at.as_microsecond())
        .hash(&row.code_index.0).bytes(&row.key.0).text(head.state.as_str()).text(head.way_back.as_str())
        .opt_text(c.triage.level.map(Level::as_str)).opt_text(c.triage.school.as_ref().map(|key| key.as_str())).text(types)
        .flag(c.triage.marks.in_progress).flag(c.triage.marks.possible_crime).flag(c.triage.marks.safety_issue)
        .opt_int(c.triaged_at.map(Timestamp::as_microsecond)).opt_int(c.dispatched_at.map(Timestamp::as_microsecond))
        .opt_id(c.claimed_by.map(StaffId::uuid))
        .int(head.version).int(head.last_seq).int(head.unread).int(head.updated_at).opt_id(head.answer_to.map(ContactHandle::uuid))
        .int(head.receipt_seq).int(head.record_seq).hash(&head.record_hash).int(urgency).int(deadline)
        .opt_text(c.language.map(Language::tag)).opt_text(marks)
        .flag(c.triage.marks.media_request).flag(c.drill).text(&c.reference.keypad()).end();
}

#[rustfmt::skip] // the columns in the groups of the statement
fn head_row(rows: &mut Rows, id: ConversationId, head: &Head) {
    rows.row().id(id.uuid()).text(head.state.as_str()).text(head.way_back.as_str()).int(head.version).int(head.last_seq).int(head.unread)
        .int(head.updated_at).opt_id(head.answer_to.map(ContactHandle::uuid)).int(head.receipt_seq).int(head.record_seq)
        .hash(&head.record_hash).end();
}

#[rustfmt::skip] // the columns in the groups of the statement
fn rules_row(rows: &mut Rows, row: &ConversationRow, (types, marks): (&str, Option<&str>)) {
    let c = &row.conversation;
    rows.row().id(c.id.uuid()).hash(&row.code_index.0).bytes(&row.key.0).opt_text(c.triage.level.map(Level::as_str))
        .opt_text(c.triage.school.as_ref().map(|key| key.as_str())).text(types)
        .flag(c.triage.marks.in_progress).flag(c.triage.marks.possible_crime).flag(c.triage.marks.safety_issue)
        .opt_int(c.triaged_at.map(Timestamp::as_microsecond)).opt_int(c.dispatched_at.map(Timestamp::as_microsecond))
        .opt_id(c.claimed_by.map(StaffId::uuid)).opt_text(c.language.map(Language::tag)).opt_text(marks)
        .flag(c.triage.marks.media_request).end();
}

/// Where a new tip, which has no obligations yet, stands in the inbox: [`ORDER`] in Rust.
fn first_order(row: &ConversationRow) -> (i64, i64) {
    let c = &row.conversation;
    let received = c.received_at.as_microsecond();
    match (c.dispatched_at, c.triage.level) {
        (None, None | Some(Level::Critical)) => (0, received.saturating_add(CRITICAL_WINDOW)),
        (_, Some(Level::Standard)) => (2, received),
        (_, Some(Level::Other)) => (3, received),
        (Some(_), None | Some(Level::Critical)) => (1, received),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_window_in_the_statement_is_the_constant() {
        assert_eq!(super::ORDER.matches(&super::CRITICAL_WINDOW.to_string()).count(), 2);
    }
}
