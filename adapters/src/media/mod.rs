//! Fetching what waits at a carrier, whoever the carrier is: where a connection may go, how far redirects are followed, how much is read.
//!
//! An address to fetch from comes over the wire, so it is never trusted: the first request goes only to the carrier's own API host,
//! with credentials; every redirect is followed by hand, without them, and only to addresses of the public internet that were
//! checked in the very look-up that the connection uses. Which URL names a medium, and how it is deleted, is each adapter's.

pub mod allowance;
pub mod fetcher;
pub mod public_address;

pub use allowance::Allowance;
pub use fetcher::Fetcher;
