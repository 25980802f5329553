//! The writer: the one task that writes.
//!
//! It owns its connection and every write transaction, so no caller's future, dropped midway, can leave one open. What waits in
//! the queue is folded into one transaction; whoever waited is answered only after the commit. A batch that breaks the
//! database is halved until the one bad commit is alone with its error.

use super::apply::{self, Answer, Broken, Request};
use super::joined::Joined;
use crate::store::StoreError;
use domain::id::ConversationId;
use sqlx::{Connection, SqliteConnection};
use std::fs::File;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// How many requests may wait. At 4,000 commits a second that is a second of waiting: who comes later is better told 503.
pub const QUEUE_MOST: usize = 4096;

/// How many requests go into one transaction.
pub const BATCH_MOST: usize = 512;

/// How often others are let run before a batch is closed: with a few rounds the tasks that were answered last have put their next
/// commits into the queue, and the batch is full instead of half empty.
const YIELDS: usize = 4;

/// What is told of each commit: the tips that changed.
pub type OnCommit = Arc<dyn Fn(&[ConversationId]) + Send + Sync>;

/// A request and who waits for the answer.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) request: Request,
    pub(super) answer: oneshot::Sender<Result<Answer, StoreError>>,
}

/// What comes through the queue.
#[derive(Debug)]
pub(super) enum Order {
    /// Something to write.
    Write(Box<Waiting>),
    /// Write what was ordered before, then close.
    Close,
}

/// The writer's own things.
pub(super) struct Writer {
    pub(super) connection: SqliteConnection,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) on_commit: OnCommit,
    pub(super) joined: Joined,
    /// Held until the connection is closed, so that no other process opens the database before.
    pub(super) lock: File,
    /// Dropped last: whoever closes waits for that.
    pub(super) alive: watch::Sender<()>,
}

impl Writer {
    /// Writes until it is told to close or nobody is left who could order.
    pub(super) async fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH_MOST);
        let mut closing = false;
        while !closing {
            closing = self.gather(&mut batch).await;
            // Nobody waits for these any more: their callers gave up and went another way (the spool), behind which they must not come out.
            batch.retain(|waiting| !waiting.answer.is_closed());
            if !batch.is_empty() {
                self.write(std::mem::take(&mut batch)).await;
            }
        }
        self.orders.close();
        while let Some(order) = self.orders.recv().await {
            if let Order::Write(waiting) = order {
                let _ = waiting.answer.send(Err(StoreError::Unavailable));
            }
        }
        if let Err(error) = self.connection.close().await {
            tracing::warn!(error = &error as &(dyn std::error::Error + 'static), "the database did not close in good order");
        }
        drop(self.lock);
        drop(self.alive);
    }

    /// Waits for something to write and takes what else is there. True when it is time to close.
    async fn gather(&mut self, batch: &mut Vec<Waiting>) -> bool {
        match self.orders.recv().await {
            Some(Order::Write(waiting)) => batch.push(*waiting),
            Some(Order::Close) | None => return true,
        }
        for _ in 0..=YIELDS {
            while batch.len() < BATCH_MOST {
                match self.orders.try_recv() {
                    Ok(Order::Write(waiting)) => batch.push(*waiting),
                    Ok(Order::Close) => return true,
                    Err(_) => break,
                }
            }
            if batch.len() == BATCH_MOST {
                break;
            }
            tokio::task::yield_now().await;
        }
        false
    }

    /// Writes a batch; halves it as long as one of it breaks the database.
    async fn write(&mut self, batch: Vec<Waiting>) {
        let mut groups = vec![batch];
        while let Some(mut group) = groups.pop() {
            let requests: Vec<&Request> = group.iter().map(|waiting| &waiting.request).collect();
            match apply::apply(&mut self.connection, &mut self.joined, &requests).await {
                Ok(applied) => {
                    for (waiting, answer) in group.into_iter().zip(applied.answers) {
                        let _ = waiting.answer.send(answer);
                    }
                    if !applied.changed.is_empty() {
                        (self.on_commit)(&applied.changed);
                    }
                }
                Err(Broken::ByOne(_)) if group.len() > 1 => {
                    let second = group.split_off(group.len() / 2);
                    groups.push(second);
                    groups.push(group);
                }
                Err(Broken::ByOne(error) | Broken::ForAll(error)) => {
                    let cause: &(dyn std::error::Error + 'static) = error.as_ref();
                    tracing::error!(error = cause, requests = group.len(), "a batch could not be written");
                    for waiting in group {
                        let source = Box::new(Arc::clone(&error));
                        let _ = waiting.answer.send(Err(StoreError::Failed { operation: waiting.request.name(), source }));
                    }
                }
            }
        }
    }
}
