//! A tip: the page, and the forms on it.
//!
//! Each form is posted to its own address, changes through one verb of the desk, and leads back to the page; when the desk refuses,
//! the page is shown again with the reason beside the form and everything that was typed.

pub(super) mod canned;
pub(super) mod conversation;
pub(super) mod draft;
pub(super) mod endusers;
pub(in crate::http) mod files;
pub(super) mod page;
pub(super) mod sorting;
pub(super) mod triage;
pub(super) mod verbs;

use super::StaffSite;
use super::fault::Fault;
use super::fields::Fields;
use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::id::ConversationId;

pub(super) fn routes() -> Router<StaffSite> {
    Router::new()
        .route("/tips/{id}", get(page::show))
        .route("/tips/{id}/reply", post(verbs::reply))
        .route("/tips/{id}/draft", post(canned::draft))
        .route("/tips/{id}/triage", post(triage::save))
        .route("/tips/{id}/assess", post(verbs::assess))
        .route("/tips/{id}/note", post(verbs::note))
        .route("/tips/{id}/enduser-note", post(verbs::enduser_note))
        .route("/tips/{id}/claim", post(verbs::claim))
        .route("/tips/{id}/close", post(verbs::close))
        .route("/tips/{id}/news", post(verbs::news))
        .route("/tips/{id}/files/{attachment}", get(files::copy))
        .route("/tips/{id}/files/{attachment}/original", post(files::original))
        .route("/tips/{id}/take-out", post(verbs::take_out))
}

/// The tip of an address; what cannot be an id is not there.
pub(super) fn id(text: &str) -> Result<ConversationId, Fault> {
    text.parse().map_err(|_| Fault::NotFound)
}

/// The version that the analyst saw.
pub(super) fn version(fields: &Fields) -> Result<i64, Fault> {
    fields
        .get("version")
        .parse()
        .map_err(|_| Fault::BadForm("The form does not say which version of the tip it was made for. Open the tip again."))
}

/// Back to the tip, at a place on its page.
pub(super) fn back(id: ConversationId, place: &str) -> Response {
    Redirect::to(&format!("/tips/{id}#{place}")).into_response()
}
