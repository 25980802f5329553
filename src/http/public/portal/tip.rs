//! `GET /e/t/{reference}`: one report, its opening recorded; the forms on it; its safe copies; and the way to it from a mail's link.

use super::PortalSite;
use super::frame::{self, Frame, answer, clock};
use super::guard::{Member, Ours, Submitted};
use crate::http::staff::file;
use crate::portal::login::Enduser;
use crate::portal::view::{File, Mine, Said, Tip, Told};
use crate::portal::{LONGEST_NOTE, PortalError};
use crate::store::endusers::Did;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::level::Level;

/// Something said, as shown.
struct SaidView {
    at: String,
    words: String,
    missing: bool,
    files: Vec<FileView>,
}

/// A file, as shown.
enum FileView {
    Picture { id: String, width: u32, height: u32 },
    Words(&'static str),
}

/// Somebody told, as shown.
struct ToldView {
    who: String,
    organization: String,
    receipt: Option<String>,
}

/// A note, as shown.
struct NoteView {
    who: String,
    mine: bool,
    at: String,
    words: String,
}

/// What was typed and refused.
#[derive(Default)]
struct Draft {
    /// `note` or `feedback`.
    form: &'static str,
    why: String,
    words: String,
    did: Option<Did>,
}

#[derive(Template)]
#[template(path = "portal/tip.html")]
struct Page {
    frame: Frame,
    reference: String,
    title: String,
    drill: bool,
    closed: bool,
    level: &'static str,
    critical: bool,
    types: Vec<String>,
    school: Option<String>,
    received: String,
    told_at: String,
    asked: bool,
    confirmed: Option<String>,
    todo: Vec<&'static str>,
    summary: Option<String>,
    said: Vec<SaidView>,
    told: Vec<ToldView>,
    notes: Vec<NoteView>,
    choices: Vec<(&'static str, &'static str, bool)>,
    feedback_words: String,
    feedback_kept: Option<String>,
    feedback_asked: bool,
    longest: usize,
    draft: Draft,
}

pub(super) async fn show(State(site): State<PortalSite>, Member(who): Member, Path(reference): Path<String>) -> Response {
    match site.portal.open(&who, &reference).await {
        Ok(tip) => answer(StatusCode::OK, &page(&site, &who, tip, Draft::default())),
        Err(error) => frame::refused(Frame::of(&site, &who, "reports"), &error),
    }
}

/// `GET /e/r/{token}`: the link of a mail's receipt page, for somebody who would rather log in. Confirms nothing.
pub(super) async fn of_receipt(State(site): State<PortalSite>, Member(who): Member, Path(token): Path<String>) -> Response {
    match site.portal.reference_of_receipt(&token).await {
        Ok(reference) => Redirect::to(&format!("/e/t/{reference}")).into_response(),
        Err(error) => frame::refused(Frame::of(&site, &who, "reports"), &error),
    }
}

/// `POST /e/r/{token}`: the receipt page's button for somebody who is logged in as the person of its mail; nobody has to type its code then.
/// The receipt page knows no session's secret, so here the browser itself must say that the form is ours.
pub(super) async fn confirm_receipt(State(site): State<PortalSite>, Path(token): Path<String>, Ours(Member(who)): Ours) -> Response {
    let frame = Frame::of(&site, &who, "reports");
    match site.portal.confirm_receipt(&who, &token).await {
        Ok(reference) => Redirect::to(&format!("/e/t/{reference}#receipt")).into_response(),
        Err(error) => frame::refused(frame, &error),
    }
}

pub(super) async fn confirm(State(site): State<PortalSite>, Path(reference): Path<String>, form: Submitted) -> Response {
    let done = site.portal.confirm(&form.who, &reference).await;
    finish(&site, &form.who, &reference, "receipt", done, Draft { form: "confirm", ..Draft::default() }).await
}

pub(super) async fn note(State(site): State<PortalSite>, Path(reference): Path<String>, form: Submitted) -> Response {
    let words = form.fields.text("words");
    let done = site.portal.note(&form.who, &reference, &words).await;
    finish(&site, &form.who, &reference, "notes", done, Draft { form: "note", words, ..Draft::default() }).await
}

pub(super) async fn feedback(State(site): State<PortalSite>, Path(reference): Path<String>, form: Submitted) -> Response {
    let (did, words) = (Did::parse(form.fields.get("did")), form.fields.text("words"));
    let done = site.portal.feedback(&form.who, &reference, did, &words).await;
    finish(&site, &form.who, &reference, "feedback", done, Draft { form: "feedback", words, did, ..Draft::default() }).await
}

/// Back to the page, or the page again with the reason beside the form and what was typed.
async fn finish(site: &PortalSite, who: &Enduser, reference: &str, place: &str, done: Result<(), PortalError>, draft: Draft) -> Response {
    let frame = Frame::of(site, who, "reports");
    let t = &frame.t.tip;
    let why = match done {
        Ok(()) => return Redirect::to(&format!("/e/t/{reference}#{place}")).into_response(),
        Err(PortalError::Empty) => t.empty.to_owned(),
        Err(PortalError::NoChoice) => t.no_choice.to_owned(),
        Err(PortalError::TooLong(long)) => (t.too_long)(long, LONGEST_NOTE),
        Err(PortalError::TooMany) => t.too_many.to_owned(),
        Err(PortalError::NothingToConfirm) => t.nothing_to_confirm.to_owned(),
        Err(error) => return frame::refused(frame, &error),
    };
    match site.portal.open(who, reference).await {
        Ok(tip) => answer(StatusCode::UNPROCESSABLE_ENTITY, &page(site, who, tip, Draft { why, ..draft })),
        Err(error) => frame::refused(frame, &error),
    }
}

/// `GET /e/t/{reference}/files/{file}`: a safe copy.
pub(super) async fn file(
    State(site): State<PortalSite>,
    Member(who): Member,
    Path((reference, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    match site.portal.copy(&who, &reference, &id).await {
        Ok(copy) => file::shown(copy, range),
        Err(error) => frame::refused(Frame::of(&site, &who, "reports"), &error),
    }
}

fn page(site: &PortalSite, who: &Enduser, tip: Tip, draft: Draft) -> Page {
    let frame = Frame::of(site, who, "reports");
    let (t, language) = (frame.t, frame.language);
    let at = |time| clock(site, time, language);
    let did = draft.did.or(tip.feedback.as_ref().map(|(did, ..)| *did));
    let typed = draft.form == "feedback";
    Page {
        title: (t.tip.title)(&tip.reference),
        drill: tip.drill,
        closed: tip.closed,
        level: (t.level)(tip.level),
        critical: tip.level == Level::Critical,
        types: tip.types.clone(),
        school: tip.school.clone(),
        received: at(tip.received_at),
        told_at: at(tip.told_at),
        asked: tip.mine == Mine::Asked,
        confirmed: match tip.mine {
            Mine::Confirmed(time) => Some((t.tip.confirmed)(&at(time))),
            Mine::Asked | Mine::NotAsked => None,
        },
        todo: todo(&frame, &tip),
        summary: tip.summary.as_ref().map(|words| words.reveal().to_owned()),
        said: tip.said.iter().map(|said| said_view(site, &frame, said)).collect(),
        told: tip.told.iter().map(|told| told_view(site, &frame, told)).collect(),
        notes: tip
            .notes
            .iter()
            .map(|note| NoteView {
                who: match (&note.who, note.mine) {
                    (_, true) => t.tip.you.to_owned(),
                    (Some((role, organization)), false) => format!("{role} · {organization}"),
                    (None, false) => t.tip.analyst.to_owned(),
                },
                mine: note.mine,
                at: at(note.at),
                words: note.words.reveal().to_owned(),
            })
            .collect(),
        choices: Did::ALL.into_iter().map(|one| (one.as_str(), (t.did)(one), did == Some(one))).collect(),
        feedback_words: match &tip.feedback {
            _ if typed => draft.words.clone(),
            Some((_, words, _)) => words.reveal().to_owned(),
            None => String::new(),
        },
        feedback_kept: tip.feedback.as_ref().map(|(_, _, time)| (t.tip.feedback_kept)(&at(*time))),
        feedback_asked: tip.feedback_asked && tip.feedback.is_none(),
        longest: LONGEST_NOTE,
        reference: tip.reference,
        frame,
        draft,
    }
}

/// What is asked of the reader, most urgent first.
fn todo(frame: &Frame, tip: &Tip) -> Vec<&'static str> {
    let t = &frame.t.tip;
    if tip.drill {
        return vec![t.act_drill];
    }
    let act = match tip.level {
        Level::Critical => t.act_critical,
        Level::Standard => t.act_standard,
        Level::Other => t.act_other,
    };
    let marks = [
        (tip.marks.in_progress, t.in_progress),
        (true, act),
        (tip.out_of_session, t.out_of_session),
        (tip.marks.safety_issue, t.safety_issue),
        (tip.marks.possible_crime, t.possible_crime),
    ];
    marks.into_iter().filter(|(stands, _)| *stands).map(|(_, words)| words).collect()
}

fn said_view(site: &PortalSite, frame: &Frame, said: &Said) -> SaidView {
    let t = &frame.t.tip;
    let view = |file: &File| match file {
        File::Picture(id, width, height) => FileView::Picture { id: id.to_string(), width: *width, height: *height },
        File::Sound => FileView::Words(t.recording),
        File::Coming => FileView::Words(t.file_coming),
        File::NotShown => FileView::Words(t.file_not_shown),
    };
    SaidView {
        at: clock(site, said.at, frame.language),
        words: said.words.reveal().to_owned(),
        missing: said.missing,
        files: said.files.iter().map(view).collect(),
    }
}

fn told_view(site: &PortalSite, frame: &Frame, told: &Told) -> ToldView {
    let receipt = told.confirmed.map(|(time, by)| {
        let at = clock(site, time, frame.language);
        by.map_or_else(|| at.clone(), |by| format!("{at}, {}", (frame.t.by)(by)))
    });
    ToldView { who: told.role.clone(), organization: told.organization.clone(), receipt }
}
