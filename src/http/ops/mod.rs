//! The operators' listener: alive, ready, metrics. No identity, tip or reference is in any of it.

use crate::clock::Clock;
use crate::store::Store;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// A store that needs longer for a few counts is not ready.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// What the ops routes need.
#[derive(Clone)]
pub struct Ops {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Clock,
    /// Renders what was counted.
    pub metrics: PrometheusHandle,
}

/// The routes.
pub fn router(ops: Ops) -> Router {
    Router::new().route("/healthz", get(|| async { "alive\n" })).route("/readyz", get(ready)).route("/metrics", get(render)).with_state(ops)
}

/// Ready when the store answers in time. A promise without a timer (invariant 3) is said here and counted in the metrics, but takes no
/// webhook away from a node that could store it.
async fn ready(State(ops): State<Ops>) -> Response {
    match tokio::time::timeout(READY_WITHIN, ops.store.health(ops.clock.now())).await {
        Ok(Ok(health)) if health.without_timer == 0 => "ready\n".into_response(),
        Ok(Ok(health)) => format!("ready, but {} promises have no timer: tell the makers\n", health.without_timer).into_response(),
        Ok(Err(error)) => not_ready(&format!("{error}\n")),
        Err(_) => not_ready("the store does not answer within two seconds\n"),
    }
}

fn not_ready(why: &str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, why.to_owned()).into_response()
}

async fn render(State(ops): State<Ops>) -> Response {
    let mut text = ops.metrics.render();
    if let Ok(health) = ops.store.health(ops.clock.now()).await {
        let oldest = health.oldest_due.map_or(0, |due| ops.clock.now().duration_since(due).as_secs());
        for (name, help, value) in [
            ("tipline_tips", "Tips in the store.", health.conversations),
            ("tipline_messages", "Messages in the store.", health.messages),
            ("tipline_obligations_open", "Promises that are not kept yet.", health.open_obligations),
            ("tipline_obligations_without_timer", "Promises that nothing would wake: must be 0.", health.without_timer),
            ("tipline_oldest_promise_overdue_seconds", "Seconds since the oldest open promise was due; negative before.", oldest),
            ("tipline_tasks_open", "Tasks for a person.", health.open_tasks),
        ] {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        }
        for (lane, due) in &health.due_work {
            let _ = writeln!(text, "tipline_lane_due{{lane=\"{lane}\"}} {due}");
        }
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
