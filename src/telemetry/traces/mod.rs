//! Traces: the spans of one tip, from its first word to the last receipt, for a collector that speaks OTLP. Off until an endpoint is named.
//!
//! A trace is a tip: its id *is* the trace's id, so what several nodes and requests did about one tip comes together without handing any
//! header on. A span holds what the allow-list in `allowed.rs` names, each in the shape given there, and nothing else: no word, no address, no
//! reference. What is not on the list is dropped before it is kept, so no later change elsewhere can let it out.

mod allowed;
mod export;
mod layer;
mod otlp;

#[cfg(test)]
mod tests;

pub use export::Exporter;

use crate::clock::Clock;
use domain::id::{AccountKey, AttemptId, ConversationId, LaneKey};
use std::time::Instant;
use tokio::sync::mpsc;
use tracing::field::{Empty, display};
use tracing::{Span, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::registry::LookupSpan;

/// The target of every span that is meant for traces. The log does not show them.
pub const TARGET: &str = "tipline::trace";

/// How many roots may wait for the exporter; what comes when so many wait is counted and lost.
const WAITING_MOST: usize = 1024;

/// A span that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) name: &'static str,
    pub(crate) id: u64,
    pub(crate) parent: Option<u64>,
    pub(crate) start_nanos: i128,
    pub(crate) end_nanos: i128,
    pub(crate) attributes: Vec<(&'static str, String)>,
}

/// The spans of one root, which has ended last.
#[derive(Debug)]
pub(crate) struct Together {
    pub(crate) trace: u128,
    pub(crate) spans: Vec<Ended>,
}

/// Keeps spans for the exporter.
#[derive(Debug, Clone)]
pub struct Traces {
    ended: mpsc::Sender<Together>,
    clock: Clock,
    began: Instant,
}

impl Traces {
    /// Both ends: what keeps spans, and what hands them over once it is started. `endpoint` is the collector's base, such as
    /// `http://127.0.0.1:4318`; `clock` dates the spans.
    pub fn to(endpoint: &str, clock: Clock) -> (Self, Exporter) {
        let (ended, waiting) = mpsc::channel(WAITING_MOST);
        (Self { ended, clock, began: Instant::now() }, Exporter::new(endpoint, waiting))
    }

    /// The layer of the subscriber.
    pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        layer::Keeper::new(self.clone()).with_filter(FilterFn::new(|metadata| metadata.is_span() && metadata.target() == TARGET))
    }
}

/// An event comes in and becomes durable.
pub fn accept(account: &AccountKey) -> Span {
    tracing::info_span!(target: TARGET, "accept", account = %account, tip = Empty, outcome = Empty)
}

/// A commit, from handing it to the store until the disk has it.
pub fn commit(writes: usize) -> Span {
    tracing::info_span!(target: TARGET, "commit", writes, tip = Empty)
}

/// A piece of work that a lane took, until nothing is left to do about it for now.
pub fn claim(lane: &LaneKey) -> Span {
    tracing::info_span!(target: TARGET, "claim", lane = %lane, tip = Empty)
}

/// An attempt: its intent is durable; until its answer is.
pub fn attempt(tip: ConversationId, id: AttemptId, means: &'static str) -> Span {
    tracing::info_span!(target: TARGET, "attempt", tip = %tip, attempt = %id, means)
}

/// The carrier is asked to send.
pub fn send(lane: &LaneKey) -> Span {
    tracing::info_span!(target: TARGET, "send", lane = %lane, answer = Empty)
}

/// The carrier is asked what became of an attempt.
pub fn ask(tip: ConversationId, id: AttemptId) -> Span {
    tracing::info_span!(target: TARGET, "ask", tip = %tip, attempt = %id)
}

/// News of an attempt is merged into its evidence.
pub fn receipt(id: AttemptId) -> Span {
    tracing::info_span!(target: TARGET, "receipt", tip = Empty, attempt = %id)
}

/// Says which tip the present span is about.
pub fn about(tip: ConversationId) {
    Span::current().record("tip", display(tip));
}
