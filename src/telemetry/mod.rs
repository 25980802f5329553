//! Logs, metrics and traces: what an operator sees, and nothing that identifies anybody.
//!
//! `RUST_LOG` sets how much *our* crates say. Libraries are heard only when they report errors, whatever it says: a library's
//! trace of a request could hold a number, and no setting may make the log a place where identities are. However often the same goes
//! wrong, it fills no disk (`pace`).

pub mod count;
pub mod metric;
pub mod pace;
pub mod recorder;
pub mod traces;

use pace::Pace;
use std::io::IsTerminal;
use traces::Traces;
use tracing::Level;
use tracing_subscriber::filter::{EnvFilter, FilterExt, FilterFn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// The crates whose logs are written by this workspace.
const OURS: [&str; 3] = ["tipline", "adapters", "domain"];

/// How log lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// Text for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    /// As the configuration writes it.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "auto" => Some(Self::Auto),
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
    fn is_json(self) -> bool {
        match self {
            Self::Auto => !std::io::stderr().is_terminal(),
            Self::Text => false,
            Self::Json => true,
        }
    }
}

/// Starts logging to standard error, and keeping spans for `traces` if there are any. A second call does nothing.
pub fn start_logging(directives: Option<&str>, format: LogFormat, traces: Option<&Traces>) {
    let wanted = EnvFilter::builder().parse_lossy(directives.unwrap_or("info"));
    let ours = FilterFn::new(|metadata| {
        let written = *metadata.level() == Level::ERROR || OURS.iter().any(|ours| metadata.target().split("::").next() == Some(ours));
        written && metadata.target() != traces::TARGET
    });
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = if format.is_json() { lines.json().flatten_event(true).boxed() } else { lines.boxed() };
    let spans = traces.map(Traces::layer);
    let _ = tracing_subscriber::registry().with(lines.with_filter(ours.and(wanted).and(Pace::default()))).with(spans).try_init();
}

/// Panics are counted and logged by where they happened. Their message is not: it could hold anything.
pub fn keep_panics_quiet() {
    std::panic::set_hook(Box::new(|panic| {
        metrics::counter!(metric::PANICS).increment(1);
        let (file, line) = panic.location().map_or(("", 0), |place| (place.file(), place.line()));
        tracing::error!(file, line, "a panic; its message is not logged");
    }));
}
