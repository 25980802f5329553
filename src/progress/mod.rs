//! Moving things on: one event in, the rules decide, one commit out.
//!
//! Used alike by intake (receipts, call steps), the outbox (timers, carriers' answers) and the desk (an analyst's note). It
//! reads the rows, asks `domain`, and commits next states, attempts, receipts, work, tasks and record in one transaction; on a
//! conflict it reads and decides again, a bounded number of times. What is left to do after the commit comes back as [`Todo`].

mod batch;
mod delivery;
pub mod left_out;
mod obligation;
pub mod people;
mod receipt;
pub mod routes;
mod start;

pub(crate) use batch::obligation_rank;
pub use batch::told;
pub(crate) use delivery::{contact_for, delivery_word};
pub use receipt::{News, Took};
pub use start::Started;

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::outbox::wake::Wake;
use crate::store::rows::{AttemptRow, MessageRow, ObligationRow};
use crate::store::{Outcome, Store, StoreError};
use crate::telemetry::count::Counted;
use crate::telemetry::traces;
use domain::dispatch::policy::Policy;
use people::People;
use routes::Routes;
use std::sync::Arc;
use tracing::Instrument;

/// How often a decision is repeated when somebody else was quicker. Conflicts are between a handful of callbacks of one
/// attempt, so more than this means that something is wrong.
pub const MOST_REPEATS: u32 = 12;

/// What a decision left to do, after its commit.
#[derive(Debug)]
pub enum Todo {
    /// Send this attempt at an obligation.
    SendObligation(Box<ObligationRow>, Box<AttemptRow>),
    /// Ask the carrier about this attempt at an obligation.
    AskObligation(Box<ObligationRow>, Box<AttemptRow>),
    /// Send this attempt at a message.
    SendMessage(Box<MessageRow>, Box<AttemptRow>),
    /// Ask the carrier about this attempt at a message.
    AskMessage(Box<MessageRow>, Box<AttemptRow>),
}

/// Why an event could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ProgressError {
    /// The store.
    #[error("the event was not stored")]
    Store(#[from] StoreError),
    /// Others were quicker every time.
    #[error("the event met a conflict {MOST_REPEATS} times")]
    Contended,
}

/// Reads, decides, commits.
#[derive(Clone)]
pub struct Progress {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// Delays and limits.
    pub policy: Arc<Policy>,
    /// Which lane serves what.
    pub routes: Arc<Routes>,
    /// Wakes lanes whose work came nearer.
    pub wake: Wake,
    /// Who can be told.
    pub people: People,
}

/// What became of a try to commit a decision.
enum Tried<T> {
    /// Durable.
    Done(T),
    /// Somebody else was quicker.
    Again,
}

impl Progress {
    /// Commits a batch; wakes the lanes it gave work to.
    async fn finish(&self, batch: batch::Batch) -> Result<Tried<Outcome>, ProgressError> {
        let (wakes, counts) = (batch.wakes(), batch.counts());
        let commit = batch.into_commit();
        let span = traces::commit(commit.writes.len());
        match self.store.commit(commit).instrument(span).await? {
            Outcome::Conflict => Ok(Tried::Again),
            outcome @ (Outcome::Committed(_) | Outcome::Duplicate) => {
                if outcome != Outcome::Duplicate {
                    counts.into_iter().for_each(Counted::count);
                }
                for (lane, at) in wakes {
                    self.wake.at(&lane, at);
                }
                Ok(Tried::Done(outcome))
            }
        }
    }
}
