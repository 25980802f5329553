//! Reading the directory, in the order in which it was imported.

use super::health::meta;
use super::{Columns, Readers, Row, all};
use crate::store::StoreError;
use crate::store::rows::{AddressRow, DirectoryRows};
use crate::vault::sealed::BlindIndex;
use domain::channel::Means;
use domain::directory::{Kind, Organization, Person};
use domain::id::PersonKey;
use domain::language::Language;

const ORGANIZATIONS: &str = "SELECT o.org_key, o.kind, o.name, o.county, o.district, o.psap, o.police, o.hotline, o.calendar, o.content_json FROM organization o ORDER BY o.place";
const PERSONS: &str =
    "SELECT p.person_key, p.organization, p.name, p.role, p.turn, p.language, p.points_json, p.attested_on FROM person p ORDER BY p.place";
const ADDRESSES: &str = "SELECT a.person, a.means, a.point, a.sealed, a.idx FROM address a ORDER BY a.place";
const ADDRESSES_OF: &str =
    "SELECT a.person, a.means, a.point, a.sealed, a.idx FROM address a WHERE a.person = $1 AND a.means = $2 ORDER BY a.point";
const AT: &str = "SELECT a.person, a.means FROM address a WHERE a.idx = $1 AND a.idx IS NOT NULL ORDER BY a.person";
/// The value that every import raises ([`crate::store::Store::meta`]).
pub const IMPORT: &str = "directory";
/// An import takes moments and comes a few times a day.
const READ_AGAIN_MOST: u32 = 5;
const OPERATION: &str = "read the directory";

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[ADDRESSES_OF, AT];

/// An import between the three statements would give persons of another list: then they are read again. No transaction, which a reader
/// that goes away could leave open.
pub(in crate::store) async fn directory(readers: &Readers) -> Result<DirectoryRows, StoreError> {
    let mut import = meta(readers, IMPORT).await?;
    for _ in 0..READ_AGAIN_MOST {
        let organizations = readers.ask(ORGANIZATIONS).all(OPERATION).await?;
        let persons = readers.ask(PERSONS).all(OPERATION).await?;
        let addresses = readers.ask(ADDRESSES).all(OPERATION).await?;
        let after = meta(readers, IMPORT).await?;
        if after == import {
            let addresses = all(&addresses, address)?;
            return Ok(DirectoryRows { organizations: all(&organizations, organization)?, persons: all(&persons, person)?, addresses });
        }
        import = after;
    }
    Err(StoreError::Busy)
}

pub(in crate::store) async fn addresses(readers: &Readers, key: PersonKey, means: Means) -> Result<Vec<AddressRow>, StoreError> {
    let query = readers.ask(ADDRESSES_OF).bind(key.to_string()).bind(means.as_str());
    all(&query.all("read addresses").await?, address)
}

pub(in crate::store) async fn persons_at(readers: &Readers, index: BlindIndex) -> Result<Vec<(PersonKey, Means)>, StoreError> {
    let query = readers.ask(AT).bind(index.0.to_vec());
    all(&query.all("find an address").await?, |row| {
        let c = Columns::of("address", row);
        Ok((c.id("person")?, c.word("means", Means::parse)?))
    })
}

fn address(row: &Row) -> Result<AddressRow, StoreError> {
    let c = Columns::of("address", row);
    Ok(AddressRow {
        person: c.id("person")?,
        means: c.word("means", Means::parse)?,
        point: c.byte("point")?,
        sealed: c.sealed("sealed")?,
        index: c.opt_index("idx")?,
    })
}

fn organization(row: &Row) -> Result<Organization, StoreError> {
    let c = Columns::of("organization", row);
    Ok(Organization {
        key: c.id("org_key")?,
        kind: c.word("kind", Kind::parse)?,
        name: c.text("name")?,
        county: c.opt_id("county")?,
        district: c.opt_id("district")?,
        psap: c.opt_id("psap")?,
        police: c.opt_id("police")?,
        hotline: c.opt_id("hotline")?,
        calendar: c.id("calendar")?,
        content: c.json("content_json")?,
    })
}

fn person(row: &Row) -> Result<Person, StoreError> {
    let c = Columns::of("person", row);
    Ok(Person {
        key: c.id("person_key")?,
        organization: c.id("organization")?,
        name: c.text("name")?,
        role: c.text("role")?,
        order: u16::try_from(c.int("turn")?).map_err(|_| c.damaged("turn"))?,
        language: c.word("language", Language::parse)?,
        points: c.json("points_json")?,
        attested_on: c.opt_id("attested_on")?,
    })
}
