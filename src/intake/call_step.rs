//! A call asks what to do next: the token tells which step it is, the rules tell what is said and what it proves.
//!
//! A token of the step before gets the same words again and changes nothing (a carrier that lost our answer repeats itself);
//! any other token gets a hang-up and changes nothing.

use super::{Intake, IntakeError, Taken};
use crate::desk::directory::person;
use crate::progress::{MOST_REPEATS, News, Took};
use crate::store::rows::{AttemptRow, ObligationRow, Owner};
use domain::conversation::reference::Reference;
use domain::exchange::{CallRef, CallStep};
use domain::language::Language;
use domain::voice::enduser_call::{EnduserCall, Facts, PinState};
use domain::voice::script::{Script, Step};

/// Everything said on one call besides the rules.
struct Said {
    row: ObligationRow,
    reference: Reference,
    language: Language,
}

impl Intake {
    pub(super) async fn call_step(&self, step: CallStep) -> Result<Taken, IntakeError> {
        for _ in 0..MOST_REPEATS {
            let Some(attempt) = self.store.attempt(step.attempt).await? else { return Ok(Taken::NotOurs) };
            let Some(call) = attempt.call.clone() else { return Ok(Taken::NotOurs) };
            let Some(said) = self.said(&attempt).await? else { return Ok(Taken::NotOurs) };
            let facts = Facts {
                voice: &self.line.voice,
                organization_name: &said.row.obligation.step.organization_name,
                reference: &said.reference,
                purpose: said.row.obligation.purpose,
                level: said.row.obligation.level,
                language: said.language,
                code: self.vault.spoken_code(attempt.id),
                pin: PinState::None,
                summary: None,
                machine: attempt.evidence.machine.is_some(),
            };
            if !self.vault.is_step_token(attempt.id, call.step, &step.token) {
                return Ok(Taken::Script(CallRef::Attempt(attempt.id), self.stale(&attempt, &call, &step, &facts)));
            }
            let then = self.vault.step_token(attempt.id, call.step + 1);
            let (next, script, kinds) = call.decide(&step.heard, &facts, then);
            let news = News {
                provider_id: Some(step.provider_id.0.clone()),
                kinds,
                call: Some(next),
                version: Some(attempt.version),
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
        metrics::counter!("tipline_stale_call_steps_total").increment(1);
        if repeats { call.again(facts, self.vault.step_token(attempt.id, call.step)) } else { Script { steps: vec![Step::HangUp] } }
    }

    async fn said(&self, attempt: &AttemptRow) -> Result<Option<Said>, IntakeError> {
        let Owner::Obligation(id) = attempt.owner else { return Ok(None) };
        let Some(row) = self.store.obligation(id).await? else { return Ok(None) };
        let Some(tip) = self.store.conversation(attempt.conversation).await? else { return Ok(None) };
        let directory = self.directory.read().await?;
        let step = &row.obligation.step;
        let language = person(&directory, &step.organization, &step.person).map_or(Language::En, |listed| listed.language);
        Ok(Some(Said { reference: tip.conversation.reference, language, row }))
    }
}
