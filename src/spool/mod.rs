//! The spool: events that came while the database was away, sealed and durable on the local disk, drained in order when it is back (R43).
//!
//! While anything waits here, later messages are laid behind it, so their order is kept. A letter that is drained twice changes
//! nothing: it carries the key by which the store knows it. One that cannot be taken for its own reasons is set aside, sealed and
//! counted, and stands in nobody's way. Where letters come from and go to is the intake's; here nothing knows what a tip is.

pub mod drain;
pub(crate) mod folder;
mod ledger;
mod letter;
mod open;
mod record;
mod set_aside;
#[cfg(test)]
mod tests;
pub(crate) mod traces;
mod window;
mod writer;

pub use letter::{Letter, NewTip, NotALetter};
pub use open::OpenError;

use crate::vault::Vault;
use jiff::Timestamp;
use ledger::{Claim, Ledger};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};
use writer::{Order, Put};

/// Why a letter is not durable.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// There is no spool, or its disk refuses.
    #[error("the spool could not take a letter")]
    Failed(#[source] io::Error),
    /// It holds as much as it may.
    #[error("the spool is full")]
    Full,
}

/// Where the spool is and how large it may become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The folder; made if it is missing, for this user only.
    pub folder: PathBuf,
    /// The most that may lie in it, letters that were set aside included.
    pub most_bytes: u64,
}

/// The spool of this node. `default()` is a spool that takes nothing: for programs that only read.
#[derive(Clone, Default)]
pub struct Spool {
    inner: Option<Arc<Inner>>,
}

struct Inner {
    folder: PathBuf,
    most_bytes: u64,
    vault: Arc<Vault>,
    orders: mpsc::Sender<Order>,
    ledger: Arc<Ledger>,
    /// Told when a letter arrived or a segment was closed.
    arrived: Arc<Notify>,
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spool({} letters)", self.holds().letters)
    }
}

/// What the spool holds, for health, metrics and the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holds {
    /// Letters that wait.
    pub letters: u64,
    /// When the oldest of them came.
    pub oldest_at: Option<Timestamp>,
    /// Letters that were set aside because they cannot be taken.
    pub set_aside: u64,
    /// Bytes of all of them.
    pub bytes: u64,
    /// Whether the last letter was refused: the spool is full, or its disk does not write.
    pub refuses: bool,
}

impl Spool {
    /// Whether nothing waits, nor is on its way in. One atomic read.
    pub fn is_empty(&self) -> bool {
        self.inner.as_ref().is_none_or(|inner| inner.ledger.letters() == 0)
    }

    /// Waits a little until the drain has caught up, if that is near. Whoever brings letters faster than they are drained would else keep
    /// them coming through the spool for ever.
    pub async fn caught_up(&self, within: Duration) {
        if let Some(inner) = &self.inner {
            let _ = tokio::time::timeout(within, inner.ledger.caught_up()).await;
        }
    }

    /// Whether this is a spool that can take letters.
    pub fn takes(&self) -> bool {
        self.inner.is_some()
    }

    /// Takes a letter; durable when this returns. From the first poll on [`Spool::is_empty`] is false. Dropped before it
    /// returns, the letter may or may not be kept.
    pub async fn put(&self, letter: &Letter) -> Result<(), SpoolError> {
        let inner = self.inner.as_ref().ok_or_else(|| SpoolError::Failed(io::ErrorKind::Unsupported.into()))?;
        let claim = Claim::new(&inner.ledger, letter.at());
        let clear = letter.write().map_err(|error| SpoolError::Failed(error.into()))?;
        let closed = || SpoolError::Failed(io::ErrorKind::BrokenPipe.into());
        let (answer, answered) = oneshot::channel();
        inner.orders.send(Order::Put(Put { clear, claim, answer })).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())??;
        metrics::counter!(crate::telemetry::metric::SPOOL_TAKEN).increment(1);
        Ok(())
    }

    /// Whether a letter would become durable now; else why not. Tries the disk with a file that goes again at once.
    pub async fn would_take(&self) -> Result<(), SpoolError> {
        let inner = self.inner.as_ref().ok_or_else(|| SpoolError::Failed(io::ErrorKind::Unsupported.into()))?;
        if inner.ledger.bytes() >= inner.most_bytes {
            return Err(SpoolError::Full);
        }
        let path = inner.folder.join("try");
        let tried = tokio::task::spawn_blocking(move || writer::try_disk(&path)).await;
        tried.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into())).map_err(SpoolError::Failed)?;
        inner.ledger.set_refuses(false);
        Ok(())
    }

    /// What it holds now.
    pub fn holds(&self) -> Holds {
        let Some(ledger) = self.inner.as_ref().map(|inner| &inner.ledger) else { return Holds::default() };
        Holds {
            letters: ledger.letters(),
            oldest_at: ledger.oldest(),
            set_aside: ledger.set_aside(),
            bytes: ledger.bytes(),
            refuses: ledger.refuses(),
        }
    }

    /// Ends the writer after what was brought before. Whoever brings a letter later is told that it is not kept.
    pub async fn close(&self) {
        if let Some(inner) = &self.inner {
            let _ = inner.orders.send(Order::Close).await;
            inner.orders.closed().await;
        }
    }
}

/// What ties a sealed letter to its place: it opens nowhere else.
fn place(segment: u64, offset: u64) -> [u8; 16] {
    let mut place = [0; 16];
    place[..8].copy_from_slice(&segment.to_be_bytes());
    place[8..].copy_from_slice(&offset.to_be_bytes());
    place
}

const SEGMENT_ENDING: &str = "letters";

fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:016x}.{SEGMENT_ENDING}"))
}
