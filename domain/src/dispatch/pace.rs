//! Whether a plan's calls fit into its time at a lane's pace: known before the due time has passed, not after.
//!
//! First attempts only, one after the other at the pace, as a lane starts them; what is busy or silent is tried again beside the others. So
//! an answer "it fits" means that everybody is tried in time, not that everybody answers (R14, R66).

use super::plan::{Start, Step};
use crate::channel::Means;
use jiff::{SignedDuration, Timestamp};

/// How long the calls of a plan take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feasible {
    /// How many calls it has.
    pub calls: usize,
    /// When the last of them starts; `now` when there is none.
    pub last_at: Timestamp,
    /// How many start after their due time.
    pub late: usize,
}

impl Feasible {
    /// Whether every call starts in time.
    pub const fn fits(&self) -> bool {
        self.late == 0
    }
}

/// How long the calls of these steps take, when `ahead` other calls wait before them. A pace of nothing starts no call at all.
pub fn feasible<'s>(steps: impl IntoIterator<Item = &'s Step>, calls_per_second: f64, ahead: usize, now: Timestamp) -> Feasible {
    let mut calls: Vec<(Timestamp, u16, Timestamp)> = steps.into_iter().filter_map(|step| call(step, now)).collect();
    calls.sort_unstable();
    let each = seconds(1.0 / calls_per_second);
    let mut free_at = now.saturating_add(seconds(ahead as f64 / calls_per_second)).unwrap_or(Timestamp::MAX);
    let mut feasible = Feasible { calls: calls.len(), last_at: now, late: 0 };
    for (from, _, due_at) in calls {
        let starts = from.max(free_at);
        feasible.last_at = starts;
        feasible.late += usize::from(starts > due_at);
        free_at = starts.saturating_add(each).unwrap_or(Timestamp::MAX);
    }
    feasible
}

/// From when a call may start, its place, and its due time.
fn call(step: &Step, now: Timestamp) -> Option<(Timestamp, u16, Timestamp)> {
    match (step.means, step.start) {
        (Means::Call, Start::Now(place)) => Some((now, place, step.due_at)),
        (Means::Call, Start::Standby(until)) => Some((until.max(now), u16::MAX, step.due_at)),
        (Means::Mail | Means::Text, Start::Now(_) | Start::Standby(_)) => None,
    }
}

/// A time that no pace can give (divided by nothing) is longer than any.
fn seconds(seconds: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::plan::{Session, StepContent};
    use super::*;
    use crate::directory::Kind;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn step(means: Means, start: Start) -> Step {
        Step {
            organization: "somewhere".parse().expect("a key"),
            organization_name: String::new(),
            kind: Kind::School,
            person: "somebody".parse().expect("a key"),
            person_name: String::new(),
            role: String::new(),
            means,
            tail: String::new(),
            says: String::new(),
            due_at: at(1200),
            start,
            content: StepContent::Nothing,
            session: Session::Unsaid,
        }
    }

    #[test]
    fn calls_take_as_long_as_the_pace_says() {
        let calls = |now: usize, standby: usize| {
            let stand = (0..standby).map(|_| step(Means::Call, Start::Standby(at(300))));
            (0..now).map(|_| step(Means::Call, Start::Now(1))).chain(stand).chain([step(Means::Mail, Start::Now(2))]).collect::<Vec<_>>()
        };
        // calls at once, standing by, pace, ahead: the last starts at, late
        let table = [
            (0, 0, 1.0, 0, 0, 0),
            (1, 0, 1.0, 0, 0, 0),
            (12, 0, 1.0, 0, 11, 0),
            (12, 2, 1.0, 0, 301, 0),
            (12, 0, 0.01, 0, 1100, 0),
            (14, 0, 0.01, 0, 1300, 1),
            (10, 0, 10.0, 12_000, 1200, 9),
            (2, 0, 1.0, 1200, 1201, 1),
        ];
        for (now, standby, pace, ahead, last, late) in table {
            let steps = calls(now, standby);
            let found = feasible(&steps, pace, ahead, at(0));
            assert_eq!((found.calls, found.late), (now + standby, late), "{now} {standby} {pace} {ahead}: {found:?}");
            assert_eq!(found.last_at.as_second(), last, "{now} {standby} {pace} {ahead}");
            assert_eq!(found.fits(), late == 0);
        }
        let never = feasible(&calls(2, 0), 0.0, 0, at(0));
        assert_eq!(never.late, 2, "a lane without pace calls nobody");
        assert_eq!(feasible(&calls(0, 0), 0.0, 0, at(0)).late, 0);
    }
}
