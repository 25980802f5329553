//! `GET /drills`: the ledger. `POST /drills`: a drill of one school, or of all that had none for a while; a supervisor's. `GET /drills/{id}`:
//! what it found, and `…/csv` the same for a spreadsheet.
//!
//! What did not work stands first. A number is shown by its end only, as everywhere.

use super::StaffSite;
use super::fault::Fault;
use super::frame::{self, Frame};
use super::guard::{Member, Submitted};
use super::moment::{Moment, PageClock};
use super::phrases;
use crate::desk::drills::{DrillLine, DrillView};
use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use domain::conversation::triage::StaffRole;
use domain::dispatch::drill::Verdict;
use domain::id::{ConversationId, OrganizationKey};
use serde::Deserialize;

pub(super) fn routes() -> Router<StaffSite> {
    Router::new().route("/drills", get(list).post(start)).route("/drills/{id}", get(report)).route("/drills/{id}/csv", get(table))
}

/// Schools that had a drill within so many days are not proposed for another.
const USUAL_DAYS: u16 = 90;

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    page: u32,
}

/// A drill as the ledger shows it.
struct Row {
    id: String,
    school: String,
    reference: String,
    started: Moment,
    by: String,
    failed: usize,
    unsure: usize,
    waiting: usize,
    works: usize,
}

impl Row {
    fn new(view: &DrillView, clock: &PageClock) -> Self {
        Self {
            id: view.id.to_string(),
            school: view.school.clone(),
            reference: view.reference.clone(),
            started: clock.moment(view.started_at),
            by: by(view),
            failed: view.count(Verdict::Failed),
            unsure: view.count(Verdict::Unsure),
            waiting: view.count(Verdict::Waiting),
            works: view.count(Verdict::Works),
        }
    }
}

fn by(view: &DrillView) -> String {
    view.started_by.clone().unwrap_or_else(|| "the schedule".to_owned())
}

#[derive(Template)]
#[template(path = "staff/drills.html")]
struct Ledger {
    frame: Frame,
    rows: Vec<Row>,
    schools: Vec<(OrganizationKey, String)>,
    may_start: bool,
    usual_days: u16,
    page: u32,
    more: bool,
    said: String,
}

async fn list(State(site): State<StaffSite>, Member(session): Member, Query(wanted): Query<Wanted>) -> Result<Response, Fault> {
    ledger(&site, &session, wanted.page, String::new()).await
}

async fn ledger(site: &StaffSite, session: &crate::login::Session, page: u32, said: String) -> Result<Response, Fault> {
    let clock = PageClock { now: site.clock.now(), zone: site.zone.clone() };
    let (drills, more) = site.desk.drills(page).await?;
    let page = Ledger {
        frame: Frame::new(site, session, "drills", "Drills", String::new()),
        rows: drills.iter().map(|view| Row::new(view, &clock)).collect(),
        schools: site.desk.schools().await?,
        may_start: session.staff.role == StaffRole::Supervisor,
        usual_days: USUAL_DAYS,
        page,
        more,
        said,
    };
    frame::page(StatusCode::OK, &page)
}

async fn start(State(site): State<StaffSite>, form: Submitted) -> Result<Response, Fault> {
    let who = &form.session.staff;
    let days = form.fields.get("none_in_days").trim();
    if !days.is_empty() {
        let days: u16 = days.parse().map_err(|_| Fault::BadForm("Write the days as a whole number, such as 90."))?;
        let started = site.desk.start_drills(who, days).await?;
        let said = match started {
            0 => format!("Every school had a drill in the last {days} days: none was started."),
            1 => "1 drill was started.".to_owned(),
            n => format!("{n} drills were started, one after the other."),
        };
        return ledger(&site, &form.session, 0, said).await;
    }
    let school: OrganizationKey = form.fields.get("school").parse().map_err(|_| Fault::BadForm("Choose a school."))?;
    let id = site.desk.start_drill(who, &school).await?;
    Ok(Redirect::to(&format!("/drills/{id}")).into_response())
}

/// A number or address as shown.
struct LineView {
    organization: String,
    person: String,
    role: String,
    means: &'static str,
    tail: String,
    found: &'static str,
    verdict: &'static str,
    tried: Option<Moment>,
}

impl LineView {
    fn new(line: &DrillLine, clock: &PageClock) -> Self {
        Self {
            organization: line.organization.clone(),
            person: line.person.clone(),
            role: phrases::role(&line.person, &line.role),
            means: phrases::means(line.means),
            tail: phrases::tail(line.means, &line.tail),
            found: line.found.as_str(),
            verdict: verdict(line.found.verdict()),
            tried: line.tried_at.map(|at| clock.moment(at)),
        }
    }
}

const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Failed => "did not work",
        Verdict::Unsure => "not sure",
        Verdict::Waiting => "not yet known",
        Verdict::Works => "works",
    }
}

#[derive(Template)]
#[template(path = "staff/drill.html")]
struct Report {
    frame: Frame,
    drill: Row,
    due: Moment,
    failed: Vec<LineView>,
    others: Vec<LineView>,
}

async fn report(State(site): State<StaffSite>, Member(session): Member, Path(id): Path<String>) -> Result<Response, Fault> {
    let id: ConversationId = id.parse().map_err(|_| Fault::NotFound)?;
    let view = site.desk.drill_report(id).await?;
    let clock = PageClock { now: site.clock.now(), zone: site.zone.clone() };
    let shown = |failed: bool| {
        let lines = view.lines.iter().filter(|line| (line.found.verdict() == Verdict::Failed) == failed);
        lines.map(|line| LineView::new(line, &clock)).collect()
    };
    let page = Report {
        frame: Frame::new(&site, &session, "drills", format!("Drill of {}", view.school), id.to_string()),
        drill: Row::new(&view, &clock),
        due: clock.moment(view.due_at),
        failed: shown(true),
        others: shown(false),
    };
    frame::page(StatusCode::OK, &page)
}

async fn table(State(site): State<StaffSite>, _member: Member, Path(id): Path<String>) -> Result<Response, Fault> {
    let id: ConversationId = id.parse().map_err(|_| Fault::NotFound)?;
    let view = site.desk.drill_report(id).await?;
    let name = format!("attachment; filename=\"drill-{}.csv\"", view.reference);
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, csv_of(&view)).into_response())
}

/// The report as CSV: one line a number or address, those that did not work first.
fn csv_of(view: &DrillView) -> String {
    let mut text = "school,reference,organization,person,role,means,ends_in,verdict,found,tried_at\r\n".to_owned();
    for line in &view.lines {
        let tried = line.tried_at.map(|at| at.to_string()).unwrap_or_default();
        let tail = phrases::tail(line.means, &line.tail);
        let cells = [
            &view.school,
            &view.reference,
            &line.organization,
            &line.person,
            &line.role,
            line.means.as_str(),
            tail.trim_start_matches('…'),
            verdict(line.found.verdict()),
            line.found.as_str(),
            &tried,
        ];
        text.push_str(&cells.map(cell).join(","));
        text.push_str("\r\n");
    }
    text
}

/// A value in quotes; one that a spreadsheet would take for a formula begins with an apostrophe.
fn cell(value: &str) -> String {
    let guard = if value.starts_with(['=', '+', '-', '@', '\t']) { "'" } else { "" };
    format!("\"{guard}{}\"", value.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_and_no_second_cell() {
        for (value, expected) in
            [("Delta High", "\"Delta High\""), ("a \"b\", c", "\"a \"\"b\"\", c\""), ("=1+1", "\"'=1+1\""), ("", "\"\"")]
        {
            assert_eq!(cell(value), expected);
        }
    }
}
