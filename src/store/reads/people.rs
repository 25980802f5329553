//! Reading staff, their sessions and tokens.

use super::{Columns, Readers, Row, all, one};
use crate::store::StoreError;
use crate::store::rows::{ApiTokenRow, SessionRow, StaffRow, ThrottleRow};
use domain::conversation::triage::StaffRole;
use jiff::Timestamp;

macro_rules! staff_columns {
    () => {
        "p.id, p.login, p.name, p.role, p.password_hash, p.created_at"
    };
}

const BY_LOGIN: &str = concat!("SELECT ", staff_columns!(), " FROM staff p WHERE p.login = $1");
const STAFF: &str = concat!("SELECT ", staff_columns!(), " FROM staff p ORDER BY p.login");
const SESSION: &str = concat!(
    "SELECT ",
    staff_columns!(),
    ", s.token_hash, s.csrf, s.created_at AS since, s.expires_at FROM session s JOIN staff p ON p.id = s.staff",
    " WHERE s.token_hash = $1 AND s.expires_at > $2",
);
const API_TOKEN: &str = concat!(
    "SELECT ",
    staff_columns!(),
    ", t.token_hash, t.label, t.created_at AS since FROM api_token t JOIN staff p ON p.id = t.staff WHERE t.token_hash = $1",
);
const THROTTLE: &str = "SELECT t.name, t.failures, t.not_before FROM throttle t WHERE t.name = $1";

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[BY_LOGIN, SESSION, API_TOKEN, THROTTLE];

pub(in crate::store) async fn staff_by_login(readers: &Readers, login: String) -> Result<Option<StaffRow>, StoreError> {
    one(readers.ask(BY_LOGIN).bind(login).optional("read staff").await?, staff_row)
}

pub(in crate::store) async fn staff(readers: &Readers) -> Result<Vec<StaffRow>, StoreError> {
    all(&readers.ask(STAFF).all("read staff").await?, staff_row)
}

pub(in crate::store) async fn session(
    readers: &Readers,
    token_hash: [u8; 32],
    now: Timestamp,
) -> Result<Option<(SessionRow, StaffRow)>, StoreError> {
    let query = readers.ask(SESSION).bind(token_hash.to_vec()).bind(now.as_microsecond());
    one(query.optional("read a session").await?, |row| {
        let staff = staff_row(row)?;
        let c = Columns::of("session", row);
        let session = SessionRow {
            token_hash: c.hash("token_hash")?,
            staff: staff.id,
            csrf: c.text("csrf")?,
            created_at: c.time("since")?,
            expires_at: c.time("expires_at")?,
        };
        Ok((session, staff))
    })
}

pub(in crate::store) async fn api_token(readers: &Readers, token_hash: [u8; 32]) -> Result<Option<(ApiTokenRow, StaffRow)>, StoreError> {
    let row = readers.ask(API_TOKEN).bind(token_hash.to_vec()).optional("read an API token").await?;
    one(row, |row| {
        let staff = staff_row(row)?;
        let c = Columns::of("api_token", row);
        let token =
            ApiTokenRow { token_hash: c.hash("token_hash")?, staff: staff.id, label: c.text("label")?, created_at: c.time("since")? };
        Ok((token, staff))
    })
}

pub(in crate::store) async fn throttle(readers: &Readers, name: String) -> Result<Option<ThrottleRow>, StoreError> {
    one(readers.ask(THROTTLE).bind(name).optional("read failed logins").await?, |row| {
        let c = Columns::of("throttle", row);
        Ok(ThrottleRow { name: c.text("name")?, failures: c.small("failures")?, not_before: c.time("not_before")? })
    })
}

fn staff_row(row: &Row) -> Result<StaffRow, StoreError> {
    let c = Columns::of("staff", row);
    Ok(StaffRow {
        id: c.id("id")?,
        login: c.text("login")?,
        name: c.text("name")?,
        role: c.word("role", StaffRole::parse)?,
        password_hash: c.text("password_hash")?,
        created_at: c.time("created_at")?,
    })
}
