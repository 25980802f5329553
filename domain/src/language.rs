//! The languages that a reporter or an enduser can be answered in (R48).

use serde::{Deserialize, Serialize};

/// A language, by its BCP 47 primary tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Spanish.
    Es,
    /// Arabic, written from right to left.
    Ar,
}

impl Language {
    /// Every language offered.
    pub const ALL: [Language; 3] = [Language::En, Language::Es, Language::Ar];
    /// `en`, `es` or `ar`.
    pub const fn tag(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Es => "es",
            Language::Ar => "ar",
        }
    }
    /// Reads the tag back.
    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }
}
