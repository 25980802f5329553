//! A reporter's file by the API: the copy that can be shown, and the original, whose opening is recorded.

use super::dto;
use super::fault::ApiFault;
use super::request::{Client, id};
use crate::http::staff::StaffSite;
use crate::http::staff::tip::files::answer;
use axum::extract::{Path, State};
use axum::response::Response;

/// The copy that can be shown: a picture or a recording without metadata.
#[utoipa::path(get, path = "/tips/{id}/files/{attachment}", tag = "tips", params(("id" = String, Path), ("attachment" = String, Path)), responses((status = 200, description = "image/jpeg, image/png or audio/wav", content_type = "application/octet-stream", body = Vec<u8>), (status = 404, body = dto::Refusal)))]
pub(super) async fn copy(
    State(site): State<StaffSite>,
    Client(staff): Client,
    Path((tip, attachment)): Path<(String, String)>,
) -> Result<Response, ApiFault> {
    Ok(answer(site.desk.copy(&staff, id(&tip)?, id(&attachment)?).await?, "inline"))
}

/// The original, as it came, with everything that is hidden in it. The record says who opened it.
#[utoipa::path(post, path = "/tips/{id}/files/{attachment}/original", tag = "tips", params(("id" = String, Path), ("attachment" = String, Path)), responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 404, body = dto::Refusal)))]
pub(super) async fn original(
    State(site): State<StaffSite>,
    Client(staff): Client,
    Path((tip, attachment)): Path<(String, String)>,
) -> Result<Response, ApiFault> {
    Ok(answer(site.desk.original(&staff, id(&tip)?, id(&attachment)?).await?, "attachment"))
}
