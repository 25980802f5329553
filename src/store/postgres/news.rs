//! Telling the other nodes, and being told: one debounced `pg_notify` after commits, outside their transactions, and one listener a node.
//!
//! A payload is a node's tag and what changed, as ids; it holds nothing else. News are not kept: a line that was cut, a queue that was full or
//! a silence (each node says something every few seconds, and hears itself) end in [`News::Missed`], upon which everybody reads.

use super::connection::CONNECT_WITHIN;
use super::lines::Lines;
use crate::store::database::Spawn;
use crate::store::news::{Changed, News, OnNews};
use domain::id::{ConversationId, LaneKey};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The channel of all nodes on one database.
const CHANNEL: &str = "tipline";
/// What came meanwhile is told together.
const TOGETHER: Duration = Duration::from_millis(5);
/// How many batches may wait to be told.
const WAITING_MOST: usize = 1024;
/// The most bytes of one payload; PostgreSQL takes 8,000.
const PAYLOAD_MOST: usize = 7_500;
/// How often a node says something even when nothing changed.
const SAY_EVERY: Duration = Duration::from_secs(3);
/// A listener that hears nothing for this long, not even its own node, has a dead line.
const SILENCE_MOST: Duration = Duration::from_secs(10);
/// How long after a failure until the next try.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(250);
/// A notification that the server does not take within this is lost.
const TELL_WITHIN: Duration = Duration::from_secs(3);

/// The other nodes, as those who tell them see them.
#[derive(Clone)]
pub(in crate::store) struct Others {
    waiting: mpsc::Sender<Changed>,
    missed: std::sync::Arc<tokio::sync::Notify>,
}

impl Others {
    /// Starts telling and listening, each over a connection of its own.
    pub(super) fn start(options: &PgConnectOptions, on_news: OnNews, closing: CancellationToken, spawn: Spawn<'_>) -> Self {
        let (sender, waiting) = mpsc::channel(WAITING_MOST);
        let missed = std::sync::Arc::new(tokio::sync::Notify::new());
        let tag = crate::entropy::Entropy.uuid().simple().to_string();
        let teller =
            Teller { lines: Lines::new(options.clone(), 1), waiting, missed: missed.clone(), tag: tag.clone(), closing: closing.clone() };
        spawn("store teller", Box::pin(teller.run()));
        spawn("store listener", Box::pin(listen(options.clone(), tag, on_news, closing)));
        Self { waiting: sender, missed }
    }
    /// Tells the others of a change, soon.
    pub(in crate::store) fn tell(&self, changed: Changed) {
        if self.waiting.try_send(changed).is_err() {
            self.missed.notify_one();
        }
    }
}

struct Teller {
    lines: Lines,
    waiting: mpsc::Receiver<Changed>,
    missed: std::sync::Arc<tokio::sync::Notify>,
    tag: String,
    closing: CancellationToken,
}

impl Teller {
    async fn run(mut self) {
        let mut lost = false;
        loop {
            let first = tokio::select! {
                changed = self.waiting.recv() => changed,
                () = self.missed.notified() => { lost = true; Some(Changed::default()) }
                () = tokio::time::sleep(SAY_EVERY) => Some(Changed::default()),
                () = self.closing.cancelled() => None,
            };
            let Some(first) = first else { break };
            if !first.is_empty() {
                tokio::time::sleep(TOGETHER).await;
            }
            let mut together = Together::default();
            together.add(first);
            while let Ok(more) = self.waiting.try_recv() {
                together.add(more);
            }
            let mut told = true;
            for payload in together.payloads(&self.tag, lost) {
                told &= self.notify(payload).await;
            }
            lost = !told;
        }
        // What the last commits freed: the other nodes need not wait for a lease to end.
        let mut last = Together::default();
        while let Ok(more) = self.waiting.try_recv() {
            last.add(more);
        }
        for payload in last.payloads(&self.tag, false) {
            self.notify(payload).await;
        }
        self.lines.close().await;
    }

    async fn notify(&self, payload: String) -> bool {
        let told = async {
            let mut line = self.lines.take().await?;
            sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(payload).execute(line.connection()).await?;
            line.give_back();
            Ok::<(), sqlx::Error>(())
        };
        matches!(tokio::time::timeout(TELL_WITHIN, told).await, Ok(Ok(())))
    }
}

/// Changes that are told together.
#[derive(Debug, Default)]
struct Together {
    tips: BTreeSet<ConversationId>,
    lanes: BTreeSet<LaneKey>,
    freed: bool,
}

impl Together {
    fn add(&mut self, changed: Changed) {
        self.tips.extend(changed.tips);
        self.lanes.extend(changed.lanes);
        self.freed |= changed.freed;
    }

    /// `tag` first, then a word for each: `t` and a tip, `l` and a lane, `f` (lanes are free), `m` (something was missed).
    fn payloads(self, tag: &str, missed: bool) -> Vec<String> {
        let mut all = Vec::new();
        let mut payload = tag.to_owned();
        let words = self.tips.iter().map(|id| format!("t{id}")).chain(self.lanes.iter().map(|lane| format!("l{lane}")));
        let words = words.chain(self.freed.then(|| "f".to_owned())).chain(missed.then(|| "m".to_owned()));
        for word in words {
            if payload.len() + 1 + word.len() > PAYLOAD_MOST {
                all.push(std::mem::replace(&mut payload, tag.to_owned()));
            }
            let _ = write!(payload, " {word}");
        }
        all.push(payload);
        all
    }
}

/// What a payload says; `None` for our own.
fn heard(payload: &str, tag: &str) -> Option<News> {
    let mut words = payload.split(' ');
    if words.next() == Some(tag) {
        return None;
    }
    let mut changed = Changed::default();
    for word in words {
        match (word.get(..1), word.get(1..)) {
            (Some("t"), Some(id)) => changed.tips.extend(id.parse::<ConversationId>().ok()),
            (Some("l"), Some(lane)) => changed.lanes.extend(lane.parse::<LaneKey>().ok()),
            (Some("f"), _) => changed.freed = true,
            // `m`, and what a newer version says.
            _ => return Some(News::Missed),
        }
    }
    (!changed.is_empty()).then_some(News::Changed(changed))
}

async fn listen(options: PgConnectOptions, tag: String, on_news: OnNews, closing: CancellationToken) {
    let mut first = true;
    while !closing.is_cancelled() {
        // A pool of its own each time: the driver says good-bye on the one before, and on a dead line waits long for the answer.
        let line = PgPoolOptions::new().max_connections(1).acquire_timeout(CONNECT_WITHIN).connect_lazy_with(options.clone());
        let hearing = async {
            let mut listener = PgListener::connect_with(&line).await?;
            listener.ignore_pool_close_event(true);
            listener.eager_reconnect(false);
            let heard_of = tokio::time::timeout(CONNECT_WITHIN, listener.listen(CHANNEL)).await;
            heard_of.map_err(|_| sqlx::Error::PoolTimedOut)??;
            // What was told before this listened.
            if !std::mem::take(&mut first) {
                on_news(&News::Missed);
            }
            loop {
                match tokio::time::timeout(SILENCE_MOST, listener.try_recv()).await {
                    Ok(Ok(Some(told))) => {
                        if let Some(news) = heard(told.payload(), &tag) {
                            on_news(&news);
                        }
                    }
                    Ok(Ok(None)) | Err(_) => return Ok(()),
                    Ok(Err(error)) => return Err(error),
                }
            }
        };
        let ended: Result<(), sqlx::Error> = tokio::select! { ended = hearing => ended, () = closing.cancelled() => break };
        match ended {
            Ok(()) => tracing::warn!("the line that hears of other nodes' changes was cut or silent; listening anew"),
            Err(error) => tracing::warn!(error = %error, "other nodes' changes are not heard"),
        }
        tokio::select! { () = tokio::time::sleep(TRY_AGAIN_AFTER) => {}, () = closing.cancelled() => break }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn tip(number: u128) -> ConversationId {
        ConversationId::new(Uuid::from_u128(number))
    }

    #[test]
    fn what_is_told_is_heard_by_the_others_only() {
        let lane: LaneKey = "line-text".parse().unwrap();
        let changed = Changed { tips: (0..600).map(tip).collect(), lanes: vec![lane.clone()], freed: true };
        let mut together = Together::default();
        together.add(changed);
        let payloads = together.payloads("me", false);
        assert!(payloads.len() > 2 && payloads.iter().all(|payload| payload.len() < 8_000));
        assert!(payloads.iter().all(|payload| heard(payload, "me").is_none()));
        let mut all = Changed::default();
        for payload in &payloads {
            let Some(News::Changed(some)) = heard(payload, "you") else { panic!("{payload}") };
            all.tips.extend(some.tips);
            all.lanes.extend(some.lanes);
            all.freed |= some.freed;
        }
        assert_eq!((all.tips.len(), all.lanes, all.freed), (600, vec![lane], true));
    }

    #[test]
    fn a_sign_of_life_says_nothing_and_a_loss_says_that_all_must_be_read() {
        let silent = Together::default().payloads("me", false);
        assert_eq!((silent.len(), heard(&silent[0], "you")), (1, None));
        assert_eq!(heard(&Together::default().payloads("me", true)[0], "you"), Some(News::Missed));
    }
}
