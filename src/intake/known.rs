//! Addresses seen lately and the tips they belong to, so that a second message need not read the store first.
//!
//! Bounded: two generations, the older dropped when the younger is full. Nothing here is believed where it matters: the
//! commit checks that the tip exists, and a conflict forgets the entry.

use crate::vault::ConversationKey;
use crate::vault::sealed::BlindIndex;
use domain::id::{AccountKey, ContactHandle, ConversationId};
use domain::language::Language;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How many addresses one generation holds: about 3 MB.
const GENERATION: usize = 10_000;

/// How long an entry is good. A tip that was closed meanwhile is opened again by a message within this time; after it, the store is asked
/// and the message opens a new tip.
const KEPT_FOR: SignedDuration = SignedDuration::from_secs(30);

/// The same where other nodes write too: long enough for the parts of one long text.
const KEPT_BESIDE_OTHERS: SignedDuration = SignedDuration::from_secs(2);

/// What is known of an address.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The tip it belongs to.
    pub(super) conversation: ConversationId,
    /// The tip's key.
    pub(super) key: ConversationKey,
    /// When it was read or written.
    pub(super) at: Timestamp,
    /// The address of this way in, when the tip has it already.
    pub(super) handle: Option<ContactHandle>,
    /// The account that the address wrote by; an answer goes out by it.
    pub(super) account: AccountKey,
    /// The language of the tip, when it is known.
    pub(super) language: Option<Language>,
    /// Whether the reporter texted STOP.
    pub(super) opted_out: bool,
    /// Set when a mail came by our token alone, from an address that is not the reporter's: answers stay with this one.
    pub(super) answers_stay: Option<ContactHandle>,
    /// Whether the address leads to another tip: then it does not become current here.
    pub(super) elsewhere: bool,
}

/// Addresses seen lately.
#[derive(Debug)]
pub(super) struct Known {
    generations: Mutex<[HashMap<BlindIndex, Entry>; 2]>,
    kept_for: SignedDuration,
}

impl Default for Known {
    fn default() -> Self {
        Self { generations: Mutex::default(), kept_for: KEPT_FOR }
    }
}

impl Known {
    /// For one of several nodes: what another has written since is not known here.
    pub(super) fn beside_others() -> Self {
        Self { kept_for: KEPT_BESIDE_OTHERS, ..Self::default() }
    }
    pub(super) fn get(&self, index: &BlindIndex, now: Timestamp) -> Option<Entry> {
        let [young, old] = &*self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        young.get(index).or_else(|| old.get(index)).filter(|entry| now.duration_since(entry.at) < self.kept_for).cloned()
    }
    pub(super) fn put(&self, index: BlindIndex, entry: Entry) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if generations[0].len() >= GENERATION {
            generations.swap(0, 1);
            generations[0].clear();
        }
        generations[0].insert(index, entry);
    }
    pub(super) fn forget(&self, index: &BlindIndex) {
        for generation in self.generations.lock().unwrap_or_else(PoisonError::into_inner).iter_mut() {
            generation.remove(index);
        }
    }
}
