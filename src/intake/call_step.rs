//! A call of ours asks what to do next: the token tells which step it is, the rules tell what is said and what it proves.
//!
//! A token of the step before gets the same words again and changes nothing (a carrier that lost our answer repeats itself);
//! any other token gets a hang-up and changes nothing. A PIN is compared here and goes no further. News from beside the call (who picked up)
//! has no token: it changes what the next step says, and the call is steered there once that is durable.

use super::{Intake, IntakeError, Taken};
use crate::audit::{Action, Actor};
use crate::desk::directory::person;
use crate::progress::{MOST_REPEATS, News, Took, told};
use crate::store::rows::{AttemptRow, ConversationRow, ObligationRow, Owner};
use domain::dispatch::plan::StepContent;
use domain::exchange::{CallRef, CallStep, Heard};
use domain::id::PersonKey;
use domain::language::Language;
use domain::sealed::Words;
use domain::voice::enduser_call::{EnduserCall, Facts, LastWords, Phase, PinState};
use domain::voice::script::{Script, Step};

/// Everything said on one call besides the rules.
struct Said {
    row: ObligationRow,
    tip: ConversationRow,
    language: Language,
    summary: Option<Words>,
    pin: PinState,
}

impl Intake {
    pub(super) async fn call_step(&self, step: CallStep) -> Result<Taken, IntakeError> {
        if step.aside {
            return self.beside_the_call(step).await;
        }
        for _ in 0..MOST_REPEATS {
            let Some(attempt) = self.store.attempt(step.attempt).await? else { return Ok(Taken::NotOurs) };
            let Some(call) = attempt.call.clone() else { return Ok(Taken::NotOurs) };
            let Some(said) = self.said(&attempt, &call, &step.heard).await? else { return Ok(Taken::NotOurs) };
            let facts = Facts {
                voice: &self.line.voice,
                organization_name: &said.row.obligation.step.organization_name,
                reference: &said.tip.conversation.reference,
                purpose: said.row.obligation.purpose,
                level: said.row.obligation.level,
                language: said.language,
                code: self.vault.spoken_code(attempt.id),
                pin: said.pin,
                summary: said.summary.as_ref(),
                machine: attempt.evidence.machine.is_some(),
            };
            if !self.vault.is_step_token(attempt.id, call.step, &step.token) {
                return Ok(Taken::Script(CallRef::Attempt(attempt.id), self.stale(&attempt, &call, &step, &facts)));
            }
            let then = self.vault.step_token(attempt.id, call.step + 1);
            let (next, script, kinds) = call.decide(&step.heard, &facts, then);
            let read_out = matches!(next.phase, Phase::Confirmed { last: LastWords::Report });
            let actions = read_out.then(|| (Actor::Enduser, Action::ReportReadOut { told: told(&said.row.obligation) }));
            let news = News {
                provider_id: Some(step.provider_id.0.clone()),
                kinds,
                call: Some(next),
                version: Some(attempt.version),
                actions: actions.into_iter().collect(),
                ..News::default()
            };
            match self.progress.news(attempt.id, news).await? {
                Took::Taken | Took::Known => return Ok(Taken::Script(CallRef::Attempt(attempt.id), script)),
                Took::NoAttempt => return Ok(Taken::NotOurs),
                Took::Stale => {}
            }
        }
        Err(IntakeError::Contended)
    }

    fn stale(&self, attempt: &AttemptRow, call: &EnduserCall, step: &CallStep, facts: &Facts<'_>) -> Script {
        let repeats = call.step > 0 && self.vault.is_step_token(attempt.id, call.step - 1, &step.token);
        metrics::counter!(crate::telemetry::metric::STALE_CALL_STEPS).increment(1);
        if repeats { call.again(facts, self.vault.step_token(attempt.id, call.step)) } else { Script { steps: vec![Step::HangUp] } }
    }

    /// Who picked up, found out while the call goes on.
    async fn beside_the_call(&self, step: CallStep) -> Result<Taken, IntakeError> {
        let Heard::Answered(by) = step.heard else { return Ok(Taken::Known) };
        for _ in 0..MOST_REPEATS {
            let Some(attempt) = self.store.attempt(step.attempt).await? else { return Ok(Taken::NotOurs) };
            let Some(call) = attempt.call.clone() else { return Ok(Taken::NotOurs) };
            let aside = call.aside(by, attempt.evidence.human.is_some());
            let then = self.vault.step_token(attempt.id, aside.call.step);
            let news = News {
                provider_id: Some(step.provider_id.0.clone()),
                kinds: aside.receipts,
                call: Some(aside.call),
                version: Some(attempt.version),
                ..News::default()
            };
            match self.progress.news(attempt.id, news).await? {
                Took::Taken | Took::Known => {
                    if aside.steer {
                        self.steering.steer(&attempt, step.provider_id, then);
                    }
                    return Ok(Taken::Merged);
                }
                Took::NoAttempt => return Ok(Taken::NotOurs),
                Took::Stale => {}
            }
        }
        Err(IntakeError::Contended)
    }

    async fn said(&self, attempt: &AttemptRow, call: &EnduserCall, heard: &Heard) -> Result<Option<Said>, IntakeError> {
        let Owner::Obligation(id) = attempt.owner else { return Ok(None) };
        let Some(row) = self.store.obligation(id).await? else { return Ok(None) };
        let Some(tip) = self.store.conversation(attempt.conversation).await? else { return Ok(None) };
        let directory = self.directory.read().await?;
        let step = &row.obligation.step;
        let language = person(&directory, &step.organization, &step.person).map_or(Language::En, |listed| listed.language);
        let summary = self.spoken_summary(&row, &tip).await?;
        let pin = self.pin_state(&step.person, call, heard).await?;
        Ok(Some(Said { language, summary, pin, row, tip }))
    }

    /// What was keyed, beside the person's PIN.
    async fn pin_state(&self, person: &PersonKey, call: &EnduserCall, heard: &Heard) -> Result<PinState, IntakeError> {
        let Some(kept) = self.store.pin(person.clone()).await?.and_then(|row| row.mac) else { return Ok(PinState::None) };
        Ok(match heard {
            Heard::Digits(keys) if call.wants_pin() && !keys.is_empty() => {
                if self.vault.is_pin(person, keys.trim_end_matches('#'), &kept) {
                    PinState::Right
                } else {
                    PinState::Wrong
                }
            }
            Heard::Digits(_) | Heard::Answered(_) | Heard::Spoken | Heard::Steered => PinState::Kept,
        })
    }

    /// The summary that may be spoken to this person: there is one, and the plan says that their organization has accepted it (R6, R18).
    pub(super) async fn spoken_summary(&self, row: &ObligationRow, tip: &ConversationRow) -> Result<Option<Words>, IntakeError> {
        match row.obligation.step.content {
            StepContent::Nothing => return Ok(None),
            StepContent::Summary => {}
        }
        let dispatches = self.store.dispatches(row.obligation.conversation).await?;
        let dispatch = dispatches.into_iter().find(|dispatch| dispatch.id == row.obligation.dispatch);
        let Some(sealed) = dispatch.and_then(|dispatch| dispatch.summary) else { return Ok(None) };
        let key = self.vault.unwrap_key(tip.conversation.id, &tip.key)?;
        let words = self.vault.open_words(&key, row.obligation.dispatch.uuid().as_bytes(), &sealed)?;
        Ok(Some(words).filter(|words| !words.is_empty()))
    }
}
