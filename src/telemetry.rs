//! Logs and metrics: what an operator sees, and nothing that identifies anybody.
//!
//! `RUST_LOG` sets how much *our* crates say. Libraries are heard only when they report errors, whatever it says: a library's
//! trace of a request could hold a number, and no setting may make the log a place where identities are. However often the same goes
//! wrong, it fills no disk (`pace`).

pub mod pace;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use pace::Pace;
use tracing::Level;
use tracing_subscriber::filter::{EnvFilter, FilterExt, FilterFn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// The crates whose logs are written by this workspace.
const OURS: [&str; 3] = ["tipline", "adapters", "domain"];

/// Starts logging to standard error: text on a terminal, JSON lines otherwise. A second call does nothing.
pub fn start_logging(directives: Option<&str>) {
    let filter = EnvFilter::builder().parse_lossy(directives.unwrap_or("info"));
    let ours = FilterFn::new(|metadata| {
        *metadata.level() == Level::ERROR || OURS.iter().any(|ours| metadata.target().split("::").next() == Some(ours))
    });
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = if terminal { lines.boxed() } else { lines.json().flatten_event(true).boxed() };
    let _ = tracing_subscriber::registry().with(lines.with_filter(ours.and(Pace::default()))).with(filter).try_init();
}

/// Starts counting. Rendered by the ops listener; nothing is pushed anywhere.
pub fn start_metrics() -> PrometheusHandle {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    // A second recorder in one process (tests) keeps its own numbers; the first stays the global one.
    let _ = metrics::set_global_recorder(recorder);
    handle
}

/// Panics are counted and logged by where they happened. Their message is not: it could hold anything.
pub fn keep_panics_quiet() {
    std::panic::set_hook(Box::new(|panic| {
        metrics::counter!("tipline_panics_total").increment(1);
        let (file, line) = panic.location().map_or(("", 0), |place| (place.file(), place.line()));
        tracing::error!(file, line, "a panic; its message is not logged");
    }));
}
