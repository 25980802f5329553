//! The API's shapes. Times are RFC 3339 in UTC. No address, number or code of anybody has a field here
//! (R47), and no shape has a `Debug`: they hold words.

mod answered;
mod asked;
mod drills;
mod telling;
mod tip;

pub use answered::*;
pub use asked::*;
pub use drills::*;
pub use telling::*;
pub use tip::*;
