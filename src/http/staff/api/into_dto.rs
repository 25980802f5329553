//! From the desk's views to the API's shapes.

use super::dto;
use crate::desk::{PlanShown, view};
use crate::http::staff::phrases;
use crate::store::rows::{AttachmentState, SafeCopy};
use domain::conversation::triage;
use domain::dispatch::delivery::Delivery;
use domain::dispatch::evidence::{ConfirmedBy, ReceiptKind, Rung};
use domain::dispatch::obligation::{FailedBecause, Satisfaction, State};
use domain::dispatch::plan::{Start, Step};
use domain::id::ConversationId;
use jiff::Timestamp;

fn time(at: Timestamp) -> String {
    at.to_string()
}
fn maybe(at: Option<Timestamp>) -> Option<String> {
    at.map(time)
}

pub(super) fn inbox(inbox: view::Inbox) -> dto::Inbox {
    let counts = inbox.counts;
    let counts = dto::Counts {
        open: counts.open,
        unsorted: counts.unsorted,
        mine: counts.mine,
        underway: counts.underway,
        press: counts.press,
        closed: counts.closed,
    };
    let (page, more, now) = (inbox.page, inbox.more, time(inbox.now));
    dto::Inbox { tips: inbox.tips.into_iter().map(line).collect(), counts, page, more, now }
}

fn line(line: view::TipLine) -> dto::TipLine {
    dto::TipLine {
        id: line.id.to_string(),
        reference: line.reference,
        alias: line.alias,
        channel: line.channel.as_str().to_owned(),
        level: line.level.map(|level| level.as_str().to_owned()),
        school: line.school,
        first_words: line.first_words.reveal().to_owned(),
        claimed_by: line.claimed_by,
        unread: line.unread,
        way_back: line.way_back.as_str().to_owned(),
        received_at: time(line.received_at),
        deadline: maybe(line.deadline),
        open_obligations: line.open_obligations,
        confirmed: line.confirmed,
        breached: line.breached,
        open_tasks: line.open_tasks,
        attention: line.attention.iter().map(|mark| mark.as_str().to_owned()).collect(),
        state: line.state.as_str().to_owned(),
        alike: line.alike,
        like: line.like.map(|id| id.to_string()),
        new_facts: line.new_facts.reveal().to_owned(),
    }
}

pub(super) fn tip(tip: view::Tip) -> dto::Tip {
    dto::Tip {
        id: tip.id.to_string(),
        version: tip.version,
        reference: tip.reference,
        alias: tip.alias,
        channel: tip.channel.as_str().to_owned(),
        state: tip.state.as_str().to_owned(),
        way_back: tip.way_back.as_str().to_owned(),
        received_at: time(tip.received_at),
        triaged_at: maybe(tip.triaged_at),
        dispatched_at: maybe(tip.dispatched_at),
        deadline: maybe(tip.deadline),
        claimed_by: tip.claimed_by.map(|(_, name)| name),
        triage: sorted(&tip.triage),
        school_name: tip.school_name,
        messages: tip.messages.into_iter().map(|one| message(tip.id, one)).collect(),
        notes: tip.notes.into_iter().map(note).collect(),
        enduser_notes: tip.enduser_notes.into_iter().map(enduser_note).collect(),
        feedback: tip.feedback.into_iter().map(feedback).collect(),
        dispatches: tip.dispatches.into_iter().map(dispatch).collect(),
        tasks: tip.tasks.into_iter().map(task).collect(),
        attention: tip.attention.iter().map(|mark| mark.as_str().to_owned()).collect(),
        news: tip.news.map_or(0, |news| news.count),
        news_told_at: maybe(tip.news.map(|news| news.told_at)),
    }
}

fn sorted(triage: &triage::Triage) -> dto::Triage {
    let marks = triage.marks;
    dto::Triage {
        types: triage.types.iter().map(ToString::to_string).collect(),
        level: triage.level.map(|level| level.as_str().to_owned()),
        school: triage.school.as_ref().map(ToString::to_string),
        marks: dto::Marks {
            in_progress: marks.in_progress,
            possible_crime: marks.possible_crime,
            safety_issue: marks.safety_issue,
            about_self: marks.about_self,
            media_request: marks.media_request,
            legal_request: marks.legal_request,
        },
    }
}

pub(super) fn message(tip: ConversationId, message: view::Message) -> dto::Message {
    let (author, author_name) = match message.author {
        view::Author::Reporter => ("reporter", None),
        view::Author::Staff(name) => ("staff", Some(name)),
        view::Author::System => ("system", None),
    };
    dto::Message {
        id: message.id.to_string(),
        seq: message.seq,
        author: author.to_owned(),
        author_name,
        channel: message.channel.as_str().to_owned(),
        text: message.words.reveal().to_owned(),
        at: time(message.at),
        nature: message.nature.as_str().to_owned(),
        missing: message.missing,
        attachments: message.attachments.into_iter().map(|file| attachment(tip, file)).collect(),
        media_dropped: message.media_dropped,
        delivery: message.delivery.as_ref().map(delivery),
    }
}

fn attachment(tip: ConversationId, file: view::Attachment) -> dto::Attachment {
    let mut shown = dto::Attachment {
        id: file.id.to_string(),
        content_type: file.content_type,
        role: file.role.as_str().to_owned(),
        state: String::new(),
        kind: None,
        bytes: None,
        copy: None,
        why: None,
    };
    let (state, copy) = match file.state {
        AttachmentState::Waiting { .. } => ("waiting", None),
        AttachmentState::Lost { why } => {
            shown.why = Some(why);
            ("lost", None)
        }
        AttachmentState::Kept { kind, bytes, copy } => {
            (shown.kind, shown.bytes) = (Some(kind), Some(bytes));
            ("kept", Some(copy))
        }
    };
    shown.state = state.to_owned();
    match copy {
        None | Some(SafeCopy::Pending) => {}
        Some(SafeCopy::Impossible { why }) => shown.why = Some(why),
        Some(SafeCopy::Ready { kind, bytes, width, height }) => {
            shown.copy = Some(dto::ShownCopy { url: format!("/api/v1/tips/{tip}/files/{}", file.id), kind, bytes, width, height });
        }
    }
    shown
}

fn delivery(delivery: &Delivery) -> dto::Delivery {
    let (state, at, reason) = match delivery {
        Delivery::Waiting { next_at, .. } => ("waiting", *next_at, None),
        Delivery::InFlight { since, .. } => ("in_flight", *since, None),
        Delivery::Sent { at, .. } => ("sent", *at, None),
        Delivery::Kept { since } => ("kept", *since, None),
        Delivery::Delivered { at } => ("delivered", *at, None),
        Delivery::Unconfirmed { at } => ("unconfirmed", *at, None),
        Delivery::Unknown { at } => ("unknown", *at, None),
        Delivery::Failed { at, end } => ("failed", *at, Some(phrases::ended(end))),
    };
    dto::Delivery { state: state.to_owned(), at: time(at), reason }
}

fn enduser_note(note: view::EnduserNote) -> dto::EnduserNote {
    dto::EnduserNote { author: note.who, by_staff: note.by_staff, at: time(note.at), text: note.words.reveal().to_owned() }
}

fn feedback(one: view::Feedback) -> dto::Feedback {
    dto::Feedback { author: one.who, did: one.did.as_str().to_owned(), at: time(one.at), text: one.words.reveal().to_owned() }
}

fn note(note: view::Note) -> dto::Note {
    dto::Note { author: note.author, at: time(note.at), kind: note.kind.as_str().to_owned(), text: note.words.reveal().to_owned() }
}

pub(super) fn dispatch(dispatch: view::Dispatch) -> dto::Dispatch {
    dto::Dispatch {
        id: dispatch.id.to_string(),
        purpose: dispatch.purpose.as_str().to_owned(),
        left_out: dispatch.left_out,
        level: dispatch.level.as_str().to_owned(),
        started_at: time(dispatch.started_at),
        started_by: dispatch.started_by,
        due_at: time(dispatch.due_at),
        obligations: dispatch.obligations.into_iter().map(obligation).collect(),
    }
}

fn obligation(obligation: view::Obligation) -> dto::Obligation {
    let (state, detail, at) = state(&obligation.state);
    dto::Obligation {
        id: obligation.id.to_string(),
        organization: obligation.organization,
        kind: obligation.kind.as_str().to_owned(),
        person: obligation.person,
        role: obligation.role,
        means: obligation.means.as_str().to_owned(),
        due_at: time(obligation.due_at),
        state: state.to_owned(),
        state_detail: detail.map(str::to_owned),
        state_at: time(at),
        rung: rung(obligation.rung).to_owned(),
        first_attempt_at: maybe(obligation.first_attempt_at),
        confirmed_at: maybe(obligation.confirmed_at),
        breached_at: maybe(obligation.breached_at),
        attempts: obligation.attempts.into_iter().map(attempt).collect(),
    }
}

fn state(state: &State) -> (&'static str, Option<&'static str>, Timestamp) {
    match state {
        State::Standby { until } => ("standby", None, *until),
        State::Waiting { next_at } => ("waiting", None, *next_at),
        State::InFlight { check_at, .. } => ("in_flight", None, *check_at),
        State::Satisfied { at, by: Satisfaction::Confirmed(by) } => ("satisfied", Some(confirmed_by(*by)), *at),
        State::Satisfied { at, by: Satisfaction::ConfirmedElsewhere } => ("satisfied", Some("elsewhere"), *at),
        State::Satisfied { at, by: Satisfaction::Notified } => ("satisfied", Some("notified"), *at),
        State::Released { at } => ("released", None, *at),
        State::Failed { at, reason } => ("failed", Some(failed(*reason)), *at),
    }
}

fn confirmed_by(by: ConfirmedBy) -> &'static str {
    match by {
        ConfirmedBy::Keypad => "keypad",
        ConfirmedBy::Pin => "pin",
        ConfirmedBy::CallBack => "call_back",
        ConfirmedBy::Text => "text",
        ConfirmedBy::Portal => "portal",
        ConfirmedBy::MailPage => "mail_page",
        ConfirmedBy::AnalystNote => "analyst_note",
    }
}

fn failed(reason: FailedBecause) -> &'static str {
    match reason {
        FailedBecause::NobodyConfirmed => "nobody_confirmed",
        FailedBecause::AddressRefused => "address_refused",
        FailedBecause::NoCarrier => "no_carrier",
        FailedBecause::NotThem => "not_them",
        FailedBecause::Returned => "returned",
        FailedBecause::OptedOut => "opted_out",
        FailedBecause::Restored => "restored",
    }
}

fn rung(rung: Rung) -> &'static str {
    match rung {
        Rung::None => "none",
        Rung::Submitted => "submitted",
        Rung::Rang => "rang",
        Rung::Voicemail => "voicemail",
        Rung::HumanAnswered => "human_answered",
        Rung::Confirmed => "confirmed",
    }
}

fn attempt(attempt: view::Attempt) -> dto::Attempt {
    dto::Attempt {
        id: attempt.id.to_string(),
        at: time(attempt.at),
        lane: attempt.lane.to_string(),
        answer: attempt.answer,
        rung: rung(attempt.evidence.rung()).to_owned(),
        receipts: attempt.receipts.iter().map(|(at, kind)| receipt(*at, kind)).collect(),
    }
}

fn receipt(at: Timestamp, kind: &ReceiptKind) -> dto::Receipt {
    let (kind, detail) = match kind {
        ReceiptKind::Submitted => ("submitted", None),
        ReceiptKind::Rang => ("rang", None),
        ReceiptKind::Delivered => ("delivered", None),
        ReceiptKind::Answered => ("answered", None),
        ReceiptKind::HumanAnswered => ("human_answered", None),
        ReceiptKind::MachineAnswered => ("machine_answered", None),
        ReceiptKind::FaxAnswered => ("fax_answered", None),
        ReceiptKind::VoicemailLeft => ("voicemail_left", None),
        ReceiptKind::NotMe => ("not_me", None),
        ReceiptKind::WrongKey => ("wrong_key", None),
        ReceiptKind::Confirmed(by) => ("confirmed", Some(confirmed_by(*by).to_owned())),
        ReceiptKind::Ended(end) => ("ended", Some(phrases::ended(end))),
        ReceiptKind::Unrecognised(_) => ("unrecognised", None),
    };
    dto::Receipt { at: time(at), kind: kind.to_owned(), detail }
}

pub(super) fn task(task: view::Task) -> dto::Task {
    dto::Task {
        id: task.id.to_string(),
        tip: task.conversation.to_string(),
        what: task.what,
        kind: task.kind.as_str().to_owned(),
        created_at: time(task.created_at),
        due_at: maybe(task.due_at),
    }
}

pub(super) fn plan(shown: PlanShown) -> dto::Plan {
    let plan = shown.plan;
    dto::Plan {
        fingerprint: shown.fingerprint,
        take_a_summary: shown.take_a_summary,
        level: plan.level.as_str().to_owned(),
        school: plan.school.to_string(),
        due_at: time(plan.due_at),
        steps: plan.steps.into_iter().map(step).collect(),
        notes: plan.notes,
    }
}

fn step(step: Step) -> dto::Step {
    dto::Step {
        organization: step.organization.to_string(),
        organization_name: step.organization_name,
        kind: step.kind.as_str().to_owned(),
        person_key: step.person.to_string(),
        person: step.person_name,
        role: step.role,
        means: step.means.as_str().to_owned(),
        says: step.says,
        due_at: time(step.due_at),
        standby_until: match step.start {
            Start::Now(_) => None,
            Start::Standby(until) => Some(time(until)),
        },
    }
}

pub(super) fn timeline(entry: view::TimelineEntry) -> dto::TimelineEntry {
    dto::TimelineEntry { seq: entry.seq, at: time(entry.at), who: entry.who, sentence: entry.sentence }
}
