//! The tips of a day by what they are about: sketches in memory, under a key that ends with the process.
//!
//! Bounded in everything: how many incidents, how many different tellings and facts of each. What is beyond a bound is not found alike,
//! which means: it stays a row of its own.

use domain::conversation::similar::{ALIKE, Sketch, facts, likeness, new_facts};
use domain::id::{ConversationId, OrganizationKey};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap, HashSet};

/// How many incidents are kept in mind; one tip is an incident too.
pub(super) const INCIDENTS_MOST: usize = 100_000;
/// How many different tellings of an incident are compared with.
const TELLINGS_MOST: usize = 24;
/// A telling that is at least this like a known one teaches nothing.
const SAME: f32 = 0.8;
/// How many facts of an incident are remembered: at 24 a text, of hundreds of texts that each say something new.
const FACTS_MOST: usize = 5_000;
/// How many incidents one band may lead to: what so many have in common tells nothing.
const BAND_MOST: usize = 64;

/// What a tip turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Found {
    /// The first about its thing, so far.
    First,
    /// Like an earlier one.
    Like {
        /// The first tip about the thing.
        first: ConversationId,
        /// In percent.
        likeness: u8,
        /// What it says that was not known.
        new_facts: Vec<String>,
    },
}

/// A tip as it is compared.
pub(super) struct Telling<'a> {
    pub(super) id: ConversationId,
    pub(super) words: &'a str,
    /// The school that the reporter named in a field, if any: what happens at two schools is two things.
    pub(super) school: Option<&'a OrganizationKey>,
    pub(super) at: Timestamp,
}

struct Incident {
    first: ConversationId,
    school: Option<OrganizationKey>,
    last_at: Timestamp,
    tellings: Vec<Sketch>,
    facts: HashSet<u64>,
}

/// The incidents of a day.
pub(super) struct Groups {
    key: u64,
    next: u32,
    incidents: HashMap<u32, Incident>,
    by_first: HashMap<ConversationId, u32>,
    bands: HashMap<u64, Vec<u32>>,
}

impl Groups {
    pub(super) fn new(key: u64) -> Self {
        Self { key, next: 0, incidents: HashMap::new(), by_first: HashMap::new(), bands: HashMap::new() }
    }

    /// Finds what a new tip is like, and remembers it.
    pub(super) fn add(&mut self, telling: &Telling<'_>) -> Found {
        let sketch = Sketch::of(telling.words, self.key);
        let Some((number, alike)) = self.likest(&sketch, telling.school) else {
            self.begin(telling, sketch);
            return Found::First;
        };
        let Some(incident) = self.incidents.get(&number) else { return Found::First };
        let new_facts = new_facts(telling.words, self.key, &incident.facts);
        let first = incident.first;
        self.learn(number, telling, sketch, alike);
        Found::Like { first, likeness: (alike * 100.0).round() as u8, new_facts }
    }

    /// Remembers a tip of which it is written down what it is like.
    pub(super) fn join(&mut self, first: ConversationId, telling: &Telling<'_>) {
        let sketch = Sketch::of(telling.words, self.key);
        match self.by_first.get(&first).copied() {
            Some(number) => {
                let known = self.incidents.get(&number).map_or(0.0, |incident| nearest(incident, &sketch));
                self.learn(number, telling, sketch, known);
            }
            None => self.begin(&Telling { id: first, ..*telling }, sketch),
        }
    }

    /// Remembers a tip that stands for itself, whatever it is like.
    pub(super) fn alone(&mut self, telling: &Telling<'_>) {
        let sketch = Sketch::of(telling.words, self.key);
        self.begin(telling, sketch);
    }

    /// Forgets incidents that nobody has told of since then.
    pub(super) fn forget_before(&mut self, at: Timestamp) {
        let before = self.incidents.len();
        self.incidents.retain(|_, incident| incident.last_at >= at);
        if self.incidents.len() < before {
            let incidents = &self.incidents;
            self.by_first.retain(|_, number| incidents.contains_key(number));
            self.bands.retain(|_, numbers| {
                numbers.retain(|number| incidents.contains_key(number));
                !numbers.is_empty()
            });
        }
    }

    fn likest(&self, sketch: &Sketch, school: Option<&OrganizationKey>) -> Option<(u32, f32)> {
        if sketch.is_empty() {
            return None;
        }
        let met: BTreeSet<u32> = sketch.bands().iter().filter_map(|band| self.bands.get(band)).flatten().copied().collect();
        let mut best: Option<(u32, f32)> = None;
        for number in met {
            let Some(incident) = self.incidents.get(&number) else { continue };
            if matches!((&incident.school, school), (Some(one), Some(other)) if one != other) {
                continue;
            }
            let alike = nearest(incident, sketch);
            // Of two that are as near, the earlier.
            if alike >= ALIKE && best.is_none_or(|(_, nearest)| alike > nearest) {
                best = Some((number, alike));
            }
        }
        best
    }

    fn begin(&mut self, telling: &Telling<'_>, sketch: Sketch) {
        if sketch.is_empty() || self.incidents.len() >= INCIDENTS_MOST {
            return;
        }
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        let facts = facts(telling.words, self.key).into_iter().map(|(hash, _)| hash).collect();
        self.index(number, &sketch);
        self.by_first.insert(telling.id, number);
        let school = telling.school.cloned();
        self.incidents.insert(number, Incident { first: telling.id, school, last_at: telling.at, tellings: vec![sketch], facts });
    }

    fn learn(&mut self, number: u32, telling: &Telling<'_>, sketch: Sketch, alike: f32) {
        let Some(incident) = self.incidents.get_mut(&number) else { return };
        incident.last_at = incident.last_at.max(telling.at);
        if incident.school.is_none() {
            incident.school = telling.school.cloned();
        }
        if incident.facts.len() < FACTS_MOST {
            incident.facts.extend(facts(telling.words, self.key).into_iter().map(|(hash, _)| hash));
        }
        if alike < SAME && incident.tellings.len() < TELLINGS_MOST && !sketch.is_empty() {
            incident.tellings.push(sketch.clone());
            self.index(number, &sketch);
        }
    }

    fn index(&mut self, number: u32, sketch: &Sketch) {
        for band in sketch.bands() {
            let numbers = self.bands.entry(band).or_default();
            if numbers.len() < BAND_MOST && !numbers.contains(&number) {
                numbers.push(number);
            }
        }
    }
}

fn nearest(incident: &Incident, sketch: &Sketch) -> f32 {
    incident.tellings.iter().map(|telling| likeness(telling, sketch)).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(n: u128) -> ConversationId {
        ConversationId::new(Uuid::from_u128(n))
    }

    fn telling<'a>(n: u128, words: &'a str, school: Option<&'a OrganizationKey>) -> Telling<'a> {
        Telling { id: id(n), words, school, at: Timestamp::from_second(1_000_000 + n as i64).unwrap() }
    }

    #[test]
    fn a_flood_about_one_thing_is_one_incident_and_new_facts_stand_out() {
        let mut groups = Groups::new(7);
        let words = "There is a kid on bus 12 to Bravo Middle with a gun in his backpack";
        assert_eq!(groups.add(&telling(0, words, None)), Found::First);
        for n in 1..2000 {
            let Found::Like { first, new_facts, .. } = groups.add(&telling(n, words, None)) else { panic!("{n} is like the first") };
            assert_eq!((first, new_facts), (id(0), vec![]));
        }
        let Found::Like { new_facts, .. } = groups.add(&telling(5000, &format!("{words}, his name is Jake"), None)) else { panic!() };
        assert_eq!(new_facts, ["name", "Jake"]);
        assert_eq!(groups.add(&telling(5001, "The lunch at Delta Elementary was cold again", None)), Found::First);
        assert!(groups.incidents[&0].tellings.len() <= TELLINGS_MOST);
        groups.forget_before(Timestamp::from_second(1_005_001).unwrap());
        assert_eq!(groups.incidents.len(), 1);
        assert_eq!(groups.add(&telling(5002, words, None)), Found::First, "what was forgotten begins anew");
    }

    #[test]
    fn the_same_words_at_two_schools_are_two_things() {
        let (bravo, delta): (OrganizationKey, OrganizationKey) = ("bravo".parse().unwrap(), "delta".parse().unwrap());
        let mut groups = Groups::new(7);
        let words = "somebody wrote that there is a bomb in the gym";
        assert_eq!(groups.add(&telling(1, words, Some(&bravo))), Found::First);
        assert_eq!(groups.add(&telling(2, words, Some(&delta))), Found::First);
        assert!(matches!(groups.add(&telling(3, words, Some(&delta))), Found::Like { first, .. } if first == id(2)));
    }

    #[test]
    fn what_says_nothing_is_like_nothing() {
        let mut groups = Groups::new(7);
        for n in 0..3 {
            assert_eq!(groups.add(&telling(n, "", None)), Found::First);
        }
        assert!(groups.incidents.is_empty());
    }
}
