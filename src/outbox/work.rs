//! One piece of work, from its timer to the carrier's answer.

use super::Outbox;
use super::compose::ComposeError;
use super::lease::Approach;
use super::pace::Gate;
use crate::links::news_of;
use crate::progress::{News, ProgressError, Todo};
use crate::store::rows::{AttemptRow, Owner, WorkId, WorkRow};
use crate::telemetry::{count, traces};
use adapters::contract::SendError;
use domain::channel::Means;
use domain::dispatch::evidence::opted_out;
use domain::dispatch::obligation::{Obligation, SendOutcome};
use domain::exchange::{Accepted, Outbound, Search, Sighting};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tracing::Instrument;

/// How old something at the carrier must be before a guess may take it for an attempt whose answer was lost: longer than from a carrier's
/// answer to the commit of its id.
const SETTLE_TIME: SignedDuration = SignedDuration::from_secs(5);

/// How often a decision is tried when the store fails, and how long is waited between: 0.1, 0.4 and 1.6 s. After that the lease decides.
const STORE_TRIES: u32 = 4;

/// What a carrier's answer comes to.
struct Answered {
    outcome: SendOutcome,
    code: Option<i64>,
    provider_id: Option<String>,
    reason: String,
}

/// How a piece of work goes to the carrier.
#[derive(Default)]
pub(super) struct Way<'a> {
    /// The gate where its pace counts.
    pub(super) pace: Option<&'a Gate>,
    /// Keeps the lane from being given back; ends where the first attempt is given to the carrier.
    pub(super) approach: Option<Approach>,
}

/// Does it. A failure of ours leaves the work to its lease: it comes back.
pub(super) async fn run(outbox: &Outbox, work: WorkRow, way: Way<'_>) {
    let span = traces::claim(&work.lane);
    all_of(outbox, work, way).instrument(span).await;
}

async fn all_of(outbox: &Outbox, work: WorkRow, way: Way<'_>) {
    let started = start(outbox, &work).await;
    finish(outbox, &work, started, way).await;
}

/// Does what of it needs no sending, while its lane may send nothing.
pub(super) async fn run_held(outbox: &Outbox, work: WorkRow) {
    let progress = &outbox.progress;
    let started = match work.id {
        WorkId::Obligation(id) => progress.obligation_held(id, &work.lane).await,
        WorkId::Message(id) => progress.message_held(id).await,
        WorkId::Attachment(_) | WorkId::Watch(_) => Ok(Vec::new()),
    };
    finish(outbox, &work, started, Way::default()).await;
}

async fn finish(outbox: &Outbox, work: &WorkRow, started: Result<Vec<Todo>, ProgressError>, way: Way<'_>) {
    let result = match started {
        Ok(todo) => follow(outbox, todo, way).await,
        Err(error) => Err(error),
    };
    if let Err(error) = result {
        tracing::warn!(error = %error, lane = %work.lane, "work was not finished; it comes back when its lease ends");
    }
}

/// Lets the rules decide; a store that fails for a moment must not cost a Critical call its whole lease.
async fn start(outbox: &Outbox, work: &WorkRow) -> Result<Vec<Todo>, ProgressError> {
    let mut wait = Duration::from_millis(100);
    for _ in 1..STORE_TRIES {
        match decide(outbox, work).await {
            Ok(todo) => return Ok(todo),
            Err(error) => tracing::warn!(error = %error, "due work was not decided; trying again"),
        }
        tokio::time::sleep(wait).await;
        wait *= 4;
    }
    decide(outbox, work).await
}

async fn decide(outbox: &Outbox, work: &WorkRow) -> Result<Vec<Todo>, ProgressError> {
    match work.id {
        WorkId::Obligation(id) => outbox.progress.obligation_timer(id, &work.lane).await,
        WorkId::Message(id) => outbox.progress.message_timer(id).await,
        // Media have a worker of their own: `media`.
        WorkId::Attachment(_) => Ok(Vec::new()),
        // So have the clocks of tips: `watch`.
        WorkId::Watch(_) => Ok(Vec::new()),
    }
}

/// Does what decisions left to do, and what those lead to.
pub(super) async fn follow(outbox: &Outbox, todo: Vec<Todo>, mut way: Way<'_>) -> Result<(), ProgressError> {
    let mut left = VecDeque::from(todo);
    while let Some(next) = left.pop_front() {
        let span = match &next {
            Todo::SendObligation(_, attempt) | Todo::SendMessage(_, attempt) => {
                traces::attempt(attempt.conversation, attempt.id, attempt.means.as_str())
            }
            Todo::AskObligation(_, attempt) | Todo::AskMessage(_, attempt) => traces::ask(attempt.conversation, attempt.id),
        };
        left.extend(one(outbox, next, &mut way).instrument(span).await?);
    }
    Ok(())
}

async fn one(outbox: &Outbox, next: Todo, way: &mut Way<'_>) -> Result<Vec<Todo>, ProgressError> {
    let progress = &outbox.progress;
    match next {
        Todo::SendObligation(row, attempt) => {
            let answered = match outbox.compose.obligation(&row, &attempt).await {
                Ok(outbound) => send(outbox, &attempt, &outbound, (way, Some(&row.obligation))).await,
                Err(error) => not_composed(&error),
            };
            progress.obligation_sent(attempt.id, answered.outcome, answered.provider_id, answered.reason).await
        }
        Todo::SendMessage(row, attempt) => {
            let answered = match outbox.compose.message(&row, &attempt).await {
                Ok(outbound) => send(outbox, &attempt, &outbound, (way, None)).await,
                Err(error) => not_composed(&error),
            };
            progress.message_sent(attempt.id, answered.outcome, answered.code, answered.provider_id).await
        }
        Todo::AskObligation(row, attempt) => {
            let search = outbox.compose.search_obligation(&row, &attempt).await;
            match ask(outbox, &attempt, search).await? {
                Asked::News => Ok(Vec::new()),
                Asked::Nothing => progress.obligation_asked(attempt.id, true).await,
                Asked::NoAnswer => progress.obligation_asked(attempt.id, false).await,
            }
        }
        Todo::AskMessage(row, attempt) => {
            let search = outbox.compose.search_message(&row, &attempt).await;
            match ask(outbox, &attempt, search).await? {
                Asked::News => Ok(Vec::new()),
                Asked::Nothing => progress.message_asked(attempt.id, true).await,
                Asked::NoAnswer => progress.message_asked(attempt.id, false).await,
            }
        }
    }
}

/// Sends in the lane's turn. `promise` is what the attempt is made for, unless it is an answer to a reporter.
async fn send(outbox: &Outbox, attempt: &AttemptRow, outbound: &Outbound, (way, promise): (&mut Way<'_>, Option<&Obligation>)) -> Answered {
    let Some(sender) = outbox.senders.get(&attempt.lane) else {
        return Answered {
            outcome: SendOutcome::Transient,
            code: None,
            provider_id: None,
            reason: "this lane has no sender in the configuration".to_owned(),
        };
    };
    if let Some(pace) = way.pace {
        pace.until_ready().await;
    }
    // Here it counts: another node may have the lane by now, and sends by it at the same pace.
    if !outbox.leases.lets_send(&attempt.lane, outbox.clock.now()) {
        return Answered {
            outcome: SendOutcome::PutOff,
            code: None,
            provider_id: None,
            reason: "the lane had passed to another node before its turn came; nothing was sent".to_owned(),
        };
    }
    way.approach = None;
    if let Some(promise) = promise {
        count::request(promise, outbox.clock.now());
    }
    // A send must be over before the rules ask what became of it: otherwise a slow carrier is given the same thing twice.
    let deadline = outbox.send_deadline();
    let began = Instant::now();
    let span = traces::send(&attempt.lane);
    let result = tokio::time::timeout(deadline, sender.send(outbound).instrument(span.clone()))
        .await
        .unwrap_or_else(|_| Err(SendError::Unknown { reason: format!("no answer within {} s", deadline.as_secs()) }));
    count::answer(&attempt.lane, began.elapsed());
    if let Err(error @ SendError::Misconfigured { .. }) = &result {
        // Nothing goes out by this account until somebody mends it: the operator has to hear it, whoever is told meanwhile.
        tracing::error!(error = %error, lane = %attempt.lane, "the carrier refuses our account or sender");
    }
    let circuits = outbox.progress.routes.circuits();
    circuits.take(&attempt.lane, news_of(attempt.means, &result), outbox.clock.now());
    let mut answered = answered(result);
    span.record("answer", label(answered.outcome));
    if attempt.means == Means::Mail {
        // Every mail of an obligation carries the same Message-ID, so it cannot be what tells attempts apart.
        answered.provider_id = None;
    }
    metrics::counter!(crate::telemetry::metric::ATTEMPTS, "lane" => attempt.lane.to_string(), "means" => attempt.means.as_str(),
        "answer" => label(answered.outcome))
    .increment(1);
    answered
}

fn answered(result: Result<Accepted, SendError>) -> Answered {
    let reason = result.as_ref().err().map(ToString::to_string).unwrap_or_default();
    let (outcome, code, provider_id) = match result {
        Ok(accepted) => (SendOutcome::Accepted, None, Some(accepted.provider_id.0)),
        Err(SendError::Transient { code, .. } | SendError::Misconfigured { code, .. }) => (SendOutcome::Transient, code, None),
        Err(SendError::Throttled { retry_after }) => {
            (SendOutcome::Throttled(retry_after.and_then(|wait| SignedDuration::try_from(wait).ok())), None, None)
        }
        Err(SendError::Permanent { code, .. }) if opted_out(code) => (SendOutcome::OptedOut, code, None),
        Err(SendError::Permanent { code, .. }) => (SendOutcome::Permanent, code, None),
        Err(SendError::Unknown { .. }) => (SendOutcome::Unknown, None, None),
    };
    Answered { outcome, code, provider_id, reason }
}

fn not_composed(error: &ComposeError) -> Answered {
    tracing::error!(error = %error, "an attempt could not be put together");
    let outcome = match error {
        ComposeError::AddressGone | ComposeError::TipGone => SendOutcome::Permanent,
        ComposeError::TextsForbidden => SendOutcome::OptedOut,
        ComposeError::Store(_) | ComposeError::Sealed(_) => SendOutcome::Transient,
    };
    Answered { outcome, code: None, provider_id: None, reason: error.to_string() }
}

const fn label(outcome: SendOutcome) -> &'static str {
    match outcome {
        SendOutcome::Accepted => "accepted",
        SendOutcome::Transient => "transient",
        SendOutcome::Throttled(_) => "throttled",
        SendOutcome::Permanent => "permanent",
        SendOutcome::OptedOut => "opted_out",
        SendOutcome::Unknown => "unknown",
        SendOutcome::PutOff => "put_off",
    }
}

/// What asking led to.
enum Asked {
    /** News was taken. */
    News,
    /** The carrier has no trace. */
    Nothing,
    /** It could not be asked. */
    NoAnswer,
}

async fn ask(outbox: &Outbox, attempt: &AttemptRow, search: Result<Search, ComposeError>) -> Result<Asked, ProgressError> {
    // Nobody keeps a record of mails that could be asked. A repeat has the same Message-ID and collapses at the reader's end,
    // so for a mail "unknown" leads to a repeat, not to waiting.
    if attempt.means == Means::Mail {
        // What the server took is not looked for: a bounce tells, or nothing does.
        let taken = matches!(attempt.owner, Owner::Message(_)) && attempt.evidence.submitted.is_some();
        return Ok(if taken { Asked::NoAnswer } else { Asked::Nothing });
    }
    let (Ok(search), Some(sender)) = (search, outbox.senders.get(&attempt.lane)) else { return Ok(Asked::NoAnswer) };
    match sender.find(&search).await {
        Ok(sightings) => match ours(outbox, attempt, sightings).await? {
            Ours::This(sighting) => {
                let news = News { provider_id: Some(sighting.provider_id.0), kinds: sighting.news, ..News::default() };
                outbox.progress.news(attempt.id, news).await?;
                Ok(Asked::News)
            }
            Ours::None => Ok(Asked::Nothing),
            Ours::TooYoung => Ok(Asked::NoAnswer),
        },
        Err(error) => {
            tracing::info!(error = %error, lane = %attempt.lane, "the carrier could not be asked about a silent attempt");
            Ok(Asked::NoAnswer)
        }
    }
}

/// What the carrier's record says about an attempt.
enum Ours {
    /** This can only be it. */
    This(Sighting),
    /** There is nothing that could be it. */
    None,
    /** There is something too young to tell whose it is. */
    TooYoung,
}

/// The sighting that can only be this attempt: its own id, or else the earliest that no other attempt has. What another attempt to the same
/// number was given a moment ago may not be on our record yet, so a guess is made only among what has settled.
async fn ours(outbox: &Outbox, attempt: &AttemptRow, mut sightings: Vec<Sighting>) -> Result<Ours, ProgressError> {
    if let Some(id) = &attempt.provider_id {
        return Ok(sightings.into_iter().find(|sighting| sighting.provider_id.0 == *id).map_or(Ours::None, Ours::This));
    }
    let ids = sightings.iter().map(|sighting| sighting.provider_id.0.clone()).collect();
    let known = outbox.progress.store.known_provider_ids(attempt.account.clone(), ids).await?;
    sightings.retain(|sighting| known.iter().all(|(id, owner)| *id != sighting.provider_id.0 || *owner == attempt.id));
    let settled = outbox.clock.now().saturating_sub(SETTLE_TIME).unwrap_or(Timestamp::MIN);
    sightings.sort_by_key(|sighting| sighting.created_at);
    Ok(match sightings.into_iter().next() {
        Some(sighting) if sighting.created_at <= settled => Ours::This(sighting),
        Some(_) => Ours::TooYoung,
        None => Ours::None,
    })
}
