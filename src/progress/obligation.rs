//! Events of obligations: decide for one, pass on to its siblings what they must hear, commit all of it together.

use super::batch::{Batch, obligation_rank, told};
use super::receipt::ID_REPEATS;
use super::routes::Lane;
use super::{MOST_REPEATS, Progress, ProgressError, Todo, Tried};
use crate::audit::{Action, Actor};
use crate::store::commit::Once;
use crate::store::rows::{AttemptRow, ObligationRow, Owner, ReceiptRow, WorkId};
use crate::store::{Outcome, Write};
use crate::telemetry::count::Counted;
use domain::directory::Kind;
use domain::dispatch::evidence::{ConfirmedBy, Evidence, ReceiptKind};
use domain::dispatch::obligation::{Context, Effect, Event, Obligation, SendOutcome, State, promised, school_unreachable};
use domain::dispatch::plan::Step;
use domain::id::{AttemptId, LaneKey, ObligationId};
use jiff::Timestamp;
use std::collections::{BTreeSet, VecDeque};

/// A change to the attempt that an event is about, committed with the decision.
#[derive(Default)]
pub(super) struct AttemptChange {
    /// The attempt as read, already changed.
    pub(super) row: Option<AttemptRow>,
    /// Receipts to append.
    pub(super) receipts: Vec<ReceiptKind>,
    /// What to say in the record, besides what the state's change says.
    pub(super) actions: Vec<(Actor, Action)>,
    /// Who is behind the receipts, when it is not who their kind says.
    pub(super) actor: Option<Actor>,
    /// Further rows of the same commit.
    pub(super) writes: Vec<Write>,
}

impl Progress {
    /// An obligation's timer fired, and this lane took it up. When an attempt is to go by another lane, the work is handed over: every attempt
    /// goes out in its lane's turn, at its pace.
    pub async fn obligation_timer(&self, id: ObligationId, on: &LaneKey) -> Result<Vec<Todo>, ProgressError> {
        self.obligation_woken(id, on, Event::Timer).await
    }

    /// The same while the lane may send nothing: breaches, giving up and asking do not wait for it, attempts do.
    pub async fn obligation_held(&self, id: ObligationId, on: &LaneKey) -> Result<Vec<Todo>, ProgressError> {
        self.obligation_woken(id, on, Event::Held).await
    }

    async fn obligation_woken(&self, id: ObligationId, on: &LaneKey, event: Event) -> Result<Vec<Todo>, ProgressError> {
        for _ in 0..MOST_REPEATS {
            let Some(row) = self.store.obligation(id).await? else { return Ok(Vec::new()) };
            if let Some(other) = self.hands_over(&row, on) {
                if self.hand_over(row, &other).await? {
                    return Ok(Vec::new());
                }
                continue;
            }
            if let Tried::Done((_, todo)) = self.try_obligation(row, event.clone(), AttemptChange::default(), None, Some(on)).await? {
                return Ok(todo);
            }
        }
        Err(ProgressError::Contended)
    }

    /// The lane that an attempt which is due now should go by, when it is not the one that has the work.
    fn hands_over(&self, row: &ObligationRow, on: &LaneKey) -> Option<LaneKey> {
        let now = self.clock.now();
        let starts = match row.obligation.state {
            State::Standby { until: at } | State::Waiting { next_at: at } => at <= now,
            State::InFlight { .. } | State::Satisfied { .. } | State::Released { .. } | State::Failed { .. } => false,
        };
        let stays = self.routes.lane(on).is_some_and(|lane| self.routes.may_stay(&row.obligation, lane));
        let other = &self.routes.for_obligation(&row.obligation).key;
        (starts && !stays && other != on).then(|| other.clone())
    }

    /// Gives due work to another lane. False when somebody else was quicker.
    async fn hand_over(&self, row: ObligationRow, to: &LaneKey) -> Result<bool, ProgressError> {
        let now = self.clock.now();
        let mut batch = Batch::new(now, None);
        let obligation = &row.obligation;
        let rank = obligation_rank(obligation, row.place);
        batch.work(WorkId::Obligation(obligation.id), to, rank, obligation.step.due_at, Some(now));
        // Unchanged: only so that nothing is put to a time that was closed meanwhile.
        batch.write(Write::Obligation(Box::new(row)));
        Ok(matches!(self.finish(batch).await?, Tried::Done(_)))
    }

    /// The carrier answered an attempt at an obligation (or its answer was lost).
    pub async fn obligation_sent(
        &self,
        attempt: AttemptId,
        outcome: SendOutcome,
        provider_id: Option<String>,
        reason: String,
    ) -> Result<Vec<Todo>, ProgressError> {
        for repeat in 0..MOST_REPEATS {
            let Some((mut attempt_row, row)) = self.attempt_and_obligation(attempt).await? else { return Ok(Vec::new()) };
            let mut change = AttemptChange::default();
            attempt_row.answer = Some(answer_word(outcome).to_owned());
            if outcome == SendOutcome::Accepted {
                if attempt_row.provider_id.is_none() && repeat < ID_REPEATS {
                    attempt_row.provider_id = provider_id.clone();
                }
                if attempt_row.evidence.merge(&ReceiptKind::Submitted, self.clock.now()) {
                    change.receipts.push(ReceiptKind::Submitted);
                }
            } else {
                change
                    .actions
                    .push((Actor::System, Action::AttemptNotTaken { told: told(&row.obligation), attempt, reason: reason.clone() }));
            }
            change.row = Some(attempt_row);
            if let Tried::Done((_, todo)) = self.try_obligation(row, Event::Sent { attempt, outcome }, change, None, None).await? {
                return Ok(todo);
            }
        }
        Err(ProgressError::Contended)
    }

    /// The carrier was asked about an attempt and found nothing, or could not be asked.
    pub async fn obligation_asked(&self, attempt: AttemptId, reached: bool) -> Result<Vec<Todo>, ProgressError> {
        for _ in 0..MOST_REPEATS {
            let Some((mut attempt_row, row)) = self.attempt_and_obligation(attempt).await? else { return Ok(Vec::new()) };
            let mut change = AttemptChange::default();
            let event = if reached { Event::NotFound { attempt } } else { Event::CouldNotAsk { attempt } };
            let result = if reached { "not_found" } else { "no_answer" };
            change.actions.push((Actor::System, Action::CarrierAsked { told: told(&row.obligation), attempt, result: result.to_owned() }));
            if reached && attempt_row.provider_id.is_none() {
                attempt_row.answer = Some("not_found".to_owned());
                change.row = Some(attempt_row);
            }
            if let Tried::Done((_, todo)) = self.try_obligation(row, event, change, None, None).await? {
                return Ok(todo);
            }
        }
        Err(ProgressError::Contended)
    }

    /// A person confirmed an obligation apart from any attempt at it (in the portal, by calling back). `actions` and `writes` go with it.
    /// False when there is no such obligation.
    pub async fn confirmed_apart(
        &self,
        id: ObligationId,
        by: ConfirmedBy,
        actions: Vec<(Actor, Action)>,
        writes: Vec<Write>,
    ) -> Result<bool, ProgressError> {
        for _ in 0..MOST_REPEATS {
            let Some(row) = self.store.obligation(id).await? else { return Ok(false) };
            let change = AttemptChange { actions: actions.clone(), writes: writes.clone(), ..AttemptChange::default() };
            if let Tried::Done(_) = self.try_obligation(row, Event::Confirmed { at: self.clock.now(), by }, change, None, None).await? {
                return Ok(true);
            }
        }
        Err(ProgressError::Contended)
    }

    pub(super) async fn attempt_and_obligation(&self, attempt: AttemptId) -> Result<Option<(AttemptRow, ObligationRow)>, ProgressError> {
        let Some(attempt) = self.store.attempt(attempt).await? else { return Ok(None) };
        let Owner::Obligation(id) = attempt.owner else { return Ok(None) };
        Ok(self.store.obligation(id).await?.map(|row| (attempt, row)))
    }

    /// Decides once and tries to commit. `Again` when somebody else was quicker.
    pub(super) async fn try_obligation(
        &self,
        row: ObligationRow,
        event: Event,
        change: AttemptChange,
        once: Option<Once>,
        on: Option<&LaneKey>,
    ) -> Result<Tried<(Outcome, Vec<Todo>)>, ProgressError> {
        let now = self.clock.now();
        let mut batch = Batch::new(now, once);
        let conversation = row.obligation.conversation;
        let mut evidence: Option<Evidence> = None;
        if let Some(attempt) = change.row {
            evidence = Some(attempt.evidence.clone());
            for kind in change.receipts {
                batch.record(
                    conversation,
                    change.actor.clone().unwrap_or_else(|| receipt_actor(&kind)),
                    Action::Receipt { told: told(&row.obligation), attempt: attempt.id, kind: kind.clone() },
                );
                batch.write(Write::Receipt(ReceiptRow { attempt: attempt.id, conversation, at: now, kind }));
            }
            batch.write(Write::Attempt(Box::new(attempt)));
        }
        for write in change.writes {
            batch.write(write);
        }
        for (actor, action) in change.actions {
            batch.record(conversation, actor, action);
        }
        let event = match (event, evidence) {
            (Event::News { attempt, .. }, Some(evidence)) => Event::News { attempt, evidence },
            (event, _) => event,
        };
        let todo = self.decide_all(&mut batch, row, event, (now, on)).await?;
        Ok(match self.finish(batch).await? {
            Tried::Done(outcome @ Outcome::Duplicate) => Tried::Done((outcome, Vec::new())),
            Tried::Done(outcome) => Tried::Done((outcome, todo)),
            Tried::Again => Tried::Again,
        })
    }

    /// Decides for the obligation and for those of its siblings that the decision concerns.
    async fn decide_all(
        &self,
        batch: &mut Batch,
        row: ObligationRow,
        event: Event,
        (now, on): (Timestamp, Option<&LaneKey>),
    ) -> Result<Vec<Todo>, ProgressError> {
        let dispatch = row.obligation.dispatch;
        let mut rows = vec![row];
        let mut next: Vec<_> = rows.iter().map(|row| row.obligation.clone()).collect();
        let mut siblings_read = false;
        // Whom the decision looked at and did not change: should they change meanwhile, it is made again. Of two that fail at once neither
        // would see the other's end otherwise, and what follows from both would never begin, or late.
        let mut looked_at: BTreeSet<ObligationId> = BTreeSet::new();
        let listed = self.people.listed().await;
        let mut instead: Vec<Obligation> = Vec::new();
        let mut todo = Vec::new();
        let mut events = VecDeque::from([(0_usize, event)]);
        while let Some((place, event)) = events.pop_front() {
            let context = Context {
                now,
                fresh: self.entropy.attempt(),
                jitter: self.entropy.jitter(),
                policy: &self.policy,
                other_carrier: self.has_other_carrier(&next[place]),
                points: listed.points(&next[place]),
            };
            let decision = next[place].clone().decide(event, context);
            next[place] = decision.next;
            for effect in decision.effects {
                let asks_siblings =
                    matches!(effect, Effect::TellSamePerson | Effect::TellSchoolReached | Effect::CheckSchool | Effect::StartNext(_));
                if asks_siblings && !siblings_read {
                    siblings_read = true;
                    for sibling in self.store.obligations(dispatch).await? {
                        if sibling.obligation.id != rows[0].obligation.id {
                            next.push(sibling.obligation.clone());
                            rows.push(sibling);
                        }
                    }
                }
                match effect {
                    Effect::Send(attempt) => {
                        let lane = on.and_then(|key| self.routes.lane(key)).unwrap_or_else(|| self.routes.for_obligation(&next[place]));
                        next[place].went_by = Some(lane.account.clone());
                        next[place].went_to = listed.point(&next[place], now);
                        todo.push(self.start_attempt(batch, &rows[place], &next[place], attempt, (now, lane)));
                    }
                    Effect::Ask(attempt) => {
                        if let Some(attempt) = self.store.attempt(attempt).await? {
                            todo.push(Todo::AskObligation(Box::new(rows[place].clone()), Box::new(attempt)));
                        }
                    }
                    Effect::RaiseTask(because) => batch.task(self.entropy, &next[place], because),
                    Effect::Breach(why) => {
                        let action = Action::Breach { told: told(&next[place]), why: Some(why) };
                        batch.record(next[place].conversation, Actor::System, action);
                        batch.counted(Counted::breach(&next[place], why));
                    }
                    Effect::StartNext(_) => {
                        let same = |one: &&Obligation| is_for_same_person(one, &next[place]);
                        looked_at.extend(next.iter().filter(same).map(|one| one.id));
                        let all: Vec<_> = next.iter().chain(&instead).cloned().collect();
                        if let Some(step) = listed.next_step(&next[place], &all, (&self.routes, &self.policy, now)) {
                            instead.push(self.instead_of(&next[place], step, now));
                        }
                    }
                    Effect::TellSamePerson => {
                        let (person, organization) = (next[place].step.person.clone(), next[place].step.organization.clone());
                        events.extend(
                            (0..next.len())
                                .filter(|i| *i != place && next[*i].step.person == person && next[*i].step.organization == organization)
                                .map(|i| (i, Event::PersonConfirmed)),
                        );
                    }
                    Effect::TellSchoolReached => events.extend((0..next.len()).filter(|i| *i != place).map(|i| (i, Event::SchoolReached))),
                    Effect::CheckSchool => {
                        looked_at.extend(next.iter().filter(|one| may_still_reach_school(one)).map(|one| one.id));
                        if school_unreachable(&next) {
                            events.extend((0..next.len()).filter(|i| *i != place).map(|i| (i, Event::SchoolUnreachable)));
                            let excluded = self.store.dispatch(dispatch).await?.map_or_else(Vec::new, |row| row.excluded);
                            let all: Vec<_> = next.iter().chain(&instead).cloned().collect();
                            let steps = listed.district_steps(&next[place], &all, &excluded, (&self.policy, now));
                            instead.extend(steps.into_iter().map(|step| self.instead_of(&next[place], step, now)));
                        }
                    }
                }
            }
        }
        let after = rows.iter().map(|row| row.place + 1).max().unwrap_or(0);
        for (place, obligation) in (after..).zip(instead) {
            let lane = &self.routes.for_obligation(&obligation).key;
            batch.started(ObligationRow { obligation, place, version: 0 }, lane);
        }
        for (row, next) in rows.iter().zip(next) {
            if next != row.obligation {
                let lane = &self.routes.for_obligation(&next).key;
                batch.obligation(row, next, lane);
            } else if looked_at.contains(&next.id) {
                // Unchanged: a conflict with whatever happens to it meanwhile.
                batch.write(Write::Obligation(Box::new(row.clone())));
            }
        }
        Ok(todo)
    }

    /// Whether another account than the one that the latest attempt went by can take this means now.
    fn has_other_carrier(&self, obligation: &Obligation) -> bool {
        obligation.went_by.as_ref().is_some_and(|account| self.routes.has_other(obligation.step.means, account))
    }

    /// The obligation of a channel that stands in for one that came to nothing.
    fn instead_of(&self, failed: &Obligation, step: Step, now: Timestamp) -> Obligation {
        let id = self.entropy.obligation(now);
        Obligation::new(id, failed.dispatch, failed.conversation, failed.level, step, now).for_purpose(failed.purpose)
    }

    /// The intent of an attempt, written before the carrier is called.
    fn start_attempt(
        &self,
        batch: &mut Batch,
        row: &ObligationRow,
        next: &Obligation,
        attempt: AttemptId,
        (now, lane): (Timestamp, &Lane),
    ) -> Todo {
        let means = next.step.means;
        let attempt_row = AttemptRow {
            id: attempt,
            owner: Owner::Obligation(next.id),
            conversation: next.conversation,
            lane: lane.key.clone(),
            account: lane.account.clone(),
            means,
            intended_at: now,
            provider_id: None,
            answer: None,
            evidence: Evidence::default(),
            call: (means == domain::channel::Means::Call).then(domain::voice::enduser_call::EnduserCall::new),
            point: next.went_to,
            version: 0,
        };
        batch.record(next.conversation, Actor::System, Action::AttemptStarted { told: told(next), attempt, number: next.attempts });
        batch.write(Write::Attempt(Box::new(attempt_row.clone())));
        Todo::SendObligation(Box::new(ObligationRow { obligation: next.clone(), ..row.clone() }), Box::new(attempt_row))
    }
}

/// Whether two of a dispatch tell one person, by different means.
fn is_for_same_person(one: &Obligation, other: &Obligation) -> bool {
    one.step.person == other.step.person && one.step.organization == other.step.organization
}

/// Whether this one keeps the district from being told in the school's place.
fn may_still_reach_school(one: &Obligation) -> bool {
    one.step.kind == Kind::School && one.step.means == promised(one.level) && !matches!(one.state, State::Failed { .. })
}

/// How a carrier's answer is kept.
pub(super) const fn answer_word(outcome: SendOutcome) -> &'static str {
    match outcome {
        SendOutcome::Accepted => "accepted",
        SendOutcome::Transient | SendOutcome::Throttled(_) | SendOutcome::Permanent | SendOutcome::OptedOut | SendOutcome::PutOff => {
            "not_taken"
        }
        SendOutcome::Unknown => "unknown",
    }
}

/// Who is behind a receipt.
pub(super) const fn receipt_actor(kind: &ReceiptKind) -> Actor {
    match kind {
        ReceiptKind::HumanAnswered | ReceiptKind::WrongKey | ReceiptKind::NotMe | ReceiptKind::Confirmed(_) => Actor::Enduser,
        ReceiptKind::Submitted
        | ReceiptKind::Rang
        | ReceiptKind::Delivered
        | ReceiptKind::Answered
        | ReceiptKind::MachineAnswered
        | ReceiptKind::FaxAnswered
        | ReceiptKind::VoicemailLeft
        | ReceiptKind::Ended(_)
        | ReceiptKind::Unrecognised(_) => Actor::System,
    }
}
