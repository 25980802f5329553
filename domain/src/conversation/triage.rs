//! Triage: level, types, school and the three marks, and who may change what (R1, R22, R23, R35, R53).

use crate::id::{OrganizationKey, TipTypeKey};
use crate::level::{Catalogue, Level};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the analysts made of a tip. Kept apart from the reporter's words (R53).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Triage {
    /// The types, from the catalogue.
    pub types: BTreeSet<TipTypeKey>,
    /// The level; `None` is "not yet sorted".
    pub level: Option<Level>,
    /// The school that it is about.
    pub school: Option<OrganizationKey>,
    /// What is true about it.
    pub marks: Marks,
}

/// Facts that change who is told and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// It happens now: dial before anything else (R23).
    pub in_progress: bool,
    /// Police may be told (R35).
    pub possible_crime: bool,
    /// Police must be told (R35).
    pub safety_issue: bool,
}

/// What a member of staff may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StaffRole {
    /// Reads and answers tips, triages, dispatches.
    Analyst,
    /// Also lowers a level, with a reason.
    Supervisor,
}

impl StaffRole {
    /// `analyst` or `supervisor`.
    pub const fn as_str(self) -> &'static str { match self { StaffRole::Analyst => "analyst", StaffRole::Supervisor => "supervisor" } }
    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> { [StaffRole::Analyst, StaffRole::Supervisor].into_iter().find(|r| r.as_str() == word) }
}

/// A wish to change the triage: the whole new state, as a form gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriageChange {
    /// The types chosen.
    pub types: BTreeSet<TipTypeKey>,
    /// The level chosen; `None` takes what the types give.
    pub level: Option<Level>,
    /// The school chosen.
    pub school: Option<OrganizationKey>,
    /// The marks chosen.
    pub marks: Marks,
    /// Why a level is lowered; needed only then.
    pub reason: Option<String>,
}

/// Why a triage was refused, in words for the analyst.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TriageRefused {
    /// No type was chosen (R1).
    #[error("Choose at least one type: a tip cannot be sorted without one.")]
    NoType,
    /// A type that the catalogue does not have.
    #[error("There is no type \"{0}\" in the catalogue.")]
    UnknownType(TipTypeKey),
    /// Lowering by an analyst (R22).
    #[error("These types are {}: only a supervisor can lower the level, with a reason.", .0.title())]
    OnlySupervisorLowers(Level),
    /// Lowering without a reason (R22).
    #[error("Lowering the level needs a reason: write why.")]
    ReasonMissing,
}

/// Applies a change: the level follows the types, may be raised by anybody, and is lowered (below the types' level, or
/// below what it was) only by a supervisor with a reason. `in_progress` makes a tip Critical.
pub fn apply(before: &Triage, change: TriageChange, role: StaffRole, catalogue: &Catalogue) -> Result<Triage, TriageRefused> {
    let _ = (before, change, role, catalogue);
    todo!()
}
