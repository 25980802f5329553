//! A plan as it was shown: with a fingerprint, so that what is dispatched is what was seen.

use domain::dispatch::plan::{Plan, Start, StepContent};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// A plan and what a form must send back with it.
#[derive(Debug, Clone)]
pub struct PlanShown {
    /// The plan.
    pub plan: Plan,
    /// Its fingerprint.
    pub fingerprint: String,
    /// The organizations that have accepted a summary in writing, and would get one.
    pub take_a_summary: Vec<String>,
}

impl PlanShown {
    /// A plan that was made as if there were a summary.
    pub(super) fn new(plan: Plan) -> Self {
        let mut take_a_summary: Vec<String> = Vec::new();
        for step in plan.steps.iter().filter(|step| step.content == StepContent::Summary) {
            if !take_a_summary.contains(&step.organization_name) {
                take_a_summary.push(step.organization_name.clone());
            }
        }
        Self { fingerprint: Self::fingerprint_of(&plan), take_a_summary, plan }
    }

    /// Who is told, how, where and by when, as 32 hexadecimal digits. Not in it: when those who stand by begin, which moves with the clock,
    /// and whether there is a summary, which the analyst decides after looking.
    pub fn fingerprint_of(plan: &Plan) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("{} {}\n", plan.level.as_str(), plan.school));
        for step in &plan.steps {
            let start = match step.start {
                Start::Now(turn) => format!("now {turn}"),
                Start::Standby(_) => "standby".to_owned(),
            };
            let means = step.means.as_str();
            let line = format!("{} {} {means} {} {start} {}\n", step.organization, step.person, step.tail, step.due_at);
            hash.update(line);
        }
        let digest = hash.finalize();
        digest.iter().take(16).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}
