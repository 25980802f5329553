//! `GET /metrics`: what was counted, and what is looked up at this moment.
//!
//! A database that is away must not take the metrics away: what it would have said is left out, and `tipline_database_up` is 0.

use super::Ops;
use crate::links::circuit::Standing;
use crate::readiness::{Part, Report};
use crate::store::rows::Health;
use crate::telemetry::metric;
use crate::{media, watch};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use std::fmt::Write;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long counting everything may hold a scrape up.
const TOTALS_PATIENCE: Duration = Duration::from_secs(2);
/// A count that took so long is repeated after so many times that: at most a hundredth of the database's time goes into it.
const TOTALS_REST: u32 = 100;

/// The last count of everything, and when the next one is allowed.
#[derive(Default)]
pub(super) struct Totals {
    kept: Mutex<Option<(Instant, Health)>>,
}

impl Totals {
    async fn read(&self, ops: &Ops, now: Timestamp) -> Option<Health> {
        let mut kept = self.kept.lock().await;
        let began = Instant::now();
        if let Some((not_before, health)) = &*kept
            && began < *not_before
        {
            return Some(health.clone());
        }
        let health = tokio::time::timeout(TOTALS_PATIENCE, ops.readiness.store.health(now)).await.ok()?.ok()?;
        *kept = Some((Instant::now() + began.elapsed() * TOTALS_REST, health.clone()));
        Some(health)
    }
}

/// Gauges as Prometheus reads them.
struct Gauges(String);

impl Gauges {
    /// One metric with all its values: labels as they are written between the braces, and the value.
    fn metric(&mut self, name: &str, values: impl IntoIterator<Item = (String, f64)>) {
        let help = metric::of(name).map_or("", |metric| metric.help.trim());
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in values {
            let _ = if labels.is_empty() { writeln!(self.0, "{name} {value}") } else { writeln!(self.0, "{name}{{{labels}}} {value}") };
        }
    }
    fn one(&mut self, name: &str, value: f64) {
        self.metric(name, [(String::new(), value)]);
    }
}

pub(super) async fn show(State(ops): State<Ops>) -> Response {
    let now = ops.readiness.clock.now();
    let report = ops.readiness.look().await;
    let mut gauges = Gauges(ops.metrics.render());
    process(&mut gauges, &report);
    spool(&mut gauges, &ops, now);
    lanes(&mut gauges, &ops, &report, now);
    if let Some(pulse) = &report.pulse {
        let open = pulse.open.iter().map(|some| (format!("level=\"{}\",state=\"{}\"", some.level.as_str(), some.state), some.count as f64));
        gauges.metric(metric::PROMISES_OPEN, open);
        gauges.one(metric::OBLIGATIONS_OPEN, pulse.open_promises() as f64);
        gauges.one(metric::OBLIGATIONS_WITHOUT_TIMER, pulse.without_timer as f64);
        gauges.one(metric::OLDEST_PROMISE_OVERDUE, pulse.oldest_due.map_or(0.0, |due| seconds_since(due, now)));
        gauges.one(metric::TASKS_OPEN, pulse.open_tasks as f64);
        if let Some(totals) = ops.totals.read(&ops, now).await {
            gauges.one(metric::TIPS, totals.conversations as f64);
            gauges.one(metric::MESSAGES, totals.messages as f64);
        }
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], gauges.0).into_response()
}

fn process(gauges: &mut Gauges, report: &Report) {
    gauges.metric(metric::BUILD_INFO, [(format!("version=\"{}\"", env!("CARGO_PKG_VERSION")), 1.0)]);
    gauges.one(metric::DATABASE_UP, yes(report.pulse.is_some()));
    let parts = Part::ALL.into_iter().map(|part| (format!("part=\"{}\"", part.word()), yes(!report.troubles.contains_key(&part))));
    gauges.metric(metric::READY, parts);
}

fn spool(gauges: &mut Gauges, ops: &Ops, now: Timestamp) {
    let holds = ops.readiness.spool.holds();
    gauges.one(metric::SPOOL_LETTERS, holds.letters as f64);
    gauges.one(metric::SPOOL_OLDEST, holds.oldest_at.map_or(0.0, |at| seconds_since(at, now)));
    gauges.one(metric::SPOOL_SET_ASIDE, holds.set_aside as f64);
    gauges.one(metric::SPOOL_BYTES, holds.bytes as f64);
    gauges.one(metric::SPOOL_REFUSES, yes(holds.refuses));
}

/// Every lane of the configuration, and those within: trusted or not, held here or not, what waits and since when.
fn lanes(gauges: &mut Gauges, ops: &Ops, report: &Report, now: Timestamp) {
    let routes = &ops.readiness.routes;
    let named = |lane: &dyn std::fmt::Display| format!("lane=\"{lane}\"");
    let circuit = routes.lanes().map(|lane| {
        let open = match routes.circuits().of(&lane.key).map(|circuit| circuit.standing) {
            None | Some(Standing::Closed { .. }) => 0.0,
            Some(Standing::HalfOpen { .. }) => 0.5,
            Some(Standing::Open { .. }) => 1.0,
        };
        (named(&lane.key), open)
    });
    gauges.metric(metric::CIRCUIT_OPEN, circuit);
    let every: Vec<_> = routes.lanes().map(|lane| lane.key.clone()).chain([media::lane(), watch::lane()]).collect();
    gauges.metric(metric::LANE_LEASE_HELD, every.iter().map(|lane| (named(lane), yes(ops.leases.holds(lane, now)))));
    if let Some(pulse) = &report.pulse {
        gauges.metric(metric::LANE_DUE, every.iter().map(|lane| (named(lane), pulse.due(lane) as f64)));
        let oldest = every.iter().map(|lane| {
            let oldest = pulse.lanes.iter().find(|due| due.lane == *lane).map_or(0.0, |due| seconds_since(due.oldest, now));
            (named(lane), oldest)
        });
        gauges.metric(metric::LANE_OLDEST_WAIT, oldest);
    }
}

fn seconds_since(at: Timestamp, now: Timestamp) -> f64 {
    now.duration_since(at).as_secs_f64()
}

const fn yes(is: bool) -> f64 {
    if is { 1.0 } else { 0.0 }
}
