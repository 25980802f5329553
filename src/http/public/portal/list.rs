//! `GET /e`: the reports of somebody's organizations, newest first; `GET /e/find`: one by its reference.

use super::PortalSite;
use super::frame::{self, Frame, answer, clock, trouble};
use super::guard::Member;
use crate::portal::list::MOST_PAGES;
use crate::portal::login::Enduser;
use crate::portal::view::Line;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use domain::conversation::reference::Reference;
use domain::level::Level;

/// One line as shown.
struct LineView {
    reference: String,
    organizations: String,
    level: &'static str,
    critical: bool,
    told: String,
    receipt: String,
    asked: bool,
    new: bool,
    closed: bool,
}

#[derive(Template)]
#[template(path = "portal/list.html")]
struct Page {
    frame: Frame,
    tips: Vec<LineView>,
    drills: Vec<LineView>,
    newer: Option<String>,
    older: Option<String>,
}

pub(super) async fn show(State(site): State<PortalSite>, Member(who): Member, RawQuery(query): RawQuery) -> Response {
    let page: u32 = field(query.as_deref(), "page").and_then(|text| text.parse().ok()).unwrap_or(0).min(MOST_PAGES);
    let list = match site.portal.list(&who, page).await {
        Ok(list) => list,
        Err(error) => return frame::refused(Frame::of(&site, &who, "reports"), &error),
    };
    let views = |lines: Vec<Line>| lines.into_iter().map(|line| view(&site, &who, line)).collect();
    let newer = match page {
        0 => None,
        1 => Some("/e".to_owned()),
        page => Some(format!("/e?page={}", page - 1)),
    };
    let older = (list.more && page < MOST_PAGES).then(|| format!("/e?page={}", page + 1));
    let page = Page { frame: Frame::of(&site, &who, "reports"), tips: views(list.tips), drills: views(list.drills), newer, older };
    answer(StatusCode::OK, &page)
}

fn view(site: &PortalSite, who: &Enduser, line: Line) -> LineView {
    let frame = Frame::of(site, who, "");
    let (t, language) = (&frame.t.list, frame.language);
    LineView {
        receipt: match &line.confirmed {
            Some((role, at)) => (t.confirmed)(role, &clock(site, *at, language)),
            None => t.nobody.to_owned(),
        },
        told: (t.told)(&clock(site, line.told_at, language)),
        level: (frame.t.level)(line.level),
        critical: line.level == Level::Critical,
        organizations: line.organizations.join(", "),
        reference: line.reference,
        asked: line.asked,
        new: line.new,
        closed: line.closed,
    }
}

/// A field to find a report by its reference; what cannot be one is not there.
pub(super) async fn find(State(site): State<PortalSite>, Member(who): Member, RawQuery(query): RawQuery) -> Response {
    match field(query.as_deref(), "reference").as_deref().and_then(Reference::parse) {
        Some(reference) => Redirect::to(&format!("/e/t/{}", reference.as_str())).into_response(),
        None => {
            let frame = Frame::of(&site, &who, "reports");
            let words = (frame.t.trouble.not_here, frame.t.trouble.not_here_help);
            trouble(frame, StatusCode::NOT_FOUND, words, Vec::new())
        }
    }
}

/// An address used in a way that it is not for.
pub(super) async fn elsewhere(State(site): State<PortalSite>, headers: HeaderMap) -> Response {
    let frame = Frame::nobodys(&site, frame::language(None, &headers));
    let words = (frame.t.trouble.foreign, frame.t.trouble.foreign_help);
    trouble(frame, StatusCode::METHOD_NOT_ALLOWED, words, Vec::new())
}

fn field(query: Option<&str>, name: &str) -> Option<String> {
    form_urlencoded::parse(query?.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
