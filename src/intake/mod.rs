//! The way in: a verified event becomes durable, then it is answered.
//!
//! `submit` returns only after the commit. A reporter's message opens a tip or joins the one its address belongs to; news of
//! an attempt is merged into its evidence; a call that asks what to do next gets its script. The same event twice changes
//! nothing and is answered like the first time.

mod call_step;
mod known;
mod message;
pub mod receipt_page;

use crate::clock::Clock;
use crate::desk::directory::DirectoryReader;
use crate::entropy::Entropy;
use crate::outbox::compose::Line;
use crate::progress::{News, Progress, ProgressError, Took};
use crate::store::commit::Once;
use crate::store::{Store, StoreError};
use crate::vault::{DoesNotOpen, Vault};
use domain::exchange::{Inbound, Receipt};
use domain::voice::script::Script;
use known::Known;
use std::sync::Arc;

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Durable.
    Stored,
    /// It was there already.
    Known,
    /// It is about an attempt that is not ours; nothing was stored.
    NotOurs,
    /// Durable, and the call goes on with this.
    Script(Script),
}

/// Why an event was not taken. The carrier is told to come again.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The store.
    #[error("the event was not stored")]
    Store(#[from] StoreError),
    /// Deciding met conflicts every time.
    #[error("the event was not applied")]
    Progress(#[from] ProgressError),
    /// A key or row is damaged.
    #[error(transparent)]
    Sealed(#[from] DoesNotOpen),
    /// Others were quicker every time.
    #[error("the message met a conflict every time")]
    Contended,
}

/// The way in.
#[derive(Clone)]
pub struct Intake {
    store: Arc<dyn Store>,
    vault: Arc<Vault>,
    clock: Clock,
    entropy: Entropy,
    progress: Progress,
    directory: DirectoryReader,
    line: Arc<Line>,
    known: Arc<Known>,
}

impl Intake {
    /// Puts the way in together.
    pub fn new(vault: Arc<Vault>, progress: Progress, directory: DirectoryReader, line: Arc<Line>) -> Self {
        Self {
            store: progress.store.clone(),
            vault,
            clock: progress.clock.clone(),
            entropy: progress.entropy,
            progress,
            directory,
            line,
            known: Arc::default(),
        }
    }

    /// Takes one event. Returns after the commit.
    pub async fn submit(&self, event: Inbound) -> Result<Taken, IntakeError> {
        match event {
            Inbound::Message(message) => self.message(message).await,
            Inbound::Receipt(receipt) => self.receipt(receipt).await,
            Inbound::CallStep(step) => self.call_step(step).await,
        }
    }

    async fn receipt(&self, receipt: Receipt) -> Result<Taken, IntakeError> {
        let once = Once { account: receipt.account, key: receipt.once, at: self.clock.now() };
        let news = News { once: Some(once), provider_id: Some(receipt.provider_id.0), kinds: vec![receipt.kind], ..News::default() };
        Ok(match self.progress.news(receipt.attempt, news).await? {
            Took::Taken => Taken::Stored,
            Took::Known | Took::Stale => Taken::Known,
            Took::NoAttempt => Taken::NotOurs,
        })
    }
}
