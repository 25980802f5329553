//! Pictures, recordings and files: fetched from the carrier, kept sealed, copied for people (R73).
//!
//! The words of a message never wait for its files, and a bad file never loses them.

pub mod copy;
mod durable;
pub mod files;
pub mod kind;
mod piece;
pub mod shared;
pub mod sweep;
pub mod uploads;
pub mod worker;

pub(crate) use piece::first_copy;

use domain::id::LaneKey;

/// The lane of work on media: fetching, copying, deleting at the carrier.
///
/// Not a sending identity; the name is free because an account's lanes end in what they send.
#[expect(clippy::expect_used, reason = "the key is well formed, as the test shows")]
pub fn lane() -> LaneKey {
    "media-fetch".parse().expect("a lane's key")
}

#[cfg(test)]
mod tests;
