//! The reference of a tip: what endusers hear, read and quote. Says nothing about the tip or the reporter.

use serde::{Deserialize, Serialize};

/// `T-` and six characters of Crockford's base 32 in two groups, such as `T-7K3-QM2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reference(String);

impl Reference {
    /// From 30 random bits.
    pub fn from_bits(random: [u8; 4]) -> Self { let _ = random; todo!() }
    /// Reads what a person typed or the store kept.
    pub fn parse(typed: &str) -> Option<Self> { let _ = typed; todo!() }
    /// `T-7K3-QM2`.
    pub fn as_str(&self) -> &str { &self.0 }
    /// As spoken on a call: "T, seven, K, three, Q, M, two".
    pub fn spoken(&self) -> String { todo!() }
}
