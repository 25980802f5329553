//! What every carrier of texts has in common, whoever it is: how a text is cut into segments.
//!
//! Keywords (STOP, HELP) are words of the conversation and live in `domain`; what a carrier does with them by itself is the
//! adapter's to declare. Nothing here knows a provider.

mod cluster;
#[cfg(test)]
mod own_texts;
pub mod segments;

pub use segments::{Encoding, Segments, split};
