//! The receipt page of a mail: `GET` and `HEAD /r/{token}` show it and change nothing; `POST /r/{token}` with the printed code confirms.
//!
//! Mail scanners open every link, some press buttons: only a form with the code that is printed in the mail confirms (R19), or a login to
//! the portal, where the page leads. No script, no cookie; nothing that was typed is kept.

use crate::http::{assets, headers};
use adapters::contract::BoxFuture;
use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;

/// The largest body of the form, in bytes.
const LARGEST_BODY: usize = 2 * 1024;

/// The longest code that is looked at, in characters.
const LONGEST_CODE: usize = 32;

/// The longest token that is looked at, in bytes.
const LONGEST_TOKEN: usize = 256;

/// What the page shows; nothing of the tip itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptView {
    /// Which organization was told.
    pub organization: String,
    /// The tip's reference.
    pub reference: String,
    /// When the mail was sent.
    pub told_at: Timestamp,
    /// When a person confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// Whether the report is urgent (Critical).
    pub level_urgent: bool,
}

/// What became of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// Confirmed now.
    Confirmed(ReceiptView),
    /// Confirmed before; nothing changed.
    AlreadyConfirmed(ReceiptView),
    /// The code is not the printed one.
    WrongCode {
        /// The page.
        view: ReceiptView,
        /// How many more tries this link has.
        tries_left: u32,
    },
    /// The link has no tries left.
    TooManyTries,
    /// No such link, or it is too old.
    Unknown,
    /// It could not be stored.
    Unavailable,
}

/// Who knows the links: implemented over the desk's store.
pub trait ReceiptDesk: Send + Sync {
    /// What the link's page shows; `None` when there is no such link, or it is too old. Changes nothing.
    fn look<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Option<ReceiptView>>;
    /// Confirms with the code as typed.
    fn confirm<'a>(&'a self, token: &'a str, code: &'a str) -> BoxFuture<'a, Confirmation>;
}

/// What the receipt page is made from.
#[derive(Clone)]
pub struct ReceiptSite {
    /// Who knows the links.
    pub desk: Arc<dyn ReceiptDesk>,
    /// The line's name.
    pub line_name: String,
    /// The number to call, as people read it.
    pub call_back: String,
    /// The county's time zone.
    pub zone: TimeZone,
}

#[derive(Template)]
#[template(path = "public/receipt.html")]
struct Page {
    line_name: String,
    call_back: String,
    css: String,
    icon: String,
    organization: String,
    reference: String,
    told: String,
    confirmed: Option<String>,
    urgent: bool,
    refusal: Option<String>,
    may_try: bool,
    /// The link's own token, for the way through the portal; made of letters and digits, or there would be no page.
    token: String,
}

#[derive(Template)]
#[template(path = "public/receipt_unknown.html")]
struct Elsewhere {
    line_name: String,
    call_back: String,
    css: String,
    icon: String,
    heading: &'static str,
    sentence: &'static str,
}

/// The routes of the receipt page.
pub fn router(site: ReceiptSite) -> Router {
    Router::new()
        .route("/r/{token}", get(show).post(confirm))
        .method_not_allowed_fallback(|State(site): State<ReceiptSite>| async move {
            site.elsewhere(StatusCode::METHOD_NOT_ALLOWED, "This page cannot be used that way.", "Open the link in the mail again.")
        })
        .with_state(site)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(axum::middleware::map_response(headers::receipt))
}

async fn show(State(site): State<ReceiptSite>, Path(token): Path<String>) -> Response {
    if token.len() > LONGEST_TOKEN {
        return site.unknown();
    }
    match site.desk.look(&token).await {
        Some(view) => site.page(StatusCode::OK, &view, &token, None),
        None => site.unknown(),
    }
}

async fn confirm(
    State(site): State<ReceiptSite>,
    Path(token): Path<String>,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    if token.len() > LONGEST_TOKEN {
        return site.unknown();
    }
    let Ok(body) = body else {
        return site.elsewhere(
            StatusCode::PAYLOAD_TOO_LARGE,
            "That was too much.",
            "Open the link in the mail again and type only the code.",
        );
    };
    let code = form_urlencoded::parse(&body)
        .find(|(name, _)| name == "code")
        .map(|(_, value)| value.trim().chars().take(LONGEST_CODE).collect::<String>());
    match site.desk.confirm(&token, code.as_deref().unwrap_or_default()).await {
        Confirmation::Confirmed(view) | Confirmation::AlreadyConfirmed(view) => site.page(StatusCode::OK, &view, &token, None),
        Confirmation::WrongCode { view, tries_left } => {
            site.page(StatusCode::UNPROCESSABLE_ENTITY, &view, &token, Some(wrong_code(tries_left)))
        }
        Confirmation::TooManyTries => site.elsewhere(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many wrong codes.",
            "This link cannot be used any more. The report is still waiting for you.",
        ),
        Confirmation::Unknown => site.unknown(),
        Confirmation::Unavailable => site.elsewhere(
            StatusCode::SERVICE_UNAVAILABLE,
            "This could not be kept.",
            "You have not confirmed yet. Open the link again in a minute.",
        ),
    }
}

fn wrong_code(tries_left: u32) -> String {
    let tries = match tries_left {
        1 => "one more try".to_owned(),
        more => format!("{more} more tries"),
    };
    format!("This is not the code in the mail. Nothing was confirmed. Look at the mail again: you have {tries}.")
}

impl ReceiptSite {
    fn page(&self, status: StatusCode, view: &ReceiptView, token: &str, refusal: Option<String>) -> Response {
        let clock = |at: Timestamp| at.to_zoned(self.zone.clone()).strftime("%B %-d, %Y, %H:%M %Z").to_string();
        let page = Page {
            line_name: self.line_name.clone(),
            call_back: self.call_back.clone(),
            css: assets::href("public.css"),
            icon: assets::href("icon.svg"),
            organization: view.organization.clone(),
            reference: view.reference.clone(),
            told: clock(view.told_at),
            confirmed: view.confirmed_at.map(clock),
            urgent: view.level_urgent,
            refusal,
            may_try: view.confirmed_at.is_none(),
            token: token.to_owned(),
        };
        answer(status, &page)
    }

    fn unknown(&self) -> Response {
        self.elsewhere(
            StatusCode::NOT_FOUND,
            "This link does not work.",
            "It may be too old, or a part of it was lost. Open it from the mail again; if that does not help:",
        )
    }

    fn elsewhere(&self, status: StatusCode, heading: &'static str, sentence: &'static str) -> Response {
        let (css, icon) = (assets::href("public.css"), assets::href("icon.svg"));
        answer(status, &Elsewhere { line_name: self.line_name.clone(), call_back: self.call_back.clone(), css, icon, heading, sentence })
    }
}

fn answer(status: StatusCode, template: &impl Template) -> Response {
    template.render().map_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response(), |html| (status, Html(html)).into_response())
}

#[cfg(test)]
mod tests;
