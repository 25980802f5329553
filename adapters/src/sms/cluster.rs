//! Characters as a reader sees them: a letter with its marks, a family of joined emoji, a flag.
//!
//! A segment's edge does not fall inside one, because carriers' calculators keep them whole too. The rule here is a short form
//! of UAX 29: it knows marks, joiners, variation selectors, skin tones, keycaps and flags, not Hangul or Indic conjuncts.
//! Every cut is between two `char`s, so a surrogate pair can never be cut.

/// A text's clusters in order. None is longer than `most_units` UTF-16 units: a longer one is cut between characters.
pub(super) fn clusters(text: &str, most_units: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let (mut end, mut units, mut last) = (first.len_utf8(), first.len_utf16(), first);
        let mut flag_open = is_flag_half(first);
        for next in rest[end..].chars() {
            let joins = extends(next) || (last == ZWJ && is_pictograph(next)) || (flag_open && is_flag_half(next));
            if !joins || is_control(first) || units + next.len_utf16() > most_units {
                break;
            }
            flag_open = false;
            end += next.len_utf8();
            units += next.len_utf16();
            last = next;
        }
        let (cluster, after) = rest.split_at(end);
        rest = after;
        Some(cluster)
    })
}

/// Joins the emoji on both its sides into one.
const ZWJ: char = '\u{200D}';

fn is_control(c: char) -> bool {
    c.is_control()
}

fn is_flag_half(c: char) -> bool {
    ('\u{1F1E6}'..='\u{1F1FF}').contains(&c)
}

fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{1F000}'..='\u{1FAFF}' | '\u{2190}'..='\u{2BFF}' | '\u{3030}' | '\u{303D}' | '\u{3297}' | '\u{3299}')
}

/// Whether a character belongs to the one before it.
fn extends(c: char) -> bool {
    matches!(c,
        // Marks over and under Latin, Greek and Cyrillic letters.
        '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{FE20}'..='\u{FE2F}'
        // Hebrew points.
        | '\u{0591}'..='\u{05BD}' | '\u{05BF}' | '\u{05C1}' | '\u{05C2}' | '\u{05C4}' | '\u{05C5}' | '\u{05C7}'
        // Arabic vowel signs.
        | '\u{0610}'..='\u{061A}' | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{06D6}'..='\u{06DC}' | '\u{06DF}'..='\u{06E4}'
        | '\u{06E7}' | '\u{06E8}' | '\u{06EA}'..='\u{06ED}'
        // Devanagari signs.
        | '\u{0900}'..='\u{0903}' | '\u{093A}'..='\u{093C}' | '\u{093E}'..='\u{094F}' | '\u{0951}'..='\u{0957}'
        // Thai marks.
        | '\u{0E31}' | '\u{0E34}'..='\u{0E3A}' | '\u{0E47}'..='\u{0E4E}'
        // Joiners, keycap ring, variation selectors, skin tones, tags of regional flags.
        | '\u{200C}' | ZWJ | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0020}'..='\u{E007F}'
        | '\u{E0100}'..='\u{E01EF}')
}

#[cfg(test)]
mod tests {
    use super::clusters;

    #[test]
    fn what_is_seen_as_one_stays_one() {
        let table = [
            ("abc", vec!["a", "b", "c"]),
            ("e\u{301}e", vec!["e\u{301}", "e"]),
            ("بَب", vec!["بَ", "ب"]),
            ("👍🏽!", vec!["👍🏽", "!"]),
            ("👨\u{200D}👩\u{200D}👧x", vec!["👨\u{200D}👩\u{200D}👧", "x"]),
            ("🇺🇸🇲🇽🇺", vec!["🇺🇸", "🇲🇽", "🇺"]),
            ("1\u{FE0F}\u{20E3}2", vec!["1\u{FE0F}\u{20E3}", "2"]),
            ("\n\u{301}", vec!["\n", "\u{301}"]),
            ("a\u{200D}b", vec!["a\u{200D}", "b"]),
            ("", vec![]),
        ];
        for (text, expected) in table {
            assert_eq!(clusters(text, 67).collect::<Vec<_>>(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_tower_of_marks_is_cut_somewhere() {
        let tower = format!("a{}", "\u{301}".repeat(200));
        let pieces: Vec<&str> = clusters(&tower, 67).collect();
        assert_eq!(pieces.concat(), tower);
        assert!(pieces.iter().all(|piece| piece.encode_utf16().count() <= 67));
    }
}
