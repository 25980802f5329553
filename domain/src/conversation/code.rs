//! The return code: how a reporter comes back on another way (R68).
//!
//! Sixteen decimal digits (53 bits): they can be keyed on any phone and spoken in every language. Shown in groups,
//! `4821 0937 5526 1840`, and read forgivingly: spaces, dashes, dots, Arabic and Persian digits, the invisible marks that
//! phones put around copied text, O for 0, I and L for 1. Never in a URL or a log: no `Display`, a `Debug` that shows nothing.
//! How a typed character is meant is shared with the [`reference`](super::reference), which is no secret.

use super::reference::say;
use crate::language::Language;

/// How many digits a code has: 10^16 codes are 53.1 bits (R68 wants at least 50).
pub const DIGITS: usize = 16;

/// How many codes there are.
const COUNT: u64 = 10_u64.pow(DIGITS as u32);

/// Digits in a group as shown and spoken.
const GROUP: usize = 4;

/// Longer than any code typed with generous spacing; what is longer is not read.
pub(super) const LONGEST_TYPED: usize = 64;

/// A return code in clear.
#[derive(Clone, PartialEq, Eq)]
pub struct ReturnCode(String);

impl ReturnCode {
    /// From 64 random (or keyed-derived) bits, modulo 10^16. The lowest codes are likelier than the others by one part in 1844
    /// (2^64 is 1844.67 times 10^16), which costs a guesser nothing worth counting: no code is likelier than 1 in 2^53.
    pub fn from_bits(random: [u8; 8]) -> Self {
        Self(format!("{:0width$}", u64::from_be_bytes(random) % COUNT, width = DIGITS))
    }
    /// Reads what a person typed or keyed; `None` when it cannot be a code.
    pub fn parse(typed: &str) -> Option<Self> {
        let mut digits = String::with_capacity(DIGITS);
        for typed in typed.chars().take(LONGEST_TYPED + 1).filter(|typed| !separates(*typed)) {
            let digit = meant(typed);
            if !digit.is_ascii_digit() || digits.len() == DIGITS {
                return None;
            }
            digits.push(digit);
        }
        let short = typed.chars().nth(LONGEST_TYPED).is_none();
        (short && digits.len() == DIGITS).then_some(Self(digits))
    }
    /// The sixteen digits without groups, for the blind index.
    pub fn reveal(&self) -> &str {
        &self.0
    }
    /// As shown to the reporter: `4821 0937 5526 1840`. A page shows it from left to right in every language (`dir="ltr"`).
    pub fn grouped(&self) -> String {
        self.grouped_by(" ")
    }
    /// As written inside a right-to-left sentence: with no-break spaces, which the bidirectional algorithm keeps inside a
    /// number (UAX 9, W4), so that the groups are not turned round.
    pub fn grouped_in_arabic(&self) -> String {
        self.grouped_by("\u{A0}")
    }
    /// As read out once: "four eight two one, zero nine three seven, …"; a comma is a pause. Slow enough to write down when
    /// each group is followed by a pause, see [`Self::spoken_groups`].
    pub fn spoken(&self, language: Language) -> String {
        let comma = match language {
            Language::En | Language::Es => ", ",
            Language::Ar => "، ",
        };
        self.spoken_groups(language).join(comma)
    }
    /// The four groups, each as digit words, for a script that waits between them.
    pub fn spoken_groups(&self, language: Language) -> Vec<String> {
        let words = |group: &str| group.chars().map(|digit| say(digit, language)).collect::<Vec<_>>().join(" ");
        self.groups().map(words).collect()
    }
    fn grouped_by(&self, gap: &str) -> String {
        self.groups().collect::<Vec<_>>().join(gap)
    }
    fn groups(&self) -> impl Iterator<Item = &str> {
        (0..DIGITS).step_by(GROUP).map(|from| &self.0[from..from + GROUP])
    }
}

impl std::fmt::Debug for ReturnCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReturnCode(sealed)")
    }
}

/// The character meant by what was typed: upper case, our digits, and digits for the letters that look like them.
pub(super) fn meant(typed: char) -> char {
    match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        // An Arabic or Persian keyboard writes its own digits.
        digit @ '\u{660}'..='\u{669}' => char::from(b'0' + (digit as u32 - 0x660) as u8),
        digit @ '\u{6F0}'..='\u{6F9}' => char::from(b'0' + (digit as u32 - 0x6F0) as u8),
        other => other,
    }
}

/// Spaces, dashes of every length, dots, and the invisible marks that phones put around copied text.
pub(super) fn separates(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '.' | '_' | '\u{B7}' | '\u{2010}'..='\u{2015}' | '\u{2212}')
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &str, expected: Option<&str>) {
        assert_eq!(ReturnCode::parse(typed).map(|code| code.grouped()).as_deref(), expected, "{typed:?}");
    }

    #[test]
    fn reads_what_people_type() {
        let right = Some("4821 0937 5526 1840");
        for typed in [
            "4821 0937 5526 1840",
            "4821093755261840",
            "  4821-0937\u{2014}5526.1840. ",
            "48 21 09 37 55 26 18 40",
            "4 8 2 1 0 9 3 7 5 5 2 6 1 8 4 0",
            "4821 O937 5526 I84o",
            "482l_0937_5526_184O",
            "\u{200F}٤٨٢١ ٠٩٣٧ ٥٥٢٦ ١٨٤٠\u{200E}",
            "۴۸۲۱ ۰۹۳۷ ۵۵۲۶ ۱۸۴۰",
            "\u{2066}4821\u{A0}0937\u{202F}5526\u{A0}1840\u{2069}",
            "4821\n0937\r\n5526\t1840",
        ] {
            check(typed, right);
        }
        check("OIL0 OIL0 OIL0 OIL0", Some("0110 0110 0110 0110"));
        for typed in [
            "",
            " - ",
            "4821 0937 5526 184",
            "4821 0937 5526 1840 1",
            "4821 0937 5526 184A",
            "4821 0937 5526 184!",
            "#4821093755261840",
            "４８２１０９３７５５２６１８４０",
            "code 4821 0937 5526 1840",
        ] {
            check(typed, None);
        }
        check(&"7".repeat(100_000), None);
        check(&format!("4821093755261840{}", " ".repeat(100)), None);
    }

    #[test]
    fn bits_become_digits_and_back() {
        assert_eq!(ReturnCode::from_bits([0; 8]).reveal(), "0000000000000000");
        assert_eq!(ReturnCode::from_bits([255; 8]).reveal(), "6744073709551615");
        let mut rng = fastrand::Rng::with_seed(7);
        for _ in 0..1000 {
            let mut bytes = [0; 8];
            rng.fill(&mut bytes);
            let code = ReturnCode::from_bits(bytes);
            for shown in [code.grouped(), code.grouped_in_arabic()] {
                assert_eq!(ReturnCode::parse(&shown), Some(code.clone()));
                assert_eq!(shown.chars().count(), 19);
            }
            assert_eq!(format!("{code:?}"), "ReturnCode(sealed)");
        }
    }

    #[test]
    fn every_digit_stands_in_every_place() {
        let mut rng = fastrand::Rng::with_seed(8);
        let mut seen = [[0_u32; 10]; DIGITS];
        for _ in 0..20_000 {
            let code = ReturnCode::from_bits(rng.u64(..).to_be_bytes());
            for (place, digit) in code.reveal().bytes().enumerate() {
                seen[place][usize::from(digit - b'0')] += 1;
            }
        }
        // 2000 expected; 200 is more than four standard deviations (42).
        assert!(seen.iter().flatten().all(|count| count.abs_diff(2000) < 200), "{seen:?}");
    }

    #[test]
    fn is_spoken_group_by_group() {
        let code = ReturnCode::parse("4821 0937 5526 1840").expect("good");
        assert_eq!(code.spoken(Language::En), "four eight two one, zero nine three seven, five five two six, one eight four zero");
        assert_eq!(code.spoken(Language::Es), "cuatro ocho dos uno, cero nueve tres siete, cinco cinco dos seis, uno ocho cuatro cero");
        assert_eq!(
            code.spoken_groups(Language::Ar),
            ["أربعة ثمانية اثنان واحد", "صفر تسعة ثلاثة سبعة", "خمسة خمسة اثنان ستة", "واحد ثمانية أربعة صفر"]
        );
        assert!(code.spoken(Language::Ar).contains("واحد، صفر"));
    }
}
