//! `GET /search?q=`: a tip by its reference, as somebody reads it out on the phone.

use super::StaffSite;
use super::fault::Fault;
use super::frame::{self, Frame};
use super::guard::Member;
use crate::desk::drills::Hit;
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

pub(super) fn routes() -> Router<StaffSite> {
    Router::new().route("/search", get(find))
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "staff/search.html")]
struct Page {
    frame: Frame,
    typed: String,
}

async fn find(State(site): State<StaffSite>, Member(session): Member, Query(wanted): Query<Wanted>) -> Result<Response, Fault> {
    let typed = wanted.q.trim();
    match site.desk.find(typed).await? {
        Some(Hit::Tip(id)) => return Ok(Redirect::to(&format!("/tips/{id}")).into_response()),
        Some(Hit::Drill(id)) => return Ok(Redirect::to(&format!("/drills/{id}")).into_response()),
        None => {}
    }
    let status = if typed.is_empty() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    frame::page(status, &Page { frame: Frame::new(&site, &session, "search", "Find a tip", String::new()), typed: typed.to_owned() })
}
