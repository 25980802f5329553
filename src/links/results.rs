//! What the tests of the links found, by lane and test: shown on the health page and in the metrics, kept in memory only.

use domain::id::LaneKey;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A kind of test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Test {
    /// The carrier was asked for something that changes nothing.
    Probe,
    /// A text or call went out by one of our numbers and came in at another.
    Loop,
}

impl Test {
    /// Both.
    pub const ALL: [Test; 2] = [Test::Probe, Test::Loop];
    /// `probe` or `loop`.
    pub const fn word(self) -> &'static str {
        match self {
            Test::Probe => "probe",
            Test::Loop => "loop",
        }
    }
}

/// What is known of one test of one lane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// When it last succeeded.
    pub last_ok: Option<Timestamp>,
    /// How long it took then.
    pub took: Option<Duration>,
    /// How often it has failed since.
    pub failures: u32,
    /// When it last failed.
    pub last_failed: Option<Timestamp>,
    /// Why, without identities.
    pub why: String,
}

/// The results.
#[derive(Debug, Clone, Default)]
pub struct Results {
    found: Arc<Mutex<BTreeMap<(LaneKey, Test), Found>>>,
}

impl Results {
    /// It succeeded.
    pub fn succeeded(&self, lane: &LaneKey, test: Test, at: Timestamp, took: Duration) {
        metrics::gauge!(crate::telemetry::metric::LINK_SECONDS, "lane" => lane.to_string(), "test" => test.word()).set(took.as_secs_f64());
        self.tested(lane, test, |found| *found = Found { last_ok: Some(at), took: Some(took), ..Found::default() });
    }
    /// It failed.
    pub fn failed(&self, lane: &LaneKey, test: Test, at: Timestamp, why: String) {
        tracing::warn!(%lane, test = test.word(), why, "a test of a link failed");
        metrics::counter!(crate::telemetry::metric::LINK_FAILURES, "lane" => lane.to_string(), "test" => test.word()).increment(1);
        self.tested(lane, test, |found| {
            found.failures = found.failures.saturating_add(1);
            found.last_failed = Some(at);
            found.why = why;
        });
    }
    /// What is known; `None` before the first test.
    pub fn of(&self, lane: &LaneKey, test: Test) -> Option<Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).get(&(lane.clone(), test)).cloned()
    }

    fn tested(&self, lane: &LaneKey, test: Test, change: impl FnOnce(&mut Found)) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let found = found.entry((lane.clone(), test)).or_default();
        change(found);
        let failures = f64::from(found.failures);
        metrics::gauge!(crate::telemetry::metric::LINK_FAILURES_IN_A_ROW, "lane" => lane.to_string(), "test" => test.word()).set(failures);
    }
}
