//! The directory as staff look at it: what the lint finds, and whom a Critical tip about a school would reach right now.

use super::{Desk, DeskError, PlanShown};
use domain::channel::Means;
use domain::directory::lint::Finding;
use domain::dispatch::plan::CannotPlan;
use domain::dispatch::telling::Telling;
use domain::id::OrganizationKey;

/// The directory with what was found in it.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What was found, the whole line first, then by organization.
    pub findings: Vec<Finding>,
    /// Schools, and counties that stand for schools which are not enrolled: key and name, by name.
    pub schools: Vec<(OrganizationKey, String)>,
}

impl Desk {
    /// What the lint finds in the directory now.
    pub async fn checked_directory(&self) -> Result<Checked, DeskError> {
        let (rows, pins) = (self.store.directory().await?, self.store.pins().await?);
        let findings = crate::lint::findings(rows, &self.calendars, &self.policy, &pins, self.progress.routes.lanes(), self.clock.now());
        Ok(Checked { findings, schools: self.schools().await? })
    }

    /// The name of a school, or of a county that stands for some, and the plan of a Critical tip about it that came now; or why there is none.
    pub async fn critical_plan(&self, school: &OrganizationKey) -> Result<(String, Result<PlanShown, CannotPlan>), DeskError> {
        let directory = self.directory.read().await?;
        let name = directory.organization(school).ok_or(DeskError::NotFound)?.name.clone();
        let telling = Telling {
            now: self.clock.now(),
            directory: &directory,
            calendars: &self.calendars,
            policy: &self.policy,
            line_name: &self.line.voice.line_name,
        };
        let pace = self.progress.routes.lanes().find(|lane| lane.means == Means::Call).and_then(|lane| lane.per_second);
        let plan = telling.critical(school, pace).map(|mut plan| {
            plan.steps.retain(|step| self.progress.routes.serves(step.means));
            PlanShown::new(plan)
        });
        Ok((name, plan))
    }
}
