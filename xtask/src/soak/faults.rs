//! What breaks: drawn from the seed, one to three things together, held for some seconds, mended in order.
//!
//! Every kind has a beginning and an end here, and nothing else in the soak knows of it. What is mended twice is mended.

use super::doors::Doors;
use super::storm::{self, Captured};
use super::tally::Tally;
use super::world::World;
use crate::Mistake;
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// kill -9 of a node, which is started again.
    Kill,
    /// SIGTERM of a node, which is started again.
    Restart,
    /// A node stands still (SIGSTOP): a machine that is paused.
    Freeze,
    /// A disk fills up: data, spool or media, or all of them.
    Disk,
    /// A carrier is away, slow, refuses, throttles, or takes and does not say so.
    Carrier,
    /// Callbacks come doubled, reordered, late or never.
    Callbacks,
    /// Thousands of webhooks that came before come again.
    Storm,
}

/// All kinds by the names of the option.
const KINDS: [(&str, Kind); 7] = [
    ("kill", Kind::Kill),
    ("restart", Kind::Restart),
    ("freeze", Kind::Freeze),
    ("disk", Kind::Disk),
    ("carrier", Kind::Carrier),
    ("callbacks", Kind::Callbacks),
    ("storm", Kind::Storm),
];

/// The most that breaks together.
const TOGETHER_MOST: usize = 3;
/// How long a fault is held, in milliseconds.
const HELD_MS: std::ops::Range<u64> = 200..8_000;
/// How long nothing breaks between, in milliseconds.
const QUIET_MS: std::ops::Range<u64> = 100..3_000;
/// Webhooks of a storm.
const STORM: std::ops::Range<usize> = 200..2_000;

/// The kinds of these names; all for none.
pub fn wanted(names: &[String]) -> Result<Vec<Kind>> {
    if names.is_empty() {
        return Ok(KINDS.map(|(_, kind)| kind).to_vec());
    }
    let kind = |name: &String| KINDS.iter().find(|(known, _)| known == name).map(|(_, kind)| *kind);
    let unknown = |name: &String| Mistake(format!("--only {name}: the faults are {}", KINDS.map(|(name, _)| name).join(", "))).into();
    names.iter().map(|name| kind(name).ok_or_else(|| unknown(name))).collect()
}

impl Kind {
    fn name(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// The faults to come.
pub struct Faults {
    random: fastrand::Rng,
    wanted: Vec<Kind>,
    doors: Doors,
    captured: Captured,
}

/// A fault that is on, with what its end needs.
struct On {
    kind: Kind,
    node: usize,
    disks: Vec<&'static str>,
    faults: Vec<String>,
}

impl Faults {
    /// Those of a seed.
    pub fn new(seed: u64, wanted: Vec<Kind>, doors: Doors, captured: Captured) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), wanted, doors, captured }
    }

    /// The next faults, from their beginning to their end.
    pub async fn next(&mut self, world: &mut World, tally: &Arc<Tally>, until: Instant) -> Result<()> {
        let mut kinds = self.wanted.clone();
        self.random.shuffle(&mut kinds);
        kinds.truncate(self.random.usize(1..=TOGETHER_MOST));
        // Of what happens to a process only one at a time: a frozen node cannot be asked to end.
        let mut of_process = 0;
        kinds.retain(|kind| {
            of_process += usize::from(matches!(kind, Kind::Kill | Kind::Restart | Kind::Freeze));
            !matches!(kind, Kind::Kill | Kind::Restart | Kind::Freeze) || of_process == 1
        });
        // Processes last, so that they break while the rest is broken; and they are mended first.
        kinds.sort_by_key(|kind| matches!(kind, Kind::Kill | Kind::Restart | Kind::Freeze));
        let held = Duration::from_millis(self.random.u64(HELD_MS)).min(until.saturating_duration_since(Instant::now()));
        let quiet = Duration::from_millis(self.random.u64(QUIET_MS));
        let mut on = Vec::new();
        for kind in &kinds {
            tally.strike(kind.name(), kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" + "));
            on.push(self.begin(*kind, world, tally).await?);
        }
        tokio::time::sleep(held).await;
        for one in on.into_iter().rev() {
            self.end(one, world).await?;
        }
        tally.mended();
        tokio::time::sleep(quiet).await;
        Ok(())
    }

    async fn begin(&mut self, kind: Kind, world: &mut World, tally: &Arc<Tally>) -> Result<On> {
        let node = self.random.usize(..world.nodes.len());
        let mut on = On { kind, node, disks: Vec::new(), faults: Vec::new() };
        match kind {
            Kind::Kill => world.nodes[node].kill().await,
            Kind::Restart => {
                let code = world.nodes[node].end().await;
                if code != Some(0) {
                    tally.wrong(format!("a node that was asked to end did so with {code:?}"));
                }
            }
            Kind::Freeze => world.nodes[node].freeze(true).await,
            Kind::Disk => {
                on.disks = [&["data"][..], &["data/spool"], &["data/media"], &["data", "data/spool", "data/media"]][self.random.usize(..4)]
                    .to_vec();
                let but = self.random.u64(0..64 * 1024);
                if let Some(disks) = &world.disks {
                    on.disks.iter().try_for_each(|name| disks.fill(&world.disk(name), but))?;
                }
            }
            Kind::Carrier => {
                let fault = carrier_fault(&mut self.random);
                on.faults = self.set(&fault).await?;
            }
            Kind::Callbacks => {
                let fault = callback_fault(&mut self.random);
                on.faults = self.set(&fault).await?;
            }
            Kind::Storm => {
                let (number, seed) = (self.random.usize(STORM), self.random.u64(..));
                let (doors, tally, captured) = (self.doors.clone(), tally.clone(), self.captured.clone());
                storm::blow(&doors, &tally, &captured, number, seed).await;
            }
        }
        Ok(on)
    }

    async fn end(&mut self, on: On, world: &mut World) -> Result<()> {
        match on.kind {
            Kind::Kill | Kind::Restart => {
                // A node that starts without room refuses, as it should; what is looked at here is that it goes on once there is.
                for name in ["data", "data/spool", "data/media"] {
                    if let Some(disks) = &world.disks {
                        disks.free(&world.disk(name))?;
                    }
                }
                world.start_node(on.node).await?;
            }
            Kind::Freeze => world.nodes[on.node].freeze(false).await,
            Kind::Disk => {
                if let Some(disks) = &world.disks {
                    on.disks.iter().try_for_each(|name| disks.free(&world.disk(name)))?;
                }
            }
            Kind::Carrier | Kind::Callbacks => {
                for id in on.faults {
                    // Used up, it is gone already.
                    let _ = self.doors.carriers(Method::DELETE, &format!("faults/{id}"), None).await;
                }
            }
            Kind::Storm => {}
        }
        Ok(())
    }

    async fn set(&self, fault: &Value) -> Result<Vec<String>> {
        let set = self.doors.carriers(Method::POST, "faults", Some(fault)).await?;
        Ok(set["id"].as_str().map(str::to_owned).into_iter().collect())
    }
}

/// One of the ways in which a carrier breaks.
fn carrier_fault(random: &mut fastrand::Rng) -> Value {
    let carrier = ["twilio", "telnyx"][random.usize(..2)];
    match random.u8(..6) {
        0 => json!({"match": {"carrier": carrier}, "fault": "refuse"}),
        1 => json!({"match": {"kind": "rest", "carrier": carrier}, "fault": "delay", "delay_ms": random.u64(500..9_000)}),
        2 => json!({"match": {"kind": "rest", "carrier": carrier}, "fault": "500"}),
        3 => json!({"match": {"kind": "rest", "carrier": carrier}, "fault": "429"}),
        4 => json!({"match": {"kind": "rest", "carrier": carrier, "method": "POST"}, "fault": "accept_then_timeout", "times": 3}),
        _ => json!({"match": {"kind": "smtp"}, "fault": "drop_after_data", "times": 5}),
    }
}

/// One of the ways in which callbacks go wrong.
fn callback_fault(random: &mut fastrand::Rng) -> Value {
    let fault = ["double", "reorder", "drop", "delay"][random.usize(..4)];
    json!({"match": {"kind": "callback"}, "fault": fault, "delay_ms": if fault == "delay" { random.u64(200..5_000) } else { 0 }})
}

/// Removes every fault of the carriers.
pub async fn mend_carriers(doors: &Doors) -> Result<()> {
    doors.carriers(Method::DELETE, "faults", None).await.map(drop)
}
