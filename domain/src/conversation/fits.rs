//! For tests: whether a text goes out as two SMS segments at most (R67; carriers.md 1.7).
//!
//! Stricter than a carrier: the characters that cost two septets are not used by the program's own texts at all. The exact
//! count of any text is the adapters'.

/// What two segments hold: 2 x 153 septets, or 2 x 67 UTF-16 units.
const SEPTETS: usize = 306;
const UNITS: usize = 134;

/// GSM 03.38 basic characters that these texts could use.
fn is_gsm7(c: char) -> bool {
    c.is_ascii_alphanumeric() || " \n!\"#$%&'()*+,-./:;<=>?@_".contains(c) || "£¥èéùìòÇØøÅåÆæßÉÄÖÑÜ§¿äöñüà¡".contains(c)
}

/// `None` when the text fits two segments, else what is too much.
pub(crate) fn too_long(text: &str) -> Option<String> {
    let foreign: String = text.chars().filter(|c| !is_gsm7(*c)).collect();
    let (count, most) = if foreign.is_empty() { (text.chars().count(), SEPTETS) } else { (text.encode_utf16().count(), UNITS) };
    (count > most).then(|| format!("{count} of {most} (not in GSM-7: {foreign:?}): {text}"))
}
