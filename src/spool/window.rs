//! A window: the letters at the front that are brought to the store together, and which of them must wait for which.
//!
//! Letters of one sender, or of one conversation, form a chain: each begins when the one before it is stored. Chains run beside each
//! other, so that a long outage is over soon. The next window begins when this one is done, so that order holds across windows too.

use super::letter::Letter;
use super::record::{self, Piece};
use super::{place, segment_path};
use crate::vault::Vault;
use crate::vault::sealed::Sealed;
use domain::exchange::Joins;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// How many letters are brought together: what one batch of the store takes well.
pub(super) const WINDOW_LETTERS: usize = 64;
/// How much is read at once; a letter that is larger is read whole.
const WINDOW_BYTES: u64 = 1 << 20;

/// One piece of a window.
pub(super) struct Item {
    /// Where it begins in the segment.
    pub(super) begin: u64,
    /// Where the next one begins.
    pub(super) end: u64,
    /// What it is.
    pub(super) content: Content,
}

/// What a piece of a window is.
pub(super) enum Content {
    /// A letter, opened; and its sealed bytes, should it have to be set aside.
    Letter(Box<Letter>, Vec<u8>),
    /// A whole letter that does not open or is not understood.
    Closed(Vec<u8>),
    /// Damaged bytes.
    Damaged(Vec<u8>),
}

/// Reads the next window of a segment from `offset`, which is before `end`.
pub(super) fn read(folder: &Path, vault: &Vault, segment: u64, offset: u64, end: u64) -> io::Result<Vec<Item>> {
    let file = File::open(segment_path(folder, segment))?;
    let part = read_range(&file, offset, end.min(offset.saturating_add(WINDOW_BYTES)))?;
    let mut pieces = record::pieces(&part);
    if offset + part.len() as u64 == end {
        return Ok(items(&part, pieces, vault, segment, offset));
    }
    // The last piece may go on behind what was read.
    if matches!(pieces.last(), Some(Piece::Tail(_))) {
        pieces.pop();
    }
    if !pieces.is_empty() {
        return Ok(items(&part, pieces, vault, segment, offset));
    }
    let rest = read_range(&file, offset, end)?;
    let pieces = record::pieces(&rest);
    Ok(items(&rest, pieces, vault, segment, offset))
}

fn read_range(file: &File, from: u64, to: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(to - from).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut bytes, from)?;
    Ok(bytes)
}

fn items(bytes: &[u8], pieces: Vec<Piece>, vault: &Vault, segment: u64, offset: u64) -> Vec<Item> {
    let item = |piece: Piece| match piece {
        Piece::Letter { begin, sealed } => {
            let (begin, end) = (offset + begin as u64, offset + sealed.end as u64);
            let sealed = bytes[sealed].to_vec();
            let opened = vault.open_letter(&place(segment, begin), &Sealed(sealed.clone())).ok();
            let content = match opened.and_then(|clear| Letter::read(&zeroize::Zeroizing::new(clear), vault).ok()) {
                Some(letter) => Content::Letter(Box::new(letter), sealed),
                None => Content::Closed(sealed),
            };
            Item { begin, end, content }
        }
        // What was acknowledged reaches to the end, so a tail is damage here.
        Piece::Damaged(range) | Piece::Tail(range) => {
            Item { begin: offset + range.start as u64, end: offset + range.end as u64, content: Content::Damaged(bytes[range].to_vec()) }
        }
    };
    pieces.into_iter().take(WINDOW_LETTERS).map(item).collect()
}

/// The chains of these letters, each in order.
pub(super) fn chains<'a>(letters: impl Iterator<Item = &'a Letter>) -> Vec<Vec<usize>> {
    let mut chains: Vec<Vec<usize>> = Vec::new();
    let mut by_key: HashMap<String, usize> = HashMap::new();
    for (place, letter) in letters.enumerate() {
        let keys = keys(letter);
        let mut found: Vec<usize> = keys.iter().filter_map(|key| by_key.get(key).copied()).collect();
        found.sort_unstable();
        found.dedup();
        let chain = found.first().copied().unwrap_or_else(|| {
            chains.push(Vec::new());
            chains.len() - 1
        });
        // A letter that belongs to two chains makes them one.
        for other in found.iter().skip(1) {
            let moved = std::mem::take(&mut chains[*other]);
            chains[chain].extend(moved);
            by_key.values_mut().filter(|at| **at == *other).for_each(|at| *at = chain);
        }
        chains[chain].push(place);
        chains[chain].sort_unstable();
        by_key.extend(keys.into_iter().map(|key| (key, chain)));
    }
    chains.retain(|chain| !chain.is_empty());
    chains
}

/// What a letter has in common with others that must stay in order with it.
fn keys(letter: &Letter) -> Vec<String> {
    match letter {
        Letter::Message(message, _) => {
            let sender =
                message.from.as_ref().map(|from| format!("from {} {} {}", message.account, message.channel.as_str(), from.reveal()));
            let tip = match &message.joins {
                Joins::Conversation(id) | Joins::New(id) => Some(format!("tip {id}")),
                Joins::ByAddress | Joins::Threads(_) => None,
            };
            sender.into_iter().chain(tip).collect()
        }
        Letter::Receipt(receipt, _) => vec![format!("attempt {}", receipt.attempt)],
    }
}
