//! The two-word alias that stands for a reporter (R47): an adjective and an animal, from our own calm word lists.

/// The alias for these random bytes, such as "Quiet Heron". The same bytes give the same alias.
pub fn alias(random: [u8; 4]) -> String { let _ = random; todo!() }
