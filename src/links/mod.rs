//! Links: the roads to the carriers, and whether they can be trusted now.
//!
//! A circuit a lane (`circuit`, shared by `circuits`) opens when its carrier fails; then what waits there for endusers goes to another
//! account's lane, and new work chooses another by itself (`progress::routes`). The `keeper` moves that work and writes every change
//! down, so that a restart knows; answers to reporters wait, for they can come from one number only. The `tester` tries every road while
//! it is idle; `loops` lets the way in know those tries from tips.

pub mod circuit;
pub mod circuits;
pub mod elsewhere;
pub mod keeper;
pub mod loops;
pub mod results;
pub mod tester;

use adapters::contract::SendError;
use circuit::News;
use domain::channel::Means;
use domain::exchange::Accepted;

/// What is known of the links, shared.
#[derive(Debug, Clone, Default)]
pub struct Links {
    /// Whether each lane is trusted.
    pub circuits: circuits::Circuits,
    /// What tests found.
    pub results: results::Results,
    /// Tests under way.
    pub loops: loops::Loops,
}

/// What the answer to a send says about the carrier.
pub fn news_of(means: Means, result: &Result<Accepted, SendError>) -> News {
    match result {
        Ok(_) | Err(SendError::Permanent { .. }) => News::Answered,
        // A mail server that puts off one recipient has answered.
        Err(SendError::Transient { code: Some(_), .. }) if means == Means::Mail => News::Answered,
        Err(SendError::Transient { .. } | SendError::Unknown { .. }) => News::Fault,
        Err(SendError::Throttled { .. }) => News::Slower,
        Err(SendError::Misconfigured { .. }) => News::Refused,
    }
}
