//! One cluster for all tests of a process, and a database of its own for each.
//!
//! For tests that do not break the server; those that do start a [`Cluster`] of their own. The shared one is ended by its guard when the
//! process ends.

use crate::Cluster;
use anyhow::Context;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::OnceCell;

static SHARED: OnceCell<Cluster> = OnceCell::const_new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The cluster that all tests of this process share.
///
/// # Errors
/// When PostgreSQL is not installed (the message names the package), or does not start.
pub async fn shared() -> anyhow::Result<&'static Cluster> {
    SHARED.get_or_try_init(Cluster::start).await
}

/// The URL of a new, empty database in the shared cluster.
///
/// # Errors
/// As [`shared`].
pub async fn database() -> anyhow::Result<String> {
    let name = format!("t{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    shared().await?.create_database(&name).await.context("make a database for a test")
}
