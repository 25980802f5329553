//! Wire formats to and from the carrier-neutral contract.
//!
//! One folder a provider, each with the same file names (`config, signature, client, inbound, outbound, tests`); what
//! providers share stands beside them. This crate knows carriers; it knows neither the database nor tips. A new carrier is
//! a new folder that passes `conformance`.

pub mod chat;
pub mod contract;
pub mod email;
pub mod media;
pub mod secret;
pub mod sms;
pub mod telnyx;
pub mod twilio;
pub mod twiml;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod stir;
#[cfg(test)]
mod stub_server;
