//! What breaks: drawn from the seed, one to three things together, held for some seconds, mended in order.
//!
//! Every kind has a beginning and an end here, and nothing else in the soak knows of it. What is mended twice is mended.

use super::carriers;
use super::database::Trouble;
use super::doors::Doors;
use super::kinds::{Kind, Of};
use super::storm::{self, Captured};
use super::tally::Tally;
use super::world::World;
use anyhow::{Context, Result};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The most that breaks together.
const TOGETHER_MOST: usize = 3;
/// How long a fault is held, in milliseconds.
const HELD_MS: std::ops::Range<u64> = 200..8_000;
/// Where others can take over, one of so many times a fault is held for longer than any lease (8 and 10 seconds).
const LONG_ONE_OF: u8 = 6;
/// How long then.
const LONG_MS: std::ops::Range<u64> = 12_000..20_000;
/// How long nothing breaks between, in milliseconds.
const QUIET_MS: std::ops::Range<u64> = 100..3_000;
/// Webhooks of a storm.
const STORM: std::ops::Range<usize> = 200..2_000;
/// Backends that end, one after the other.
const BACKENDS: std::ops::RangeInclusive<usize> = 1..=4;
/// How late a line is, in milliseconds.
const LATE_MS: std::ops::Range<u64> = 1..300;
/// The room that a full disk still has, in bytes.
const ROOM: std::ops::Range<u64> = 0..64 * 1024;

/// The faults to come.
pub struct Faults {
    random: fastrand::Rng,
    wanted: Vec<Kind>,
    doors: Doors,
    captured: Captured,
    storms: JoinSet<()>,
}

/// A fault that is on, with what its end needs.
struct On {
    kind: Kind,
    node: usize,
    disks: Vec<String>,
    faults: Vec<String>,
}

impl Faults {
    /// Those of a seed.
    pub fn new(seed: u64, wanted: Vec<Kind>, doors: Doors, captured: Captured) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), wanted, doors, captured, storms: JoinSet::new() }
    }

    /// The next faults, from their beginning to their end.
    pub async fn next(&mut self, world: &mut World, tally: &Arc<Tally>, until: Instant) -> Result<()> {
        let kinds = self.draw();
        let long = world.nodes.len() > 1 && self.random.u8(..LONG_ONE_OF) == 0;
        let held = Duration::from_millis(self.random.u64(if long { LONG_MS } else { HELD_MS }));
        let quiet = Duration::from_millis(self.random.u64(QUIET_MS));
        let together = kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" + ");
        let mut on = Vec::new();
        for kind in kinds {
            tally.strike(kind.name(), together.clone());
            on.push(self.begin(kind, world, tally, &on).await.with_context(|| format!("begin {}", kind.name()))?);
        }
        tokio::time::sleep(held.min(until.saturating_duration_since(Instant::now()))).await;
        for one in on.into_iter().rev() {
            let name = one.kind.name();
            self.end(one, world).await.with_context(|| format!("mend {name}"))?;
        }
        tally.mended();
        tokio::time::sleep(quiet).await;
        Ok(())
    }

    /// What breaks together, in the order in which it does.
    fn draw(&mut self) -> Vec<Kind> {
        let mut kinds = self.wanted.clone();
        self.random.shuffle(&mut kinds);
        kinds.truncate(self.random.usize(1..=TOGETHER_MOST));
        for one_at_a_time in [Of::Server, Of::Process] {
            let mut seen = false;
            kinds.retain(|kind| kind.of() != one_at_a_time || !std::mem::replace(&mut seen, true));
        }
        kinds.sort_by_key(|kind| kind.of());
        kinds
    }

    async fn begin(&mut self, kind: Kind, world: &mut World, tally: &Arc<Tally>, before: &[On]) -> Result<On> {
        let node = self.random.usize(..world.nodes.len());
        let mut on = On { kind, node, disks: Vec::new(), faults: Vec::new() };
        match kind {
            Kind::Kill => world.nodes[node].kill().await,
            Kind::Restart => {
                let code = world.nodes[node].end().await;
                // What cannot be written any more is cut off at the deadline, and says so by 75.
                let cut_off = code == Some(75) && before.iter().any(|one| one.kind.of() == Of::Server || one.kind == Kind::Line);
                if code != Some(0) && !cut_off {
                    tally.wrong(format!("node {} was asked to end and did so with {code:?}", node + 1));
                }
            }
            Kind::Freeze => world.nodes[node].freeze(true).await,
            Kind::Disk => {
                let one = self.random.usize(..=world.disk_names.len());
                // One of them, or all.
                on.disks = world.disk_names.get(one).map_or_else(|| world.disk_names.clone(), |name| vec![name.clone()]);
                let but = self.random.u64(ROOM);
                on.disks.iter().try_for_each(|name| world.fill(name, but))?;
            }
            Kind::Carrier => on.faults = carriers::set(&self.doors, &carriers::sending(&mut self.random)).await?,
            Kind::Callbacks => on.faults = carriers::set(&self.doors, &carriers::telling(&mut self.random)).await?,
            Kind::Storm => {
                let (number, seed) = (self.random.usize(STORM), self.random.u64(..));
                let (doors, tally, captured) = (self.doors.clone(), tally.clone(), self.captured.clone());
                self.storms.spawn(async move { storm::blow(&doors, &tally, &captured, number, seed).await });
            }
            Kind::Server | Kind::Backend | Kind::Line | Kind::Failover => self.break_database(kind, node, world).await?,
        }
        Ok(on)
    }

    async fn break_database(&mut self, kind: Kind, node: usize, world: &mut World) -> Result<()> {
        let database = world.database.as_mut().context("there is no server")?;
        match kind {
            Kind::Server => database.kill(),
            Kind::Failover => database.lose().await?,
            Kind::Backend => {
                for _ in 0..self.random.usize(BACKENDS) {
                    database.end_backend(self.random.usize(..), self.random.bool()).await;
                }
            }
            Kind::Line => {
                let late = Trouble::Late(Duration::from_millis(self.random.u64(LATE_MS)));
                database.trouble(node, [Trouble::Cut, Trouble::HalfOpen, late][self.random.usize(..3)]);
            }
            Kind::Kill | Kind::Restart | Kind::Freeze | Kind::Disk | Kind::Carrier | Kind::Callbacks | Kind::Storm => {}
        }
        Ok(())
    }

    async fn end(&mut self, on: On, world: &mut World) -> Result<()> {
        match on.kind {
            Kind::Kill | Kind::Restart => {
                // A node that starts without room or database refuses, as it should; what is looked at here is that it goes on once there is.
                world.mend_ground().await?;
                world.start_node(on.node).await?;
            }
            Kind::Freeze => world.nodes[on.node].freeze(false).await,
            Kind::Disk => on.disks.iter().try_for_each(|name| world.free(name))?,
            Kind::Carrier | Kind::Callbacks => {
                for id in on.faults {
                    carriers::remove(&self.doors, &id).await;
                }
            }
            Kind::Storm => while self.storms.join_next().await.is_some() {},
            Kind::Server | Kind::Failover => world.database.as_mut().context("there is no server")?.whole().await?,
            Kind::Line => world.database.as_mut().context("there is no server")?.mend_line(on.node),
            // It recovers by itself.
            Kind::Backend => {}
        }
        Ok(())
    }
}
