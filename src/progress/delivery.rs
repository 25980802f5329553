//! Events of messages to a reporter: like obligations, without siblings and without a due time.

use super::batch::Batch;
use super::obligation::{AttemptChange, answer_word};
use super::receipt::ID_REPEATS;
use super::routes::{message_turn, rank};
use super::{MOST_REPEATS, Progress, ProgressError, Todo, Tried};
use crate::audit::{Action, Actor};
use crate::store::commit::Once;
use crate::store::rows::{AttemptRow, Author, ContactRow, MessageRow, Owner, ReceiptRow, WorkId};
use crate::store::{Outcome, Store, StoreError, Write};
use domain::channel::{Channel, Means};
use domain::conversation::WayBack;
use domain::dispatch::delivery::{Delivery, Effect, Event};
use domain::dispatch::evidence::{Evidence, ReceiptKind};
use domain::dispatch::obligation::SendOutcome;
use domain::id::{AttemptId, ConversationId, MessageId};
use std::ops::RangeInclusive;

impl Progress {
    /// A message's timer fired.
    pub async fn message_timer(&self, id: MessageId) -> Result<Vec<Todo>, ProgressError> {
        for _ in 0..MOST_REPEATS {
            let Some(row) = self.store.message(id).await? else { return Ok(Vec::new()) };
            let event = if self.is_stopped(&row).await? { Event::Stopped } else { Event::Timer };
            if let Tried::Done((_, todo)) = self.try_message(row, event, AttemptChange::default(), None).await? {
                return Ok(todo);
            }
        }
        Err(ProgressError::Contended)
    }

    /// The same while its lane may send nothing: asking does not wait for it. What is to be sent is left to its lease.
    pub async fn message_held(&self, id: MessageId) -> Result<Vec<Todo>, ProgressError> {
        let row = self.store.message(id).await?;
        let sends = row.is_some_and(|row| matches!(row.delivery, Some(Delivery::Waiting { .. })));
        if sends { Ok(Vec::new()) } else { self.message_timer(id).await }
    }

    /// Whether an analyst's answer still waits for its lane although the reporter has texted STOP meanwhile. The one confirmation of STOP is
    /// the program's, and goes out.
    async fn is_stopped(&self, row: &MessageRow) -> Result<bool, ProgressError> {
        let by_text = matches!(row.channel, Channel::Text | Channel::Whatsapp | Channel::Messenger);
        if !(by_text && matches!(row.author, Author::Staff(_)) && matches!(row.delivery, Some(Delivery::Waiting { .. }))) {
            return Ok(false);
        }
        let tip = self.store.conversation(row.conversation).await?;
        Ok(tip.is_some_and(|tip| tip.conversation.way_back == WayBack::OptedOut))
    }

    /// The carrier answered an attempt at a message (or its answer was lost).
    pub async fn message_sent(
        &self,
        attempt: AttemptId,
        outcome: SendOutcome,
        code: Option<i64>,
        provider_id: Option<String>,
    ) -> Result<Vec<Todo>, ProgressError> {
        for repeat in 0..MOST_REPEATS {
            let Some((mut attempt_row, row)) = self.attempt_and_message(attempt).await? else { return Ok(Vec::new()) };
            let mut change = AttemptChange::default();
            attempt_row.answer = Some(answer_word(outcome).to_owned());
            if outcome == SendOutcome::Accepted {
                if attempt_row.provider_id.is_none() && repeat < ID_REPEATS {
                    attempt_row.provider_id = provider_id.clone();
                }
                if attempt_row.evidence.merge(&ReceiptKind::Submitted, self.clock.now()) {
                    change.receipts.push(ReceiptKind::Submitted);
                }
            }
            change.row = Some(attempt_row);
            if let Tried::Done((_, todo)) = self.try_message(row, Event::Sent { attempt, outcome, code }, change, None).await? {
                return Ok(todo);
            }
        }
        Err(ProgressError::Contended)
    }

    /// The carrier was asked about an attempt and found nothing, or could not be asked.
    pub async fn message_asked(&self, attempt: AttemptId, reached: bool) -> Result<Vec<Todo>, ProgressError> {
        for _ in 0..MOST_REPEATS {
            let Some((mut attempt_row, row)) = self.attempt_and_message(attempt).await? else { return Ok(Vec::new()) };
            let mut change = AttemptChange::default();
            if reached && attempt_row.provider_id.is_none() {
                attempt_row.answer = Some("not_found".to_owned());
                change.row = Some(attempt_row);
            }
            let event = if reached { Event::NotFound { attempt } } else { Event::CouldNotAsk { attempt } };
            if let Tried::Done((_, todo)) = self.try_message(row, event, change, None).await? {
                return Ok(todo);
            }
        }
        Err(ProgressError::Contended)
    }

    pub(super) async fn attempt_and_message(&self, attempt: AttemptId) -> Result<Option<(AttemptRow, MessageRow)>, ProgressError> {
        let Some(attempt) = self.store.attempt(attempt).await? else { return Ok(None) };
        let Owner::Message(id) = attempt.owner else { return Ok(None) };
        Ok(self.store.message(id).await?.map(|row| (attempt, row)))
    }

    /// Decides once and tries to commit.
    pub(super) async fn try_message(
        &self,
        row: MessageRow,
        event: Event,
        change: AttemptChange,
        once: Option<Once>,
    ) -> Result<Tried<(Outcome, Vec<Todo>)>, ProgressError> {
        let now = self.clock.now();
        let Some(before) = row.delivery.clone() else { return Ok(Tried::Done((Outcome::Committed(Default::default()), Vec::new()))) };
        let mut batch = Batch::new(now, once);
        let mut evidence = None;
        if let Some(attempt) = change.row {
            evidence = Some(attempt.evidence.clone());
            for kind in change.receipts {
                batch.write(Write::Receipt(ReceiptRow { attempt: attempt.id, conversation: row.conversation, at: now, kind }));
            }
            batch.write(Write::Attempt(Box::new(attempt)));
        }
        let event = match (event, evidence) {
            (Event::News { attempt, .. }, Some(evidence)) => Event::News { attempt, evidence },
            (event, _) => event,
        };
        let (next, effects) = before.clone().decide(event, now, self.entropy.attempt(), self.entropy.jitter(), &self.policy);
        let lane = self.lane_of(&row).await?;
        let mut todo = Vec::new();
        let changed = MessageRow { delivery: Some(next.clone()), ..row.clone() };
        for effect in effects {
            match effect {
                Effect::Send(attempt) => {
                    let attempt = self.message_attempt(&row, attempt, &lane, now);
                    batch.write(Write::Attempt(Box::new(attempt.clone())));
                    todo.push(Todo::SendMessage(Box::new(changed.clone()), Box::new(attempt)));
                }
                Effect::Ask(attempt) => {
                    if let Some(attempt) = self.store.attempt(attempt).await? {
                        todo.push(Todo::AskMessage(Box::new(row.clone()), Box::new(attempt)));
                    }
                }
                Effect::OptedOut => self.close_way_back(&mut batch, &row, WayBack::OptedOut),
                Effect::Unreachable => self.close_way_back(&mut batch, &row, WayBack::Unreachable),
            }
        }
        if next != before {
            if std::mem::discriminant(&next) != std::mem::discriminant(&before) {
                batch.record(row.conversation, Actor::System, Action::Delivery { message: row.id, state: delivery_word(&next).to_owned() });
            }
            batch.work(WorkId::Message(row.id), &lane.key, rank(None, message_turn(row.author, &next), 0), row.at, next.timer());
            batch.write(Write::Delivery(Box::new(changed)));
        }
        Ok(match self.finish(batch).await? {
            Tried::Done(outcome @ Outcome::Duplicate) => Tried::Done((outcome, Vec::new())),
            Tried::Done(outcome) => Tried::Done((outcome, todo)),
            Tried::Again => Tried::Again,
        })
    }

    fn close_way_back(&self, batch: &mut Batch, row: &MessageRow, to: WayBack) {
        batch.write(Write::WayBack(row.conversation, to));
        batch.record(row.conversation, Actor::System, Action::WayBack { to });
    }

    fn message_attempt(&self, row: &MessageRow, attempt: AttemptId, lane: &super::routes::Lane, now: jiff::Timestamp) -> AttemptRow {
        AttemptRow {
            id: attempt,
            owner: Owner::Message(row.id),
            conversation: row.conversation,
            lane: lane.key.clone(),
            account: lane.account.clone(),
            means: lane.means,
            intended_at: now,
            provider_id: None,
            answer: None,
            evidence: Evidence::default(),
            call: None,
            point: 0,
            version: 0,
        }
    }

    /// The lane that sends this message: of the account by which its reporter wrote last on the message's channel.
    async fn lane_of(&self, row: &MessageRow) -> Result<super::routes::Lane, ProgressError> {
        let contact = contact_for(&*self.store, row).await?;
        let lane = contact.and_then(|contact| self.routes.for_reply(&contact.account, row.channel).cloned());
        Ok(lane.unwrap_or_else(|| self.routes.for_means(Means::Text).clone()))
    }

    /// The reporter has what we wrote between these numbers before them, on one of our own pages: it is seen.
    pub async fn seen(&self, conversation: ConversationId, numbers: RangeInclusive<i64>) -> Result<(), ProgressError> {
        self.were_seen(conversation, numbers, |author| author != Author::Reporter).await
    }

    /// The answers between these numbers were read out to the reporter on a call; the program's words were not.
    pub async fn answers_heard(&self, conversation: ConversationId, numbers: RangeInclusive<i64>) -> Result<(), ProgressError> {
        self.were_seen(conversation, numbers, |author| matches!(author, Author::Staff(_))).await
    }

    async fn were_seen(
        &self,
        conversation: ConversationId,
        numbers: RangeInclusive<i64>,
        of: impl Fn(Author) -> bool,
    ) -> Result<(), ProgressError> {
        let unseen = |row: &MessageRow| {
            numbers.contains(&row.seq) && of(row.author) && !matches!(row.delivery, None | Some(Delivery::Delivered { .. }))
        };
        let after = (numbers.end() - MOST_SEEN).max(numbers.start() - 1).max(0);
        let rows = self.store.messages(conversation, after, u32::try_from(MOST_SEEN).unwrap_or(u32::MAX)).await?;
        for id in rows.iter().filter(|row| unseen(row)).map(|row| row.id) {
            for _ in 0..MOST_REPEATS {
                let Some(row) = self.store.message(id).await? else { break };
                if let Tried::Done(_) = self.try_message(row, Event::Seen, AttemptChange::default(), None).await? {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// How many of the last messages are looked at when a reporter reads: as many as their page shows.
const MOST_SEEN: i64 = 1000;

/// The address that a message goes to: the one that wrote last, else the latest of its channel. A reporter who has moved on to another way still gets there what was
/// written for this one.
pub(crate) async fn contact_for(store: &dyn Store, row: &MessageRow) -> Result<Option<ContactRow>, StoreError> {
    if let Some(last) = store.contact_of(row.conversation).await?.filter(|last| last.channel == row.channel) {
        return Ok(Some(last));
    }
    let contacts = store.contacts(row.conversation).await?;
    Ok(contacts.into_iter().rev().find(|contact| contact.channel == row.channel))
}

/// A delivery's state in a word, for the record and the API.
pub const fn delivery_word(delivery: &Delivery) -> &'static str {
    match delivery {
        Delivery::Waiting { .. } => "waiting",
        Delivery::InFlight { .. } => "sending",
        Delivery::Sent { .. } => "sent",
        Delivery::Delivered { .. } => "delivered",
        Delivery::Kept { .. } => "kept",
        Delivery::Unconfirmed { .. } => "unconfirmed",
        Delivery::Unknown { .. } => "unknown",
        Delivery::Failed { .. } => "failed",
    }
}
