//! What the mock sends to the gateway: signed webhooks that want an answer, and status callbacks.
//! Who sends what and when is decided by `twilio::inbound`, `twilio::messages` and `voice::session`.

pub mod callbacks;
pub mod deliver;
pub mod geography;
pub mod overrides;
pub mod sign;
