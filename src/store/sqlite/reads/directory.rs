//! Reading the directory, in the order in which it was imported.

use super::{Columns, all, failed, one};
use crate::store::StoreError;
use crate::store::rows::DirectoryRows;
use crate::vault::sealed::Sealed;
use domain::channel::Means;
use domain::directory::{Kind, Organization, Person};
use domain::id::PersonKey;
use domain::language::Language;
use sqlx::sqlite::SqliteRow;
use sqlx::{Pool, Sqlite};

const ORGANIZATIONS: &str =
    "SELECT o.org_key, o.kind, o.name, o.county, o.district, o.psap, o.police, o.hotline, o.calendar FROM organization o ORDER BY o.place";
const PERSONS: &str =
    "SELECT p.person_key, p.organization, p.name, p.role, p.turn, p.language, p.points_json, p.attested_on FROM person p ORDER BY p.place";
const ADDRESSES: &str = "SELECT a.person, a.means, a.sealed FROM address a ORDER BY a.place";
const ADDRESS: &str = "SELECT a.sealed FROM address a WHERE a.person = $1 AND a.means = $2";
const OPERATION: &str = "read the directory";

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[ADDRESS];

/// Three statements in one read transaction: an import between them would give persons of another list.
pub(in super::super) async fn directory(readers: &Pool<Sqlite>) -> Result<DirectoryRows, StoreError> {
    let mut transaction = readers.begin().await.map_err(failed(OPERATION))?;
    let organizations = sqlx::query(ORGANIZATIONS).fetch_all(&mut *transaction).await.map_err(failed(OPERATION))?;
    let persons = sqlx::query(PERSONS).fetch_all(&mut *transaction).await.map_err(failed(OPERATION))?;
    let addresses = sqlx::query(ADDRESSES).fetch_all(&mut *transaction).await.map_err(failed(OPERATION))?;
    transaction.commit().await.map_err(failed(OPERATION))?;
    let addresses = all(&addresses, |row| {
        let c = Columns::of("address", row);
        Ok((c.id("person")?, c.word("means", Means::parse)?, c.sealed("sealed")?))
    })?;
    Ok(DirectoryRows { organizations: all(&organizations, organization)?, persons: all(&persons, person)?, addresses })
}

pub(in super::super) async fn address(readers: &Pool<Sqlite>, key: PersonKey, means: Means) -> Result<Option<Sealed>, StoreError> {
    let query = sqlx::query(ADDRESS).bind(key.to_string()).bind(means.as_str());
    one(query.fetch_optional(readers).await.map_err(failed("read an address"))?, |row| Columns::of("address", row).sealed("sealed"))
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
