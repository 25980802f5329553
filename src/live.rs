//! Live updates: "this tip changed", told after the commit to consoles, which hear of every tip, and to chats, which watch one.
//!
//! Nothing travels but the fact; readers fetch what they may see. A console that falls behind is told to read everything. A watcher cannot
//! fall behind: however often its tip changed, it is one change. What is watched costs nothing once the last watcher is gone. Where several
//! nodes share a database, the others' commits are told here too, and those of which the news was lost ([`News::Missed`]).

use crate::store::News;
use domain::id::{ConversationId, LaneKey};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

/// How many changes a slow reader may be behind before it is told to read everything.
const BEHIND_MOST: usize = 1024;

/// How long a console or chat waits at the most for what another node committed, when the news of it was lost unnoticed.
pub const NET_EVERY: Duration = Duration::from_secs(60);

/// The watched tips are kept in so many maps, so that commits and watchers seldom wait for each other.
const SHARDS: usize = 64;

type Shard = Mutex<HashMap<ConversationId, watch::Sender<()>>>;

/// What a console is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// This tip changed.
    Tip(ConversationId),
    /// Any may have.
    All,
}

/// What lanes are told of other nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaneNews {
    /// There is new work for a lane.
    Work(LaneKey),
    /// Lanes were given back.
    Freed,
    /// Any of that.
    Missed,
}

/// Where changes are told.
#[derive(Debug, Clone)]
pub struct Live {
    sender: broadcast::Sender<Told>,
    lanes: broadcast::Sender<LaneNews>,
    watched: Arc<[Shard; SHARDS]>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            sender: broadcast::channel(BEHIND_MOST).0,
            lanes: broadcast::channel(BEHIND_MOST).0,
            watched: Arc::new(std::array::from_fn(|_| Shard::default())),
        }
    }
}

impl Live {
    /// Passes on what the store tells after a commit of any node.
    pub fn hear(&self, news: &News) {
        match news {
            News::Changed(changed) => {
                changed.tips.iter().for_each(|id| self.changed(*id));
                for lane in &changed.lanes {
                    let _ = self.lanes.send(LaneNews::Work(lane.clone()));
                }
                if changed.freed {
                    let _ = self.lanes.send(LaneNews::Freed);
                }
            }
            News::Missed => {
                let _ = self.sender.send(Told::All);
                let _ = self.lanes.send(LaneNews::Missed);
                (0..SHARDS).for_each(|shard| self.look_again(shard));
            }
        }
    }
    /// Tells that a tip changed; nobody listening is fine.
    pub fn changed(&self, conversation: ConversationId) {
        let _ = self.sender.send(Told::Tip(conversation));
        if let Some(watched) = self.shard(conversation).get(&conversation) {
            watched.send_replace(());
        }
    }
    /// Listens to the changes of every tip from now on.
    pub fn listen(&self) -> broadcast::Receiver<Told> {
        self.sender.subscribe()
    }
    /// Listens to what lanes are told of other nodes from now on.
    pub fn listen_for_lanes(&self) -> broadcast::Receiver<LaneNews> {
        self.lanes.subscribe()
    }
    /// A net below the news of other nodes: lets everybody read again, a part of the chats at a time, so that a line that is dead without
    /// saying so delays nothing for longer than [`NET_EVERY`]. Until told to stop.
    pub async fn keep_looking(self, stopping: CancellationToken) {
        loop {
            for shard in 0..SHARDS {
                tokio::select! { () = tokio::time::sleep(NET_EVERY / SHARDS as u32) => {}, () = stopping.cancelled() => return }
                self.look_again(shard);
            }
            let _ = self.sender.send(Told::All);
        }
    }
    /// Watches one tip from now on, also one that is not there yet.
    pub fn watch(&self, conversation: ConversationId) -> Watching {
        let receiver = self.shard(conversation).entry(conversation).or_insert_with(|| watch::Sender::new(())).subscribe();
        Watching { conversation, receiver: Some(receiver), live: self.clone() }
    }
    /// How many tips are watched.
    pub fn watched(&self) -> usize {
        self.watched.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    fn look_again(&self, shard: usize) {
        for watched in self.watched[shard].lock().unwrap_or_else(PoisonError::into_inner).values() {
            watched.send_replace(());
        }
    }
    fn shard(&self, conversation: ConversationId) -> MutexGuard<'_, HashMap<ConversationId, watch::Sender<()>>> {
        // The end of an id is random, whatever its version.
        let at = usize::from(conversation.uuid().as_bytes()[15]) % SHARDS;
        self.watched[at].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody watches a tip until this is dropped.
#[derive(Debug)]
pub struct Watching {
    conversation: ConversationId,
    receiver: Option<watch::Receiver<()>>,
    live: Live,
}

impl Watching {
    /// Returns when the tip has changed since the last time. May be dropped while it waits; nothing is missed.
    pub async fn changed(&mut self) {
        let told = match &mut self.receiver {
            Some(receiver) => receiver.changed().await.is_ok(),
            None => false,
        };
        if !told {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut shard = self.live.shard(self.conversation);
        self.receiver = None;
        if shard.get(&self.conversation).is_some_and(|watched| watched.receiver_count() == 0) {
            shard.remove(&self.conversation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Changed;
    use futures_util::FutureExt;
    use uuid::Uuid;

    fn tip(number: u128) -> ConversationId {
        ConversationId::new(Uuid::from_u128(number))
    }

    #[tokio::test]
    async fn a_watcher_hears_of_its_tip_only_and_once_for_many_changes() {
        let live = Live::default();
        live.changed(tip(1));
        let (mut one, mut other, mut second) = (live.watch(tip(1)), live.watch(tip(2)), live.watch(tip(1)));
        assert!(one.changed().now_or_never().is_none(), "from now on");
        live.changed(tip(1));
        live.changed(tip(1));
        assert!(one.changed().now_or_never().is_some());
        assert!(one.changed().now_or_never().is_none());
        assert!(other.changed().now_or_never().is_none());
        assert!(second.changed().now_or_never().is_some());
    }

    #[tokio::test]
    async fn what_nobody_watches_is_forgotten() {
        let live = Live::default();
        let watching: Vec<_> = (0..1000).map(|number| (live.watch(tip(number)), live.watch(tip(number)))).collect();
        assert_eq!(live.watched(), 1000);
        let (first, second): (Vec<_>, Vec<_>) = watching.into_iter().unzip();
        drop(first);
        assert_eq!(live.watched(), 1000, "the second watchers are still there");
        drop(second);
        assert_eq!(live.watched(), 0);
        let mut again = live.watch(tip(1));
        live.changed(tip(1));
        assert!(again.changed().now_or_never().is_some());
    }

    #[tokio::test]
    async fn after_lost_news_everybody_reads_again() {
        let live = Live::default();
        let (mut console, mut lanes, mut chat) = (live.listen(), live.listen_for_lanes(), live.watch(tip(1)));
        let lane: LaneKey = "main-text".parse().unwrap();
        live.hear(&News::Changed(Changed { tips: vec![tip(2)], lanes: vec![lane.clone()], freed: true }));
        assert_eq!(console.recv().await, Ok(Told::Tip(tip(2))));
        assert_eq!((lanes.recv().await, lanes.recv().await), (Ok(LaneNews::Work(lane)), Ok(LaneNews::Freed)));
        assert!(chat.changed().now_or_never().is_none());
        live.hear(&News::Missed);
        assert_eq!((console.recv().await, lanes.recv().await), (Ok(Told::All), Ok(LaneNews::Missed)));
        assert!(chat.changed().now_or_never().is_some());
    }
}
