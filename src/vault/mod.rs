//! Sealing: the master key, per-conversation keys, blind indexes, and what is derived from them.

pub mod sealed;
