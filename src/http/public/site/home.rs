//! `GET /`: what this is, the ways in, 911 and 988.

use super::frame::answer;
use super::{Frame, Here, Number, Place};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

#[derive(Template)]
#[template(path = "public/home.html")]
struct Page {
    frame: Frame,
    text: Option<Number>,
    call: Option<Number>,
}

pub(super) async fn show(State(here): State<Here>) -> Response {
    let facts = &here.site.facts;
    let page = Page { frame: here.frame(Place::Home), text: facts.text_number.clone(), call: facts.call_number.clone() };
    answer(StatusCode::OK, &page)
}
