//! Clear-text secrets while they pass through: addresses and words.
//!
//! Neither has a `Display` or a `Serialize`, and `Debug` shows nothing. `reveal()` is the one verb that opens them, so
//! that every place that does can be found by searching for it. At rest both are sealed by the shell's vault.

use std::fmt;

/// A phone number or mail address, in clear. Exists only at the edge.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address(String);

/// What somebody wrote or said, in clear.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Words(String);

impl Address {
    /// Takes an address as the carrier or the directory wrote it; nothing is normalised.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// The address itself: for the adapter that needs it and the vault that seals it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
    /// The last two characters, for staff who must recognise an office's line without reading it aloud: `…42`.
    pub fn tail(&self) -> String {
        let count = self.0.chars().count();
        format!("…{}", self.0.chars().skip(count.saturating_sub(2)).collect::<String>())
    }
}

impl Words {
    /// Takes a text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
    /// True when there is nothing to read (a picture without words).
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(sealed)")
    }
}
impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words(sealed)")
    }
}
