//! The county's directory from CSV files: parsed whole or not at all.
//!
//! `address` reads phone numbers and mail addresses, for the configuration too.

pub mod address;
