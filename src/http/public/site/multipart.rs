//! `multipart/form-data` (RFC 7578) read piece by piece: parts come out as they come in, and never more is held than one head.
//!
//! Knows bytes only: what a field is called and how long it may be is the form's matter. A body that ends early has given out every
//! part that was whole. Anything that is not a form gives [`Malformed`], never a panic.

/// The longest head of a part: browsers write about 200 bytes, and names of files may be long.
const LONGEST_HEAD: usize = 8 * 1024;
/// The longest boundary (RFC 2046).
const LONGEST_BOUNDARY: usize = 70;
/// So many spaces are forgiven behind a boundary.
const LONGEST_PADDING: usize = 128;

/// It is not a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is not multipart/form-data as it says")]
pub(super) struct Malformed;

/// What comes out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// A part begins.
    Part(Head),
    /// More of it.
    Data(&'a [u8]),
    /// It was whole.
    PartEnd,
}

/// What a part says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// The field's name.
    pub(super) name: String,
    /// The file's name; `None` when it is no file.
    pub(super) file: Option<String>,
    /// What it is said to be.
    pub(super) content_type: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Preamble,
    Delimited,
    Head,
    Data,
    End,
}

/// Reads one body.
#[derive(Debug)]
pub(super) struct Multipart {
    delimiter: Vec<u8>,
    held: Vec<u8>,
    state: State,
}

impl Multipart {
    /// A reader for this `Content-Type`, if it is a form in parts.
    pub(super) fn of(content_type: &str) -> Option<Self> {
        let (kind, parameters) = content_type.split_once(';')?;
        if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let boundary = parameter(parameters, "boundary").filter(|text| !text.is_empty() && text.len() <= LONGEST_BOUNDARY)?;
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        // The first boundary has no line before it; with this one it looks like the others.
        Some(Self { delimiter, held: b"\r\n".to_vec(), state: State::Preamble })
    }

    /// Whether the last boundary has come.
    pub(super) fn is_whole(&self) -> bool {
        self.state == State::End
    }

    /// Takes the next bytes and gives out what they complete.
    pub(super) fn feed(&mut self, bytes: &[u8], out: &mut impl FnMut(Event<'_>)) -> Result<(), Malformed> {
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(bytes);
        let mut from = 0;
        while let Some(used) = self.step(&held[from..], out)? {
            from += used;
        }
        held.drain(..from);
        self.held = held;
        Ok(())
    }

    /// One step over what is held: how much of it is done with; `None` when more is needed.
    fn step(&mut self, held: &[u8], out: &mut impl FnMut(Event<'_>)) -> Result<Option<usize>, Malformed> {
        match self.state {
            State::Preamble | State::Data => Ok(self.until_delimiter(held, out)),
            State::Delimited => self.after_delimiter(held),
            State::Head => {
                // A part without any head has its empty line at once.
                let (head, used) = match find(held, b"\r\n\r\n") {
                    _ if held.starts_with(b"\r\n") => (&held[..0], 2),
                    Some(at) => (&held[..at], at + 4),
                    None if held.len() > LONGEST_HEAD => return Err(Malformed),
                    None => return Ok(None),
                };
                out(Event::Part(Head::read(head)));
                self.state = State::Data;
                Ok(Some(used))
            }
            State::End => Ok((!held.is_empty()).then_some(held.len())),
        }
    }

    fn until_delimiter(&mut self, held: &[u8], out: &mut impl FnMut(Event<'_>)) -> Option<usize> {
        let inside = self.state == State::Data;
        if let Some(at) = find(held, &self.delimiter) {
            if inside {
                out(Event::Data(&held[..at]));
                out(Event::PartEnd);
            }
            self.state = State::Delimited;
            return Some(at + self.delimiter.len());
        }
        // The end may be the beginning of a delimiter.
        let sure = held.len().saturating_sub(self.delimiter.len() - 1);
        if inside && sure > 0 {
            out(Event::Data(&held[..sure]));
        }
        (sure > 0).then_some(sure)
    }

    fn after_delimiter(&mut self, held: &[u8]) -> Result<Option<usize>, Malformed> {
        if held.starts_with(b"--") {
            self.state = State::End;
            return Ok(Some(2));
        }
        match find(held, b"\r\n") {
            Some(at) if held[..at].iter().all(|byte| matches!(byte, b' ' | b'\t')) => {
                self.state = State::Head;
                Ok(Some(at + 2))
            }
            None if held.len() <= LONGEST_PADDING => Ok(None),
            Some(_) | None => Err(Malformed),
        }
    }
}

impl Head {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut head = Self::default();
        for line in text.split("\r\n") {
            let Some((name, value)) = line.split_once(':') else { continue };
            if name.trim().eq_ignore_ascii_case("content-disposition") {
                let parameters = value.split_once(';').map_or("", |(_, rest)| rest);
                head.name = parameter(parameters, "name").unwrap_or_default();
                head.file = parameter(parameters, "filename");
            } else if name.trim().eq_ignore_ascii_case("content-type") {
                head.content_type = value.trim().to_ascii_lowercase();
            }
        }
        head
    }
}

/// The value of a parameter, with or without quotes; browsers write a quote inside as `%22`.
fn parameter(text: &str, wanted: &str) -> Option<String> {
    let mut rest = text;
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let name = name.trim_matches(|c: char| c.is_whitespace() || c == ';');
        let (value, left) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(';').unwrap_or((after, "")),
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value.trim().replace("%22", "\""));
        }
        rest = left;
    }
    None
}

/// Where a piece first stands. Pieces begin with a byte that is rare in what is searched.
fn find(bytes: &[u8], piece: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(step) = bytes[from..].iter().position(|byte| *byte == piece[0]) {
        let at = from + step;
        if bytes[at..].starts_with(piece) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every event in a word, with the data of a part put together.
    fn read(content_type: &str, body: &[u8], by: usize) -> Result<Vec<String>, Malformed> {
        let mut reader = Multipart::of(content_type).expect("a form");
        let (mut seen, mut data) = (Vec::new(), Vec::new());
        for piece in body.chunks(by) {
            reader.feed(piece, &mut |event| match event {
                Event::Part(head) => seen.push(format!("{}/{:?}/{}", head.name, head.file, head.content_type)),
                Event::Data(bytes) => data.extend_from_slice(bytes),
                Event::PartEnd => seen.push(String::from_utf8_lossy(&std::mem::take(&mut data)).into_owned()),
            })?;
        }
        seen.push(if reader.is_whole() { "whole".to_owned() } else { format!("cut, {} bytes left", data.len()) });
        Ok(seen)
    }

    #[test]
    fn parts_come_out_however_the_bytes_come_in() {
        let body = b"preamble\r\n--xX\r\nContent-Disposition: form-data; name=\"what\"\r\n\r\nline one\r\n--x\r\n--xX  \r\n\
                     content-disposition: form-data; filename=\"a %22b%22; c.png\"; name=pictures\r\nContent-Type: IMAGE/png\r\n\r\n\r\n\r\n--xX--\r\nepilogue";
        let expected = ["what/None/", "line one\r\n--x", "pictures/Some(\"a \\\"b\\\"; c.png\")/image/png", "\r\n", "whole"];
        for by in 1..body.len() {
            let seen = read("multipart/form-data; boundary=xX", body, by).unwrap();
            assert_eq!(seen, expected, "by {by}");
        }
        assert_eq!(read("Multipart/Form-Data; charset=utf-8; boundary=\"xX\"", body, 7).unwrap(), expected);
    }

    #[test]
    fn what_is_cut_off_has_given_out_what_was_whole() {
        let body = b"--b\r\nContent-Disposition: form-data; name=what\r\n\r\nhelp\r\n--b\r\nContent-Disposition: form-data; name=p; filename=x\r\n\r\nabc";
        let seen = read("multipart/form-data; boundary=b", body, 5).unwrap();
        assert_eq!(seen, ["what/None/", "help", "p/Some(\"x\")/", "cut, 0 bytes left"]);
    }

    #[test]
    fn what_is_no_form_is_said_to_be_none() {
        for content_type in ["text/plain", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=b", ""] {
            assert!(Multipart::of(content_type).is_none(), "{content_type}");
        }
        let mut reader = Multipart::of("multipart/form-data; boundary=b").unwrap();
        assert_eq!(reader.feed(b"--bxx\r\n", &mut |_| {}), Err(Malformed));
        let mut reader = Multipart::of("multipart/form-data; boundary=b").unwrap();
        let endless = [b"--b\r\n".as_slice(), &[b'x'; 2 * LONGEST_HEAD]].concat();
        assert_eq!(reader.feed(&endless, &mut |_| {}), Err(Malformed));
    }
}
