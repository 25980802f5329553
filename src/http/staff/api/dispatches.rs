//! Telling the endusers: the plan, the dispatch, what became of it, the timeline.

use super::dto;
use super::fault::ApiFault;
use super::into_dto;
use super::request::{Client, Sent, id};
use crate::desk::Wish;
use crate::http::staff::{StaffSite, timeline};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::id::PersonKey;
use domain::sealed::Words;
use std::collections::BTreeSet;

/// Who would be told, how and by when. No side effect.
#[utoipa::path(get, path = "/tips/{id}/plan", tag = "dispatch", params(("id" = String, Path)), responses((status = 200, body = dto::Plan), (status = 422, description = "No plan can be made yet", body = dto::Refusal)))]
pub(super) async fn plan(State(site): State<StaffSite>, _client: Client, Path(tip): Path<String>) -> Result<Json<dto::Plan>, ApiFault> {
    Ok(Json(into_dto::plan(site.desk.plan(id(&tip)?, &BTreeSet::new(), &BTreeSet::new()).await?)))
}

/// The dispatches of a tip, with obligations, attempts and receipts.
#[utoipa::path(get, path = "/tips/{id}/dispatches", tag = "dispatch", params(("id" = String, Path)), responses((status = 200, body = [dto::Dispatch]), (status = 404, body = dto::Refusal)))]
pub(super) async fn list(
    State(site): State<StaffSite>,
    Client(staff): Client,
    Path(tip): Path<String>,
) -> Result<Json<Vec<dto::Dispatch>>, ApiFault> {
    let tip = site.desk.tip(&staff, id(&tip)?, false).await?;
    Ok(Json(tip.dispatches.into_iter().map(into_dto::dispatch).collect()))
}

/// Tells the endusers, as planned on `version`.
#[utoipa::path(post, path = "/tips/{id}/dispatches", tag = "dispatch", params(("id" = String, Path)), request_body = dto::NewDispatch, responses((status = 201, body = dto::Made), (status = 409, description = "Changed, or dispatched already", body = dto::Refusal), (status = 422, body = dto::Refusal)))]
pub(super) async fn start(
    State(site): State<StaffSite>,
    Client(staff): Client,
    Path(tip): Path<String>,
    Sent(sent): Sent<dto::NewDispatch>,
) -> Result<(StatusCode, Json<dto::Made>), ApiFault> {
    let persons = |field: &str, keys: Vec<String>| {
        let person = |key: String| {
            key.parse::<PersonKey>().map_err(|_| ApiFault::bad_request(format!("{field}: \"{key}\" is not the key of a person.")))
        };
        keys.into_iter().map(person).collect::<Result<BTreeSet<_>, _>>()
    };
    let wish = Wish {
        version: sent.version,
        shown: sent.plan,
        leave_out: persons("leave_out", sent.leave_out)?,
        why_left_out: sent.why_left_out.unwrap_or_default(),
        put_back: persons("put_back", sent.put_back)?,
        why_put_back: sent.why_put_back.unwrap_or_default(),
        summary: Words::new(sent.summary.unwrap_or_default()),
    };
    let dispatch = site.desk.dispatch(&staff, id(&tip)?, &wish).await?;
    Ok((StatusCode::CREATED, Json(dto::Made { id: dispatch.to_string() })))
}

/// Tells those who were told of the tip that there is news, now instead of at its time (R28).
#[utoipa::path(post, path = "/tips/{id}/news", tag = "dispatch", params(("id" = String, Path)), responses((status = 204), (status = 409, description = "Nobody was told yet", body = dto::Refusal)))]
pub(super) async fn news(State(site): State<StaffSite>, Client(staff): Client, Path(tip): Path<String>) -> Result<StatusCode, ApiFault> {
    site.desk.tell_news(&staff, id(&tip)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Everything that happened, oldest first.
#[utoipa::path(get, path = "/tips/{id}/timeline", tag = "dispatch", params(("id" = String, Path)), responses((status = 200, body = [dto::TimelineEntry]), (status = 404, body = dto::Refusal)))]
pub(super) async fn timeline(
    State(site): State<StaffSite>,
    _client: Client,
    Path(tip): Path<String>,
) -> Result<Json<Vec<dto::TimelineEntry>>, ApiFault> {
    let entries = timeline::all(&site, id(&tip)?).await?;
    Ok(Json(entries.into_iter().map(into_dto::timeline).collect()))
}

/// Notes that an enduser confirmed in person (R19).
#[utoipa::path(post, path = "/obligations/{id}/confirm", tag = "dispatch", params(("id" = String, Path)), request_body = dto::Confirming, responses((status = 204), (status = 404, body = dto::Refusal), (status = 422, body = dto::Refusal)))]
pub(super) async fn confirm(
    State(site): State<StaffSite>,
    Client(staff): Client,
    Path(obligation): Path<String>,
    Sent(sent): Sent<dto::Confirming>,
) -> Result<StatusCode, ApiFault> {
    site.desk.confirm(&staff, id(&obligation)?, sent.note).await?;
    Ok(StatusCode::NO_CONTENT)
}
