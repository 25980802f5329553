//! Staff, their sessions and tokens; the directory; values of the deployment.
//!
//! Nothing here grows without bound by itself: a new session sweeps those that have expired, and a name without failures has no row.

use super::rows::Rows;
use super::*;
use crate::store::sql::{bytes, each, hash, int, opt_bytes, text};

#[rustfmt::skip]
const STAFF: &str = concat!(
    "INSERT INTO staff (id, login, name, role, password_hash, created_at) SELECT ",
    text!(0), ", ", text!(1), ", ", text!(2), ", ", text!(3), ", ", text!(4), ", ", int!(5), " FROM ", each!(), " i WHERE TRUE",
    " ON CONFLICT (login) DO UPDATE SET name = excluded.name, role = excluded.role, password_hash = excluded.password_hash",
);
const SESSION_SWEEP: &str = concat!("DELETE FROM session WHERE expires_at <= (SELECT max(CAST(i.value AS BIGINT)) FROM ", each!(), " i)");
#[rustfmt::skip]
const SESSION: &str = concat!(
    "INSERT INTO session (token_hash, staff, csrf, created_at, expires_at) SELECT ",
    hash!(0), ", ", text!(1), ", ", text!(2), ", ", int!(3), ", ", int!(4), " FROM ", each!(), " i",
);
const SESSION_END: &str = concat!("DELETE FROM session WHERE token_hash IN (SELECT ", hash!(0), " FROM ", each!(), " i)");
#[rustfmt::skip]
const API_TOKEN: &str = concat!(
    "INSERT INTO api_token (token_hash, staff, label, created_at) SELECT ", hash!(0), ", ", text!(1), ", ", text!(2), ", ", int!(3), " FROM ", each!(), " i",
);
#[rustfmt::skip]
const THROTTLE: &str = concat!(
    "INSERT INTO throttle (name, failures, not_before) SELECT ", text!(0), ", ", int!(1), ", ", int!(2), " FROM ", each!(), " i WHERE TRUE",
    " ON CONFLICT (name) DO UPDATE SET failures = excluded.failures, not_before = excluded.not_before",
);
const THROTTLE_END: &str = concat!("DELETE FROM throttle WHERE name IN (SELECT i.value FROM ", each!(), " i)");
#[rustfmt::skip]
const META: &str = concat!(
    "INSERT INTO meta (name, value) SELECT ", text!(0), ", ", text!(1), " FROM ", each!(), " i WHERE TRUE",
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
);
/// Who read the list before reads it again.
const DIRECTORY_RAISED: &str = "INSERT INTO meta (name, value) VALUES ('directory', '1') \
    ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)";
const DIRECTORY_CLEAR: [&str; 3] = ["DELETE FROM address", "DELETE FROM person", "DELETE FROM organization"];
#[rustfmt::skip]
const ORGANIZATION: &str = concat!(
    "INSERT INTO organization (org_key, place, kind, name, county, district, psap, police, hotline, calendar, content_json) SELECT ",
    text!(0), ", ", int!(1), ", ", text!(2), ", ", text!(3), ", ", text!(4), ", ", text!(5), ", ", text!(6), ", ", text!(7), ", ", text!(8), ", ", text!(9), ", ", text!(10), " FROM ", each!(), " i",
);
#[rustfmt::skip]
const PERSON: &str = concat!(
    "INSERT INTO person (person_key, place, organization, name, role, turn, language, points_json, attested_on) SELECT ",
    text!(0), ", ", int!(1), ", ", text!(2), ", ", text!(3), ", ", text!(4), ", ", int!(5), ", ", text!(6), ", ", text!(7), ", ", text!(8), " FROM ", each!(), " i",
);
#[rustfmt::skip]
const ADDRESS: &str = concat!(
    "INSERT INTO address (person, means, point, place, sealed, idx) SELECT ", text!(0), ", ", text!(1), ", ", int!(2), ", ", int!(3), ", ", bytes!(4, 5), ", ", opt_bytes!(6, 7), " FROM ", each!(), " i",
);

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(crate) const ALL: &[&str] =
    &[STAFF, SESSION_SWEEP, SESSION, SESSION_END, API_TOKEN, THROTTLE, THROTTLE_END, META, ORGANIZATION, PERSON, ADDRESS];

impl<'a> Batch<'a> {
    pub(super) fn take_session(&mut self, row: &'a SessionRow) {
        self.sessions_since = self.sessions_since.max(Some(row.created_at));
        self.sessions
            .row()
            .hash(&row.token_hash)
            .id(row.staff.uuid())
            .text(&row.csrf)
            .int(row.created_at.as_microsecond())
            .int(row.expires_at.as_microsecond())
            .end();
    }

    pub(super) fn take_api_token(&mut self, row: &'a ApiTokenRow) {
        self.api_tokens.row().hash(&row.token_hash).id(row.staff.uuid()).text(&row.label).int(row.created_at.as_microsecond()).end();
    }

    pub(super) fn people_statements(&mut self, list: &mut Vec<Statement>) -> Result<(), Bad> {
        let mut staff = Rows::default();
        for (login, row) in self.staff.iter() {
            staff
                .row()
                .id(row.id.uuid())
                .text(login)
                .text(&row.name)
                .text(row.role.as_str())
                .text(&row.password_hash)
                .int(row.created_at.as_microsecond())
                .end();
        }
        add(list, STAFF, staff)?;
        let mut sweep = Rows::default();
        if let Some(since) = self.sessions_since {
            sweep.text(&since.as_microsecond().to_string());
        }
        add(list, SESSION_SWEEP, sweep)?;
        add(list, SESSION, std::mem::take(&mut self.sessions))?;
        add(list, SESSION_END, std::mem::take(&mut self.sessions_ended))?;
        add(list, API_TOKEN, std::mem::take(&mut self.api_tokens))?;
        let (mut throttles, mut calm) = (Rows::default(), Rows::default());
        for (name, row) in self.throttles.iter() {
            if row.failures == 0 {
                calm.text(name)
            } else {
                throttles.row().text(name).int(i64::from(row.failures)).int(row.not_before.as_microsecond()).end()
            }
        }
        add(list, THROTTLE, throttles)?;
        add(list, THROTTLE_END, calm)?;
        let mut meta = Rows::default();
        for (name, value) in self.meta.iter() {
            meta.row().text(name).text(value).end();
        }
        add(list, META, meta)?;
        match self.directory {
            Some(rows) => directory_statements(rows, list),
            None => Ok(()),
        }
    }
}

fn directory_statements(directory: &DirectoryRows, list: &mut Vec<Statement>) -> Result<(), Bad> {
    let (mut organizations, mut persons, mut addresses) = (Rows::default(), Rows::default(), Rows::default());
    for (place, o) in (0_i64..).zip(&directory.organizations) {
        organizations
            .row()
            .text(o.key.as_str())
            .int(place)
            .text(o.kind.as_str())
            .text(&o.name)
            .opt_text(key(o.county.as_ref()))
            .opt_text(key(o.district.as_ref()))
            .opt_text(key(o.psap.as_ref()))
            .opt_text(key(o.police.as_ref()))
            .opt_text(key(o.hotline.as_ref()))
            .text(o.calendar.as_str())
            .text(&serde_json::to_string(&o.content).map_err(|_| Bad::NotJson)?)
            .end();
    }
    for (place, p) in (0_i64..).zip(&directory.persons) {
        let points = serde_json::to_string(&p.points).map_err(|_| Bad::NotJson)?;
        persons
            .row()
            .text(p.key.as_str())
            .int(place)
            .text(p.organization.as_str())
            .text(&p.name)
            .text(&p.role)
            .int(i64::from(p.order))
            .text(p.language.tag())
            .text(&points)
            .opt_text(p.attested_on.map(|date| date.to_string()).as_deref())
            .end();
    }
    for (place, row) in (0_i64..).zip(&directory.addresses) {
        let new =
            addresses.row().text(row.person.as_str()).text(row.means.as_str()).int(i64::from(row.point)).int(place).bytes(&row.sealed.0);
        new.opt_bytes(row.index.as_ref().map(|index| index.0.as_slice())).end();
    }
    for sql in DIRECTORY_CLEAR {
        list.push(Statement { sql, json: "[]".to_owned(), bytes: Vec::new(), must_touch: None });
    }
    add(list, ORGANIZATION, organizations)?;
    add(list, PERSON, persons)?;
    add(list, ADDRESS, addresses)?;
    list.push(Statement { sql: DIRECTORY_RAISED, json: "[]".to_owned(), bytes: Vec::new(), must_touch: None });
    Ok(())
}

fn key(key: Option<&OrganizationKey>) -> Option<&str> {
    key.map(OrganizationKey::as_str)
}
