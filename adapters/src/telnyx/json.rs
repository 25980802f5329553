//! JSON as it comes over this wire, so that a reporter's words are never lost for their form.
//!
//! Bytes that are no UTF-8, and halves of surrogate pairs written as `\ud83d`, make a JSON parser refuse the whole; here each becomes
//! U+FFFD. NUL goes the same way, because no database column takes it. Nothing is read but what is asked for by name.

use serde_json::Value;
use std::borrow::Cow;

/// The object in these bytes; `None` when it is none, even mended.
pub(super) fn object(bytes: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(bytes);
    let read = |text: &str| serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
    read(&text).or_else(|| read(&without_halves(&text)))
}

/// A text at a path, `""` when it is not there. NUL is replaced.
pub(super) fn text(value: &Value, pointer: &str) -> String {
    let text = value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text.to_owned() }
}

/// Replaces escapes of single surrogates.
fn without_halves(text: &str) -> Cow<'_, str> {
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return Cow::Borrowed(text);
    }
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        mended.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = match (unit(rest), rest.get(6..).and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                mended.push_str("\\ufffd");
                rest = &rest[6..];
                continue;
            }
            (Some(_), _) => 6,
            // Another escape: its second character is taken with it, so that `\\ud83d` stays what it is.
            (None, _) => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        mended.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    mended.push_str(rest);
    Cow::Owned(mended)
}

/// The number of a `\uXXXX` at the beginning.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) { u32::from_str_radix(digits, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{object, text};

    #[test]
    fn words_survive_what_a_parser_would_refuse() {
        let table: [(&[u8], &str); 8] = [
            (br#"{"text":"help"}"#, "help"),
            (b"{\"text\":\"caf\xe9\"}", "caf\u{FFFD}"),
            (br#"{"text":"a\u0000b"}"#, "a\u{FFFD}b"),
            (br#"{"text":"x\ud83dy"}"#, "x\u{FFFD}y"),
            (br#"{"text":"\udE1F!"}"#, "\u{FFFD}!"),
            (br#"{"text":"\ud83d\ude1f \ud83d"}"#, "\u{1F61F} \u{FFFD}"),
            (br#"{"text":"\ud83d\ud83d\ude1f"}"#, "\u{FFFD}\u{1F61F}"),
            (br#"{"text":"\\ud83d \ud800"}"#, "\\ud83d \u{FFFD}"),
        ];
        for (bytes, words) in table {
            assert_eq!(text(&object(bytes).unwrap(), "/text"), words, "{}", String::from_utf8_lossy(bytes));
        }
        for bytes in [&b""[..], b"[]", b"\"x\"", b"{\"text\":\"\\ud83d", b"{\"a\":\\", b"\\"] {
            assert!(object(bytes).is_none());
        }
    }
}
