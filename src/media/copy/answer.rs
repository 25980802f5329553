//! What the worker's process says: one line of JSON, then the copy's bytes.
//!
//! The reader believes nothing of it: a decoder that was taken over could write anything. Kinds come from a list, sizes are bounded and
//! must be true, reasons are words of an enum, and the bytes must be what the line says that they are.

use super::{Made, Refused, kind};
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};

/// The largest copy: a recording of the largest size that is fetched, expanded to twice its bytes, and some.
pub const MOST_COPY_BYTES: usize = 64 * 1024 * 1024;
/// The longest line.
const MOST_LINE_BYTES: usize = 256;
/// The longest side of a copy; more cannot be ours.
const MOST_SIDE: u32 = 2048;
/// Kinds of copies: as they are served, and as their bytes say.
const KINDS: [(&str, &str); 3] = [("image/jpeg", "image/jpeg"), ("image/png", "image/png"), ("audio/wav", "audio/x-wav")];

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Made { kind: String, width: u32, height: u32, bytes: usize },
    Refused(Refused),
}

/// Writes an answer.
pub fn write(out: &mut impl Write, answer: &Result<Made, Refused>) -> io::Result<()> {
    let line = match answer {
        Ok(made) => Line::Made { kind: made.kind.to_owned(), width: made.width, height: made.height, bytes: made.bytes.len() },
        Err(refused) => Line::Refused(*refused),
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")?;
    if let Ok(made) = answer {
        out.write_all(&made.bytes)?;
    }
    out.flush()
}

/// Reads at most so many bytes of a medium; more is an error.
pub fn read_all(from: &mut impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(most as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// Reads an answer; `None` when it is not one.
pub(super) fn read(mut said: Vec<u8>) -> Option<Result<Made, Refused>> {
    let end = said.iter().take(MOST_LINE_BYTES).position(|byte| *byte == b'\n')?;
    match serde_json::from_slice(&said[..end]).ok()? {
        Line::Refused(refused) => (said.len() == end + 1).then_some(Err(refused)),
        Line::Made { kind, width, height, bytes } => {
            said.drain(..=end);
            let (kind, begins_as) = KINDS.into_iter().find(|(served, _)| *served == kind)?;
            let sides_are_ours = width.max(height) <= MOST_SIDE && (width > 0 && height > 0 || kind == "audio/wav");
            let true_words = said.len() == bytes && kind::of(&said) == begins_as && sides_are_ours;
            true_words.then_some(Ok(Made { kind, bytes: said, width, height }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let made = Made { kind: "image/png", bytes: b"\x89PNG\r\n\x1a\n...".to_vec(), width: 3, height: 2 };
        for answer in [Ok(made), Err(Refused::TooSlow)] {
            let mut out = Vec::new();
            write(&mut out, &answer).unwrap();
            assert_eq!(read(out.clone()), Some(answer));
            out.push(b'!');
            assert_eq!(read(out), None, "something more");
        }
    }

    #[test]
    fn nothing_else_is_believed() {
        for said in [
            "",
            "\n",
            "{}\n",
            "{\"made\":{\"kind\":\"text/html\",\"width\":1,\"height\":1,\"bytes\":0}}\n",
            "{\"made\":{\"kind\":\"image/png\",\"width\":1,\"height\":1,\"bytes\":8}}\n<script>",
            "{\"made\":{\"kind\":\"image/jpeg\",\"width\":9000,\"height\":1,\"bytes\":3}}\n\u{0}\u{0}\u{0}",
            "{\"refused\":\"a word of its own\"}\n",
        ] {
            assert_eq!(read(said.as_bytes().to_vec()), None, "{said}");
        }
        let mut large = b"{\"made\":{\"kind\":\"image/jpeg\",\"width\":9000,\"height\":1,\"bytes\":3}}\n".to_vec();
        large.extend_from_slice(b"\xff\xd8\xff");
        assert_eq!(read(large), None);
    }
}
