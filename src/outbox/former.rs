//! What a former run of this node left behind: its lanes and claimed work, and work of lanes that nobody runs any more.
//!
//! Given back and moved at the start, before any lane is leased. A database that does not write then (its disk is full) stops no start:
//! what comes in goes to the spool, and this is done as soon as it writes again, still before any lane is leased.

use crate::progress::routes::Routes;
use crate::store::{Store, StoreError};
use domain::channel::Means;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is tried while the database does not write.
const TRIED_EVERY: Duration = Duration::from_millis(500);

/// What has to be settled.
#[derive(Clone)]
pub struct Former {
    /// The store.
    pub store: Arc<dyn Store>,
    /// This node's name in leases.
    pub node: String,
    /// The lanes that there are now.
    pub routes: Arc<Routes>,
}

impl Former {
    /// Settles it. False when the store is away.
    pub async fn settled_or_away(&self) -> Result<bool, StoreError> {
        match self.settle().await {
            Ok(()) => Ok(true),
            Err(error @ (StoreError::Busy | StoreError::Unavailable)) => {
                tracing::warn!(error = %error, "what a former run left behind is given back when the database writes; nothing is sent before");
                Ok(false)
            }
            Err(error @ (StoreError::Failed { .. } | StoreError::Damaged { .. })) => Err(error),
        }
    }

    /// Settles it as soon as it can be; false when it is time to stop first.
    pub(super) async fn settle_in_the_end(&self, stopping: &CancellationToken) -> bool {
        loop {
            match self.settle().await {
                Ok(()) => return true,
                Err(error) => tracing::warn!(error = %error, "what a former run left behind was not given back yet"),
            }
            if tokio::time::timeout(TRIED_EVERY, stopping.cancelled()).await.is_ok() {
                return false;
            }
        }
    }

    async fn settle(&self) -> Result<(), StoreError> {
        self.store.release_lanes(self.node.clone()).await?;
        for means in Means::ALL {
            let lanes = self.routes.lanes().map(|lane| lane.key.clone()).collect();
            self.store.move_work(lanes, means, self.routes.for_means(means).key.clone()).await?;
        }
        Ok(())
    }
}
