//! The way in: a verified event becomes durable, then it is answered.
//!
//! `submit` returns only after the commit. A reporter's message opens a tip or joins the one its address belongs to; news of
//! an attempt is merged into its evidence; a call that asks what to do next gets its script. The same event twice changes
//! nothing and is answered like the first time.

mod answer;
mod belongs;
mod bounce;
mod call_back;
mod call_step;
mod caller;
mod caller_said;
mod codes;
mod enduser_mail;
mod enduser_text;
mod from_spool;
mod known;
mod language;
mod listener;
mod message;
mod pins;
pub mod receipt_page;
pub mod steering;
mod store_message;
mod write;

#[cfg(test)]
pub(crate) mod tests;

use crate::clock::Clock;
use crate::desk::directory::DirectoryReader;
use crate::entropy::Entropy;
use crate::links::elsewhere;
use crate::links::loops::Sent;
use crate::media::files::Files;
use crate::outbox::compose::Line;
use crate::progress::{News, Progress, ProgressError, Took};
use crate::spool::{Letter, Spool, SpoolError};
use crate::store::commit::Once;
use crate::store::{Store, StoreError};
use crate::telemetry::{count, traces};
use crate::vault::{DoesNotOpen, Vault};
use codes::Codes;
use domain::exchange::{CallRef, CallerEvent, CallerNews, Inbound, Receipt};
use domain::id::ConversationId;
use domain::voice::script::{Script, Step};
use jiff::Timestamp;
use known::Known;
use pins::Pins;
use std::sync::Arc;
use std::time::Instant;
use steering::Steering;
use tracing::Instrument;

pub use write::Written;

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Durable, in this tip.
    Stored(ConversationId),
    /// Durable in the spool; a message will be in this tip, unless its address turns out to belong to another.
    Spooled(Option<ConversationId>),
    /// News of an attempt is durable.
    Merged,
    /// It was there already.
    Known,
    /// It is about an attempt that is not ours; nothing was stored.
    NotOurs,
    /// Durable, and the call goes on with this.
    Script(CallRef, Script),
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
    /// A file was not written.
    #[error("a file was not kept")]
    Files(#[source] std::io::Error),
    /// Neither stored nor spooled.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// Many wrong codes are being tried, and many wait already.
    #[error("many codes are being tried at once; try again in a minute")]
    ManyCodes,
}

impl IntakeError {
    /// Whether the store is away, and nothing wrong with the event.
    pub fn store_is_away(&self) -> bool {
        match self {
            IntakeError::Store(error) | IntakeError::Progress(ProgressError::Store(error)) => match error {
                StoreError::Busy | StoreError::Unavailable => true,
                StoreError::Failed { .. } | StoreError::Damaged { .. } => false,
            },
            IntakeError::Progress(ProgressError::Contended)
            | IntakeError::Sealed(_)
            | IntakeError::Contended
            | IntakeError::Files(_)
            | IntakeError::Spool(_)
            | IntakeError::ManyCodes => false,
        }
    }
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
    codes: Arc<Codes>,
    pins: Arc<Pins>,
    steering: Steering,
    drafts: Arc<write::Drafts>,
    files: Files,
    spool: Spool,
}

impl Intake {
    /// Puts the way in together.
    pub fn new(vault: Arc<Vault>, progress: Progress, directory: DirectoryReader, line: Arc<Line>, files: Files, spool: Spool) -> Self {
        Self {
            store: progress.store.clone(),
            vault,
            clock: progress.clock.clone(),
            entropy: progress.entropy,
            progress,
            directory,
            line,
            known: Arc::default(),
            codes: Arc::default(),
            pins: Arc::default(),
            steering: Steering::default(),
            drafts: Arc::default(),
            files,
            spool,
        }
    }

    /// The same, which steers calls that are under way.
    #[must_use]
    pub fn with_steering(self, steering: Steering) -> Self {
        Self { steering, ..self }
    }

    /// For one of several nodes on one database: what was seen lately is believed for a moment only.
    #[must_use]
    pub fn beside_others(self) -> Self {
        Self { known: Arc::new(Known::beside_others()), ..self }
    }

    /// Takes one event. Returns after the commit.
    pub async fn submit(&self, event: Inbound) -> Result<Taken, IntakeError> {
        if let Some(taken) = self.is_link_test(&event).await {
            return Ok(taken);
        }
        match event {
            Inbound::Message(message) => self.message(*message).await,
            Inbound::Receipt(receipt) => self.letter(Letter::Receipt(Box::new(receipt), self.clock.now())).await,
            Inbound::CallStep(step) => {
                let (account, began) = (step.account.clone(), Instant::now());
                let span = traces::accept(&account);
                let taken = self.call_step(step).instrument(span.clone()).await;
                count::taken(&account, began, &taken, &span);
                taken
            }
            Inbound::Caller(event) => {
                let (account, began) = (event.account.clone(), Instant::now());
                let span = traces::accept(&account);
                let taken = self.caller(event).instrument(span.clone()).await;
                count::taken(&account, began, &taken, &span);
                taken
            }
        }
    }

    /// What belongs to a test of a link ends here, before it could be taken for a tip.
    async fn is_link_test(&self, event: &Inbound) -> Option<Taken> {
        let (routes, now) = (&self.progress.routes, self.clock.now());
        let (loops, results) = (&routes.links().loops, &routes.links().results);
        let hang_up = || Script { steps: vec![Step::HangUp] };
        match event {
            Inbound::Message(message) => {
                let (lane, sent) = loops.takes_text(message, routes, &self.vault, now)?;
                if sent == Sent::Elsewhere {
                    elsewhere::came(&*self.store, &lane, now).await;
                }
                Some(Taken::Known)
            }
            Inbound::Receipt(receipt) => loops.is_attempt(receipt.attempt).then_some(Taken::Known),
            Inbound::CallStep(step) => loops.is_attempt(step.attempt).then(|| Taken::Script(CallRef::Attempt(step.attempt), hang_up())),
            Inbound::Caller(CallerEvent { account, provider_id, from, to, news: CallerNews::Started }) => {
                if !loops.takes_call(from, to, results, now) {
                    let lane = elsewhere::expects_call(&*self.store, routes, (from, to), now).await?;
                    elsewhere::came(&*self.store, &lane.key, now).await;
                }
                Some(Taken::Script(CallRef::Caller(self.vault.call_id(account, &provider_id.0)), hang_up()))
            }
            Inbound::Caller(CallerEvent {
                news: CallerNews::Step { .. } | CallerNews::Recording { .. } | CallerNews::Transcript { .. },
                ..
            }) => None,
        }
    }

    pub(super) async fn take_receipt(&self, receipt: Receipt, at: Timestamp) -> Result<Taken, IntakeError> {
        let once = Once { account: receipt.account, key: receipt.once, at };
        let news = News { once: Some(once), provider_id: Some(receipt.provider_id.0), kinds: vec![receipt.kind], ..News::default() };
        Ok(match self.progress.news(receipt.attempt, news).await? {
            Took::Taken => Taken::Merged,
            Took::Known | Took::Stale => Taken::Known,
            Took::NoAttempt => Taken::NotOurs,
        })
    }
}
