//! The exchange: the mock's options, its memory, its outgoing HTTP client and the tasks it runs.
//! Every part of the mock holds one `Arc<Exchange>`. Each change of the memory that a page may show is
//! announced as an [`Announcement`]; a slow page loses announcements and reloads, the mock never waits.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{Semaphore, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::options::Options;
use crate::state::State;
use crate::telnyx::sign::Signer;

/// Announcements a page may lag behind before it loses some.
const ANNOUNCEMENTS_KEPT: usize = 4_096;
/// Webhooks and callbacks on the wire at the same time.
const WEBHOOKS_IN_FLIGHT: usize = 256;
/// A carrier gives up connecting after this long (carriers.md 1.8).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection to the gateway that rests this long is not used again: it may have been restarted.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// Something that changed, for the live pages.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Announcement {
    /// A message came, or its status changed.
    Message(crate::state::message::HandsetMessage),
    /// A call began, changed or ended; its full state.
    Call(Box<crate::state::call::Call>),
    /// A mail came.
    Mail {
        /// Its id.
        id: String,
        /// Its recipients.
        to: Vec<String>,
        /// Its subject.
        subject: String,
    },
    /// Something changed in a folder of the tip line's mailbox.
    Mailbox {
        /// Its name.
        folder: String,
    },
    /// Faults were set, removed or used.
    Faults,
    /// A webhook or callback ended.
    Webhook {
        /// Its log number.
        id: u64,
        /// The answer's status.
        status: Option<u16>,
    },
    /// Everything was forgotten.
    Reset,
}

/// The shared heart of the mock.
#[derive(Debug)]
pub struct Exchange {
    /// As given at the start, with the real ports.
    pub options: Options,
    /// `http://127.0.0.1:NNNN`, where REST and pages are.
    pub base_url: String,
    /// Where the second carrier's API is.
    pub telnyx_url: String,
    /// Signs the second carrier's webhooks.
    pub signer: Signer,
    /// Where media are served without a password.
    pub media_url: String,
    /// Sends webhooks. Follows no redirect.
    pub http: reqwest::Client,
    /// Bounds the webhooks on the wire.
    pub wire: Semaphore,
    state: Mutex<State>,
    announcements: broadcast::Sender<Announcement>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Exchange {
    /// Makes the exchange; the listeners are bound already, so that their addresses are known.
    pub fn new(options: Options, base_url: String, media_url: String) -> anyhow::Result<Arc<Self>> {
        let http = reqwest::Client::builder()
            .user_agent("TwilioProxy/1.1")
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        let mut state = State::new(options.numbers.clone(), options.number_options.clone());
        for route in &options.telnyx.numbers {
            state.set_telnyx_route(route.clone());
        }
        let telnyx_url = format!("http://{}", options.telnyx.listen);
        Ok(Arc::new(Self {
            options,
            base_url,
            telnyx_url,
            signer: Signer::new()?,
            media_url,
            http,
            wire: Semaphore::new(WEBHOOKS_IN_FLIGHT),
            state: Mutex::new(state),
            announcements: broadcast::Sender::new(ANNOUNCEMENTS_KEPT),
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        }))
    }

    /// Reads or changes the memory. The closure must be quick: it holds the only lock.
    pub fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state)
    }

    /// Tells the live pages. Nobody listening is fine.
    pub fn announce(&self, announcement: Announcement) {
        let _ = self.announcements.send(announcement);
    }

    /// Announces a call as it stands now.
    pub fn announce_call(&self, sid: &str) {
        if self.announcements.receiver_count() == 0 {
            return;
        }
        if let Some(call) = self.with(|state| state.calls.get(sid).cloned()) {
            self.announce(Announcement::Call(Box::new(call)));
        }
    }

    /// Announces a message as it stands now.
    pub fn announce_message(&self, sid: &str) {
        let shown = self.with(|state| state.messages.get(sid).map(Into::into));
        if let Some(message) = shown {
            self.announce(Announcement::Message(message));
        }
    }

    /// Listens to announcements from now on.
    pub fn listen(&self) -> broadcast::Receiver<Announcement> {
        self.announcements.subscribe()
    }

    /// Runs a task that ends with the mock. The one place where this crate starts tasks.
    pub fn run(&self, task: impl Future<Output = ()> + Send + 'static) {
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            shutdown.run_until_cancelled_owned(task).await;
        });
    }

    /// Cancelled when the mock stops.
    pub fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// Ends every task.
    pub async fn stop(&self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
