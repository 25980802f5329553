//! An intake that remembers, refuses when told to, and lets a test wait for what comes; and a listener that writes to it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use adapters::contract::{BoxFuture, Cursor, Intake, Listener, NotTaken};
use adapters::email::{ImapListener, MailboxConfig};
use domain::exchange::{Inbound, InboundMessage};
use domain::id::AccountKey;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long anything may take on a slow machine.
pub const WITHIN: Duration = Duration::from_secs(60);

/// An intake that remembers.
#[derive(Default)]
pub struct Memory {
    pub taken: Mutex<BTreeMap<String, (u32, InboundMessage)>>,
    pub cursors: Mutex<HashMap<String, Cursor>>,
    pub refuses: AtomicBool,
    /// How often it was asked where a folder was read to: once for every look.
    pub looks: AtomicU32,
    pub changed: tokio::sync::Notify,
}

impl Memory {
    pub fn len(&self) -> usize {
        self.taken.lock().unwrap().len()
    }
    pub fn find(&self, word: &str) -> Option<InboundMessage> {
        self.taken.lock().unwrap().values().find(|(_, message)| message.words.reveal().contains(word)).map(|(_, message)| message.clone())
    }
}

impl Intake for Memory {
    fn submit<'a>(&'a self, event: Inbound) -> BoxFuture<'a, Result<(), NotTaken>> {
        Box::pin(async move {
            let Inbound::Message(message) = event else { panic!("a mailbox gives messages only") };
            if self.refuses.load(Ordering::SeqCst) {
                self.changed.notify_waiters();
                return Err(NotTaken);
            }
            let mut taken = self.taken.lock().unwrap();
            taken.entry(message.provider_id.0.clone()).or_insert((0, *message)).0 += 1;
            drop(taken);
            self.changed.notify_waiters();
            Ok(())
        })
    }
    fn cursor<'a>(&'a self, _: &'a AccountKey, folder: &'a str) -> BoxFuture<'a, Result<Option<Cursor>, NotTaken>> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move { Ok(self.cursors.lock().unwrap().get(folder).copied()) })
    }
    fn advance<'a>(&'a self, _: &'a AccountKey, folder: &'a str, cursor: Cursor) -> BoxFuture<'a, Result<(), NotTaken>> {
        Box::pin(async move {
            self.cursors.lock().unwrap().insert(folder.to_owned(), cursor);
            Ok(())
        })
    }
}

/// A listener that runs until the guard is dropped.
pub struct Running {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

#[expect(clippy::disallowed_methods, reason = "a test's own task, ended by its guard")]
pub fn listen(config: MailboxConfig, intake: &Arc<Memory>) -> Running {
    let stop = CancellationToken::new();
    let listener = Box::new(ImapListener::new(config).unwrap());
    let task = tokio::spawn(listener.run(intake.clone(), stop.clone()));
    Running { stop, task }
}

impl Running {
    /// Ends it.
    pub async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(WITHIN, self.task).await.expect("it ends when told to").expect("it does not panic");
    }
}
