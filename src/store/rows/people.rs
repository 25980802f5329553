//! People: those who are told, with their sealed addresses, and staff with what lets them in.
//!
//! What endusers have of their own (PINs, logins, notes) is `store::endusers`'.

use crate::vault::sealed::{BlindIndex, Sealed};
use domain::channel::Means;
use domain::conversation::triage::StaffRole;
use domain::directory::{Organization, Person};
use domain::id::{PersonKey, StaffId};
use jiff::Timestamp;

/// An address of an enduser, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRow {
    /// Whose.
    pub person: PersonKey,
    /// For which means.
    pub means: Means,
    /// Which of the person's addresses of this means (0 is the first listed).
    pub point: u8,
    /// Sealed under the master key with `person/means` as context.
    pub sealed: Sealed,
    /// Finds it again; `None` for one that was imported before there was an index.
    pub index: Option<BlindIndex>,
}

/// A member of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffRow {
    /// Their id.
    pub id: StaffId,
    /// Login name, lower case, unique.
    pub login: String,
    /// The name shown.
    pub name: String,
    /// What they may do.
    pub role: StaffRole,
    /// argon2id, PHC string.
    pub password_hash: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// A login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the token in the cookie.
    pub token_hash: [u8; 32],
    /// Whose.
    pub staff: StaffId,
    /// The secret that forms must send back.
    pub csrf: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// A bearer token for the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTokenRow {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// In whose name.
    pub staff: StaffId,
    /// What it is for.
    pub label: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// Failed logins of a name: slows, never locks for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThrottleRow {
    /// The login name that was tried, lower case, at most 64 characters.
    pub name: String,
    /// How many failed in a row.
    pub failures: u32,
    /// Before this time every try is refused.
    pub not_before: Timestamp,
}

/// The directory with its sealed addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectoryRows {
    /// Organizations.
    pub organizations: Vec<Organization>,
    /// Persons.
    pub persons: Vec<Person>,
    /// Their addresses.
    pub addresses: Vec<AddressRow>,
}
