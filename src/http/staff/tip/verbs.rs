//! The tip page's short forms: answer, assessment, note, taking it, closing it.

use super::draft::Draft;
use super::{back, id, page};
use crate::desk::Closing;
use crate::http::staff::StaffSite;
use crate::http::staff::fault::Fault;
use crate::http::staff::fields::Fields;
use crate::http::staff::guard::Submitted;
use crate::store::rows::NoteKind;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::sealed::Words;

pub(super) async fn reply(State(site): State<StaffSite>, Path(tip): Path<String>, form: Submitted) -> Result<Response, Fault> {
    let (tip, text) = (id(&tip)?, form.fields.text("text"));
    match site.desk.reply(&form.session.staff, tip, Words::new(text.clone())).await {
        Ok(_) => Ok(back(tip, "answer")),
        Err(refused) => page::refused(&site, &form.session, tip, refused, Draft::with("reply", text)).await,
    }
}

pub(super) async fn assess(state: State<StaffSite>, path: Path<String>, form: Submitted) -> Result<Response, Fault> {
    write(state, path, form, NoteKind::Assessment, "assess").await
}

pub(super) async fn note(state: State<StaffSite>, path: Path<String>, form: Submitted) -> Result<Response, Fault> {
    write(state, path, form, NoteKind::Note, "note").await
}

async fn write(
    State(site): State<StaffSite>,
    Path(tip): Path<String>,
    form: Submitted,
    kind: NoteKind,
    name: &str,
) -> Result<Response, Fault> {
    let (tip, text) = (id(&tip)?, form.fields.text("text"));
    match site.desk.note(&form.session.staff, tip, kind, Words::new(text.clone())).await {
        Ok(()) => Ok(back(tip, name)),
        Err(refused) => page::refused(&site, &form.session, tip, refused, Draft::with(name, text)).await,
    }
}

/// A note to those who were told.
pub(super) async fn enduser_note(State(site): State<StaffSite>, Path(tip): Path<String>, form: Submitted) -> Result<Response, Fault> {
    let (tip, text) = (id(&tip)?, form.fields.text("text"));
    match site.desk.note_to_endusers(&form.session.staff, tip, Words::new(text.clone())).await {
        Ok(()) => Ok(back(tip, "endusers")),
        Err(refused) => page::refused(&site, &form.session, tip, refused, Draft::with("enduser-note", text)).await,
    }
}

pub(super) async fn claim(State(site): State<StaffSite>, Path(tip): Path<String>, form: Submitted) -> Result<Response, Fault> {
    let tip = id(&tip)?;
    match site.desk.claim(&form.session.staff, tip).await {
        Ok(()) => Ok(back(tip, "main")),
        Err(refused) => page::refused(&site, &form.session, tip, refused, Draft::of("claim")).await,
    }
}

pub(super) async fn close(State(site): State<StaffSite>, Path(tip): Path<String>, form: Submitted) -> Result<Response, Fault> {
    let (tip, closing) = (id(&tip)?, closing(&form.fields));
    match site.desk.close(&form.session.staff, tip, &closing).await {
        Ok(()) => Ok(Redirect::to("/").into_response()),
        Err(refused) => {
            let text = closing.reason.clone();
            page::refused(&site, &form.session, tip, refused, Draft { closing: Some(closing), ..Draft::with("close", text) }).await
        }
    }
}

fn closing(fields: &Fields) -> Closing {
    Closing {
        reason: fields.text("reason"),
        referral: match fields.get("referral") {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
        referral_note: fields.text("referral_note"),
        police_told: fields.text("police_told"),
    }
}

/// Tells those who were told that there is news, now.
pub(super) async fn news(State(site): State<StaffSite>, Path(tip): Path<String>, form: Submitted) -> Result<Response, Fault> {
    let tip = id(&tip)?;
    match site.desk.tell_news(&form.session.staff, tip).await {
        Ok(()) => Ok(back(tip, "told")),
        Err(refused) => page::refused(&site, &form.session, tip, refused, Draft::of("news")).await,
    }
}

/// The tip is about something else than what it was found like.
pub(super) async fn take_out(State(site): State<StaffSite>, Path(tip): Path<String>, form: Submitted) -> Result<Response, Fault> {
    let tip = id(&tip)?;
    match site.desk.take_out(&form.session.staff, tip).await {
        Ok(()) => Ok(back(tip, "main")),
        Err(refused) => page::refused(&site, &form.session, tip, refused, Draft::of("take-out")).await,
    }
}
