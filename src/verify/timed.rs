//! Whether something that is open will be woken, and something that is closed will not (invariant 3).

use crate::store::glance::Worked;
use jiff::{SignedDuration, Timestamp};

/// How much later than its timer, or than now, work may start: longer than any lease of a piece of work, and than a lane needs to hand one over.
pub(super) const SLACK: SignedDuration = SignedDuration::from_mins(30);

/// The same for what starts spaced out on purpose: the calls of drills, media that a carrier does not give.
pub(super) const LONG_SLACK: SignedDuration = SignedDuration::from_hours(24);

/// What is wrong with the work of something that wants to be woken at `timer`, or never.
pub(super) fn untimed(work: Option<&Worked>, about: &str, timer: Option<Timestamp>) -> Option<&'static str> {
    match (work, timer) {
        (None, None) => None,
        (None, Some(_)) => Some(match about {
            "obligation" => "an open obligation has no work, so nobody will wake it",
            "message" => "an open answer has no work, so nobody will wake it",
            _ => "an unfinished file has no work, so nobody will wake it",
        }),
        (Some(_), None) => Some(match about {
            "obligation" => "a closed obligation still has work",
            "message" => "an answer that is over still has work",
            _ => "a finished file still has work",
        }),
        (Some(work), Some(_)) => (work.about != about).then_some("its work says that it is about something else"),
    }
}

/// Whether work is put off so long that it counts as lost.
pub(super) fn is_put_off(work: &Worked, timer: Timestamp, now: Timestamp, slack: SignedDuration) -> bool {
    work.run_at > timer.max(now).saturating_add(slack).unwrap_or(Timestamp::MAX)
}
