//! When the next attempt is made: exponential backoff with full jitter, inside the time that is left.
//!
//! A pure function of the cause, the count and the clock; whether another attempt is made at all is the obligation's own
//! business. The jitter comes from the shell.

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

/// Near the due time an attempt is not brought forward to less than this, or the attempts would be used up in its last seconds.
pub const LEAST_NEAR_DUE: SignedDuration = SignedDuration::from_secs(5);

/// When to try again after the `made`-th attempt (1 = the first). `jitter` is uniform in [0, 1). The delay is at least half of the
/// exponential step (so that a busy line is not hammered) and at most `policy.longest_delay`; when the due time is still ahead, the
/// attempt is never planned later than half of the time left before it, or [`LEAST_NEAR_DUE`] if that is later.
///
/// A carrier's own `Retry-After` is waited for, and longer when its faults go on: a carrier that says "one second" for ever would
/// otherwise use up every attempt.
pub fn next_at(cause: Cause, made: u32, due_at: Timestamp, now: Timestamp, jitter: f64, policy: &Policy) -> Timestamp {
    let (first, least) = match cause {
        Cause::Busy => (policy.busy_first, SignedDuration::ZERO),
        Cause::Unconfirmed => (policy.no_answer_first, SignedDuration::ZERO),
        Cause::Fault => (policy.fault_first, SignedDuration::ZERO),
        Cause::Told(wait) => (policy.fault_first, wait),
    };
    let doublings = made.saturating_sub(1).min(MOST_DOUBLINGS);
    let step = first.saturating_mul(1 << doublings).min(policy.longest_delay);
    let jittered = step.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
    let delay = jittered.max(least).min(policy.longest_delay);
    let left = due_at.duration_since(now);
    let delay = if left.is_positive() { delay.min((left / 2).max(LEAST_NEAR_DUE)) } else { delay };
    now.saturating_add(delay.max(SignedDuration::ZERO)).unwrap_or(now)
}

/// Beyond this every delay is `longest_delay` anyway: 2^20 seconds are twelve days.
const MOST_DOUBLINGS: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn t(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("in range")
    }

    fn delay(cause: Cause, made: u32, due_in: i64, jitter: f64) -> f64 {
        next_at(cause, made, t(due_in), t(0), jitter, &Policy::default()).duration_since(t(0)).as_secs_f64()
    }

    #[test]
    fn delays_double_within_their_bounds() {
        let told = |seconds| Cause::Told(SignedDuration::from_secs(seconds));
        let table = [
            (Cause::Busy, 1, 1200, 0.0, 15.0),
            (Cause::Busy, 1, 1200, 1.0, 30.0),
            (Cause::Busy, 3, 1200, 0.0, 60.0),
            (Cause::Unconfirmed, 1, 1200, 0.5, 45.0),
            (Cause::Unconfirmed, 9, 1200, 1.0, 240.0),
            (Cause::Fault, 1, 1200, 0.0, 1.0),
            (Cause::Fault, u32::MAX, 1200, 1.0, 240.0),
            // What the carrier told is waited for, but never longer than the longest delay.
            (told(7), 1, 1200, 0.0, 7.0),
            (told(7), 6, 1200, 0.0, 32.0),
            (told(3600), 1, 7200, 0.0, 240.0),
            (told(-5), 1, 1200, 0.0, 1.0),
            // Half of the time left, but not the last seconds only.
            (Cause::Unconfirmed, 1, 40, 1.0, 20.0),
            (Cause::Unconfirmed, 1, 3, 1.0, 5.0),
            // The due time has passed: no hurry can mend it.
            (Cause::Unconfirmed, 1, -10, 1.0, 60.0),
            (Cause::Unconfirmed, 1, 0, 1.0, 60.0),
        ];
        for (cause, made, due_in, jitter, expected) in table {
            assert_eq!(delay(cause, made, due_in, jitter), expected, "{cause:?} {made} due in {due_in} jitter {jitter}");
        }
    }

    #[test]
    fn no_delay_leaves_its_bounds() {
        let mut rng = fastrand::Rng::with_seed(3);
        for _ in 0..10_000 {
            let told = Cause::Told(SignedDuration::from_secs(rng.i64(-10..10_000)));
            let cause = [Cause::Busy, Cause::Unconfirmed, Cause::Fault, told][rng.usize(..4)];
            let due_in = rng.i64(-2000..2000);
            let got = delay(cause, rng.u32(0..50), due_in, rng.f64());
            assert!((0.0..=240.0).contains(&got), "{got}");
            assert!(due_in <= 0 || got <= (due_in as f64 / 2.0).max(5.0), "{got} of {due_in}");
        }
    }
}
