//! The mock's one clock: wall time for records and dates, a monotonic count for arrival times.
//! It is a test program, so it reads the real clock; nothing else in this crate does.
//! Monotonic times count from the first use in this process, in microseconds.

use std::sync::OnceLock;
use std::time::Instant;

use jiff::Timestamp;

static STARTED: OnceLock<Instant> = OnceLock::new();

/// The time now.
#[expect(clippy::disallowed_methods, reason = "the mock plays a carrier, whose clock is its own")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Microseconds since the mock started, never going backwards.
pub fn monotonic_us() -> u64 {
    let started = STARTED.get_or_init(Instant::now);
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Twilio's date form: RFC 2822 with a literal `+0000`, which its Node library demands.
pub fn rfc2822(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}
