//! Students who text all the time while a test breaks something: each text is brought again, with the same id, until it got a 2xx.

use crate::gateway::{LINE, TestGateway};
use crate::record::Record;
use mock_carriers::Control;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Students at the same time.
const SENDERS: usize = 5;
/// Texts of one number before the next number begins.
const TEXTS_EACH: usize = 40;

/// What happened so far.
#[derive(Debug, Default)]
struct Seen {
    stop: AtomicBool,
    accepted: Mutex<Vec<String>>,
    refused: AtomicU64,
    slowest_us: AtomicU64,
}

/// Senders at work.
pub struct Senders {
    seen: Arc<Seen>,
    tasks: JoinSet<()>,
}

impl Senders {
    /// They begin.
    pub fn start(gateway: &TestGateway) -> Self {
        let (seen, mut tasks) = (Arc::<Seen>::default(), JoinSet::new());
        for sender in 0..SENDERS {
            tasks.spawn(text_on(gateway.control(), seen.clone(), sender));
        }
        Self { seen, tasks }
    }

    /// How many texts got a 2xx.
    pub fn accepted(&self) -> usize {
        self.seen.accepted.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// How many answers were no 2xx.
    pub fn refused(&self) -> u64 {
        self.seen.refused.load(Ordering::SeqCst)
    }

    /// The longest that a 2xx took.
    pub fn slowest(&self) -> Duration {
        Duration::from_micros(self.seen.slowest_us.load(Ordering::SeqCst))
    }

    /// They end when their last text was taken; every text that was.
    pub async fn end(mut self) -> Vec<String> {
        self.seen.stop.store(true, Ordering::SeqCst);
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect("a sender ends");
        }
        std::mem::take(&mut self.seen.accepted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn text_on(control: Control, seen: Arc<Seen>, sender: usize) {
    for n in 0.. {
        if seen.stop.load(Ordering::SeqCst) {
            return;
        }
        let (body, began) = (format!("{sender} says {n}."), Instant::now());
        let from = format!("+1444555{:04}", sender * 1000 + n / TEXTS_EACH);
        let Ok(said) = control.text(&from, LINE, &body).await else { continue };
        let mut status = said.webhook.status.unwrap_or(0);
        if status == 200 {
            seen.slowest_us.fetch_max(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX), Ordering::SeqCst);
        }
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        while !(200..300).contains(&status) {
            seen.refused.fetch_add(1, Ordering::SeqCst);
            pause.tick().await;
            status = control.replay(&said.sid, true).await.map_or(0, |answer| answer.status.unwrap_or(0));
        }
        seen.accepted.lock().unwrap_or_else(PoisonError::into_inner).push(body);
    }
}

/// Every text that was accepted is there once, and nothing else is.
pub fn each_once(record: &Record, accepted: &[String]) {
    assert!(accepted.len() > 20, "the load was real: {}", accepted.len());
    let wrong: BTreeMap<&String, Option<&u32>> =
        accepted.iter().map(|text| (text, record.reporter_texts.get(text))).filter(|(_, found)| *found != Some(&1)).collect();
    assert!(wrong.is_empty(), "accepted, and not there exactly once: {wrong:?}");
    let said = record.reporter_texts.keys().filter(|text| text.contains(" says ")).count();
    assert_eq!(said, accepted.len(), "nothing is there that was never accepted");
}
