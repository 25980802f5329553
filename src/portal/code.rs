//! One-time codes on their way: drawn, kept as a keyed hash, and sent to the very address that was typed, if it is listed.
//!
//! Asking is answered at once and alike, whether the address is listed or not; looking it up and sending is done here, afterwards. A code
//! is sent at best once: it is no promise, nobody waits for a receipt, and the person can ask again. So it is no obligation, and takes a
//! turn of its lane only when nobody else wants it, or, after a while, one of those that are left beside everything Critical.

use super::Portal;
use crate::desk::Desk;
use crate::lifecycle::Tasks;
use crate::login::throttle;
use crate::outbox::Outbox;
use crate::progress::routes::{BELOW_CRITICAL, Lane};
use crate::store::endusers::{EnduserWrite, LoginCodeRow};
use crate::store::{Commit, StoreError, Write};
use domain::channel::Means;
use domain::directory::Person;
use domain::dispatch::login_words::{LoginFacts, login_mail, login_text};
use domain::exchange::{Content, Mail, Outbound};
use domain::id::{LaneKey, LoginCodeId, PersonKey};
use domain::language::Language;
use domain::sealed::Address;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};

/// For how many minutes a code is good.
pub const MINUTES: u32 = 10;
/// How often a wrong code may be typed before it is over.
pub const MOST_TRIES: u32 = 5;
/// How many codes an address is sent in an hour. With five tries each that is a chance of three in a hundred thousand for a guesser.
const MOST_AN_HOUR: usize = 6;
/// How many codes an address is sent in a day: what a guesser who never tires is held to.
const MOST_A_DAY: usize = 20;
/// How many codes are sent in a minute, to all: one a second, so that a flood of them is no load for a carrier.
const MOST_A_MINUTE: i64 = 60;
/// How many wait to be looked up; then people are asked to come again in a moment.
pub(super) const MOST_WAITING: usize = 256;
/// How many are sent at the same time.
const AT_A_TIME: usize = 4;
/// How long a carrier may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody wants a code.
#[derive(Debug)]
pub(super) struct Wanted {
    /// What the page will send back with the code.
    pub(super) id: LoginCodeId,
    /// What was typed, as an address.
    pub(super) address: Address,
}

/// Looks up, draws and sends.
#[derive(Clone)]
pub(super) struct Post {
    pub(super) desk: Arc<Desk>,
    pub(super) outbox: Outbox,
}

/// Why a code was not sent; for the log, without identities.
#[derive(Debug, thiserror::Error)]
enum NotSent {
    #[error("the store could not be used")]
    Store(#[from] StoreError),
    #[error("no account sends by these means")]
    NoSender,
    #[error("the lane is full of what is Critical")]
    Critical,
    #[error("the carrier did not take it: {0}")]
    Refused(String),
}

impl Post {
    /// Takes what is wanted, in order, until the end.
    pub(super) async fn run(self, mut wanted: mpsc::Receiver<Wanted>, tasks: Tasks) {
        let (stopping, turns) = (tasks.stopping(), Arc::new(Semaphore::new(AT_A_TIME)));
        loop {
            let next = tokio::select! { next = wanted.recv() => next, () = stopping.cancelled() => None };
            let Some(next) = next else { return };
            let Ok(turn) = turns.clone().acquire_owned().await else { return };
            let post = self.clone();
            tasks.spawn_piece("a login code", async move {
                match post.serve(next).await {
                    Ok(what) => metrics::counter!(crate::telemetry::metric::LOGIN_CODES, "what" => what).increment(1),
                    Err(error) => {
                        metrics::counter!(crate::telemetry::metric::LOGIN_CODES, "what" => "failed").increment(1);
                        tracing::warn!(error = %error, "a login code was not sent");
                    }
                }
                drop(turn);
            });
        }
    }

    async fn serve(&self, wanted: Wanted) -> Result<&'static str, NotSent> {
        let index = self.desk.vault.enduser_index(&wanted.address);
        let listed = self.desk.store.persons_at(index).await?;
        let Some((person, means)) = listed.into_iter().find(|(_, means)| Portal::logs_in_by(*means)) else { return Ok("unlisted") };
        let now = self.desk.clock.now();
        if means == Means::Text && self.desk.store.texts_forbidden(index).await?.is_some() {
            return Ok("forbidden");
        }
        if self.is_too_often(&self.desk.store.login_codes_of(index, ago(now, SignedDuration::from_hours(24))).await?, now) {
            return Ok("too_often");
        }
        if self.desk.store.login_codes_since(ago(now, SignedDuration::from_mins(1))).await? >= MOST_A_MINUTE {
            tracing::warn!("more than {MOST_A_MINUTE} login codes are wanted in a minute; the others are not sent");
            return Ok("flood");
        }
        let code = self.desk.vault.draw_short_secret();
        let row = LoginCodeRow {
            id: wanted.id,
            index,
            mac: self.desk.vault.login_code_mac(wanted.id, code.reveal()),
            created_at: now,
            expires_at: now.saturating_add(SignedDuration::from_mins(i64::from(MINUTES))).unwrap_or(now),
            tries: 0,
            version: 0,
        };
        let writes = vec![Write::Enduser(Box::new(EnduserWrite::LoginCode(row)))];
        self.desk.store.commit(Commit { writes, ..Commit::default() }).await?;
        let (language, tls_required) = self.way_to(&person).await?;
        let spaced = code.spaced();
        let facts = LoginFacts { line_name: &self.desk.line.voice.line_name, code: &spaced, minutes: MINUTES, language };
        let content = match means {
            Means::Mail => Content::Mail(Mail { tls_required, ..login_mail(&facts, self.desk.entropy.uuid().simple().to_string()) }),
            Means::Text | Means::Call => Content::Text(login_text(&facts)),
        };
        self.send(means, wanted.address, content).await?;
        Ok("sent")
    }

    fn is_too_often(&self, sent: &[Timestamp], now: Timestamp) -> bool {
        let hour = ago(now, SignedDuration::from_hours(1));
        sent.len() >= MOST_A_DAY || sent.iter().filter(|at| **at > hour).count() >= MOST_AN_HOUR
    }

    /// The person's language, and whether a mail address of theirs takes mail over TLS only.
    async fn way_to(&self, person: &PersonKey) -> Result<(Language, bool), StoreError> {
        let directory = self.desk.directory.read().await?;
        let listed = directory.persons.values().flatten().find(|listed| listed.key == *person);
        let tls_required = |listed: &Person| listed.points(Means::Mail).any(|(_, point)| point.tls_required);
        Ok(listed.map_or((Language::En, false), |listed| (listed.language, tls_required(listed))))
    }

    /// The lane that endusers are told by, or another trusted one that is this node's: there the turn that is taken counts. Without one it goes
    /// all the same; codes are few, whatever is asked for.
    fn lane(&self, means: Means) -> &Lane {
        let (routes, now) = (&self.desk.progress.routes, self.desk.clock.now());
        let usual = routes.for_means(means);
        let counts = |lane: &Lane| lane.per_second.is_none() || self.outbox.leases.lets_send(&lane.key, now);
        if counts(usual) {
            return usual;
        }
        let other = |lane: &&Lane| lane.means == means && routes.circuits().is_closed(&lane.key) && counts(lane);
        routes.lanes().find(other).unwrap_or(usual)
    }

    async fn send(&self, means: Means, to: Address, content: Content) -> Result<(), NotSent> {
        let lane = self.lane(means);
        let sender = self.outbox.senders.get(&lane.key).filter(|_| lane.means == means).ok_or(NotSent::NoSender)?;
        self.turn(&lane.key).await?;
        let outbound = &Outbound { attempt: self.desk.entropy.attempt(), from: lane.from.clone(), to, content };
        match tokio::time::timeout(PATIENCE, sender.send(outbound)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(NotSent::Refused(error.to_string())),
            Err(_) => Err(NotSent::Refused(format!("no answer within {}", throttle::in_words(signed(PATIENCE))))),
        }
    }
}

/// How often an idle turn of the lane is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl Post {
    /// Waits for a turn that nobody else wants; after a while, for one like everybody's, unless something Critical waits for it.
    async fn turn(&self, lane: &LaneKey) -> Result<(), NotSent> {
        let pace = self.outbox.paces.lane(lane);
        let idle = async {
            while !pace.takes_idle_turn() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        if tokio::time::timeout(PATIENCE, idle).await.is_err()
            && let Some(sends) = &pace.sends
        {
            if self.desk.store.waiting(lane.clone(), BELOW_CRITICAL, self.desk.clock.now(), 1).await? > 0 {
                return Err(NotSent::Critical);
            }
            sends.until_ready().await;
        }
        Ok(())
    }
}

fn signed(span: Duration) -> SignedDuration {
    SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX)
}

fn ago(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.saturating_sub(span).unwrap_or(Timestamp::MIN)
}
