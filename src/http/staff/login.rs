//! `GET /login`, `POST /login`, `POST /logout`.

use super::fault::Fault;
use super::guard::{Anonymous, Member, Submitted};
use super::{StaffSite, cookie, frame};
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

pub(super) fn routes() -> Router<StaffSite> {
    Router::new().route("/login", get(show).post(log_in)).route("/logout", post(log_out))
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "staff/login.html")]
struct Page {
    line_name: String,
    css: String,
    icon: String,
    next: String,
    login: String,
    refused: Option<String>,
}

impl Page {
    fn new(site: &StaffSite, next: &str, login: &str, refused: Option<String>) -> Self {
        let next = frame::safe_next(next).to_owned();
        Self { line_name: site.line_name.clone(), css: frame::css(), icon: frame::icon(), next, login: login.to_owned(), refused }
    }
}

async fn show(State(site): State<StaffSite>, Query(wanted): Query<Wanted>, member: Result<Member, Fault>) -> Result<Response, Fault> {
    if member.is_ok() {
        return Ok(Redirect::to(frame::safe_next(&wanted.next)).into_response());
    }
    frame::page(StatusCode::OK, &Page::new(&site, &wanted.next, "", None))
}

async fn log_in(State(site): State<StaffSite>, Anonymous(fields): Anonymous) -> Result<Response, Fault> {
    let (login, next) = (fields.get("login"), fields.get("next"));
    // The password is taken as typed: spaces at its ends count.
    let password = fields.all_untrimmed("password").next().unwrap_or_default();
    match site.login.verify(login, password).await {
        Ok(token) => {
            let mut response = Redirect::to(frame::safe_next(next)).into_response();
            let value = HeaderValue::from_str(&cookie::begin(&site, &token)).map_err(|_| Fault::Broken)?;
            response.headers_mut().insert(header::SET_COOKIE, value);
            Ok(response)
        }
        Err(refused) => {
            let fault = Fault::Login(refused);
            let mut response = frame::page(fault.status().0, &Page::new(&site, next, login, Some(fault.to_string())))?;
            if let Some(seconds) = fault.retry_after() {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            Ok(response)
        }
    }
}

async fn log_out(State(site): State<StaffSite>, form: Submitted) -> Result<Response, Fault> {
    site.login.logout(&form.session).await?;
    let mut response = Redirect::to("/login").into_response();
    response.headers_mut().insert(header::SET_COOKIE, HeaderValue::from_str(&cookie::end(&site)).map_err(|_| Fault::Broken)?);
    Ok(response)
}
