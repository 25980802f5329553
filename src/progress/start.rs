//! A dispatch as rows: its obligations, each with its first work on its lane.
//!
//! Used alike by the desk (the plan as shown), the clocks of a tip (pages and updates) and drills, so that whatever is promised to
//! anybody has a timer in the very commit that promises it (invariant 3).

use super::{Progress, obligation_rank};
use crate::store::Write;
use crate::store::rows::{DispatchRow, ObligationRow, WorkId, WorkRow};
use domain::dispatch::obligation::Obligation;
use domain::dispatch::plan::Step;
use domain::id::LaneKey;
use jiff::Timestamp;

/// The rows of a dispatch, and the lanes to wake once they are committed.
#[derive(Debug, Default)]
pub struct Started {
    /// The dispatch, its obligations and their work.
    pub writes: Vec<Write>,
    /// Which lanes have something to do, and when.
    pub wakes: Vec<(LaneKey, Timestamp)>,
}

impl Progress {
    /// The rows that tell these people, in the order of the steps. Nothing is committed here; [`Progress::wake_all`] is for afterwards.
    pub fn start(&self, dispatch: DispatchRow, steps: Vec<Step>) -> Started {
        let now = dispatch.started_at;
        let mut started = Started::default();
        for (place, step) in (0_u32..).zip(steps) {
            let lane = self.routes.for_means(step.means).key.clone();
            let obligation = Obligation::new(self.entropy.obligation(now), dispatch.id, dispatch.conversation, dispatch.level, step, now)
                .for_purpose(dispatch.purpose);
            let run_at = obligation.timer().unwrap_or(now);
            started.writes.push(Write::Work(WorkRow {
                id: WorkId::Obligation(obligation.id),
                lane: lane.clone(),
                rank: obligation_rank(&obligation, place),
                due_at: obligation.step.due_at,
                run_at,
            }));
            started.wakes.push((lane, run_at));
            started.writes.push(Write::Obligation(Box::new(ObligationRow { obligation, place, version: 0 })));
        }
        started.writes.push(Write::Dispatch(dispatch));
        started
    }

    /// Wakes the lanes of what was committed.
    pub fn wake_all(&self, wakes: &[(LaneKey, Timestamp)]) {
        for (lane, at) in wakes {
            self.wake.at(lane, *at);
        }
    }
}
