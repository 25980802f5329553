//! Errors, what was made, and the lists that forms need.
//!
//! An error is a stable word for programs and a sentence for people.

use serde::Serialize;
use utoipa::ToSchema;

/// An error.
#[derive(Serialize, ToSchema)]
pub struct Refusal {
    /// What went wrong.
    pub error: RefusalDetail,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
pub struct RefusalDetail {
    /// A stable word, such as `changed`.
    pub code: String,
    /// A sentence for people.
    pub message: String,
}

/// A type of tip.
#[derive(Serialize, ToSchema)]
pub struct TipType {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The least level of a tip of this type.
    pub level: String,
}

/// A school.
#[derive(Serialize, ToSchema)]
pub struct School {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
}

/// What was made.
#[derive(Serialize, ToSchema)]
pub struct Made {
    /// Its id.
    pub id: String,
}
