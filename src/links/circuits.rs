//! The circuits of all lanes, shared by whoever chooses a lane, sends or probes.
//!
//! In memory, and in a row a lane for the next start (`mod.rs` writes them). A change is logged and counted here, once. A lane that
//! nobody has reported on is closed.

use super::circuit::{Circuit, Gate, News};
use domain::id::LaneKey;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The circuits.
#[derive(Debug, Clone)]
pub struct Circuits {
    lanes: Arc<Mutex<BTreeMap<LaneKey, Circuit>>>,
    changes: Arc<watch::Sender<u64>>,
}

impl Default for Circuits {
    fn default() -> Self {
        Self { lanes: Arc::default(), changes: Arc::new(watch::Sender::new(0)) }
    }
}

impl Circuits {
    /// Puts back what a former run knew.
    pub fn restore(&self, known: impl IntoIterator<Item = (LaneKey, Circuit)>) {
        self.held().extend(known);
    }
    /// Takes news of a lane.
    pub fn take(&self, lane: &LaneKey, news: News, now: Timestamp) {
        let (changed, circuit) = {
            let mut held = self.held();
            let circuit = held.entry(lane.clone()).or_insert_with(|| Circuit::new(now));
            (circuit.take(news, now), circuit.clone())
        };
        if changed {
            self.told(lane, &circuit, news);
        }
    }
    /// Another node holds the lane: its circuit is what that one wrote.
    pub fn follow(&self, lane: &LaneKey, written: &Circuit) {
        let mut held = self.held();
        let before = held.insert(lane.clone(), written.clone());
        drop(held);
        let changed = before.is_none_or(|before| before.standing.word() != written.standing.word());
        if changed && !written.is_closed() {
            tracing::warn!(%lane, circuit = written.standing.word(), "another node does not trust its lane; new work goes by another account");
        }
        if changed {
            self.changes.send_modify(|count| *count += 1);
        }
    }
    /// Whether a lane may send now.
    pub fn gate(&self, lane: &LaneKey, now: Timestamp) -> Gate {
        self.held().get_mut(lane).map_or(Gate::Go, |circuit| circuit.gate(now))
    }
    /// The trial of a lane sent nothing.
    pub fn trial_unused(&self, lane: &LaneKey) {
        if let Some(circuit) = self.held().get_mut(lane) {
            circuit.trial_unused();
        }
    }
    /// Whether a lane is trusted.
    pub fn is_closed(&self, lane: &LaneKey) -> bool {
        self.held().get(lane).is_none_or(Circuit::is_closed)
    }
    /// When a lane lets something through again; long ago when it does now.
    pub fn ready_at(&self, lane: &LaneKey) -> Timestamp {
        self.held().get(lane).map_or(Timestamp::MIN, Circuit::ready_at)
    }
    /// Where a lane stands.
    pub fn of(&self, lane: &LaneKey) -> Option<Circuit> {
        self.held().get(lane).cloned()
    }
    /// Every circuit that was reported on.
    pub fn all(&self) -> BTreeMap<LaneKey, Circuit> {
        self.held().clone()
    }
    /// Changes when a circuit opens, closes or half-opens.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn told(&self, lane: &LaneKey, circuit: &Circuit, because: News) {
        let word = circuit.standing.word();
        if circuit.is_closed() {
            tracing::info!(%lane, "the lane is used again");
        } else {
            tracing::error!(%lane, circuit = word, ?because, "the lane is not trusted; what can goes by another account");
        }
        metrics::counter!(crate::telemetry::metric::CIRCUIT_CHANGES, "lane" => lane.to_string(), "to" => word).increment(1);
        self.changes.send_modify(|count| *count += 1);
    }
    fn held(&self) -> MutexGuard<'_, BTreeMap<LaneKey, Circuit>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
