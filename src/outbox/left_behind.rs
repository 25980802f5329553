//! What a dead node left behind on a lane: attempts whose answer nobody heard. They count as unknown at once, so that the carrier is asked
//! now and not only when the time for asking comes.
//!
//! Of obligations only: a reply to a reporter is not repeated, so nothing is gained by asking early. An attempt of which the carrier has
//! told something meanwhile is in good hands.

use super::{Outbox, work};
use crate::progress::ProgressError;
use crate::store::rows::{AttemptRow, Owner};
use domain::dispatch::obligation::{SendOutcome, State};
use domain::id::LaneKey;
use jiff::{SignedDuration, Timestamp};

/// How far back is looked: whatever is older was asked for long ago.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(1);
/// More than one node has under way on one lane.
const MOST: u32 = 5_000;

/// Asks for what was sent by the lane before it was taken over at `taken_at`.
pub(super) async fn ask(outbox: Outbox, lane: LaneKey, taken_at: Timestamp) {
    let since = taken_at.saturating_sub(LOOKED_BACK).unwrap_or(Timestamp::MIN);
    let attempts = match outbox.progress.store.unanswered(lane.clone(), since, taken_at, MOST).await {
        Ok(attempts) => attempts,
        Err(error) => return tracing::warn!(error = %error, %lane, "what was left behind was not read; it is asked for in its time"),
    };
    let (mut asked, stopping) = (0_usize, outbox.stopping.clone());
    for attempt in attempts {
        let done = tokio::select! { done = unknown(&outbox, &attempt) => done, () = stopping.cancelled() => return };
        match done {
            Ok(true) => asked += 1,
            Ok(false) => {}
            Err(error) => tracing::warn!(error = %error, %lane, "an attempt that was left behind is asked for in its time"),
        }
    }
    if asked > 0 {
        tracing::warn!(%lane, attempts = asked, "the carrier was asked for what a dead node had sent");
    }
}

/// Takes an attempt for unknown, if it is under way and nothing is known of it.
async fn unknown(outbox: &Outbox, attempt: &AttemptRow) -> Result<bool, ProgressError> {
    let Owner::Obligation(id) = attempt.owner else { return Ok(false) };
    if attempt.evidence.taken_at().is_some() || attempt.evidence.ended.is_some() {
        return Ok(false);
    }
    let Some(row) = outbox.progress.store.obligation(id).await? else { return Ok(false) };
    match row.obligation.state {
        State::InFlight { attempt: current, .. } if current == attempt.id => {}
        State::InFlight { .. } | State::Standby { .. } | State::Waiting { .. } => return Ok(false),
        State::Satisfied { .. } | State::Released { .. } | State::Failed { .. } => return Ok(false),
    }
    let reason = "the node that made it ended before the carrier's answer was written down".to_owned();
    let todo = outbox.progress.obligation_sent(attempt.id, SendOutcome::Unknown, None, reason).await?;
    work::follow(outbox, todo, work::Way::default()).await?;
    Ok(true)
}
