//! The clocks of a tip that are no obligation's: sorting (R44), following up (R33), warnings before a due time, news (R28).
//!
//! A watch is a set of alarms that were raised, and a pure function from the facts of the tip to the alarms that are due and to the moment
//! when it wants to look again. So a crash, a second node or a doubled timer raise nothing twice, and a deadline is never first noticed by
//! whoever looks at a page. A look that comes late raises all that it missed, in the order of their times; a clock that steps back raises
//! nothing again. Whom an alarm reaches and in which words is the shell's and the plan's.

use super::obligation::{FailedBecause, Obligation, State, school_reached};
use super::policy::Policy;
use super::purpose::PageReason;
use crate::channel::Means;
use crate::directory::Kind;
use crate::id::{DispatchId, TaskId};
use crate::level::Level;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What was raised for one tip, and until where news was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// Alarms that were raised.
    pub raised: BTreeSet<Alarm>,
    /// The endusers know of the reporter's messages up to this number; [`Watch::dispatched`] sets it, too.
    pub told_to: i64,
}

/// Something that is raised once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alarm {
    /// Page the supervisors of this rung (0 is the first) for this reason.
    Page(PageReason, u8),
    /// Half of a dispatch's window is over and not everybody is told.
    HalfWindow(DispatchId),
    /// Three quarters are.
    ThreeQuarters(DispatchId),
    /// More calls are left than the pace allows before the due time.
    CannotMeet(DispatchId),
    /// The time for a Critical tip ran out before anybody sorted or dispatched it.
    Breach,
    /// A task that has a due time was not done by it.
    TaskOverdue(TaskId),
    /// Tell the endusers that there is news, up to this message of the reporter.
    Update(i64),
}

impl Alarm {
    /// The page that goes out with it: why, and to which rung of the supervisors (0 is the first).
    pub const fn page(self) -> Option<(PageReason, u8)> {
        match self {
            Alarm::Page(reason, rung) => Some((reason, rung)),
            Alarm::ThreeQuarters(_) | Alarm::CannotMeet(_) => Some((PageReason::InDanger, 0)),
            Alarm::TaskOverdue(_) => Some((PageReason::FollowUp, 0)),
            Alarm::HalfWindow(_) | Alarm::Breach | Alarm::Update(_) => None,
        }
    }
}

/// What is true of a tip now.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// When it was received.
    pub received_at: Timestamp,
    /// Whether it is open.
    pub open: bool,
    /// Its level, once sorted.
    pub level: Option<Level>,
    /// Whether endusers are told of it at all (not of a request of the press, R41; not of one that is counted under another; not of a drill).
    pub for_endusers: bool,
    /// Its dispatches that told of the tip (`Purpose::Tip` alone), oldest first.
    pub dispatches: &'a [Told],
    /// Its open tasks that have a due time.
    pub tasks: &'a [(TaskId, Timestamp)],
    /// What the reporter wrote that the endusers do not know of: all after [`Watch::told_to`].
    pub news: Option<News>,
    /// Seconds until the lanes have made the calls of this tip that are left, at their pace; 0 when nothing waits.
    pub seconds_of_calls_left: f64,
}

/// One dispatch that told of the tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Which.
    pub dispatch: DispatchId,
    /// When it was sent off.
    pub at: Timestamp,
    /// By when everybody must have been told.
    pub due_at: Timestamp,
    /// The level it was made for.
    pub level: Level,
    /// Its obligations.
    pub obligations: Vec<Obligation>,
}

/// Words of the reporter that the endusers do not know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct News {
    /// When the first of them came.
    pub since: Timestamp,
    /// The number of the last.
    pub to: i64,
}

/// What to raise, and when to look again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// Alarms that are due and were not raised, in the order of raising.
    pub alarms: Vec<Alarm>,
    /// When something may be due next by time alone, once those alarms are raised; always after `now`; `None` when nothing can be.
    pub next: Option<Timestamp>,
}

/// While calls wait for their first turn, whether they can be made in time is looked at this often.
pub const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(5);

impl Watch {
    /// Notes an alarm as raised; in the same commit as what it leads to.
    pub fn raise(&mut self, alarm: Alarm) {
        match alarm {
            // The number alone keeps it from being told again, so that the set stays small however much is written.
            Alarm::Update(to) => self.told_to = self.told_to.max(to),
            Alarm::Page(..)
            | Alarm::HalfWindow(_)
            | Alarm::ThreeQuarters(_)
            | Alarm::CannotMeet(_)
            | Alarm::Breach
            | Alarm::TaskOverdue(_) => {
                self.raised.insert(alarm);
            }
        }
    }

    /// The endusers were told by a dispatch of all up to this message. Its dangers and its follow-up call are paged for by themselves, whatever
    /// was paged for because of an earlier one.
    pub fn dispatched(&mut self, last_seq: i64) {
        self.told_to = self.told_to.max(last_seq);
        self.raised.retain(|alarm| !matches!(alarm, Alarm::Page(PageReason::InDanger | PageReason::FollowUp, _)));
    }

    /// Nothing that the tip's facts of today lead to is raised any more, only what comes after: for a tip that was restored from a backup, whose
    /// pages and warnings may have gone out already. A further dispatch has its own dangers, as in [`Watch::dispatched`].
    pub fn silence(&mut self, facts: Facts<'_>, last_seq: i64, policy: &Policy) {
        let reasons = [PageReason::Unsorted, PageReason::NotDispatched, PageReason::InDanger, PageReason::FollowUp];
        for (rung, _) in (0..=u8::MAX).zip(&policy.page_after) {
            self.raised.extend(reasons.map(|reason| Alarm::Page(reason, rung)));
        }
        self.raised.insert(Alarm::Breach);
        for told in facts.dispatches {
            self.raised.extend([Alarm::HalfWindow, Alarm::ThreeQuarters, Alarm::CannotMeet].map(|alarm| alarm(told.dispatch)));
        }
        self.raised.extend(facts.tasks.iter().map(|(task, _)| Alarm::TaskOverdue(*task)));
        self.told_to = self.told_to.max(last_seq);
    }

    /// What is due. Nothing that was raised is due again.
    pub fn due(&self, facts: Facts<'_>, now: Timestamp, policy: &Policy) -> Due {
        let mut wanted = Vec::new();
        self.sorting(facts, policy, &mut wanted);
        for told in facts.dispatches.iter().filter(|told| told.level == Level::Critical) {
            warnings(facts, told, now, policy, &mut wanted);
        }
        self.tasks(facts, policy, &mut wanted);
        self.news(facts, policy, &mut wanted);
        wanted.retain(|(_, alarm)| !self.raised.contains(alarm));
        // A stable sort: of two at one moment the one named first above is raised first.
        wanted.sort_by_key(|(at, _)| *at);
        let due = wanted.iter().filter(|(at, _)| *at <= now).map(|(_, alarm)| *alarm).collect::<Vec<_>>();
        let ahead = wanted.iter().map(|(at, _)| *at).filter(|at| *at > now).min();
        let look = facts.dispatches.iter().any(|told| self.may_not_meet(told) && !due.contains(&Alarm::CannotMeet(told.dispatch)));
        let look = look.then(|| later(now, LOOK_EVERY));
        Due { alarms: due, next: ahead.into_iter().chain(look).min() }
    }

    /// R44: the ladder runs from receipt, and a tip counts as possibly Critical until it is sorted. Each rung is paged once, for the reason
    /// that holds when its time comes; it ends when somebody sorts the tip lower, dispatches or closes it.
    fn sorting(&self, facts: Facts<'_>, policy: &Policy, wanted: &mut Vec<(Timestamp, Alarm)>) {
        let reason = match facts.level {
            None => PageReason::Unsorted,
            Some(Level::Critical) => PageReason::NotDispatched,
            Some(Level::Standard | Level::Other) => return,
        };
        let dispatched = facts.dispatches.iter().any(|told| told.level == Level::Critical);
        if !facts.open || !facts.for_endusers || dispatched {
            return;
        }
        for (rung, after) in (0..=u8::MAX).zip(&policy.page_after) {
            let paged = [PageReason::Unsorted, PageReason::NotDispatched].map(|reason| Alarm::Page(reason, rung));
            if !paged.iter().any(|page| self.raised.contains(page)) {
                wanted.push((later(facts.received_at, *after), Alarm::Page(reason, rung)));
            }
        }
        wanted.push((later(facts.received_at, policy.critical_window), Alarm::Breach));
    }

    /// R33: a task that is not done in time pages the first rung, and the next ones in the steps of the ladder while one stays undone.
    fn tasks(&self, facts: Facts<'_>, policy: &Policy, wanted: &mut Vec<(Timestamp, Alarm)>) {
        wanted.extend(facts.tasks.iter().map(|(task, due_at)| (*due_at, Alarm::TaskOverdue(*task))));
        let Some(first_due) = facts.tasks.iter().map(|(_, due_at)| *due_at).min() else { return };
        let Some(first_rung) = policy.page_after.first() else { return };
        for (rung, after) in (0..=u8::MAX).zip(&policy.page_after).skip(1) {
            let wait = (*after - *first_rung).max(SignedDuration::ZERO);
            wanted.push((later(first_due, wait), Alarm::Page(PageReason::FollowUp, rung)));
        }
    }

    /// R28: from the first word that is not known, so that a reporter who goes on writing does not put it off.
    fn news(&self, facts: Facts<'_>, policy: &Policy, wanted: &mut Vec<(Timestamp, Alarm)>) {
        let (Some(news), Some(first)) = (facts.news, facts.dispatches.first()) else { return };
        if facts.for_endusers && news.to > self.told_to {
            wanted.push((later(news.since.max(first.at), policy.update_after), Alarm::Update(news.to)));
        }
    }

    /// Whether it may still turn out that a dispatch cannot be met.
    fn may_not_meet(&self, told: &Told) -> bool {
        told.level == Level::Critical && calls_wait(told) && !self.raised.contains(&Alarm::CannotMeet(told.dispatch))
    }
}

/// The warnings of one Critical dispatch while not everybody is told. A fraction of the window counts from receipt, but a late dispatch
/// gets a moment for its first attempts.
fn warnings(facts: Facts<'_>, told: &Told, now: Timestamp, policy: &Policy, wanted: &mut Vec<(Timestamp, Alarm)>) {
    let window = told.due_at.duration_since(facts.received_at).max(SignedDuration::ZERO);
    let soonest = later(told.at, policy.ask_after);
    let left = SignedDuration::try_from_secs_f64(facts.seconds_of_calls_left.max(0.0)).unwrap_or(SignedDuration::MAX);
    if calls_wait(told) && later(now, left) > told.due_at {
        wanted.push((now, Alarm::CannotMeet(told.dispatch)));
    }
    if !everybody_told(told) {
        wanted.push((later(facts.received_at, window / 2).max(soonest), Alarm::HalfWindow(told.dispatch)));
        wanted.push((later(facts.received_at, window / 4 * 3).max(soonest), Alarm::ThreeQuarters(told.dispatch)));
    }
}

/// Whether a call waits for its first attempt.
fn calls_wait(told: &Told) -> bool {
    let mut calls = told.obligations.iter().filter(|obligation| obligation.step.means == Means::Call);
    calls.any(|call| call.first_attempt_at.is_none() && matches!(call.state, State::Waiting { .. }))
}

/// Whether a carrier has taken something for everybody, and somebody of the school has confirmed, or of the district in its stead (R10).
/// What a wrong address kept back is not counted: a task and the next channel stand for it.
pub fn everybody_told(told: &Told) -> bool {
    let untaken = |obligation: &Obligation| match obligation.state {
        State::Waiting { .. } | State::InFlight { .. } => obligation.submitted_at.is_none(),
        State::Failed { reason, .. } => reason == FailedBecause::NoCarrier && obligation.submitted_at.is_none(),
        State::Standby { .. } | State::Satisfied { .. } | State::Released { .. } => false,
    };
    let of = |kind: Kind| told.obligations.iter().filter(move |obligation| obligation.step.kind == kind);
    let reached = of(Kind::School).next().is_none()
        || school_reached(&told.obligations)
        || of(Kind::District).any(|obligation| obligation.confirmed_at.is_some());
    reached && !told.obligations.iter().any(untaken)
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
