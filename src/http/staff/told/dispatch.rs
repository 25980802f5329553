//! `GET /tips/{id}/dispatch`: the preview, step by step. `POST /tips/{id}/plan`: the same without those whom a supervisor leaves out.
//! `POST /tips/{id}/dispatch`: tells them.
//!
//! A form holds the fingerprint of the plan that it was shown with; a plan that has changed since is shown again with everything that was
//! typed, and nobody is told.

use super::plan::PlanView;
use crate::desk::{DeskError, LONGEST_SUMMARY, Wish};
use crate::http::staff::StaffSite;
use crate::http::staff::fault::{self, Fault};
use crate::http::staff::fields::Fields;
use crate::http::staff::frame::{self, Frame};
use crate::http::staff::guard::{Member, Submitted};
use crate::http::staff::moment::PageClock;
use crate::http::staff::tip;
use crate::login::Session;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::conversation::triage::StaffRole;
use domain::id::{ConversationId, PersonKey};
use domain::sealed::Words;
use std::collections::BTreeSet;

#[derive(Template)]
#[template(path = "staff/dispatch.html")]
struct Page {
    frame: Frame,
    tip: String,
    reference: String,
    alias: String,
    school: String,
    version: i64,
    told_before: bool,
    plan: Option<PlanView>,
    cannot: String,
    /// Whom a supervisor may leave out, or has: key, name and role, whether they are left out.
    persons: Vec<(String, String, bool)>,
    anybody_left_out: bool,
    why_left_out: String,
    /// Who was left out before: key, name, whether they are put back.
    out_before: Vec<(String, String, bool)>,
    anybody_put_back: bool,
    why_put_back: String,
    summary: String,
    longest_summary: usize,
    refusal: String,
}

pub(in crate::http::staff) async fn preview(
    State(site): State<StaffSite>,
    Member(session): Member,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let page = page(&site, &session, tip::id(&id)?, &Wish::default(), String::new()).await?;
    frame::page(StatusCode::OK, &page)
}

/// The plan without those who are ticked, and with those who are put back. A form that is sent, so that no address says who a tip is about.
pub(in crate::http::staff) async fn without(
    State(site): State<StaffSite>,
    Path(id): Path<String>,
    form: Submitted,
) -> Result<Response, Fault> {
    let page = page(&site, &form.session, tip::id(&id)?, &wish(&form.fields, 0), String::new()).await?;
    frame::page(StatusCode::OK, &page)
}

pub(in crate::http::staff) async fn start(
    State(site): State<StaffSite>,
    Path(id): Path<String>,
    form: Submitted,
) -> Result<Response, Fault> {
    let id = tip::id(&id)?;
    let wish = wish(&form.fields, tip::version(&form.fields)?);
    match site.desk.dispatch(&form.session.staff, id, &wish).await {
        Ok(_) => Ok(tip::back(id, "told")),
        // From the tip's own page nothing was chosen: it is shown again there.
        Err(refused) if form.fields.get("from") == "tip" => {
            tip::page::refused(&site, &form.session, id, refused, tip::draft::Draft::of("dispatch")).await
        }
        Err(DeskError::NotFound) => Err(Fault::NotFound),
        Err(refused) => {
            fault::log(&refused);
            let status = fault::desk_status(&refused).0;
            frame::page(status, &page(&site, &form.session, id, &wish, refused.to_string()).await?)
        }
    }
}

fn wish(fields: &Fields, version: i64) -> Wish {
    let shown = fields.get("shown");
    Wish {
        version,
        shown: (!shown.is_empty()).then(|| shown.to_owned()),
        leave_out: fields.all("leave_out").filter_map(|key| key.parse().ok()).collect(),
        why_left_out: fields.text("why_left_out"),
        put_back: fields.all("put_back").filter_map(|key| key.parse().ok()).collect(),
        why_put_back: fields.text("why_put_back"),
        summary: Words::new(fields.text("summary")),
    }
}

async fn page(site: &StaffSite, session: &Session, id: ConversationId, wish: &Wish, refusal: String) -> Result<Page, Fault> {
    let shown = site.desk.tip(&session.staff, id, false).await?;
    let clock = PageClock { now: shown.now, zone: site.zone.clone() };
    let may_leave_out = match session.staff.role {
        StaffRole::Supervisor => true,
        StaffRole::Analyst => false,
    };
    let nobody = BTreeSet::new();
    let (leave_out, put_back) = if may_leave_out { (&wish.leave_out, &wish.put_back) } else { (&nobody, &nobody) };
    let (plan, cannot) = match site.desk.plan(id, leave_out, put_back).await {
        Ok(plan) => (Some(PlanView::new(&plan, &clock)), String::new()),
        Err(DeskError::Plan(why)) => (None, why.to_string()),
        Err(other) => return Err(other.into()),
    };
    let persons = if may_leave_out { persons(site, id, leave_out).await? } else { Vec::new() };
    let out_before = if may_leave_out { site.desk.left_out_by_name(id).await? } else { Vec::new() };
    let out_before: Vec<_> = out_before.into_iter().map(|(key, name)| (key.to_string(), name, put_back.contains(&key))).collect();
    Ok(Page {
        frame: Frame::new(site, session, "dispatch", format!("Who will be told · {}", shown.reference), id.to_string()),
        tip: id.to_string(),
        reference: shown.reference,
        alias: shown.alias,
        school: shown.school_name.unwrap_or_default(),
        version: shown.version,
        told_before: shown.dispatched_at.is_some(),
        plan,
        cannot,
        anybody_left_out: persons.iter().any(|(_, _, out)| *out),
        persons,
        why_left_out: wish.why_left_out.clone(),
        anybody_put_back: out_before.iter().any(|(_, _, back)| *back),
        out_before,
        why_put_back: wish.why_put_back.clone(),
        summary: wish.summary.reveal().to_owned(),
        longest_summary: LONGEST_SUMMARY,
        refusal,
    })
}

/// Everybody whom the whole plan would tell, each once, in its order.
async fn persons(site: &StaffSite, id: ConversationId, leave_out: &BTreeSet<PersonKey>) -> Result<Vec<(String, String, bool)>, Fault> {
    let whole = match site.desk.plan(id, &BTreeSet::new(), &BTreeSet::new()).await {
        Ok(shown) => shown.plan,
        Err(DeskError::Plan(_)) => return Ok(Vec::new()),
        Err(other) => return Err(other.into()),
    };
    let mut seen = BTreeSet::new();
    let steps = whole.steps.into_iter().filter(|step| seen.insert(step.person.clone()));
    let of = |step: domain::dispatch::plan::Step| {
        let out = leave_out.contains(&step.person);
        (step.person.to_string(), format!("{}, {}", step.person_name, step.organization_name), out)
    };
    Ok(steps.map(of).collect())
}
