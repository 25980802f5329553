//! What telling the endusers leaves: dispatches, obligations, attempts, receipts and tasks.
//!
//! States keep their data as JSON; beside it stand the few plain columns that queries filter on, written from the same value.

use super::facts::Counted;
use super::rows::Rows;
use super::*;
use crate::store::sql::{each, flag, int, opt_bytes, text};
use domain::dispatch::obligation::{Obligation, State};

#[rustfmt::skip]
pub(super) const DISPATCH: &str = concat!(
    "INSERT INTO dispatch (id, conversation, level, started_at, due_at, started_by, purpose_json, summary, excluded_json) SELECT ",
    text!(0), ", ", text!(1), ", ", text!(2), ", ", int!(3), ", ", int!(4), ", ", text!(5), ", ", text!(6), ", ", opt_bytes!(7, 8), ", ", text!(9), " FROM ", each!(), " i",
);

#[rustfmt::skip]
pub(super) const OBLIGATION: &str = concat!(
    "INSERT INTO obligation (id, dispatch, conversation, place, obligation_json, due_at, timer, confirmed_at, breached_at, closed, satisfied, version, organization, person) SELECT ",
    text!(0), ", ", text!(1), ", ", text!(2), ", ", int!(3), ", ", text!(4), ", ", int!(5), ", ", int!(6), ", ", int!(7), ", ", int!(8), ", ", flag!(9), ", ",
    flag!(10), ", ", int!(11), ", ", text!(12), ", ", text!(13), " FROM ", each!(), " i WHERE TRUE",
    " ON CONFLICT (id) DO UPDATE SET place = excluded.place, obligation_json = excluded.obligation_json, due_at = excluded.due_at,",
    " timer = excluded.timer, confirmed_at = excluded.confirmed_at, breached_at = excluded.breached_at, closed = excluded.closed,",
    " satisfied = excluded.satisfied, version = excluded.version",
);

#[rustfmt::skip]
pub(super) const ATTEMPT: &str = concat!(
    "INSERT INTO attempt (id, owner_kind, owner, conversation, lane, account, means, intended_at, provider_id, answer, evidence_json, call_json, version, point)",
    " SELECT ", text!(0), ", ", text!(1), ", ", text!(2), ", ", text!(3), ", ", text!(4), ", ", text!(5), ", ", text!(6), ", ", int!(7), ", ", text!(8), ", ",
    text!(9), ", ", text!(10), ", ", text!(11), ", ", int!(12), ", ", int!(13), " FROM ", each!(), " i WHERE TRUE",
    " ON CONFLICT (id) DO UPDATE SET lane = excluded.lane, account = excluded.account, provider_id = excluded.provider_id,",
    " answer = excluded.answer, evidence_json = excluded.evidence_json, call_json = excluded.call_json, version = excluded.version",
);

#[rustfmt::skip]
pub(super) const RECEIPT: &str = concat!(
    "INSERT INTO receipt (conversation, seq, attempt, at, kind_json) SELECT ",
    text!(0), ", ", int!(1), ", ", text!(2), ", ", int!(3), ", ", text!(4), " FROM ", each!(), " i",
);

#[rustfmt::skip]
pub(super) const TASK: &str = concat!(
    "INSERT INTO task (id, conversation, obligation, what, created_at, kind, due_at) SELECT ",
    text!(0), ", ", text!(1), ", ", text!(2), ", ", text!(3), ", ", int!(4), ", ", text!(5), ", ", int!(6), " FROM ", each!(), " i",
);

pub(super) const TASK_DONE: &str =
    concat!("UPDATE task SET done_by = ", text!(1), ", done_at = ", int!(2), " FROM ", each!(), " i WHERE task.id = ", text!(0),);

#[rustfmt::skip]
pub(super) const WATCH: &str = concat!(
    "INSERT INTO watch (conversation, watch_json, version) SELECT ", text!(0), ", ", text!(1), ", ", int!(2), " FROM ", each!(), " i WHERE TRUE",
    " ON CONFLICT (conversation) DO UPDATE SET watch_json = excluded.watch_json, version = excluded.version",
);

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(crate) const ALL: &[&str] = &[DISPATCH, OBLIGATION, ATTEMPT, RECEIPT, TASK, TASK_DONE, WATCH];

impl<'a> Batch<'a> {
    pub(super) fn take_dispatch(&mut self, row: &'a DispatchRow, json: &'a [Option<String>; 2]) {
        self.tip(row.conversation);
        self.dispatches
            .row()
            .id(row.id.uuid())
            .id(row.conversation.uuid())
            .text(row.level.as_str())
            .int(row.started_at.as_microsecond())
            .int(row.due_at.as_microsecond())
            .text(&row.started_by.map(|staff| staff.to_string()).unwrap_or_default())
            .text(json[0].as_deref().unwrap_or("null"))
            .opt_bytes(row.summary.as_ref().map(|sealed| sealed.0.as_slice()))
            .text(json[1].as_deref().unwrap_or("[]"))
            .end();
    }

    pub(super) fn take_receipt(&mut self, row: &'a ReceiptRow, kind: Option<&str>) {
        let Some(tip) = self.tip(row.conversation) else { return };
        tip.head.receipt_seq += 1;
        let seq = tip.head.receipt_seq;
        self.receipts
            .row()
            .id(row.conversation.uuid())
            .int(seq)
            .id(row.attempt.uuid())
            .int(row.at.as_microsecond())
            .text(kind.unwrap_or("null"))
            .end();
    }

    pub(super) fn take_task(&mut self, row: &'a TaskRow) {
        self.count_again(row.conversation);
        self.tasks
            .row()
            .id(row.id.uuid())
            .id(row.conversation.uuid())
            .opt_id(row.obligation.map(ObligationId::uuid))
            .text(&row.what)
            .int(row.created_at.as_microsecond())
            .text(row.kind.as_str())
            .opt_int(row.due_at.map(Timestamp::as_microsecond))
            .end();
    }

    pub(super) fn take_task_done(&mut self, id: TaskId, staff: StaffId, at: Timestamp) {
        let Some((conversation, done)) = self.facts.tasks.get_mut(&id) else { return };
        *done = true;
        let conversation = *conversation;
        self.count_again(conversation);
        self.tasks_done.row().id(id.uuid()).id(staff.uuid()).int(at.as_microsecond()).end();
    }
}

/// What of it is in its tip's tally.
pub(super) fn counted(obligation: &Obligation) -> Counted {
    Counted {
        closed: obligation.is_closed(),
        satisfied: is_satisfied(&obligation.state),
        confirmed: obligation.confirmed_at.is_some(),
        breached: obligation.breached_at.is_some(),
        due_at: obligation.step.due_at.as_microsecond(),
    }
}

pub(super) fn obligations(list: &Latest<ObligationId, Versioned<'_, ObligationRow>>) -> Rows {
    let micros = |at: Option<Timestamp>| at.map(Timestamp::as_microsecond);
    let mut rows = Rows::default();
    for (id, Versioned { row, json, version }) in list.iter() {
        let o = &row.obligation;
        let Counted { closed, satisfied, due_at, .. } = counted(o);
        rows.row()
            .id(id.uuid())
            .id(o.dispatch.uuid())
            .id(o.conversation.uuid())
            .int(i64::from(row.place))
            .text(json[0].as_deref().unwrap_or("null"))
            .int(due_at)
            .opt_int(micros(o.timer()))
            .opt_int(micros(o.confirmed_at))
            .opt_int(micros(o.breached_at))
            .flag(closed)
            .flag(satisfied)
            .int(*version)
            .text(o.step.organization.as_str())
            .text(o.step.person.as_str())
            .end();
    }
    rows
}

pub(super) fn attempts(list: &Latest<AttemptId, Versioned<'_, AttemptRow>>) -> Rows {
    let mut rows = Rows::default();
    for (id, Versioned { row, json, version }) in list.iter() {
        let owner = match row.owner {
            Owner::Obligation(id) => id.uuid(),
            Owner::Message(id) => id.uuid(),
        };
        rows.row()
            .id(id.uuid())
            .text(row.owner.word())
            .id(owner)
            .id(row.conversation.uuid())
            .text(row.lane.as_str())
            .text(row.account.as_str())
            .text(row.means.as_str())
            .int(row.intended_at.as_microsecond())
            .opt_text(row.provider_id.as_deref())
            .opt_text(row.answer.as_deref())
            .text(json[0].as_deref().unwrap_or("null"))
            .opt_text(json[1].as_deref())
            .int(*version)
            .int(i64::from(row.point))
            .end();
    }
    rows
}

pub(super) fn watches(list: &Latest<ConversationId, Versioned<'_, WatchRow>>) -> Rows {
    let mut rows = Rows::default();
    for (id, Versioned { json, version, .. }) in list.iter() {
        rows.row().id(id.uuid()).text(json[0].as_deref().unwrap_or("null")).int(*version).end();
    }
    rows
}

fn is_satisfied(state: &State) -> bool {
    match state {
        State::Satisfied { .. } => true,
        State::Standby { .. } | State::Waiting { .. } | State::InFlight { .. } | State::Released { .. } | State::Failed { .. } => false,
    }
}
