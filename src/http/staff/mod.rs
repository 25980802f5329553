//! The staff listener: the analysts' console, and the API over the same desk.
//!
//! One file an endpoint, or a small group that shares a form. Pages work without scripts: a form is posted, the answer redirects,
//! a refusal shows the page again with what was typed. Every route but the login page and the assets wants a session or a token.

mod cookie;
mod directory;
mod drills;
mod events;
mod fault;
mod frame;
mod guard;
mod health;
mod help;
mod inbox;
mod login;
mod moment;
mod obligation;
mod phrases;
mod pins;
mod search;
mod tasks;
mod timeline;
mod tip;
mod told;

pub mod api;
pub(in crate::http) use tip::files as file;

use crate::clock::Clock;
use crate::desk::Desk;
use crate::http::{assets, fields, headers};
use crate::live::Live;
use crate::login::Login;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fault::Fault;
use jiff::tz::TimeZone;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

/// The largest body of a form or an API request, in bytes.
const LARGEST_BODY: usize = 64 * 1024;

/// How long an answer may take before it is a 503. Streams begin at once, so it does not end them.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);

/// What the staff listener is made from.
#[derive(Clone)]
pub struct StaffSite {
    /// The verbs.
    pub desk: Arc<Desk>,
    /// Who may use them.
    pub login: Arc<Login>,
    /// What changed.
    pub live: Live,
    /// The time.
    pub clock: Clock,
    /// The origin that staff browse, such as `https://staff.example.org`: forms from elsewhere are refused, and cookies are
    /// `Secure` when it is https.
    pub origin: String,
    /// The line's name, "Safe2Help Illinois".
    pub line_name: String,
    /// The county's time zone: pages show its clock.
    pub zone: TimeZone,
    /// Ends the live streams at shutdown, so that the listener can finish.
    pub stop: CancellationToken,
}

/// The routes of the staff listener, hardened and bounded.
pub fn router(site: StaffSite) -> Router {
    let console = Router::new()
        .merge(login::routes())
        .merge(inbox::routes())
        .merge(search::routes())
        .merge(tip::routes())
        .merge(told::routes())
        .merge(timeline::routes())
        .merge(obligation::routes())
        .merge(tasks::routes())
        .merge(directory::routes())
        .merge(health::routes())
        .merge(drills::routes())
        .merge(pins::routes())
        .merge(help::routes())
        .merge(assets::staff())
        .fallback(|| async { Fault::NotFound })
        .method_not_allowed_fallback(|| async { Fault::WrongMethod });
    console
        .nest("/api/v1", api::routes())
        .merge(events::routes())
        .with_state(site)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST_ANSWER))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(axum::middleware::map_response(headers::staff))
}

/// A bug shows a page, not a broken connection; the panic hook has counted and logged it without its message.
fn panicked(_message: Box<dyn Any + Send>) -> Response {
    Fault::Broken.into_response()
}

#[cfg(test)]
mod tests;
