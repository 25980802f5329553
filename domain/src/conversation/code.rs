//! The return code: how a reporter comes back on another way (R68).
//!
//! Eleven characters of Crockford's base 32 (55 bits), shown in groups, forgiving of case, spaces, dashes and the usual
//! misreadings (O for 0, I and L for 1). Never in a URL or a log: no `Display`, a `Debug` that shows nothing.

/// A return code in clear.
#[derive(Clone, PartialEq, Eq)]
pub struct ReturnCode(String);

impl ReturnCode {
    /// From at least 55 random (or keyed-derived) bits.
    pub fn from_bits(random: [u8; 7]) -> Self { let _ = random; todo!() }
    /// Reads what a person typed; `None` when it cannot be a code.
    pub fn parse(typed: &str) -> Option<Self> { let _ = typed; todo!() }
    /// The eleven characters without groups, for the blind index.
    pub fn reveal(&self) -> &str { &self.0 }
    /// As shown to the reporter: `7K3Q-M2XP-9TR`.
    pub fn grouped(&self) -> String { todo!() }
}

impl std::fmt::Debug for ReturnCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("ReturnCode(sealed)") }
}
