//! `GET /e/pin`: whether somebody has a PIN. `POST /e/pin`: draws a new one and shows it, once.

use super::PortalSite;
use super::frame::{self, Frame, answer, clock};
use super::guard::{Member, Submitted};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

#[derive(Template)]
#[template(path = "portal/pin.html")]
struct Page {
    frame: Frame,
    since: Option<String>,
    drawn: Option<String>,
}

pub(super) async fn show(State(site): State<PortalSite>, Member(who): Member) -> Response {
    let frame = Frame::of(&site, &who, "pin");
    match site.portal.pin_since(&who).await {
        Ok(since) => {
            let since = since.map(|at| clock(&site, at, frame.language));
            answer(StatusCode::OK, &Page { frame, since, drawn: None })
        }
        Err(error) => frame::refused(frame, &error),
    }
}

pub(super) async fn draw(State(site): State<PortalSite>, form: Submitted) -> Response {
    let frame = Frame::of(&site, &form.who, "pin");
    match site.portal.new_pin(&form.who).await {
        Ok(pin) => answer(StatusCode::OK, &Page { frame, since: None, drawn: Some(pin.spaced()) }),
        Err(error) => frame::refused(frame, &error),
    }
}
