//! Live updates: "this tip changed", told to consoles after the commit.
//!
//! Nothing travels but the tip's id; readers fetch what they may see. A reader that falls behind is told to read everything.

use domain::id::ConversationId;
use tokio::sync::broadcast;

/// How many changes a slow reader may be behind before it is told to read everything.
const BEHIND_MOST: usize = 1024;

/// Where changes are told.
#[derive(Debug, Clone)]
pub struct Live {
    sender: broadcast::Sender<ConversationId>,
}

impl Default for Live {
    fn default() -> Self {
        Self { sender: broadcast::channel(BEHIND_MOST).0 }
    }
}

impl Live {
    /// Tells that a tip changed; nobody listening is fine.
    pub fn changed(&self, conversation: ConversationId) {
        let _ = self.sender.send(conversation);
    }
    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<ConversationId> {
        self.sender.subscribe()
    }
}
