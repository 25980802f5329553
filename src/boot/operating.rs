//! What operators see of a running gateway, and how it comes to its end.

use super::doors::Doors;
use super::start_behind;
use super::waiting::{self, Waited};
use crate::clock::Clock;
use crate::config::{Account, Config};
use crate::deployment;
use crate::heartbeat::Heartbeat;
use crate::http::ops::Ops;
use crate::lifecycle::Tasks;
use crate::outbox::lease::Leases;
use crate::readiness::Readiness;
use crate::telemetry::metric::{self, Names};
use crate::telemetry::recorder;
use crate::telemetry::traces::Exporter;
use anyhow::Context;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Our own pages stand in the place of an account in what is counted.
const OWN_PAGES: [&str; 2] = ["chat", "web"];

/// Starts counting from nothing, and the heartbeat; gives what the ops listener needs.
pub(super) fn operate(
    config: &Config,
    (readiness, leases, node): (Readiness, Leases, String),
    metrics: PrometheusHandle,
    tasks: &Tasks,
) -> anyhow::Result<Ops> {
    let accounts = config.accounts.iter().map(|account| account.name().to_string());
    metric::begin_at_zero(&Names {
        accounts: accounts.chain(OWN_PAGES.map(str::to_owned)).collect(),
        lanes: readiness.routes.lanes().map(|lane| lane.key.to_string()).collect(),
    });
    metrics::gauge!(metric::STARTED_AT).set(readiness.clock.now().as_second() as f64);
    metrics::gauge!(metric::HEARTBEAT_SENT_AT).set(0.0);
    metrics::gauge!(metric::CLOCK_OFF).set(0.0);
    // A mailbox that was never looked into since the start is missed as well as one that is not looked into any more.
    let mailboxes = config.accounts.iter().filter_map(|account| if let Account::Imap(imap) = account { Some(imap) } else { None });
    for imap in mailboxes {
        let labels = [("account", imap.name.to_string()), ("folder", imap.inbox.clone())];
        metrics::gauge!(metric::MAILBOX_LOOKED_AT, &labels).set(readiness.clock.now().as_second() as f64);
    }
    metrics::gauge!(metric::CHATS).increment(0.0);
    recorder::keep_small(metrics.clone(), tasks);
    let settings = config.operations.heartbeat.clone();
    let heartbeat = Heartbeat { readiness: readiness.clone(), store: readiness.store.clone(), node, settings };
    heartbeat.start(tasks).context("make the client for the watchdog")?;
    Ok(Ops::new(readiness, leases, metrics))
}

/// `tipline serve`: starts, runs until told to stop, and gives the exit code.
pub async fn serve(config: Config, exporter: Option<Exporter>) -> anyhow::Result<u8> {
    survive_limit_of_files();
    let mut asked = Asked::listen();
    let doors = Doors::open(&config).await?;
    if let Waited::Stopped(ending) = waiting::until_reached(&doors, &config, &mut asked).await? {
        return Ok(ending.exit_code());
    }
    let gateway = start_behind(&doors, &config, Clock::steady()).await?;
    if let Some(exporter) = exporter {
        let node = deployment::node_name(&config)?;
        exporter.start(node, &gateway.store_tasks, gateway.over.clone()).context("make the client for the collector of traces")?;
    }
    let stopping = gateway.stopping();
    tokio::select! {
        () = asked.once() => {}
        () = stopping.cancelled() => {}
    }
    if !stopping.is_cancelled() && !config.operations.drain.is_zero() {
        gateway.leave();
        tracing::info!(seconds = config.operations.drain.as_secs(), "told to stop: not ready any more; everything goes on for so long");
        tokio::select! {
            () = tokio::time::sleep(config.operations.drain) => {}
            () = asked.once() => {}
            () = stopping.cancelled() => {}
        }
    }
    Ok(gateway.stop().await.exit_code())
}

/// The signal of a process that writes more than its limit of the size of files (`LimitFSIZE=` of systemd, `ulimit -f`): its number on Linux.
const SIGXFSZ: i32 = 25;

/// A write beyond the limit fails like any other on a full disk, instead of ending the process.
fn survive_limit_of_files() {
    if let Err(error) = signal(SignalKind::from_raw(SIGXFSZ)) {
        tracing::warn!(error = %error, "a limit of the size of files would end this process");
    }
}

/// SIGTERM, or Ctrl-C.
pub(super) struct Asked {
    terminate: Option<Signal>,
}

impl Asked {
    fn listen() -> Self {
        let terminate = signal(SignalKind::terminate());
        if let Err(error) = &terminate {
            tracing::warn!(error = %error, "SIGTERM is not heard; Ctrl-C is");
        }
        Self { terminate: terminate.ok() }
    }
    pub(super) async fn once(&mut self) {
        match &mut self.terminate {
            Some(terminate) => tokio::select! { _ = tokio::signal::ctrl_c() => {}, _ = terminate.recv() => {} },
            None => drop(tokio::signal::ctrl_c().await),
        }
    }
}
