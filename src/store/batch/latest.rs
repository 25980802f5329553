//! Rows of which a batch keeps only the last: two commits may put the same work, and a set-based statement must see it once.
//!
//! Keeps the order of the first appearance, so that the same commits make the same statements.

use std::collections::HashMap;
use std::hash::Hash;

/// A list of rows by key; a later row of a key takes the place of the one before.
#[derive(Debug)]
pub(super) struct Latest<K, T> {
    places: HashMap<K, usize>,
    rows: Vec<(K, T)>,
}

impl<K, T> Default for Latest<K, T> {
    fn default() -> Self {
        Self { places: HashMap::new(), rows: Vec::new() }
    }
}

impl<K: Copy + Eq + Hash, T> Latest<K, T> {
    pub(super) fn put(&mut self, key: K, row: T) {
        match self.places.get(&key) {
            Some(place) => self.rows[*place].1 = row,
            None => {
                self.places.insert(key, self.rows.len());
                self.rows.push((key, row));
            }
        }
    }
    pub(super) fn iter(&self) -> impl Iterator<Item = &(K, T)> {
        self.rows.iter()
    }
}
