//! The copy of a picture or recording that people are shown: decoded and encoded again, so that nothing of the original's bytes is in
//! it: no place, no camera, no second file behind the first (R73).
//!
//! A decoder reads what a stranger sent, so it runs in a process of its own ([`copier`]) that may crash, hang or want too much, and takes
//! nothing with it. What is not decoded here is shown to nobody but an analyst who asks for the original.

mod answer;
pub mod copier;
mod picture;
mod sound;

pub use answer::{MOST_COPY_BYTES, read_all, write};

use super::kind;
use image::ImageFormat;
use serde::{Deserialize, Serialize};

/// What can be done with bytes of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Decode the picture.
    Picture(ImageFormat),
    /// Write the sound anew.
    Sound,
    /// Nothing; why, in words for the analyst.
    Never(&'static str),
}

/// A copy.
#[derive(Clone, PartialEq, Eq)]
pub struct Made {
    /// `image/jpeg`, `image/png` or `audio/wav`.
    pub kind: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its width in pixels; 0 for sound.
    pub width: u32,
    /// Its height in pixels; 0 for sound.
    pub height: u32,
}

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Made({}, {} bytes, {} x {})", self.kind, self.bytes.len(), self.width, self.height)
    }
}

/// Why there is no copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// The bytes are not what they begin as.
    #[error("The file is damaged, or not what it says it is")]
    Damaged,
    /// More pixels than are decoded.
    #[error("The picture claims more pixels than can be decoded safely")]
    TooManyPixels,
    /// More memory than is given.
    #[error("The picture needs more memory than can be given to it safely")]
    TooMuchMemory,
    /// A way of writing pictures or sound that is not known here.
    #[error("The file is written in a way that cannot be shown safely")]
    Unknown,
    /// Decoding took too long and was ended.
    #[error("The picture took too long to decode")]
    TooSlow,
    /// The decoder broke over it.
    #[error("The picture could not be decoded: the decoder gave up")]
    Broke,
}

/// What every sentence about a missing copy ends with.
const ASK: &str = "You can ask for the original; the record will say so.";

impl Refused {
    /// The sentence for the analyst.
    pub fn sentence(self) -> String {
        format!("{self}. {ASK}")
    }
}

/// What can be done with bytes of this kind, as [`kind::of`] names it.
pub fn plan(kind: &str) -> Plan {
    match kind {
        "image/jpeg" => Plan::Picture(ImageFormat::Jpeg),
        "image/png" => Plan::Picture(ImageFormat::Png),
        "image/gif" => Plan::Picture(ImageFormat::Gif),
        "image/webp" => Plan::Picture(ImageFormat::WebP),
        "audio/x-wav" => Plan::Sound,
        "image/heif" | "image/avif" => Plan::Never(
            "A picture as new telephones write it (HEIC): it cannot be shown safely. You can ask for the original; the record will say so.",
        ),
        "application/pdf" => Plan::Never("A PDF: it cannot be shown safely. You can ask for the original; the record will say so."),
        "text/html" | "text/xml" => {
            Plan::Never("A web page: it cannot be shown safely. You can ask for the original; the record will say so.")
        }
        kind::UNKNOWN => {
            Plan::Never("A file of an unknown kind: it cannot be shown safely. You can ask for the original; the record will say so.")
        }
        other => match other.split('/').next() {
            Some("image") => {
                Plan::Never("A picture of a kind that cannot be shown safely. You can ask for the original; the record will say so.")
            }
            Some("video") => Plan::Never("A video: it cannot be shown safely. You can ask for the original; the record will say so."),
            Some("audio") => {
                Plan::Never("A recording of a kind that cannot be played safely. You can ask for the original; the record will say so.")
            }
            Some(_) | None => {
                Plan::Never("A document or program: it cannot be shown safely. You can ask for the original; the record will say so.")
            }
        },
    }
}

/// Makes the copy, here and now. Only the worker's process does this with what reporters send.
pub fn make(bytes: &[u8]) -> Result<Made, Refused> {
    match plan(kind::of(bytes)) {
        Plan::Picture(format) => picture::copy(bytes, format),
        Plan::Sound => sound::copy(bytes),
        Plan::Never(_) => Err(Refused::Unknown),
    }
}

#[cfg(test)]
mod tests;
