//! How many segments a text takes on the air, and cutting a long text into several (carriers.md 1.7).
//!
//! GSM 03.38 holds 160 septets in one segment and 153 in each of several; a text with one character outside of it is UCS-2
//! as a whole: 70 and 67 UTF-16 units. An extension character costs two septets that are never separated, nor is a surrogate
//! pair or what a reader sees as one character, so the sum of units alone does not tell the number of segments.

use super::cluster::clusters;

/// The GSM 03.38 basic alphabet, one septet each.
const BASIC: &str =
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension: an escape and a septet each.
const EXTENSION: &str = "^{}\\[~]|€\u{c}";

/// 140 octets of a segment hold so many septets, and so many beside the six octets that number the segments of one text.
const GSM7_UNITS: (usize, usize) = (160, 153);
/// The same in UTF-16 units.
const UCS2_UNITS: (usize, usize) = (70, 67);

/// How a text is written on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The GSM 03.38 alphabet: English, most of Spanish (not á, í, ó, ú).
    Gsm7,
    /// UTF-16: everything else, and everything beside it in the same text.
    Ucs2,
}

/// What a text takes on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segments {
    /// How it is written.
    pub encoding: Encoding,
    /// Its length: septets in GSM-7 (an extension character counts 2), UTF-16 units in UCS-2.
    pub units: usize,
    /// How many segments are sent and paid for; 1 for an empty text.
    pub segments: usize,
    /// How many more units fit before another segment is needed.
    pub left: usize,
}

impl Segments {
    /// Counts a text as it is sent, without trimming or changing anything.
    pub fn of(text: &str) -> Self {
        let mut count = Count::default();
        clusters(text, UCS2_UNITS.1).for_each(|cluster| count.push(cluster));
        count.total()
    }
}

/// Cuts a text into messages of at most `most_segments` segments each (at least one), after a space where there is one in the second
/// half, and never inside what a reader sees as one character. Put together again the pieces are the text. Each piece is sent
/// by itself, so one that needs no UCS-2 does not pay for it.
pub fn split(text: &str, most_segments: usize) -> Vec<&str> {
    let most_segments = most_segments.max(1);
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(piece_end(rest, most_segments));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// Where the first piece ends: at the end of the text, else after a space, else between two characters. Never 0.
fn piece_end(text: &str, most_segments: usize) -> usize {
    let mut count = Count::default();
    let (mut end, mut after_space) = (0, 0);
    for cluster in clusters(text, UCS2_UNITS.1) {
        count.push(cluster);
        if count.total().segments > most_segments && end > 0 {
            return if after_space * 2 > end { after_space } else { end };
        }
        end += cluster.len();
        if cluster.chars().all(char::is_whitespace) {
            after_space = end;
        }
    }
    text.len()
}

/// Both ways of writing are counted side by side, since one character can turn the whole text to the other.
struct Count {
    gsm7: Option<Fill>,
    ucs2: Fill,
}

impl Default for Count {
    fn default() -> Self {
        Self { gsm7: Some(Fill::new(GSM7_UNITS)), ucs2: Fill::new(UCS2_UNITS) }
    }
}

impl Count {
    fn push(&mut self, cluster: &str) {
        self.gsm7 = self.gsm7.take().and_then(|mut fill| {
            for c in cluster.chars() {
                fill.push(septets(c)?);
            }
            Some(fill)
        });
        self.ucs2.push(cluster.chars().map(char::len_utf16).sum());
    }

    fn total(&self) -> Segments {
        let (encoding, fill) = self.gsm7.as_ref().map_or((Encoding::Ucs2, &self.ucs2), |fill| (Encoding::Gsm7, fill));
        let (segments, left) = fill.segments_and_left();
        Segments { encoding, units: fill.units, segments, left }
    }
}

/// How segments fill with indivisible pieces, as one segment and as one of several.
struct Fill {
    single: usize,
    each: usize,
    units: usize,
    begun: usize,
    room: usize,
}

impl Fill {
    const fn new((single, each): (usize, usize)) -> Self {
        Self { single, each, units: 0, begun: 1, room: each }
    }

    fn push(&mut self, width: usize) {
        self.units += width;
        if width > self.room {
            self.begun += 1;
            self.room = self.each;
        }
        self.room = self.room.saturating_sub(width);
    }

    fn segments_and_left(&self) -> (usize, usize) {
        if self.units <= self.single { (1, self.single - self.units) } else { (self.begun, self.room) }
    }
}

/// How many septets a character takes; `None` when the alphabet does not have it.
fn septets(c: char) -> Option<usize> {
    if c.is_ascii_alphanumeric() || BASIC.contains(c) {
        Some(1)
    } else if EXTENSION.contains(c) {
        Some(2)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
