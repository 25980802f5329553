//! The rules of the tip line: what a tip is, who must be told, by when, and what counts as having been told.
//!
//! Everything here is synchronous and pure. There is no I/O, no clock and no randomness: the time, fresh ids and
//! jitter are arguments, and an answer is a value that the shell commits and then acts on. So a rule is tested in
//! microseconds and a whole deployment can be simulated from a seed.
//!
//! Modules are listed in reading order.

pub mod calendar;
pub mod channel;
pub mod conversation;
pub mod directory;
pub mod dispatch;
pub mod exchange;
pub mod id;
pub mod language;
pub mod level;
pub mod sealed;
pub mod voice;

pub use jiff::{SignedDuration, Timestamp};
