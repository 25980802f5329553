//! Tests every road while nothing goes on it, so that a broken one is known before somebody needs it.
//!
//! A probe asks the carrier for something that changes nothing. A loop is a text or a call that really goes out by one of our numbers and has
//! to come in at another, at another carrier. Both are the lowest of all traffic: a loop is sent only when its lane has nothing due
//! and a turn is free that moment. A probe tells the circuit; a loop that gets lost only the operator, for either end may be to blame.

use super::loops::{LOOP_MOST, Open};
use super::results::Test;
use super::{circuit::News, elsewhere, news_of};
use crate::clock::Clock;
use crate::config::Links as Settings;
use crate::entropy::Entropy;
use crate::lifecycle::Tasks;
use crate::outbox::lease::Leases;
use crate::outbox::pace::Paces;
use crate::progress::routes::{Lane, Routes};
use crate::store::{Store, StoreError};
use crate::vault::Vault;
use adapters::contract::{SendError, Sender};
use domain::channel::Means;
use domain::exchange::{Content, Detection, Outbound};
use domain::id::LaneKey;
use domain::sealed::Words;
use jiff::SignedDuration;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long a probe may take.
const PROBE_MOST: Duration = Duration::from_secs(10);
/// How often a carrier that is not trusted is probed.
const PROBE_AGAIN: Duration = Duration::from_secs(3);
/// A lane with something due so soon is not idle.
const NEAR: SignedDuration = SignedDuration::from_secs(2);
/// How often loops that do not come back are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Tests the links.
#[derive(Clone)]
pub struct Tester {
    /// The lanes, their circuits, what was found.
    pub routes: Arc<Routes>,
    /// Who sends, by lane.
    pub senders: Arc<HashMap<LaneKey, Arc<dyn Sender>>>,
    /// Whether a lane has something to do.
    pub store: Arc<dyn Store>,
    /// The lanes' pace.
    pub paces: Paces,
    /// Which lanes are this node's.
    pub leases: Leases,
    /// Makes a loop's words.
    pub vault: Arc<Vault>,
    /// The clock.
    pub clock: Clock,
    /// Attempts' ids, and jitter so that nodes do not test in step.
    pub entropy: Entropy,
    /// How often.
    pub settings: Settings,
}

impl Tester {
    /// Starts a probe for every lane, and a loop for every one that has a partner.
    pub fn start(self, tasks: &Tasks) {
        for lane in self.routes.lanes().cloned() {
            if let Some(partner) = self.partner(&lane).filter(|_| self.settings.loops) {
                tasks.spawn("link loop", self.clone().loops(lane.clone(), partner, tasks.stopping()));
            }
            tasks.spawn("link probe", self.clone().probes(lane, tasks.stopping()));
        }
    }

    /// The lane of another account to whose number a loop goes.
    fn partner(&self, lane: &Lane) -> Option<Lane> {
        let by_phone = matches!(lane.means, Means::Call | Means::Text);
        let other = |other: &&Lane| other.means == lane.means && other.account != lane.account && other.from != lane.from;
        self.routes.lanes().find(other).filter(|_| by_phone).cloned()
    }

    async fn probes(self, lane: Lane, stopping: CancellationToken) {
        let mut changes = self.routes.circuits().changes();
        let mut next = Instant::now() + self.spread(self.settings.probe_every);
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(next) => {
                    tokio::select! { () = self.probe(&lane) => {}, () = stopping.cancelled() => return }
                    next = Instant::now() + self.spread(self.settings.probe_every);
                }
                _ = changes.changed() => {}
                () = stopping.cancelled() => return,
            }
            if !self.routes.circuits().is_closed(&lane.key) {
                next = next.min(Instant::now() + PROBE_AGAIN);
            }
        }
    }

    async fn probe(&self, lane: &Lane) {
        // Only the node that sends by it looks after it: the others read what it finds.
        if !self.leases.has(&lane.key) {
            return;
        }
        let Some(sender) = self.senders.get(&lane.key) else { return };
        let (links, began) = (self.routes.links(), Instant::now());
        let result = tokio::time::timeout(PROBE_MOST, sender.probe()).await;
        let now = self.clock.now();
        match result {
            Ok(Ok(())) => {
                links.results.succeeded(&lane.key, Test::Probe, now, began.elapsed());
                links.circuits.take(&lane.key, News::ProbeAnswered, now);
            }
            Ok(Err(error)) => {
                // Credentials that may send but not ask fail every probe: that says nothing about sending. Once a probe was answered, it does.
                let may_ask = links.results.of(&lane.key, Test::Probe).is_some_and(|found| found.last_ok.is_some());
                let counts = may_ask || !matches!(error, SendError::Misconfigured { .. } | SendError::Permanent { .. });
                links.results.failed(&lane.key, Test::Probe, now, error.to_string());
                if counts {
                    links.circuits.take(&lane.key, News::ProbeFailed, now);
                }
            }
            Err(_) => {
                links.results.failed(&lane.key, Test::Probe, now, format!("no answer within {} s", PROBE_MOST.as_secs()));
                links.circuits.take(&lane.key, News::ProbeFailed, now);
            }
        }
    }

    async fn loops(self, lane: Lane, partner: Lane, stopping: CancellationToken) {
        let mut next = Instant::now() + self.spread(self.settings.loop_every);
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(next.min(Instant::now() + LOOK_EVERY)) => {}
                () = stopping.cancelled() => return,
            }
            let (links, now) = (self.routes.links(), self.clock.now());
            if let Err(error) = elsewhere::hear(&*self.store, &links.loops, &links.results).await {
                tracing::info!(error = %error, "whether tests came in at other nodes was not found out");
            }
            for late in links.loops.overdue(now) {
                links.results.failed(&late, Test::Loop, now, format!("it did not come in within {} s", LOOP_MOST.as_secs()));
            }
            if Instant::now() < next {
                continue;
            }
            match self.is_idle(&lane).await {
                Ok(true) => {
                    self.go_round(&lane, &partner).await;
                    next = Instant::now() + self.spread(self.settings.loop_every);
                }
                // Looked at again in a moment.
                Ok(false) => {}
                Err(error) => tracing::info!(error = %error, "whether a lane is idle was not found out"),
            }
        }
    }

    /// Whether the lane is ours, trusted, with nothing due and a turn to spare.
    async fn is_idle(&self, lane: &Lane) -> Result<bool, StoreError> {
        let now = self.clock.now();
        if !self.leases.holds(&lane.key, now) || !self.routes.circuits().is_closed(&lane.key) {
            return Ok(false);
        }
        let due = self.store.next_due(lane.key.clone()).await?;
        let soon = now.saturating_add(NEAR).unwrap_or(now);
        Ok(due.is_none_or(|due| due > soon) && self.paces.lane(&lane.key).takes_idle_turn())
    }

    async fn go_round(&self, lane: &Lane, partner: &Lane) {
        let Some(sender) = self.senders.get(&lane.key) else { return };
        let (links, at, attempt) = (self.routes.links(), self.clock.now(), self.entropy.attempt());
        let content = match lane.means {
            Means::Text => Content::Text(Words::new(self.vault.loop_words(&lane.key, at))),
            Means::Call => Content::Call { first: self.vault.step_token(attempt, 0), extension: String::new(), detection: Detection::Off },
            Means::Mail => return,
        };
        let (from, to, means) = (lane.from.clone(), partner.from.clone(), lane.means);
        if let Err(error) = elsewhere::begins(&*self.store, &lane.key, at).await {
            return tracing::info!(error = %error, lane = %lane.key, "a test was not announced to the other nodes, so it was not sent");
        }
        links.loops.begin(Open { attempt, lane: lane.key.clone(), means, from: from.clone(), to: to.clone(), at, came: false });
        let result = sender.send(&Outbound { attempt, from, to, content }).await;
        let now = self.clock.now();
        links.circuits.take(&lane.key, news_of(means, &result), now);
        if let Err(error) = result {
            links.loops.end(attempt);
            links.results.failed(&lane.key, Test::Loop, now, error.to_string());
        }
    }

    /// Between three quarters and five quarters of a time.
    fn spread(&self, every: Duration) -> Duration {
        every.mul_f64(0.75 + self.entropy.jitter() / 2.0)
    }
}
