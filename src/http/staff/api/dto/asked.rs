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
}

/// Why a tip is closed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// The reason.
    pub reason: String,
}

/// How somebody was reached.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirming {
    /// The analyst's note.
    pub note: String,
}
