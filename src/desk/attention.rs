//! What a tip's clocks have raised and still stands, for the inbox and the tip's page: words first, colour after.

use domain::conversation::{Conversation, State};
use domain::dispatch::purpose::PageReason;
use domain::dispatch::watch::{Alarm, Watch};
use domain::level::Level;

/// Something that somebody should look at now, the most urgent last in the list of its kind and first in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attention {
    /// The time for a Critical tip is over, and nobody was told.
    Breached,
    /// More calls are left than can be made in time.
    CannotMeet,
    /// Three quarters of a dispatch's window are over, and not everybody is told.
    ThreeQuarters,
    /// Half of it.
    Half,
    /// Supervisors were paged, up to this rung (1 is the first), and it is not sorted or not dispatched yet.
    Paged(u8),
    /// A task was not done by its time.
    TaskOverdue,
}

impl Attention {
    /// The word used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Attention::Breached => "breached",
            Attention::CannotMeet => "cannot_meet",
            Attention::ThreeQuarters => "three_quarters",
            Attention::Half => "half",
            Attention::Paged(_) => "paged",
            Attention::TaskOverdue => "task_overdue",
        }
    }
    /// In words.
    pub fn words(self) -> String {
        match self {
            Attention::Breached => "time is over, nobody told".to_owned(),
            Attention::CannotMeet => "more calls than time".to_owned(),
            Attention::ThreeQuarters => "three quarters of the time over, not all told".to_owned(),
            Attention::Half => "half of the time over, not all told".to_owned(),
            Attention::Paged(rung) => format!("supervisors paged, rung {rung}"),
            Attention::TaskOverdue => "a task is overdue".to_owned(),
        }
    }
}

/// What stands of it: an alarm of the past is no mark on a tip that was seen to since.
pub(super) fn attention(watch: &Watch, tip: &Conversation, open_obligations: i64, open_tasks: i64) -> Vec<Attention> {
    match tip.state {
        State::Closed => return Vec::new(),
        State::Open => {}
    }
    let waits = tip.dispatched_at.is_none() && tip.triage.is_for_endusers() && matches!(tip.triage.level, None | Some(Level::Critical));
    let under_way = open_obligations > 0;
    let standing = watch.raised.iter().filter_map(|alarm| match alarm {
        Alarm::Breach => waits.then_some(Attention::Breached),
        Alarm::Page(PageReason::Unsorted | PageReason::NotDispatched, rung) => waits.then_some(Attention::Paged(rung.saturating_add(1))),
        Alarm::Page(PageReason::InDanger | PageReason::FollowUp, _) => None,
        Alarm::CannotMeet(_) => under_way.then_some(Attention::CannotMeet),
        Alarm::ThreeQuarters(_) => under_way.then_some(Attention::ThreeQuarters),
        Alarm::HalfWindow(_) => under_way.then_some(Attention::Half),
        Alarm::TaskOverdue(_) => (open_tasks > 0).then_some(Attention::TaskOverdue),
        Alarm::Update(_) => None,
    });
    let mut marks: Vec<Attention> = standing.collect();
    marks.sort_unstable();
    marks.dedup();
    // One mark says how far it came: the last rung, the later fraction.
    let last_rung = marks.iter().filter(|mark| matches!(mark, Attention::Paged(_))).max().copied();
    marks.retain(|mark| !matches!(mark, Attention::Paged(_)) || Some(*mark) == last_rung);
    let later = marks.contains(&Attention::ThreeQuarters);
    marks.retain(|mark| !(later && *mark == Attention::Half));
    marks
}
