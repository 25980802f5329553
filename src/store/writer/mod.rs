//! The writer: the task that writes. One for a file, a few for a server.
//!
//! It owns its connection and every write transaction, so no caller's future, dropped midway, can leave one open. What waits in
//! the queue is folded into one transaction; whoever waited is answered only after the commit. A batch that breaks the
//! database is halved until the one bad commit is alone with its error; one that another node was quicker than is decided anew.

mod apply;
mod connection;

pub(super) use apply::{Answer, Cause, Request};
pub(super) use connection::Connection;

use super::news::{Changed, News, OnNews};
use super::postgres::Others;
use crate::store::StoreError;
use crate::telemetry::count;
use apply::Broken;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{Mutex, mpsc, oneshot, watch};

/// How many requests may wait. At 4,000 commits a second that is a second of waiting: who comes later is better told 503.
pub const QUEUE_MOST: usize = 4096;

/// How many requests go into one transaction.
pub const BATCH_MOST: usize = 512;

/// How often others are let run before a batch is closed: with a few rounds the tasks that were answered last have put their next
/// commits into the queue, and the batch is full instead of half empty.
const YIELDS: usize = 4;

/// How often a batch that another node was quicker than is decided anew.
const RACES_MOST: u32 = 10;

/// A request and who waits for the answer.
#[derive(Debug)]
pub(in crate::store) struct Waiting {
    pub(in crate::store) request: Request,
    pub(in crate::store) answer: oneshot::Sender<Result<Answer, StoreError>>,
}

/// What comes through the queue.
#[derive(Debug)]
pub(in crate::store) enum Order {
    /// Something to write.
    Write(Box<Waiting>),
    /// Write what was ordered before, then close.
    Close,
}

/// What waits for a writer; several writers take turns at it.
pub(super) type Orders = Arc<Mutex<mpsc::Receiver<Order>>>;

/// The writer's own things.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) orders: Orders,
    pub(super) on_news: OnNews,
    /// Tells the other nodes, where there are any.
    pub(super) others: Option<Others>,
    /// Dropped last: whoever closes waits for that.
    pub(super) alive: Arc<watch::Sender<()>>,
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
        // Closed by whoever was told, so that no other writer waits here for more.
        let mut orders = self.orders.lock().await;
        while let Some(order) = orders.recv().await {
            if let Order::Write(waiting) = order {
                let _ = waiting.answer.send(Err(StoreError::Unavailable));
            }
        }
        drop(orders);
        self.connection.close().await;
        drop(self.alive);
    }

    /// Waits for something to write and takes what else is there. True when it is time to close.
    async fn gather(&mut self, batch: &mut Vec<Waiting>) -> bool {
        let mut orders = self.orders.lock().await;
        match orders.recv().await {
            Some(Order::Write(waiting)) => batch.push(*waiting),
            Some(Order::Close) | None => {
                orders.close();
                return true;
            }
        }
        for _ in 0..=YIELDS {
            while batch.len() < BATCH_MOST {
                match orders.try_recv() {
                    Ok(Order::Write(waiting)) => batch.push(*waiting),
                    Ok(Order::Close) => {
                        orders.close();
                        return true;
                    }
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
        let mut groups = vec![(batch, 0)];
        while let Some((mut group, races)) = groups.pop() {
            let began = Instant::now();
            let requests: Vec<&Request> = group.iter().map(|waiting| &waiting.request).collect();
            match apply::apply(&mut self.connection, &requests).await {
                Ok(applied) => {
                    count::batch(group.len(), began);
                    for (waiting, answer) in group.into_iter().zip(applied.answers) {
                        let _ = waiting.answer.send(answer);
                    }
                    self.tell(applied.changed);
                }
                Err(Broken::ByRace(_)) if races < RACES_MOST => groups.push((group, races + 1)),
                Err(Broken::ByRace(_) | Broken::ByOne(_)) if group.len() > 1 => {
                    let second = group.split_off(group.len() / 2);
                    groups.push((second, 0));
                    groups.push((group, 0));
                }
                Err(Broken::ByRace(error) | Broken::ByOne(error) | Broken::ForAll(error)) => {
                    let cause: &(dyn std::error::Error + 'static) = error.as_ref();
                    tracing::error!(error = cause, requests = group.len(), "a batch could not be written");
                    for waiting in group {
                        count::store_error(waiting.request.name());
                        let _ = waiting.answer.send(Err(refused(&error, waiting.request.name())));
                    }
                }
            }
        }
    }

    fn tell(&self, changed: Changed) {
        if changed.is_empty() {
            return;
        }
        if let Some(others) = &self.others {
            others.tell(changed.clone());
        }
        // Whoever gave work to a lane of this node has woken it, and knows for when.
        (self.on_news)(&News::Changed(Changed { lanes: Vec::new(), ..changed }));
    }
}

fn refused(cause: &Arc<Cause>, operation: &'static str) -> StoreError {
    if cause.is_away() { StoreError::Unavailable } else { StoreError::Failed { operation, source: Box::new(Arc::clone(cause)) } }
}
