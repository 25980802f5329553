//! The drain: brings what waits to the store, in order, as soon as the store writes again.
//!
//! A letter that fails while the store does not write is not blamed. One that fails again and again while the store writes is set
//! aside. What was brought is noted window by window; what is brought twice changes nothing.

use super::letter::Letter;
use super::set_aside::{self, Kind};
use super::window::{self, Content, Item};
use super::{Inner, Spool, open, segment_path};
use crate::clock::Clock;
use crate::entropy::Entropy;
use adapters::contract::BoxFuture;
use futures_util::FutureExt;
use futures_util::future::join_all;
use std::collections::{HashMap, HashSet};
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Where letters are brought.
pub trait Takes: Send + Sync {
    /// Stores a letter. `Ok` when it is durable or was already.
    fn take_letter<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), Untaken>>;
    /// Whether a write becomes durable now.
    fn writes(&self) -> BoxFuture<'_, bool>;
}

/// A letter was not stored. Its sentences name no identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Untaken {
    /// The store is away, or does not write: no letter is to blame.
    #[error("{0}")]
    Away(String),
    /// Something else; if the store writes, the letter may be to blame.
    #[error("{0}")]
    Refused(String),
}

/// How often a letter may fail while the store writes before it is set aside.
const MOST_FAILURES: u32 = 5;
/// How long a letter may take: a store that is away answers sooner.
const TAKE_WITHIN: Duration = Duration::from_secs(60);
/// Delays while the store is away: short at first, because most outages are.
const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(1);
/// A letter that is older than this is called out, and again after this time.
const ALARM_AFTER_SECONDS: i64 = 60;
/// How many letters that were set aside are tried again at once.
const RETRIED_MOST: usize = 10_000;
/// So often they are tried again while nothing else waits: what refused them (a full disk of files) may be mended without a restart.
const RETRIED_EVERY: Duration = Duration::from_secs(60);

/// The drain of one spool.
pub struct Drain {
    inner: Arc<Inner>,
    spool: Spool,
    to: Arc<dyn Takes>,
    clock: Clock,
    entropy: Entropy,
    segment: u64,
    offset: u64,
    /// Letters behind `offset` that are settled.
    settled: HashSet<u64>,
    failures: HashMap<u64, u32>,
    alarmed_at: Option<jiff::Timestamp>,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Something was settled.
    Moved,
    /// Nothing waits.
    Idle,
    /// A letter failed, or a file could not be read.
    Failed,
}

impl Drain {
    /// The drain of this spool; `None` for a spool that takes nothing.
    pub fn new(spool: &Spool, to: Arc<dyn Takes>, clock: Clock, entropy: Entropy) -> Option<Self> {
        let inner = spool.inner.clone()?;
        let (segment, offset) = open::read_cursor(&inner.folder).unwrap_or((0, 0));
        let (settled, failures) = (HashSet::new(), HashMap::new());
        Some(Self { inner, spool: spool.clone(), to, clock, entropy, segment, offset, settled, failures, alarmed_at: None })
    }

    /// Drains until it is told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut delay = FIRST_DELAY;
        if self.inner.ledger.set_aside() > 0 && self.until_it_writes(&stop, &mut delay).await {
            self.retry_set_aside(&stop).await;
        }
        // Letters come here because the store was away: it is asked before the first is brought, so that what fails is the letter's fault.
        let mut writes = false;
        while !stop.is_cancelled() {
            if !writes && !self.spool.is_empty() {
                writes = self.until_it_writes(&stop, &mut delay).await;
                continue;
            }
            let step = self.step().await;
            self.inner.ledger.set_moves(step != Step::Failed);
            match step {
                Step::Moved => delay = FIRST_DELAY,
                Step::Idle => {
                    writes = false;
                    let retry = tokio::select! {
                        () = self.inner.arrived.notified() => false,
                        () = stop.cancelled() => false,
                        () = tokio::time::sleep(RETRIED_EVERY), if self.inner.ledger.set_aside() > 0 => true,
                    };
                    if retry && self.until_it_writes(&stop, &mut delay).await {
                        self.retry_set_aside(&stop).await;
                    }
                }
                Step::Failed => {
                    writes = false;
                    self.pause(&stop, &mut delay).await;
                }
            }
        }
    }

    /// Waits until the store writes; false when it is time to stop first.
    async fn until_it_writes(&mut self, stop: &CancellationToken, delay: &mut Duration) -> bool {
        while !stop.is_cancelled() {
            tokio::select! {
                writes = self.to.writes() => {
                    self.inner.ledger.set_moves(writes);
                    if writes {
                        return true;
                    }
                }
                () = stop.cancelled() => return false,
            }
            self.alarm();
            self.pause(stop, delay).await;
        }
        false
    }

    async fn pause(&self, stop: &CancellationToken, delay: &mut Duration) {
        let jittered = delay.mul_f64(0.5 + self.entropy.jitter() / 2.0);
        *delay = (*delay * 2).min(LONGEST_DELAY);
        let _ = tokio::time::timeout(jittered, stop.cancelled()).await;
    }

    /// Calls out letters that have waited long.
    fn alarm(&mut self) {
        let holds = self.spool.holds();
        let now = self.clock.now();
        let waited = holds.oldest_at.map_or(0, |at| now.duration_since(at).as_secs());
        let quiet = self.alarmed_at.is_some_and(|at| now.duration_since(at).as_secs() < ALARM_AFTER_SECONDS);
        if waited >= ALARM_AFTER_SECONDS && !quiet {
            self.alarmed_at = Some(now);
            tracing::error!(letters = holds.letters, oldest_seconds = waited, "letters wait in the spool: the store does not write");
        }
    }

    /// Brings one window.
    async fn step(&mut self) -> Step {
        let Some(front) = self.inner.ledger.front() else { return Step::Idle };
        if front.number != self.segment {
            (self.segment, self.offset) = (front.number, 0);
            self.settled.clear();
            self.failures.clear();
        }
        if self.offset >= front.end {
            return self.finish_segment();
        }
        match self.window(front.end).await {
            Ok(items) => self.bring(items).await,
            Err(error) => {
                tracing::error!(error = %error, "the spool could not be read");
                Step::Failed
            }
        }
    }

    fn finish_segment(&mut self) -> Step {
        if !self.inner.ledger.finish(self.segment, self.offset) {
            return Step::Idle;
        }
        let removed = std::fs::remove_file(segment_path(&self.inner.folder, self.segment));
        if let Err(error) = removed.and_then(|()| open::write_cursor(&self.inner.folder, self.segment + 1, 0)) {
            tracing::error!(error = %error, "a drained part of the spool could not be removed");
        }
        if self.spool.is_empty() {
            tracing::info!("the spool is empty");
        }
        Step::Moved
    }

    async fn window(&self, end: u64) -> io::Result<Vec<Item>> {
        let (inner, segment, offset) = (self.inner.clone(), self.segment, self.offset);
        let read = move || window::read(&inner.folder, &inner.vault, segment, offset, end);
        tokio::task::spawn_blocking(read).await.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into()))
    }

    async fn bring(&mut self, items: Vec<Item>) -> Step {
        let waiting: Vec<(u64, &Letter)> = items
            .iter()
            .filter(|item| !self.settled.contains(&item.begin))
            .filter_map(|item| match &item.content {
                Content::Letter(letter, _) => Some((item.begin, letter.as_ref())),
                Content::Closed(_) | Content::Damaged(_) => None,
            })
            .collect();
        if let Some((_, oldest)) = waiting.first() {
            self.inner.ledger.set_oldest(oldest.at());
        }
        let chains = window::chains(waiting.iter().map(|(_, letter)| *letter));
        let brought = join_all(chains.iter().map(|chain| bring_chain(self.to.as_ref(), &waiting, chain))).await;
        let failed: Vec<(u64, Untaken)> = brought.iter().filter_map(|(_, failed)| failed.clone()).collect();
        self.settled.extend(brought.iter().flat_map(|(done, _)| done));
        // A small write may find room where a letter did not, so what a letter says of the store counts more than a try.
        let blame = failed.iter().any(|(_, why)| matches!(why, Untaken::Refused(_))) && self.to.writes().await;
        for (begin, why) in &failed {
            tracing::warn!(error = %why, store_writes = blame, "a letter of the spool was not taken");
            if blame && matches!(why, Untaken::Refused(_)) {
                *self.failures.entry(*begin).or_default() += 1;
            }
        }
        let moved = match self.put_aside(&items) {
            Ok(()) => self.advance(&items),
            Err(error) => {
                tracing::error!(error = %error, "a letter of the spool could not be set aside; it stays where it is");
                return Step::Failed;
            }
        };
        if failed.is_empty() && moved { Step::Moved } else { Step::Failed }
    }

    /// Sets aside what nobody can take.
    fn put_aside(&mut self, items: &[Item]) -> io::Result<()> {
        for item in items {
            if self.settled.contains(&item.begin) {
                continue;
            }
            let (kind, bytes) = match &item.content {
                Content::Letter(_, sealed) if self.failures.get(&item.begin).is_some_and(|times| *times >= MOST_FAILURES) => {
                    (Kind::Letter, sealed)
                }
                Content::Letter(..) => continue,
                Content::Closed(sealed) => (Kind::Letter, sealed),
                Content::Damaged(bytes) => (Kind::Damaged, bytes),
            };
            set_aside::keep(&self.spool, kind, self.segment, item.begin, bytes)?;
            self.failures.remove(&item.begin);
            self.settled.insert(item.begin);
        }
        Ok(())
    }

    /// Goes on behind what is settled without a gap, and notes it.
    fn advance(&mut self, items: &[Item]) -> bool {
        let before = self.offset;
        let mut letters = 0;
        for item in items {
            if !self.settled.remove(&item.begin) {
                break;
            }
            self.offset = item.end;
            letters += match &item.content {
                Content::Letter(..) | Content::Closed(_) => 1,
                Content::Damaged(_) => 0,
            };
        }
        if self.offset == before {
            return false;
        }
        // The note comes first: a letter that counts no more must not be met by one that goes past it. A full disk may refuse it; to wait for
        // room would be to wait for the letters that take it, and a letter that is drained again after a restart changes nothing.
        if let Err(error) = open::write_cursor(&self.inner.folder, self.segment, self.offset) {
            tracing::warn!(error = %error, "the drain of the spool could not be noted; a restart repeats a part of it");
        }
        self.inner.ledger.done(letters);
        metrics::counter!(crate::telemetry::metric::SPOOL_DRAINED).increment(letters);
        true
    }

    async fn retry_set_aside(&self, stop: &CancellationToken) {
        let asides = set_aside::letters(&self.inner.folder, RETRIED_MOST).unwrap_or_default();
        for aside in asides {
            if stop.is_cancelled() {
                return;
            }
            let Ok((sealed, place)) = aside.read() else { continue };
            let opened = self.inner.vault.open_letter(&place, &crate::vault::sealed::Sealed(sealed)).ok();
            let Some(letter) = opened.and_then(|clear| Letter::read(&clear, &self.inner.vault).ok()) else { continue };
            if take(self.to.as_ref(), &letter).await.is_ok() && aside.remove(&self.spool).is_ok() {
                tracing::warn!("a letter that had been set aside was taken");
            }
        }
    }
}

/// Brings a chain's letters one after the other: those that are done, and the one that failed and holds the rest.
async fn bring_chain(to: &dyn Takes, letters: &[(u64, &Letter)], chain: &[usize]) -> (Vec<u64>, Option<(u64, Untaken)>) {
    let mut done = Vec::with_capacity(chain.len());
    for place in chain {
        let (begin, letter) = letters[*place];
        match take(to, letter).await {
            Ok(()) => done.push(begin),
            Err(why) => return (done, Some((begin, why))),
        }
    }
    (done, None)
}

/// Brings one letter. A panic over it is the letter's failure and nobody else's; the panic hook has counted it.
async fn take(to: &dyn Takes, letter: &Letter) -> Result<(), Untaken> {
    let taking = AssertUnwindSafe(tokio::time::timeout(TAKE_WITHIN, to.take_letter(letter))).catch_unwind();
    match taking.await {
        Ok(Ok(taken)) => taken,
        Ok(Err(_)) => Err(Untaken::Refused(format!("not within {} seconds", TAKE_WITHIN.as_secs()))),
        Err(_) => Err(Untaken::Refused("a panic".to_owned())),
    }
}
