//! What is counted about promises and about what comes in: the words of the labels, and the moments.
//!
//! Called after the commit that makes it true, so that a decision which somebody else was quicker with is not counted. Drills are left out
//! of everything that says whether promises are kept.

use super::metric;
use crate::intake::{IntakeError, Taken};
use domain::dispatch::obligation::{BreachReason, Obligation, State};
use domain::dispatch::plan::Start;
use domain::dispatch::purpose::Purpose;
use domain::id::{AccountKey, LaneKey, ObligationId};
use domain::level::Level;
use jiff::{SignedDuration, Timestamp};
use metrics::{counter, histogram};
use std::time::{Duration, Instant};
use tracing::Span;
use tracing::field::display;

/// Something about a promise that counts once it is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Its due time passed without it.
    Breached(Level, BreachReason),
    /// It was closed; how, in a word.
    Closed(Level, &'static str),
}

impl Counted {
    /// A breach of this promise, unless it is a drill's.
    pub fn breach(obligation: &Obligation, why: BreachReason) -> Option<Self> {
        is_real(obligation).then_some(Self::Breached(obligation.level, why))
    }
    /// The end of this promise, if this change is it.
    pub fn end(before: &Obligation, next: &Obligation) -> Option<Self> {
        let how = match next.state {
            State::Satisfied { .. } => "satisfied",
            State::Released { .. } => "released",
            State::Failed { .. } => "failed",
            State::Standby { .. } | State::Waiting { .. } | State::InFlight { .. } => return None,
        };
        (is_real(next) && !before.is_closed()).then_some(Self::Closed(next.level, how))
    }
    /// Counts it.
    pub fn count(self) {
        match self {
            Self::Breached(level, why) => {
                counter!(metric::BREACHES, "level" => level.as_str(), "why" => breach_word(why)).increment(1);
            }
            Self::Closed(level, how) => counter!(metric::PROMISES_CLOSED, "level" => level.as_str(), "how" => how).increment(1),
        }
    }
}

/// The carrier is asked now to tell this enduser; counted for the first time of each promise.
pub fn request(obligation: &Obligation, now: Timestamp) {
    if obligation.attempts != 1 || !is_real(obligation) {
        return;
    }
    let (level, means) = (obligation.level.as_str(), obligation.step.means.as_str());
    let deadline = if now <= obligation.step.due_at { "met" } else { "missed" };
    counter!(metric::DEADLINES, "level" => level, "deadline" => deadline).increment(1);
    if let (Start::Now(_), Some(made_at)) = (obligation.step.start, made_at(obligation.id)) {
        let waited = now.duration_since(made_at).max(SignedDuration::ZERO);
        histogram!(metric::FIRST_REQUEST_SECONDS, "level" => level, "means" => means).record(waited.as_secs_f64());
    }
}

/// A carrier answered a request to send, after so long.
pub fn answer(lane: &LaneKey, took: Duration) {
    histogram!(metric::SEND_SECONDS, "lane" => lane.to_string()).record(took.as_secs_f64());
}

/// An event came in at `began`, and this became of it; its span is told too.
pub fn taken(account: &AccountKey, began: Instant, taken: &Result<Taken, IntakeError>, span: &Span) {
    let outcome = match taken {
        Ok(Taken::Stored(_)) => "stored",
        Ok(Taken::Merged) => "merged",
        Ok(Taken::Script(..)) => "script",
        Ok(Taken::Known) => "known",
        Ok(Taken::Spooled(_)) => "spooled",
        Ok(Taken::NotOurs) => "not_ours",
        Err(_) => "failed",
    };
    span.record("outcome", outcome);
    if let Ok(Taken::Stored(tip) | Taken::Spooled(Some(tip))) = taken {
        span.record("tip", display(tip));
    }
    counter!(metric::ACCEPTS, "account" => account.to_string(), "outcome" => outcome).increment(1);
    let kept = match taken {
        Ok(Taken::Stored(_) | Taken::Merged | Taken::Script(..)) => "store",
        Ok(Taken::Spooled(_)) => "spool",
        // Nothing became durable.
        Ok(Taken::Known | Taken::NotOurs) | Err(_) => return,
    };
    histogram!(metric::ACCEPT_SECONDS, "kept" => kept).record(began.elapsed().as_secs_f64());
}

/// One transaction of the store's writer: so many requests, begun then.
pub fn batch(requests: usize, began: Instant) {
    histogram!(metric::COMMIT_BATCH).record(f64::from(u32::try_from(requests).unwrap_or(u32::MAX)));
    histogram!(metric::COMMIT_SECONDS).record(began.elapsed().as_secs_f64());
}

/// The store could not do this.
pub fn store_error(operation: &'static str) {
    counter!(metric::STORE_ERRORS, "operation" => operation).increment(1);
}

/// Drills are not promises that the procedures make.
fn is_real(obligation: &Obligation) -> bool {
    match obligation.purpose {
        Purpose::Tip | Purpose::Update | Purpose::Page(_) | Purpose::Feedback => true,
        Purpose::Drill => false,
    }
}

/// When a promise was made: its id holds it, to the millisecond.
fn made_at(id: ObligationId) -> Option<Timestamp> {
    let (seconds, nanos) = id.uuid().get_timestamp()?.to_unix();
    Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanos).ok()?).ok()
}

const fn breach_word(why: BreachReason) -> &'static str {
    match why {
        BreachReason::StartedLate => "started_late",
        BreachReason::Queue => "queue",
        BreachReason::NoCarrier => "no_carrier",
        BreachReason::NobodyConfirmed => "nobody_confirmed",
        BreachReason::BadAddress => "bad_address",
    }
}
