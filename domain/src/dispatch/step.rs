//! One step of a plan: to whom by which of their addresses, what it says and what it may carry.
//!
//! The same for every purpose. The address shown is the one that the first attempt takes at this hour; a landline takes no texts; a summary
//! goes only where the organization has accepted it in writing, and never in a text (R6, R18).

use super::plan::{Session, Start, Step, StepContent};
use super::purpose::Purpose;
use super::words::{Preview, preview};
use crate::calendar::Calendar;
use crate::channel::Means;
use crate::directory::{Organization, Person};
use crate::id::CalendarKey;
use crate::level::Level;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What all steps of one telling have in common.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    /// The line's name.
    pub(super) line_name: &'a str,
    /// For the hours of numbers.
    pub(super) calendars: &'a BTreeMap<CalendarKey, Calendar>,
    /// When it would start.
    pub(super) now: Timestamp,
    /// Why they are told.
    pub(super) purpose: Purpose,
    /// The level.
    pub(super) level: Level,
    /// Whether a summary was written.
    pub(super) has_summary: bool,
    /// Whether it says that the school is not in session (R20).
    pub(super) session: Session,
}

/// The step, or nothing when the person cannot be reached by this means.
pub(super) fn step(
    frame: Frame<'_>,
    organization: &Organization,
    person: &Person,
    means: Means,
    due_at: Timestamp,
    start: Start,
) -> Option<Step> {
    let (_, point) = person.point_at(means, 0, frame.now, frame.calendars)?;
    if means == Means::Text && person.points(means).all(|(_, point)| point.landline) {
        return None;
    }
    let content = content(frame, organization, means);
    let facts = Preview {
        line_name: frame.line_name,
        organization_name: &organization.name,
        level: frame.level,
        purpose: frame.purpose,
        content,
        session: frame.session,
    };
    Some(Step {
        organization: organization.key.clone(),
        organization_name: organization.name.clone(),
        kind: organization.kind,
        person: person.key.clone(),
        person_name: person.name.clone(),
        role: person.role.clone(),
        means,
        tail: point.tail.clone(),
        says: preview(means, facts),
        due_at,
        start,
        content,
        session: frame.session,
    })
}

/// What of the tip this channel may carry to this organization.
fn content(frame: Frame<'_>, organization: &Organization, means: Means) -> StepContent {
    let accepted = match means {
        Means::Call => organization.content.by_speech,
        Means::Mail => organization.content.by_mail,
        Means::Text => false,
    };
    let told = frame.purpose == Purpose::Tip && frame.has_summary && organization.content.on.is_some();
    if accepted && told { StepContent::Summary } else { StepContent::Nothing }
}
