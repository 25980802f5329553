//! The endusers' portal under `/e`: log in, list, one report, PIN. Every page does its job without a script.
//!
//! A page is a `GET` and changes nothing but the record of its opening; what changes something is a `POST` with the session's secret, from
//! our own pages. Nobody is told by a page whether an address, a code or a report exists for somebody else.

mod cookie;
mod frame;
mod guard;
mod list;
mod login;
mod phrases;
mod pin;
mod tip;

use crate::http::headers;
use crate::portal::Portal;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use jiff::tz::TimeZone;

/// The largest body of a form, in bytes: a note's 2000 characters, each as up to twelve bytes.
const LARGEST_BODY: usize = 32 * 1024;

/// What the pages are made from.
#[derive(Clone)]
pub struct PortalSite {
    /// What endusers can do.
    pub portal: Portal,
    /// The line's name.
    pub line_name: String,
    /// The number to call, as people read it.
    pub call_back: String,
    /// The county's time zone.
    pub zone: TimeZone,
    /// The public origin, such as `https://tips.example.org`.
    pub origin: String,
}

/// The routes of the portal.
pub fn router(site: PortalSite) -> Router {
    Router::new()
        .route("/e", get(list::show))
        .route("/e/login", get(login::show).post(login::ask))
        .route("/e/code", get(login::show).post(login::enter))
        .route("/e/logout", get(login::show).post(login::leave))
        .route("/e/find", get(list::find))
        .route("/e/pin", get(pin::show).post(pin::draw))
        .route("/e/r/{token}", get(tip::of_receipt).post(tip::confirm_receipt))
        .route("/e/t/{reference}", get(tip::show))
        .route("/e/t/{reference}/confirm", post(tip::confirm))
        .route("/e/t/{reference}/note", post(tip::note))
        .route("/e/t/{reference}/feedback", post(tip::feedback))
        .route("/e/t/{reference}/files/{file}", get(tip::file))
        .method_not_allowed_fallback(list::elsewhere)
        .with_state(site)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(axum::middleware::map_response(headers::portal))
}
