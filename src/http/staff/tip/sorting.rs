//! The triage's form as shown: types in groups by level, the level, the school, the marks.
//!
//! The school is a text field with suggestions, so that it can be searched without a script; its label leads back to one school.

use super::triage::Choice;
use crate::desk::view::Tip;
use domain::conversation::triage::StaffRole;
use domain::id::OrganizationKey;
use domain::level::{Catalogue, Level};

/// The form.
pub(in crate::http::staff) struct SortingForm {
    pub(in crate::http::staff) groups: Vec<TypeGroup>,
    /// `critical`, `standard`, `other`, or empty for "as the types say".
    pub(in crate::http::staff) level: String,
    /// "as the types say (Critical)".
    pub(in crate::http::staff) follows: String,
    pub(in crate::http::staff) levels: Vec<(&'static str, &'static str)>,
    pub(in crate::http::staff) school: String,
    pub(in crate::http::staff) schools: Vec<String>,
    pub(in crate::http::staff) in_progress: bool,
    pub(in crate::http::staff) possible_crime: bool,
    pub(in crate::http::staff) safety_issue: bool,
    pub(in crate::http::staff) about_self: bool,
    pub(in crate::http::staff) media_request: bool,
    pub(in crate::http::staff) legal_request: bool,
    pub(in crate::http::staff) may_lower: bool,
    pub(in crate::http::staff) reason: String,
}

/// The types of one level.
pub(in crate::http::staff) struct TypeGroup {
    pub(in crate::http::staff) level: &'static str,
    pub(in crate::http::staff) word: &'static str,
    pub(in crate::http::staff) open: bool,
    pub(in crate::http::staff) chosen: usize,
    pub(in crate::http::staff) types: Vec<TypeBox>,
}

/// One checkbox.
pub(in crate::http::staff) struct TypeBox {
    pub(in crate::http::staff) key: String,
    pub(in crate::http::staff) name: String,
    pub(in crate::http::staff) chosen: bool,
}

impl SortingForm {
    /// The form of this tip, or of what was chosen and refused.
    pub(in crate::http::staff) fn new(
        tip: &Tip,
        catalogue: &Catalogue,
        schools: &[(OrganizationKey, String)],
        role: StaffRole,
        refused: Option<&Choice>,
    ) -> Self {
        let saved = Choice::saved(tip, catalogue, schools);
        let choice = refused.unwrap_or(&saved);
        let floor = catalogue.floor(&choice.types);
        let follows = floor.map_or_else(|| "As the types say".to_owned(), |level| format!("As the types say ({})", level.title()));
        Self {
            groups: Level::ALL.iter().map(|level| group(*level, catalogue, choice)).filter(|group| !group.types.is_empty()).collect(),
            level: choice.level.clone(),
            follows,
            levels: Level::ALL.iter().map(|level| (level.as_str(), level.title())).collect(),
            school: choice.school.clone(),
            schools: labels(schools).into_iter().map(|(label, _)| label).collect(),
            in_progress: choice.marks.in_progress,
            possible_crime: choice.marks.possible_crime,
            safety_issue: choice.marks.safety_issue,
            about_self: choice.marks.about_self,
            media_request: choice.marks.media_request,
            legal_request: choice.marks.legal_request,
            may_lower: match role {
                StaffRole::Supervisor => true,
                StaffRole::Analyst => false,
            },
            reason: choice.reason.clone(),
        }
    }
}

fn group(level: Level, catalogue: &Catalogue, choice: &Choice) -> TypeGroup {
    let of_level = catalogue.list().into_iter().filter(|one| one.level == level);
    let types: Vec<_> =
        of_level.map(|one| TypeBox { key: one.key.to_string(), name: one.name.clone(), chosen: choice.types.contains(&one.key) }).collect();
    let chosen = types.iter().filter(|one| one.chosen).count();
    let open = chosen > 0 || (choice.types.is_empty() && level == Level::Critical);
    TypeGroup { level: level.title(), word: level.as_str(), open, chosen, types }
}

/// The schools' labels: the name, with the key behind it where two schools share a name.
pub(super) fn labels(schools: &[(OrganizationKey, String)]) -> Vec<(String, &OrganizationKey)> {
    let shared = |name: &str| schools.iter().filter(|(_, other)| other == name).count() > 1;
    schools.iter().map(|(key, name)| (if shared(name) { format!("{name} ({key})") } else { name.clone() }, key)).collect()
}

/// The school that was typed: a label, a name that only one has, or a key.
pub(super) fn school<'a>(schools: &'a [(OrganizationKey, String)], typed: &str) -> Option<&'a OrganizationKey> {
    let typed = typed.trim();
    let fits = |text: &str| text.to_lowercase() == typed.to_lowercase();
    labels(schools).into_iter().find(|(label, key)| fits(label) || key.as_str() == typed).map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_school_leads_to_one_school() {
        let schools: Vec<(OrganizationKey, String)> =
            [("delta-high", "Delta High School"), ("alpha-one", "Alpha School"), ("alpha-two", "Alpha School")]
                .map(|(key, name)| (key.parse().unwrap(), name.to_owned()))
                .to_vec();
        let find = |typed| school(&schools, typed).map(|key| key.as_str());
        assert_eq!(find("delta high school "), Some("delta-high"));
        assert_eq!(find("delta-high"), Some("delta-high"));
        assert_eq!(find("Alpha School"), None, "two share the name");
        assert_eq!(find("Alpha School (alpha-two)"), Some("alpha-two"));
        assert_eq!(find("Gamma"), None);
    }
}
