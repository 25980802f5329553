//! A secret of a carrier or mail account while it is in memory.
//!
//! It is wiped when dropped, has no `Display` and no `Serialize`, and its `Debug` shows nothing. `reveal()` is the one verb
//! that opens it. Where it is read from (a file, the environment) is the shell's business.

use std::fmt;
use zeroize::Zeroizing;

/// An auth token, an API secret or a mailbox's password.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a secret as it was configured; nothing is trimmed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }
    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
    /// True when nothing was configured.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(sealed)")
    }
}
