//! The program's randomness: ids, keys, tokens, jitter, from the operating system.

use domain::id::{AttemptId, DispatchId, MessageId, ObligationId};
use jiff::Timestamp;
use uuid::{Builder, Uuid};

/// Draws random bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entropy;

impl Entropy {
    /// `N` random bytes. Without randomness nothing here is safe, so a failing system source ends the process.
    #[expect(clippy::expect_used, reason = "no key, token or id may be made without randomness")]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        bytes
    }
    /// A UUID that tells nothing: for what a reporter or carrier sees.
    pub fn uuid(&self) -> Uuid {
        Builder::from_random_bytes(self.bytes()).into_uuid()
    }
    /// A UUID that sorts by time: for rows.
    pub fn ordered(&self, now: Timestamp) -> Uuid {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }
    /// A message's id.
    pub fn message(&self, now: Timestamp) -> MessageId {
        MessageId::new(self.ordered(now))
    }
    /// A dispatch's id.
    pub fn dispatch(&self, now: Timestamp) -> DispatchId {
        DispatchId::new(self.ordered(now))
    }
    /// An obligation's id.
    pub fn obligation(&self, now: Timestamp) -> ObligationId {
        ObligationId::new(self.ordered(now))
    }
    /// An attempt's id: a carrier sees it, so it tells nothing.
    pub fn attempt(&self) -> AttemptId {
        AttemptId::new(self.uuid())
    }
    /// Uniform in [0, 1), for backoff.
    pub fn jitter(&self) -> f64 {
        f64::from(u32::from_le_bytes(self.bytes())) / 4_294_967_296.0
    }
}
