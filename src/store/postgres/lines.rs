//! The connections that read: a few, taken in turn, every step bounded. One that did not answer is thrown away and asked nothing more.
//!
//! The driver's own pool asks each connection that is given back whether it lives, without a limit. On a line that is dead without saying so
//! that takes as long as the kernel sends again (a quarter of an hour), and after as many reads no connection is left. Here a connection
//! goes back only after its answer; whoever is dropped in the middle drops it; one that has waited a while is asked first, briefly.

use super::connection::CONNECT_WITHIN;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Error, PgConnection};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

/// Who gets no connection within this is told that the database is away.
const TURN_WITHIN: Duration = Duration::from_secs(3);
/// A connection that has waited longer than this is asked whether it lives before it is used.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// One that does not say so within this does not live.
const SIGN_WITHIN: Duration = Duration::from_secs(1);

/// The connections.
#[derive(Clone)]
pub(in crate::store) struct Lines(Arc<Inner>);

struct Inner {
    options: PgConnectOptions,
    /// Those that nobody uses, the last used last, with the time since when.
    waiting: Mutex<Vec<(PgConnection, Instant)>>,
    turns: Arc<Semaphore>,
}

/// One of them, in use. Dropped, its connection is closed; [`Line::give_back`] keeps it for the next one.
pub(in crate::store) struct Line {
    connection: PgConnection,
    home: Arc<Inner>,
    /// Whether it was just made, so that it is the server that is away, if it fails.
    pub(in crate::store) is_new: bool,
    _turn: OwnedSemaphorePermit,
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lines")
    }
}

impl Lines {
    /// At most so many, none of them made yet.
    pub(super) fn new(options: PgConnectOptions, most: usize) -> Self {
        Self(Arc::new(Inner { options, waiting: Mutex::default(), turns: Arc::new(Semaphore::new(most)) }))
    }

    /// None, for ever.
    pub(super) fn none(options: PgConnectOptions) -> Self {
        let lines = Self::new(options, 0);
        lines.0.turns.close();
        lines
    }

    /// One that lives, as far as can be known.
    pub(in crate::store) async fn take(&self) -> Result<Line, Error> {
        let turn = timeout(TURN_WITHIN, self.0.turns.clone().acquire_owned()).await.map_err(|_| Error::PoolTimedOut)?;
        let turn = turn.map_err(|_| Error::PoolClosed)?;
        while let Some((mut connection, since)) = self.last() {
            let lives = since.elapsed() < FRESH_FOR || timeout(SIGN_WITHIN, connection.ping()).await.is_ok_and(|sign| sign.is_ok());
            if lives {
                return Ok(Line { connection, home: self.0.clone(), is_new: false, _turn: turn });
            }
            // The others have waited longer, on the same line to the same server.
            self.forget();
        }
        let connection = timeout(CONNECT_WITHIN, self.0.options.connect()).await.map_err(|_| Error::PoolTimedOut)??;
        Ok(Line { connection, home: self.0.clone(), is_new: true, _turn: turn })
    }

    /// Closes those that nobody uses: the server was away, and they are as dead as the one that failed.
    pub(in crate::store) fn forget(&self) {
        self.0.waiting().clear();
    }

    /// Gives none out any more, and says good-bye on those that nobody uses.
    pub(in crate::store) async fn close(&self) {
        self.0.turns.close();
        let waiting = std::mem::take(&mut *self.0.waiting());
        let all = waiting.into_iter().map(|(connection, _)| connection.close());
        let _ = timeout(SIGN_WITHIN, futures_util::future::join_all(all)).await;
    }

    fn last(&self) -> Option<(PgConnection, Instant)> {
        self.0.waiting().pop()
    }
}

impl Inner {
    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<(PgConnection, Instant)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// To ask by. After an error that is not the database's own word, or no answer, drop it.
    pub(in crate::store) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Keeps it for the next one.
    pub(in crate::store) fn give_back(self) {
        if !self.home.turns.is_closed() {
            self.home.waiting().push((self.connection, Instant::now()));
        }
    }
}
