//! Who is in the demo county, read from the file that was imported.

use crate::workspace;
use anyhow::Context;

/// A person of the directory.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) key: String,
    pub(super) organization: String,
    pub(super) role: String,
    pub(super) phone: String,
    pub(super) mail: String,
}

/// The persons of the demo county.
pub(super) struct County {
    persons: Vec<Person>,
}

/// The organizations that a Critical tip about Delta High is told to at once, PSAP first.
const TOLD: [&str; 3] = ["demo-county-911", "delta-high", "demo-county-police"];

impl County {
    /// Reads config/demo/people.csv, which has no quoted values.
    pub(super) fn read() -> anyhow::Result<Self> {
        let path = workspace::root().join("config/demo/people.csv");
        let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let header = lines.next().context("the people's file is empty")?;
        let at = |name: &str| header.iter().position(|column| *column == name).with_context(|| format!("the people's file has no {name}"));
        let (key, organization, role, phone, mail) = (at("key")?, at("organization")?, at("role")?, at("phone")?, at("mail")?);
        let persons = lines.map(|row| Person {
            key: row[key].to_owned(),
            organization: row[organization].to_owned(),
            role: row[role].to_owned(),
            phone: row[phone].to_owned(),
            mail: row[mail].to_owned(),
        });
        Ok(Self { persons: persons.collect() })
    }

    /// A person by key.
    pub(super) fn person(&self, key: &str) -> anyhow::Result<&Person> {
        self.persons.iter().find(|person| person.key == key).with_context(|| format!("the demo county has no {key}"))
    }

    /// Whom a Critical tip about Delta High is told to at once.
    pub(super) fn told(&self) -> Vec<&Person> {
        self.persons.iter().filter(|person| TOLD.contains(&person.organization.as_str())).collect()
    }

    /// Who stands by and must not be called when the school confirms.
    pub(super) fn district(&self) -> Vec<&Person> {
        self.persons.iter().filter(|person| person.organization == "demo-district").collect()
    }
}
