//! News of an attempt: merged into its evidence, appended as receipts, and put before the rules.
//!
//! The evidence is a lattice, so the order of news does not matter; `once` keeps a repeated callback from being counted
//! twice. A callback may come before the send has returned: the attempt's intent was committed before the carrier was called.

use super::obligation::AttemptChange;
use super::{MOST_REPEATS, Progress, ProgressError, Tried};
use crate::audit::{Action, Actor};
use crate::store::commit::Once;
use crate::store::rows::{AttemptRow, Owner, TaskKind, TaskRow};
use crate::store::{Outcome, Write};
use crate::telemetry::traces;
use domain::dispatch::evidence::ReceiptKind;
use domain::dispatch::{delivery, obligation};
use domain::id::{AttemptId, TaskId};
use domain::voice::enduser_call::EnduserCall;
use std::borrow::Cow;
use tracing::Instrument;

/// News of one attempt.
#[derive(Debug, Clone, Default)]
pub struct News {
    /// What makes it happen once.
    pub once: Option<Once>,
    /// The carrier's id, learnt with it.
    pub provider_id: Option<String>,
    /// What it says, in order.
    pub kinds: Vec<ReceiptKind>,
    /// Who is behind it, when it is not who its kind says.
    pub actor: Option<Actor>,
    /// What else belongs into the record.
    pub actions: Vec<(Actor, Action)>,
    /// Rows that belong to it, committed with it.
    pub writes: Vec<Write>,
    /// Where the call stands now; only with `version`.
    pub call: Option<EnduserCall>,
    /// The attempt's version that the news was made from; another one is [`Took::Stale`]. `None` merges into whatever is there.
    pub version: Option<i64>,
}

/// What became of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Took {
    /// Durable.
    Taken,
    /// Known already; nothing was changed.
    Known,
    /// There is no such attempt.
    NoAttempt,
    /// The attempt has another version than the news was made from: read and decide again.
    Stale,
}

/// After so many conflicts the carrier's id is left out: should another attempt hold it (a sighting that was taken for it), the news must
/// not wait for that. The attempt's own id in the callback's address is what it is known by.
pub(super) const ID_REPEATS: u32 = 3;

impl Progress {
    /// Takes news of an attempt.
    pub async fn news(&self, attempt: AttemptId, news: News) -> Result<Took, ProgressError> {
        self.take_news(attempt, news).instrument(traces::receipt(attempt)).await
    }

    async fn take_news(&self, attempt: AttemptId, news: News) -> Result<Took, ProgressError> {
        for repeat in 0..MOST_REPEATS {
            let Some(row) = self.store.attempt(attempt).await? else { return Ok(Took::NoAttempt) };
            if news.version.is_some_and(|version| version != row.version) {
                return Ok(Took::Stale);
            }
            traces::about(row.conversation);
            let owner = row.owner;
            let news = self.unknown_once(&row, &news).await?;
            let change = self.merged(row, &news, repeat < ID_REPEATS);
            if news.once.is_none() && change.row.is_none() && change.actions.is_empty() {
                return Ok(Took::Known);
            }
            let tried = match owner {
                Owner::Obligation(id) => {
                    let Some(owner) = self.store.obligation(id).await? else { return Ok(Took::NoAttempt) };
                    let event = obligation::Event::News { attempt, evidence: Default::default() };
                    self.try_obligation(owner, event, change, news.once.clone(), None).await?
                }
                Owner::Message(id) => {
                    let Some(owner) = self.store.message(id).await? else { return Ok(Took::NoAttempt) };
                    let event = delivery::Event::News { attempt, evidence: Default::default() };
                    self.try_message(owner, event, change, news.once.clone()).await?
                }
            };
            match tried {
                Tried::Done((Outcome::Duplicate, _)) => return Ok(Took::Known),
                Tried::Done(_) => return Ok(Took::Taken),
                Tried::Again => {}
            }
        }
        Err(ProgressError::Contended)
    }

    /// A status that nobody here knows is kept once a word, and raised once an attempt: a poll brings the same again and again.
    async fn unknown_once<'a>(&self, row: &AttemptRow, news: &'a News) -> Result<Cow<'a, News>, ProgressError> {
        let is_unknown = |kind: &ReceiptKind| matches!(kind, ReceiptKind::Unrecognised(_));
        if !news.kinds.iter().any(is_unknown) {
            return Ok(Cow::Borrowed(news));
        }
        let known = self.store.receipts(row.conversation).await?;
        let known: Vec<_> = known.into_iter().filter(|receipt| receipt.attempt == row.id && is_unknown(&receipt.kind)).collect();
        let mut news = news.clone();
        news.kinds.retain(|kind| !is_unknown(kind) || known.iter().all(|receipt| receipt.kind != *kind));
        if known.is_empty() {
            let now = self.clock.now();
            let (about, obligation) = match row.owner {
                Owner::Obligation(id) => ("telling an enduser", Some(id)),
                Owner::Message(_) => ("an answer to the reporter", None),
            };
            news.writes.push(Write::Task(TaskRow {
                kind: TaskKind::Look,
                due_at: None,
                id: TaskId::new(self.entropy.ordered(now)),
                conversation: row.conversation,
                obligation,
                what: format!(
                    "The carrier says something about {about} that this program does not know: see the tip, and ask the operator."
                ),
                created_at: now,
            }));
        }
        Ok(Cow::Owned(news))
    }

    /// The attempt with the news merged; no row when nothing changed.
    fn merged(&self, mut row: AttemptRow, news: &News, learns_id: bool) -> AttemptChange {
        // News that waited in the spool is as old as it is.
        let now = news.once.as_ref().map_or_else(|| self.clock.now(), |once| once.at);
        let before = row.clone();
        let receipts: Vec<_> = news
            .kinds
            .iter()
            .filter(|kind| {
                // News that is older than what is known puts the time right, and is no receipt of its own.
                let held = row.evidence.holds(kind);
                row.evidence.merge(kind, now) && !held || matches!(kind, ReceiptKind::WrongKey | ReceiptKind::Unrecognised(_))
            })
            .cloned()
            .collect();
        if row.provider_id.is_none() && learns_id {
            row.provider_id.clone_from(&news.provider_id);
        }
        if let Some(call) = &news.call {
            row.call = Some(call.clone());
        }
        let changed = row != before || !receipts.is_empty();
        AttemptChange {
            row: (changed || news.once.is_some()).then_some(row),
            receipts,
            actions: news.actions.clone(),
            actor: news.actor.clone(),
            writes: news.writes.clone(),
        }
    }
}
