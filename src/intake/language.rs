//! The language that a reporter writes in, guessed from their words: only the three that they can be answered in (R48).
//!
//! A guess from few words is worth nothing, so without a sure one the line's own language stays.

use domain::language::Language;
use whatlang::{Detector, Lang};

/// Fewer letters than these are not guessed from, unless the script alone says it.
const LEAST_LETTERS: usize = 12;

/// The language of these words, when it is sure enough.
pub(super) fn guess(words: &str) -> Option<Language> {
    let letters = words.chars().filter(|c| c.is_alphabetic());
    let (all, arabic) = letters.fold((0, 0), |(all, arabic), c| (all + 1, arabic + usize::from(is_arabic(c))));
    if arabic * 2 > all && arabic > 1 {
        return Some(Language::Ar);
    }
    if all < LEAST_LETTERS {
        return words.contains(['¿', '¡', 'ñ', 'Ñ']).then_some(Language::Es);
    }
    let found = Detector::with_allowlist(vec![Lang::Eng, Lang::Spa]).detect(words)?;
    match found.lang() {
        Lang::Spa if found.confidence() > 0.3 => Some(Language::Es),
        Lang::Eng if found.confidence() > 0.3 => Some(Language::En),
        _ => None,
    }
}

fn is_arabic(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{6FF}' | '\u{750}'..='\u{77F}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_tell_their_language() {
        for (words, expected) in [
            ("Someone has a gun in his backpack on the bus", Some(Language::En)),
            ("Mi amiga dice que se quiere hacer daño y no sé qué hacer", Some(Language::Es)),
            ("¿ayuda?", Some(Language::Es)),
            ("صديقي يريد أن يؤذي نفسه", Some(Language::Ar)),
            ("help", None),
            ("ok", None),
            ("", None),
            ("12345 67890", None),
        ] {
            assert_eq!(guess(words), expected, "{words}");
        }
    }
}
