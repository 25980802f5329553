//! The conformance suite of a store, run on every engine there is.
//!
//! Each case takes a fresh store and knows no engine. An engine gives a `Fresh` (how to open, how to open again) and one
//! line of `conformance!`; what only it can show (its file, its lock, its queries' plans) has a file of its own.

#![expect(clippy::unwrap_used, reason = "a case that cannot go on fails")]

mod fixture;
mod rows;

mod endusers;
mod incidents;
mod once;
mod people;
mod races;
mod record;
mod sound;
mod telling;
mod tips;
mod ways;
mod work;

mod postgres;
mod sqlite;
