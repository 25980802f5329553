//! What operators see and how the process ends: `[log]`, `[traces]`, `[shutdown]`, `[heartbeat]`.

use super::error::ConfigError;
use super::layers::Environment;
use super::section::Section;
use crate::telemetry::LogFormat;
use adapters::secret::Secret;
use std::time::Duration;

/// The longest time that a balancer may be given, in seconds.
const LONGEST_DRAIN: f64 = 600.0;
/// The least and the longest time between two heartbeats, in seconds.
const LEAST_EVERY: f64 = 1.0;
const LONGEST_EVERY: f64 = 3600.0;

/// How it is operated.
#[derive(Debug, Clone)]
pub struct Operations {
    /// How log lines are written.
    pub log: LogFormat,
    /// Where spans go, such as `http://127.0.0.1:4318`; nowhere when there is none.
    pub traces: Option<String>,
    /// How long the node says that it stops before it stops.
    pub drain: Duration,
    /// The watchdog.
    pub heartbeat: Heartbeat,
}

/// The watchdog, and when something is wrong.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    /// Its address, which is a secret: who knows it can say that all is well. Without one nothing is sent, and all is looked at all the same.
    pub url: Option<Secret>,
    /// How often.
    pub every: Duration,
    /// How long work may wait beyond what its lane's pace explains.
    pub patience: Duration,
}

/// The four sections.
pub(super) fn read(root: &Section<'_>, environment: &Environment) -> Result<Operations, ConfigError> {
    let log = root.section("log", &["format"])?;
    let traces = root.section("traces", &["endpoint"])?;
    let shutdown = root.section("shutdown", &["drain_seconds"])?;
    Ok(Operations {
        log: log.parsed("format", "write \"auto\", \"text\" or \"json\"", LogFormat::parse)?,
        traces: traces.maybe("endpoint", ENDPOINT_FIX, |text| is_address(text).then(|| text.to_owned()))?,
        drain: drain(&shutdown)?,
        heartbeat: heartbeat(root, environment)?,
    })
}

const ENDPOINT_FIX: &str = "write the collector's base, such as http://127.0.0.1:4318, or leave it empty";

/// Zero is allowed here, and usual.
fn drain(section: &Section<'_>) -> Result<Duration, ConfigError> {
    match section.number_shown("drain_seconds").as_str() {
        "0" | "0.0" | "" => Ok(Duration::ZERO),
        _ => section.above_zero("drain_seconds", LONGEST_DRAIN, None, "seconds").map(Duration::from_secs_f64),
    }
}

fn heartbeat(root: &Section<'_>, environment: &Environment) -> Result<Heartbeat, ConfigError> {
    let section = root.section("heartbeat", &["url", "url_file", "url_env", "every_seconds", "patience_seconds"])?;
    let every = section.above_zero("every_seconds", LONGEST_EVERY, None, "seconds")?;
    if every < LEAST_EVERY {
        return Err(section.bad("every_seconds", &section.number_shown("every_seconds"), "write at least 1 second"));
    }
    // An empty url is none; files and variables have to hold one.
    let named = section.maybe("url", URL_FIX, |text| Some(Secret::new(text)))?;
    let url = match named {
        Some(url) => Some(url),
        None => section.named_secrets("url", environment)?.into_iter().next(),
    };
    if let Some(url) = &url
        && !is_safe(url.reveal())
    {
        return Err(section.bad("url", "(not shown)", URL_FIX));
    }
    Ok(Heartbeat { url, every: Duration::from_secs_f64(every), patience: section.seconds("patience_seconds", None)? })
}

const URL_FIX: &str = "write the watchdog's address, https://… (http is taken for a loopback host only)";

fn is_address(text: &str) -> bool {
    reqwest::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
}

/// Whether nobody on the way can read or forge it: the address alone is what the watchdog believes.
fn is_safe(text: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(text) else { return false };
    let loopback = url.host_str().is_some_and(|host| host == "localhost" || host == "[::1]" || host.starts_with("127."));
    url.host().is_some() && (url.scheme() == "https" || url.scheme() == "http" && loopback)
}
