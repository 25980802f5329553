//! Which school is meant: by the name as typed, forgiving of case, accents and marks, or by a choice from a list.
//!
//! A school that is not found is no mistake: the typed words stand in the message, and the county, when it was chosen, says whom to reach
//! (R49).

use domain::directory::{Directory, Kind, Organization};
use domain::id::OrganizationKey;

/// So many schools are offered while one types; a longer list is searched by a button.
pub(super) const MOST_LISTED: usize = 300;
/// So many are offered by a search.
pub(super) const MOST_FOUND: usize = 40;
/// Fewer letters say nothing of a school.
const LEAST_LETTERS: usize = 3;

/// A school or county that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) key: String,
    pub(super) name: String,
    /// The county's name, which tells schools of one name apart.
    pub(super) county: String,
}

/// Every school, by name, when there are few enough to be offered at once.
pub(super) fn offered(directory: &Directory) -> Vec<Listed> {
    let schools = directory.schools();
    if schools.len() > MOST_LISTED { Vec::new() } else { schools.into_iter().map(|school| listed(directory, school)).collect() }
}

/// Whether the list is too long to be offered at once.
pub(super) fn are_many(directory: &Directory) -> bool {
    directory.schools().len() > MOST_LISTED
}

/// Every county, by name.
pub(super) fn counties(directory: &Directory) -> Vec<Listed> {
    let mut all: Vec<Listed> =
        directory.organizations.values().filter(|one| one.kind == Kind::County).map(|county| listed(directory, county)).collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

/// The schools that have all the typed words in their name or county, and whether there are more than are given.
pub(super) fn search(directory: &Directory, typed: &str) -> (Vec<Listed>, bool) {
    let folded_typed = folded(typed);
    let words: Vec<&str> = folded_typed.split(' ').filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return (Vec::new(), false);
    }
    let fits = |school: &Listed| {
        let name = folded(&format!("{} {}", school.name, school.county));
        words.iter().all(|word| name.contains(word))
    };
    let mut found: Vec<Listed> = directory.schools().into_iter().map(|school| listed(directory, school)).filter(fits).collect();
    let more = found.len() > MOST_FOUND;
    found.truncate(MOST_FOUND);
    (found, more)
}

/// The school that was meant: the one chosen, else the only one of this name, else the only one whose name begins so. A chosen county
/// leaves only its own.
pub(super) fn meant(directory: &Directory, chosen: &str, typed: &str, county: Option<&OrganizationKey>) -> Option<OrganizationKey> {
    if let Some(school) = of_kind(directory, chosen, Kind::School) {
        return Some(school);
    }
    let typed = folded(typed);
    if typed.chars().filter(|c| c.is_alphanumeric()).count() < LEAST_LETTERS {
        return None;
    }
    let schools: Vec<(String, &Organization)> = directory
        .schools()
        .into_iter()
        .filter(|school| county.is_none() || school.county.as_ref() == county)
        .map(|school| (folded(&school.name), school))
        .collect();
    let only = |fits: &dyn Fn(&str) -> bool| {
        let mut found = schools.iter().filter(|(name, _)| fits(name));
        let first = found.next()?;
        found.next().is_none().then(|| first.1.key.clone())
    };
    only(&|name| name == typed).or_else(|| only(&|name| name.starts_with(&typed)))
}

/// The school with this key.
pub(super) fn one(directory: &Directory, chosen: &str) -> Option<Listed> {
    let key = of_kind(directory, chosen, Kind::School)?;
    directory.organization(&key).map(|school| listed(directory, school))
}

/// A county's key, when it is one.
pub(super) fn county(directory: &Directory, chosen: &str) -> Option<OrganizationKey> {
    of_kind(directory, chosen, Kind::County)
}

/// The name of an organization.
pub(super) fn name(directory: &Directory, key: &OrganizationKey) -> String {
    directory.organization(key).map_or_else(String::new, |one| one.name.clone())
}

fn of_kind(directory: &Directory, chosen: &str, kind: Kind) -> Option<OrganizationKey> {
    let key = chosen.parse().ok()?;
    directory.organization(&key).filter(|one| one.kind == kind).map(|one| one.key.clone())
}

fn listed(directory: &Directory, one: &Organization) -> Listed {
    let county = one.county.as_ref().map(|key| name(directory, key)).unwrap_or_default();
    Listed { key: one.key.to_string(), name: one.name.clone(), county }
}

/// A name as it is compared: small letters without accents, one space between words, no marks.
pub(super) fn folded(text: &str) -> String {
    let letters: String = text
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|c| !matches!(c, '\u{300}'..='\u{36F}' | '\'' | '’' | '.'))
        .map(|c| if c.is_alphanumeric() { plain(c) } else { ' ' })
        .collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The letter under an accent, for the letters of names in American schools.
const fn plain(letter: char) -> char {
    match letter {
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Directory {
        let county = |key: &str, name: &str| organization(key, Kind::County, name, None);
        let school = |key: &str, name: &str, county: &str| organization(key, Kind::School, name, Some(county));
        Directory::new(
            vec![
                county("north", "North County"),
                county("south", "South County"),
                school("delta-high", "Delta High School", "north"),
                school("delta-elementary", "Delta Elementary School", "north"),
                school("pena", "Peña Academy", "north"),
                school("st-marys-n", "St. Mary's", "north"),
                school("st-marys-s", "St. Mary's", "south"),
            ],
            Vec::new(),
        )
    }

    fn organization(key: &str, kind: Kind, name: &str, county: Option<&str>) -> Organization {
        Organization {
            content: Default::default(),
            key: key.parse().unwrap(),
            kind,
            name: name.into(),
            county: county.map(|key| key.parse().unwrap()),
            district: None,
            psap: None,
            police: None,
            hotline: None,
            calendar: "school".parse().unwrap(),
        }
    }

    #[test]
    fn a_school_is_found_by_what_a_student_types() {
        let directory = directory();
        for (chosen, typed, county, expected) in [
            ("", "Delta High School", "", Some("delta-high")),
            ("", "  delta   HIGH school ", "", Some("delta-high")),
            ("", "delta high", "", Some("delta-high")),
            ("", "delta", "", None),
            ("", "pena academy", "", Some("pena")),
            ("", "PEN\u{303}A ACADEMY", "", Some("pena")),
            ("", "st marys", "", None),
            ("", "St. Mary’s", "south", Some("st-marys-s")),
            ("st-marys-n", "anything", "", Some("st-marys-n")),
            ("north", "", "", None),
            ("nothing such", "the park", "", None),
            ("", "de", "", None),
            ("", "", "", None),
        ] {
            let county = super::county(&directory, county);
            let found = meant(&directory, chosen, typed, county.as_ref());
            assert_eq!(found.as_ref().map(OrganizationKey::as_str), expected, "{chosen} {typed}");
        }
    }

    #[test]
    fn a_search_finds_all_words_in_name_or_county() {
        let directory = directory();
        let names = |typed: &str| search(&directory, typed).0.into_iter().map(|one| one.key).collect::<Vec<_>>();
        assert_eq!(names("school delta"), ["delta-elementary", "delta-high"]);
        assert_eq!(names("mary south"), ["st-marys-s"]);
        assert_eq!(names("moon"), Vec::<String>::new());
        assert_eq!(names(" "), Vec::<String>::new());
        assert_eq!(counties(&directory).len(), 2);
    }
}
