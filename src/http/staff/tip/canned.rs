//! Approved answers beside the reply field: one press puts the words into the field, where they are read before they are sent.
//!
//! With a script the words are put in at once; without, the page comes again with them. Nothing is sent by choosing.

use super::draft::Draft;
use super::{id, page};
use crate::desk::view::Answers;
use crate::http::staff::StaffSite;
use crate::http::staff::fault::Fault;
use crate::http::staff::guard::Submitted;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::conversation::canned::Canned;
use domain::language::Language;

/// One approved answer, in the reporter's language.
pub(in crate::http::staff) struct CannedView {
    pub(in crate::http::staff) key: &'static str,
    pub(in crate::http::staff) title: &'static str,
    pub(in crate::http::staff) text: &'static str,
}

impl CannedView {
    /// Those that may still be given.
    pub(in crate::http::staff) fn all(answers: &Answers) -> Vec<Self> {
        let left = Canned::ALL.into_iter().filter(|canned| !answers.said.contains(canned));
        left.map(|one| Self { key: one.key(), title: one.title(), text: one.text(answers.language) }).collect()
    }
}

/// The page again, with the chosen words after what was typed.
pub(super) async fn draft(State(site): State<StaffSite>, Path(tip): Path<String>, form: Submitted) -> Result<Response, Fault> {
    let tip = id(&tip)?;
    let typed = form.fields.text("text");
    let language = Language::parse(form.fields.get("language")).unwrap_or_default();
    let words = Canned::parse(form.fields.get("canned")).map_or("", |canned| canned.text(language));
    let text = [typed.trim(), words].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    page::again(&site, &form.session, tip, StatusCode::OK, Draft::with("reply", text)).await
}
