//! The checker of what stands when nothing more will happen: nothing open, nothing sent twice, nobody forsaken.
//!
//! And that every order of the receipts that came gives the same evidence.

use crate::shell::Attempt;
use crate::world::{World, name};
use domain::directory::Kind;
use domain::dispatch::evidence::Evidence;
use domain::dispatch::obligation::{State, school_unreachable};
use domain::dispatch::purpose::Purpose;
use domain::level::Level;

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
    let forsaken = (0..world.rows.len()).find_map(|row| forsaken(world, row));
    if let Some(objection) = open.or(doubled).or(unlike).or(forsaken) {
        world.object(objection);
    }
}

/// A person whose channel came to nothing and who has another, which nobody started; a school whose mails all came to nothing, and whose
/// district was not told.
fn forsaken(world: &World, row: usize) -> Option<String> {
    let entry = &world.rows[row];
    if entry.obligation.purpose != Purpose::Tip || !matches!(entry.obligation.state, State::Failed { .. }) {
        return None;
    }
    if let Some(means) = world.next_channel(row) {
        return Some(format!("#{row} {} failed, and no {means:?} was started", name(entry)));
    }
    let siblings = world.siblings(row);
    let untold = entry.obligation.level != Level::Critical
        && entry.obligation.step.kind == Kind::School
        && school_unreachable(&siblings)
        && !siblings.iter().any(|other| other.step.kind == Kind::District)
        && !world.telling().district(&entry.obligation, &[]).is_empty();
    untold.then(|| "all mails of the school came to nothing, and its district was not told".to_owned())
}

fn reordered(attempt: &Attempt) -> Evidence {
    let mut evidence = Evidence::default();
    let backwards = attempt.log.values().rev();
    for (kind, at) in backwards.clone().chain(backwards) {
        evidence.merge(kind, *at);
    }
    evidence
}
