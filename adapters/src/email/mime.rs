//! Takes a mail apart: headers, parts, transfer encodings, character sets. What the parts mean is decided in `read`.
//!
//! The tree is walked here and not by the parser, which has no bounds: at most [`MOST_PARTS`] parts, [`MOST_DEPTH`] levels,
//! [`MOST_HEADER_BYTES`] of headers a part. What lies beyond is left out and said so ([`Walk::cut`]); the original is kept by
//! others. An encoded message inside a message is not opened at all: RFC 2046 forbids the encoding, and only bombs use it.

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{HeaderValue, Message, MessageParser, MimeHeaders};
use std::borrow::Cow;

/// The most parts of a mail that are looked at. A mail with thirty pictures has some forty.
pub const MOST_PARTS: usize = 200;
/// The deepest nesting: an answer in a forward in a forward has about six.
pub const MOST_DEPTH: usize = 12;
/// The most bytes of one part's headers. Real ones stay below 64 KiB even after many hops.
pub const MOST_HEADER_BYTES: usize = 256 * 1024;
/// The most characters of text that are taken from a mail.
pub const MOST_TEXT_CHARS: usize = 200_000;
/// The most bytes of a text part that are decoded: four for each character, and as much again for the encoding's own signs.
const MOST_TEXT_BYTES: usize = 8 * MOST_TEXT_CHARS;

/// The headers of a mail or of one of its parts.
pub(super) struct Headers<'x>(Option<Message<'x>>);

impl<'x> Headers<'x> {
    fn parse(block: &'x [u8]) -> Self {
        Self(MessageParser::default().parse_headers(block))
    }
    /// As the parser understands them; `None` when there is no header at all.
    pub(super) fn parsed(&self) -> Option<&Message<'x>> {
        self.0.as_ref()
    }
    /// Every value of a header as it stands there, top to bottom, without the ends of lines.
    pub(super) fn raw<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        let headers = self.0.iter().flat_map(|message| message.headers().iter().map(move |header| (message, header)));
        headers.filter(move |(_, header)| header.name.as_str().eq_ignore_ascii_case(name)).map(|(message, header)| {
            let (start, end) = (header.offset_start as usize, header.offset_end as usize);
            let bytes = message.raw_message.get(start..end).unwrap_or_default();
            String::from_utf8_lossy(bytes).split_whitespace().collect::<Vec<_>>().join(" ")
        })
    }
    /// The first value of a header, lower case.
    pub(super) fn word(&self, name: &str) -> Option<String> {
        self.raw(name).next().map(|value| value.to_ascii_lowercase())
    }
    /// Whether a header is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.raw(name).next().is_some()
    }
    /// Every id in a header such as References, in order, without brackets.
    pub(super) fn ids(&self, name: &'static str) -> Vec<String> {
        let Some(value) = self.0.as_ref().and_then(|message| message.header(name)) else { return Vec::new() };
        match value {
            HeaderValue::Text(id) => vec![id.to_string()],
            HeaderValue::TextList(ids) => ids.iter().map(ToString::to_string).collect(),
            HeaderValue::Address(_)
            | HeaderValue::DateTime(_)
            | HeaderValue::ContentType(_)
            | HeaderValue::Received(_)
            | HeaderValue::Empty => Vec::new(),
        }
    }
    /// `type/subtype`, lower case; text when nothing is said (RFC 2045).
    pub(super) fn kind(&self) -> String {
        let said = self.0.as_ref().and_then(MimeHeaders::content_type);
        said.map_or_else(
            || "text/plain".to_owned(),
            |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("plain")).to_ascii_lowercase(),
        )
    }
    /// A parameter of the type, such as `charset`.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.0.as_ref()?.content_type()?.attribute(name)
    }
    fn encoding(&self) -> &str {
        self.0.as_ref().and_then(MimeHeaders::content_transfer_encoding).map_or("", str::trim)
    }
    /// Whether the part wants to be a file beside the text.
    pub(super) fn is_file(&self) -> bool {
        let Some(message) = &self.0 else { return false };
        message.content_disposition().is_some_and(|said| said.ctype().eq_ignore_ascii_case("attachment"))
            || message.attachment_name().is_some()
    }
}

/// One part: its headers, and what stands below them.
pub(super) struct Part<'x> {
    pub(super) headers: Headers<'x>,
    pub(super) kind: String,
    pub(super) body: Body<'x>,
}

/// What a part holds.
pub(super) enum Body<'x> {
    /// Other parts.
    Many(Vec<Part<'x>>),
    /// A mail inside the mail.
    Mail(Box<Part<'x>>),
    /// Bytes, still encoded.
    Leaf(&'x [u8]),
}

/// Counts while a mail is taken apart.
#[derive(Default)]
pub(super) struct Walk {
    parts: usize,
    /// Whether something was left out.
    pub(super) cut: bool,
}

impl Walk {
    /// Takes a mail, or a part of one, apart.
    pub(super) fn part<'x>(&mut self, bytes: &'x [u8], depth: usize) -> Part<'x> {
        self.parts += 1;
        let (block, rest) = split(bytes);
        let shown = cut_to_line(block, MOST_HEADER_BYTES);
        self.cut |= shown.len() < block.len();
        let headers = Headers::parse(shown);
        let kind = headers.kind();
        let body = self.body(&headers, &kind, rest, depth);
        Part { headers, kind, body }
    }

    fn body<'x>(&mut self, headers: &Headers<'_>, kind: &str, rest: &'x [u8], depth: usize) -> Body<'x> {
        let nests = kind.starts_with("multipart/") || kind == "message/rfc822" || kind == "message/global";
        if !nests {
            return Body::Leaf(rest);
        }
        if depth >= MOST_DEPTH {
            self.cut = true;
            return Body::Leaf(rest);
        }
        if !kind.starts_with("multipart/") {
            let plain = matches!(headers.encoding().to_ascii_lowercase().as_str(), "" | "7bit" | "8bit" | "binary");
            return if plain { Body::Mail(Box::new(self.part(rest, depth + 1))) } else { Body::Leaf(rest) };
        }
        let mut parts = Vec::new();
        if let Some(boundary) = headers.parameter("boundary").filter(|boundary| !boundary.is_empty()) {
            for piece in Pieces::new(rest, boundary.as_bytes()) {
                if self.parts >= MOST_PARTS {
                    self.cut = true;
                    break;
                }
                parts.push(self.part(piece, depth + 1));
            }
        }
        if parts.is_empty() { Body::Leaf(rest) } else { Body::Many(parts) }
    }
}

/// Headers and what follows the first empty line; a part that begins with an empty line has no headers.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line == b"\n" || line == b"\r\n" {
            return (&bytes[..at], &bytes[at + line.len()..]);
        }
        at += line.len();
    }
    (bytes, &[])
}

/// At most `most` bytes, ending with a whole line when there is one.
fn cut_to_line(bytes: &[u8], most: usize) -> &[u8] {
    if bytes.len() <= most {
        return bytes;
    }
    let end = bytes[..most].iter().rposition(|byte| *byte == b'\n').map_or(most, |at| at + 1);
    &bytes[..end]
}

/// What stands between the delimiters of a multipart. A missing end counts as one.
struct Pieces<'x, 'b> {
    rest: Option<&'x [u8]>,
    boundary: &'b [u8],
}

impl<'x, 'b> Pieces<'x, 'b> {
    fn new(bytes: &'x [u8], boundary: &'b [u8]) -> Self {
        let mut pieces = Self { rest: Some(bytes), boundary };
        // What stands before the first delimiter is for programs that know no MIME.
        pieces.step();
        pieces
    }

    /// What stands before the next delimiter; goes on behind it, or nowhere when it was the last.
    fn step(&mut self) -> Option<&'x [u8]> {
        let bytes = self.rest.take()?;
        let mut at = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if let Some(after) = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(self.boundary)) {
                let (end, last) = after.strip_prefix(b"--").map_or((after, false), |after| (after, true));
                if end.iter().all(u8::is_ascii_whitespace) {
                    self.rest = (!last).then(|| &bytes[at + line.len()..]);
                    let piece = &bytes[..at];
                    let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
                    return Some(piece.strip_suffix(b"\r").unwrap_or(piece));
                }
            }
            at += line.len();
        }
        (!bytes.is_empty()).then_some(bytes)
    }
}

impl<'x> Iterator for Pieces<'x, '_> {
    type Item = &'x [u8];
    fn next(&mut self) -> Option<&'x [u8]> {
        self.step()
    }
}

/// The bytes of a leaf without their transfer encoding. Damage is skipped over: half a picture is better than none.
pub(super) fn decoded<'x>(headers: &Headers<'_>, bytes: &'x [u8]) -> Cow<'x, [u8]> {
    match headers.encoding().to_ascii_lowercase().as_str() {
        "base64" => Cow::Owned(base64_decode(bytes).unwrap_or_else(|| base64_of_damaged(bytes))),
        "quoted-printable" => Cow::Owned(quoted_printable_decode(bytes).unwrap_or_else(|| quoted_of_damaged(bytes))),
        _ => Cow::Borrowed(bytes),
    }
}

fn base64_of_damaged(bytes: &[u8]) -> Vec<u8> {
    let mut clean: Vec<u8> = bytes.iter().copied().filter(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte)).collect();
    clean.truncate(clean.len() / 4 * 4);
    base64_decode(&clean).unwrap_or_default()
}

/// Quoted-printable in which some signs are not what they should be: these stay as they are.
fn quoted_of_damaged(bytes: &[u8]) -> Vec<u8> {
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let (mut clear, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        match (*byte, digit(at + 1), digit(at + 2)) {
            (b'=', Some(high), Some(low)) => {
                clear.push((high * 16 + low) as u8);
                at += 3;
            }
            (b'=', _, _) if bytes[at + 1..].starts_with(b"\r\n") => at += 3,
            (b'=', _, _) if bytes[at + 1..].starts_with(b"\n") => at += 2,
            (other, _, _) => {
                clear.push(other);
                at += 1;
            }
        }
    }
    clear
}

/// The text of a leaf, whatever it calls its character set; no NUL in it. The second says whether it was cut.
pub(super) fn text(headers: &Headers<'_>, bytes: &[u8]) -> (String, bool) {
    let cut = bytes.len() > MOST_TEXT_BYTES;
    let bytes = decoded(headers, &bytes[..bytes.len().min(MOST_TEXT_BYTES)]);
    let charset = headers.parameter("charset").unwrap_or("").trim().to_ascii_lowercase();
    let known =
        charset_decoder(charset.as_bytes()).filter(|_| charset.len() <= 40 && !matches!(charset.as_str(), "" | "us-ascii" | "utf-8"));
    let text = match (known, std::str::from_utf8(&bytes)) {
        (Some(decode), _) => decode(&bytes),
        (None, Ok(text)) => text.to_owned(),
        (None, Err(_)) if charset == "utf-8" || cut => String::from_utf8_lossy(&bytes).into_owned(),
        // Undeclared or unknown, and not UTF-8: what most old mail programs in the Americas mean.
        (None, Err(_)) => {
            charset_decoder(b"windows-1252").map_or_else(|| String::from_utf8_lossy(&bytes).into_owned(), |decode| decode(&bytes))
        }
    };
    (text.replace('\0', ""), cut)
}
