//! What must be true of one tip and all that is kept below it.

use super::Options;
use super::promises::{self, Found};
use super::report::Check;
use super::timed::untimed;
use super::whole::Whole;
use crate::store::glance::{Tally, TipFigures};
use crate::store::rows::{AttachmentState, SafeCopy};
use domain::conversation::reference::Reference;
use domain::dispatch::obligation::State;
use domain::dispatch::purpose::Purpose;
use domain::dispatch::watch::Alarm;
use domain::level::Level;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The twenty minutes in which a tip that may be Critical must have been told (R14, R44), in microseconds: what the inbox is sorted by.
const CRITICAL_WINDOW: i64 = 20 * 60 * 1_000_000;

/// What is wrong with a tip.
pub(super) fn faults(whole: &Whole, options: &Options<'_>) -> Found {
    let Some(tip) = &whole.tip else {
        return Found::from([(Check::Rows, "rows belong to a tip that is not there".to_owned())]);
    };
    let mut found = promises::faults(whole, &options.policy, options.now);
    let mut add = |check: Check, wrong: bool, what: &str| {
        if wrong {
            found.insert((check, what.to_owned()));
        }
    };
    if let Some(seq) = whole.record.broken_at(tip.record_seq, &tip.record_hash) {
        add(Check::Record, true, &format!("its record is not what was written, from entry {seq} on"));
    }
    for (check, what) in whole.messages.faults(tip, options.now) {
        add(check, true, what);
    }
    add(Check::Tallies, counted(whole) != tip.tally, "what the inbox counts of it is not what is there");
    add(Check::Tallies, place(tip) != (tip.urgency, tip.deadline), "its place in the inbox is not the one that follows from it");
    let stands = tip.folded.is_none_or(|folded| folded.first_stands && folded.proposed);
    add(Check::Incidents, !stands, "it is counted under a tip that does not stand for it, so nobody sees it");
    let keys_agree =
        tip.reference_keys.as_deref().is_none_or(|keys| Reference::parse(&tip.reference).is_some_and(|it| it.keypad() == keys));
    add(Check::References, !keys_agree, "its reference is keyed otherwise on a phone than it is kept");
    let answers_to = tip.answer_to.is_none_or(|handle| whole.contacts.iter().any(|contact| contact.handle == handle));
    add(Check::Contacts, !answers_to, "answers go to an address that is not one of its own");
    let retired = tip.open || whole.contacts.iter().all(|contact| !contact.current);
    add(Check::Contacts, !retired, "it is closed, and still the next message from its address would join it");
    for task in &whole.tasks {
        let about_own = task.obligation.is_none_or(|id| whole.obligations.iter().any(|row| row.id == id));
        add(Check::Tasks, !about_own, "a task is about an obligation that is not there");
        add(Check::Tasks, task.done.0 != task.done.1, "a task is done by nobody, or at no time");
    }
    for file in &whole.files {
        let unfinished = match &file.state {
            AttachmentState::Waiting { .. } | AttachmentState::Kept { copy: SafeCopy::Pending, .. } => true,
            AttachmentState::Kept { copy: SafeCopy::Ready { .. } | SafeCopy::Impossible { .. }, .. } => file.at_carrier,
            AttachmentState::Lost { .. } => false,
        };
        add(Check::Media, unfinished != file.unfinished, "a file's mark of being unfinished is not what its state says");
        add(Check::Media, !file.has_message, "a file belongs to a message that is not there");
        if let Some(what) = untimed(file.work.as_ref(), "attachment", unfinished.then_some(options.now)) {
            add(Check::Media, true, what);
        }
    }
    clocks(whole, tip, &mut add);
    found
}

/// R44: the clocks of an open tip run as long as nobody has sorted it lower or dispatched it, and its time has not run out.
fn clocks(whole: &Whole, tip: &TipFigures, add: &mut impl FnMut(Check, bool, &str)) {
    if !tip.open || tip.drill {
        return;
    }
    add(Check::Clocks, tip.watch.is_none(), "it is open and has no clocks");
    let told = whole.dispatches.iter().any(|row| row.purpose == Purpose::Tip && row.level == Level::Critical);
    let in_question = match tip.level {
        None | Some(Level::Critical) => !told && tip.folded.is_none(),
        Some(Level::Standard | Level::Other) => false,
    };
    let over = tip.watch.as_ref().is_some_and(|watch| watch.raised.contains(&Alarm::Breach));
    add(Check::Clocks, in_question && !over && tip.work.is_none(), "nobody has sorted or dispatched it, and its clocks stand still");
}

/// The tally, counted again. A page and a question afterwards are in no count.
fn counted(whole: &Whole) -> Tally {
    let tells: BTreeMap<_, bool> = whole
        .dispatches
        .iter()
        .map(|row| {
            let tells = match row.purpose {
                Purpose::Tip | Purpose::Update | Purpose::Drill => true,
                Purpose::Page(_) | Purpose::Feedback => false,
            };
            (row.id, tells)
        })
        .collect();
    let obligations = || whole.obligations.iter().filter(|row| tells.get(&row.dispatch) == Some(&true)).map(|row| &row.row.obligation);
    let count = |wanted: usize| i64::try_from(wanted).unwrap_or(i64::MAX);
    Tally {
        open_obligations: count(obligations().filter(|o| !o.is_closed()).count()),
        confirmed: count(obligations().filter(|o| o.confirmed_at.is_some()).count()),
        breached: count(obligations().filter(|o| o.breached_at.is_some() && !matches!(o.state, State::Satisfied { .. })).count()),
        next_due: obligations().filter(|o| !o.is_closed() && o.confirmed_at.is_none()).map(|o| o.step.due_at.as_microsecond()).min(),
        open_tasks: count(whole.tasks.iter().filter(|task| !task.done.1).count()),
    }
}

/// Where it stands in the inbox: what cannot wait first, then by level.
fn place(tip: &TipFigures) -> (i64, i64) {
    let received = tip.received_at.as_microsecond();
    let in_question = !tip.dispatched && matches!(tip.level, None | Some(Level::Critical));
    if in_question {
        return (0, received + CRITICAL_WINDOW);
    }
    if tip.tally.breached > 0 && (tip.tally.open_obligations > 0 || tip.tally.open_tasks > 0) {
        return (0, tip.tally.next_due.unwrap_or(received + CRITICAL_WINDOW));
    }
    match tip.level {
        None | Some(Level::Critical) => (1, received),
        Some(Level::Standard) => (2, received),
        Some(Level::Other) => (3, received),
    }
}

/// R14 to R16: dispatches whose due time is not the one that the configuration of now gives. No fault: it may have been another one then.
pub(super) fn due_otherwise(whole: &Whole, options: &Options<'_>) -> usize {
    let Some(tip) = &whole.tip else { return 0 };
    let otherwise = |level: Level, due_at: Timestamp| {
        let calendar = tip.school.as_ref().and_then(|school| options.calendar_of.get(school)).and_then(|key| options.calendars.get(key));
        let expected = match (level, calendar) {
            (Level::Critical, _) => tip.received_at.checked_add(options.policy.critical_window).ok(),
            (Level::Standard | Level::Other, Some(calendar)) => {
                domain::dispatch::plan::due_at(level, tip.received_at, calendar, &options.policy).ok()
            }
            (Level::Standard | Level::Other, None) => None,
        };
        expected.is_some_and(|expected| expected != due_at)
    };
    whole.dispatches.iter().filter(|row| row.purpose == Purpose::Tip && otherwise(row.level, row.due_at)).count()
}
