//! Opening the spool: one process at a time, what waits is counted, a torn tail is cut off.
//!
//! Counting reads lengths only; whether a letter is whole is looked at when it is drained, so a start is quick however much waits. Nothing
//! is ever appended to a segment of a former run.

use super::ledger::{Ledger, Segment};
use super::record::{self, Piece};
use super::window::{self, Content};
use super::writer::{QUEUE_MOST, Writer, private};
use super::{Inner, Options, Spool, set_aside};
use crate::vault::Vault;
use adapters::contract::BoxFuture;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Why the spool cannot be used, in a sentence with the fix.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made, read or written.
    #[error("the spool's folder {} cannot be used ({}): let this user write there, or set spool.folder to another", .path.display(), .source.kind())]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another process has it.
    #[error("the spool's folder {} is used by another process: stop that one first, or set spool.folder to another", .path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
}

/// Starts a task that is tracked to its end.
type Spawn<'a> = &'a (dyn Fn(&'static str, BoxFuture<'static, ()>) + Send + Sync);

impl Spool {
    /// Opens the folder and starts the writer through `spawn`; the folder stays locked for others until [`Spool::close`]. Reads
    /// files: call it before anything waits for this thread.
    pub fn open(options: &Options, vault: Arc<Vault>, spawn: Spawn<'_>) -> Result<Self, OpenError> {
        let folder = options.folder.clone();
        let unusable = |source| OpenError::Unusable { path: folder.clone(), source };
        make_private(&set_aside::folder(&folder)).map_err(unusable)?;
        let lock = private().write(true).create(true).truncate(false).open(folder.join("lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::Locked { path: folder }),
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        let ledger = Arc::new(count(&folder).map_err(unusable)?);
        if let Some(oldest) = first_letter(&folder, &vault, &ledger) {
            ledger.set_oldest(oldest);
        }
        if let Err(error) = super::folder::name(&folder) {
            tracing::warn!(error = %error, "the spool was given no name; the next backup does so");
        }
        if ledger.letters() + ledger.set_aside() > 0 {
            tracing::warn!(letters = ledger.letters(), set_aside = ledger.set_aside(), "letters wait in the spool");
        }
        let (orders, queue) = mpsc::channel(QUEUE_MOST);
        let arrived = Arc::default();
        let most_bytes = options.most_bytes;
        let inner = Inner { folder: folder.clone(), most_bytes, vault: vault.clone(), orders, ledger: ledger.clone(), arrived };
        let arrived = inner.arrived.clone();
        let writer = Writer { vault, folder, most_bytes, ledger, arrived, open: None, lock };
        spawn("spool writer", Box::pin(writer.run(queue)));
        Ok(Self { inner: Some(Arc::new(inner)) })
    }
}

/// When the letter came that waits first: it is looked for until the store writes again, and until then its age must be known.
fn first_letter(folder: &Path, vault: &Vault, ledger: &Ledger) -> Option<Timestamp> {
    let front = ledger.front()?;
    let from = read_cursor(folder).filter(|(segment, _)| *segment == front.number).map_or(0, |(_, offset)| offset);
    if from >= front.end {
        return None;
    }
    let items = window::read(folder, vault, front.number, from, front.end).ok()?;
    items.into_iter().find_map(|item| match item.content {
        Content::Letter(letter, _) => Some(letter.at()),
        Content::Closed(_) | Content::Damaged(_) => None,
    })
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// What a former run left.
fn count(folder: &Path) -> io::Result<Ledger> {
    let segments = super::folder::segments(folder)?;
    let (cursor_segment, cursor_offset) = read_cursor(folder).unwrap_or((0, 0));
    let mut waiting = VecDeque::new();
    let last = segments.last().map(|(number, _)| *number);
    for (number, path) in segments {
        if number < cursor_segment {
            fs::remove_file(&path)?;
            continue;
        }
        let from = if number == cursor_segment { cursor_offset } else { 0 };
        let (end, letters) = count_segment(&path, from)?;
        waiting.push_back(Segment { number, end, letters });
    }
    let next = last.map_or(cursor_segment, |last| cursor_segment.max(last)) + 1;
    let (aside, aside_bytes) = set_aside::count(folder)?;
    let bytes = waiting.iter().map(|segment| segment.end).sum::<u64>() + aside_bytes;
    Ok(Ledger::of(waiting, next, bytes, aside))
}

/// The durable end of a segment and how many letters are after `from`; cuts off a torn tail.
fn count_segment(path: &Path, from: u64) -> io::Result<(u64, u64)> {
    let bytes = fs::read(path)?;
    let whole = bytes.len() as u64;
    if let Some(begins) = record::skim(&bytes) {
        return Ok((whole, begins.iter().filter(|begin| **begin as u64 >= from).count() as u64));
    }
    let pieces = record::pieces(&bytes);
    let letters = pieces.iter().filter(|piece| matches!(piece, Piece::Letter { begin, .. } if *begin as u64 >= from)).count() as u64;
    match pieces.last() {
        Some(Piece::Tail(tail)) if record::is_torn(&bytes[tail.clone()]) => {
            let end = tail.start as u64;
            let file = File::options().write(true).open(path)?;
            file.set_len(end)?;
            file.sync_all()?;
            tracing::warn!(bytes = whole - end, "a write to the spool was cut short and had not been acknowledged; its rest was cut off");
            Ok((end, letters))
        }
        Some(Piece::Tail(_) | Piece::Damaged(_) | Piece::Letter { .. }) | None => Ok((whole, letters)),
    }
}

fn cursor_path(folder: &Path) -> PathBuf {
    folder.join("cursor")
}

/// How far the drain had come: segment and offset. Lost or not understood, draining begins anew, which changes nothing.
pub(super) fn read_cursor(folder: &Path) -> Option<(u64, u64)> {
    let text = fs::read_to_string(cursor_path(folder)).ok()?;
    let (segment, offset) = text.trim().split_once(' ')?;
    Some((segment.parse().ok()?, offset.parse().ok()?))
}

/// Notes how far the drain has come. Not synced: a repeat is harmless, a sync for each window is not.
pub(super) fn write_cursor(folder: &Path, segment: u64, offset: u64) -> io::Result<()> {
    let half = folder.join("cursor.half");
    fs::write(&half, format!("{segment} {offset}\n"))?;
    fs::rename(half, cursor_path(folder))
}
