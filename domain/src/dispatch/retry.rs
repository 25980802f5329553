//! When the next attempt is made: exponential backoff with full jitter, inside the time that is left.

use super::policy::Policy;
use jiff::{SignedDuration, Timestamp};

/// Why an attempt is repeated; decides the first delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The line was busy.
    Busy,
    /// Nobody answered, a machine did, or a person did not confirm.
    Unconfirmed,
    /// The carrier had a fault.
    Fault,
    /// The carrier told us how long to wait.
    Told(SignedDuration),
}

/// When to try again after the `made`-th attempt (1 = the first). `jitter` is uniform in [0, 1). The delay is at least half of the
/// exponential step (so that a busy line is not hammered) and at most `policy.longest_delay`; when the due time is still ahead, the
/// attempt is never planned later than half of the time left before it.
pub fn next_at(cause: Cause, made: u32, due_at: Timestamp, now: Timestamp, jitter: f64, policy: &Policy) -> Timestamp {
    let _ = (cause, made, due_at, now, jitter, policy);
    todo!()
}
