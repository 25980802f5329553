//! `tipline migrate`: makes the database, or brings its schema up to date. Safe to repeat.

use super::{database, give};
use crate::config::Config;

/// Migrates.
pub(super) fn run(config: &Config) -> anyhow::Result<()> {
    database::with(config, true, async |_| Ok(()))?;
    give(&format!("{} is up to date.", config.database));
    Ok(())
}
