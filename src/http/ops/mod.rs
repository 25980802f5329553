//! The operators' listener: alive, ready, metrics. No identity, tip or reference is in any of it.

use crate::clock::Clock;
use crate::links::circuit::Standing;
use crate::progress::routes::Routes;
use crate::spool::{Spool, SpoolError};
use crate::store::rows::Health;
use crate::store::{Commit, Store, StoreError, Write};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use std::fmt::Write as _;
use std::io::ErrorKind;
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

/// What was tried last for readiness: its value is when. Written, so that a disk that only reads is found out.
const ASKED: &str = "ready_asked_at";

/// Ready when what comes in becomes durable: in the store, or, while that is away, in the spool; both are tried. A promise without a timer
/// (invariant 3) is said here and counted in the metrics, but takes no webhook away from a node that could store it.
async fn ready(State(ops): State<Ops>) -> Response {
    let letters = ops.spool.holds().letters;
    match (store_writes(&ops).await, ops.spool.would_take().await) {
        (Ok(_), Ok(())) if letters > 0 => {
            format!("ready, spooling: {letters} letters wait for the store on this node's disk\n").into_response()
        }
        (Ok(_), Err(why)) if letters > 0 => not_ready(&format!("{letters} letters wait for the store, and {}\n", spool_says(&why))),
        (Ok(_), Err(why)) => format!("ready, but {}: if the store goes away now, nothing can be taken\n", spool_says(&why)).into_response(),
        (Ok(health), Ok(())) if health.without_timer == 0 => "ready\n".into_response(),
        (Ok(health), Ok(())) => format!("ready, but {} promises have no timer: tell the makers\n", health.without_timer).into_response(),
        (Err(why), Ok(())) => format!("ready, spooling: {why}, what comes in waits on this node's disk\n").into_response(),
        (Err(why), Err(spool)) => not_ready(&format!("{why}, and {}\n", spool_says(&spool))),
    }
}

/// The store's counts, when it answers and writes; else a clause.
async fn store_writes(ops: &Ops) -> Result<Health, String> {
    let now = ops.clock.now();
    let asked = async {
        let health = ops.store.health(now).await?;
        ops.store.commit(Commit { writes: vec![Write::Meta(ASKED, now.to_string())], ..Commit::default() }).await?;
        Ok::<_, StoreError>(health)
    };
    match tokio::time::timeout(READY_WITHIN, asked).await {
        Ok(Ok(health)) => Ok(health),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the store does not answer within two seconds".to_owned()),
    }
}

/// Why the spool takes nothing, as a clause.
fn spool_says(why: &SpoolError) -> String {
    match why {
        SpoolError::Full => "the spool is full: it holds spool.most_bytes".to_owned(),
        SpoolError::Failed(error) => match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the spool's disk is full".to_owned(),
            ErrorKind::ReadOnlyFilesystem => "the spool's disk is read-only".to_owned(),
            ErrorKind::Unsupported => "there is no spool".to_owned(),
            other => format!("the spool's disk does not write ({other})"),
        },
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
