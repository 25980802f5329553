//! Whether a school can be activated: whether the procedures' promises could be kept for it (R11, R14, R51). A county is asked the
//! same when it stands for a school that is not enrolled (R49).
//!
//! All reasons are given at once, in words for the person who keeps the list. A school without police or district is ready:
//! the plan says so in a note. The same check guards activation and planning, so a list that decays is noticed.

use super::{Directory, Kind, Organization};
use crate::channel::Means;
use crate::id::OrganizationKey;

/// Why a school cannot be activated, in words for the person who imports the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// The key is not in the directory, or is neither a school nor a county.
    #[error("{0} is not a school or county in the directory")]
    NotASchool(OrganizationKey),
    /// No PSAP is named (R11).
    #[error("{school} has no PSAP: name its 911 centre in the column psap (R11: the PSAP is an enduser of every school)")]
    NoPsap {
        /// The school's name.
        school: String,
    },
    /// The PSAP named is not one.
    #[error("{school} names {psap} as its PSAP, which is not a PSAP in the directory")]
    UnknownPsap {
        /// The school's name.
        school: String,
        /// What was named.
        psap: OrganizationKey,
    },
    /// Nobody at the PSAP can be called.
    #[error("nobody at {psap}, the PSAP of {school}, has a phone number")]
    SilentPsap {
        /// The school's name.
        school: String,
        /// The PSAP's name.
        psap: String,
    },
    /// Nobody at the hotline can be mailed (R51).
    #[error("nobody at {hotline}, the hotline of {school}, has a mail address (R51)")]
    SilentHotline {
        /// The school's name.
        school: String,
        /// The hotline's name, or what was named and is none.
        hotline: String,
    },
    /// The school has no POC who can be called and mailed.
    #[error("{school} has no point of contact with {missing}")]
    NoPointOfContact {
        /// The school's name.
        school: String,
        /// "a phone number" or "a mail address".
        missing: &'static str,
    },
}

/// All reasons why this school, or this county for its schools that are not enrolled, cannot be dispatched to; empty when it can.
/// A county needs its PSAP and nothing else.
pub fn not_ready(directory: &Directory, school: &OrganizationKey) -> Vec<NotReady> {
    let Some(organization) = directory.organization(school) else { return vec![NotReady::NotASchool(school.clone())] };
    let psap = psap_reason(directory, organization).into_iter();
    match organization.kind {
        Kind::School => psap.chain(poc_reasons(directory, organization)).collect(),
        Kind::County => psap.collect(),
        Kind::District | Kind::Psap | Kind::Police | Kind::Hotline | Kind::Line => vec![NotReady::NotASchool(school.clone())],
    }
}

/// What a list may not lack when it is imported: the above, and a hotline that can be mailed (R51). A hotline that falls silent later
/// is noted in the plan and keeps nobody else from being told.
pub fn incomplete(directory: &Directory, school: &OrganizationKey) -> Vec<NotReady> {
    let mut reasons = not_ready(directory, school);
    if let Some(organization) = directory.organization(school) {
        let named = directory.hotline_of(organization);
        let silent = named.filter(|key| !anybody_has(directory, key, Means::Mail));
        reasons.extend(silent.map(|key| NotReady::SilentHotline {
            school: organization.name.clone(),
            hotline: directory.organization(key).map_or_else(|| key.to_string(), |hotline| hotline.name.clone()),
        }));
    }
    reasons
}

fn poc_reasons(directory: &Directory, school: &Organization) -> Vec<NotReady> {
    let mut reasons = Vec::new();
    for (means, missing) in [(Means::Call, "a phone number"), (Means::Mail, "a mail address")] {
        if !anybody_has(directory, &school.key, means) {
            reasons.push(NotReady::NoPointOfContact { school: school.name.clone(), missing });
        }
    }
    reasons
}

/// R11: why the school's PSAP could not be called.
fn psap_reason(directory: &Directory, school: &Organization) -> Option<NotReady> {
    let Some(key) = &school.psap else {
        return Some(NotReady::NoPsap { school: school.name.clone() });
    };
    let Some(psap) = directory.organization(key).filter(|psap| psap.kind == Kind::Psap) else {
        return Some(NotReady::UnknownPsap { school: school.name.clone(), psap: key.clone() });
    };
    let silent = !anybody_has(directory, key, Means::Call);
    silent.then(|| NotReady::SilentPsap { school: school.name.clone(), psap: psap.name.clone() })
}

fn anybody_has(directory: &Directory, organization: &OrganizationKey, means: Means) -> bool {
    directory.persons_of(organization).iter().any(|person| person.point(means).is_some())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{self, key};
    use super::*;

    /// What is said about Delta High after this damage to the county.
    fn after(damage: impl FnOnce(&mut Directory)) -> Vec<String> {
        let mut directory = fixture::county();
        damage(&mut directory);
        not_ready(&directory, &key("delta-high")).iter().map(ToString::to_string).collect()
    }

    fn strip(directory: &mut Directory, organization: &str, means: Means) {
        for person in directory.persons.get_mut(&key(organization)).expect("listed") {
            person.points.retain(|point| point.means != means);
        }
    }

    #[test]
    fn every_school_of_the_fixture_is_ready() {
        let county = fixture::county();
        for school in county.schools() {
            assert_eq!(not_ready(&county, &school.key), vec![], "{}", school.name);
        }
        assert_eq!(county.schools().len(), 5);
    }

    #[test]
    fn each_missing_thing_is_named() {
        let psap = |named: Option<&str>| {
            let named = named.map(key);
            move |d: &mut Directory| d.organizations.get_mut(&key("delta-high")).expect("there").psap = named
        };
        assert_eq!(
            after(psap(None)),
            ["Delta High School has no PSAP: name its 911 centre in the column psap (R11: the PSAP is an enduser of every school)"]
        );
        let unknown = "Delta High School names delta-police as its PSAP, which is not a PSAP in the directory";
        assert_eq!(after(psap(Some("delta-police"))), [unknown]);
        assert_eq!(after(psap(Some("nowhere"))), [unknown.replace("delta-police", "nowhere")]);
        assert_eq!(
            after(|d| strip(d, "fox-911", Means::Call)),
            ["nobody at Fox County 911, the PSAP of Delta High School, has a phone number"]
        );
        let phone = "Delta High School has no point of contact with a phone number";
        let mail = "Delta High School has no point of contact with a mail address";
        assert_eq!(after(|d| strip(d, "delta-high", Means::Call)), [phone]);
        assert_eq!(after(|d| strip(d, "delta-high", Means::Mail)), [mail]);
        assert_eq!(after(|d| drop(d.persons.remove(&key("delta-high")))), [phone, mail]);
    }

    #[test]
    fn a_county_needs_a_psap_that_can_be_called() {
        let about_fox = |damage: fn(&mut Directory)| {
            let mut directory = fixture::county();
            directory.organizations.get_mut(&key("fox-county")).expect("there").psap = Some(key("fox-911"));
            damage(&mut directory);
            not_ready(&directory, &key("fox-county")).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(about_fox(|_| {}), Vec::<String>::new());
        let silent = about_fox(|d| strip(d, "fox-911", Means::Call));
        assert_eq!(silent, ["nobody at Fox County 911, the PSAP of Fox County, has a phone number"]);
        let none = about_fox(|d| d.organizations.get_mut(&key("fox-county")).expect("there").psap = None);
        assert!(none.len() == 1 && none[0].starts_with("Fox County has no PSAP"), "{none:?}");
    }

    #[test]
    fn a_silent_hotline_is_incomplete_and_keeps_no_school_from_being_told() {
        let mut directory = fixture::county();
        directory.organizations.get_mut(&key("delta-district")).expect("there").hotline = Some(key("city-hotline"));
        assert_eq!(incomplete(&directory, &key("delta-high")), []);
        strip(&mut directory, "city-hotline", Means::Mail);
        assert_eq!(not_ready(&directory, &key("delta-high")), []);
        let said: Vec<String> = incomplete(&directory, &key("delta-high")).iter().map(ToString::to_string).collect();
        assert_eq!(said, ["nobody at City Prevention Hotline, the hotline of Delta High School, has a mail address (R51)"]);
        assert_eq!(incomplete(&directory, &key("bravo-middle")), [], "another district's");
    }

    #[test]
    fn only_a_school_can_be_one() {
        for other in ["delta-police", "city-hotline", "delta-district", "nowhere"] {
            assert_eq!(not_ready(&fixture::county(), &key(other)), [NotReady::NotASchool(key(other))]);
        }
    }
}
