//! `GET /tips/{id}/dispatch`: the preview, step by step. `POST /tips/{id}/dispatch`: tells them.

use super::plan::PlanView;
use crate::desk::DeskError;
use crate::http::staff::StaffSite;
use crate::http::staff::fault::Fault;
use crate::http::staff::frame::{self, Frame};
use crate::http::staff::guard::{Member, Submitted};
use crate::http::staff::moment::PageClock;
use crate::http::staff::tip::{self, draft::Draft};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

#[derive(Template)]
#[template(path = "staff/dispatch.html")]
struct Page {
    frame: Frame,
    tip: String,
    reference: String,
    alias: String,
    school: String,
    version: i64,
    told_before: bool,
    plan: Option<PlanView>,
    cannot: String,
}

pub(in crate::http::staff) async fn preview(
    State(site): State<StaffSite>,
    Member(session): Member,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let id = tip::id(&id)?;
    let shown = site.desk.tip(&session.staff, id, false).await?;
    let clock = PageClock { now: shown.now, zone: site.zone.clone() };
    let (plan, cannot) = match site.desk.plan(id).await {
        Ok(plan) => (Some(PlanView::new(&plan, &clock)), String::new()),
        Err(DeskError::Plan(why)) => (None, why.to_string()),
        Err(other) => return Err(other.into()),
    };
    let page = Page {
        frame: Frame::new(&site, &session, "dispatch", format!("Who will be told · {}", shown.reference), id.to_string()),
        tip: id.to_string(),
        reference: shown.reference,
        alias: shown.alias,
        school: shown.school_name.unwrap_or_default(),
        version: shown.version,
        told_before: !shown.dispatches.is_empty(),
        plan,
        cannot,
    };
    frame::page(StatusCode::OK, &page)
}

pub(in crate::http::staff) async fn start(
    State(site): State<StaffSite>,
    Path(id): Path<String>,
    form: Submitted,
) -> Result<Response, Fault> {
    let id = tip::id(&id)?;
    let version = tip::version(&form.fields)?;
    match site.desk.dispatch(&form.session.staff, id, version).await {
        Ok(_) => Ok(tip::back(id, "told")),
        Err(refused) => tip::page::refused(&site, &form.session, id, refused, Draft::of("dispatch")).await,
    }
}
