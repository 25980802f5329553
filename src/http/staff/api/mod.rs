//! `/api/v1`: the desk's verbs as JSON, for bearer tokens. What it takes and gives is written in [`dto`], apart from the desk's views, so
//! that a change on the wire is a decision; `GET /api/v1/openapi.json` describes it.
//!
//! No cookie is looked at here, so no foreign page can use somebody's login.

mod desk;
mod dispatches;
mod document;
mod drills;
pub mod dto;
mod fault;
mod files;
mod into_dto;
mod request;
mod tips;

pub use document::document;

use super::{StaffSite, events};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post, put};
use fault::ApiFault;
use request::Client;

pub(super) fn routes() -> Router<StaffSite> {
    Router::new()
        .route("/tips", get(tips::list))
        .route("/tips/{id}", get(tips::read))
        .route("/tips/{id}/messages", get(tips::messages))
        .route("/tips/{id}/replies", post(tips::reply))
        .route("/tips/{id}/triage", put(tips::triage))
        .route("/tips/{id}/notes", post(tips::note))
        .route("/tips/{id}/enduser-notes", post(tips::enduser_note))
        .route("/tips/{id}/claim", post(tips::claim))
        .route("/tips/{id}/close", post(tips::close))
        .route("/tips/{id}/files/{attachment}", get(files::copy))
        .route("/tips/{id}/files/{attachment}/original", post(files::original))
        .route("/tips/{id}/plan", get(dispatches::plan))
        .route("/tips/{id}/dispatches", get(dispatches::list).post(dispatches::start))
        .route("/tips/{id}/news", post(dispatches::news))
        .route("/tips/{id}/timeline", get(dispatches::timeline))
        .route("/obligations/{id}/confirm", post(dispatches::confirm))
        .route("/tasks", get(desk::tasks))
        .route("/tasks/{id}/done", post(desk::task_done))
        .route("/drills", get(drills::list).post(drills::start))
        .route("/drills/{id}", get(drills::report))
        .route("/catalogue", get(desk::catalogue))
        .route("/schools", get(desk::schools))
        .route("/events", get(listen))
        .route("/openapi.json", get(document::serve))
        .fallback(|| async { ApiFault::NO_SUCH_PATH })
        .method_not_allowed_fallback(|| async { ApiFault::WRONG_METHOD })
}

/// Live news: `event: tip` with the id of each tip that changed, `event: all` when some were missed.
#[utoipa::path(get, path = "/events", tag = "live", responses((status = 200, description = "A stream of server-sent events", content_type = "text/event-stream", body = String)))]
async fn listen(site: State<StaffSite>, _client: Client) -> Result<Response, ApiFault> {
    events::open(&site).map_err(|_| ApiFault::TOO_MANY_STREAMS)
}
