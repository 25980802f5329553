//! Letters that people write for each other, made one: accents and vowel signs dropped, Arabic letters evened.
//!
//! Only for comparing what was written; nothing that is shown or kept goes through here.

/// Accents that stand alone, Arabic vowel signs, the stretching line, and invisible marks.
pub(super) fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{610}'..='\u{61A}' | '\u{61C}' | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}')
        || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FE0F}' | '\u{FEFF}')
}

/// The letter without its accent; Arabic letters that are written for each other made one.
pub(super) fn even(c: char) -> char {
    match c {
        'á' | 'à' | 'ä' | 'â' => 'a',
        'é' | 'è' | 'ë' | 'ê' => 'e',
        'í' | 'ì' | 'ï' | 'î' => 'i',
        'ó' | 'ò' | 'ö' | 'ô' => 'o',
        'ú' | 'ù' | 'ü' | 'û' => 'u',
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' => 'ي',
        'ة' => 'ه',
        other => other,
    }
}
