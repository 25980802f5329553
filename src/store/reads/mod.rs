//! Reads: small, by index, each one statement on its own connection beside the writer.
//!
//! [`Columns`] turns a row's columns into the program's types; a column that cannot be understood is `Damaged`, named by table
//! and column and never by content.

mod ask;
pub(super) mod directory;
pub(super) mod drills;
pub(super) mod endusers;
pub(super) mod health;
pub(super) mod inbox;
pub(super) mod incidents;
pub(super) mod leases;
pub(super) mod messages;
pub(super) mod moment;
pub(super) mod people;
pub(super) mod pulse;
pub(super) mod record;
pub(super) mod telling;
pub(super) mod texts;
pub(super) mod tips;
pub(super) mod verify;
pub(super) mod ways;

pub(in crate::store) use ask::{Readable, Readers, Row, Value, is_away, postgres_values, sqlite_values};

use crate::clock::from_micros;
use crate::store::StoreError;
use crate::vault::sealed::{BlindIndex, Sealed};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::str::FromStr;

/// Every statement that reads a part, for the test of their plans. (Staff, directory and health read a whole table on purpose.)
#[cfg(test)]
pub(super) fn every_statement() -> impl Iterator<Item = &'static str> {
    [
        tips::ALL,
        inbox::ALL,
        messages::ALL,
        record::ALL,
        telling::ALL,
        people::ALL,
        directory::ALL,
        health::ALL,
        pulse::ALL,
        ways::ALL,
        incidents::ALL,
        endusers::ALL,
        drills::ALL,
        texts::ALL,
        verify::ALL,
        leases::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// A row and the table it is of.
#[derive(Clone, Copy)]
struct Columns<'r> {
    row: &'r Row,
    table: &'static str,
}

impl<'r> Columns<'r> {
    fn of(table: &'static str, row: &'r Row) -> Self {
        Self { row, table }
    }
    fn damaged(self, what: &'static str) -> StoreError {
        StoreError::Damaged { table: self.table, what }
    }
    fn get<T: Readable<'r>>(self, column: &'static str) -> Result<T, StoreError> {
        self.row.get(column).ok_or(self.damaged(column))
    }
    fn text(self, column: &'static str) -> Result<String, StoreError> {
        self.get(column)
    }
    fn opt_text(self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.get(column)
    }
    fn int(self, column: &'static str) -> Result<i64, StoreError> {
        self.get(column)
    }
    fn small(self, column: &'static str) -> Result<u32, StoreError> {
        u32::try_from(self.int(column)?).map_err(|_| self.damaged(column))
    }
    fn flag(self, column: &'static str) -> Result<bool, StoreError> {
        self.get(column)
    }
    fn time(self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.int(column).map(from_micros)
    }
    fn opt_time(self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.get::<Option<i64>>(column)?.map(from_micros))
    }
    /// An id or a key.
    fn id<T: FromStr>(self, column: &'static str) -> Result<T, StoreError> {
        self.get::<&str>(column)?.parse().map_err(|_| self.damaged(column))
    }
    fn opt_id<T: FromStr>(self, column: &'static str) -> Result<Option<T>, StoreError> {
        self.get::<Option<&str>>(column)?.map(str::parse).transpose().map_err(|_| self.damaged(column))
    }
    /// A word of an enum.
    fn word<T>(self, column: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
        parse(self.get::<&str>(column)?).ok_or(self.damaged(column))
    }
    fn opt_word<T>(self, column: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, StoreError> {
        self.get::<Option<&str>>(column)?.map(|word| parse(word).ok_or(self.damaged(column))).transpose()
    }
    fn json<T: DeserializeOwned>(self, column: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(self.get::<&str>(column)?).map_err(|_| self.damaged(column))
    }
    fn opt_json<T: DeserializeOwned>(self, column: &'static str) -> Result<Option<T>, StoreError> {
        self.get::<Option<&str>>(column)?.map(serde_json::from_str).transpose().map_err(|_| self.damaged(column))
    }
    fn sealed(self, column: &'static str) -> Result<Sealed, StoreError> {
        self.get(column).map(Sealed)
    }
    fn opt_sealed(self, column: &'static str) -> Result<Option<Sealed>, StoreError> {
        Ok(self.get::<Option<Vec<u8>>>(column)?.map(Sealed))
    }
    fn hash(self, column: &'static str) -> Result<[u8; 32], StoreError> {
        self.get::<&[u8]>(column)?.try_into().map_err(|_| self.damaged(column))
    }
    fn opt_index(self, column: &'static str) -> Result<Option<BlindIndex>, StoreError> {
        let bytes = self.get::<Option<&[u8]>>(column)?;
        bytes.map(|bytes| bytes.try_into().map(BlindIndex).map_err(|_| self.damaged(column))).transpose()
    }
    fn byte(self, column: &'static str) -> Result<u8, StoreError> {
        u8::try_from(self.int(column)?).map_err(|_| self.damaged(column))
    }
    fn index(self, column: &'static str) -> Result<BlindIndex, StoreError> {
        self.hash(column).map(BlindIndex)
    }
}

fn all<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T, StoreError>) -> Result<Vec<T>, StoreError> {
    rows.iter().map(read).collect()
}

fn one<T>(row: Option<Row>, read: impl Fn(&Row) -> Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    row.as_ref().map(read).transpose()
}
