//! Tasks, and the lists that forms need: the catalogue of types, the schools.

use super::dto;
use super::fault::ApiFault;
use super::into_dto;
use super::request::{Client, Sent, id};
use crate::http::staff::StaffSite;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

/// What only a person can do.
#[utoipa::path(get, path = "/tasks", tag = "tasks", responses((status = 200, body = [dto::Task])))]
pub(super) async fn tasks(State(site): State<StaffSite>, _client: Client) -> Result<Json<Vec<dto::Task>>, ApiFault> {
    Ok(Json(site.desk.tasks().await?.into_iter().map(into_dto::task).collect()))
}

/// A task is done. The body may be left out, except for a follow-up call, which is done only with a note.
#[utoipa::path(post, path = "/tasks/{id}/done", tag = "tasks", params(("id" = String, Path)), request_body = dto::Doing, responses((status = 204), (status = 404, body = dto::Refusal), (status = 422, description = "A note is missing", body = dto::Refusal)))]
pub(super) async fn task_done(
    State(site): State<StaffSite>,
    Client(staff): Client,
    Path(task): Path<String>,
    sent: Option<Sent<dto::Doing>>,
) -> Result<StatusCode, ApiFault> {
    let note = sent.and_then(|Sent(sent)| sent.note).unwrap_or_default();
    site.desk.task_done(&staff, id(&task)?, &note).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The types of tips, most urgent first.
#[utoipa::path(get, path = "/catalogue", tag = "lists", responses((status = 200, body = [dto::TipType])))]
pub(super) async fn catalogue(State(site): State<StaffSite>, _client: Client) -> Json<Vec<dto::TipType>> {
    let list = site.desk.catalogue().list().into_iter();
    Json(list.map(|one| dto::TipType { key: one.key.to_string(), name: one.name.clone(), level: one.level.as_str().to_owned() }).collect())
}

/// The schools, by name.
#[utoipa::path(get, path = "/schools", tag = "lists", responses((status = 200, body = [dto::School])))]
pub(super) async fn schools(State(site): State<StaffSite>, _client: Client) -> Result<Json<Vec<dto::School>>, ApiFault> {
    let schools = site.desk.schools().await?.into_iter();
    Ok(Json(schools.map(|(key, name)| dto::School { key: key.to_string(), name }).collect()))
}
