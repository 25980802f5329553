//! The schedule of drills: every school is drilled again so many days after its last drill, on a business day of its own, from an hour on.
//!
//! On one node (lane `drills`), one school a look, so that a county's schools do not start together. Nothing is remembered here: the ledger says
//! when each school had its last, so a restart or another node starts nothing twice; only whom schools share (a 911 centre) may be tried once
//! more after a restart. Off unless the configuration says how often.

use crate::clock::Clock;
use crate::config::drills::Drills;
use crate::desk::drills::Together;
use crate::desk::{Desk, DeskError};
use crate::lifecycle::Tasks;
use domain::dispatch::drill::is_due;
use domain::id::{LaneKey, OrganizationKey};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long between two looks, and so between two schools.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How long the lane is ours without being renewed: longer than a look takes to come round.
const LEASE: SignedDuration = SignedDuration::from_secs(150);

/// Starts drills by themselves.
#[derive(Clone)]
pub struct Schedule {
    /// Starts one.
    pub desk: Arc<Desk>,
    /// The clock.
    pub clock: Clock,
    /// How often, and from when on.
    pub settings: Drills,
    /// This node's name in leases.
    pub node: String,
}

impl Schedule {
    /// Starts the task, if drills start by themselves at all.
    pub fn start(self, tasks: &Tasks) {
        let Ok(lane) = "drills".parse::<LaneKey>() else { return };
        let Some(every_days) = self.settings.every_days else { return };
        let stopping = tasks.stopping();
        tasks.spawn("schedule of drills", async move { self.run(lane, every_days, stopping).await });
    }

    async fn run(self, lane: LaneKey, every_days: u16, stopping: CancellationToken) {
        let mut together = Together::default();
        while !stopping.is_cancelled() {
            together = together.later();
            match self.look(&lane, every_days, &mut together).await {
                Ok(None) => {}
                Ok(Some(_)) => tracing::info!("a drill was started by the schedule"),
                Err(error) => tracing::warn!(error = %error, "the schedule of drills was not looked at; it is in a minute"),
            }
            let _ = tokio::time::timeout(LOOK_EVERY, stopping.cancelled()).await;
        }
    }

    /// Starts the drill of the first school whose time has come, if the lane is ours.
    async fn look(&self, lane: &LaneKey, every_days: u16, together: &mut Together) -> Result<Option<OrganizationKey>, DeskError> {
        let now = self.clock.now();
        let until = now.saturating_add(LEASE).unwrap_or(now);
        let held = self.desk.store.lease_lanes(vec![lane.clone()], self.node.clone(), now, until).await?;
        if !held.contains(lane) {
            return Ok(None);
        }
        let Some(school) = self.due(every_days, now).await? else { return Ok(None) };
        self.desk.drill(None, &school, together).await?;
        Ok(Some(school))
    }

    /// The school whose drill is due, the one that waits longest first.
    async fn due(&self, every_days: u16, now: Timestamp) -> Result<Option<OrganizationKey>, DeskError> {
        let directory = self.desk.directory.read().await?;
        let last: BTreeMap<OrganizationKey, Timestamp> = self.desk.store.last_drills().await?.into_iter().collect();
        let due = directory.schools().into_iter().chain(directory.counties()).filter(|school| {
            let calendar = self.desk.calendars.get(&school.calendar);
            calendar.is_some_and(|calendar| is_due(last.get(&school.key).copied(), every_days, self.settings.at, calendar, now))
        });
        Ok(due.min_by_key(|school| last.get(&school.key).copied()).map(|school| school.key.clone()))
    }
}
