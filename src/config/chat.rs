//! The `[chat]` section: what bounds the app chat.

use super::error::ConfigError;
use super::section::Section;
use std::time::Duration;

/// What bounds the app chat.
#[derive(Debug, Clone, PartialEq)]
pub struct Chat {
    /// Connections at the same time.
    pub connections_most: usize,
    /// How often a connection is asked whether it is still there.
    pub ping: Duration,
    /// How long a client may read nothing of what it is told.
    pub slow: Duration,
}

pub(super) fn read(root: &Section<'_>) -> Result<Chat, ConfigError> {
    let section = root.section("chat", &["connections_most", "ping_seconds", "slow_seconds"])?;
    Ok(Chat {
        connections_most: section.whole("connections_most", 1, 1_000_000, None)? as usize,
        ping: section.seconds("ping_seconds", None)?,
        slow: section.seconds("slow_seconds", None)?,
    })
}
