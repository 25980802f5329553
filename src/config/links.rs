//! The `[links]` section: how often the roads to the carriers are tested.

use super::error::ConfigError;
use super::section::Section;
use std::time::Duration;

/// How the links are tested.
#[derive(Debug, Clone, PartialEq)]
pub struct Links {
    /// How often each carrier is asked whether it answers.
    pub probe_every: Duration,
    /// Whether texts and calls go round from one of our numbers to another.
    pub loops: bool,
    /// How often each lane does so.
    pub loop_every: Duration,
}

/// The section.
pub(super) fn read(root: &Section<'_>) -> Result<Links, ConfigError> {
    let section = root.section("links", &["probe_every", "loops", "loop_every"])?;
    Ok(Links {
        probe_every: section.seconds("probe_every", None)?,
        loops: section.flag("loops", true)?,
        loop_every: section.seconds("loop_every", None)?,
    })
}
