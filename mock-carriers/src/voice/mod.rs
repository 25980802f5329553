//! Phone calls: what is ordered, how the other side behaves, what is said, heard and keyed.
//! A call is one task, `session`; it asks the gateway for TwiML and performs it with `perform`.
//! Time on a scripted call is simulated and short; on a handset page it is real.

mod attributes;
pub mod behaviour;
mod detect;
mod dial;
mod gather;
pub mod heard;
pub mod order;
mod params;
mod perform;
mod record;
pub mod session;
mod transcribe;
mod transcript;
pub mod twiml;
mod wait;
pub mod xml;
