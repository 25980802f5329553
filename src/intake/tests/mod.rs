//! The way in over a real store: what a message leads to, whatever way it came.

mod calls;
pub(crate) mod fixture;
mod keywords;
mod mail;
mod numbers;
mod told;
mod ways;
