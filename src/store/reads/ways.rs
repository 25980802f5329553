//! Reading what the roads to carriers keep for themselves: calls, mailboxes, what was taken already, whether lanes are trusted.

use super::{Columns, Readers, all, one};
use crate::store::StoreError;
use crate::store::rows::{CallerRow, MailboxRow, RouteRow};
use crate::store::sql::each;
use adapters::contract::Cursor;
use domain::id::{AccountKey, CallId};

const CALLER: &str = "SELECT r.id, r.account, r.state_json, r.conversation, r.started_at, r.version FROM caller r WHERE r.id = $1";
const MAILBOX: &str = "SELECT b.account, b.folder, b.validity, b.uid FROM mailbox b WHERE b.account = $1 AND b.folder = $2";
const KNOWN: &str = concat!("SELECT o.once_key FROM ", each!(), " i CROSS JOIN once o WHERE o.account = $2 AND o.once_key = i.value");

const ROUTES: &str = "SELECT t.lane, t.state_json, t.at FROM route t";

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[CALLER, MAILBOX, KNOWN];

pub(in crate::store) async fn caller(readers: &Readers, id: CallId) -> Result<Option<CallerRow>, StoreError> {
    let row = readers.ask(CALLER).bind(id.to_string()).optional("read a call").await?;
    one(row, |row| {
        let c = Columns::of("caller", row);
        Ok(CallerRow {
            call: c.id("id")?,
            account: c.id("account")?,
            state: c.json("state_json")?,
            conversation: c.opt_id("conversation")?,
            started_at: c.time("started_at")?,
            version: c.int("version")?,
        })
    })
}

pub(in crate::store) async fn mailbox(readers: &Readers, account: AccountKey, folder: String) -> Result<Option<MailboxRow>, StoreError> {
    let query = readers.ask(MAILBOX).bind(account.to_string()).bind(folder);
    one(query.optional("read where a mailbox was read to").await?, |row| {
        let c = Columns::of("mailbox", row);
        let cursor = Cursor { validity: c.small("validity")?, uid: c.small("uid")? };
        Ok(MailboxRow { account: c.id("account")?, folder: c.text("folder")?, cursor })
    })
}

pub(in crate::store) async fn known_onces(readers: &Readers, account: AccountKey, keys: Vec<String>) -> Result<Vec<String>, StoreError> {
    let keys = serde_json::to_string(&keys).unwrap_or_else(|_| "[]".to_owned());
    let rows = readers.ask(KNOWN).bind(keys).bind(account.to_string()).all("look for what was taken already").await?;
    all(&rows, |row| Columns::of("once", row).text("once_key"))
}

/// A handful of rows, read once a start. A circuit that cannot be read is one that nothing is known of.
pub(in crate::store) async fn routes(readers: &Readers) -> Result<Vec<RouteRow>, StoreError> {
    let rows = readers.ask(ROUTES).all("read the lanes' circuits").await?;
    let known = all(&rows, |row| {
        let c = Columns::of("route", row);
        let Ok(circuit) = c.json("state_json") else { return Ok(None) };
        Ok(Some(RouteRow { lane: c.id("lane")?, circuit, at: c.time("at")? }))
    })?;
    Ok(known.into_iter().flatten().collect())
}
