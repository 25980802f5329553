//! Pictures and recordings, wounded: a copy or a refusal, never a panic, and a copy is always one of our own three kinds and bounded.
//!
//! Here without the process that does it for the gateway, so that a panic in a decoder would be seen; there it would be an answer.

use crate::stir;
use tipline::media::copy::{MOST_COPY_BYTES, make};
use tipline::media::kind;

const PIECES: &[&[u8]] = &[
    b"\xff\xd8\xff\xe1",
    b"Exif\0\0MM\0\x2a\0\0\0\x08",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"IHDR",
    b"IDAT",
    b"GIF89a\xff\xff\xff\xff",
    b"\x2c\0\0\0\0\xff\xff\xff\xff\0",
    b"RIFF",
    b"WEBPVP8X",
    b"WAVEfmt \x10\0\0\0",
    b"data\xff\xff\xff\xff",
    b"\0\0\0\0",
];

#[test]
fn pictures() {
    stir::run("pictures", PIECES, 300, |bytes| {
        if let Ok(made) = make(bytes) {
            let begins_as = if made.kind == "audio/wav" { "audio/x-wav" } else { made.kind };
            assert!(["image/jpeg", "image/png", "audio/wav"].contains(&made.kind) && kind::of(&made.bytes) == begins_as);
            assert!(made.bytes.len() <= MOST_COPY_BYTES && made.width.max(made.height) <= 2048);
            assert!(!made.bytes.windows(8).any(|at| at == b"<script>"), "nothing of the original's bytes is in the copy");
            assert!(make(&made.bytes).is_ok(), "a copy can be copied");
        }
    });
}
