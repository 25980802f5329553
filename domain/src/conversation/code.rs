//! The return code: how a reporter comes back on another way (R68).
//!
//! Eleven characters of Crockford's base 32 (55 bits), shown in groups, forgiving of case, spaces, dashes and the usual
//! misreadings (O for 0, I and L for 1). Never in a URL or a log: no `Display`, a `Debug` that shows nothing.
//! The reading of typed characters is shared with the [`reference`](super::reference), which is no secret.

/// Crockford's base 32: no I, L, O (misread as digits) and no U.
pub(super) const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Longer than any code typed with generous spacing; what is longer is not read.
pub(super) const LONGEST_TYPED: usize = 64;

/// How many characters a code has: 11 x 5 = 55 bits.
const LENGTH: usize = 11;

/// A return code in clear.
#[derive(Clone, PartialEq, Eq)]
pub struct ReturnCode(String);

impl ReturnCode {
    /// From at least 55 random (or keyed-derived) bits; the last of the 56 is not used.
    pub fn from_bits(random: [u8; 7]) -> Self {
        let bits = random.iter().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte)) >> 1;
        Self(spell(bits, LENGTH))
    }
    /// Reads what a person typed; `None` when it cannot be a code.
    pub fn parse(typed: &str) -> Option<Self> {
        let read = read(typed)?;
        (read.len() == LENGTH).then_some(Self(read))
    }
    /// The eleven characters without groups, for the blind index.
    pub fn reveal(&self) -> &str {
        &self.0
    }
    /// As shown to the reporter: `7K3Q-M2XP-9TR`.
    pub fn grouped(&self) -> String {
        format!("{}-{}-{}", &self.0[..4], &self.0[4..8], &self.0[8..])
    }
}

impl std::fmt::Debug for ReturnCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReturnCode(sealed)")
    }
}

/// The lowest `5 * length` bits as characters, the highest first.
pub(super) fn spell(bits: u64, length: usize) -> String {
    (0..length).rev().map(|place| char::from(ALPHABET[((bits >> (5 * place)) & 31) as usize])).collect()
}

/// The characters meant by what was typed, without spaces, dashes and dots; `None` when something else is in it.
pub(super) fn read(typed: &str) -> Option<String> {
    if typed.len() > LONGEST_TYPED * 4 {
        return None;
    }
    let mut read = String::with_capacity(LENGTH);
    for typed in typed.chars().filter(|c| !separates(*c)) {
        let meant = match typed.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            // An Arabic keyboard writes its own digits.
            digit @ '\u{660}'..='\u{669}' => char::from(b'0' + (digit as u32 - 0x660) as u8),
            digit @ '\u{6F0}'..='\u{6F9}' => char::from(b'0' + (digit as u32 - 0x6F0) as u8),
            other => other,
        };
        if !u8::try_from(meant).is_ok_and(|byte| ALPHABET.contains(&byte)) || read.len() == LONGEST_TYPED {
            return None;
        }
        read.push(meant);
    }
    Some(read)
}

/// Spaces, dashes of every length, dots, and the invisible marks that phones put around copied text.
fn separates(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '.' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{200B}'..='\u{200F}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &str, expected: Option<&str>) {
        assert_eq!(ReturnCode::parse(typed).map(|code| code.grouped()).as_deref(), expected, "{typed:?}");
    }

    #[test]
    fn reads_what_people_type() {
        let right = Some("7K3Q-M2XP-9TR");
        check("7K3Q-M2XP-9TR", right);
        check("7k3qm2xp9tr", right);
        check("  7k3q m2xp\u{2014}9tr. ", right);
        check("\u{200F}٧K3Q-M2XP-٩TR", right);
        check("O1I-LK3Q-M2XP", Some("0111-K3QM-2XP"));
        check("", None);
        check("7K3Q-M2XP-9T", None);
        check("7K3Q-M2XP-9TRA", None);
        check("7K3U-M2XP-9TR", None);
        check("7K3Q-M2XP-9T!", None);
        check(&"7".repeat(100_000), None);
    }

    #[test]
    fn bits_become_characters_and_back() {
        assert_eq!(ReturnCode::from_bits([0; 7]).grouped(), "0000-0000-000");
        assert_eq!(ReturnCode::from_bits([255; 7]).grouped(), "ZZZZ-ZZZZ-ZZZ");
        let mut rng = fastrand::Rng::with_seed(7);
        for _ in 0..1000 {
            let mut bytes = [0; 7];
            rng.fill(&mut bytes);
            let code = ReturnCode::from_bits(bytes);
            assert_eq!(ReturnCode::parse(&code.grouped().to_lowercase()), Some(code.clone()));
            assert_eq!(code.grouped().len(), 13);
            assert_eq!(format!("{code:?}"), "ReturnCode(sealed)");
        }
    }

    #[test]
    fn fifty_five_bits_count() {
        let mut bytes = [0; 7];
        bytes[6] = 1;
        assert_eq!(ReturnCode::from_bits(bytes), ReturnCode::from_bits([0; 7]));
        bytes[6] = 2;
        assert_eq!(ReturnCode::from_bits(bytes).reveal(), "00000000001");
    }
}
