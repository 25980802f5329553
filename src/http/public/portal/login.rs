//! Logging in and out: `POST /e/login` with an address, `POST /e/code` with what came to it, `POST /e/logout`.
//!
//! The page that asks for the code is the same whatever was typed. The address itself goes into no page, URL or field.

use super::frame::{self, Frame, answer};
use super::guard::{Anonymous, Submitted, asked};
use super::phrases;
use super::{PortalSite, cookie};
use crate::portal::PortalError;
use crate::portal::code::MINUTES;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::language::Language;

/// The longest way that a login leads to, in bytes.
const LONGEST_NEXT: usize = 300;

/// A language that can be chosen.
struct Choice {
    tag: &'static str,
    name: &'static str,
    current: bool,
}

#[derive(Template)]
#[template(path = "portal/login.html")]
struct Page {
    frame: Frame,
    next: String,
    choices: Vec<Choice>,
    refusal: Option<&'static str>,
    done: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "portal/code.html")]
struct CodePage {
    frame: Frame,
    next: String,
    id: String,
    minutes: u32,
    refusal: Option<&'static str>,
}

/// The login page; `wanted` is where it leads.
pub(super) fn page(site: &PortalSite, status: StatusCode, language: Language, wanted: &str, refusal: Option<&'static str>) -> Response {
    answer(status, &login(site, language, wanted, refusal))
}

fn login(site: &PortalSite, language: Language, wanted: &str, refusal: Option<&'static str>) -> Page {
    let choice = |one: Language| Choice { tag: one.tag(), name: phrases::own_name(one), current: one == language };
    let choices = Language::ALL.into_iter().map(choice).collect();
    Page { frame: Frame::nobodys(site, language), next: safe_next(wanted).to_owned(), choices, refusal, done: None }
}

/// `GET` of a form's address: somebody went back, or typed it.
pub(super) async fn show(State(site): State<PortalSite>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    page(&site, StatusCode::OK, frame::language(asked(query.as_deref()).as_deref(), &headers), "", None)
}

/// `POST /e/login`: wants a code.
pub(super) async fn ask(State(site): State<PortalSite>, form: Anonymous) -> Response {
    let next = form.fields.get("next");
    match site.portal.ask(form.fields.get("address")) {
        Ok(id) => code_page(&site, StatusCode::OK, form.language, next, id.to_string(), None),
        Err(_) => {
            let busy = phrases::of(form.language).login.busy;
            page(&site, StatusCode::SERVICE_UNAVAILABLE, form.language, next, Some(busy))
        }
    }
}

fn code_page(site: &PortalSite, status: StatusCode, language: Language, next: &str, id: String, refusal: Option<&'static str>) -> Response {
    let next = safe_next(next).to_owned();
    answer(status, &CodePage { frame: Frame::nobodys(site, language), next, id, minutes: MINUTES, refusal })
}

/// `POST /e/code`: the code opens a session.
pub(super) async fn enter(State(site): State<PortalSite>, form: Anonymous) -> Response {
    let (next, id) = (form.fields.get("next"), form.fields.get("id"));
    let t = &phrases::of(form.language).login;
    let again = |status, why| code_page(&site, status, form.language, next, id.chars().take(32).collect(), Some(why));
    match site.portal.enter(id, form.fields.get("code")).await {
        Ok(token) => ([(header::SET_COOKIE, cookie::begin(&site, &token))], Redirect::to(safe_next(next))).into_response(),
        Err(PortalError::WrongCode) => again(StatusCode::UNPROCESSABLE_ENTITY, t.wrong),
        Err(PortalError::Busy) => again(StatusCode::SERVICE_UNAVAILABLE, t.busy),
        Err(other) => frame::refused(Frame::nobodys(&site, form.language), &other),
    }
}

/// `POST /e/logout`: here, or everywhere.
pub(super) async fn leave(State(site): State<PortalSite>, form: Submitted) -> Response {
    let ended =
        if form.fields.ticked("everywhere") { site.portal.logout_everywhere(&form.who).await } else { site.portal.logout(&form.who).await };
    if let Err(error) = ended {
        return frame::refused(Frame::of(&site, &form.who, ""), &error);
    }
    let language = form.who.language();
    let page = Page { done: Some(phrases::of(language).login.out), ..login(&site, language, "", None) };
    ([(header::SET_COOKIE, cookie::end(&site))], answer(StatusCode::OK, &page)).into_response()
}

/// Where to go after the login: a page of the portal, never another host.
fn safe_next(next: &str) -> &str {
    let ours =
        next.starts_with("/e/") && next.len() <= LONGEST_NEXT && next.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_?=&.".contains(&b));
    let form = ["/e/login", "/e/code", "/e/logout"].iter().any(|path| next.starts_with(path));
    if ours && !next.contains("//") && !form { next } else { "/e" }
}

#[cfg(test)]
mod tests {
    use super::safe_next;

    #[test]
    fn a_login_leads_only_to_the_portal() {
        for (next, to) in [
            ("/e/t/T-7K3-QM2", "/e/t/T-7K3-QM2"),
            ("/e/pin", "/e/pin"),
            ("/e/logout", "/e"),
            ("/e//evil.example.org", "/e"),
            ("//evil.example.org", "/e"),
            ("/e/\\evil", "/e"),
            ("/e/%0d%0aX", "/e"),
            ("https://evil.example.org/e/", "/e"),
            ("", "/e"),
        ] {
            assert_eq!(safe_next(next), to, "{next}");
        }
    }
}
