//! An obligation as the living table shows it: the ladder, the state in words, every attempt with its receipts.
//!
//! Nothing here says more than the evidence: a mail that was taken is "mailed", a machine is "voicemail left, not confirmed", and only a
//! person's confirmation is "confirmed" (R19).

use super::next;
use crate::desk::view::{Attempt, Dispatch, Obligation};
use crate::http::staff::moment::{Left, Moment, PageClock};
use crate::http::staff::phrases;
use domain::channel::Means;
use domain::dispatch::evidence::Rung;
use domain::dispatch::evidence::{ConfirmedBy, End, Evidence, ReceiptKind};
use domain::dispatch::obligation::{FailedBecause, Satisfaction, State};
use jiff::Timestamp;

/// A dispatch.
pub(in crate::http::staff) struct DispatchView {
    pub(in crate::http::staff) id: String,
    /// What it is: "Dispatch", "News", "Page to supervisors", "Question afterwards", "Drill".
    pub(in crate::http::staff) what: &'static str,
    /// Whether it told of the tip itself.
    pub(in crate::http::staff) tells: bool,
    /// The names of those who were left out.
    pub(in crate::http::staff) left_out: String,
    /// The summary for those who have accepted one.
    pub(in crate::http::staff) summary_text: String,
    pub(in crate::http::staff) level: &'static str,
    pub(in crate::http::staff) level_word: &'static str,
    pub(in crate::http::staff) started: Moment,
    pub(in crate::http::staff) by: String,
    pub(in crate::http::staff) due: Moment,
    /// The time left, while somebody still has to be told.
    pub(in crate::http::staff) left: Option<Left>,
    pub(in crate::http::staff) summary: Vec<String>,
    pub(in crate::http::staff) groups: Vec<Group>,
}

/// An organization with the persons told there.
pub(in crate::http::staff) struct Group {
    pub(in crate::http::staff) organization: String,
    pub(in crate::http::staff) kind: &'static str,
    pub(in crate::http::staff) persons: Vec<Person>,
}

/// A person, with every way they are told.
pub(in crate::http::staff) struct Person {
    pub(in crate::http::staff) name: String,
    /// Empty when the name says it already.
    pub(in crate::http::staff) role: String,
    pub(in crate::http::staff) rows: Vec<Row>,
}

/// One obligation.
pub(in crate::http::staff) struct Row {
    pub(in crate::http::staff) id: String,
    pub(in crate::http::staff) means: &'static str,
    pub(in crate::http::staff) tail: String,
    pub(in crate::http::staff) words: String,
    /// `confirmed`, `done`, `open`, `standby` or `failed`: how the words look.
    pub(in crate::http::staff) look: &'static str,
    pub(in crate::http::staff) rungs: Vec<RungView>,
    /// What happens next by itself.
    pub(in crate::http::staff) next: String,
    pub(in crate::http::staff) due: Moment,
    pub(in crate::http::staff) overdue: Option<Moment>,
    pub(in crate::http::staff) attempts: Vec<AttemptView>,
    /// Whether anything was tried or is about to be: only then there is a ladder to show.
    pub(in crate::http::staff) tried: bool,
    /// Whether an analyst may still note that the person confirmed.
    pub(in crate::http::staff) open_to_note: bool,
}

/// One rung of the ladder, reached or not.
pub(in crate::http::staff) struct RungView {
    pub(in crate::http::staff) name: &'static str,
    pub(in crate::http::staff) at: Option<Moment>,
}

/// One attempt.
pub(in crate::http::staff) struct AttemptView {
    pub(in crate::http::staff) number: usize,
    pub(in crate::http::staff) at: Moment,
    pub(in crate::http::staff) answer: &'static str,
    pub(in crate::http::staff) receipts: Vec<(Moment, String)>,
}

impl DispatchView {
    pub(in crate::http::staff) fn new(dispatch: &Dispatch, clock: &PageClock) -> Self {
        Self {
            id: dispatch.id.to_string(),
            what: phrases::purpose(dispatch.purpose),
            tells: dispatch.purpose.tells_of_tip(),
            left_out: dispatch.left_out.join(", "),
            summary_text: dispatch.summary.as_ref().map(|words| words.reveal().to_owned()).unwrap_or_default(),
            level: dispatch.level.title(),
            level_word: dispatch.level.as_str(),
            started: clock.moment(dispatch.started_at),
            by: dispatch.started_by.clone(),
            due: clock.moment(dispatch.due_at),
            left: dispatch.obligations.iter().any(is_under_way).then(|| clock.left(dispatch.due_at)),
            summary: next::summary(&dispatch.obligations),
            groups: groups(&dispatch.obligations, clock),
        }
    }
}

/// Obligations by organization and person, each where it first stands in the plan's order.
fn groups(obligations: &[Obligation], clock: &PageClock) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for obligation in obligations {
        let at = groups.iter().position(|group| group.organization == obligation.organization);
        let at = at.unwrap_or_else(|| {
            let kind = phrases::kind(obligation.kind);
            groups.push(Group { organization: obligation.organization.clone(), kind, persons: Vec::new() });
            groups.len() - 1
        });
        let (persons, row) = (&mut groups[at].persons, row(obligation, clock));
        let role = phrases::role(&obligation.person, &obligation.role);
        match persons.iter_mut().find(|person| person.name == obligation.person && person.role == role) {
            Some(person) => person.rows.push(row),
            None => persons.push(Person { name: obligation.person.clone(), role, rows: vec![row] }),
        }
    }
    groups
}

/// Whether something still happens by itself, those standing by aside.
fn is_under_way(obligation: &Obligation) -> bool {
    match obligation.state {
        State::Waiting { .. } | State::InFlight { .. } => true,
        State::Standby { .. } | State::Satisfied { .. } | State::Released { .. } | State::Failed { .. } => false,
    }
}

fn row(obligation: &Obligation, clock: &PageClock) -> Row {
    let (words, look) = state_in_words(obligation, clock);
    Row {
        id: obligation.id.to_string(),
        means: phrases::means(obligation.means),
        tail: phrases::tail(obligation.means, &obligation.tail),
        words,
        look,
        rungs: rungs(obligation, clock),
        next: next::sentence(obligation, clock),
        due: clock.moment(obligation.due_at),
        overdue: obligation.breached_at.filter(|_| obligation.confirmed_at.is_none()).map(|at| clock.moment(at)),
        attempts: obligation.attempts.iter().enumerate().map(|(at, attempt)| attempt_view(at + 1, attempt, clock)).collect(),
        tried: !obligation.attempts.is_empty() || is_under_way(obligation),
        open_to_note: obligation.rung != Rung::Confirmed && !matches!(obligation.state, State::Standby { .. } | State::Released { .. }),
    }
}

fn rungs(obligation: &Obligation, clock: &PageClock) -> Vec<RungView> {
    let first = |fact: fn(&Evidence) -> Option<Timestamp>| obligation.attempts.iter().filter_map(|attempt| fact(&attempt.evidence)).min();
    let rung = |name, at: Option<Timestamp>| RungView { name, at: at.map(|at| clock.moment(at)) };
    let submitted = rung("submitted", first(|e| e.submitted));
    let confirmed = rung("confirmed", first(|e| e.confirmed.map(|(at, _)| at)).or(obligation.confirmed_at));
    match obligation.means {
        Means::Call => vec![
            submitted,
            rung("rang", first(|e| e.rang)),
            rung("voicemail", first(|e| e.voicemail)),
            rung("answered", first(|e| e.human)),
            confirmed,
        ],
        Means::Mail | Means::Text => vec![submitted, rung("delivered", first(|e| e.delivered)), confirmed],
    }
}

fn attempt_view(number: usize, attempt: &Attempt, clock: &PageClock) -> AttemptView {
    let answer = match attempt.answer.as_deref() {
        None => "being handed to the carrier",
        Some("accepted") => "taken by the carrier",
        Some("not_taken") => "not taken by the carrier",
        Some("not_found") => "the carrier has no trace of it",
        Some(_) => "the carrier's answer was lost",
    };
    let receipts = attempt.receipts.iter().map(|(at, kind)| (clock.moment(*at), receipt(kind))).collect();
    AttemptView { number, at: clock.moment(attempt.at), answer, receipts }
}

/// Where an obligation stands, and how that looks.
fn state_in_words(obligation: &Obligation, clock: &PageClock) -> (String, &'static str) {
    let at = |time| clock.moment(time).text().to_owned();
    match &obligation.state {
        State::Standby { until } => (format!("stands by until {}", at(*until)), "standby"),
        State::Waiting { next_at } => (waiting(obligation, *next_at, clock), "open"),
        State::InFlight { .. } => (in_flight(obligation).to_owned(), "open"),
        State::Satisfied { at: time, by: Satisfaction::Confirmed(by) } => {
            (format!("confirmed {} {}", at(*time), confirmed_by(*by)), "confirmed")
        }
        State::Satisfied { at: time, by: Satisfaction::ConfirmedElsewhere } => {
            (format!("confirmed {} on another way", at(*time)), "confirmed")
        }
        State::Satisfied { at: time, by: Satisfaction::Notified } => notified(obligation, *time, clock),
        State::Released { .. } => ("not needed: the school was reached".to_owned(), "standby"),
        State::Failed { reason, .. } => (failed(*reason, obligation.means).to_owned(), "failed"),
    }
}

fn notified(obligation: &Obligation, time: Timestamp, clock: &PageClock) -> (String, &'static str) {
    if let Some(confirmed) = obligation.confirmed_at {
        return (format!("confirmed {}", clock.moment(confirmed).text()), "confirmed");
    }
    let came_back =
        obligation.attempts.last().is_some_and(|attempt| matches!(attempt.evidence.ended, Some((_, End::Undelivered(_) | End::Failed(_)))));
    let verb = match obligation.means {
        Means::Mail => "mailed",
        Means::Call | Means::Text => "sent",
    };
    if came_back {
        return ("came back: it did not arrive".to_owned(), "failed");
    }
    (format!("{verb} {}, not confirmed", clock.moment(time).text()), "done")
}

fn waiting(obligation: &Obligation, next_at: Timestamp, clock: &PageClock) -> String {
    let verb = match obligation.means {
        Means::Call => "calls",
        Means::Mail => "mails",
        Means::Text => "texts",
    };
    let Some(last) = obligation.attempts.last() else {
        return if next_at <= clock.now { "its turn is next".to_owned() } else { format!("{verb} at {}", clock.moment(next_at).text()) };
    };
    let again =
        if next_at <= clock.now { format!("{verb} again now") } else { format!("{verb} again at {}", clock.moment(next_at).text()) };
    format!("{}; {again}", so_far(last))
}

/// What came of an attempt that confirmed nothing.
fn so_far(attempt: &Attempt) -> String {
    let evidence = &attempt.evidence;
    if evidence.voicemail.is_some() {
        return "voicemail left, not confirmed".to_owned();
    }
    if evidence.human.is_some() {
        return "answered, not confirmed".to_owned();
    }
    if evidence.fax.is_some() {
        return "a fax answered".to_owned();
    }
    if evidence.machine.is_some() {
        return "a machine answered".to_owned();
    }
    match (&evidence.ended, attempt.answer.as_deref()) {
        (Some((_, End::Completed)), _) => "answered, not confirmed".to_owned(),
        (Some((_, end)), _) => phrases::ended(end),
        (None, Some("not_taken")) => "the carrier did not take it".to_owned(),
        (None, Some("not_found")) => "the carrier has no trace of it".to_owned(),
        (None, _) => "no news".to_owned(),
    }
}

fn in_flight(obligation: &Obligation) -> &'static str {
    let Some(attempt) = obligation.attempts.last() else { return "starting" };
    let evidence = &attempt.evidence;
    match obligation.means {
        Means::Call if evidence.human.is_some() => "a person is on the line",
        Means::Call if evidence.voicemail.is_some() => "voicemail left, not confirmed",
        Means::Call if evidence.machine.is_some() => "a machine answered: leaving a voicemail",
        Means::Call if evidence.answered.is_some() => "picked up",
        Means::Call if evidence.rang.is_some() => "ringing",
        Means::Call | Means::Mail | Means::Text => match (attempt.answer.as_deref(), obligation.means) {
            (Some("accepted"), Means::Call) => "calling",
            (Some("accepted"), Means::Mail | Means::Text) => "sent",
            (Some("unknown"), _) => "the carrier's answer was lost: it is being asked",
            (_, _) => "starting",
        },
    }
}

fn confirmed_by(by: ConfirmedBy) -> &'static str {
    match by {
        ConfirmedBy::Keypad => "by keypad",
        ConfirmedBy::Pin => "by PIN",
        ConfirmedBy::CallBack => "by calling back",
        ConfirmedBy::Text => "by text",
        ConfirmedBy::Portal => "in the portal",
        ConfirmedBy::MailPage => "on the mail's page",
        ConfirmedBy::AnalystNote => "in person, noted by an analyst",
    }
}

fn failed(reason: FailedBecause, means: Means) -> &'static str {
    match (reason, means) {
        (FailedBecause::NobodyConfirmed, Means::Call) => "not reached: nobody confirmed. Call by hand",
        (FailedBecause::NobodyConfirmed, Means::Mail | Means::Text) => "nobody confirmed. Call by hand",
        (FailedBecause::AddressRefused, Means::Call) => "not reached: the number does not work. Call by hand",
        (FailedBecause::AddressRefused, Means::Mail | Means::Text) => "not sent: the address does not work",
        (FailedBecause::NoCarrier, _) => "not reached: no carrier took it. Call by hand",
        (FailedBecause::NotThem, _) => "not reached: the number is somebody else's. Call by hand",
        (FailedBecause::Returned, _) => "the mail came back",
        (FailedBecause::OptedOut, _) => "takes no texts any more",
        (FailedBecause::Restored, _) => "not known: restored from a backup. Ask, and tell by hand",
    }
}

fn receipt(kind: &ReceiptKind) -> String {
    match kind {
        ReceiptKind::Submitted => "submitted".to_owned(),
        ReceiptKind::Rang => "rang".to_owned(),
        ReceiptKind::Delivered => "delivered".to_owned(),
        ReceiptKind::Answered => "picked up".to_owned(),
        ReceiptKind::HumanAnswered => "a person answered".to_owned(),
        ReceiptKind::MachineAnswered => "a machine answered".to_owned(),
        ReceiptKind::FaxAnswered => "a fax answered".to_owned(),
        ReceiptKind::VoicemailLeft => "voicemail left".to_owned(),
        ReceiptKind::NotMe => "said that they are somebody else".to_owned(),
        ReceiptKind::WrongKey => "a wrong key was pressed".to_owned(),
        ReceiptKind::Confirmed(by) => format!("confirmed {}", confirmed_by(*by)),
        ReceiptKind::Ended(end) => format!("over: {}", phrases::ended(end)),
        ReceiptKind::Unrecognised(_) => "the carrier sent a status that is not known here".to_owned(),
    }
}

#[cfg(test)]
mod tests;
