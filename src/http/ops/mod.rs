//! The operators' listener: alive, ready, metrics. No identity, tip or reference is in any of it.
//!
//! `/healthz` says that the process serves, to the very end. `/readyz` says whether a balancer may send somebody here, and what is wrong.

mod metrics;
mod ready;

use crate::outbox::lease::Leases;
use crate::readiness::Readiness;
use ::metrics_exporter_prometheus::PrometheusHandle;
use axum::Router;
use axum::routing::get;
use metrics::Totals;
use std::sync::Arc;

/// What the ops routes need.
#[derive(Clone)]
pub struct Ops {
    readiness: Readiness,
    leases: Leases,
    metrics: PrometheusHandle,
    totals: Arc<Totals>,
}

impl Ops {
    /// Of what looks, of the lanes this node has, and of what renders that which was counted.
    pub fn new(readiness: Readiness, leases: Leases, metrics: PrometheusHandle) -> Self {
        Self { readiness, leases, metrics, totals: Arc::default() }
    }
}

/// The routes.
pub fn router(ops: Ops) -> Router {
    Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready::show))
        .route("/metrics", get(metrics::show))
        .with_state(ops)
}
