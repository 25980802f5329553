//! Levels and types of tips, and who may change them (R1, R22, R34).
//!
//! The list of types is data: a county edits it in the configuration. What is law here is only how a level follows
//! from types, that it can be raised by anybody, and lowered below its types only by a supervisor with a reason.

use crate::id::TipTypeKey;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How urgent a tip is. Ordered: `Other < Standard < Critical`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Mail within four business hours (R16).
    Other,
    /// Mail within one business hour (R15).
    Standard,
    /// Call and mail within twenty minutes of receipt, at any hour (R14).
    Critical,
}

impl Level {
    /// All levels, most urgent first.
    pub const ALL: [Level; 3] = [Level::Critical, Level::Standard, Level::Other];
    /// `critical`, `standard` or `other`: the word used in SQL, JSON and URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Critical => "critical",
            Level::Standard => "standard",
            Level::Other => "other",
        }
    }
    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == word)
    }
    /// `Critical`, `Standard` or `Other`, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Level::Critical => "Critical",
            Level::Standard => "Standard",
            Level::Other => "Other",
        }
    }
}

/// One type of tip as the county configured it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TipType {
    /// Stable key, such as `suicidal-ideation`.
    pub key: TipTypeKey,
    /// The name in the procedures, such as "Suicidal Ideation".
    pub name: String,
    /// The least level of a tip of this type.
    pub level: Level,
    /// Whether such a tip is closed only with a decision on referral to mental-health services (R56).
    #[serde(default)]
    pub referral: bool,
}

/// The configured types, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    types: BTreeMap<TipTypeKey, TipType>,
}

impl Catalogue {
    /// Takes the configured list; a key listed twice keeps its last entry (the configuration check refuses that before).
    pub fn new(types: impl IntoIterator<Item = TipType>) -> Self {
        Self { types: types.into_iter().map(|t| (t.key.clone(), t)).collect() }
    }
    /// The type of this key.
    pub fn get(&self, key: &TipTypeKey) -> Option<&TipType> {
        self.types.get(key)
    }
    /// All types, most urgent first, then by name.
    pub fn list(&self) -> Vec<&TipType> {
        let mut all: Vec<_> = self.types.values().collect();
        all.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.name.cmp(&b.name)));
        all
    }
    /// The least level that these types allow; `None` when there are none, or none that is known.
    pub fn floor<'a>(&self, keys: impl IntoIterator<Item = &'a TipTypeKey>) -> Option<Level> {
        keys.into_iter().filter_map(|key| self.get(key)).map(|t| t.level).max()
    }
}
