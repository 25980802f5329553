//! Which of the two carriers something belongs to. Numbers belong to one; calls and texts go by their number of ours.

use serde::{Deserialize, Serialize};

/// A carrier that is played.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Carrier {
    /// Twilio, under `/2010-04-01`.
    #[default]
    Twilio,
    /// Telnyx, under `/v2` on a port of its own.
    Telnyx,
}
