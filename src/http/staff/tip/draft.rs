//! What was typed into a form that was refused: shown again, so that nobody writes twice.

use super::triage::Choice;
use crate::desk::Closing;

/// The refused form.
#[derive(Default)]
pub(in crate::http::staff) struct Draft {
    /// Which form: `reply`, `triage`, `assess`, `note`, `close`, `dispatch`, `claim`, `news`, `task`, or an obligation's id; empty when none was refused.
    pub(in crate::http::staff) form: String,
    /// Why.
    pub(in crate::http::staff) refusal: String,
    /// What was typed.
    pub(in crate::http::staff) text: String,
    /// What was chosen in the triage's form.
    pub(in crate::http::staff) triage: Option<Choice>,
    /// What was written in the form that closes.
    pub(in crate::http::staff) closing: Option<Closing>,
}

impl Draft {
    /// A draft of a form without text.
    pub(in crate::http::staff) fn of(form: &str) -> Self {
        Self { form: form.to_owned(), ..Self::default() }
    }
    /// A draft with what was typed.
    pub(in crate::http::staff) fn with(form: &str, text: String) -> Self {
        Self { form: form.to_owned(), text, ..Self::default() }
    }
    /// Why this form was refused; empty when it was not.
    pub(in crate::http::staff) fn refusal_of(&self, form: &str) -> &str {
        if self.form == form { &self.refusal } else { "" }
    }
    /// What was chosen on referral: `yes`, `no` or nothing.
    pub(in crate::http::staff) fn referral(&self) -> &str {
        match self.closing.as_ref().and_then(|closing| closing.referral) {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        }
    }
    /// What was written about the referral.
    pub(in crate::http::staff) fn referral_note(&self) -> &str {
        self.closing.as_ref().map_or("", |closing| &closing.referral_note)
    }
    /// Whom at the police somebody told.
    pub(in crate::http::staff) fn police_told(&self) -> &str {
        self.closing.as_ref().map_or("", |closing| &closing.police_told)
    }
    /// What was typed into this form.
    pub(in crate::http::staff) fn text_of(&self, form: &str) -> &str {
        if self.form == form { &self.text } else { "" }
    }
}
