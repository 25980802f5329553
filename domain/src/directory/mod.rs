//! The directory: who can be told about a tip (R9, R11, R13, R17).
//!
//! Organizations (schools, districts, police agencies, PSAPs, counties, hotlines) and the persons listed for them.
//! Addresses are not here: a person has [`ContactPoint`]s whose sealed address the shell keeps. A school that could not
//! keep the procedures' promises (no PSAP, no POC) is inactive and says why.

pub mod check;
#[cfg(test)]
pub(crate) mod fixture;

use crate::channel::Means;
use crate::id::{CalendarKey, OrganizationKey, PersonKey};
use crate::language::Language;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an organization is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A county.
    County,
    /// A school district.
    District,
    /// A school.
    School,
    /// A public safety answering point: the 911 centre.
    Psap,
    /// A police agency.
    Police,
    /// A hotline that must also be told (R51).
    Hotline,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 6] = [Kind::County, Kind::District, Kind::School, Kind::Psap, Kind::Police, Kind::Hotline];
    /// The word used in CSV, SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::County => "county",
            Kind::District => "district",
            Kind::School => "school",
            Kind::Psap => "psap",
            Kind::Police => "police",
            Kind::Hotline => "hotline",
        }
    }
    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its key.
    pub key: OrganizationKey,
    /// What it is.
    pub kind: Kind,
    /// Its name as spoken and written.
    pub name: String,
    /// The county it lies in (for a county: itself or none).
    pub county: Option<OrganizationKey>,
    /// A school's district.
    pub district: Option<OrganizationKey>,
    /// A school's PSAP (R11), or a county's, for its schools that are not enrolled (R49).
    pub psap: Option<OrganizationKey>,
    /// A school's police agency, or a county's, as above.
    pub police: Option<OrganizationKey>,
    /// The hotline that is told of every tip about this school, or about any school of this district (R51).
    #[serde(default)]
    pub hotline: Option<OrganizationKey>,
    /// Its business calendar.
    pub calendar: CalendarKey,
}

/// One person who can be told, at one organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Key, unique in the directory.
    pub key: PersonKey,
    /// Whom they are told for.
    pub organization: OrganizationKey,
    /// The name.
    pub name: String,
    /// What they are there, such as "Principal" or "911 desk".
    pub role: String,
    /// Their place in the order of calling; 1 is first.
    pub order: u16,
    /// The language they are spoken to in.
    pub language: Language,
    /// How they can be reached.
    pub points: Vec<ContactPoint>,
    /// When the list was last attested (R13).
    pub attested_on: Option<Date>,
}

impl Person {
    /// The person's way to be reached by this means; the first, should the list hold several.
    pub fn point(&self, means: Means) -> Option<&ContactPoint> {
        self.points.iter().find(|point| point.means == means)
    }
}

/// One way to reach a person. SMS only where it is designated (R9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPoint {
    /// Call, mail or text.
    pub means: Means,
    /// The last two characters of the address, for recognition: `…42`.
    pub tail: String,
    /// Digits to key after the line is picked up (a switchboard's extension); empty for none.
    pub extension: String,
}

/// The whole directory, read-only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    /// Organizations by key.
    pub organizations: BTreeMap<OrganizationKey, Organization>,
    /// Persons by organization, in calling order.
    pub persons: BTreeMap<OrganizationKey, Vec<Person>>,
}

impl Directory {
    /// Builds the directory; persons are put in calling order.
    pub fn new(organizations: Vec<Organization>, persons: Vec<Person>) -> Self {
        let mut by_org: BTreeMap<OrganizationKey, Vec<Person>> = BTreeMap::new();
        for person in persons {
            by_org.entry(person.organization.clone()).or_default().push(person);
        }
        for list in by_org.values_mut() {
            list.sort_by(|a, b| a.order.cmp(&b.order).then_with(|| a.key.cmp(&b.key)));
        }
        Self { organizations: organizations.into_iter().map(|o| (o.key.clone(), o)).collect(), persons: by_org }
    }
    /// An organization.
    pub fn organization(&self, key: &OrganizationKey) -> Option<&Organization> {
        self.organizations.get(key)
    }
    /// The persons listed for an organization, in calling order.
    pub fn persons_of(&self, key: &OrganizationKey) -> &[Person] {
        self.persons.get(key).map_or(&[], Vec::as_slice)
    }
    /// The hotline that is told of every tip about this school: its own, else its district's (R51).
    pub fn hotline_of<'a>(&'a self, school: &'a Organization) -> Option<&'a OrganizationKey> {
        let district = || school.district.as_ref().and_then(|key| self.organization(key));
        school.hotline.as_ref().or_else(|| district()?.hotline.as_ref())
    }
    /// The counties that stand for their schools that are not enrolled: those that name a PSAP (R49), by name.
    pub fn counties(&self) -> Vec<&Organization> {
        let mut counties: Vec<_> = self.organizations.values().filter(|o| o.kind == Kind::County && o.psap.is_some()).collect();
        counties.sort_by(|a, b| a.name.cmp(&b.name));
        counties
    }
    /// The schools, by name.
    pub fn schools(&self) -> Vec<&Organization> {
        let mut all: Vec<_> = self.organizations.values().filter(|o| o.kind == Kind::School).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }
}
