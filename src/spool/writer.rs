//! The writer: the one task that appends to the spool.
//!
//! What waits is sealed, appended and synced as one batch, then everybody who waited is answered. A write that fails is not answered as
//! kept, and nothing is appended behind it: the next letter begins a new segment.

use super::ledger::{Claim, Ledger};
use super::record::{self, HEAD_BYTES};
use super::{SpoolError, place, segment_path};
use crate::vault::Vault;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{Notify, mpsc, oneshot};
use zeroize::Zeroizing;

/// How many letters may wait for the disk; whoever comes later waits for room.
pub(super) const QUEUE_MOST: usize = 1024;
/// How many letters one sync may carry.
const BATCH_MOST: usize = 256;
/// How many bytes of letters are gathered for one sync; the last one may go over it.
const BATCH_BYTES: usize = 8 << 20;
/// A segment that is larger is closed: what was drained of it keeps its room until then.
const SEGMENT_BYTES: u64 = 16 << 20;
/// The largest letter: more than the largest mail or form that any way in takes.
pub(super) const LETTER_BYTES: usize = 64 << 20;
/// What sealing adds: a nonce and a tag.
const SEAL_BYTES: usize = 40;

/// A letter to append.
pub(super) struct Put {
    pub(super) clear: Zeroizing<Vec<u8>>,
    pub(super) claim: Claim,
    pub(super) answer: oneshot::Sender<Result<(), SpoolError>>,
}

/// What comes through the queue.
pub(super) enum Order {
    /// A letter.
    Put(Put),
    /// Append what was ordered before, then end.
    Close,
}

/// The writer's own things.
pub(super) struct Writer {
    pub(super) vault: Arc<Vault>,
    pub(super) folder: PathBuf,
    pub(super) most_bytes: u64,
    pub(super) ledger: Arc<Ledger>,
    pub(super) arrived: Arc<Notify>,
    pub(super) open: Option<(File, u64)>,
    /// Keeps other processes out until the writer has ended.
    pub(super) lock: File,
}

impl Writer {
    /// Appends until it is told to close.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut closing = false;
        while !closing {
            let (batch, last) = gather(&mut orders).await;
            closing = last;
            if batch.is_empty() {
                continue;
            }
            let written = tokio::task::spawn_blocking(move || {
                self.write(batch);
                self
            });
            match written.await {
                Ok(back) => self = back,
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                // The runtime is going down.
                Err(_) => return,
            }
        }
        // Closing is what [`super::Spool::close`] waits for: the folder is free then.
        drop(self.lock);
        orders.close();
    }

    fn write(&mut self, batch: Vec<Put>) {
        let mut room = self.most_bytes.saturating_sub(self.ledger.bytes());
        let (mut taken, mut full) = (Vec::with_capacity(batch.len()), Vec::new());
        for put in batch {
            let need = (put.clear.len() + SEAL_BYTES + HEAD_BYTES) as u64;
            match room.checked_sub(need).filter(|_| put.clear.len() <= LETTER_BYTES) {
                Some(left) => {
                    room = left;
                    taken.push(put);
                }
                None => full.push(put),
            }
        }
        self.ledger.set_refuses(!full.is_empty());
        for Put { claim, answer, .. } in full {
            drop(claim);
            let _ = answer.send(Err(SpoolError::Full));
        }
        if taken.is_empty() {
            return;
        }
        match self.append(&taken) {
            Ok(end) => {
                let (claims, answers): (Vec<_>, Vec<_>) = taken.into_iter().map(|put| (put.claim, put.answer)).unzip();
                self.ledger.wrote(end, claims.into_iter());
                for answer in answers {
                    let _ = answer.send(Ok(()));
                }
                if end >= SEGMENT_BYTES {
                    self.close_segment();
                }
                self.arrived.notify_one();
            }
            Err(error) => {
                tracing::error!(error = %error, letters = taken.len(), "the spool could not be written");
                self.take_back();
                self.ledger.set_refuses(true);
                for Put { claim, answer, .. } in taken {
                    drop(claim);
                    let _ = answer.send(Err(SpoolError::Failed(error.kind().into())));
                }
            }
        }
    }

    /// Appends and syncs; gives the segment's new end.
    fn append(&mut self, batch: &[Put]) -> io::Result<u64> {
        let number = match self.ledger.begin() {
            Ok(number) => number,
            Err(number) => {
                self.open = Some((new_segment(&self.folder, number)?, 0));
                self.ledger.opened(number);
                number
            }
        };
        let (file, end) = self.open.as_mut().ok_or(io::ErrorKind::NotFound)?;
        let mut bytes = Vec::new();
        for put in batch {
            let at = *end + bytes.len() as u64;
            bytes.extend_from_slice(&record::frame(&self.vault.seal_letter(&place(number, at), &put.clear).0));
        }
        file.write_all(&bytes)?;
        file.sync_data()?;
        *end += bytes.len() as u64;
        Ok(*end)
    }

    /// After a failure: what may have been written half is cut off if the disk lets us, and the segment is closed.
    fn take_back(&mut self) {
        if let Some((file, end)) = &self.open {
            let _ = file.set_len(*end);
        }
        self.close_segment();
    }

    fn close_segment(&mut self) {
        self.open = None;
        self.ledger.close_segment();
        self.arrived.notify_one();
    }
}

/// Waits for letters and takes what else is there. True when it is time to end.
async fn gather(orders: &mut mpsc::Receiver<Order>) -> (Vec<Put>, bool) {
    let mut batch = Vec::new();
    let mut bytes = 0;
    let mut next = orders.recv().await;
    loop {
        match next {
            Some(Order::Put(put)) => {
                bytes += put.clear.len();
                batch.push(put);
            }
            Some(Order::Close) | None => return (batch, true),
        }
        if batch.len() == BATCH_MOST || bytes >= BATCH_BYTES {
            return (batch, false);
        }
        match orders.try_recv() {
            Ok(order) => next = Some(order),
            Err(_) => return (batch, false),
        }
    }
}

/// A new file, its name durable. One of this number can only be what an earlier failure left.
fn new_segment(folder: &Path, number: u64) -> io::Result<File> {
    let file = private().write(true).create(true).truncate(true).open(segment_path(folder, number))?;
    File::open(folder)?.sync_all()?;
    Ok(file)
}

/// What a small letter needs on the disk.
const TRIED_BYTES: usize = 8 * 1024;

/// Whether the disk takes a letter: one is written, synced and removed.
pub(super) fn try_disk(path: &Path) -> io::Result<()> {
    let written = private().write(true).create(true).truncate(true).open(path).and_then(|mut file| {
        file.write_all(&[0; TRIED_BYTES])?;
        file.sync_data()
    });
    // On a full disk even the half of it is room.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => written,
    }
}

/// Files that only this user may read.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
