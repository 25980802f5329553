//! Drills: starting them, the ledger, what one found.

use super::dto;
use super::fault::ApiFault;
use super::request::{Client, Sent, id};
use crate::desk::drills::{DrillLine, DrillView};
use crate::http::staff::StaffSite;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::dispatch::drill::Verdict;
use domain::id::OrganizationKey;

/// The latest drills, the last one first.
#[utoipa::path(get, path = "/drills", tag = "drills", responses((status = 200, body = [dto::Drill])))]
pub(super) async fn list(State(site): State<StaffSite>, _client: Client) -> Result<Json<Vec<dto::Drill>>, ApiFault> {
    let (drills, _more) = site.desk.drills(0).await?;
    Ok(Json(drills.iter().map(drill).collect()))
}

/// What a drill found, number by number; what did not work stands first.
#[utoipa::path(get, path = "/drills/{id}", tag = "drills", params(("id" = String, Path)), responses((status = 200, body = dto::Drill), (status = 404, body = dto::Refusal)))]
pub(super) async fn report(
    State(site): State<StaffSite>,
    _client: Client,
    Path(wanted): Path<String>,
) -> Result<Json<dto::Drill>, ApiFault> {
    Ok(Json(drill(&site.desk.drill_report(id(&wanted)?).await?)))
}

/// Starts a drill of a school, or of every school that had none in so many days. A supervisor's.
#[utoipa::path(post, path = "/drills", tag = "drills", request_body = dto::NewDrill, responses((status = 201, body = dto::DrillsStarted), (status = 403, description = "Not a supervisor", body = dto::Refusal), (status = 422, body = dto::Refusal)))]
pub(super) async fn start(
    State(site): State<StaffSite>,
    Client(staff): Client,
    Sent(sent): Sent<dto::NewDrill>,
) -> Result<(StatusCode, Json<dto::DrillsStarted>), ApiFault> {
    let answer = match (sent.school, sent.none_in_days) {
        (Some(school), None) => {
            let school: OrganizationKey =
                school.parse().map_err(|_| ApiFault::bad_request(format!("school: \"{school}\" is not the key of a school.")))?;
            dto::DrillsStarted { started: 1, id: Some(site.desk.start_drill(&staff, &school).await?.to_string()) }
        }
        (None, Some(days)) => dto::DrillsStarted { started: site.desk.start_drills(&staff, days).await?, id: None },
        (Some(_), Some(_)) | (None, None) => {
            return Err(ApiFault::bad_request("Send school, or none_in_days.".to_owned()));
        }
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

fn drill(view: &DrillView) -> dto::Drill {
    dto::Drill {
        id: view.id.to_string(),
        reference: view.reference.clone(),
        school: view.school.clone(),
        started_at: view.started_at.to_string(),
        due_at: view.due_at.to_string(),
        started_by: view.started_by.clone(),
        lines: view.lines.iter().map(line).collect(),
    }
}

fn line(line: &DrillLine) -> dto::DrillLine {
    let verdict = match line.found.verdict() {
        Verdict::Failed => "failed",
        Verdict::Unsure => "unsure",
        Verdict::Waiting => "waiting",
        Verdict::Works => "works",
    };
    dto::DrillLine {
        organization: line.organization.clone(),
        person: line.person.clone(),
        role: line.role.clone(),
        means: line.means.as_str().to_owned(),
        tail: line.tail.clone(),
        verdict: verdict.to_owned(),
        found: line.found.as_str().to_owned(),
        tried_at: line.tried_at.map(|at| at.to_string()),
    }
}
