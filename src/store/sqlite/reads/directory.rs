//! Reading the directory, in the order in which it was imported.

use super::{Columns, all, failed};
use crate::store::StoreError;
use crate::store::rows::{AddressRow, DirectoryRows};
use crate::vault::sealed::BlindIndex;
use domain::channel::Means;
use domain::directory::{Kind, Organization, Person};
use domain::id::PersonKey;
use domain::language::Language;
use sqlx::sqlite::SqliteRow;
use sqlx::{Pool, Sqlite};

const ORGANIZATIONS: &str = "SELECT o.org_key, o.kind, o.name, o.county, o.district, o.psap, o.police, o.hotline, o.calendar, o.content_json FROM organization o ORDER BY o.place";
const PERSONS: &str =
    "SELECT p.person_key, p.organization, p.name, p.role, p.turn, p.language, p.points_json, p.attested_on FROM person p ORDER BY p.place";
const ADDRESSES: &str = "SELECT a.person, a.means, a.point, a.sealed, a.idx FROM address a ORDER BY a.place";
const ADDRESSES_OF: &str =
    "SELECT a.person, a.means, a.point, a.sealed, a.idx FROM address a WHERE a.person = $1 AND a.means = $2 ORDER BY a.point";
const AT: &str = "SELECT a.person, a.means FROM address a WHERE a.idx = $1 AND a.idx IS NOT NULL ORDER BY a.person";
const OPERATION: &str = "read the directory";

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[ADDRESSES_OF, AT];

/// Three statements in one read transaction: an import between them would give persons of another list.
pub(in super::super) async fn directory(readers: &Pool<Sqlite>) -> Result<DirectoryRows, StoreError> {
    let mut transaction = readers.begin().await.map_err(failed(OPERATION))?;
    let organizations = sqlx::query(ORGANIZATIONS).fetch_all(&mut *transaction).await.map_err(failed(OPERATION))?;
    let persons = sqlx::query(PERSONS).fetch_all(&mut *transaction).await.map_err(failed(OPERATION))?;
    let addresses = sqlx::query(ADDRESSES).fetch_all(&mut *transaction).await.map_err(failed(OPERATION))?;
    transaction.commit().await.map_err(failed(OPERATION))?;
    let addresses = all(&addresses, address)?;
    Ok(DirectoryRows { organizations: all(&organizations, organization)?, persons: all(&persons, person)?, addresses })
}

pub(in super::super) async fn addresses(readers: &Pool<Sqlite>, key: PersonKey, means: Means) -> Result<Vec<AddressRow>, StoreError> {
    let query = sqlx::query(ADDRESSES_OF).bind(key.to_string()).bind(means.as_str());
    all(&query.fetch_all(readers).await.map_err(failed("read addresses"))?, address)
}

pub(in super::super) async fn persons_at(readers: &Pool<Sqlite>, index: BlindIndex) -> Result<Vec<(PersonKey, Means)>, StoreError> {
    let query = sqlx::query(AT).bind(index.0.to_vec());
    all(&query.fetch_all(readers).await.map_err(failed("find an address"))?, |row| {
        let c = Columns::of("address", row);
        Ok((c.id("person")?, c.word("means", Means::parse)?))
    })
}

fn address(row: &SqliteRow) -> Result<AddressRow, StoreError> {
    let c = Columns::of("address", row);
    Ok(AddressRow {
        person: c.id("person")?,
        means: c.word("means", Means::parse)?,
        point: c.byte("point")?,
        sealed: c.sealed("sealed")?,
        index: c.opt_index("idx")?,
    })
}

fn organization(row: &SqliteRow) -> Result<Organization, StoreError> {
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

fn person(row: &SqliteRow) -> Result<Person, StoreError> {
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
