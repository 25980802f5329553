//! Who will be told, and who has been: the preview of a dispatch, the one button that starts it, and the table that lives afterwards.

pub(super) mod dispatch;
pub(super) mod ladder;
pub(super) mod next;
pub(super) mod plan;

use super::StaffSite;
use axum::Router;
use axum::routing::{get, post};

pub(super) fn routes() -> Router<StaffSite> {
    Router::new()
        .route("/tips/{id}/dispatch", get(dispatch::preview).post(dispatch::start))
        .route("/tips/{id}/plan", post(dispatch::without))
}
