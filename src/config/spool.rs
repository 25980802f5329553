//! The `[spool]` section: where letters wait while the database is away, and how many.

use super::error::ConfigError;
use super::section::Section;
use crate::spool::Options;
use std::path::{Path, PathBuf};

/// Room for one letter of the largest kind and its neighbours; less is no spool.
const LEAST_BYTES: u32 = 16 * 1024;

/// The section; the folder is within the data folder when it is not named.
pub(super) fn read(root: &Section<'_>, data_folder: &Path) -> Result<Options, ConfigError> {
    let section = root.section("spool", &["folder", "most_bytes"])?;
    Ok(Options {
        folder: section.maybe("folder", "", |text| Some(PathBuf::from(text)))?.unwrap_or_else(|| data_folder.join("spool")),
        most_bytes: u64::from(section.whole("most_bytes", LEAST_BYTES, u32::MAX, None)?),
    })
}
