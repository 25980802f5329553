//! The deployment's store for one command: opened with its key, closed before the command gives its result.
//!
//! The database belongs to one process at a time, so commands that write are refused while the gateway runs on it; those that only read are not.

use crate::config::Config;
use crate::deployment;
use crate::lifecycle::{SHUTDOWN_DEADLINE, Tasks};
use crate::live::Live;
use crate::store::Store;
use crate::vault::Vault;
use anyhow::Context;
use std::sync::Arc;

/// An open store and what seals for it.
pub(super) struct Database {
    /// The store.
    pub(super) store: Arc<dyn Store>,
    /// The vault.
    pub(super) vault: Arc<Vault>,
}

/// Opens the database, does the work, closes the database, gives what the work gave.
pub(super) fn with<T>(config: &Config, migrate: bool, work: impl AsyncFnOnce(&Database) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    runtime.block_on(async {
        let tasks = Tasks::default();
        let (store, vault) = deployment::open(config, &tasks, &Live::default(), migrate).await?;
        let database = Database { store, vault };
        let done = work(&database).await;
        database.store.close().await;
        tasks.stop();
        tasks.ended(SHUTDOWN_DEADLINE).await;
        done
    })
}

/// Opens the database for reading, also beside a running gateway, and gives what the work gave.
pub(super) fn reading<T>(config: &Config, work: impl AsyncFnOnce(&dyn Store) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    runtime.block_on(async {
        let store = deployment::open_to_read(config).await?;
        let done = work(&*store).await;
        store.close().await;
        done
    })
}
