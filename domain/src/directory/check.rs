//! Whether a school can be activated: whether the procedures' promises could be kept for it (R11, R14).
//!
//! All reasons are given at once, in words for the person who keeps the list. A school without police or district is ready:
//! the plan says so in a note. The same check guards activation and planning, so a list that decays is noticed.

use super::{Directory, Kind, Organization};
use crate::channel::Means;
use crate::id::OrganizationKey;

/// Why a school cannot be activated, in words for the person who imports the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// The key is not in the directory, or is no school.
    #[error("{0} is not a school in the directory")]
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
    /// The school has no POC who can be called and mailed.
    #[error("{school} has no point of contact with {missing}")]
    NoPointOfContact {
        /// The school's name.
        school: String,
        /// "a phone number" or "a mail address".
        missing: &'static str,
    },
}

/// All reasons why this school cannot be activated; empty when it can.
pub fn not_ready(directory: &Directory, school: &OrganizationKey) -> Vec<NotReady> {
    let Some(organization) = directory.organization(school).filter(|organization| organization.kind == Kind::School) else {
        return vec![NotReady::NotASchool(school.clone())];
    };
    let mut reasons: Vec<NotReady> = psap_reason(directory, organization).into_iter().collect();
    for (means, missing) in [(Means::Call, "a phone number"), (Means::Mail, "a mail address")] {
        if !anybody_has(directory, school, means) {
            reasons.push(NotReady::NoPointOfContact { school: organization.name.clone(), missing });
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
    fn only_a_school_can_be_one() {
        for other in ["delta-police", "nowhere"] {
            assert_eq!(not_ready(&fixture::county(), &key(other)), [NotReady::NotASchool(key(other))]);
        }
    }
}
