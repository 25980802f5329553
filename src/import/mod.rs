//! The county's directory from two CSV files: read whole or not at all (R9, R17).
//!
//! Everything that is wrong is told at once, by file, line and column, and then nothing is imported. A school for which the
//! procedures could not be kept (no PSAP, nobody to call) is refused with the reason (R11). Sealing the addresses and
//! storing the rows is the caller's.

pub mod address;
mod organizations;
mod people;
pub mod pins;
mod problem;
mod table;
mod ways;

#[cfg(test)]
mod tests;

pub use problem::{MOST_PROBLEMS, Problem, Rejected};
pub use table::{LONGEST_VALUE, MOST_BYTES, MOST_ROWS};

use crate::store::rows::{AddressRow, DirectoryRows};
use crate::vault::Vault;
use domain::calendar::Calendar;
use domain::channel::Means;
use domain::directory::check::{NotReady, incomplete};
use domain::directory::{Directory, Organization, Person};
use domain::id::{CalendarKey, PersonKey};
use domain::sealed::Address;
use organizations::Lines;
use std::collections::BTreeMap;

/// A file: its name for sentences, and its bytes.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// As the operator named it.
    pub name: &'a str,
    /// The content.
    pub bytes: &'a [u8],
}

/// A whole, checked directory. The addresses are in clear: seal them, and keep this no longer than that takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// The organizations.
    pub organizations: Vec<Organization>,
    /// The persons.
    pub persons: Vec<Person>,
    /// Where each can be reached; several of one means in the order of the person's points.
    pub addresses: Vec<(PersonKey, Means, Address)>,
}

impl Imported {
    /// The rows as they are stored: addresses sealed, and indexed so that what comes from one is known as theirs.
    pub fn sealed(self, vault: &Vault) -> DirectoryRows {
        let mut listed: BTreeMap<(PersonKey, Means), u8> = BTreeMap::new();
        let addresses = self.addresses.into_iter().map(|(person, means, address)| {
            let count = listed.entry((person.clone(), means)).or_default();
            let point = *count;
            *count = count.saturating_add(1);
            let sealed = vault.seal_enduser(&person, means, &address);
            AddressRow { index: Some(vault.enduser_index(&address)), person, means, point, sealed }
        });
        DirectoryRows { addresses: addresses.collect(), organizations: self.organizations, persons: self.persons }
    }
}

/// Reads both files. `calendars` are the configured ones, which the organizations name.
pub fn read(organizations: Source<'_>, people: Source<'_>, calendars: &BTreeMap<CalendarKey, Calendar>) -> Result<Imported, Rejected> {
    let mut rejected = Rejected::default();
    let lines = organizations::read(organizations.name, organizations.bytes, calendars, &mut rejected);
    let listed = people::read(people.name, people.bytes, &lines, calendars, &mut rejected);
    let mut imported = Imported::default();
    for (person, addresses) in listed {
        imported.addresses.extend(addresses.into_iter().map(|(means, address)| (person.key.clone(), means, address)));
        imported.persons.push(person);
    }
    // Only a list without mistakes is asked whether it is enough: a row that was left out is not a missing principal.
    if rejected.is_empty() {
        readiness(organizations.name, &lines, &imported.persons, &mut rejected);
    }
    if !rejected.is_empty() {
        return Err(rejected.sorted());
    }
    imported.organizations = lines.into_values().map(|(_, organization)| organization).collect();
    Ok(imported)
}

/// Refuses each school, and each county that stands for schools which are not enrolled, that could not be told as the procedures
/// want (R11, R14, R49, R51).
fn readiness(file: &str, lines: &Lines, persons: &[Person], rejected: &mut Rejected) {
    let organizations = lines.values().map(|(_, organization)| organization.clone()).collect();
    let directory = Directory::new(organizations, persons.to_vec());
    for school in directory.schools().into_iter().chain(directory.counties()) {
        let line = lines.get(&school.key).map_or(0, |(line, _)| *line);
        for reason in incomplete(&directory, &school.key) {
            let column = match reason {
                NotReady::NoPsap { .. } | NotReady::UnknownPsap { .. } | NotReady::SilentPsap { .. } => "psap",
                NotReady::SilentHotline { .. } => "hotline",
                NotReady::NotASchool(_) | NotReady::NoPointOfContact { .. } => "key",
            };
            rejected.note(file, line, column, reason.to_string());
        }
    }
}
