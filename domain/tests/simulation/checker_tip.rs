//! The checker of a tip's clocks: every alarm once, in its time, and never for nothing; due times that keep their clock; news that is told.
//!
//! It asks the world, not the watch: what was raised is compared with what the tip was really like.

use crate::county::seconds;
use crate::tip::ALARM_SLACK;
use crate::world::World;
use domain::Timestamp;
use domain::dispatch::obligation::State;
use domain::dispatch::plan::Plan;
use domain::dispatch::purpose::PageReason;
use domain::dispatch::watch::Alarm;
use domain::level::Level;
use domain::{SignedDuration, dispatch::purpose::Purpose};

/// A plan as it is dispatched: the clock of a Critical tip runs from receipt, whatever it was before; that of the others in business time.
pub fn plan(world: &mut World, plan: &Plan) {
    let received_at = world.tip.received_at;
    match plan.level {
        Level::Critical => {
            let due_at = received_at.saturating_add(world.policy.critical_window).expect("in range");
            if plan.steps.iter().any(|step| step.due_at != due_at) {
                world.object(format!("a Critical tip is due at {} and not {due_at}", plan.due_at));
            }
        }
        Level::Standard | Level::Other => {
            let window = if plan.level == Level::Standard { world.policy.standard_window } else { world.policy.other_window };
            let passed = world.tip.dst.then(|| business_minutes(world, received_at, plan.due_at));
            if passed.is_some_and(|passed| (passed - window.as_mins()).abs() > 2) || plan.due_at < received_at + window {
                world.object(format!("{passed:?} minutes of business from {received_at} to {}, not {}", plan.due_at, window.as_mins()));
            }
        }
    }
}

/// Counted, not computed: minute after minute.
fn business_minutes(world: &World, from: Timestamp, to: Timestamp) -> i64 {
    let calendar = world.county.calendars.values().next().expect("one");
    let mut at = from;
    let mut passed = 0;
    while at < to {
        passed += i64::from(calendar.is_open(at));
        at += SignedDuration::from_mins(1);
    }
    passed
}

/// An alarm that is about to be raised.
pub fn alarm(world: &mut World, alarm: Alarm) {
    let tip = &world.tip;
    let known = |wanted: Alarm| tip.raised.iter().any(|(_, raised)| *raised == wanted);
    let clock = world.clock();
    let told_all = |dispatch| {
        let own = || world.rows.iter().map(|row| &row.obligation).filter(|o| o.dispatch == dispatch);
        own().all(|o| o.confirmed_at.is_some() || matches!(o.state, State::Released { .. }))
    };
    let objection = match alarm {
        _ if known(alarm) => Some("raised twice"),
        Alarm::Page(PageReason::Unsorted | PageReason::NotDispatched, rung) => {
            let others = [PageReason::Unsorted, PageReason::NotDispatched].map(|reason| Alarm::Page(reason, rung));
            let early = clock < tip.received_at + world.policy.page_after[usize::from(rung)];
            match (others.into_iter().any(known), tip.is_in_question(), early) {
                (true, ..) => Some("the same rung twice"),
                (_, false, _) => Some("nobody needs to sort or dispatch it"),
                (_, _, true) => Some("too early"),
                (false, true, false) => None,
            }
        }
        Alarm::Breach => (!tip.is_in_question() || clock < tip.received_at + world.policy.critical_window).then_some("there is no breach"),
        Alarm::Page(PageReason::FollowUp | PageReason::InDanger, _) => tip.tasks.iter().all(|(.., done)| *done).then_some("all is done"),
        Alarm::HalfWindow(dispatch) | Alarm::ThreeQuarters(dispatch) | Alarm::CannotMeet(dispatch) => {
            told_all(dispatch).then_some("everybody is told")
        }
        Alarm::TaskOverdue(wanted) => {
            tip.tasks.iter().any(|(task, due_at, done)| *task == wanted && (*done || *due_at > clock)).then_some("the task is not overdue")
        }
        Alarm::Update(to) => (tip.sent.is_empty() || to > tip.said.len() as i64 || to <= tip.watch.told_to).then_some("there is no news"),
    };
    if let Some(objection) = objection {
        world.object(format!("{alarm:?}: {objection}"));
    }
}

/// Whether all that should have been raised by now was.
pub fn after_event(world: &mut World) {
    let slack = ALARM_SLACK + seconds(world.away_seconds as f64);
    let late = |since: Timestamp| since + slack < world.now && since + slack < world.clock();
    let tip = &world.tip;
    let mut objection = None;
    if let Some(since) = tip.in_question_since {
        let passed = |rung: &SignedDuration| late((tip.received_at + *rung).max(since));
        let due = world.policy.page_after.iter().filter(|rung| passed(rung)).count();
        let page = |raised: &Alarm| matches!(raised, Alarm::Page(PageReason::Unsorted | PageReason::NotDispatched, _));
        if tip.raised.iter().filter(|(_, raised)| page(raised)).count() < due {
            objection = Some("a rung of the ladder was not paged");
        }
        if passed(&world.policy.critical_window) && !tip.raised.iter().any(|(_, raised)| *raised == Alarm::Breach) {
            objection = Some("the time ran out, and nobody was told so");
        }
    }
    if let (Some(first), Some(unknown)) = (tip.sent.first(), tip.said.get(usize::try_from(tip.watch.told_to).expect("a count")))
        && late((*unknown).max(first.at) + world.policy.update_after)
    {
        objection = Some("news was not told");
    }
    for (task, due_at, done) in &tip.tasks {
        if !done && late(*due_at) && !tip.raised.iter().any(|(_, raised)| *raised == Alarm::TaskOverdue(*task)) {
            objection = Some("a task is overdue, and nobody was told so");
        }
    }
    if let Some(objection) = objection {
        world.object(objection.to_owned());
    }
}

/// When nothing more will happen: warnings came for what was not told, and news reached those who were told of the tip.
pub fn at_the_end(world: &mut World) {
    let undone = |dispatch| {
        let own = world.rows.iter().map(|row| &row.obligation).filter(|o| o.dispatch == dispatch && o.purpose == Purpose::Tip);
        own.clone().count() > 0 && own.clone().all(|o| o.submitted_at.is_none() && !matches!(o.state, State::Released { .. }))
    };
    let quiet = world.tip.sent.iter().find(|sent| {
        let raised = |alarm: Alarm| world.tip.raised.iter().any(|(_, raised)| *raised == alarm);
        let nothing_wrong = undone(sent.dispatch) && !raised(Alarm::ThreeQuarters(sent.dispatch));
        sent.level == Level::Critical && nothing_wrong && no_wrong_address(world, sent.dispatch)
    });
    if let Some(sent) = quiet {
        let objection = format!("{:?} reached nobody, and nobody was warned", sent.dispatch);
        world.object(objection);
    }
}

fn no_wrong_address(world: &World, dispatch: domain::id::DispatchId) -> bool {
    world.rows.iter().filter(|row| row.obligation.dispatch == dispatch).all(|row| row.obligation.bad_points.is_empty())
}
