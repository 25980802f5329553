//! How far back the first look goes after a restore: to when the backup was taken, for that is where this deployment's memory ends.
//!
//! Kept among the deployment's values with the accounts that have been looked through since. Two accounts that end at one moment may
//! forget one of them; then that one is looked through once more after the next start, which takes nothing twice.

use crate::store::{Commit, Store, StoreError, Write};
use domain::id::AccountKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where the deployment's memory ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinceBackup {
    at: Timestamp,
    done: BTreeSet<AccountKey>,
}

impl SinceBackup {
    /// The name under which it is kept.
    pub const NAME: &'static str = "restored_from";

    /// Of a backup that was taken then.
    pub fn new(at: Timestamp) -> Self {
        Self { at, done: BTreeSet::new() }
    }

    async fn read(store: &dyn Store) -> Result<Option<Self>, StoreError> {
        let text = store.meta(Self::NAME).await?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// How far back the first look of this account has to go at least; `None` when it was made, or nothing was ever restored.
    pub(super) async fn of(store: &dyn Store, account: &AccountKey) -> Result<Option<Timestamp>, StoreError> {
        Ok(Self::read(store).await?.filter(|since| !since.done.contains(account)).map(|since| since.at))
    }

    /// The account was looked through.
    pub(super) async fn looked(store: &dyn Store, account: &AccountKey) -> Result<(), StoreError> {
        let Some(mut since) = Self::read(store).await? else { return Ok(()) };
        if !since.done.insert(account.clone()) {
            return Ok(());
        }
        let text =
            serde_json::to_string(&since).map_err(|error| StoreError::Failed { operation: "note a look", source: Box::new(error) })?;
        store.commit(Commit { writes: vec![Write::Meta(Self::NAME, text)], ..Commit::default() }).await.map(drop)
    }
}
