//! `POST /obligations/{id}/confirm`: an analyst notes that they spoke with the person, who knows of the tip (R19).

use super::StaffSite;
use super::fault::Fault;
use super::guard::Submitted;
use super::tip::{self, draft::Draft};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use domain::id::ObligationId;

pub(super) fn routes() -> Router<StaffSite> {
    Router::new().route("/obligations/{id}/confirm", post(confirm))
}

async fn confirm(State(site): State<StaffSite>, Path(id): Path<String>, form: Submitted) -> Result<Response, Fault> {
    let obligation: ObligationId = id.parse().map_err(|_| Fault::NotFound)?;
    let tip = tip::id(form.fields.get("tip"))?;
    let note = form.fields.text("note");
    match site.desk.confirm(&form.session.staff, obligation, note.clone()).await {
        Ok(()) => Ok(tip::back(tip, &format!("ob-{obligation}"))),
        Err(refused) => tip::page::refused(&site, &form.session, tip, refused, Draft::with(&obligation.to_string(), note)).await,
    }
}
