//! Tips about one thing: which is proposed to belong to which, and under whose row it is counted.
//!
//! Counting one tip under another is undone by whatever would otherwise be overlooked: its reporter writes again, the tip above it is
//! closed, an analyst takes it out. The undoing comes after the folding in every batch, so that it wins.

use super::rows::Rows;
use super::*;
use crate::store::sql::{each, flag, int, opt_bytes, text};

#[rustfmt::skip]
const MEMBER: &str = concat!(
    "INSERT INTO incident_member (conversation, incident, likeness, new_facts, proposed_at, taken_out_by, taken_out_at) SELECT ",
    text!(0), ", ", text!(1), ", ", int!(2), ", ", opt_bytes!(3, 4), ", ", int!(5), ", ", text!(6), ", ", int!(7), " FROM ", each!(), " i WHERE TRUE",
    " ON CONFLICT (conversation) DO UPDATE SET taken_out_by = excluded.taken_out_by, taken_out_at = excluded.taken_out_at",
);

#[rustfmt::skip]
const FOLD: &str = concat!(
    "UPDATE conversation SET folded_under = CASE WHEN ", flag!(2), " AND conversation.unread <= 1 AND conversation.last_seq <= 2 AND conversation.state = 'open'",
    " THEN (SELECT f.id FROM conversation f WHERE f.id = ", text!(1), " AND f.state = 'open' AND f.folded_under IS NULL) END",
    " FROM ", each!(), " i WHERE conversation.id = ", text!(0),
);

const UNFOLD: &str =
    concat!("UPDATE conversation SET folded_under = NULL WHERE folded_under IS NOT NULL AND id IN (SELECT i.value FROM ", each!(), " i)");

const UNFOLD_BELOW: &str =
    concat!("UPDATE conversation SET folded_under = NULL WHERE folded_under IN (SELECT i.value FROM ", each!(), " i)");

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(crate) const ALL: &[&str] = &[MEMBER, FOLD, UNFOLD, UNFOLD_BELOW];

/// What a batch does to incidents.
#[derive(Debug, Default)]
pub(super) struct Incidents {
    members: Rows,
    folds: Rows,
    wrote_again: Rows,
    closed: Rows,
}

impl Batch<'_> {
    pub(super) fn take_incident(&mut self, row: &IncidentRow) {
        self.tip(row.conversation);
        let (by, at) = row.taken_out.map(|(by, at)| (by.uuid(), at.as_microsecond())).unzip();
        self.incidents
            .members
            .row()
            .id(row.conversation.uuid())
            .id(row.incident.uuid())
            .int(i64::from(row.likeness))
            .opt_bytes(row.new_facts.as_ref().map(|sealed| sealed.0.as_slice()))
            .int(row.proposed_at.as_microsecond())
            .opt_id(by)
            .opt_int(at)
            .end();
        self.incidents.folds.row().id(row.conversation.uuid()).id(row.incident.uuid()).flag(row.folded && row.taken_out.is_none()).end();
    }

    /// The reporter of a tip that is there already wrote again.
    pub(super) fn unfold(&mut self, id: ConversationId) {
        if !self.new_tips.contains(&id) {
            self.incidents.wrote_again.id(id.uuid());
        }
    }

    /// A tip is closed: what was counted under it stands for itself.
    pub(super) fn unfold_below(&mut self, id: ConversationId) {
        self.incidents.closed.id(id.uuid());
    }

    pub(super) fn incident_statements(&mut self, list: &mut Vec<Statement>) -> Result<(), Bad> {
        let Incidents { members, folds, wrote_again, closed } = std::mem::take(&mut self.incidents);
        add(list, MEMBER, members)?;
        add(list, FOLD, folds)?;
        add(list, UNFOLD, wrote_again)?;
        add(list, UNFOLD_BELOW, closed)
    }
}
