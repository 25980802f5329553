//! How a sealed letter stands in a segment: a mark, its length, a checksum, its bytes.
//!
//! The checksum tells without any key whether a letter is whole. A record that is not is never guessed at: reading goes on at the next
//! mark whose record is whole, and what lies between is named as damaged. What is left at the end is a torn tail, the half of a
//! write that was never acknowledged.

use sha2::{Digest, Sha256};
use std::ops::Range;

/// Begins a record; the digit is the version of this layout.
const MARK: [u8; 4] = *b"TLL1";
/// Mark, length, checksum.
pub(super) const HEAD_BYTES: usize = 16;
const SUM_BYTES: usize = 8;

/// A piece of a segment, by its place in the bytes that were looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// A whole record; the range is that of the sealed letter in it.
    Letter {
        /// Where the record begins.
        begin: usize,
        /// The sealed letter.
        sealed: Range<usize>,
    },
    /// Bytes that are no whole record, before one that is.
    Damaged(Range<usize>),
    /// Bytes after which no whole record follows.
    Tail(Range<usize>),
}

/// A sealed letter as a record.
pub(super) fn frame(sealed: &[u8]) -> Vec<u8> {
    let length = u32::try_from(sealed.len()).unwrap_or(u32::MAX).to_le_bytes();
    [&MARK, &length, &sum(length, sealed)[..], sealed].concat()
}

/// The pieces of these bytes, in order; they begin at a record.
pub(super) fn pieces(bytes: &[u8]) -> Vec<Piece> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if let Some(sealed) = whole(bytes, at) {
            let end = sealed.end;
            found.push(Piece::Letter { begin: at, sealed });
            at = end;
            continue;
        }
        match next_whole(bytes, at + 1) {
            Some(next) => {
                found.push(Piece::Damaged(at..next));
                at = next;
            }
            None => {
                found.push(Piece::Tail(at..bytes.len()));
                at = bytes.len();
            }
        }
    }
    found
}

/// Where the records begin, by their lengths only; `None` when these do not lead exactly to the end.
pub(super) fn skim(bytes: &[u8]) -> Option<Vec<usize>> {
    let (mut begins, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let record = &bytes[at..];
        let end = at.checked_add(HEAD_BYTES)?.checked_add(declared(record)?)?;
        if !record.starts_with(&MARK) || end > bytes.len() {
            return None;
        }
        begins.push(at);
        at = end;
    }
    Some(begins)
}

/// Whether a tail is what a write leaves that was cut short: a beginning of a record that says it is longer, or nothing but zeros (a
/// file system that had made room).
pub(super) fn is_torn(tail: &[u8]) -> bool {
    let begun = tail.len().min(MARK.len());
    let short = tail[..begun] == MARK[..begun] && declared(tail).is_none_or(|length| HEAD_BYTES + length > tail.len());
    short || tail.iter().all(|byte| *byte == 0)
}

/// The length that a record's head says.
fn declared(record: &[u8]) -> Option<usize> {
    let length: [u8; 4] = record.get(4..8)?.try_into().ok()?;
    Some(u32::from_le_bytes(length) as usize)
}

/// The sealed letter of the record at `at`, if that is whole.
fn whole(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let record = &bytes[at..];
    if !record.starts_with(&MARK) {
        return None;
    }
    let length = declared(record)?;
    let sealed = record.get(HEAD_BYTES..HEAD_BYTES.checked_add(length)?)?;
    let length_bytes: [u8; 4] = record[4..8].try_into().ok()?;
    (record[8..HEAD_BYTES] == sum(length_bytes, sealed)).then(|| at + HEAD_BYTES..at + HEAD_BYTES + length)
}

fn next_whole(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let marks = rest.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    marks.map(|(at, _)| from + at).find(|at| whole(bytes, *at).is_some())
}

fn sum(length: [u8; 4], sealed: &[u8]) -> [u8; SUM_BYTES] {
    let digest = Sha256::new().chain_update(length).chain_update(sealed).finalize();
    let mut sum = [0; SUM_BYTES];
    sum.copy_from_slice(&digest[..SUM_BYTES]);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> (Vec<u8>, [usize; 4]) {
        let records = [frame(b"first"), frame(b"the second one"), frame(b"third")];
        let ends = [0, records[0].len(), records[0].len() + records[1].len(), records.concat().len()];
        (records.concat(), ends)
    }

    #[test]
    fn a_tail_torn_at_any_byte_leaves_what_was_before_it() {
        let (bytes, ends) = three();
        for cut in 0..bytes.len() {
            let whole = ends[1..].iter().filter(|end| **end <= cut).count();
            let found = pieces(&bytes[..cut]);
            let letters = found.iter().filter(|piece| matches!(piece, Piece::Letter { .. })).count();
            assert_eq!(letters, whole, "cut at {cut}");
            match found.last() {
                Some(Piece::Tail(range)) => {
                    assert_eq!(range.clone(), ends[whole]..cut);
                    assert!(is_torn(&bytes[range.clone()]), "cut at {cut}");
                }
                _ => assert!(ends.contains(&cut), "cut at {cut}"),
            }
        }
    }

    #[test]
    fn a_bent_byte_costs_one_letter_and_is_named() {
        let (bytes, ends) = three();
        for bent in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[bent] ^= 0x20;
            let hit = ends.iter().filter(|end| **end <= bent).count() - 1;
            let found = pieces(&bytes);
            assert_eq!(found.len(), 3, "bent at {bent}: {found:?}");
            for (n, piece) in found.iter().enumerate() {
                match piece {
                    Piece::Letter { begin, .. } => assert!(n != hit && *begin == ends[n], "bent at {bent}"),
                    Piece::Damaged(range) => assert!(n == hit && range.clone() == (ends[n]..ends[n + 1]), "bent at {bent}"),
                    Piece::Tail(range) => assert!(n == hit && hit == 2 && range.end == bytes.len(), "bent at {bent}"),
                }
            }
        }
        let mut last = bytes.clone();
        let end = last.len() - 1;
        last[end] ^= 1;
        let Some(Piece::Tail(tail)) = pieces(&last).pop() else { panic!("no tail") };
        assert!(!is_torn(&last[tail]), "a whole record with a wrong sum was acknowledged once: it is damage, not a torn write");
    }

    #[test]
    fn anything_at_all_is_taken_apart_without_a_gap() {
        let mut random = fastrand::Rng::with_seed(43);
        let (good, _) = three();
        for _ in 0..3000 {
            let mut bytes = good.repeat(random.usize(0..3));
            for _ in 0..random.usize(0..6) {
                let at = random.usize(0..=bytes.len());
                match random.u8(0..3) {
                    0 => bytes.truncate(at),
                    1 => bytes.insert(at, random.u8(..)),
                    _ => bytes.splice(at..at, MARK).for_each(drop),
                }
            }
            let mut at = 0;
            for piece in pieces(&bytes) {
                let range = match piece {
                    Piece::Letter { begin, sealed } => begin..sealed.end,
                    Piece::Damaged(range) | Piece::Tail(range) => range,
                };
                assert_eq!(range.start, at);
                at = range.end;
            }
            assert_eq!(at, bytes.len());
        }
    }
}
