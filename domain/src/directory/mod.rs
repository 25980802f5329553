//! The directory: who can be told about a tip (R9, R11, R13, R17).
//!
//! Organizations (schools, districts, police agencies, PSAPs, counties, hotlines) and the persons listed for them.
//! Addresses are not here: a person has [`ContactPoint`]s whose sealed address the shell keeps. A school that could not
//! keep the procedures' promises (no PSAP, no POC) is inactive and says why.

pub mod check;
#[cfg(test)]
pub(crate) mod fixture;
pub mod lint;

use crate::calendar::Calendar;
use crate::channel::Means;
use crate::id::{CalendarKey, OrganizationKey, PersonKey};
use crate::language::Language;
use jiff::Timestamp;
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
    /// The tip line itself: its supervisors, in the order in which they are paged (R44). Told of no tip, paged about them.
    Line,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 7] = [Kind::County, Kind::District, Kind::School, Kind::Psap, Kind::Police, Kind::Hotline, Kind::Line];
    /// The word used in CSV, SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::County => "county",
            Kind::District => "district",
            Kind::School => "school",
            Kind::Psap => "psap",
            Kind::Police => "police",
            Kind::Hotline => "hotline",
            Kind::Line => "line",
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
    /// What of a tip's content it has accepted in writing; by default nothing (R6).
    #[serde(default)]
    pub content: ContentAccepted,
}

/// What of a tip's content an organization has accepted in writing to be sent to it (R6, R18).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentAccepted {
    /// A summary in mails.
    pub by_mail: bool,
    /// A summary spoken after the confirmation.
    pub by_speech: bool,
    /// The day of the written acceptance; without it neither holds.
    pub on: Option<Date>,
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
    /// The person's ways to be reached by this means, each with its place among them (0 is the first listed).
    pub fn points(&self, means: Means) -> impl Iterator<Item = (u8, &ContactPoint)> {
        (0_u8..).zip(self.points.iter().filter(move |point| point.means == means))
    }
    /// The way that the `tried`-th attempt takes (0 is the first): among those whose hours it is, one after the other; when none has its
    /// hours, all of them stand, for a number that may not answer is better than none.
    pub fn point_at<'a>(
        &'a self,
        means: Means,
        tried: u32,
        now: Timestamp,
        calendars: &BTreeMap<CalendarKey, Calendar>,
    ) -> Option<(u8, &'a ContactPoint)> {
        let open =
            |point: &ContactPoint| point.hours.as_ref().is_none_or(|key| calendars.get(key).is_none_or(|calendar| calendar.is_open(now)));
        let mut all: Vec<_> = self.points(means).filter(|(_, point)| open(point)).collect();
        if all.is_empty() {
            all = self.points(means).collect();
        }
        let turn = usize::try_from(tried).unwrap_or(usize::MAX).checked_rem(all.len())?;
        all.get(turn).copied()
    }
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
    /// The calendar in whose hours it is used; `None` is always.
    #[serde(default)]
    pub hours: Option<CalendarKey>,
    /// Known to be a landline, which takes no texts.
    #[serde(default)]
    pub landline: bool,
    /// A mail address that takes mail over TLS only.
    #[serde(default)]
    pub tls_required: bool,
}

impl ContactPoint {
    /// An address without further conditions.
    pub fn plain(means: Means, tail: String) -> Self {
        Self { means, tail, extension: String::new(), hours: None, landline: false, tls_required: false }
    }
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
