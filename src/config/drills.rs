//! The `[drills]` section: whether schools are drilled by themselves, how often, and from which hour of their day.

use super::error::ConfigError;
use super::section::Section;
use jiff::civil::Time;

/// When drills start by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drills {
    /// So many days after a school's last drill the next one starts; `None` is never.
    pub every_days: Option<u16>,
    /// From this hour on, in the school's calendar.
    pub at: Time,
}

/// The most days between two drills.
const LONGEST_DAYS: u32 = 3_650;

/// The section.
pub(super) fn read(root: &Section<'_>) -> Result<Drills, ConfigError> {
    let section = root.section("drills", &["every_days", "at"])?;
    let every_days = section.whole("every_days", 0, LONGEST_DAYS, None)?;
    Ok(Drills {
        every_days: u16::try_from(every_days).ok().filter(|days| *days > 0),
        at: section.parsed("at", "write an hour of the day, such as \"10:00\"", |text| text.parse().ok())?,
    })
}
