//! Triage: level, types, school and the marks, and who may change what (R1, R7, R8, R22, R23, R35, R41, R53).
//!
//! A request of the press is marked, is of the level Other, and goes to the administrators: no enduser is told, and it may be closed
//! without a dispatch. A tip of a higher level cannot be marked so: that would be a quiet way round telling anybody.

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
    /// The school that it is about; for one that is not enrolled, its county (R49).
    pub school: Option<OrganizationKey>,
    /// What is true about it.
    pub marks: Marks,
}

impl Triage {
    /// Whether endusers are told of it: of everything but a request of the press (R41). What is not for them may be closed without a dispatch.
    pub fn is_for_endusers(&self) -> bool {
        !(self.marks.media_request && self.level == Some(Level::Other))
    }
}

/// Facts that change who is told and how, or that are counted. Marks that a row does not have are not set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Marks {
    /// It happens now: dial before anything else (R23).
    pub in_progress: bool,
    /// Police may be told (R35).
    pub possible_crime: bool,
    /// Police must be told (R35).
    pub safety_issue: bool,
    /// The reporter writes about themself (R8): shown, and counted in the annual report.
    pub about_self: bool,
    /// A request of the press (R41): for the administrators, never for endusers.
    pub media_request: bool,
    /// Legal advice was asked for (R7): one approved sentence answers it, the tip goes on as any other.
    pub legal_request: bool,
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
    pub const fn as_str(self) -> &'static str {
        match self {
            StaffRole::Analyst => "analyst",
            StaffRole::Supervisor => "supervisor",
        }
    }
    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        [StaffRole::Analyst, StaffRole::Supervisor].into_iter().find(|r| r.as_str() == word)
    }
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
    /// A request of the press that is more than that (R41).
    #[error("This tip is {}, so it is more than a press request: untick the mark, and the endusers are told.", .0.title())]
    MoreThanMedia(Level),
}

/// Applies a change: the level follows the types, may be raised by anybody, and is lowered (below the types' level, or
/// below what it was) only by a supervisor with a reason. `in_progress` makes a tip Critical whatever level was chosen.
///
/// A level that a supervisor has lowered stays lowered while the types stay; a new type counts with its own level again.
pub fn apply(before: &Triage, change: TriageChange, role: StaffRole, catalogue: &Catalogue) -> Result<Triage, TriageRefused> {
    if change.types.is_empty() {
        return Err(TriageRefused::NoType);
    }
    if let Some(unknown) = change.types.iter().find(|key| catalogue.get(key).is_none()) {
        return Err(TriageRefused::UnknownType(unknown.clone()));
    }
    let least = least_level(before, &change.types, catalogue);
    let wanted = if change.marks.in_progress { Level::Critical } else { change.level.unwrap_or(least) };
    if wanted < least {
        match role {
            StaffRole::Analyst => return Err(TriageRefused::OnlySupervisorLowers(least)),
            StaffRole::Supervisor if change.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) => {
                return Err(TriageRefused::ReasonMissing);
            }
            StaffRole::Supervisor => {}
        }
    }
    if change.marks.media_request && wanted > Level::Other {
        return Err(TriageRefused::MoreThanMedia(wanted));
    }
    Ok(Triage { types: change.types, level: Some(wanted), school: change.school, marks: change.marks })
}

/// The lowest level that is no lowering: what the types give and what it was, unless a supervisor has lowered it before.
fn least_level(before: &Triage, types: &BTreeSet<TipTypeKey>, catalogue: &Catalogue) -> Level {
    let lowered = before.level.filter(|level| Some(*level) < catalogue.floor(&before.types));
    let (was, counted): (Level, Vec<&TipTypeKey>) = match lowered {
        Some(level) => (level, types.difference(&before.types).collect()),
        None => (before.level.unwrap_or(Level::Other), types.iter().collect()),
    };
    catalogue.floor(counted).map_or(was, |floor| floor.max(was))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::TipType;
    use StaffRole::{Analyst, Supervisor};

    fn key(text: &str) -> TipTypeKey {
        text.parse().expect("a key")
    }

    fn catalogue() -> Catalogue {
        let types = [("suicide", Level::Critical), ("weapon", Level::Critical), ("bullying", Level::Standard), ("prank", Level::Other)];
        Catalogue::new(types.map(|(name, level)| TipType { key: key(name), name: name.to_owned(), level, referral: false }))
    }

    fn triage(types: &str, level: Option<Level>) -> Triage {
        Triage { types: types.split_whitespace().map(key).collect(), level, ..Triage::default() }
    }

    fn change(types: &str, level: Option<Level>, reason: Option<&str>) -> TriageChange {
        let triage = triage(types, level);
        TriageChange { types: triage.types, level, school: None, marks: Marks::default(), reason: reason.map(str::to_owned) }
    }

    #[test]
    fn who_may_change_which_level() {
        use Level::{Critical as C, Other as O, Standard as S};
        let lowered = Err(TriageRefused::OnlySupervisorLowers(C));
        let new = triage("", None);
        let table = [
            // A level follows the types.
            (new.clone(), change("suicide", None, None), Analyst, Ok(C)),
            (new.clone(), change("prank bullying", None, None), Analyst, Ok(S)),
            // Anybody raises.
            (triage("bullying", Some(S)), change("bullying", Some(C), None), Analyst, Ok(C)),
            // R22: an analyst's lowering is refused, below the types and below what it was.
            (new.clone(), change("weapon", Some(S), Some("looks harmless")), Analyst, lowered.clone()),
            (triage("bullying", Some(C)), change("bullying", Some(S), None), Analyst, lowered.clone()),
            (triage("weapon", Some(C)), change("prank", Some(O), None), Analyst, lowered.clone()),
            // Naming no level never lowers.
            (triage("weapon", Some(C)), change("prank", None, None), Analyst, Ok(C)),
            // A supervisor lowers, with a reason.
            (triage("weapon", Some(C)), change("weapon", Some(S), Some("a water pistol")), Supervisor, Ok(S)),
            (triage("weapon", Some(C)), change("weapon", Some(S), None), Supervisor, Err(TriageRefused::ReasonMissing)),
            (triage("weapon", Some(C)), change("weapon", Some(S), Some("  ")), Supervisor, Err(TriageRefused::ReasonMissing)),
            // What a supervisor lowered is kept by an analyst's other change, and not lowered further.
            (triage("weapon", Some(S)), change("weapon", Some(S), None), Analyst, Ok(S)),
            (triage("weapon", Some(S)), change("weapon", None, None), Analyst, Ok(S)),
            (triage("weapon", Some(S)), change("weapon prank", Some(O), None), Analyst, Err(TriageRefused::OnlySupervisorLowers(S))),
            // A new type counts with its own level.
            (triage("weapon", Some(S)), change("weapon suicide", Some(S), None), Analyst, lowered),
            // R1 and the catalogue.
            (new.clone(), change("", Some(C), None), Supervisor, Err(TriageRefused::NoType)),
            (new, change("ufo", None, None), Analyst, Err(TriageRefused::UnknownType(key("ufo")))),
        ];
        for (before, change, role, expected) in table {
            let shown = format!("{before:?} {change:?} {role:?}");
            assert_eq!(apply(&before, change, role, &catalogue()).map(|t| t.level.expect("set")), expected, "{shown}");
        }
    }

    #[test]
    fn a_press_request_is_of_the_level_other_and_for_no_enduser() {
        let marked = |types: &str, in_progress| {
            let mut wish = change(types, None, None);
            wish.marks = Marks { media_request: true, in_progress, ..Marks::default() };
            apply(&Triage::default(), wish, Analyst, &catalogue())
        };
        let taken = marked("prank", false).expect("Other");
        assert!(!taken.is_for_endusers() && Triage::default().is_for_endusers());
        assert_eq!(marked("bullying", false), Err(TriageRefused::MoreThanMedia(Level::Standard)));
        assert_eq!(marked("weapon prank", false), Err(TriageRefused::MoreThanMedia(Level::Critical)));
        assert_eq!(marked("prank", true), Err(TriageRefused::MoreThanMedia(Level::Critical)));
        // The other new marks change nothing.
        let mut wish = change("weapon", None, None);
        wish.marks = Marks { about_self: true, legal_request: true, ..Marks::default() };
        let after = apply(&Triage::default(), wish, Analyst, &catalogue()).expect("sorted");
        assert!(after.level == Some(Level::Critical) && after.is_for_endusers());
    }

    #[test]
    fn marks_of_old_rows_read() {
        let old = r#"{"in_progress":true,"possible_crime":false,"safety_issue":true}"#;
        let expected = Marks { in_progress: true, safety_issue: true, ..Marks::default() };
        assert_eq!(serde_json::from_str::<Marks>(old).expect("reads"), expected);
        let new = Marks { about_self: true, media_request: true, legal_request: true, ..Marks::default() };
        let json = serde_json::to_string(&new).expect("writes");
        assert!(["about_self", "media_request", "legal_request"].iter().all(|name| json.contains(name)), "{json}");
        assert_eq!(serde_json::from_str::<Marks>(&json).expect("reads"), new);
    }

    #[test]
    fn in_progress_is_critical_and_stays_so_when_unticked() {
        let mut wish = change("prank", Some(Level::Other), None);
        wish.marks.in_progress = true;
        let after = apply(&Triage::default(), wish, Analyst, &catalogue()).expect("anybody raises");
        assert_eq!(after.level, Some(Level::Critical));
        let refused = apply(&after, change("prank", Some(Level::Other), None), Analyst, &catalogue());
        assert_eq!(refused, Err(TriageRefused::OnlySupervisorLowers(Level::Critical)));
    }
}
