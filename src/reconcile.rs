//! Finds the messages whose webhook never came: asks each carrier what it has, and takes in what is not known (carriers.md 0.1).
//!
//! A webhook that fails is lost at the carrier's side, so this is what makes "nobody is lost" true. A look goes back to the last
//! complete one and a little further; what is known is asked of the store, and the way in refuses what it has all the same. One node at a
//! time does it, by a lease; two at once would do no harm. Words never wait long for pictures that cannot be listed.

mod since_backup;

pub use since_backup::SinceBackup;

use crate::clock::Clock;
use crate::config::Reconcile as Settings;
use crate::entropy::Entropy;
use crate::intake::{Intake, Taken};
use crate::lifecycle::Tasks;
use crate::store::{Store, StoreError};
use adapters::contract::{Inbox, Recorded, SendError};
use domain::exchange::{Inbound, InboundMessage};
use domain::id::{AccountKey, LaneKey};
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How far a look goes back before the last complete one: lists of carriers lag, and their clocks differ from ours.
const OVERLAP: SignedDuration = SignedDuration::from_mins(15);
/// A webhook has this long to come before its message counts as missed; with the carrier's own repeats it takes up to 15 seconds.
const WEBHOOK_PATIENCE: Duration = Duration::from_secs(20);
/// Words do not wait longer than this for a list of their pictures.
const PICTURES_PATIENCE: SignedDuration = SignedDuration::from_mins(5);
/// How many messages one question asks for; further ones are asked for at once.
const BATCH: usize = 1000;
/// More messages than a carrier delivers to one number in a second.
const MOST_IN_A_SECOND: usize = 64_000;
/// The lease of a look outlasts it by this much; then another node may go on.
const LEASE_BEYOND_POLL: SignedDuration = SignedDuration::from_secs(60);

/// Why a look was not complete. The next one goes back as far.
#[derive(Debug, thiserror::Error)]
enum Incomplete {
    #[error("the carrier did not list its messages")]
    Carrier(#[from] SendError),
    #[error("what is known was not looked up")]
    Store(#[from] StoreError),
    #[error("{0} messages were not taken in")]
    NotTaken(usize),
}

/// Looks for missed messages.
#[derive(Clone)]
pub struct Reconcile {
    /// The way in.
    pub intake: Intake,
    /// For the lease, and for what is known.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Clock,
    /// For jitter.
    pub entropy: Entropy,
    /// This node's name in leases.
    pub node: String,
    /// How often, and how far back.
    pub settings: Settings,
}

impl Reconcile {
    /// Starts a task for each account that can list.
    pub fn start(self, inboxes: HashMap<AccountKey, Arc<dyn Inbox>>, tasks: &Tasks) {
        for (account, inbox) in inboxes {
            tasks.spawn("reconcile", self.clone().run(account, inbox, tasks.stopping()));
        }
    }

    async fn run(self, account: AccountKey, inbox: Arc<dyn Inbox>, stopping: CancellationToken) {
        let Ok(lane) = format!("{account}-poll").parse::<LaneKey>() else {
            tracing::error!(%account, "the account's name is too long to look for missed messages; give it a shorter one");
            return;
        };
        let mut looked: Option<Timestamp> = None;
        let mut well = true;
        loop {
            let began = self.clock.now();
            let since = looked.map_or_else(|| before(began, signed(self.settings.look_back)), |at| before(at, OVERLAP));
            let turn = self.turn(&account, inbox.as_ref(), &lane, since);
            let turn = tokio::select! { turn = turn => turn, () = stopping.cancelled() => return };
            match turn {
                Ok(true) => looked = Some(began),
                // Another node's: if it fails, we begin where we stopped ourselves.
                Ok(false) => {}
                Err(ref error) if well => {
                    let cause = std::error::Error::source(error).map(tracing::field::display);
                    tracing::warn!(%account, error = %error, cause, "missed messages could not be looked for; trying on");
                }
                Err(_) => {}
            }
            if turn.is_ok() && !well {
                tracing::info!(%account, "missed messages are looked for again");
            }
            well = turn.is_ok();
            // Between three quarters and five quarters of the time, so that nodes and accounts do not ask in step.
            let pause = self.settings.poll.mul_f64(0.75 + self.entropy.jitter() / 2.0);
            tokio::select! { () = tokio::time::sleep(pause) => {}, () = stopping.cancelled() => return }
        }
    }

    /// Looks, if it is this node's turn.
    async fn turn(&self, account: &AccountKey, inbox: &dyn Inbox, lane: &LaneKey, since: Timestamp) -> Result<bool, Incomplete> {
        if !self.is_ours(lane).await? {
            return Ok(false);
        }
        let restored = SinceBackup::of(&*self.store, account).await?;
        self.look(account, inbox, restored.map_or(since, |at| since.min(before(at, OVERLAP))), BATCH).await?;
        if restored.is_some() {
            SinceBackup::looked(&*self.store, account).await?;
        }
        Ok(true)
    }

    async fn is_ours(&self, lane: &LaneKey) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let until = now.saturating_add(signed(self.settings.poll) + LEASE_BEYOND_POLL).unwrap_or(now);
        Ok(self.store.lease_lanes(vec![lane.clone()], self.node.clone(), now, until).await?.contains(lane))
    }

    /// One look, from `since` to now, in questions for `most` messages.
    async fn look(&self, account: &AccountKey, inbox: &dyn Inbox, mut since: Timestamp, mut most: usize) -> Result<(), Incomplete> {
        let (from, mut recovered, mut failed) = (since, 0, 0);
        let ended = loop {
            let batch = match inbox.since(since, most).await {
                Ok(batch) => batch,
                Err(error) => break Err(error.into()),
            };
            metrics::counter!(crate::telemetry::metric::POLLED, "account" => account.to_string()).increment(batch.len() as u64);
            let last = batch.last().and_then(|message| message.sent_at);
            let is_full = batch.len() >= most;
            let missed = match self.missed(account, batch).await {
                Ok(missed) => missed,
                Err(error) => break Err(error.into()),
            };
            for message in missed {
                match self.take(inbox, message).await {
                    Ok(is_new) => recovered += usize::from(is_new),
                    Err(()) => failed += 1,
                }
            }
            match last {
                Some(last) if is_full && last > since => since = last,
                // A whole batch of one second: the question grows, or it would be asked again without an end.
                Some(_) | None if is_full && most < MOST_IN_A_SECOND => most *= 2,
                Some(_) | None => break Ok(()),
            }
        };
        let ended = match (ended, self.recordings(account, inbox, from).await) {
            (Ok(()), Ok((found, missing))) => {
                recovered += found;
                failed += missing;
                Ok(())
            }
            (Ok(()), Err(error)) | (Err(error), _) => Err(error),
        };
        if recovered > 0 {
            tracing::warn!(%account, recovered, "messages whose webhook never came were taken in; look at the carrier's log of webhooks");
        }
        match ended {
            Ok(()) if failed > 0 => Err(Incomplete::NotTaken(failed)),
            other => other,
        }
    }

    /// Recordings of which neither the step nor the callback was heard; how many were news, and how many could not be taken.
    async fn recordings(&self, account: &AccountKey, inbox: &dyn Inbox, since: Timestamp) -> Result<(usize, usize), Incomplete> {
        let due = before(self.clock.now(), signed(self.settings.poll.min(WEBHOOK_PATIENCE)));
        let listed: Vec<Recorded> = inbox.recordings(since).await?.into_iter().filter(|recorded| recorded.at <= due).collect();
        if listed.is_empty() {
            return Ok((0, 0));
        }
        let keys = listed.iter().map(|recorded| recorded.id.0.clone()).collect();
        let known: HashSet<String> = self.store.known_onces(account.clone(), keys).await?.into_iter().collect();
        let (mut recovered, mut failed) = (0, 0);
        for Recorded { event, .. } in listed.into_iter().filter(|recorded| !known.contains(&recorded.id.0)) {
            let Some(event) = inbox.of_a_reporter(event).await? else { continue };
            match self.intake.submit(Inbound::Caller(event)).await {
                Ok(Taken::Stored(_) | Taken::Spooled(_)) => {
                    metrics::counter!(crate::telemetry::metric::RECOVERED, "account" => account.to_string(), "channel" => "voice")
                        .increment(1);
                    recovered += 1;
                }
                Ok(Taken::Known | Taken::Merged | Taken::NotOurs | Taken::Script(..)) => {}
                Err(error) => {
                    tracing::warn!(error = %error, "a missed recording was not taken in; it comes again with the next look");
                    failed += 1;
                }
            }
        }
        Ok((recovered, failed))
    }

    /// What is not known, and whose webhook should have come by now.
    async fn missed(&self, account: &AccountKey, listed: Vec<InboundMessage>) -> Result<Vec<InboundMessage>, StoreError> {
        let due = before(self.clock.now(), signed(self.settings.poll.min(WEBHOOK_PATIENCE)));
        let due: Vec<InboundMessage> = listed.into_iter().filter(|message| message.sent_at.is_none_or(|sent| sent <= due)).collect();
        if due.is_empty() {
            return Ok(due);
        }
        let keys = due.iter().map(|message| message.provider_id.0.clone()).collect();
        let known: HashSet<String> = self.store.known_onces(account.clone(), keys).await?.into_iter().collect();
        Ok(due.into_iter().filter(|message| !known.contains(&message.provider_id.0)).collect())
    }

    /// Takes one in; whether it was news.
    async fn take(&self, inbox: &dyn Inbox, message: InboundMessage) -> Result<bool, ()> {
        let (channel, account) = (message.channel, message.account.clone());
        let waited_enough = message.sent_at.is_none_or(|sent| sent <= before(self.clock.now(), PICTURES_PATIENCE));
        let message = match inbox.complete(message.clone()).await {
            Ok(whole) => whole,
            // The words count; that there were pictures is said. Where the list has no words there is nothing yet to take in.
            Err(_) if waited_enough && (!message.words.is_empty() || message.media_dropped > 0) => message,
            Err(_) => return Err(()),
        };
        match self.intake.submit(Inbound::Message(Box::new(message))).await {
            Ok(Taken::Stored(_) | Taken::Spooled(_)) => {
                metrics::counter!(crate::telemetry::metric::RECOVERED, "account" => account.to_string(), "channel" => channel.as_str())
                    .increment(1);
                Ok(true)
            }
            Ok(Taken::Known | Taken::Merged | Taken::NotOurs | Taken::Script(..)) => Ok(false),
            Err(error) => {
                tracing::warn!(error = %error, "a missed message was not taken in; it comes again with the next look");
                Err(())
            }
        }
    }
}

fn before(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests;
