//! `tipline serve`: the gateway itself, until it is told to stop.

use crate::clock::Clock;
use crate::config::Config;
use crate::telemetry::traces::Traces;
use crate::{boot, telemetry};
use anyhow::Context;

/// Runs the gateway; gives the process's exit code.
pub(super) fn run(config: Config, log: Option<&str>) -> anyhow::Result<u8> {
    let (traces, exporter) = config.operations.traces.as_deref().map(|endpoint| Traces::to(endpoint, Clock::System)).unzip();
    telemetry::start_logging(log, config.operations.log, traces.as_ref());
    telemetry::keep_panics_quiet();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")?;
    let code = runtime.block_on(boot::serve(config, exporter));
    // What was cut off at the deadline must not hold the process up any longer.
    runtime.shutdown_background();
    code
}
