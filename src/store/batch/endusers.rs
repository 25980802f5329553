//! What endusers have of their own: PINs, logins to the portal, what they opened, wrote and answered there.
//!
//! Codes and sessions do not pile up: a new one sweeps those of its kind that had expired when it was made.

use super::rows::Rows;
use super::*;
use crate::store::endusers::*;
use crate::store::sql::{bytes, each, hash, int, text};
use crate::vault::sealed::BlindIndex;

#[rustfmt::skip]
const PIN: &str = concat!(
    "INSERT INTO pin (person, set_at, mac, set_by) SELECT ", text!(0), ", ", int!(1), ", ", hash!(2), ", ", text!(3), " FROM ", each!(), " i WHERE TRUE",
    " ON CONFLICT (person, set_at) DO UPDATE SET mac = excluded.mac, set_by = excluded.set_by",
);
const CODE_SWEEP: &str = concat!("DELETE FROM login_code WHERE created_at <= (SELECT max(CAST(i.value AS BIGINT)) FROM ", each!(), " i)");
#[rustfmt::skip]
const CODE: &str = concat!(
    "INSERT INTO login_code (id, idx, mac, created_at, expires_at, tries, version) SELECT ",
    text!(0), ", ", hash!(1), ", ", hash!(2), ", ", int!(3), ", ", int!(4), ", ", int!(5), ", ", int!(6), " FROM ", each!(), " i WHERE TRUE",
    " ON CONFLICT (id) DO UPDATE SET tries = excluded.tries, version = excluded.version",
    " WHERE login_code.version = excluded.version - 1",
);
const SESSION_SWEEP: &str =
    concat!("DELETE FROM enduser_session WHERE expires_at <= (SELECT max(CAST(i.value AS BIGINT)) FROM ", each!(), " i)");
#[rustfmt::skip]
const SESSION: &str = concat!(
    "INSERT INTO enduser_session (token_hash, idx, csrf, created_at, expires_at) SELECT ",
    hash!(0), ", ", hash!(1), ", ", text!(2), ", ", int!(3), ", ", int!(4), " FROM ", each!(), " i",
);
const SESSION_END: &str = concat!("DELETE FROM enduser_session WHERE token_hash IN (SELECT ", hash!(0), " FROM ", each!(), " i)");
const SESSIONS_END: &str = concat!("DELETE FROM enduser_session WHERE idx IN (SELECT ", hash!(0), " FROM ", each!(), " i)");
#[rustfmt::skip]
const NOTE: &str = concat!(
    "INSERT INTO enduser_note (id, conversation, author_json, at, body) SELECT ",
    text!(0), ", ", text!(1), ", ", text!(2), ", ", int!(3), ", ", bytes!(4, 5), " FROM ", each!(), " i",
);
#[rustfmt::skip]
const OPENED: &str = concat!(
    "INSERT INTO enduser_opened (conversation, person, at) SELECT ", text!(0), ", ", text!(1), ", ", int!(2), " FROM ", each!(), " i WHERE TRUE",
    " ON CONFLICT (conversation, person) DO UPDATE SET at = excluded.at",
);
#[rustfmt::skip]
const FEEDBACK: &str = concat!(
    "INSERT INTO feedback (conversation, person, organization, role, outcome, body, at) SELECT ",
    text!(0), ", ", text!(1), ", ", text!(2), ", ", text!(3), ", ", text!(4), ", ", bytes!(5, 6), ", ", int!(7), " FROM ", each!(), " i WHERE TRUE",
    " ON CONFLICT (conversation, person) DO UPDATE SET outcome = excluded.outcome, body = excluded.body, at = excluded.at",
);

#[rustfmt::skip]
const FORBIDDEN: &str = concat!(
    "INSERT INTO texts_forbidden (idx, since) SELECT ", hash!(0), ", ", int!(1), " FROM ", each!(), " i WHERE TRUE",
    " ON CONFLICT (idx) DO NOTHING",
);
const LIFTED: &str = concat!("DELETE FROM texts_forbidden WHERE idx IN (SELECT ", hash!(0), " FROM ", each!(), " i)");

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(crate) const ALL: &[&str] =
    &[PIN, CODE_SWEEP, CODE, SESSION_SWEEP, SESSION, SESSION_END, SESSIONS_END, NOTE, OPENED, FEEDBACK, FORBIDDEN, LIFTED];

/// How long a code that is over still counts against asking for another, in microseconds: the day that `portal::code` looks back.
const CODES_KEPT_MICROS: i64 = 24 * 3_600_000_000;

/// The rows of a batch.
#[derive(Debug, Default)]
pub(super) struct Endusers<'a> {
    pins: Rows,
    codes: Latest<LoginCodeId, (&'a LoginCodeRow, i64)>,
    codes_since: Option<Timestamp>,
    sessions: Rows,
    sessions_since: Option<Timestamp>,
    ended: Rows,
    ended_of: Rows,
    notes: Rows,
    opened: Latest<(ConversationId, &'a PersonKey), &'a OpenedRow>,
    feedback: Latest<(ConversationId, &'a PersonKey), &'a FeedbackRow>,
    forbidden: Latest<BlindIndex, Option<Timestamp>>,
}

impl EnduserWrite {
    /// The tip that it changes.
    pub(super) fn tip(&self) -> Option<ConversationId> {
        match self {
            EnduserWrite::Note(row) => Some(row.conversation),
            EnduserWrite::Opened(row) => Some(row.conversation),
            EnduserWrite::Feedback(row) => Some(row.conversation),
            EnduserWrite::Pin(_)
            | EnduserWrite::LoginCode(_)
            | EnduserWrite::Session(_)
            | EnduserWrite::SessionEnd(_)
            | EnduserWrite::SessionsEnd(_)
            | EnduserWrite::TextsForbidden(..) => None,
        }
    }
    /// The row whose version decides, and the version it was read with.
    pub(super) fn guarded(&self) -> Option<(uuid::Uuid, i64)> {
        match self {
            EnduserWrite::LoginCode(row) => Some((row.id.uuid(), row.version)),
            EnduserWrite::Pin(_)
            | EnduserWrite::Session(_)
            | EnduserWrite::SessionEnd(_)
            | EnduserWrite::SessionsEnd(_)
            | EnduserWrite::Note(_)
            | EnduserWrite::Opened(_)
            | EnduserWrite::Feedback(_)
            | EnduserWrite::TextsForbidden(..) => None,
        }
    }
}

impl<'a> Batch<'a> {
    pub(super) fn take_enduser(&mut self, write: &'a EnduserWrite, json: Option<&str>) {
        if let Some(tip) = write.tip() {
            self.tip(tip);
        }
        match write {
            EnduserWrite::Pin(row) => {
                let new =
                    self.endusers.pins.row().text(row.person.as_str()).int(row.set_at.as_microsecond()).hash(&row.mac.unwrap_or(VOID_PIN));
                new.opt_text(row.set_by.map(|staff| staff.to_string()).as_deref()).end();
            }
            EnduserWrite::LoginCode(row) => {
                let version = self.next_version(row.id.uuid(), row.version);
                if row.version == 0 {
                    self.endusers.codes_since = self.endusers.codes_since.max(Some(row.created_at));
                }
                self.endusers.codes.put(row.id, (row, version));
            }
            EnduserWrite::Session(row) => {
                self.endusers.sessions_since = self.endusers.sessions_since.max(Some(row.created_at));
                let new = self.endusers.sessions.row().hash(&row.token_hash).hash(&row.index.0).text(&row.csrf);
                new.int(row.created_at.as_microsecond()).int(row.expires_at.as_microsecond()).end();
            }
            EnduserWrite::SessionEnd(hash) => self.endusers.ended.row().hash(hash).end(),
            EnduserWrite::SessionsEnd(BlindIndex(index)) => self.endusers.ended_of.row().hash(index).end(),
            EnduserWrite::Note(row) => {
                let new = self.endusers.notes.row().id(row.id.uuid()).id(row.conversation.uuid()).text(json.unwrap_or("null"));
                new.int(row.at.as_microsecond()).bytes(&row.body.0).end();
            }
            EnduserWrite::Opened(row) => self.endusers.opened.put((row.conversation, &row.person), row),
            EnduserWrite::Feedback(row) => self.endusers.feedback.put((row.conversation, &row.person), row),
            EnduserWrite::TextsForbidden(index, since) => self.endusers.forbidden.put(*index, *since),
        }
    }

    pub(super) fn enduser_statements(&mut self, list: &mut Vec<Statement>) -> Result<(), Bad> {
        let endusers = std::mem::take(&mut self.endusers);
        add(list, PIN, endusers.pins)?;
        add(list, CODE_SWEEP, sweep(endusers.codes_since.map(|since| since.as_microsecond() - CODES_KEPT_MICROS)))?;
        add_guarded(list, CODE, codes(&endusers.codes))?;
        add(list, SESSION_SWEEP, sweep(endusers.sessions_since.map(Timestamp::as_microsecond)))?;
        add(list, SESSION, endusers.sessions)?;
        add(list, SESSION_END, endusers.ended)?;
        add(list, SESSIONS_END, endusers.ended_of)?;
        add(list, NOTE, endusers.notes)?;
        let mut opened = Rows::default();
        for (_, row) in endusers.opened.iter() {
            opened.row().id(row.conversation.uuid()).text(row.person.as_str()).int(row.at.as_microsecond()).end();
        }
        add(list, OPENED, opened)?;
        let mut feedback = Rows::default();
        for (_, row) in endusers.feedback.iter() {
            let new = feedback.row().id(row.conversation.uuid()).text(row.person.as_str()).text(row.organization.as_str());
            new.text(&row.role).text(row.did.as_str()).bytes(&row.body.0).int(row.at.as_microsecond()).end();
        }
        add(list, FEEDBACK, feedback)?;
        let (mut forbidden, mut lifted) = (Rows::default(), Rows::default());
        for (index, since) in endusers.forbidden.iter() {
            match since {
                Some(since) => forbidden.row().hash(&index.0).int(since.as_microsecond()).end(),
                None => lifted.row().hash(&index.0).end(),
            }
        }
        add(list, FORBIDDEN, forbidden)?;
        add(list, LIFTED, lifted)
    }
}

fn sweep(since: Option<i64>) -> Rows {
    let mut rows = Rows::default();
    if let Some(since) = since {
        rows.text(&since.to_string());
    }
    rows
}

fn codes(list: &Latest<LoginCodeId, (&LoginCodeRow, i64)>) -> Rows {
    let mut rows = Rows::default();
    for (id, (row, version)) in list.iter() {
        let new = rows.row().id(id.uuid()).hash(&row.index.0).hash(&row.mac).int(row.created_at.as_microsecond());
        new.int(row.expires_at.as_microsecond()).int(i64::from(row.tries)).int(*version).end();
    }
    rows
}
