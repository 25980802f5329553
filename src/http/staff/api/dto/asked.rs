//! What requests hold. A field that is not named here is refused, so that a misspelt one is not silently lost.
//!
//! Ids and keys are text here; the handlers read them and name the one that is wrong.

use super::tip::Marks;
use serde::Deserialize;
use utoipa::ToSchema;

/// An answer to the reporter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReply {
    /// The words, at most 1600 characters.
    pub text: String,
}

/// A whole triage, as chosen on `version`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTriage {
    /// The version that it was chosen on.
    pub version: i64,
    /// Keys of the catalogue.
    pub types: Vec<String>,
    /// `critical`, `standard`, `other`; null follows the types.
    #[serde(default)]
    pub level: Option<String>,
    /// The school's key.
    #[serde(default)]
    pub school: Option<String>,
    /// The marks.
    #[serde(default)]
    pub marks: Marks,
    /// Why the level is lowered; needed only then.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A note or an assessment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// `note` or `assessment`.
    pub kind: String,
    /// The words.
    pub text: String,
}

/// The start of a dispatch.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDispatch {
    /// The version that was seen.
    pub version: i64,
    /// The fingerprint of the plan that was seen: a plan that has changed since is refused with `plan_changed`.
    #[serde(default)]
    pub plan: Option<String>,
    /// Keys of persons who are told nothing, because the tip is about them (R42); supervisors only.
    #[serde(default)]
    pub leave_out: Vec<String>,
    /// Why they are left out.
    #[serde(default)]
    pub why_left_out: Option<String>,
    /// Keys of persons who were left out before and are told from now on; supervisors only. If everybody else was told at this level
    /// already, only they are told.
    #[serde(default)]
    pub put_back: Vec<String>,
    /// Why they are put back.
    #[serde(default)]
    pub why_put_back: Option<String>,
    /// A summary for organizations that have accepted one in writing; at most 1500 characters.
    #[serde(default)]
    pub summary: Option<String>,
}

/// How a task was done.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Doing {
    /// With whom was spoken; a follow-up call is done only with it.
    #[serde(default)]
    pub note: Option<String>,
}

/// Why a tip is closed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// The reason.
    pub reason: String,
    /// Whether somebody is referred to mental-health services: needed for tips of self-harm (R56).
    #[serde(default)]
    pub referral: Option<bool>,
    /// To whom, or why not.
    #[serde(default)]
    pub referral_note: Option<String>,
    /// Whom at the police a member of staff told: needed when a safety issue is marked and no dispatch reached them (R35).
    #[serde(default)]
    pub police_told: Option<String>,
}

/// How somebody was reached.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirming {
    /// The analyst's note.
    pub note: String,
}
