//! The master key: from a file or the environment, never made in silence.
//!
//! A missing, unreadable or malformed key is a refusal to start that says how to make one. `tipline keygen` is the only
//! place that draws a key.

use crate::entropy::Entropy;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::path::Path;
use zeroize::Zeroizing;

/// The environment variable that can hold the master key.
pub const KEY_VARIABLE: &str = "TIPLINE_MASTER_KEY";

/// The master key. Its `Debug` shows nothing.
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// Why there is no master key, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Neither file nor variable.
    #[error(
        "there is no master key: set keys.master_file in the configuration or the variable {KEY_VARIABLE}; `tipline keygen --out FILE` makes one"
    )]
    Missing,
    /// The file cannot be read.
    #[error(
        "the master key file {path} cannot be read ({reason}): let this user read it; if there never was one, `tipline keygen --out {path}` makes it, but a new one cannot open what another key sealed"
    )]
    Unreadable {
        /// The file.
        path: String,
        /// The system's word.
        reason: String,
    },
    /// Not 32 bytes in base64.
    #[error(
        "the master key in {0} is not 32 bytes in base64 (44 characters); restore it from your backup, or make one with `tipline keygen`"
    )]
    Malformed(String),
    /// The database was sealed by another key.
    #[error(
        "the master key in {0} is not the key that sealed this database; restore the right key, or point data.folder at another folder"
    )]
    Wrong(String),
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(sealed)")
    }
}

impl MasterKey {
    /// A key of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
    /// A new key, for `tipline keygen`.
    pub fn draw(entropy: Entropy) -> Self {
        Self::from_bytes(entropy.bytes())
    }
    /// The bytes, for deriving.
    pub(super) fn reveal(&self) -> &[u8; 32] {
        &self.0
    }
    /// As written to a file.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(*self.0))
    }
    /// Reads base64; `source` names where it came from, for the error.
    pub fn parse(text: &str, source: &str) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| KeyError::Malformed(source.to_owned()))?);
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| KeyError::Malformed(source.to_owned()))?;
        Ok(Self::from_bytes(bytes))
    }
    /// The variable's value if set, else the file's. Also says where it came from.
    pub fn load(variable: Option<&str>, file: Option<&Path>) -> Result<(Self, String), KeyError> {
        if let Some(text) = variable {
            return Ok((Self::parse(text, KEY_VARIABLE)?, KEY_VARIABLE.to_owned()));
        }
        let path = file.ok_or(KeyError::Missing)?;
        let source = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|error| KeyError::Unreadable { path: source.clone(), reason: error.kind().to_string() })?;
        Ok((Self::parse(&text, &source)?, source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_and_anything_else_refused() {
        let key = MasterKey::from_bytes([9; 32]);
        let text = key.to_base64();
        assert_eq!(MasterKey::parse(&format!("{}\n", *text), "f").unwrap().reveal(), key.reveal());
        for bad in ["", "abc", "!!!!", &text[..40]] {
            assert!(matches!(MasterKey::parse(bad, "f"), Err(KeyError::Malformed(_))), "{bad}");
        }
        assert!(matches!(MasterKey::load(None, None), Err(KeyError::Missing)));
        assert!(matches!(MasterKey::load(None, Some(Path::new("/nonexistent/key"))), Err(KeyError::Unreadable { .. })));
    }
}
