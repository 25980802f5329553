//! What was done, counted: for the lines of progress, the check and the table at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The counts. Everybody adds, the end reads.
#[derive(Debug, Default)]
pub struct Tally {
    /// Texts that were answered with 2xx.
    accepted: Mutex<BTreeSet<String>>,
    /// How often each fault struck.
    struck: Mutex<BTreeMap<&'static str, u64>>,
    /// The fault of now.
    now: Mutex<String>,
    /// What was seen to be wrong while it went on, bounded.
    wrong: Mutex<Vec<String>>,
    /// Where the obligations ended.
    ends: Mutex<BTreeMap<String, u64>>,
    /// Texts that had to be brought again, because they got no 2xx.
    pub again: AtomicU64,
    /// Answers 503.
    pub refused: AtomicU64,
    /// Dispatches started.
    pub dispatched: AtomicU64,
    /// Webhooks of storms: repeated, stale or out of order.
    pub stormed: AtomicU64,
    /// Of them badly signed.
    pub forged: AtomicU64,
    /// Calls that the carriers were asked for.
    pub calls: AtomicU64,
    /// The most of one carrier in any sliding second.
    pub most_calls_in_a_second: AtomicU64,
    /// Texts that they were asked for.
    pub texts: AtomicU64,
    /// The most of one carrier in any sliding second.
    pub most_texts_in_a_second: AtomicU64,
    /// Calls to a PSAP after the first for the same promise.
    pub psap_again: AtomicU64,
    /// Attempts whose outcome nobody knows.
    pub unknown: AtomicU64,
    /// Texts that are not there.
    pub lost: AtomicU64,
    /// Texts that are there twice.
    pub doubled: AtomicU64,
    /// Tips.
    pub tips: AtomicU64,
}

/// The most that is told of what was wrong.
const WRONG_MOST: usize = 50;

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tally {
    /// A text was answered with 2xx.
    pub fn accept(&self, words: String) {
        held(&self.accepted).insert(words);
    }
    /// All that were.
    pub fn accepted(&self) -> BTreeSet<String> {
        held(&self.accepted).clone()
    }
    /// A fault strikes.
    pub fn strike(&self, kind: &'static str, what: String) {
        *held(&self.struck).entry(kind).or_default() += 1;
        *held(&self.now) = what;
    }
    /// It is mended.
    pub fn mended(&self) {
        held(&self.now).clear();
    }
    /// Something is wrong.
    pub fn wrong(&self, what: String) {
        let mut wrong = held(&self.wrong);
        if wrong.len() < WRONG_MOST {
            wrong.push(what);
        }
    }
    /// What was.
    pub fn take_wrong(&self) -> Vec<String> {
        std::mem::take(&mut held(&self.wrong))
    }
    /// An obligation ended so.
    pub fn end(&self, how: &str) {
        *held(&self.ends).entry(how.to_owned()).or_default() += 1;
    }
    /// One more.
    pub fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A line of progress.
    pub fn line(&self) -> String {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let now = held(&self.now).clone();
        format!(
            "{} texts accepted, {} brought again, {} dispatches, {} storm webhooks, {} faults; now: {}",
            held(&self.accepted).len(),
            read(&self.again),
            read(&self.dispatched),
            read(&self.stormed),
            held(&self.struck).values().sum::<u64>(),
            if now.is_empty() { "nothing" } else { &now }
        )
    }

    /// The table at the end.
    pub fn table(&self) -> String {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut rows: Vec<(String, u64)> = vec![
            ("texts accepted".into(), held(&self.accepted).len() as u64),
            ("  brought again".into(), read(&self.again)),
            ("  of these answered 503".into(), read(&self.refused)),
            ("  lost".into(), read(&self.lost)),
            ("  doubled".into(), read(&self.doubled)),
            ("tips".into(), read(&self.tips)),
            ("webhooks of storms".into(), read(&self.stormed)),
            ("  of these badly signed".into(), read(&self.forged)),
            ("dispatches started".into(), read(&self.dispatched)),
            ("calls asked for".into(), read(&self.calls)),
            ("  most of one carrier in a second".into(), read(&self.most_calls_in_a_second)),
            ("  to a PSAP again for one promise".into(), read(&self.psap_again)),
            ("texts asked for".into(), read(&self.texts)),
            ("  most of one carrier in a second".into(), read(&self.most_texts_in_a_second)),
            ("attempts of unknown outcome".into(), read(&self.unknown)),
        ];
        rows.extend(held(&self.ends).iter().map(|(how, number)| (format!("obligations {how}"), *number)));
        rows.extend(held(&self.struck).iter().map(|(kind, number)| (format!("fault {kind}"), *number)));
        let mut table = String::new();
        for (name, number) in rows {
            let _ = writeln!(table, "{name:<36}{number:>10}");
        }
        table
    }
}
