//! How the line itself is: its roads to the carriers, what waits on each, and whether every promise has a timer.

use super::{Desk, DeskError};
use crate::links::circuit::Circuit;
use crate::links::results::{Found, Test};
use crate::progress::routes::Lane;
use crate::store::pulse::Pulse;
use jiff::Timestamp;

/// How the line is.
#[derive(Debug, Clone)]
pub struct LineHealth {
    /// When it was looked at.
    pub now: Timestamp,
    /// What is open.
    pub counts: Pulse,
    /// The lanes, in order of preference.
    pub lanes: Vec<LaneHealth>,
}

/// How one lane is.
#[derive(Debug, Clone)]
pub struct LaneHealth {
    /// The lane.
    pub lane: Lane,
    /// Whether it is trusted; `None` when nothing was sent or tested yet.
    pub circuit: Option<Circuit>,
    /// Work that is due on it and not taken.
    pub due: i64,
    /// What probing it found.
    pub probe: Option<Found>,
    /// What sending round by it found.
    pub round: Option<Found>,
}

impl Desk {
    /// How the line is now.
    pub async fn health(&self) -> Result<LineHealth, DeskError> {
        let now = self.clock.now();
        let counts = self.store.pulse(now).await?;
        let links = self.progress.routes.links();
        let lane = |lane: &Lane| LaneHealth {
            circuit: links.circuits.of(&lane.key),
            due: counts.due(&lane.key),
            probe: links.results.of(&lane.key, Test::Probe),
            round: links.results.of(&lane.key, Test::Loop),
            lane: lane.clone(),
        };
        let lanes = self.progress.routes.lanes().map(lane).collect();
        Ok(LineHealth { now, lanes, counts })
    }
}
