//! Twilio, and every carrier that speaks Twilio's dialect (SignalWire): text messages and outbound calls.
//!
//! No crate is used for it, because none could be: `twilio-rs` posts no parameters, `twilio` has a fixed host and drops the
//! query string in its signature check, and the two generated ones join lists with commas where the carrier wants repeated
//! keys. What is needed is one signature and nine calls; they are written here over the HTTP client.
//! SIDs are opaque text. Reporters' calls are read in `caller`, everything else that comes in `inbound`.

mod caller;
mod client;
mod config;
mod errors;
pub(crate) mod form;
pub(crate) mod inbound;
mod inbox;
pub mod knows;
mod listing;
mod media;
mod opt_out;
mod outbound;
pub(crate) mod paths;
mod recorded;
mod signature;
pub(crate) mod status;
#[cfg(test)]
mod tests;

pub use client::{CallUpdate, Client};
pub use config::{Config, ConfigError};
pub use inbound::TwilioWebhook;
pub use inbox::TwilioInbox;
pub use media::TwilioMedia;
pub use outbound::TwilioSender;
