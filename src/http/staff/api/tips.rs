//! Tips: listing, reading, answering, sorting, notes, taking and closing.

use super::dto;
use super::fault::ApiFault;
use super::into_dto;
use super::request::{Client, Sent, id};
use crate::desk::Closing;
use crate::http::staff::{StaffSite, inbox};
use crate::store::rows::NoteKind;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use domain::conversation::triage::{Marks, TriageChange};
use domain::id::{OrganizationKey, TipTypeKey};
use domain::level::Level;
use domain::sealed::Words;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which tips.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// `open` (the default: every open tip), `first` (without those that are counted under another), `unsorted` (the same of those without
    /// a level), `mine`, `underway`, `press` or `closed`.
    #[serde(default)]
    filter: String,
    /// 0 (the default) has the 200 most urgent tips, 1 the next 200, and so on while `more` is true.
    #[serde(default)]
    page: u32,
}

/// The inbox, most urgent first, 200 tips a page.
#[utoipa::path(get, path = "/tips", tag = "tips", params(Wanted), responses((status = 200, body = dto::Inbox), (status = 401, body = dto::Refusal)))]
pub(super) async fn list(
    State(site): State<StaffSite>,
    Client(staff): Client,
    wanted: Result<Query<Wanted>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<dto::Inbox>, ApiFault> {
    let Query(wanted) = wanted.map_err(|rejected| ApiFault::bad_request(rejected.body_text()))?;
    let filter = inbox::filter(if wanted.filter.is_empty() { "open" } else { &wanted.filter }, &staff);
    let filter =
        filter.ok_or_else(|| ApiFault::bad_request("filter is one of open, first, unsorted, mine, underway, press, closed.".to_owned()))?;
    Ok(Json(into_dto::inbox(site.desk.inbox(&staff, filter, wanted.page).await?)))
}

/// A tip with its messages, attachments, notes, and dispatches with all attempts and receipts. The opening is recorded.
#[utoipa::path(get, path = "/tips/{id}", tag = "tips", params(("id" = String, Path)), responses((status = 200, body = dto::Tip), (status = 404, body = dto::Refusal)))]
pub(super) async fn read(
    State(site): State<StaffSite>,
    Client(staff): Client,
    Path(tip): Path<String>,
) -> Result<Json<dto::Tip>, ApiFault> {
    Ok(Json(into_dto::tip(site.desk.tip(&staff, id(&tip)?, true).await?)))
}

/// The messages of a tip, oldest first. The opening is recorded.
#[utoipa::path(get, path = "/tips/{id}/messages", tag = "tips", params(("id" = String, Path)), responses((status = 200, body = [dto::Message]), (status = 404, body = dto::Refusal)))]
pub(super) async fn messages(
    State(site): State<StaffSite>,
    Client(staff): Client,
    Path(tip): Path<String>,
) -> Result<Json<Vec<dto::Message>>, ApiFault> {
    let tip = site.desk.tip(&staff, id(&tip)?, true).await?;
    Ok(Json(tip.messages.into_iter().map(|one| into_dto::message(tip.id, one)).collect()))
}

/// Answers the reporter.
#[utoipa::path(post, path = "/tips/{id}/replies", tag = "tips", params(("id" = String, Path)), request_body = dto::NewReply, responses((status = 201, body = dto::Made), (status = 409, description = "The way back is closed", body = dto::Refusal), (status = 422, body = dto::Refusal)))]
pub(super) async fn reply(
    State(site): State<StaffSite>,
    Client(staff): Client,
    Path(tip): Path<String>,
    Sent(sent): Sent<dto::NewReply>,
) -> Result<(StatusCode, Json<dto::Made>), ApiFault> {
    let message = site.desk.reply(&staff, id(&tip)?, Words::new(sent.text)).await?;
    Ok((StatusCode::CREATED, Json(dto::Made { id: message.to_string() })))
}

/// Sets the whole triage, as chosen on `version`, and gives the tip as it is then.
#[utoipa::path(put, path = "/tips/{id}/triage", tag = "tips", params(("id" = String, Path)), request_body = dto::NewTriage, responses((status = 200, body = dto::Tip), (status = 409, description = "Somebody changed the tip", body = dto::Refusal), (status = 422, body = dto::Refusal)))]
pub(super) async fn triage(
    State(site): State<StaffSite>,
    Client(staff): Client,
    Path(tip): Path<String>,
    Sent(sent): Sent<dto::NewTriage>,
) -> Result<Json<dto::Tip>, ApiFault> {
    let (tip, version) = (id(&tip)?, sent.version);
    site.desk.triage(&staff, tip, version, change(sent)?).await?;
    Ok(Json(into_dto::tip(site.desk.tip(&staff, tip, false).await?)))
}

fn change(sent: dto::NewTriage) -> Result<TriageChange, ApiFault> {
    let bad = |what: String| ApiFault::bad_request(what);
    let a_type = |key: String| key.parse::<TipTypeKey>().map_err(|_| bad(format!("types: \"{key}\" is not a key of the catalogue.")));
    let level =
        sent.level.map(|word| Level::parse(&word).ok_or_else(|| bad("level is one of critical, standard, other, or null.".to_owned())));
    let school = sent
        .school
        .map(|key| key.parse::<OrganizationKey>().map_err(|_| bad("school is the key of a school: see /api/v1/schools.".to_owned())));
    let marks = Marks {
        in_progress: sent.marks.in_progress,
        possible_crime: sent.marks.possible_crime,
        safety_issue: sent.marks.safety_issue,
        about_self: sent.marks.about_self,
        media_request: sent.marks.media_request,
        legal_request: sent.marks.legal_request,
    };
    Ok(TriageChange {
        types: sent.types.into_iter().map(a_type).collect::<Result<_, _>>()?,
        level: level.transpose()?,
        school: school.transpose()?,
        marks,
        reason: sent.reason,
    })
}

/// Writes a note or an assessment.
#[utoipa::path(post, path = "/tips/{id}/notes", tag = "tips", params(("id" = String, Path)), request_body = dto::NewNote, responses((status = 204), (status = 422, body = dto::Refusal)))]
pub(super) async fn note(
    State(site): State<StaffSite>,
    Client(staff): Client,
    Path(tip): Path<String>,
    Sent(sent): Sent<dto::NewNote>,
) -> Result<StatusCode, ApiFault> {
    let kind = [NoteKind::Note, NoteKind::Assessment].into_iter().find(|kind| kind.as_str() == sent.kind);
    let kind = kind.ok_or_else(|| ApiFault::bad_request("kind is note or assessment.".to_owned()))?;
    site.desk.note(&staff, id(&tip)?, kind, Words::new(sent.text)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Writes to everybody who was told; they read it in the portal.
#[utoipa::path(post, path = "/tips/{id}/enduser-notes", tag = "tips", params(("id" = String, Path)), request_body = dto::NewReply, responses((status = 204), (status = 409, description = "Nobody was told yet", body = dto::Refusal), (status = 422, body = dto::Refusal)))]
pub(super) async fn enduser_note(
    State(site): State<StaffSite>,
    Client(staff): Client,
    Path(tip): Path<String>,
    Sent(sent): Sent<dto::NewReply>,
) -> Result<StatusCode, ApiFault> {
    site.desk.note_to_endusers(&staff, id(&tip)?, Words::new(sent.text)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the tip for the token's member of staff.
#[utoipa::path(post, path = "/tips/{id}/claim", tag = "tips", params(("id" = String, Path)), responses((status = 204), (status = 404, body = dto::Refusal)))]
pub(super) async fn claim(State(site): State<StaffSite>, Client(staff): Client, Path(tip): Path<String>) -> Result<StatusCode, ApiFault> {
    site.desk.claim(&staff, id(&tip)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Closes the tip.
#[utoipa::path(post, path = "/tips/{id}/close", tag = "tips", params(("id" = String, Path)), request_body = dto::Closing, responses((status = 204), (status = 422, description = "Something must be done before", body = dto::Refusal)))]
pub(super) async fn close(
    State(site): State<StaffSite>,
    Client(staff): Client,
    Path(tip): Path<String>,
    Sent(sent): Sent<dto::Closing>,
) -> Result<StatusCode, ApiFault> {
    let closing = Closing {
        reason: sent.reason,
        referral: sent.referral,
        referral_note: sent.referral_note.unwrap_or_default(),
        police_told: sent.police_told.unwrap_or_default(),
    };
    site.desk.close(&staff, id(&tip)?, &closing).await?;
    Ok(StatusCode::NO_CONTENT)
}
