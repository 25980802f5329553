//! Rows on their way into the database: one JSON array of arrays, with the bytes in one string beside it.
//!
//! Written by hand because the writer does it for every row of every batch: an id is 32 digits that need no escaping, a
//! number is a number. Bytes are given as their place in the string, counted from 1 as SQL does.

use super::Bad;
use std::fmt::Write as _;
use uuid::Uuid;

/// The rows of one statement.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    json: String,
    bytes: Vec<u8>,
    count: usize,
    bad: Option<Bad>,
}

/// One row being written; the next value goes into the next column.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    rows: &'a mut Rows,
    first: bool,
}

impl Rows {
    /// Starts a row.
    pub(crate) fn row(&mut self) -> Row<'_> {
        self.json.push(if self.count == 0 { '[' } else { ',' });
        self.json.push('[');
        self.count += 1;
        Row { rows: self, first: true }
    }
    /// Adds a row that is a single id, not an array.
    pub(crate) fn id(&mut self, id: Uuid) {
        self.json.push(if self.count == 0 { '[' } else { ',' });
        self.count += 1;
        push_id(&mut self.json, id);
    }
    /// Adds a row that is a single text, not an array.
    pub(crate) fn text(&mut self, text: &str) {
        self.json.push(if self.count == 0 { '[' } else { ',' });
        self.count += 1;
        push_text(self, text);
    }
    /// Adds a row that is a single number, not an array.
    pub(crate) fn number(&mut self, number: usize) {
        self.json.push(if self.count == 0 { '[' } else { ',' });
        self.count += 1;
        let _ = write!(self.json, "{number}");
    }
    /// How many rows there are.
    pub(crate) fn count(&self) -> u64 {
        u64::try_from(self.count).unwrap_or(u64::MAX)
    }
    /// Whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }
    /// The JSON array and the bytes.
    pub(crate) fn finish(mut self) -> Result<(String, Vec<u8>), Bad> {
        self.json.push_str(if self.count == 0 { "[]" } else { "]" });
        match self.bad {
            None => Ok((self.json, self.bytes)),
            Some(bad) => Err(bad),
        }
    }
}

impl Row<'_> {
    fn next(&mut self) -> &mut String {
        if self.first {
            self.first = false
        } else {
            self.rows.json.push(',')
        }
        &mut self.rows.json
    }
    pub(crate) fn id(mut self, id: Uuid) -> Self {
        push_id(self.next(), id);
        self
    }
    pub(crate) fn opt_id(mut self, id: Option<Uuid>) -> Self {
        let json = self.next();
        match id {
            Some(id) => push_id(json, id),
            None => json.push_str("null"),
        }
        self
    }
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.next();
        push_text(self.rows, text);
        self
    }
    pub(crate) fn opt_text(mut self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(text),
            None => {
                self.next().push_str("null");
                self
            }
        }
    }
    pub(crate) fn int(mut self, number: i64) -> Self {
        let _ = write!(self.next(), "{number}");
        self
    }
    pub(crate) fn opt_int(mut self, number: Option<i64>) -> Self {
        match number {
            Some(number) => self.int(number),
            None => {
                self.next().push_str("null");
                self
            }
        }
    }
    pub(crate) fn flag(mut self, flag: bool) -> Self {
        self.next().push_str(if flag { "true" } else { "false" });
        self
    }
    /// Takes two columns: the place and the length.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Self {
        let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        self.hash(bytes).int(length)
    }
    /// Takes two columns: the place and the length, or two nulls.
    pub(crate) fn opt_bytes(mut self, bytes: Option<&[u8]>) -> Self {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => {
                self.next().push_str("null");
                self.opt_int(None)
            }
        }
    }
    /// Takes one column: the place. The statement knows the length.
    pub(crate) fn hash(self, bytes: &[u8]) -> Self {
        let at = i64::try_from(self.rows.bytes.len() + 1).unwrap_or(i64::MAX);
        self.rows.bytes.extend_from_slice(bytes);
        self.int(at)
    }
    /// Ends the row.
    pub(crate) fn end(self) {
        self.rows.json.push(']');
    }
}

fn push_id(json: &mut String, id: Uuid) {
    let mut digits = Uuid::encode_buffer();
    json.push('"');
    json.push_str(id.simple().encode_lower(&mut digits));
    json.push('"');
}

/// Quotes and escapes. NUL is refused: no engine keeps it in a text, and the edge should have.
fn push_text(rows: &mut Rows, text: &str) {
    let json = &mut rows.json;
    json.push('"');
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        json.push_str(text);
    } else {
        for c in text.chars() {
            match c {
                '"' => json.push_str("\\\""),
                '\\' => json.push_str("\\\\"),
                '\0' => rows.bad = Some(Bad::Nul),
                c if c < ' ' => {
                    let _ = write!(json, "\\u{:04x}", u32::from(c));
                }
                c => json.push(c),
            }
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_json_and_bytes_lie_where_they_say() {
        let mut rows = Rows::default();
        rows.row().text("a \"b\"\\\n\u{e9}").int(-7).opt_int(None).flag(true).bytes(b"xyz").hash(b"q").end();
        rows.row().id(Uuid::nil()).opt_id(None).opt_text(None).end();
        let (json, bytes) = rows.finish().unwrap();
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            read,
            serde_json::json!([["a \"b\"\\\n\u{e9}", -7, null, true, 1, 3, 4], ["00000000000000000000000000000000", null, null]])
        );
        assert_eq!(bytes, b"xyzq");
    }

    #[test]
    fn nul_is_refused_and_nothing_is_an_empty_array() {
        let mut rows = Rows::default();
        rows.row().text("a\0b").end();
        assert!(matches!(rows.finish(), Err(Bad::Nul)));
        assert_eq!(Rows::default().finish().unwrap().0, "[]");
    }
}
