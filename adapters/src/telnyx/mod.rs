//! Telnyx: texts by its JSON API, calls by TeXML, which is Twilio's dialect with another signature.
//!
//! What is its own is here: JSON in and out, Ed25519 signatures with a time in them, keys that make a repeated send exact, and error codes.
//! The forms that its calls send are read by [`twilio`](super::twilio)'s readers, and its scripts are written by
//! [`twiml`](super::twiml); only the signature is checked here first. Ids are opaque text.

mod client;
mod codes;
mod config;
mod errors;
mod inbound;
mod inbox;
mod json;
pub mod knows;
mod listing;
mod media;
mod outbound;
mod signature;
mod status;
#[cfg(test)]
mod tests;

pub use config::{Clock, Config, ConfigError};
pub use inbound::TelnyxWebhook;
pub use inbox::TelnyxInbox;
pub use media::TelnyxMedia;
pub use outbound::TelnyxSender;
pub use signature::is_public_key;
