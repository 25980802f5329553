//! The checker of obligations: architecture.md's invariants 2 to 5, looked at after every event. It knows what really happened, which the
//! rules do not.
//!
//! 2: one receipt, one record, in whatever order. 3: every obligation is satisfied, failed with a task, released with the school reached, or has
//! a timer. 4: nobody is confirmed who did not key the code or send the page. 5: nothing delays Critical.

use crate::carrier::later;
use crate::county::seconds;
use crate::shell::{Attempt, Row};
use crate::world::{World, name};
use domain::Timestamp;
use domain::channel::Means;
use domain::directory::Kind;
use domain::dispatch::evidence::{End, ReceiptKind, Rung};
use domain::dispatch::obligation::{Effect, Event, FailedBecause, Obligation, Satisfaction, SendOutcome, State};
use domain::dispatch::plan::Start;
use domain::dispatch::purpose::Purpose;
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
    if next.attempts > MOST_ATTEMPTS || (sends > 0 && before.ended >= most_ended(world, next)) {
        return Some(format!("attempt {} is more than the policy allows", next.attempts));
    }
    if sends > 0 && before.attempts > 0 && world.clock() > last_start(world, before) {
        return Some("tried again after its time and its grace".to_owned());
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
        .or_else(|| purpose_of(next, effects))
        .or_else(|| if sends > 0 { road_of(world, before, next) } else { None })
        .or_else(|| other_carrier(world, before, event, next))
        .or_else(|| patience_of(world, before, event, next))
        .or_else(|| state_of(world, row))
        .or_else(|| confirmation_of(row))
        .or_else(|| pace_of(world, before, next))
}

/// How many attempts that a carrier took may be made.
fn most_ended(world: &World, obligation: &Obligation) -> u32 {
    match obligation.purpose {
        Purpose::Drill => world.policy.drill_attempts * world.points_of(&obligation.step).max(1),
        Purpose::Tip | Purpose::Update | Purpose::Page(_) | Purpose::Feedback => world.policy.most_attempts,
    }
}

/// Until when a further attempt may be started.
fn last_start(world: &World, obligation: &Obligation) -> Timestamp {
    let grace = match obligation.purpose {
        Purpose::Page(_) => world.policy.page_grace,
        Purpose::Tip | Purpose::Update | Purpose::Drill | Purpose::Feedback => world.policy.grace,
    };
    let from = obligation.first_attempt_at.map_or(obligation.step.due_at, |first| first.max(obligation.step.due_at));
    from.saturating_add(grace).expect("in range")
}

/// What each purpose may lead to: a drill and a question to nothing, news and a page to no other channel and no breach.
fn purpose_of(next: &Obligation, effects: &[Effect]) -> Option<String> {
    let allowed = |effect: &Effect| match (next.purpose, effect) {
        (_, Effect::Send(_) | Effect::Ask(_)) | (Purpose::Tip, _) => true,
        (Purpose::Update | Purpose::Page(_), Effect::RaiseTask(because)) => match because {
            FailedBecause::AddressRefused | FailedBecause::NotThem | FailedBecause::Returned | FailedBecause::OptedOut => true,
            FailedBecause::NobodyConfirmed | FailedBecause::NoCarrier | FailedBecause::Restored => false,
        },
        (Purpose::Update | Purpose::Page(_) | Purpose::Feedback, Effect::TellSamePerson) => true,
        (Purpose::Update | Purpose::Page(_) | Purpose::Drill | Purpose::Feedback, _) => false,
    };
    effects.iter().find(|effect| !allowed(effect)).map(|effect| format!("{:?} leads to {effect:?}", next.purpose))
}

/// By which carrier and to which point an attempt goes.
fn road_of(world: &World, before: &Obligation, next: &Obligation) -> Option<String> {
    if before.carrier_failed && world.mood.carriers == 2 && before.went_by.is_some() && next.went_by == before.went_by {
        return Some("went by the carrier that failed, although there is another".to_owned());
    }
    let bad = before.bad_points.contains(&next.went_to);
    bad.then(|| format!("point {} is tried again, although it is known to be bad", next.went_to))
}

/// The first fault of a Critical attempt in a row leads to the other carrier at once.
fn other_carrier(world: &World, before: &Obligation, event: &Event, next: &Obligation) -> Option<String> {
    let Event::Sent { attempt, outcome: SendOutcome::Transient | SendOutcome::Throttled(_) } = event else { return None };
    let concerned = matches!(before.state, State::InFlight { attempt: current, .. } if current == *attempt);
    let first = concerned && !before.carrier_failed && before.level == Level::Critical && world.mood.carriers == 2;
    match next.state {
        State::Waiting { next_at } if first && next_at > world.clock() => Some("the other carrier has to wait for its turn".to_owned()),
        _ => None,
    }
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
        Event::Timer | Event::Held if world.attempts[&attempt].asked == 0 && before.state != next.state => {
            Some("given up without asking the carrier".to_owned())
        }
        Event::Timer | Event::Held | Event::CouldNotAsk { .. } if world.clock() < limit => {
            Some("given up before the silence was long".to_owned())
        }
        _ => None,
    }
}

/// PSAP first (R14): nobody of the same dispatch is called before those of an earlier place.
fn in_its_turn(world: &World, row: &Row) -> bool {
    let Start::Now(place) = row.obligation.step.start else { return true };
    let same =
        |other: &&Row| other.obligation.dispatch == row.obligation.dispatch && other.obligation.step.means == row.obligation.step.means;
    world.rows.iter().filter(same).all(|other| match other.obligation.step.start {
        Start::Now(earlier) => earlier >= place || other.obligation.attempts > 0 || other.obligation.is_closed(),
        Start::Standby(_) => true,
    })
}

/// Invariant 3, for one row.
fn state_of(world: &World, row: &Row) -> Option<String> {
    let means = row.obligation.step.means;
    match row.obligation.state {
        State::Failed { .. } if row.obligation.purpose == Purpose::Tip && row.tasks != row.failures => {
            Some(format!("failed {} times with {} tasks", row.failures, row.tasks))
        }
        State::Failed { .. } if row.recorded => Some("failed although a person confirmed".to_owned()),
        State::Released { .. } if !reached(world, row, |other| other.obligation.step.kind == Kind::School) => {
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
            let elsewhere =
                reached(world, row, |other| other.obligation.step.person == *person && other.obligation.id != row.obligation.id);
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

/// Whether somebody among these of the same dispatch really confirmed, and we were told.
fn reached(world: &World, row: &Row, whom: impl Fn(&Row) -> bool) -> bool {
    let same = |other: &&Row| other.obligation.dispatch == row.obligation.dispatch;
    world.rows.iter().filter(same).any(|row| whom(row) && row.recorded && !row.truly.is_empty())
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
    (longest.0 > world.clock().saturating_add(longest.1).expect("in range")).then(|| "waits longer than the policy allows".to_owned())
}

/// Invariant 5: what is more urgent and due on the same lane does not wait behind this.
pub fn before_timer(world: &mut World, lane: usize, row: usize) {
    let rank = world.rank(row);
    let urgency = |row: usize| {
        let obligation = &world.rows[row].obligation;
        let class = match (obligation.purpose, obligation.level) {
            (Purpose::Drill, _) => 9,
            (_, Level::Critical) => 1,
            (_, Level::Standard) => 2,
            (_, Level::Other) => 3,
        };
        (matches!(obligation.state, State::InFlight { .. }), class)
    };
    let (asks, class) = urgency(row);
    let behind = world.due_on(lane).find(|other| matches!(urgency(*other), (false, more) if !asks && more < class));
    if let Some(behind) = behind {
        let objection = format!("#{behind} {} waits behind #{row} {} {rank:?}", name(&world.rows[behind]), name(&world.rows[row]));
        world.object(objection);
    }
}

/// No lane is over its pace.
pub fn sent(world: &mut World, lane: usize, row: usize, _before: &Obligation) {
    let soonest = world.lanes[lane].last_sent.map(|last| last.saturating_add(world.gap()).expect("in range"));
    if soonest.is_some_and(|soonest| world.now < soonest) {
        world.object(format!("#{row} is sent faster than the pace of its lane"));
    }
}

/// A timer that fired has to lead somewhere, or the shell would spin: at most from an attempt that is given up to one that is due at once.
pub fn after_timer(world: &mut World, row: usize, before: &State) {
    let obligation = &world.rows[row].obligation;
    let given_up = matches!((before, &obligation.state), (State::InFlight { .. }, State::Waiting { .. }));
    if !given_up && obligation.timer().is_some_and(|timer| timer <= world.clock()) {
        world.object(format!("#{row} its timer fired and it wants to be woken in the past again: {:?}", world.rows[row].obligation));
    }
}

/// What was recorded of an attempt that is under way: its number is somebody else's.
pub fn note_strangers(world: &mut World, attempt: AttemptId, receipts: &[(String, ReceiptKind)]) {
    let entry = &world.attempts[&attempt];
    let (row, point) = (entry.row, entry.point);
    let says = receipts.iter().any(|(_, kind)| *kind == ReceiptKind::NotMe);
    if says && world.is_in_flight(row, attempt) {
        world.rows[row].strangers.insert(point);
    }
}

/// Invariant 2: a receipt recorded once, whose repeat changes nothing, and which lowers nothing.
pub fn after_receipts(world: &mut World, attempt: AttemptId, receipts: &[(String, ReceiptKind)], rung_before: Rung) {
    let entry: &Attempt = &world.attempts[&attempt];
    let mut repeated = entry.evidence.clone();
    let news = receipts.iter().any(|(once, kind)| entry.log.get(once).is_some_and(|(_, at)| repeated.merge(kind, *at)));
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
    if let Some(objection) = objection.or_else(|| idle(world)) {
        world.object(objection);
    }
}

/// A lane that may send and has something to send does so.
fn idle(world: &World) -> Option<String> {
    let working = |lane: &usize| {
        let entry = &world.lanes[*lane];
        let owned = entry.owner.is_some_and(|node| world.nodes[node].up);
        let left = entry.owner.is_some() && !owned && !world.is_down() && entry.lease_until < world.now;
        (owned || left || entry.owner.is_none() && !world.is_down())
            && entry.free_at <= world.now
            && entry.tick_at.is_none_or(|at| at > world.now)
    };
    let lane = (0..world.lanes.len()).filter(working).find(|lane| world.due_on(*lane).next().is_some())?;
    Some(format!("lane {lane} rests although there is work: {:?}", world.due_on(lane).next().map(|row| name(&world.rows[row]))))
}

fn standing(world: &World, row: &Row) -> Option<String> {
    let obligation = &row.obligation;
    if row.recorded && obligation.confirmed_at.is_none() {
        return Some("a person confirmed and it was not believed".to_owned());
    }
    if !row.strangers.is_subset(&obligation.bad_points) {
        return Some("a number that is somebody else's is not known as bad".to_owned());
    }
    match obligation.state {
        State::Standby { .. } | State::Waiting { .. } | State::InFlight { .. } => {}
        State::Satisfied { .. } | State::Released { .. } | State::Failed { .. } => return None,
    }
    if row.wake_at.is_none() || obligation.timer() != row.wake_at {
        return Some("open, and nobody will wake it".to_owned());
    }
    let settled = later(world.up_since, SETTLE_SECONDS) < world.now;
    let breached_late =
        obligation.breach_at().is_some_and(|due| later(due.max(row.made_at), SETTLE_SECONDS + world.away_seconds) < world.clock());
    if settled && obligation.level == Level::Critical && breached_late {
        return Some("the due time passed and no breach was recorded".to_owned());
    }
    overdue(world, obligation).then(|| "still open long after its time".to_owned())
}

/// What a takeover, a lane's queue and a clock that is set may take.
const SETTLE_SECONDS: i64 = 90;

/// Whether a call is still open when its grace, its last attempt and the gateway's absences have passed.
fn overdue(world: &World, obligation: &Obligation) -> bool {
    let bounded = obligation.step.means == Means::Call && obligation.purpose != Purpose::Drill;
    let Some(_) = obligation.first_attempt_at.filter(|_| bounded && world.clock() > obligation.step.due_at) else { return false };
    let slack = world.policy.silent_attempt_limit + world.policy.ask_after * 3 + seconds(SETTLE_SECONDS as f64);
    let last = last_start(world, obligation).saturating_add(slack).expect("in range");
    world.clock() > later(last, world.away_seconds)
}
