//! The three listeners' routes: public (carriers, reporters, receipts), staff (console, API), ops (health, metrics).
//!
//! Everything here turns requests into the desk's verbs and views into pages or JSON. No SQL, no carrier, no rule of the
//! procedures lives here; what a page may show is what the desk's views hold.

pub mod assets;
mod fields;
pub mod headers;
pub mod ops;
pub mod public;
pub mod staff;
