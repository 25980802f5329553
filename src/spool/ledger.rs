//! What waits, as numbers: segments with their durable ends, letters, bytes.
//!
//! One place where the writer, the drain and those who bring letters agree. A letter counts from the moment somebody begins to bring it,
//! before a byte is written, until it is in the store: so at no moment does an older letter wait while the spool looks empty, and no
//! message can go past it.

use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// More letters than this are not waited for: it would take too long.
const CAUGHT_UP_MOST: u64 = 2000;

/// A segment that is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// Its number: the order of segments, and the file's name.
    pub(super) number: u64,
    /// How far it is durable.
    pub(super) end: u64,
    /// How many letters of it are not done.
    pub(super) letters: u64,
}

#[derive(Debug, Default)]
struct Segments {
    waiting: VecDeque<Segment>,
    /// The last one, while more may be appended to it.
    open: Option<u64>,
    /// Bytes are being appended to the open one that its `end` does not say yet.
    writing: bool,
    next: u64,
}

/// The numbers of the spool.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    segments: Mutex<Segments>,
    letters: AtomicU64,
    bytes: AtomicU64,
    set_aside: AtomicU64,
    oldest: AtomicI64,
    refuses: AtomicBool,
    /// Whether the drain got on with its last step.
    moves: AtomicBool,
    /// Told when the last letter is done.
    emptied: Notify,
}

/// A letter on its way into the spool. Dropped before it is durable, it waits no more.
#[derive(Debug)]
pub(super) struct Claim {
    ledger: Option<Arc<Ledger>>,
}

impl Claim {
    pub(super) fn new(ledger: &Arc<Ledger>, at: Timestamp) -> Self {
        let at = at.as_microsecond();
        if ledger.letters.fetch_add(1, Ordering::SeqCst) == 0 {
            ledger.oldest.store(at, Ordering::SeqCst);
        }
        Self { ledger: Some(ledger.clone()) }
    }
    /// It is durable: from now on it is one of its segment's.
    fn kept(mut self) {
        self.ledger = None;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(ledger) = &self.ledger {
            ledger.took(1);
        }
    }
}

impl Ledger {
    /// The ledger of what a folder holds; `next` is the number of the next segment.
    pub(super) fn of(waiting: VecDeque<Segment>, next: u64, bytes: u64, set_aside: u64) -> Self {
        let letters = waiting.iter().map(|segment| segment.letters).sum();
        Self {
            segments: Mutex::new(Segments { waiting, open: None, writing: false, next }),
            letters: AtomicU64::new(letters),
            bytes: AtomicU64::new(bytes),
            set_aside: AtomicU64::new(set_aside),
            oldest: AtomicI64::new(i64::MAX),
            refuses: AtomicBool::new(false),
            moves: AtomicBool::new(false),
            emptied: Notify::new(),
        }
    }
    fn segments(&self) -> MutexGuard<'_, Segments> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn letters(&self) -> u64 {
        self.letters.load(Ordering::SeqCst)
    }
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::SeqCst)
    }
    pub(super) fn set_aside(&self) -> u64 {
        self.set_aside.load(Ordering::SeqCst)
    }
    pub(super) fn refuses(&self) -> bool {
        self.refuses.load(Ordering::SeqCst)
    }
    pub(super) fn set_refuses(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::SeqCst);
    }
    pub(super) fn set_moves(&self, moves: bool) {
        self.moves.store(moves, Ordering::SeqCst);
    }
    /// Waits until nothing waits any more, but only while few letters do and the drain gets on.
    pub(super) async fn caught_up(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.letters() == 0 || self.letters() > CAUGHT_UP_MOST || !self.moves.load(Ordering::SeqCst) {
                return;
            }
            emptied.await;
        }
    }
    fn took(&self, letters: u64) {
        if self.letters.fetch_sub(letters, Ordering::SeqCst) == letters {
            self.emptied.notify_waiters();
        }
    }
    /// When the oldest letter came, as far as anybody has looked.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        (self.letters() > 0).then(|| Timestamp::from_microsecond(self.oldest.load(Ordering::SeqCst)).ok()).flatten()
    }
    pub(super) fn set_oldest(&self, at: Timestamp) {
        self.oldest.store(at.as_microsecond(), Ordering::SeqCst);
    }
    /// Files set aside came or went, with their bytes.
    pub(super) fn aside(&self, came: bool, bytes: u64) {
        if came {
            self.set_aside.fetch_add(1, Ordering::SeqCst);
            self.bytes.fetch_add(bytes, Ordering::SeqCst);
        } else {
            self.set_aside.fetch_sub(1, Ordering::SeqCst);
            self.bytes.fetch_sub(bytes, Ordering::SeqCst);
        }
    }

    /// The writer begins to append. `None`: there is no open segment, make one with this number.
    pub(super) fn begin(&self) -> Result<u64, u64> {
        let mut segments = self.segments();
        segments.writing = true;
        segments.open.ok_or(segments.next)
    }
    /// The writer made the segment of the number that it was told.
    pub(super) fn opened(&self, number: u64) {
        let mut segments = self.segments();
        segments.next = number + 1;
        segments.open = Some(number);
        segments.waiting.push_back(Segment { number, end: 0, letters: 0 });
    }
    /// These letters are durable: the open segment ends at `end` now.
    pub(super) fn wrote(&self, end: u64, claims: impl ExactSizeIterator<Item = Claim>) {
        let mut segments = self.segments();
        segments.writing = false;
        if let Some(last) = segments.waiting.back_mut() {
            self.bytes.fetch_add(end - last.end, Ordering::SeqCst);
            last.end = end;
            last.letters += claims.len() as u64;
        }
        claims.for_each(Claim::kept);
    }
    /// The writer appends no more to the open segment: it is large enough, or something went wrong with it.
    pub(super) fn close_segment(&self) {
        let mut segments = self.segments();
        segments.writing = false;
        segments.open = None;
    }

    /// The segment that is read first.
    pub(super) fn front(&self) -> Option<Segment> {
        self.segments().waiting.front().copied()
    }
    /// So many letters of the front segment are done.
    pub(super) fn done(&self, letters: u64) {
        let mut segments = self.segments();
        if let Some(front) = segments.waiting.front_mut() {
            let letters = letters.min(front.letters);
            front.letters -= letters;
            self.took(letters);
        }
    }
    /// The front segment was read to `offset`: if that is its end and nothing is being appended, it is over and its file may go.
    /// Letters of it that nobody found (damaged since they were counted) wait no more.
    pub(super) fn finish(&self, number: u64, offset: u64) -> bool {
        let mut segments = self.segments();
        let Some(front) = segments.waiting.front().copied().filter(|front| front.number == number && front.end <= offset) else {
            return false;
        };
        if segments.open == Some(number) {
            if segments.writing {
                return false;
            }
            segments.open = None;
        }
        segments.waiting.pop_front();
        self.took(front.letters);
        self.bytes.fetch_sub(front.end, Ordering::SeqCst);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn a_letter_counts_from_before_it_is_written_until_it_is_done() {
        let ledger = Arc::new(Ledger::default());
        let claims = [Claim::new(&ledger, AT), Claim::new(&ledger, AT)];
        assert_eq!(ledger.letters(), 2, "nothing is written, and nothing may go past them");
        assert_eq!(ledger.begin(), Err(0));
        ledger.opened(0);
        ledger.wrote(50, claims.into_iter());
        drop(Claim::new(&ledger, AT));
        assert_eq!((ledger.letters(), ledger.bytes()), (2, 50));
        ledger.done(1);
        assert_eq!(ledger.begin(), Ok(0), "a third is being appended");
        assert!(!ledger.finish(0, 50), "so the file must stay");
        ledger.wrote(70, [Claim::new(&ledger, AT)].into_iter());
        assert!(!ledger.finish(0, 50));
        ledger.done(2);
        assert!(ledger.finish(0, 70));
        assert_eq!((ledger.letters(), ledger.bytes(), ledger.front()), (0, 0, None));
        assert_eq!(ledger.begin(), Err(1), "the next one gets a new segment");
        ledger.close_segment();
    }

    #[test]
    fn letters_that_nobody_finds_do_not_wait_for_ever() {
        let waiting = VecDeque::from([Segment { number: 4, end: 90, letters: 3 }]);
        let ledger = Ledger::of(waiting, 5, 90, 0);
        ledger.done(2);
        assert!(ledger.finish(4, 90));
        assert_eq!(ledger.letters(), 0);
    }
}
