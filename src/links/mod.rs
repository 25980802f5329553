//! Links: the roads to the carriers, and whether they can be trusted now.
//!
//! A circuit a lane (`circuit`, shared by `circuits`) opens when its carrier fails; then what waits there for endusers goes to another
//! account's lane, and new work chooses another by itself (`progress::routes`). The keeper here moves that work and writes every change
//! down, so that a restart knows; answers to reporters wait, for they can come from one number only.

pub mod circuit;
pub mod circuits;
pub mod keeper;
