//! A bounded shelf: items by key, in the order they came, the oldest dropped when it is full.
//! Sequence numbers never repeat, so a page token stays good while items are added or deleted.

use std::collections::{BTreeMap, HashMap};

/// Items by key and by arrival.
#[derive(Debug)]
pub struct Shelf<V> {
    items: BTreeMap<u64, (String, V)>,
    keys: HashMap<String, u64>,
    next: u64,
    most: usize,
}

impl<V> Shelf<V> {
    /// An empty shelf that holds at most `most` items.
    pub fn new(most: usize) -> Self {
        Self { items: BTreeMap::new(), keys: HashMap::new(), next: 1, most }
    }

    /// Adds an item, or replaces the one with the same key in its place.
    pub fn put(&mut self, key: String, value: V) {
        if let Some(item) = self.keys.get(&key).and_then(|seq| self.items.get_mut(seq)) {
            item.1 = value;
            return;
        }
        while self.items.len() >= self.most {
            if let Some((_, (old, _))) = self.items.pop_first() {
                self.keys.remove(&old);
            }
        }
        let seq = self.next;
        self.next += 1;
        self.keys.insert(key.clone(), seq);
        self.items.insert(seq, (key, value));
    }

    /// The item with this key.
    pub fn get(&self, key: &str) -> Option<&V> {
        let seq = self.keys.get(key)?;
        self.items.get(seq).map(|(_, value)| value)
    }

    /// The item with this key, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        let seq = self.keys.get(key)?;
        self.items.get_mut(seq).map(|(_, value)| value)
    }

    /// Takes the item away.
    pub fn remove(&mut self, key: &str) -> Option<V> {
        let seq = self.keys.remove(key)?;
        self.items.remove(&seq).map(|(_, value)| value)
    }

    /// Every item, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.items.values().map(|(_, value)| value)
    }

    /// Every item with its sequence number, oldest first.
    pub fn numbered(&self) -> impl DoubleEndedIterator<Item = (u64, &V)> {
        self.items.iter().map(|(seq, (_, value))| (*seq, value))
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Takes everything away; sequence numbers go on.
    pub fn clear(&mut self) {
        self.items.clear();
        self.keys.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first_and_numbers_never_repeat() {
        let mut shelf = Shelf::new(2);
        for key in ["a", "b", "c"] {
            shelf.put(key.to_owned(), key.len());
        }
        assert!(shelf.get("a").is_none());
        shelf.remove("c");
        shelf.put("d".to_owned(), 1);
        let seqs: Vec<u64> = shelf.numbered().map(|(seq, _)| seq).collect();
        assert_eq!(seqs, [2, 4]);
    }
}
