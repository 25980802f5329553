//! The proof of a copy: of each table, how many rows there are and what they add up to.
//!
//! The hashes of a table's rows are added up, so their order does not matter: two engines sort texts differently. Every row has a key of its
//! own, so no two rows can cancel each other out.

use super::value::{Row, hash};
use crate::vault::hex;
use serde::{Deserialize, Serialize};

/// Counts and adds up rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    rows: u64,
    sum: [u128; 2],
}

impl Tally {
    pub(super) fn add(&mut self, row: &Row) {
        let hash = hash(row);
        let (high, low) = hash.split_at(16);
        for (sum, half) in self.sum.iter_mut().zip([high, low]) {
            let mut bytes = [0; 16];
            bytes.copy_from_slice(half);
            *sum = sum.wrapping_add(u128::from_be_bytes(bytes));
        }
        self.rows += 1;
    }
    pub(super) fn of_table(self, table: &str) -> TableProof {
        let sum = self.sum.map(u128::to_be_bytes).concat();
        TableProof { table: table.to_owned(), rows: self.rows, hash: hex(&sum) }
    }
}

/// What a table has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableProof {
    /// The table.
    pub table: String,
    /// How many rows.
    pub rows: u64,
    /// The sum of their SHA-256 hashes, as 64 hexadecimal digits.
    pub hash: String,
}

#[cfg(test)]
mod tests {
    use super::super::value::Value;
    use super::*;

    fn tally(rows: &[Row]) -> Tally {
        let mut tally = Tally::default();
        rows.iter().for_each(|row| tally.add(row));
        tally
    }

    #[test]
    fn order_does_not_matter_and_everything_else_does() {
        let row = |id: &str, n: i64| vec![Value::Text(Some(id.to_owned())), Value::Int(Some(n)), Value::Bytes(None)];
        let [a, b] = [row("a", 1), row("b", 2)];
        assert_eq!(tally(&[a.clone(), b.clone()]), tally(&[b.clone(), a.clone()]));
        let other = [
            row("b", 3),
            row("c", 2),
            vec![Value::Text(Some("b".to_owned())), Value::Int(None), Value::Bytes(None)],
            vec![Value::Text(Some("b".to_owned())), Value::Int(Some(2)), Value::Bytes(Some(Vec::new()))],
            vec![Value::Text(None), Value::Int(Some(2)), Value::Bytes(None)],
        ];
        for changed in other {
            assert_ne!(tally(&[a.clone(), changed]), tally(&[a.clone(), b.clone()]));
        }
        assert_ne!(tally(std::slice::from_ref(&a)), tally(&[a.clone(), b]), "a row that is missing");
        assert_eq!(tally(&[a]).of_table("once").hash.len(), 64);
    }
}
