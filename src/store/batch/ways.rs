//! What the roads to carriers keep for themselves: reporters' calls between their steps, where mailboxes were read to, whether a lane is
//! trusted.

use super::rows::Rows;
use super::*;
use crate::store::sql::{each, int, text};

#[rustfmt::skip]
pub(super) const CALLER: &str = concat!(
    "INSERT INTO caller (id, account, state_json, conversation, started_at, version) SELECT ",
    text!(0), ", ", text!(1), ", ", text!(2), ", ", text!(3), ", ", int!(4), ", ", int!(5), " FROM ", each!(), " i WHERE TRUE",
    " ON CONFLICT (id) DO UPDATE SET state_json = excluded.state_json, conversation = excluded.conversation, version = excluded.version",
    " WHERE caller.version = excluded.version - 1",
);

#[rustfmt::skip]
pub(super) const MAILBOX: &str = concat!(
    "INSERT INTO mailbox (account, folder, validity, uid) SELECT ",
    text!(0), ", ", text!(1), ", ", int!(2), ", ", int!(3), " FROM ", each!(), " i WHERE TRUE",
    " ON CONFLICT (account, folder) DO UPDATE SET validity = excluded.validity, uid = excluded.uid",
);

#[rustfmt::skip]
pub(super) const ROUTE: &str = concat!(
    "INSERT INTO route (lane, state_json, at) SELECT ", text!(0), ", ", text!(1), ", ", int!(2), " FROM ", each!(), " i WHERE TRUE",
    " ON CONFLICT (lane) DO UPDATE SET state_json = excluded.state_json, at = excluded.at",
);

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(crate) const ALL: &[&str] = &[CALLER, MAILBOX, ROUTE];

pub(super) fn callers(list: &Latest<CallId, Versioned<'_, CallerRow>>) -> Rows {
    let mut rows = Rows::default();
    for (id, Versioned { row, json, version }) in list.iter() {
        rows.row()
            .id(id.uuid())
            .text(row.account.as_str())
            .text(json[0].as_deref().unwrap_or("null"))
            .opt_id(row.conversation.map(ConversationId::uuid))
            .int(row.started_at.as_microsecond())
            .int(*version)
            .end();
    }
    rows
}

pub(super) fn mailboxes(list: &Latest<(&str, &str), &MailboxRow>) -> Rows {
    let mut rows = Rows::default();
    for (_, row) in list.iter() {
        rows.row().text(row.account.as_str()).text(&row.folder).int(i64::from(row.cursor.validity)).int(i64::from(row.cursor.uid)).end();
    }
    rows
}

pub(super) fn routes(list: &Latest<&str, (&RouteRow, &str)>) -> Rows {
    let mut rows = Rows::default();
    for (lane, (row, json)) in list.iter() {
        rows.row().text(lane).text(json).int(row.at.as_microsecond()).end();
    }
    rows
}
