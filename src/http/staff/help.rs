//! `GET /help`: the keys, the words, and what happens by itself.

use super::StaffSite;
use super::fault::Fault;
use super::frame::{self, Frame};
use super::guard::Member;
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

pub(super) fn routes() -> Router<StaffSite> {
    Router::new().route("/help", get(show))
}

#[derive(Template)]
#[template(path = "staff/help.html")]
struct Page {
    frame: Frame,
}

async fn show(State(site): State<StaffSite>, Member(session): Member) -> Result<Response, Fault> {
    frame::page(StatusCode::OK, &Page { frame: Frame::new(&site, &session, "help", "Help", String::new()) })
}
