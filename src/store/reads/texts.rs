//! Reading what endusers were texted, and who forbade it: to know whom an `OK 123456` or a STOP is from and what it is about.

use super::telling::{attempt_columns, attempt_row};
use super::{Columns, Readers, all, one};
use crate::store::StoreError;
use crate::store::rows::AttemptRow;
use crate::store::sql::each;
use crate::vault::sealed::BlindIndex;
use domain::id::PersonKey;
use jiff::{SignedDuration, Timestamp};

/// An attempt may be younger than the due time of its obligation by the grace of its retries, never by this.
const GRACE: SignedDuration = SignedDuration::from_hours(48);

const TEXTS_TO: &str = concat!(
    "SELECT ",
    attempt_columns!(),
    " FROM ",
    each!(),
    " i CROSS JOIN obligation o CROSS JOIN attempt a WHERE o.person IS NOT NULL AND o.person = i.value AND o.due_at >= $2",
    " AND a.conversation = o.conversation AND a.intended_at >= $3 AND a.owner = o.id AND a.means = 'text'",
    " ORDER BY a.intended_at DESC, a.id DESC LIMIT $4",
);
const FORBIDDEN: &str = "SELECT f.since FROM texts_forbidden f WHERE f.idx = $1";

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[TEXTS_TO, FORBIDDEN];

pub(in crate::store) async fn texts_to(
    readers: &Readers,
    persons: Vec<PersonKey>,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<AttemptRow>, StoreError> {
    const OPERATION: &str = "read what a person was texted";
    let persons: Vec<String> = persons.iter().map(PersonKey::to_string).collect();
    let persons = serde_json::to_string(&persons).map_err(|source| StoreError::Failed { operation: OPERATION, source: source.into() })?;
    let due_since = since.saturating_sub(GRACE).unwrap_or(Timestamp::MIN);
    let query = readers.ask(TEXTS_TO).bind(persons).bind(due_since.as_microsecond()).bind(since.as_microsecond()).bind(i64::from(limit));
    all(&query.all(OPERATION).await?, attempt_row)
}

pub(in crate::store) async fn forbidden(readers: &Readers, index: BlindIndex) -> Result<Option<Timestamp>, StoreError> {
    let found = readers.ask(FORBIDDEN).bind(index.0.to_vec()).optional("read who forbade texts").await?;
    one(found, |row| Columns::of("texts_forbidden", row).time("since"))
}
