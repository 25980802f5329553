//! Reading what endusers have of their own: PINs, logins to the portal, and the tips that their organizations were told of.

use super::{Columns, Readers, Row, all, one};
use crate::store::StoreError;
use crate::store::endusers::*;
use crate::vault::sealed::BlindIndex;
use domain::id::{ConversationId, LoginCodeId, OrganizationKey, PersonKey};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashSet};

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
/// `$1` an organization, `$2` an id beyond the newest that is wanted, `$3` how many. An id begins with the time at which the obligation was made,
/// which is when its dispatch was started; the condition repeats that of the index.
pub(in crate::store) const TOLD: &str = "SELECT o.id, o.conversation, d.started_at FROM obligation o CROSS JOIN dispatch d \
    WHERE o.organization IS NOT NULL AND o.organization = $1 AND o.id < $2 AND d.id = o.dispatch \
    AND d.purpose_json IN ('\"tip\"', '\"drill\"') ORDER BY o.id DESC LIMIT $3";
/// After every id.
const BEYOND_ALL: &str = "g";
/// How many obligations are read at once: those of one page, some to each tip.
const PORTION: i64 = 200;

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[PIN, CODE, CODES_OF, CODES, SESSION, NOTES, OPENED, FEEDBACK, TOLD];

pub(in crate::store) async fn pin(readers: &Readers, person: PersonKey) -> Result<Option<PinRow>, StoreError> {
    one(readers.ask(PIN).bind(person.to_string()).optional("read a PIN").await?, pin_row)
}

/// Of each person the last; a person's rows come in the order of setting.
pub(in crate::store) async fn pins(readers: &Readers) -> Result<Vec<PinRow>, StoreError> {
    let mut last: Vec<PinRow> = Vec::new();
    for row in all(&readers.ask(PINS).all("read PINs").await?, pin_row)? {
        match last.last_mut().filter(|before| before.person == row.person) {
            Some(before) => *before = row,
            None => last.push(row),
        }
    }
    Ok(last)
}

fn pin_row(row: &Row) -> Result<PinRow, StoreError> {
    let c = Columns::of("pin", row);
    let mac = Some(c.hash("mac")?).filter(|mac| *mac != VOID_PIN);
    Ok(PinRow { person: c.id("person")?, mac, set_at: c.time("set_at")?, set_by: c.opt_id("set_by")? })
}

pub(in crate::store) async fn login_code(readers: &Readers, id: LoginCodeId) -> Result<Option<LoginCodeRow>, StoreError> {
    one(readers.ask(CODE).bind(id.to_string()).optional("read a login code").await?, |row| {
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

pub(in crate::store) async fn login_codes_of(readers: &Readers, index: BlindIndex, since: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
    let query = readers.ask(CODES_OF).bind(index.0.to_vec()).bind(since.as_microsecond());
    let rows = query.all("count login codes").await?;
    all(&rows, |row| Columns::of("login_code", row).time("created_at"))
}

pub(in crate::store) async fn login_codes_since(readers: &Readers, since: Timestamp) -> Result<i64, StoreError> {
    let row = readers.ask(CODES).bind(since.as_microsecond()).one("count login codes").await?;
    Columns::of("login_code", &row).int("n")
}

pub(in crate::store) async fn session(
    readers: &Readers,
    token_hash: [u8; 32],
    now: Timestamp,
) -> Result<Option<EnduserSessionRow>, StoreError> {
    let query = readers.ask(SESSION).bind(token_hash.to_vec()).bind(now.as_microsecond());
    one(query.optional("read a session of the portal").await?, |row| {
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

pub(in crate::store) async fn notes(readers: &Readers, id: ConversationId) -> Result<Vec<EnduserNoteRow>, StoreError> {
    let rows = readers.ask(NOTES).bind(id.to_string()).all("read the endusers' notes").await?;
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

pub(in crate::store) async fn opened(readers: &Readers, id: ConversationId) -> Result<Vec<OpenedRow>, StoreError> {
    let rows = readers.ask(OPENED).bind(id.to_string()).all("read who opened a tip").await?;
    all(&rows, |row| {
        let c = Columns::of("enduser_opened", row);
        Ok(OpenedRow { conversation: c.id("conversation")?, person: c.id("person")?, at: c.time("at")? })
    })
}

pub(in crate::store) async fn feedback(readers: &Readers, id: ConversationId) -> Result<Vec<FeedbackRow>, StoreError> {
    let rows = readers.ask(FEEDBACK).bind(id.to_string()).all("read the endusers' feedback").await?;
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

/// The tips of several organizations, each once, the last told first. Of each organization no more is read than the end of the page needs.
pub(in crate::store) async fn told_to(
    readers: &Readers,
    organizations: Vec<OrganizationKey>,
    (limit, offset): (u32, u32),
) -> Result<Vec<(ConversationId, Timestamp)>, StoreError> {
    let (skip, most) = (offset as usize, limit as usize);
    let mut told: BTreeMap<ConversationId, Timestamp> = BTreeMap::new();
    for organization in organizations {
        for (id, at) in told_to_one(readers, &organization, skip + most).await? {
            let last = told.entry(id).or_insert(at);
            *last = at.max(*last);
        }
    }
    let mut told: Vec<_> = told.into_iter().collect();
    told.sort_by_key(|(id, at)| (std::cmp::Reverse(*at), *id));
    Ok(told.into_iter().skip(skip).take(most).collect())
}

/// The `most` tips that an organization was told of last.
async fn told_to_one(readers: &Readers, to: &OrganizationKey, most: usize) -> Result<Vec<(ConversationId, Timestamp)>, StoreError> {
    let (mut told, mut seen) = (Vec::new(), HashSet::new());
    let mut below = BEYOND_ALL.to_owned();
    while told.len() < most {
        let query = readers.ask(TOLD).bind(to.to_string()).bind(below.clone()).bind(PORTION);
        let rows = query.all("read the tips of an organization").await?;
        for row in &rows {
            let c = Columns::of("obligation", row);
            let id = c.id("conversation")?;
            if seen.insert(id) {
                told.push((id, c.time("started_at")?));
            }
            below = c.text("id")?;
        }
        if i64::try_from(rows.len()).is_ok_and(|count| count < PORTION) {
            break;
        }
    }
    told.truncate(most);
    Ok(told)
}
