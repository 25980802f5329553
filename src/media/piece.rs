//! One medium from where it stands to its end: fetched, kept, copied, deleted at the carrier.
//!
//! Each step ends in one commit that says what is true now, after the file that it speaks of is on the disk; so a crash anywhere repeats a
//! step and loses nothing. Only when the original is durable here is the carrier's deleted.

use super::copy::{self, Plan, Refused};
use super::files::File;
use super::worker::{FETCH_MOST, Worker};
use super::{kind, lane};
use crate::audit::{Action, Actor, Entry};
use crate::progress::routes::{MEDIA_TURN, rank};
use crate::store::rows::{AttachmentRow, AttachmentState, SafeCopy, WorkId, WorkRow};
use crate::store::{Commit, Outcome, StoreError, Write};
use crate::vault::{ConversationKey, DoesNotOpen};
use adapters::contract::FetchError;
use domain::exchange::MediaRole;
use domain::id::AttachmentId;
use domain::sealed::Words;
use jiff::{SignedDuration, Timestamp};
use std::io::ErrorKind;
use std::time::Duration;

/// How long a carrier is asked again before a medium counts as lost, or its deletion is given up.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// The first pause between two tries; each doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// The pause after the worker could not be started.
const NO_WORKER_PAUSE: Duration = Duration::from_secs(60);
/// The pause while the folder of files takes nothing: somebody makes room, and then it should not be waited for long.
const NO_ROOM_PAUSE: Duration = Duration::from_secs(10);
/// A medium has four steps; more means that others keep changing it.
const MOST_STEPS: u32 = 16;

/// Why a piece was not worked off.
#[derive(Debug, thiserror::Error)]
pub(super) enum PieceError {
    #[error("a medium's row was not read or written")]
    Store(#[from] StoreError),
    #[error("a medium's file was not read or written")]
    Files(#[from] std::io::Error),
    #[error("a medium's address or key does not open")]
    Sealed(#[from] DoesNotOpen),
    #[error("a medium met a conflict every time")]
    Contended,
}

/// What comes after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Look at the row again, and go on.
    Again,
    /// Nothing now: it is finished, or its work has a later time.
    Enough,
}

/// A medium with what it takes to work on it.
struct Piece<'a> {
    worker: &'a Worker,
    row: AttachmentRow,
    key: ConversationKey,
}

/// Works off a medium, as far as is possible now.
pub(super) async fn run(worker: &Worker, id: AttachmentId) -> Result<(), PieceError> {
    for _ in 0..MOST_STEPS {
        let Some(row) = worker.store.attachment(id).await? else { return over(worker, id).await };
        let Some(tip) = worker.store.conversation(row.conversation).await? else { return over(worker, id).await };
        if !row.is_unfinished() {
            return over(worker, id).await;
        }
        let key = worker.vault.unwrap_key(row.conversation, &tip.key)?;
        if (Piece { worker, row, key }).step().await? == Next::Enough {
            return Ok(());
        }
    }
    Err(PieceError::Contended)
}

/// Not now, for a reason that is not the medium's: its work has a later time, nothing else changes.
pub(super) async fn put_off(worker: &Worker, id: AttachmentId) -> Result<(), PieceError> {
    let run_at = worker.in_a_while(NO_ROOM_PAUSE);
    let work = WorkRow { id: WorkId::Attachment(id), lane: lane(), rank: rank(None, MEDIA_TURN, 0), due_at: run_at, run_at };
    worker.store.commit(Commit { writes: vec![Write::Work(work)], ..Commit::default() }).await?;
    worker.wake.at(&lane(), run_at);
    Ok(())
}

/// There is nothing to do: the work goes.
async fn over(worker: &Worker, id: AttachmentId) -> Result<(), PieceError> {
    worker.store.commit(Commit { writes: vec![Write::WorkDone(WorkId::Attachment(id))], ..Commit::default() }).await?;
    Ok(())
}

impl Piece<'_> {
    async fn step(self) -> Result<Next, PieceError> {
        match self.row.state.clone() {
            AttachmentState::Waiting { tried } => self.fetch(tried).await,
            AttachmentState::Kept { kind, bytes, copy: SafeCopy::Pending } => self.copy(kind, bytes).await,
            AttachmentState::Kept { copy: SafeCopy::Ready { .. } | SafeCopy::Impossible { .. }, .. } => self.delete().await,
            AttachmentState::Lost { .. } => Ok(Next::Enough),
        }
    }

    async fn fetch(self, tried: u32) -> Result<Next, PieceError> {
        let most = self.worker.most_bytes;
        match self.ask_carrier(most).await? {
            Ok(bytes) => {
                self.worker.files.put(self.row.id, File::Original, &self.key, &bytes).await?;
                let kind = kind::of(&bytes).to_owned();
                let copy = first_copy(self.row.role, &kind);
                let state = AttachmentState::Kept { kind, bytes: bytes.len() as u64, copy };
                self.settle(state, "kept", |attachment| Action::AttachmentKept { attachment }).await
            }
            Err(FetchError::Later(_)) if !self.patience_is_over().await? => {
                let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(tried.min(16))).min(LONGEST_PAUSE);
                self.later(AttachmentState::Waiting { tried: tried.saturating_add(1) }, pause).await
            }
            Err(FetchError::Later(why)) => self.lost(format!("the carrier did not give it for a day: {why}")).await,
            Err(FetchError::Never(why)) => self.lost(why.to_owned()).await,
            Err(FetchError::TooLarge(most)) => {
                self.lost(format!("it is larger than {} MB, the most that is taken", most.div_ceil(1024 * 1024))).await
            }
        }
    }

    async fn ask_carrier(&self, most: usize) -> Result<Result<Vec<u8>, FetchError>, PieceError> {
        let Some(url) = self.url()? else { return Ok(Err(FetchError::Never("its address was not kept"))) };
        let Some(carrier) = self.worker.carriers.get(&self.row.account) else {
            return Ok(Err(FetchError::Later("its account is not in the configuration".to_owned())));
        };
        let fetched = tokio::time::timeout(FETCH_MOST, carrier.fetch(&url, most)).await;
        let fetched = fetched.unwrap_or_else(|_| Err(FetchError::Later("the carrier came to no end".to_owned())));
        if let Err(error) = &fetched {
            tracing::warn!(error = %error, account = %self.row.account, "a medium was not fetched");
        }
        Ok(fetched.map(|fetched| fetched.bytes))
    }

    async fn copy(self, kind: String, bytes: u64) -> Result<Next, PieceError> {
        let original = match copy::plan(&kind) {
            Plan::Never(why) => return self.no_copy(kind, bytes, why.to_owned()).await,
            Plan::Picture(_) | Plan::Sound => match self.worker.files.get(self.row.id, File::Original, &self.key).await {
                // Damaged on the disk: as good as gone.
                Err(error) if error.kind() == ErrorKind::InvalidData => None,
                read => read?,
            },
        };
        let Some(original) = original else { return self.original_is_gone().await };
        let began = std::time::Instant::now();
        let made = match self.worker.copier.copy(&original).await {
            Ok(made) => made,
            Err(error) => {
                tracing::error!(error = %error, "the worker that decodes pictures could not be started; trying again");
                let state = self.row.state.clone();
                return self.later(state, NO_WORKER_PAUSE).await;
            }
        };
        metrics::histogram!(crate::telemetry::metric::MEDIA_COPY_SECONDS).record(began.elapsed().as_secs_f64());
        match made {
            Ok(made) => {
                self.worker.files.put(self.row.id, File::Copy, &self.key, &made.bytes).await?;
                let length = made.bytes.len() as u64;
                let copy = SafeCopy::Ready { kind: made.kind.to_owned(), bytes: length, width: made.width, height: made.height };
                self.settle(AttachmentState::Kept { kind, bytes, copy }, "copied", |attachment| Action::CopyMade { attachment }).await
            }
            Err(refused) => {
                if let Refused::Broke | Refused::TooSlow = refused {
                    tracing::warn!(reason = %refused, "a picture broke the worker that decodes them, or was too much for it");
                }
                self.no_copy(kind, bytes, refused.sentence()).await
            }
        }
    }

    async fn no_copy(self, kind: String, bytes: u64, why: String) -> Result<Next, PieceError> {
        let state = AttachmentState::Kept { kind, bytes, copy: SafeCopy::Impossible { why } };
        self.commit(state, "not_copied", Vec::new()).await
    }

    /// The file is not here although the row says so. The carrier may still have it.
    async fn original_is_gone(self) -> Result<Next, PieceError> {
        tracing::error!(attachment = %self.row.id, "the original of a medium is not in the folder of files, or damaged");
        if self.row.url.is_some() {
            return self.commit(AttachmentState::Waiting { tried: 0 }, "fetched_again", Vec::new()).await;
        }
        self.lost("its file is missing here".to_owned()).await
    }

    /// Deletes it at the carrier: it is here now.
    async fn delete(mut self) -> Result<Next, PieceError> {
        let deleted = match (self.url()?, self.worker.carriers.get(&self.row.account)) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(FetchError::Later("its account is not in the configuration".to_owned())),
            (Some(url), Some(carrier)) => tokio::time::timeout(FETCH_MOST, carrier.delete(&url))
                .await
                .unwrap_or_else(|_| Err(FetchError::Later("the carrier came to no end".to_owned()))),
        };
        let word = match deleted {
            Ok(()) => "deleted",
            Err(FetchError::Later(_)) if !self.patience_is_over().await? => {
                let pause = self.age().await?.map_or(FIRST_PAUSE, |age| age / 4).clamp(FIRST_PAUSE, LONGEST_PAUSE);
                let state = self.row.state.clone();
                return self.later(state, pause).await;
            }
            Err(error) => {
                tracing::error!(error = %error, account = %self.row.account, "a medium could not be deleted at the carrier: delete it there by hand");
                "left_at_carrier"
            }
        };
        self.row.url = None;
        let state = self.row.state.clone();
        self.commit(state, word, Vec::new()).await
    }

    async fn lost(self, why: String) -> Result<Next, PieceError> {
        self.settle(AttachmentState::Lost { why }, "lost", |attachment| Action::AttachmentLost { attachment }).await
    }

    /// The next state with its entry in the record.
    async fn settle(self, state: AttachmentState, word: &'static str, action: impl Fn(AttachmentId) -> Action) -> Result<Next, PieceError> {
        let entry =
            Entry { conversation: self.row.conversation, at: self.worker.clock.now(), actor: Actor::System, action: action(self.row.id) };
        self.commit(state, word, vec![entry]).await
    }

    /// The next state; its work goes with the last one.
    async fn commit(mut self, state: AttachmentState, word: &'static str, audit: Vec<Entry>) -> Result<Next, PieceError> {
        self.row.state = state;
        let finished = !self.row.is_unfinished();
        let mut writes = Vec::new();
        if finished {
            writes.push(Write::WorkDone(WorkId::Attachment(self.row.id)));
        }
        writes.push(Write::Attachment(Box::new(self.row)));
        match self.worker.store.commit(Commit { once: None, writes, audit }).await? {
            Outcome::Conflict => Ok(Next::Again),
            Outcome::Committed(_) | Outcome::Duplicate => {
                metrics::counter!(crate::telemetry::metric::MEDIA, "step" => word).increment(1);
                Ok(if finished { Next::Enough } else { Next::Again })
            }
        }
    }

    /// Not now: the state and a later time.
    async fn later(mut self, state: AttachmentState, pause: Duration) -> Result<Next, PieceError> {
        let run_at = self.worker.in_a_while(pause);
        self.row.state = state;
        let id = WorkId::Attachment(self.row.id);
        let work = WorkRow { id, lane: lane(), rank: rank(None, MEDIA_TURN, 0), due_at: run_at, run_at };
        let writes = vec![Write::Attachment(Box::new(self.row)), Write::Work(work)];
        match self.worker.store.commit(Commit { once: None, writes, audit: Vec::new() }).await? {
            Outcome::Conflict => Ok(Next::Again),
            Outcome::Committed(_) | Outcome::Duplicate => {
                metrics::counter!(crate::telemetry::metric::MEDIA, "step" => "later").increment(1);
                self.worker.wake.at(&lane(), run_at);
                Ok(Next::Enough)
            }
        }
    }

    fn url(&self) -> Result<Option<Words>, DoesNotOpen> {
        self.row.url.as_ref().map(|url| self.worker.vault.open_words(&self.key, self.row.id.uuid().as_bytes(), url)).transpose()
    }

    /// How long ago its message came.
    async fn age(&self) -> Result<Option<Duration>, PieceError> {
        let came: Option<Timestamp> = self.worker.store.message(self.row.message).await?.map(|message| message.at);
        Ok(came.and_then(|came| Duration::try_from(self.worker.clock.now().duration_since(came)).ok()))
    }

    async fn patience_is_over(&self) -> Result<bool, PieceError> {
        Ok(self.age().await?.is_some_and(|age| SignedDuration::try_from(age).is_ok_and(|age| age > PATIENCE)))
    }
}

/// What is true of the copy when the original has just come.
pub(crate) fn first_copy(role: MediaRole, kind: &str) -> SafeCopy {
    match (role, copy::plan(kind)) {
        (MediaRole::Raw, _) => SafeCopy::Impossible { why: "The mail as it came is kept sealed.".to_owned() },
        (MediaRole::Shown | MediaRole::Recording, Plan::Never(why)) => SafeCopy::Impossible { why: why.to_owned() },
        (MediaRole::Shown | MediaRole::Recording, Plan::Picture(_) | Plan::Sound) => SafeCopy::Pending,
    }
}
