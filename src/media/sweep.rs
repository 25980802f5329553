//! What lies in the folder of files and what the rows say, compared at the start and once a day.
//!
//! A file that no row names was written before a commit that never came: it goes when it is a day old. A row whose file is missing is
//! told to the operator, by log and metric; nothing is changed, for the file may come back with the folder it was in.

use super::files::{File, Files};
use crate::clock::Clock;
use crate::store::rows::{AttachmentState, SafeCopy};
use crate::store::{Store, StoreError};
use domain::id::{AttachmentId, LaneKey};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How old a file without a row must be: far older than the slowest commit.
const OLD: SignedDuration = SignedDuration::from_hours(24);
/// How often.
const EVERY: Duration = Duration::from_secs(24 * 3600);
/// How long the sweep is one node's: a little less than until the next.
const LEASE: SignedDuration = SignedDuration::from_hours(23);
/// How often the others look whether that one is gone.
const LOOKED_EVERY: Duration = Duration::from_secs(3600);
/// How many rows are read at once.
const PAGE: u32 = 500;

/// Compares files and rows.
#[derive(Clone)]
pub struct Sweep {
    /// The rows.
    pub store: Arc<dyn Store>,
    /// The files.
    pub files: Files,
    /// The clock.
    pub clock: Clock,
    /// This node's name in leases.
    pub node: String,
}

/// What a sweep found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files that were removed.
    pub removed: u64,
    /// Files that rows name and that are not there.
    pub missing: u64,
}

/// Why a sweep came to no end.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The rows.
    #[error("rows of media were not read")]
    Store(#[from] StoreError),
    /// The files.
    #[error("the folder of files was not read")]
    Files(#[from] std::io::Error),
}

/// The files that a row in this state names.
pub(crate) const fn expected(state: &AttachmentState) -> &'static [File] {
    match state {
        AttachmentState::Waiting { .. } | AttachmentState::Lost { .. } => &[],
        AttachmentState::Kept { copy: SafeCopy::Pending | SafeCopy::Impossible { .. }, .. } => &[File::Original],
        AttachmentState::Kept { copy: SafeCopy::Ready { .. }, .. } => &[File::Original, File::Copy],
    }
}

impl Sweep {
    /// Sweeps now and every day, on one node, until told to stop.
    pub async fn run(self, stopping: CancellationToken) {
        loop {
            if !self.is_ours().await {
                tokio::select! { () = tokio::time::sleep(LOOKED_EVERY) => continue, () = stopping.cancelled() => return }
            }
            let swept = tokio::select! { swept = self.once() => swept, () = stopping.cancelled() => return };
            match swept {
                Ok(Swept { removed, missing }) => {
                    metrics::counter!(crate::telemetry::metric::MEDIA_FILES_REMOVED).increment(removed);
                    metrics::gauge!(crate::telemetry::metric::MEDIA_FILES_MISSING)
                        .set(f64::from(u32::try_from(missing).unwrap_or(u32::MAX)));
                    if missing > 0 {
                        tracing::error!(
                            missing,
                            "files of pictures or recordings are missing: is the folder of data the right one, and whole?"
                        );
                    }
                }
                Err(error) => tracing::warn!(error = %error, "the folder of files was not swept"),
            }
            tokio::select! { () = tokio::time::sleep(EVERY) => {}, () = stopping.cancelled() => return }
        }
    }

    /// Whether this node sweeps today. In doubt it does: two sweeps do no harm.
    async fn is_ours(&self) -> bool {
        let Ok(lane) = "sweep".parse::<LaneKey>() else { return true };
        let now = self.clock.now();
        let until = now.saturating_add(LEASE).unwrap_or(now);
        self.store.lease_lanes(vec![lane.clone()], self.node.clone(), now, until).await.map_or(true, |held| held.contains(&lane))
    }

    /// Sweeps once.
    pub async fn once(&self) -> Result<Swept, SweepError> {
        Ok(Swept { removed: self.remove_strays().await?, missing: self.count_missing().await? })
    }

    async fn remove_strays(&self) -> Result<u64, SweepError> {
        let mut removed = 0;
        for folder in self.files.folders().await? {
            for found in self.files.found(&folder).await? {
                let old = Timestamp::try_from(found.changed).is_ok_and(|at| self.clock.now().duration_since(at) > OLD);
                if !old {
                    continue;
                }
                let stray = match found.of {
                    Some((id, _)) => self.store.attachment(id).await?.is_none(),
                    // The half of a file whose writing was cut off.
                    None => true,
                };
                if stray {
                    self.files.remove_found(&found).await?;
                    removed += 1;
                }
            }
        }
        Ok(removed)
    }

    async fn count_missing(&self) -> Result<u64, SweepError> {
        let mut missing = 0;
        let mut after: Option<AttachmentId> = None;
        loop {
            let rows = self.store.attachments_after(after, PAGE).await?;
            let Some(last) = rows.last() else { return Ok(missing) };
            after = Some(last.id);
            for row in rows {
                for file in expected(&row.state) {
                    if !self.files.is_there(row.id, *file).await? {
                        missing += 1;
                        tracing::error!(attachment = %row.id, file = ?file, "a medium's file is missing");
                    }
                }
            }
        }
    }
}
