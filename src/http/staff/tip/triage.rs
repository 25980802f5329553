//! `POST /tips/{id}/triage`: types, level, school and marks, as the analyst chose them on the version they saw.

use super::draft::Draft;
use super::{back, id, page, sorting, version};
use crate::desk::view::Tip;
use crate::http::staff::StaffSite;
use crate::http::staff::fault::Fault;
use crate::http::staff::fields::Fields;
use crate::http::staff::guard::Submitted;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::conversation::triage::{Marks, TriageChange};
use domain::id::{OrganizationKey, TipTypeKey};
use domain::level::{Catalogue, Level};
use std::collections::BTreeSet;

/// What is chosen in the form, saved or not.
#[derive(Default)]
pub(in crate::http::staff) struct Choice {
    pub(in crate::http::staff) types: BTreeSet<TipTypeKey>,
    /// The level's word; empty for "as the types say".
    pub(in crate::http::staff) level: String,
    /// The school as typed.
    pub(in crate::http::staff) school: String,
    pub(in crate::http::staff) marks: Marks,
    pub(in crate::http::staff) reason: String,
}

impl Choice {
    /// What is saved. A level that only follows from types and marks is not shown as chosen.
    pub(super) fn saved(tip: &Tip, catalogue: &Catalogue, schools: &[(OrganizationKey, String)]) -> Self {
        let triage = &tip.triage;
        let floor = catalogue.floor(&triage.types);
        let follows = if triage.marks.in_progress { Some(Level::Critical) } else { floor };
        let label = triage.school.as_ref().and_then(|key| sorting::labels(schools).into_iter().find(|(_, other)| *other == key));
        Self {
            types: triage.types.clone(),
            level: triage.level.filter(|_| triage.level != follows).map_or_else(String::new, |level| level.as_str().to_owned()),
            school: label.map(|(label, _)| label).or_else(|| triage.school.as_ref().map(ToString::to_string)).unwrap_or_default(),
            marks: triage.marks,
            reason: String::new(),
        }
    }

    fn typed(fields: &Fields) -> Self {
        Self {
            types: fields.all("type").filter_map(|key| key.parse().ok()).collect(),
            level: fields.get("level").to_owned(),
            school: fields.get("school").to_owned(),
            marks: Marks {
                in_progress: fields.ticked("in_progress"),
                possible_crime: fields.ticked("possible_crime"),
                safety_issue: fields.ticked("safety_issue"),
                about_self: fields.ticked("about_self"),
                media_request: fields.ticked("media_request"),
                legal_request: fields.ticked("legal_request"),
            },
            reason: fields.text("reason"),
        }
    }

    fn change(&self, school: Option<OrganizationKey>) -> TriageChange {
        TriageChange {
            types: self.types.clone(),
            level: Level::parse(&self.level),
            school,
            marks: self.marks,
            reason: Some(self.reason.clone()).filter(|reason| !reason.is_empty()),
        }
    }
}

pub(super) async fn save(State(site): State<StaffSite>, Path(tip): Path<String>, form: Submitted) -> Result<Response, Fault> {
    let (tip, version) = (id(&tip)?, version(&form.fields)?);
    let choice = Choice::typed(&form.fields);
    let schools = site.desk.schools().await?;
    let school = sorting::school(&schools, &choice.school).cloned();
    if school.is_none() && !choice.school.is_empty() {
        let refusal =
            format!("No school in the directory is called \"{}\". Choose one from the list as you type, or leave it empty.", choice.school);
        let draft = Draft { form: "triage".to_owned(), refusal, triage: Some(choice), ..Draft::default() };
        return page::again(&site, &form.session, tip, axum::http::StatusCode::UNPROCESSABLE_ENTITY, draft).await;
    }
    match site.desk.triage(&form.session.staff, tip, version, choice.change(school)).await {
        Ok(()) => Ok(back(tip, "told")),
        Err(refused) => page::refused(&site, &form.session, tip, refused, Draft { triage: Some(choice), ..Draft::of("triage") }).await,
    }
}
