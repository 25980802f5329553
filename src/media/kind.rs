//! What a file is, by its first bytes; what the sender calls it is never believed.

/// What bytes are when they say nothing.
pub const UNKNOWN: &str = "application/octet-stream";

/// The media type of these bytes.
pub fn of(bytes: &[u8]) -> &'static str {
    infer::get(bytes).map_or(UNKNOWN, |kind| kind.mime_type())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_say_what_they_are() {
        for (bytes, kind) in [
            (b"\x89PNG\r\n\x1a\n".as_slice(), "image/png"),
            (b"\xFF\xD8\xFF\xE0\0\x10JFIF", "image/jpeg"),
            (b"%PDF-1.7", "application/pdf"),
            (b"RIFF\0\0\0\0WAVEfmt ", "audio/x-wav"),
            (b"just words", UNKNOWN),
            (b"", UNKNOWN),
        ] {
            assert_eq!(of(bytes), kind);
        }
    }
}
