//! Reading what endusers have of their own: PINs, logins to the portal, and the tips that their organizations were told of.

use super::{Columns, all, failed, one};
use crate::store::StoreError;
use crate::store::endusers::*;
use crate::store::sql::each;
use crate::vault::sealed::BlindIndex;
use domain::id::{ConversationId, LoginCodeId, OrganizationKey, PersonKey};
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Pool, Sqlite};

const PIN: &str = "SELECT p.person, p.set_at, p.mac, p.set_by FROM pin p WHERE p.person = $1 ORDER BY p.set_at DESC LIMIT 1";
const PINS: &str = "SELECT p.person, p.set_at, p.mac, p.set_by FROM pin p ORDER BY p.person, p.set_at";
const CODE: &str = "SELECT c.id, c.idx, c.mac, c.created_at, c.expires_at, c.tries, c.version FROM login_code c WHERE c.id = $1";
const CODES_OF: &str = "SELECT c.created_at FROM login_code c WHERE c.idx = $1 AND c.created_at > $2 ORDER BY c.created_at";
const CODES: &str = "SELECT count(*) AS n FROM login_code c WHERE c.created_at > $1";
const SESSION: &str = "SELECT s.token_hash, s.idx, s.csrf, s.created_at, s.expires_at FROM enduser_session s \
    WHERE s.token_hash = $1 AND s.expires_at > $2";
const NOTES: &str =
    "SELECT n.id, n.conversation, n.author_json, n.at, n.body FROM enduser_note n WHERE n.conversation = $1 ORDER BY n.at, n.id";
const OPENED: &str = "SELECT o.conversation, o.person, o.at FROM enduser_opened o WHERE o.conversation = $1 ORDER BY o.person";
const FEEDBACK: &str = "SELECT f.conversation, f.person, f.organization, f.role, f.outcome, f.body, f.at FROM feedback f \
    WHERE f.conversation = $1 ORDER BY f.at, f.person";
const TOLD: &str = concat!(
    "SELECT o.conversation, max(d.started_at) AS told_at FROM ",
    each!(),
    " i CROSS JOIN obligation o CROSS JOIN dispatch d WHERE o.organization IS NOT NULL AND o.organization = i.value AND d.id = o.dispatch",
    " AND d.purpose_json IN ('\"tip\"', '\"drill\"') GROUP BY o.conversation",
    " ORDER BY told_at DESC, o.conversation LIMIT $2 OFFSET $3",
);

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[PIN, CODE, CODES_OF, CODES, SESSION, NOTES, OPENED, FEEDBACK, TOLD];

pub(in super::super) async fn pin(readers: &Pool<Sqlite>, person: PersonKey) -> Result<Option<PinRow>, StoreError> {
    one(sqlx::query(PIN).bind(person.to_string()).fetch_optional(readers).await.map_err(failed("read a PIN"))?, pin_row)
}

/// Of each person the last; a person's rows come in the order of setting.
pub(in super::super) async fn pins(readers: &Pool<Sqlite>) -> Result<Vec<PinRow>, StoreError> {
    let mut last: Vec<PinRow> = Vec::new();
    for row in all(&sqlx::query(PINS).fetch_all(readers).await.map_err(failed("read PINs"))?, pin_row)? {
        match last.last_mut().filter(|before| before.person == row.person) {
            Some(before) => *before = row,
            None => last.push(row),
        }
    }
    Ok(last)
}

fn pin_row(row: &SqliteRow) -> Result<PinRow, StoreError> {
    let c = Columns::of("pin", row);
    Ok(PinRow { person: c.id("person")?, mac: c.hash("mac")?, set_at: c.time("set_at")?, set_by: c.opt_id("set_by")? })
}

pub(in super::super) async fn login_code(readers: &Pool<Sqlite>, id: LoginCodeId) -> Result<Option<LoginCodeRow>, StoreError> {
    one(sqlx::query(CODE).bind(id.to_string()).fetch_optional(readers).await.map_err(failed("read a login code"))?, |row| {
        let c = Columns::of("login_code", row);
        Ok(LoginCodeRow {
            id: c.id("id")?,
            index: c.index("idx")?,
            mac: c.hash("mac")?,
            created_at: c.time("created_at")?,
            expires_at: c.time("expires_at")?,
            tries: c.small("tries")?,
            version: c.int("version")?,
        })
    })
}

pub(in super::super) async fn login_codes_of(
    readers: &Pool<Sqlite>,
    index: BlindIndex,
    since: Timestamp,
) -> Result<Vec<Timestamp>, StoreError> {
    let query = sqlx::query(CODES_OF).bind(index.0.to_vec()).bind(since.as_microsecond());
    let rows = query.fetch_all(readers).await.map_err(failed("count login codes"))?;
    all(&rows, |row| Columns::of("login_code", row).time("created_at"))
}

pub(in super::super) async fn login_codes_since(readers: &Pool<Sqlite>, since: Timestamp) -> Result<i64, StoreError> {
    let row = sqlx::query(CODES).bind(since.as_microsecond()).fetch_one(readers).await.map_err(failed("count login codes"))?;
    Columns::of("login_code", &row).int("n")
}

pub(in super::super) async fn session(
    readers: &Pool<Sqlite>,
    token_hash: [u8; 32],
    now: Timestamp,
) -> Result<Option<EnduserSessionRow>, StoreError> {
    let query = sqlx::query(SESSION).bind(token_hash.to_vec()).bind(now.as_microsecond());
    one(query.fetch_optional(readers).await.map_err(failed("read a session of the portal"))?, |row| {
        let c = Columns::of("enduser_session", row);
        Ok(EnduserSessionRow {
            token_hash: c.hash("token_hash")?,
            index: c.index("idx")?,
            csrf: c.text("csrf")?,
            created_at: c.time("created_at")?,
            expires_at: c.time("expires_at")?,
        })
    })
}

pub(in super::super) async fn notes(readers: &Pool<Sqlite>, id: ConversationId) -> Result<Vec<EnduserNoteRow>, StoreError> {
    let rows = sqlx::query(NOTES).bind(id.to_string()).fetch_all(readers).await.map_err(failed("read the endusers' notes"))?;
    all(&rows, |row| {
        let c = Columns::of("enduser_note", row);
        Ok(EnduserNoteRow {
            id: c.id("id")?,
            conversation: c.id("conversation")?,
            author: c.json("author_json")?,
            at: c.time("at")?,
            body: c.sealed("body")?,
        })
    })
}

pub(in super::super) async fn opened(readers: &Pool<Sqlite>, id: ConversationId) -> Result<Vec<OpenedRow>, StoreError> {
    let rows = sqlx::query(OPENED).bind(id.to_string()).fetch_all(readers).await.map_err(failed("read who opened a tip"))?;
    all(&rows, |row| {
        let c = Columns::of("enduser_opened", row);
        Ok(OpenedRow { conversation: c.id("conversation")?, person: c.id("person")?, at: c.time("at")? })
    })
}

pub(in super::super) async fn feedback(readers: &Pool<Sqlite>, id: ConversationId) -> Result<Vec<FeedbackRow>, StoreError> {
    let rows = sqlx::query(FEEDBACK).bind(id.to_string()).fetch_all(readers).await.map_err(failed("read the endusers' feedback"))?;
    all(&rows, |row| {
        let c = Columns::of("feedback", row);
        Ok(FeedbackRow {
            conversation: c.id("conversation")?,
            person: c.id("person")?,
            organization: c.id("organization")?,
            role: c.text("role")?,
            did: c.word("outcome", Did::parse)?,
            body: c.sealed("body")?,
            at: c.time("at")?,
        })
    })
}

pub(in super::super) async fn told_to(
    readers: &Pool<Sqlite>,
    organizations: Vec<OrganizationKey>,
    (limit, offset): (u32, u32),
) -> Result<Vec<(ConversationId, Timestamp)>, StoreError> {
    const OPERATION: &str = "read the tips of an organization";
    let list =
        serde_json::to_string(&organizations).map_err(|source| StoreError::Failed { operation: OPERATION, source: source.into() })?;
    let query = sqlx::query(TOLD).bind(list).bind(i64::from(limit)).bind(i64::from(offset));
    all(&query.fetch_all(readers).await.map_err(failed(OPERATION))?, |row| {
        let c = Columns::of("obligation", row);
        Ok((c.id("conversation")?, c.time("told_at")?))
    })
}
