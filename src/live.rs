//! Live updates: "this tip changed", told after the commit to consoles, which hear of every tip, and to chats, which watch one.
//!
//! Nothing travels but the fact; readers fetch what they may see. A console that falls behind is told to read everything. A watcher cannot
//! fall behind: however often its tip changed, it is one change. What is watched costs nothing once the last watcher is gone.

use domain::id::ConversationId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{broadcast, watch};

/// How many changes a slow reader may be behind before it is told to read everything.
const BEHIND_MOST: usize = 1024;

/// The watched tips are kept in so many maps, so that commits and watchers seldom wait for each other.
const SHARDS: usize = 64;

type Shard = Mutex<HashMap<ConversationId, watch::Sender<()>>>;

/// Where changes are told.
#[derive(Debug, Clone)]
pub struct Live {
    sender: broadcast::Sender<ConversationId>,
    watched: Arc<[Shard; SHARDS]>,
}

impl Default for Live {
    fn default() -> Self {
        Self { sender: broadcast::channel(BEHIND_MOST).0, watched: Arc::new(std::array::from_fn(|_| Shard::default())) }
    }
}

impl Live {
    /// Tells that a tip changed; nobody listening is fine.
    pub fn changed(&self, conversation: ConversationId) {
        let _ = self.sender.send(conversation);
        if let Some(watched) = self.shard(conversation).get(&conversation) {
            watched.send_replace(());
        }
    }
    /// Listens to the changes of every tip from now on.
    pub fn listen(&self) -> broadcast::Receiver<ConversationId> {
        self.sender.subscribe()
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
}
