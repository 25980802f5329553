//! Keeps a mailbox read: connects, looks into every folder, waits for news, and begins again whenever the line breaks.
//!
//! News from the server (IDLE) is a hint only: every folder is looked into after each connection and once in every
//! `sweep`, whatever the server says. Nothing that a mail or a server does ends the listener; only the shell does.

use super::connect::{self, Mailbox};
use super::folder::{Look, Moving, Suspect};
use super::mailbox::{Fault, MailboxConfig, MailboxError, Step, timed};
use super::thread::Own;
use crate::contract::{BoxFuture, Intake, Listener};
use async_imap::extensions::idle::IdleResponse;
use async_imap::types::UnsolicitedResponse;
use domain::id::AccountKey;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

/// Reads one mailbox.
#[derive(Clone)]
pub struct ImapListener {
    config: MailboxConfig,
    own: Own,
    tls: TlsConnector,
}

/// What the server can do beyond the least.
#[derive(Debug, Clone, Copy)]
struct Abilities {
    idle: bool,
    moving: Moving,
}

impl ImapListener {
    /// Checks the configuration; opens no connection yet.
    pub fn new(config: MailboxConfig) -> Result<Self, MailboxError> {
        config.check()?;
        let tls = connect::tls().map_err(|source| MailboxError::Tls { account: config.account.clone(), source })?;
        let own = Own::new(&config.address, config.authserv.as_deref());
        Ok(Self { config, own, tls })
    }

    async fn keep_reading(self, intake: Arc<dyn Intake>) {
        let mut suspect = Suspect::default();
        let (first, longest) = self.config.reconnect;
        let mut delay = first;
        loop {
            let mut was_read = false;
            let fault = match self.session(&*intake, &mut suspect, &mut was_read).await {
                Ok(never) => match never {},
                Err(fault) => fault,
            };
            delay = if was_read { first } else { delay };
            tracing::warn!(account = %self.config.account, %fault, "the mailbox is read again soon");
            tokio::time::sleep(jittered(delay)).await;
            delay = (delay * 2).min(longest);
        }
    }

    /// One connection, until it breaks.
    async fn session(&self, intake: &dyn Intake, suspect: &mut Suspect, was_read: &mut bool) -> Result<std::convert::Infallible, Fault> {
        let mut mailbox = connect::open(&self.config, &self.tls).await?;
        let can = self.abilities(&mut mailbox).await?;
        tracing::info!(account = %self.config.account, idle = can.idle, "the mailbox is being read");
        loop {
            let mut came = 0;
            // The inbox last: it stays open while waiting.
            for folder in self.config.junk.iter().chain([&self.config.inbox]) {
                let mut look = Look { config: &self.config, own: &self.own, intake, suspect: &mut *suspect, can_move: can.moving };
                let taken = look.take_in(&mut mailbox, folder).await?;
                came += taken;
                if taken > 0 {
                    tracing::info!(account = %self.config.account, folder, taken, "mails were taken in");
                }
            }
            *was_read = true;
            // What came while others were moved was told in between: looked for before waiting.
            if came == 0 {
                mailbox = self.wait(mailbox, can.idle).await?;
            }
        }
    }

    async fn abilities(&self, mailbox: &mut Mailbox) -> Result<Abilities, Fault> {
        let said = timed(self.config.timeout, Step::Greeting, mailbox.capabilities()).await?;
        let moving = match (said.has_str("MOVE"), said.has_str("UIDPLUS")) {
            (true, _) => Moving::Move,
            (false, true) => Moving::Expunge,
            (false, false) => Moving::Mark,
        };
        Ok(Abilities { idle: said.has_str("IDLE"), moving })
    }

    /// Waits for news, at most until the next look is due.
    async fn wait(&self, mut mailbox: Mailbox, idle: bool) -> Result<Mailbox, Fault> {
        if !idle {
            tokio::time::sleep(self.config.sweep).await;
            timed(self.config.timeout, Step::Idle, mailbox.noop()).await?;
            return Ok(mailbox);
        }
        let told = mailbox.unsolicited_responses.clone();
        let mut handle = mailbox.idle();
        timed(self.config.timeout, Step::Idle, handle.init()).await?;
        // What the server had to tell since the look stands before its word that it waits.
        let came_before = std::iter::from_fn(|| told.try_recv().ok()).any(|told| matches!(told, UnsolicitedResponse::Exists(_)));
        if !came_before {
            let (news, _interrupt) = handle.wait_with_timeout(self.config.sweep);
            match tokio::time::timeout(self.config.sweep, news).await {
                Ok(Ok(IdleResponse::ManualInterrupt)) => return Err(Fault::Broken(Step::Idle)),
                Ok(Ok(IdleResponse::NewData(_) | IdleResponse::Timeout)) | Err(_) => {}
                Ok(Err(error)) => return Err(Fault::of(&error, Step::Idle)),
            }
        }
        timed(self.config.timeout, Step::Idle, handle.done()).await
    }
}

impl Listener for ImapListener {
    fn account(&self) -> &AccountKey {
        &self.config.account
    }

    /// Everything that is under way may be cut off at any point: what was not durable is still in the mailbox.
    fn run(self: Box<Self>, intake: Arc<dyn Intake>, stop: CancellationToken) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            tokio::select! {
                () = self.keep_reading(intake) => {}
                () = stop.cancelled() => {}
            }
        })
    }
}

/// Between half and the whole of a delay, so that many who lost the same server do not come back together.
fn jittered(delay: Duration) -> Duration {
    let draw = RandomState::new().build_hasher().finish() % 512;
    delay.mul_f64(0.5 + draw as f64 / 1024.0)
}
