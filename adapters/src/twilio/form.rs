//! A form body, decoded as the carrier decodes it before signing: `+` is a space, blanks are kept, nothing is trimmed.
//!
//! Fields stay bytes until they are read, because a text that is not UTF-8 must still verify and must still arrive. Reading
//! a field replaces what is not UTF-8, and NUL, by U+FFFD; a field given twice with different values is refused, since an
//! attacker may repeat fields without changing the signature (carriers.md 3.1, rule 5).

use crate::contract::Refused;
use std::borrow::Cow;

/// The fields of a form, in the order of the wire.
#[derive(Default)]
pub(crate) struct Form {
    fields: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Form {
    /// Decodes a body of type `application/x-www-form-urlencoded`. Never fails: a stray `%` stands for itself.
    pub(crate) fn decode(body: &[u8]) -> Self {
        let fields = body
            .split(|byte| *byte == b'&')
            .filter(|field| !field.is_empty())
            .map(|field| match field.iter().position(|byte| *byte == b'=') {
                Some(at) => (unescape(&field[..at]), unescape(&field[at + 1..])),
                None => (unescape(field), Vec::new()),
            })
            .collect();
        Self { fields }
    }

    /// The fields as a signature wants them: by key, then by value, each pair once.
    pub(crate) fn sorted(&self) -> Vec<(&[u8], &[u8])> {
        let mut pairs: Vec<(&[u8], &[u8])> = self.fields.iter().map(|(key, value)| (key.as_slice(), value.as_slice())).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }

    /// The same form as a signer sees it who works on text; `None` when all of it is UTF-8 anyway.
    pub(crate) fn lossy(&self) -> Option<Self> {
        let utf8 = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok();
        if self.fields.iter().all(|(key, value)| utf8(key) && utf8(value)) {
            return None;
        }
        let replaced = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned().into_bytes();
        Some(Self { fields: self.fields.iter().map(|(key, value)| (replaced(key), replaced(value))).collect() })
    }

    /// The text of a field that we read, or `None` when it is not there.
    pub(crate) fn get(&self, key: &str) -> Result<Option<String>, Refused> {
        let mut values = self.fields.iter().filter(|(name, _)| name == key.as_bytes()).map(|(_, value)| value);
        let Some(first) = values.next() else { return Ok(None) };
        if values.any(|value| value != first) {
            return Err(Refused::Malformed("a field is given twice with different values"));
        }
        Ok(Some(text(first)))
    }

    /// The text of a field that has to be there and not be empty.
    pub(crate) fn need(&self, key: &str, missing: &'static str) -> Result<String, Refused> {
        self.get(key)?.filter(|value| !value.is_empty()).ok_or(Refused::Malformed(missing))
    }

    /// The numbers `n` for which there is a field `{prefix}{n}`, ascending, each once.
    pub(crate) fn numbered(&self, prefix: &str) -> Vec<u32> {
        let number = |name: &[u8]| -> Option<u32> {
            let digits = std::str::from_utf8(name.strip_prefix(prefix.as_bytes())?).ok()?;
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits.len() == 1 || !digits.starts_with('0'));
            if plain { digits.parse().ok() } else { None }
        };
        let mut numbers: Vec<u32> = self.fields.iter().filter_map(|(name, _)| number(name)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// Text for the rest of the program: no NUL (no database column takes it), nothing that is not UTF-8.
fn text(bytes: &[u8]) -> String {
    let lossy: Cow<'_, str> = String::from_utf8_lossy(bytes);
    if lossy.contains('\0') { lossy.replace('\0', "\u{FFFD}") } else { lossy.into_owned() }
}

fn unescape(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = match byte {
            b'%' => bytes.get(at + 1).zip(bytes.get(at + 2)).and_then(|(high, low)| Some(hex(*high)? << 4 | hex(*low)?)),
            _ => None,
        };
        match (escaped, byte) {
            (Some(value), _) => {
                plain.push(value);
                at += 3;
            }
            (None, b'+') => {
                plain.push(b' ');
                at += 1;
            }
            (None, other) => {
                plain.push(other);
                at += 1;
            }
        }
    }
    plain
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
