//! One turn: look, and tell the watchdog if all is well and it is this node's turn.

use super::Heartbeat;
use crate::readiness::Report;
use crate::telemetry::metric;
use adapters::secret::Secret;
use domain::id::LaneKey;
use jiff::SignedDuration;
use std::time::Duration;

/// Who sends.
const TURN: &str = "heartbeat";
/// Held by a node that has a trouble of its own: nobody sends.
const VETO: &str = "heartbeat-veto";
/// How much longer than its period a lease is: a turn that is a little late must not lose it.
const BEYOND: Duration = Duration::from_secs(10);

/// How long a lease may take to be taken.
const STORE_PATIENCE: Duration = Duration::from_secs(5);

/// The watchdog.
#[derive(Debug)]
pub struct Watchdog {
    /// The client.
    pub client: reqwest::Client,
    /// Its address, a secret.
    pub url: Secret,
}

/// What became of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turned {
    /// The watchdog took it.
    Sent,
    /// It did not.
    Failed,
    /// Something is wrong.
    Withheld,
    /// Another node sends it.
    Elsewhere,
}

impl Turned {
    /// The word of the metric.
    pub const fn word(self) -> &'static str {
        match self {
            Turned::Sent => "sent",
            Turned::Failed => "failed",
            Turned::Withheld => "withheld",
            Turned::Elsewhere => "elsewhere",
        }
    }
}

impl Heartbeat {
    /// One turn; `before` is what the last one found wrong. `None` when all is well and there is no watchdog.
    pub(super) async fn turn(&self, watchdog: Option<&Watchdog>, before: &mut Option<String>) -> Option<Turned> {
        let report = self.readiness.look().await;
        let (wrong, is_ours) = if report.is_sound() { self.whose(&report).await } else { (Some(report.why()), false) };
        say(wrong.as_deref(), before.as_deref());
        before.clone_from(&wrong);
        if wrong.is_some() {
            if !report.is_sound() && report.pulse.is_some() {
                let _ = self.holds(VETO, self.settings.every + BEYOND).await;
            }
            return Some(Turned::Withheld);
        }
        let watchdog = watchdog?;
        if !is_ours {
            return Some(Turned::Elsewhere);
        }
        match watchdog.client.get(watchdog.url.reveal()).send().await.and_then(reqwest::Response::error_for_status) {
            Ok(_) => {
                metrics::gauge!(metric::HEARTBEAT_SENT_AT).set(self.readiness.clock.now().as_second() as f64);
                Some(Turned::Sent)
            }
            Err(error) => {
                tracing::warn!(error = %error.without_url(), "the watchdog did not take the heartbeat");
                Some(Turned::Failed)
            }
        }
    }

    /// All is well here: what stands against sending all the same, and whether this node is the one that sends. To ask is a change in the
    /// database, so one that can be read and not written is noticed.
    async fn whose(&self, report: &Report) -> (Option<String>, bool) {
        let vetoed = report.pulse.as_ref().is_some_and(|pulse| pulse.leases.iter().any(|held| held.lane.as_str() == VETO));
        // A veto of this node's own is over now, and given back.
        if vetoed && self.holds(VETO, Duration::ZERO).await != Some(true) {
            return (Some("a node has a trouble of its own: see /readyz of each".to_owned()), false);
        }
        match self.holds(TURN, self.settings.every + BEYOND).await {
            Some(is_ours) => (None, is_ours),
            None => (Some("the database takes no change".to_owned()), false),
        }
    }

    /// Whether this node holds one of the two leases now, for so long; none at all gives it back. `None` when the store does not do it.
    async fn holds(&self, name: &str, lease: Duration) -> Option<bool> {
        let lane: LaneKey = name.parse().ok()?;
        let now = self.readiness.clock.now();
        let until = now.saturating_add(SignedDuration::try_from(lease).unwrap_or(SignedDuration::MAX)).unwrap_or(now);
        let leased = self.store.lease_lanes(vec![lane.clone()], self.node.clone(), now, until);
        match tokio::time::timeout(STORE_PATIENCE, leased).await {
            Ok(Ok(held)) => Some(held.contains(&lane)),
            Ok(Err(error)) => {
                tracing::warn!(error = %error, "the lease of the heartbeat was not taken");
                None
            }
            Err(_) => None,
        }
    }
}

/// Says a change, once.
fn say(wrong: Option<&str>, before: Option<&str>) {
    match (wrong, before) {
        (Some(why), None) => tracing::error!(why, "something is wrong: the watchdog gets no heartbeat until it is mended"),
        (Some(why), Some(other)) if without_digits(why) != without_digits(other) => tracing::error!(why, "something else is wrong now"),
        (Some(_), Some(_)) | (None, None) => {}
        (None, Some(_)) => tracing::info!("all is well again: the watchdog gets its heartbeat"),
    }
}

/// Counts and seconds change at every look; what is wrong does not.
fn without_digits(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}
