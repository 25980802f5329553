//! Whether a school can be activated: whether the procedures' promises could be kept for it (R11, R14).

use super::Directory;
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
pub fn not_ready(directory: &Directory, school: &OrganizationKey) -> Vec<NotReady> { let _ = (directory, school); todo!() }
