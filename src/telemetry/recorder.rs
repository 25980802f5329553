//! What counts: one recorder a process, rendered by the ops listener; nothing is pushed anywhere.

use super::metric::{self, Kind};
use crate::lifecycle::Tasks;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How often what histograms were told is added up: between two scrapes, and when nobody scrapes, it would pile up.
const ADD_UP_EVERY: Duration = Duration::from_secs(5);

/// The process's recorder, once it is started. Several gateways in one process (tests) share it.
static STARTED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// Starts counting, or gives what was started before.
pub fn start() -> Result<PrometheusHandle, BuildError> {
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*started {
        return Ok(handle.clone());
    }
    let mut builder = PrometheusBuilder::new();
    for metric in metric::ALL {
        if let Kind::Histogram(bounds) = metric.kind {
            builder = builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), bounds)?;
        }
    }
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    // Refused when somebody else's recorder is there already (a test's): then ours stays empty.
    let _ = metrics::set_global_recorder(recorder);
    metric::describe();
    *started = Some(handle.clone());
    Ok(handle)
}

/// Keeps histograms small.
pub fn keep_small(handle: PrometheusHandle, tasks: &Tasks) {
    let stopping = tasks.stopping();
    tasks.spawn("metrics", async move {
        while tokio::time::timeout(ADD_UP_EVERY, stopping.cancelled()).await.is_err() {
            handle.run_upkeep();
        }
    });
}
