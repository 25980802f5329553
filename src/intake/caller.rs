//! A reporter's call to us, step by step: the rules tell what is said next, this file finds what they need to know and keeps the state.
//!
//! A token of a step that is over gets the present words again and changes nothing. While the store does not answer, nobody hears an
//! error: the caller is told the notice and led to the tone ([`Intake::without_store`]), and the recording comes by its own news.
//! The number of a caller is sealed with what they said, and leads nowhere.

use super::{Intake, IntakeError, Taken};
use crate::audit::{Action, Actor, Entry};
use crate::progress::MOST_REPEATS;
use crate::store::rows::CallerRow;
use crate::store::{Commit, Outcome, Write};
use domain::channel::Channel;
use domain::conversation::code::ReturnCode;
use domain::exchange::{CallRef, CallerEvent, CallerHeard, CallerNews, ProviderId, StepToken};
use domain::id::{AccountKey, CallId, ConversationId};
use domain::sealed::Address;
use domain::voice::call_back::CallBack;
use domain::voice::caller_call::{
    self, Answers, AnswersLead, CallTip, CallerCall, CallerEffect, CallerFacts, CallerPhase, Checked, TellingLead,
};
use domain::voice::script::Script;
use domain::voice::taken_call::TakenCall;
use std::time::Duration;

/// How long a step may take before the caller is led to the tone. Longer than the longest wait for a code; carriers give up after 15 s
/// (carriers.md 0.2).
const STEP_PATIENCE: Duration = Duration::from_secs(6);

/// A call as its carrier names it.
pub(super) struct Calling {
    pub(super) call: CallId,
    pub(super) account: AccountKey,
    pub(super) provider_id: ProviderId,
    /// The caller's number or a word for "hidden"; empty when this piece of news does not say it.
    pub(super) from: Address,
    pub(super) to: Address,
}

/// What was found out for one step.
#[derive(Default)]
struct Found {
    code: Option<ReturnCode>,
    answers: Option<super::caller_said::StaffAnswers>,
    wrong: bool,
}

enum Awaited {
    /// A reporter's call waits for this token.
    Reporter(CallerRow, CallerCall),
    /// An enduser's does.
    CallBack(CallerRow, CallBack),
    /// It does not, or no more.
    Stale(CallerRow),
}

impl Intake {
    pub(super) async fn caller(&self, event: CallerEvent) -> Result<Taken, IntakeError> {
        let CallerEvent { account, provider_id, from, to, news } = event;
        let calling = Calling { call: self.vault.call_id(&account, &provider_id.0), account, provider_id, from, to };
        match news {
            CallerNews::Started => {
                metrics::counter!(crate::telemetry::metric::CALLS_TAKEN).increment(1);
                Ok(self.line(&calling, None).await)
            }
            CallerNews::Step { token, heard, .. } => Ok(self.line(&calling, Some((&token, &heard))).await),
            CallerNews::Recording { recording, url, .. } => self.recording(&calling, recording, url).await,
            CallerNews::Transcript { recording, words, .. } => self.transcript(&calling, &recording, &words).await,
        }
    }

    /// The next script, whatever happens to the store.
    async fn line(&self, calling: &Calling, heard: Option<(&StepToken, &CallerHeard)>) -> Taken {
        let script = match tokio::time::timeout(STEP_PATIENCE, self.on_the_line(calling, heard)).await {
            Ok(Ok(script)) => script,
            Ok(Err(error)) => {
                tracing::error!(error = %error, source = std::error::Error::source(&error).map(tracing::field::display), "a caller is led to the tone: the step could not be stored");
                self.without_store(calling, heard.map(|(_, heard)| heard))
            }
            Err(_) => {
                tracing::error!("a caller is led to the tone: the store does not answer");
                self.without_store(calling, heard.map(|(_, heard)| heard))
            }
        };
        Taken::Script(CallRef::Caller(calling.call), script)
    }

    /// What is said while the store is away: a message can be left; its recording is spooled when its news comes.
    fn without_store(&self, calling: &Calling, heard: Option<&CallerHeard>) -> Script {
        metrics::counter!(crate::telemetry::metric::CALLS_WITHOUT_STORE).increment(1);
        if self.is_for_endusers(calling) {
            return self.call_back_without_store();
        }
        let nothing = Found::default();
        let facts = self.facts(calling, &nothing);
        match heard {
            Some(CallerHeard::Recorded { empty: false }) => caller_call::kept_without_store(&facts),
            Some(CallerHeard::Recorded { empty: true } | CallerHeard::Digits(_) | CallerHeard::Spoken | CallerHeard::Dialled { .. })
            | None => caller_call::without_store(&facts, self.vault.away_token(calling.call)),
        }
    }

    async fn on_the_line(&self, calling: &Calling, heard: Option<(&StepToken, &CallerHeard)>) -> Result<Script, IntakeError> {
        for _ in 0..MOST_REPEATS {
            let row = self.store.caller(calling.call).await?;
            let said = match heard {
                None => self.comes_in(calling, row).await?,
                Some((token, heard)) => match self.awaited(calling, row, token) {
                    Awaited::Reporter(row, call) => self.step(calling, row, call, heard).await?,
                    Awaited::CallBack(row, call) => self.call_back_step(calling, row, &call, heard).await?,
                    Awaited::Stale(row) => {
                        metrics::counter!(crate::telemetry::metric::STALE_CALL_STEPS).increment(1);
                        Some(self.again(calling, &row).await?)
                    }
                },
            };
            if let Some(script) = said {
                return Ok(script);
            }
        }
        Err(IntakeError::Contended)
    }

    /// The first words of a call; a repeat of its first webhook gets the present ones.
    async fn comes_in(&self, calling: &Calling, row: Option<CallerRow>) -> Result<Option<Script>, IntakeError> {
        if let Some(row) = row {
            return self.again(calling, &row).await.map(Some);
        }
        let (state, script) = if self.is_for_endusers(calling) {
            let call = CallBack::new();
            let script = self.call_back_comes_in(calling, &call);
            (TakenCall::CallBack(call), script)
        } else {
            let call = CallerCall::new();
            let script = call.start(&self.facts(calling, &Found::default()), self.vault.caller_token(calling.call, 0));
            (TakenCall::Reporter(call), script)
        };
        let row = self.new_row(calling, state);
        let commit = Commit { writes: vec![Write::Caller(Box::new(row))], ..Commit::default() };
        Ok(match self.store.commit(commit).await? {
            Outcome::Committed(_) | Outcome::Duplicate => Some(script),
            Outcome::Conflict => None,
        })
    }

    fn new_row(&self, calling: &Calling, state: TakenCall) -> CallerRow {
        CallerRow {
            call: calling.call,
            account: calling.account.clone(),
            state,
            conversation: None,
            started_at: self.clock.now(),
            version: 0,
        }
    }

    /// Whether the number that was called is for endusers who call back, and for nobody else.
    fn is_for_endusers(&self, calling: &Calling) -> bool {
        self.line.endusers_alone.as_ref() == Some(&calling.to)
    }

    /// A call without a row came in while the store was away, and was led to the tone.
    fn awaited(&self, calling: &Calling, row: Option<CallerRow>, token: &StepToken) -> Awaited {
        let Some(row) = row else {
            let call = CallerCall::away();
            return Awaited::Reporter(self.new_row(calling, TakenCall::Reporter(call.clone())), call);
        };
        if self.vault.is_away_token(calling.call, token) {
            let call = match row.state.clone() {
                TakenCall::Reporter(call) => call.led_to_the_tone(),
                // An enduser was led to the tone like everybody: what they said is taken as a message.
                TakenCall::CallBack(call) => CallerCall { step: call.step, ..CallerCall::away() },
            };
            return if matches!(call.phase, CallerPhase::Recording { .. }) { Awaited::Reporter(row, call) } else { Awaited::Stale(row) };
        }
        if !self.vault.is_caller_token(calling.call, row.state.step(), token) {
            return Awaited::Stale(row);
        }
        match row.state.clone() {
            TakenCall::Reporter(call) => Awaited::Reporter(row, call),
            TakenCall::CallBack(call) => Awaited::CallBack(row, call),
        }
    }

    /// One step; `None` when another was quicker.
    async fn step(&self, calling: &Calling, row: CallerRow, call: CallerCall, heard: &CallerHeard) -> Result<Option<Script>, IntakeError> {
        let then = self.vault.caller_token(calling.call, call.step.saturating_add(1));
        let spoke = *heard == CallerHeard::Recorded { empty: false };
        let mut found = self.found(calling, &call, row.conversation, None).await?;
        if spoke && call.tip != CallTip::Keyed && found.code.is_none() {
            // The news of the recording did not come along with the step: the tip is opened by what is known.
            self.caller_spoke(calling, Some(call.language)).await?;
            found.code = self.own_code(calling).await?;
        }
        let mut conversation = row.conversation;
        let (mut next, mut script, mut effects) = call.decide(heard, &self.facts(calling, &found), then.clone());
        if effects == [CallerEffect::CallsBack] {
            return self.turns_to_call_back(calling, row, call.step.saturating_add(1), call.language).await;
        }
        if let [CallerEffect::CheckCode(keyed)] = &effects[..] {
            match self.open_by_code(keyed.reveal()).await {
                Ok(Some(tip)) => {
                    conversation = Some(tip.conversation.id);
                    found.answers = Some(self.staff_answers(tip.conversation.id, None).await?);
                }
                Ok(None) => found.wrong = true,
                // Nothing is said of the code: it is asked for once more.
                Err(IntakeError::ManyCodes) => return self.again(calling, &row).await.map(Some),
                Err(error) => return Err(error),
            }
            (next, script, effects) = call.decide(heard, &self.facts(calling, &found), then);
        }
        if next.tip == CallTip::Own {
            conversation = Some(self.vault.call_tip(calling.call));
        }
        if effects.contains(&CallerEffect::CallerWaits) {
            self.caller_waits(calling, &call, conversation).await?;
        }
        if let (CallerPhase::Connecting, CallerHeard::Dialled { answered }, Some(tip)) = (call.phase, heard, conversation) {
            self.desk_was_called(calling, call.step, tip, *answered).await?;
        }
        let audit = self.for_the_record(&call, &next, conversation);
        let commit = Commit {
            writes: vec![Write::Caller(Box::new(CallerRow { state: TakenCall::Reporter(next), conversation, ..row }))],
            audit,
            ..Commit::default()
        };
        match self.store.commit(commit).await? {
            Outcome::Committed(_) | Outcome::Duplicate => {
                self.heard(&effects, conversation).await;
                Ok(Some(script))
            }
            Outcome::Conflict => Ok(None),
        }
    }

    /// The present words again.
    async fn again(&self, calling: &Calling, row: &CallerRow) -> Result<Script, IntakeError> {
        let call = match &row.state {
            TakenCall::Reporter(call) => call,
            TakenCall::CallBack(call) => return self.call_back_again(calling, call).await,
        };
        let last = match call.phase {
            CallerPhase::Answers { lead: AnswersLead::Read { last, .. }, .. } => Some(last),
            CallerPhase::Answers { .. }
            | CallerPhase::Greeting { .. }
            | CallerPhase::Menu { .. }
            | CallerPhase::Recording { .. }
            | CallerPhase::Telling { .. }
            | CallerPhase::Code { .. }
            | CallerPhase::Connecting
            | CallerPhase::Hotline
            | CallerPhase::Over { .. } => None,
        };
        let found = self.found(calling, call, row.conversation, last).await?;
        Ok(call.again(&self.facts(calling, &found), self.vault.caller_token(calling.call, call.step)))
    }

    /// What the rules need: the code of the call's own tip, or the answers of the one whose code was keyed (up to number `last`).
    async fn found(
        &self,
        calling: &Calling,
        call: &CallerCall,
        tip: Option<ConversationId>,
        last: Option<i64>,
    ) -> Result<Found, IntakeError> {
        match (call.tip, tip) {
            (CallTip::Keyed, Some(tip)) => Ok(Found { answers: Some(self.staff_answers(tip, last).await?), ..Found::default() }),
            (CallTip::Keyed, None) | (CallTip::None | CallTip::Own, _) => {
                Ok(Found { code: self.own_code(calling).await?, ..Found::default() })
            }
        }
    }

    async fn own_code(&self, calling: &Calling) -> Result<Option<ReturnCode>, IntakeError> {
        let tip = self.vault.call_tip(calling.call);
        let Some(row) = self.store.conversation(tip).await? else { return Ok(None) };
        Ok(Some(self.vault.unwrap_key(tip, &row.key)?.return_code()))
    }

    fn facts<'a>(&'a self, calling: &'a Calling, found: &'a Found) -> CallerFacts<'a> {
        let right = found.answers.as_ref().map(|answers| Checked::Right(Answers { words: &answers.words, last: answers.last }));
        CallerFacts {
            line_name: &self.line.voice.line_name,
            site: &self.line.origin,
            ours: &calling.to,
            desk: self.line.desk.as_ref(),
            hotline: self.line.hotline.as_ref().map(|(number, schools)| (number, schools.as_str())),
            call_back: !self.line.call_back.is_empty() && self.line.endusers_alone.is_none(),
            code: found.code.as_ref(),
            checked: right.or(found.wrong.then_some(Checked::Wrong)),
        }
    }

    /// What a step adds to the record of its tip.
    fn for_the_record(&self, before: &CallerCall, next: &CallerCall, tip: Option<ConversationId>) -> Vec<Entry> {
        let Some(conversation) = tip else { return Vec::new() };
        let at = self.clock.now();
        let came_back = (before.tip != CallTip::Keyed && next.tip == CallTip::Keyed)
            .then_some((Actor::Reporter, Action::CameBack { channel: Channel::Voice }));
        let told = matches!(next.phase, CallerPhase::Telling { times: 1, lead: TellingLead::Recorded | TellingLead::Waited })
            .then_some((Actor::System, Action::FirstWords));
        [came_back, told].into_iter().flatten().map(|(actor, action)| Entry { conversation, at, actor, action }).collect()
    }

    /// Answers that were read out to their end are seen. The step is durable already, so a fault here is told to nobody on the line; they
    /// are then read out again with the next call.
    async fn heard(&self, effects: &[CallerEffect], tip: Option<ConversationId>) {
        for effect in effects {
            match (effect, tip) {
                (CallerEffect::AnswersHeard { last }, Some(tip)) => {
                    let heard = match self.staff_answers(tip, Some(*last)).await {
                        Ok(answers) => self.progress.answers_heard(tip, answers.first..=*last).await.map_err(IntakeError::from),
                        Err(error) => Err(error),
                    };
                    if let Err(error) = heard {
                        tracing::error!(error = %error, "answers that were heard on a call are not marked as seen");
                    }
                }
                (CallerEffect::AnswersHeard { .. }, None)
                | (CallerEffect::CheckCode(_) | CallerEffect::CallsBack | CallerEffect::CallerWaits, _) => {}
            }
        }
    }
}
