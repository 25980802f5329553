//! `GET /directory`: what the lint finds, by school. `GET /directory/{school}`: whom a Critical tip about it would reach right now.
//!
//! Looking changes nothing and tells nobody. The list itself is imported by the operator; nothing of it can be changed here.

use super::StaffSite;
use super::fault::Fault;
use super::frame::{self, Frame};
use super::guard::Member;
use super::moment::PageClock;
use super::told::plan::PlanView;
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use domain::directory::lint::{Finding, Severity};
use domain::id::OrganizationKey;

pub(super) fn routes() -> Router<StaffSite> {
    Router::new().route("/directory", get(all)).route("/directory/{school}", get(school))
}

/// The most findings that the page shows; the command gives all.
const FINDINGS_MOST: usize = 500;

/// A finding as shown.
struct FindingView {
    severity: &'static str,
    is_error: bool,
    what: String,
    fix: String,
}

impl From<&Finding> for FindingView {
    fn from(finding: &Finding) -> Self {
        let is_error = finding.severity == Severity::Error;
        Self { severity: finding.severity.as_str(), is_error, what: finding.what.clone(), fix: finding.fix.clone() }
    }
}

/// The findings of one organization, or of the line as a whole.
struct Group {
    name: String,
    /// The key of its plan's page, when it has one.
    plan: Option<OrganizationKey>,
    findings: Vec<FindingView>,
}

#[derive(Template)]
#[template(path = "staff/directory.html")]
struct Page {
    frame: Frame,
    total: String,
    groups: Vec<Group>,
    more: usize,
    schools: Vec<(OrganizationKey, String)>,
}

async fn all(State(site): State<StaffSite>, Member(session): Member) -> Result<Response, Fault> {
    let checked = site.desk.checked_directory().await?;
    let page = Page {
        frame: Frame::new(&site, &session, "directory", "Directory", String::new()),
        total: total(&checked.findings),
        groups: groups(&checked.findings, &checked.schools),
        more: checked.findings.len().saturating_sub(FINDINGS_MOST),
        schools: checked.schools,
    };
    frame::page(StatusCode::OK, &page)
}

/// Findings are in the order of organizations already.
fn groups(findings: &[Finding], schools: &[(OrganizationKey, String)]) -> Vec<Group> {
    let mut groups: Vec<(Option<&OrganizationKey>, Group)> = Vec::new();
    for finding in findings.iter().take(FINDINGS_MOST) {
        let of = finding.organization.as_ref();
        if groups.last().is_none_or(|(last, _)| *last != of) {
            let name = if of.is_some() { finding.organization_name.clone() } else { "The line as a whole".to_owned() };
            let plan = of.filter(|key| schools.iter().any(|(school, _)| school == *key)).cloned();
            groups.push((of, Group { name, plan, findings: Vec::new() }));
        }
        if let Some((_, group)) = groups.last_mut() {
            group.findings.push(finding.into());
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// "2 errors and 1 warning."
fn total(findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let said = |n: usize, word: &str| if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") };
    match (count(Severity::Error), count(Severity::Warning)) {
        (0, 0) => "Nothing was found: the plan of every school works.".to_owned(),
        (errors, warnings) => format!("{} and {}.", said(errors, "error"), said(warnings, "warning")),
    }
}

#[derive(Template)]
#[template(path = "staff/directory_school.html")]
struct SchoolPage {
    frame: Frame,
    name: String,
    findings: Vec<FindingView>,
    plan: Option<PlanView>,
    cannot: String,
}

async fn school(State(site): State<StaffSite>, Member(session): Member, Path(key): Path<String>) -> Result<Response, Fault> {
    let key: OrganizationKey = key.parse().map_err(|_| Fault::NotFound)?;
    let (name, plan) = site.desk.critical_plan(&key).await?;
    let checked = site.desk.checked_directory().await?;
    let clock = PageClock { now: site.clock.now(), zone: site.zone.clone() };
    let (plan, cannot) = match plan {
        Ok(plan) => (Some(PlanView::new(&plan, &clock)), String::new()),
        Err(why) => (None, why.to_string()),
    };
    let page = SchoolPage {
        frame: Frame::new(&site, &session, "directory", format!("Plan of {name}"), String::new()),
        findings: checked.findings.iter().filter(|one| one.organization.as_ref() == Some(&key)).map(Into::into).collect(),
        name,
        plan,
        cannot,
    };
    frame::page(StatusCode::OK, &page)
}
