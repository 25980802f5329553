//! The checker: architecture.md's invariants 2 to 5, looked at after every event. It knows what really happened, which the rules do not.
//!
//! 2: one receipt, one record, in whatever order. 3: every obligation is satisfied, failed with a task, released with the school reached, or has
//! a timer. 4: nobody is confirmed who did not key the code or send the page. 5: nothing delays Critical.

use crate::carrier::later;
use crate::shell::{Attempt, Row};
use crate::world::{World, name};
use domain::channel::Means;
use domain::directory::Kind;
use domain::dispatch::evidence::{End, Evidence, ReceiptKind, Rung};
use domain::dispatch::obligation::{Effect, Event, Obligation, Satisfaction, State};
use domain::dispatch::plan::Start;
use domain::id::AttemptId;
use domain::level::Level;

/// More attempts than any policy of these histories can lead to.
const MOST_ATTEMPTS: u32 = 1200;

/// What one commit did to one row.
pub fn after_commit(world: &mut World, row: usize, before: &Obligation, event: &Event, effects: &[Effect]) {
    let objection = objection_to(world, row, before, event, effects);
    if let Some(what) = objection {
        let whom = name(&world.rows[row]);
        world.object(format!("#{row} {whom}: {what}; state {:?}", world.rows[row].obligation.state));
    }
}

fn objection_to(world: &World, index: usize, before: &Obligation, event: &Event, effects: &[Effect]) -> Option<String> {
    let row = &world.rows[index];
    let next = &row.obligation;
    let sends = effects.iter().filter(|effect| matches!(effect, Effect::Send(_))).count() as u32;
    if next.attempts != before.attempts + sends || sends > 1 {
        return Some(format!("{sends} sends for {} attempts more", next.attempts - before.attempts));
    }
    if sends > 0 && *event != Event::Timer {
        return Some(format!("{event:?} sent something past its lane"));
    }
    let spent = before.ended >= world.policy.most_attempts;
    if next.attempts > MOST_ATTEMPTS || (sends > 0 && spent) {
        return Some(format!("attempt {} is more than the policy allows", next.attempts));
    }
    if row.breaches != u32::from(next.breached_at.is_some()) {
        return Some(format!("{} breaches recorded, breached_at {:?}", row.breaches, next.breached_at));
    }
    if next.confirmed_at.is_some_and(|at| at <= next.step.due_at) && before.breached_at.is_none() && next.breached_at.is_some() {
        return Some("a promise kept in time was recorded as a breach".to_owned());
    }
    if before.attempts == 0 && next.attempts == 1 && !in_its_turn(world, row) {
        return Some("started before those that come first".to_owned());
    }
    reaction_to(before, event, next)
        .or_else(|| patience_of(world, before, event, next))
        .or_else(|| state_of(world, row))
        .or_else(|| confirmation_of(row))
        .or_else(|| pace_of(world, before, next))
}

/// What must follow from an event, and what must not.
fn reaction_to(before: &Obligation, event: &Event, next: &Obligation) -> Option<String> {
    let in_flight = |obligation: &Obligation, attempt: &AttemptId| matches!(obligation.state, State::InFlight { attempt: current, .. } if current == *attempt);
    match event {
        Event::NotFound { attempt } if in_flight(before, attempt) && in_flight(next, attempt) => {
            Some("a lost attempt is not made again".to_owned())
        }
        Event::News { attempt, evidence } if !evidence.is_confirmed() && before.latest != Some(*attempt) && before.state != next.state => {
            Some("late news of an older attempt moved the state".to_owned())
        }
        Event::News { attempt, evidence } if evidence.ended.is_some() && in_flight(before, attempt) && in_flight(next, attempt) => {
            Some("an attempt that ended is still waited for".to_owned())
        }
        _ => None,
    }
}

/// Before an attempt is given up in silence, the carrier was asked about it; and who could not be asked is given time.
fn patience_of(world: &World, before: &Obligation, event: &Event, next: &Obligation) -> Option<String> {
    let State::InFlight { attempt, since, .. } = before.state else { return None };
    if matches!(next.state, State::InFlight { attempt: current, .. } if current == attempt) {
        return None;
    }
    // Critical is not held back by a carrier that neither answered nor can be asked.
    let untaken = before.submitted_at.is_none_or(|taken| taken < since);
    let hurried = matches!(event, Event::CouldNotAsk { .. }) && before.level == Level::Critical && untaken;
    let patience = if hurried { world.policy.ask_after } else { world.policy.silent_attempt_limit };
    let limit = since.saturating_add(patience).expect("in range");
    match event {
        Event::Timer if world.attempts[&attempt].asked == 0 => Some("given up without asking the carrier".to_owned()),
        Event::Timer | Event::CouldNotAsk { .. } if world.now < limit => Some("given up before the silence was long".to_owned()),
        _ => None,
    }
}

/// PSAP first (R14): nobody starts before those of an earlier place.
fn in_its_turn(world: &World, row: &Row) -> bool {
    let Start::Now(place) = row.obligation.step.start else { return true };
    world.starting_now().all(|(other, waiting)| other >= place || waiting.obligation.attempts > 0)
}

/// Invariant 3, for one row.
fn state_of(world: &World, row: &Row) -> Option<String> {
    let means = row.obligation.step.means;
    match row.obligation.state {
        State::Failed { .. } if row.tasks != row.failures => Some(format!("failed {} times with {} tasks", row.failures, row.tasks)),
        State::Failed { .. } if row.recorded => Some("failed although a person confirmed".to_owned()),
        State::Released { .. } if !reached(world, |other| other.obligation.step.kind == Kind::School) => {
            Some("released although nobody at the school has confirmed".to_owned())
        }
        State::Satisfied { by: Satisfaction::Notified, .. } if means == Means::Call => Some("a call counts as a notification".to_owned()),
        State::Satisfied { by: Satisfaction::Notified, .. } if !row.really_taken => {
            Some("reported as told, but no carrier has it".to_owned())
        }
        State::Satisfied { by: Satisfaction::Notified, .. } if came_back(world, &row.obligation) => {
            Some("reported as told, but it came back".to_owned())
        }
        State::Satisfied { by: Satisfaction::ConfirmedElsewhere, .. } => {
            let person = &row.obligation.step.person;
            let elsewhere = reached(world, |other| other.obligation.step.person == *person && other.obligation.id != row.obligation.id);
            (row.obligation.attempts == 0 || !elsewhere).then(|| "closed by a confirmation that nobody gave, or never tried".to_owned())
        }
        State::Standby { .. } | State::Waiting { .. } | State::InFlight { .. } => None,
        State::Satisfied { .. } | State::Released { .. } | State::Failed { .. } => None,
    }
}

/// Whether the latest attempt is known not to have arrived.
fn came_back(world: &World, obligation: &Obligation) -> bool {
    let evidence = obligation.latest.and_then(|latest| world.attempts.get(&latest)).map(|attempt| &attempt.evidence);
    evidence
        .is_some_and(|evidence| evidence.delivered.is_none() && matches!(evidence.ended, Some((_, End::Undelivered(_) | End::Failed(_)))))
}

/// Whether somebody among these really confirmed, and we were told.
fn reached(world: &World, whom: impl Fn(&Row) -> bool) -> bool {
    world.rows.iter().any(|row| whom(row) && row.recorded && !row.truly.is_empty())
}

/// Invariant 4, both ways: nobody is confirmed who did not, and everybody is who did and was heard.
fn confirmation_of(row: &Row) -> Option<String> {
    let claimed = match row.obligation.state {
        State::Satisfied { by: Satisfaction::Confirmed(by), .. } if !row.truly.contains(&by) => true,
        _ => row.obligation.confirmed_at.is_some() && row.truly.is_empty(),
    };
    claimed.then(|| "confirmed by nobody".to_owned())
}

/// Invariant 5, for one row: no wait is longer than the policy allows.
fn pace_of(world: &World, before: &Obligation, next: &Obligation) -> Option<String> {
    if before.state == next.state {
        return None;
    }
    let longest = match next.state {
        State::Waiting { next_at } => (next_at, world.policy.longest_delay),
        State::InFlight { check_at, .. } => (check_at, world.policy.ask_after),
        State::Standby { .. } | State::Satisfied { .. } | State::Released { .. } | State::Failed { .. } => return None,
    };
    (longest.0 > world.now.saturating_add(longest.1).expect("in range")).then(|| "waits longer than the policy allows".to_owned())
}

/// A timer that fired has to lead somewhere, or the shell would spin: at most from an attempt that is given up to one that is due at once.
pub fn after_timer(world: &mut World, row: usize, before: &State) {
    let obligation = &world.rows[row].obligation;
    let given_up = matches!((before, &obligation.state), (State::InFlight { .. }, State::Waiting { .. }));
    if !given_up && obligation.timer().is_some_and(|timer| timer <= world.now) && !world.down {
        world.object(format!("#{row} its timer fired and it wants to be woken in the past again: {:?}", world.rows[row].obligation));
    }
}

/// Invariant 2: a receipt recorded once, whose repeat changes nothing, and which lowers nothing.
pub fn after_receipts(world: &mut World, attempt: AttemptId, receipts: &[(String, ReceiptKind)], rung_before: Rung) {
    let entry: &Attempt = &world.attempts[&attempt];
    let mut repeated = entry.evidence.clone();
    let news = receipts.iter().any(|(_, kind)| repeated.merge(kind, world.now));
    if news || repeated != entry.evidence || entry.applied != entry.log.len() as u32 {
        return world.object(format!("a repeated receipt of {attempt} changed something: {receipts:?}"));
    }
    if entry.evidence.rung() < rung_before {
        world.object(format!("a receipt lowered {rung_before:?}: {receipts:?}"));
    }
}

/// After every event: what must hold for all rows together.
pub fn after_event(world: &mut World) {
    let objection =
        world.rows.iter().enumerate().find_map(|(index, row)| standing(world, row).map(|what| format!("#{index} {}: {what}", name(row))));
    if let Some(objection) = objection {
        world.object(objection);
    }
}

fn standing(world: &World, row: &Row) -> Option<String> {
    let obligation = &row.obligation;
    if row.recorded && obligation.confirmed_at.is_none() {
        return Some("a person confirmed and it was not believed".to_owned());
    }
    match obligation.state {
        State::Standby { .. } | State::Waiting { .. } | State::InFlight { .. } => {}
        State::Satisfied { .. } | State::Released { .. } | State::Failed { .. } => return None,
    }
    if row.wake_at.is_none() || obligation.timer() != row.wake_at {
        return Some("open, and nobody will wake it".to_owned());
    }
    if world.down || world.now <= world.up_since {
        return None;
    }
    if obligation.attempts == 0 && matches!(obligation.step.start, Start::Now(_)) {
        return Some("not started at once".to_owned());
    }
    if obligation.breach_at().is_some_and(|due| due < world.now) {
        return Some("the due time passed and no breach was recorded".to_owned());
    }
    overdue(world, obligation).then(|| "still open long after its time".to_owned())
}

/// Whether a Critical call is still open when its grace, its last attempt and the gateway's absences have passed.
fn overdue(world: &World, obligation: &Obligation) -> bool {
    let call = obligation.level == Level::Critical && obligation.step.means == Means::Call;
    let Some(first) = obligation.first_attempt_at.filter(|_| call && world.now > obligation.step.due_at) else { return false };
    let slack = world.policy.grace + world.policy.silent_attempt_limit + world.policy.ask_after * 3;
    let last = first.max(obligation.step.due_at).saturating_add(slack).expect("in range");
    world.now > later(last, world.away_seconds)
}

/// When nothing more will happen: all is closed, nothing was sent twice, and every order of the receipts gives the same evidence.
pub fn at_the_end(world: &mut World) {
    let open = world
        .rows
        .iter()
        .find(|row| !row.obligation.is_closed())
        .map(|row| format!("{} is open at the end: {:?}", name(row), row.obligation));
    let doubled = world
        .attempts
        .iter()
        .find(|(_, attempt)| attempt.requests > 1)
        .map(|(id, attempt)| format!("{id} was sent {} times", attempt.requests));
    let unlike = world
        .attempts
        .iter()
        .find(|(_, attempt)| reordered(attempt) != attempt.evidence)
        .map(|(id, _)| format!("{id}: another order, other evidence"));
    if let Some(objection) = open.or(doubled).or(unlike) {
        world.object(objection);
    }
}

fn reordered(attempt: &Attempt) -> Evidence {
    let mut evidence = Evidence::default();
    let backwards = attempt.log.values().rev();
    for (kind, at) in backwards.clone().chain(backwards) {
        evidence.merge(kind, *at);
    }
    evidence
}
