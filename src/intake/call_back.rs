//! An enduser calls us back: reference and PIN are looked up, the confirmation is made durable, then the words are given (R19, R32).
//!
//! The rules are `domain::voice::call_back`'s. Reference and PIN are compared together and answered alike; a PIN that fits two humans who
//! were told of the same tip fits nobody, since a confirmation must be somebody's. What is confirmed is news of the attempt that reached them
//! last, so that the obligation is closed by the same road as everywhere.

use super::caller::Calling;
use super::{Intake, IntakeError};
use crate::audit::{Action, Actor};
use crate::desk::directory::person;
use crate::progress::{News, Took, told};
use crate::store::rows::{CallerRow, ConversationRow, ObligationRow};
use crate::store::{Commit, Outcome, Write};
use domain::channel::Means;
use domain::dispatch::evidence::{ConfirmedBy, ReceiptKind};
use domain::exchange::CallerHeard;
use domain::id::{ObligationId, PersonKey};
use domain::language::Language;
use domain::sealed::Words;
use domain::voice::call_back::{self, About, CallBack, CallBackEffect, CallBackFacts, Checked, ToConfirm, to_confirm};
use domain::voice::script::Script;
use domain::voice::taken_call::TakenCall;
use std::collections::BTreeSet;

/// How many tips with the same keys are looked through, the newest first. Thirty bits on six keys: more than two are hardly ever meant.
const MOST_TIPS: u32 = 8;

/// What may be said about an obligation.
struct Known {
    row: ObligationRow,
    tip: ConversationRow,
    summary: Option<Words>,
}

impl Intake {
    /// The first words of a call to the number that is for endusers alone.
    pub(super) fn call_back_comes_in(&self, calling: &Calling, call: &CallBack) -> Script {
        let desk = self.spoken_desk();
        call.again(&self.call_back_facts(desk.as_deref(), None, None), self.vault.caller_token(calling.call, call.step))
    }

    /// Out of the reporters' menu.
    pub(super) async fn turns_to_call_back(
        &self,
        calling: &Calling,
        row: CallerRow,
        step: u32,
        language: Language,
    ) -> Result<Option<Script>, IntakeError> {
        let call = CallBack::from_menu(step, language);
        let script = self.call_back_comes_in(calling, &call);
        self.keep_call_back(row, call, script).await
    }

    /// One step; `None` when another was quicker.
    pub(super) async fn call_back_step(
        &self,
        calling: &Calling,
        row: CallerRow,
        call: &CallBack,
        heard: &CallerHeard,
    ) -> Result<Option<Script>, IntakeError> {
        let then = self.vault.caller_token(calling.call, call.step.saturating_add(1));
        let desk = self.spoken_desk();
        let mut known = self.known_of(call.obligation()).await?;
        let (mut next, mut script, mut effects) =
            call.decide(heard, &self.call_back_facts(desk.as_deref(), None, known.as_ref()), then.clone());
        if let [CallBackEffect::Check { keys, pin }] = &effects[..] {
            let checked = self.look_up(keys.clone(), pin).await?;
            known = self.known_of(found_in(checked)).await?;
            (next, script, effects) = call.decide(heard, &self.call_back_facts(desk.as_deref(), Some(checked), known.as_ref()), then);
        }
        if let Some(known) = &known {
            self.carry_out(known, &effects).await?;
        }
        self.keep_call_back(row, next, script).await
    }

    /// The present words again.
    pub(super) async fn call_back_again(&self, calling: &Calling, call: &CallBack) -> Result<Script, IntakeError> {
        let (desk, known) = (self.spoken_desk(), self.known_of(call.obligation()).await?);
        let facts = self.call_back_facts(desk.as_deref(), None, known.as_ref());
        Ok(call.again(&facts, self.vault.caller_token(calling.call, call.step)))
    }

    /// What is said on the endusers' number while the store is away.
    pub(super) fn call_back_without_store(&self) -> Script {
        let desk = self.spoken_desk();
        call_back::without_store(&self.call_back_facts(desk.as_deref(), None, None))
    }

    async fn keep_call_back(&self, row: CallerRow, call: CallBack, script: Script) -> Result<Option<Script>, IntakeError> {
        let row = CallerRow { state: TakenCall::CallBack(call), ..row };
        let commit = Commit { writes: vec![Write::Caller(Box::new(row))], ..Commit::default() };
        Ok(match self.store.commit(commit).await? {
            Outcome::Committed(_) | Outcome::Duplicate => Some(script),
            Outcome::Conflict => None,
        })
    }

    /// Who has this PIN among those who were told of a tip with these keys, and what they can confirm.
    async fn look_up(&self, keys: String, pin: &Words) -> Result<Checked, IntakeError> {
        let Some(wait) = self.pins.wait(self.clock.now()) else { return Ok(Checked::Closed) };
        // Counted before it is compared, so that many calls at once are many tries.
        self.pins.is_tried(self.clock.now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let (mut persons, mut found) = (BTreeSet::new(), None);
        let is_open = |one: &ToConfirm| matches!(one, ToConfirm::Open(..));
        for tip in self.store.conversations_by_reference_keys(keys, MOST_TIPS).await? {
            let (mut promised, mut excluded) = (Vec::new(), Vec::new());
            for dispatch in self.store.dispatches(tip.conversation.id).await? {
                promised.extend(self.store.obligations(dispatch.id).await?.into_iter().map(|row| row.obligation));
                excluded.extend(dispatch.excluded);
            }
            let told: BTreeSet<_> = promised.iter().map(|one| (one.step.organization.clone(), one.step.person.clone())).collect();
            let directory = self.directory.read().await?;
            let mut here = None;
            for (organization, key) in told.into_iter().filter(|(_, key)| !excluded.contains(key)) {
                if person(&directory, &organization, &key).is_some() && self.has_pin(&key, pin).await? {
                    // Listed twice, they call twice: what is open goes first.
                    here = here.filter(is_open).or(to_confirm(&promised, &key)).or(here);
                    persons.insert(key);
                }
            }
            found = found.or(here);
        }
        Ok(match found {
            Some(found) if self.are_one_human(&persons).await? => {
                self.pins.was_right(self.clock.now());
                Checked::Right(found)
            }
            Some(_) | None => Checked::Wrong,
        })
    }

    /// Whether these entries of the directory are one human: one entry, or several whose PIN was drawn for all of them at once (in the
    /// portal), or with a telephone number in common.
    async fn are_one_human(&self, persons: &BTreeSet<PersonKey>) -> Result<bool, IntakeError> {
        if persons.len() < 2 {
            return Ok(true);
        }
        let mut drawn = BTreeSet::new();
        for key in persons {
            drawn.insert(self.store.pin(key.clone()).await?.map(|kept| kept.set_at));
        }
        if drawn.len() == 1 {
            return Ok(true);
        }
        let mut shared: Option<Vec<_>> = None;
        for key in persons {
            let listed = self.store.addresses(key.clone(), Means::Call).await?;
            let numbers: Vec<_> = listed.into_iter().filter_map(|row| row.index).collect();
            shared = Some(match shared {
                Some(shared) => shared.into_iter().filter(|number| numbers.contains(number)).collect(),
                None => numbers,
            });
        }
        Ok(shared.is_some_and(|shared| !shared.is_empty()))
    }

    async fn has_pin(&self, person: &PersonKey, pin: &Words) -> Result<bool, IntakeError> {
        let kept = self.store.pin(person.clone()).await?.and_then(|row| row.mac);
        Ok(kept.is_some_and(|kept| self.vault.is_pin(person, pin.reveal(), &kept)))
    }

    /// Confirms, and notes that the report is read out, in one commit. What fails is told to the carrier, which asks again.
    async fn carry_out(&self, known: &Known, effects: &[CallBackEffect]) -> Result<(), IntakeError> {
        let mut news = News { actor: Some(Actor::Enduser), ..News::default() };
        for effect in effects {
            match effect {
                CallBackEffect::Confirm(_) => news.kinds.push(ReceiptKind::Confirmed(ConfirmedBy::CallBack)),
                CallBackEffect::ReadOut(_) => {
                    news.actions.push((Actor::Enduser, Action::ReportReadOut { told: told(&known.row.obligation) }));
                }
                CallBackEffect::Check { .. } => {}
            }
        }
        let Some(attempt) = known.row.obligation.latest.filter(|_| !news.kinds.is_empty() || !news.actions.is_empty()) else {
            return Ok(());
        };
        match self.progress.news(attempt, news).await? {
            Took::Taken | Took::Known => Ok(()),
            Took::NoAttempt | Took::Stale => Err(IntakeError::Contended),
        }
    }

    async fn known_of(&self, obligation: Option<ObligationId>) -> Result<Option<Known>, IntakeError> {
        let Some(id) = obligation else { return Ok(None) };
        let Some(row) = self.store.obligation(id).await? else { return Ok(None) };
        let Some(tip) = self.store.conversation(row.obligation.conversation).await? else { return Ok(None) };
        let summary = self.spoken_summary(&row, &tip).await?;
        Ok(Some(Known { row, tip, summary }))
    }

    fn call_back_facts<'a>(&'a self, desk: Option<&'a str>, checked: Option<Checked>, known: Option<&'a Known>) -> CallBackFacts<'a> {
        let about = known.map(|known| About {
            organization_name: &known.row.obligation.step.organization_name,
            reference: &known.tip.conversation.reference,
            purpose: known.row.obligation.purpose,
            summary: known.summary.as_ref(),
        });
        CallBackFacts { voice: &self.line.voice, desk, checked, about }
    }

    /// The desk's number, digit by digit.
    fn spoken_desk(&self) -> Option<String> {
        let digits = |number: &str| number.chars().filter(char::is_ascii_digit).map(String::from).collect::<Vec<_>>().join(" ");
        self.line.desk.as_ref().map(|number| digits(number.reveal()))
    }
}

fn found_in(checked: Checked) -> Option<ObligationId> {
    match checked {
        Checked::Right(ToConfirm::Open(id, _) | ToConfirm::Already(id) | ToConfirm::NotYet(id)) => Some(id),
        Checked::Wrong | Checked::Closed => None,
    }
}
