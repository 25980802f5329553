//! What a caller of the REST API asks of a call: where the instructions come from, what is reported where.

/// Where a call's instructions come from.
#[derive(Debug, Clone)]
pub enum Instructions {
    /// Fetched from the gateway.
    Url {
        /// Absolute address.
        url: String,
        /// `GET` or `POST`.
        method: String,
    },
    /// Given in the request.
    Twiml(String),
}

/// Machine detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amd {
    /// Says who answered as soon as it can.
    Enable,
    /// Waits for a machine's beep.
    DetectMessageEnd,
}

/// Where something is reported.
#[derive(Debug, Clone)]
pub struct CallbackOrder {
    /// Absolute address.
    pub url: String,
    /// `GET` or `POST`.
    pub method: String,
    /// Twilio's names of the events that are wanted.
    pub events: Vec<String>,
}

/// A call as ordered.
#[derive(Debug, Clone)]
pub struct CallOrder {
    /// First instructions.
    pub instructions: Instructions,
    /// Asked when the first cannot be had.
    pub fallback: Option<Instructions>,
    /// Status callbacks.
    pub status: Option<CallbackOrder>,
    /// Keyed after the answer.
    pub send_digits: Option<String>,
    /// How long it may ring, in seconds.
    pub timeout_s: u64,
    /// Machine detection, when asked for.
    pub amd: Option<Amd>,
    /// True when the instructions do not wait for machine detection.
    pub async_amd: bool,
    /// Where asynchronous detection is reported.
    pub async_amd_callback: Option<CallbackOrder>,
}

impl CallOrder {
    /// A call with these first instructions and nothing special.
    pub fn of(instructions: Instructions) -> Self {
        Self {
            instructions,
            fallback: None,
            status: None,
            send_digits: None,
            timeout_s: 60,
            amd: None,
            async_amd: false,
            async_amd_callback: None,
        }
    }
}
