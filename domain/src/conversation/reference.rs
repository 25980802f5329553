//! The reference of a tip: what endusers hear, read and quote. Says nothing about the tip or the reporter.
//!
//! It opens nothing, so 30 bits are enough: the shell draws another when one is taken. Read as tolerantly as the return code,
//! with or without its `T`.

use super::code::{LONGEST_TYPED, meant, separates};
use crate::language::Language;
use serde::{Deserialize, Serialize};

/// Crockford's base 32: no I, L, O (misread as digits) and no U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many characters follow the `T`: 6 x 5 = 30 bits.
const LENGTH: usize = 6;

/// `T-` and six characters of Crockford's base 32 in two groups, such as `T-7K3-QM2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

/// A text that is no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a reference: T and six letters or digits are expected, such as T-7K3-QM2")]
pub struct BadReference;

impl Reference {
    /// From 30 random bits; the last two of the 32 are not used.
    pub fn from_bits(random: [u8; 4]) -> Self {
        let bits = u32::from_be_bytes(random) >> 2;
        let six: String = (0..LENGTH).rev().map(|place| char::from(ALPHABET[((bits >> (5 * place)) & 31) as usize])).collect();
        Self::group(&six)
    }
    /// Reads what a person typed or the store kept.
    pub fn parse(typed: &str) -> Option<Self> {
        let read = read(typed)?;
        let rest = if read.len() == LENGTH + 1 { read.strip_prefix('T')? } else { read.as_str() };
        (rest.len() == LENGTH).then(|| Self::group(rest))
    }
    fn group(six: &str) -> Self {
        Self(format!("T-{}-{}", &six[..3], &six[3..]))
    }
    /// As keyed on a phone, each letter by the key it stands on and without the `T`: `753762`. Several references may share it.
    pub fn keypad(&self) -> String {
        self.0.chars().skip(1).filter_map(key_of).collect()
    }
    /// `T-7K3-QM2`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// As spoken on a call in English: "T, seven, K, three, Q, M, two".
    pub fn spoken(&self) -> String {
        self.spoken_in(Language::En)
    }
    /// As spoken on a call, digits as words of the language, so that no voice reads "73" as "seventy-three".
    pub fn spoken_in(&self, language: Language) -> String {
        let said: Vec<String> = self.0.chars().filter(|c| *c != '-').map(|c| say(c, language)).collect();
        said.join(", ")
    }
}

/// The characters meant by what was typed, without spaces, dashes and dots; `None` when something else is in it.
fn read(typed: &str) -> Option<String> {
    let mut read = String::with_capacity(LENGTH + 1);
    for typed in typed.chars().take(LONGEST_TYPED).filter(|typed| !separates(*typed)) {
        let meant = meant(typed);
        if !u8::try_from(meant).is_ok_and(|byte| ALPHABET.contains(&byte)) || read.len() > LENGTH {
            return None;
        }
        read.push(meant);
    }
    typed.chars().nth(LONGEST_TYPED).is_none().then_some(read)
}

/// The key of a telephone that a character stands on (ITU E.161).
fn key_of(character: char) -> Option<char> {
    Some(match character {
        '0'..='9' => character,
        'A' | 'B' | 'C' => '2',
        'D' | 'E' | 'F' => '3',
        'G' | 'H' | 'I' => '4',
        'J' | 'K' | 'L' => '5',
        'M' | 'N' | 'O' => '6',
        'P' | 'Q' | 'R' | 'S' => '7',
        'T' | 'U' | 'V' => '8',
        'W' | 'X' | 'Y' | 'Z' => '9',
        _ => return None,
    })
}

/// One character as it is spoken: a digit as a word, a letter as itself.
pub(crate) fn say(character: char, language: Language) -> String {
    let words = match language {
        Language::En => ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
        Language::Es => ["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"],
        Language::Ar => ["صفر", "واحد", "اثنان", "ثلاثة", "أربعة", "خمسة", "ستة", "سبعة", "ثمانية", "تسعة"],
    };
    match character.to_digit(10) {
        Some(digit) => words[digit as usize].to_owned(),
        None => character.to_string(),
    }
}

impl TryFrom<String> for Reference {
    type Error = BadReference;
    fn try_from(text: String) -> Result<Self, BadReference> {
        Self::parse(&text).ok_or(BadReference)
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> String {
        reference.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_type() {
        for typed in ["T-7K3-QM2", "t7k3qm2", " 7k3 qm2 ", "T 7K3 QM2", "7K3QM2"] {
            assert_eq!(Reference::parse(typed).map(|r| r.as_str().to_owned()).as_deref(), Some("T-7K3-QM2"), "{typed:?}");
        }
        for typed in ["", "T-7K3-Q", "X-7K3-QM2", "T-7K3-QM22", "7K3-Q*2"] {
            assert_eq!(Reference::parse(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn survives_the_store() {
        let reference = Reference::from_bits([0xFF, 0xFF, 0xFF, 0xFC]);
        assert_eq!(reference.as_str(), "T-ZZZ-ZZZ");
        let json = serde_json::to_string(&reference).expect("serializes");
        assert_eq!(serde_json::from_str::<Reference>(&json).expect("reads back"), reference);
        assert!(serde_json::from_str::<Reference>("\"nonsense\"").is_err());
    }

    #[test]
    fn is_spoken_character_by_character() {
        let reference = Reference::parse("T-7K3-QM2").expect("good");
        assert_eq!(reference.spoken(), "T, seven, K, three, Q, M, two");
        assert_eq!(reference.spoken_in(Language::Es), "T, siete, K, tres, Q, M, dos");
    }
}
