//! The operators' listener: alive, ready, metrics. No identity, tip or reference is in any of it.

use crate::clock::Clock;
use crate::links::circuit::Standing;
use crate::progress::routes::Routes;
use crate::spool::Spool;
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
    /// What waits while the store is away.
    pub spool: Spool,
    /// The lanes, and whether they are trusted.
    pub routes: Arc<Routes>,
    /// Renders what was counted.
    pub metrics: PrometheusHandle,
}

/// The routes.
pub fn router(ops: Ops) -> Router {
    Router::new().route("/healthz", get(|| async { "alive\n" })).route("/readyz", get(ready)).route("/metrics", get(render)).with_state(ops)
}

/// Ready when what comes in becomes durable: in the store, or, while that is away, in the spool. A promise without a timer (invariant 3) is said here and counted in the metrics, but takes no
/// webhook away from a node that could store it.
async fn ready(State(ops): State<Ops>) -> Response {
    let holds = ops.spool.holds();
    let spools = ops.spool.takes() && !holds.refuses;
    match tokio::time::timeout(READY_WITHIN, ops.store.health(ops.clock.now())).await {
        Ok(Ok(_)) if holds.letters > 0 && spools => {
            format!("ready, spooling: {} letters wait for the store on this node's disk\n", holds.letters).into_response()
        }
        Ok(Ok(_)) if holds.letters > 0 => not_ready("letters wait for the store, and the spool is full or its disk does not write\n"),
        Ok(Ok(health)) if health.without_timer == 0 => "ready\n".into_response(),
        Ok(Ok(health)) => format!("ready, but {} promises have no timer: tell the makers\n", health.without_timer).into_response(),
        Ok(Err(_)) | Err(_) if spools => {
            "ready, spooling: the store does not answer, what comes in waits on this node's disk\n".into_response()
        }
        Ok(Err(error)) => not_ready(&format!("{error}\n")),
        Err(_) => not_ready("the store does not answer within two seconds\n"),
    }
}

fn not_ready(why: &str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, why.to_owned()).into_response()
}

async fn render(State(ops): State<Ops>) -> Response {
    let mut text = ops.metrics.render();
    let holds = ops.spool.holds();
    let waited = holds.oldest_at.map_or(0, |at| ops.clock.now().duration_since(at).as_secs());
    for (name, help, value) in [
        ("tipline_spool_letters", "Letters that wait for the store in the spool.", i64::try_from(holds.letters).unwrap_or(i64::MAX)),
        ("tipline_spool_oldest_seconds", "How long the oldest of them has waited.", waited),
        (
            "tipline_spool_set_aside",
            "Letters that cannot be taken: somebody has to look.",
            i64::try_from(holds.set_aside).unwrap_or(i64::MAX),
        ),
        ("tipline_spool_bytes", "Bytes of the spool on the disk.", i64::try_from(holds.bytes).unwrap_or(i64::MAX)),
    ] {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
    }
    links(&mut text, &ops.routes);
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

/// Whether each lane is trusted: 0 closed, 1 open, a half between.
fn links(text: &mut String, routes: &Routes) {
    let name = "tipline_circuit_open";
    let _ = writeln!(text, "# HELP {name} Whether a lane's carrier is not trusted now.\n# TYPE {name} gauge");
    for lane in routes.lanes() {
        let value = match routes.circuits().of(&lane.key).map(|circuit| circuit.standing) {
            None | Some(Standing::Closed { .. }) => 0.0,
            Some(Standing::HalfOpen { .. }) => 0.5,
            Some(Standing::Open { .. }) => 1.0,
        };
        let _ = writeln!(text, "{name}{{lane=\"{}\"}} {value}", lane.key);
    }
}
