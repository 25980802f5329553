//! The rows that the store keeps, as the rest of the program sees them: one list, by subject.
//!
//! Everything that identifies a reporter, and every word, is [`Sealed`](crate::vault::sealed::Sealed); the store could not read it if it
//! wanted to.

mod inbox;
mod media;
mod people;
mod telling;
mod tip;
mod ways;
mod work;

pub use inbox::*;
pub use media::*;
pub use people::*;
pub use telling::*;
pub use tip::*;
pub use ways::*;
pub use work::*;
