//! What sealing leaves: bytes that say nothing without a key, and the keyed index by which an address is found again.

use std::fmt;

/// A sealed text: 24 bytes of nonce, then XChaCha20-Poly1305's output. No `Display`, a `Debug` that shows nothing.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Sealed(pub Vec<u8>);

/// A conversation's key, wrapped by the master key. Destroying it deletes what it sealed.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct WrappedKey(pub Vec<u8>);

/// A keyed hash of an address or code: equal for equal inputs, useless without the key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlindIndex(pub [u8; 32]);

impl WrappedKey {
    /// Whether the key was destroyed, and with it what it sealed: nothing is left of it.
    pub fn is_destroyed(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}
impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrappedKey(sealed)")
    }
}
impl fmt::Debug for BlindIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlindIndex(sealed)")
    }
}
