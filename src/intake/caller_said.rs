//! What a call leaves in its tip: recordings, what a machine understood of them, that somebody waits; and the answers read out on it.
//!
//! A call's own tip has an id that is derived from the call, so the first of several pieces of news opens it and the others join it, in
//! whatever order they come and also out of the spool. A recording belongs to the tip whose code was keyed, if one was.

use super::caller::Calling;
use super::{Intake, IntakeError, Taken};
use crate::audit::{Action, Actor, Entry};
use crate::store::commit::Once;
use crate::store::rows::{Author, CallerRow, MessageRow};
use crate::store::{Commit, Outcome, Write};
use domain::channel::Channel;
use domain::conversation::knows::Knows;
use domain::exchange::{InboundMessage, Joins, MediaBody, MediaRef, MediaRole, ProviderId};
use domain::id::ConversationId;
use domain::language::Language;
use domain::sealed::Words;
use domain::voice::caller_call::{CallTip, CallerCall};
use domain::voice::taken_call::TakenCall;
use std::time::Duration;

/// How long the store may take to tell which tip a recording belongs to; without an answer it opens the call's own.
const READ_PATIENCE: Duration = Duration::from_millis(1500);
/// How often, and with what time between, a tip is looked for that the news of a recording is about to open: two seconds.
const LOOKS: u32 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// How many messages of a tip are looked through for answers.
const MOST_MESSAGES: u32 = 1000;
/// So many characters of answers are read out at most, the latest ones: a quarter of an hour, and well within the 64 KB of a document
/// (carriers.md 2.3), in which a letter may take six bytes.
const MOST_CHARACTERS: usize = 9000;
/// What a recording is called until it was looked at.
const RECORDING_TYPE: &str = "audio/wav";

/// Staff's messages of a tip, oldest first.
pub(super) struct StaffAnswers {
    pub(super) words: Vec<Words>,
    /// The number of the first one that is read out.
    pub(super) first: i64,
    /// The number of the last one; 0 when there is none.
    pub(super) last: i64,
}

impl Intake {
    /// A recording: one message, however often it is told of.
    pub(super) async fn recording(&self, calling: &Calling, recording: ProviderId, url: Words) -> Result<Taken, IntakeError> {
        let row = match tokio::time::timeout(READ_PATIENCE, self.store.caller(calling.call)).await {
            Ok(Ok(row)) => row,
            Ok(Err(_)) | Err(_) => None,
        };
        let medium = MediaRef { body: MediaBody::Waiting(url), content_type: RECORDING_TYPE.to_owned(), role: MediaRole::Recording };
        let message = InboundMessage {
            media: vec![medium],
            ..self.as_message(calling, recording, row.as_ref().map(|row| row.state.language()), joins(self, calling, row.as_ref()), "")
        };
        self.message(message).await
    }

    /// The caller spoke, and the news of the recording is still to come.
    pub(super) async fn caller_spoke(&self, calling: &Calling, language: Option<Language>) -> Result<(), IntakeError> {
        let once = ProviderId(format!("{}:spoke", calling.provider_id.0));
        let joins = Joins::New(self.vault.call_tip(calling.call));
        let message = self.as_message(calling, once, language, joins, "[A caller left a message. The recording is on its way.]");
        self.message(message).await.map(drop)
    }

    /// The caller wants to speak with somebody: the tip shows it at once, whether or not the desk answers.
    pub(super) async fn caller_waits(&self, calling: &Calling, state: &CallerCall, tip: Option<ConversationId>) -> Result<(), IntakeError> {
        let once = ProviderId(format!("{}:waits:{}", calling.provider_id.0, state.step));
        let joins = match (state.tip, tip) {
            (CallTip::Keyed, Some(tip)) => Joins::Conversation(tip),
            (CallTip::Keyed, None) | (CallTip::None | CallTip::Own, _) => Joins::New(self.vault.call_tip(calling.call)),
        };
        let message = self.as_message(calling, once, Some(state.language), joins, "[A caller wants to speak with somebody.]");
        self.message(message).await.map(drop)
    }

    fn as_message(&self, calling: &Calling, id: ProviderId, language: Option<Language>, joins: Joins, words: &str) -> InboundMessage {
        InboundMessage {
            from: Some(calling.from.clone()).filter(|from| !from.reveal().is_empty()),
            to: calling.to.clone(),
            language,
            joins,
            ..InboundMessage::plain(calling.account.clone(), id, Channel::Voice, Knows::PHONE, Words::new(words))
        }
    }

    /// How the call to the desk ended.
    pub(super) async fn desk_was_called(
        &self,
        calling: &Calling,
        step: u32,
        tip: ConversationId,
        answered: bool,
    ) -> Result<(), IntakeError> {
        let words = if answered { "The caller was connected with the desk." } else { "Nobody at the desk came to the phone." };
        self.remark(calling, tip, format!("{}:desk:{step}", calling.provider_id.0), words, None).await.map(drop)
    }

    /// What a machine understood of a recording: beside it, never instead of it.
    pub(super) async fn transcript(&self, calling: &Calling, recording: &ProviderId, words: &Words) -> Result<Taken, IntakeError> {
        let row = self.store.caller(calling.call).await?;
        let tip = match joins(self, calling, row.as_ref()) {
            Joins::Conversation(tip) | Joins::New(tip) => tip,
            Joins::ByAddress | Joins::Threads(_) => self.vault.call_tip(calling.call),
        };
        if !self.comes_to_be(tip).await? {
            // The news of the recording is late: what was understood was said.
            self.caller_spoke(calling, row.map(|row| row.state.language())).await?;
        }
        let once = format!("{}:transcript", recording.0);
        let words = format!("What a machine understood of the recording, perhaps wrongly: {}", words.reveal());
        self.remark(calling, tip, once, &words, Some(Action::Transcribed)).await
    }

    /// Whether there is such a tip, at once or in a moment: a transcript may overtake the news of its recording.
    async fn comes_to_be(&self, tip: ConversationId) -> Result<bool, IntakeError> {
        for _ in 0..LOOKS {
            if self.store.conversation(tip).await?.is_some() {
                return Ok(true);
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        Ok(self.store.conversation(tip).await?.is_some())
    }

    /// Something that the program has to say of a tip to those who read it.
    async fn remark(
        &self,
        calling: &Calling,
        tip: ConversationId,
        once: String,
        words: &str,
        action: Option<Action>,
    ) -> Result<Taken, IntakeError> {
        let Some(row) = self.store.conversation(tip).await? else { return Ok(Taken::NotOurs) };
        let (at, key) = (self.clock.now(), self.vault.unwrap_key(tip, &row.key)?);
        let id = self.entropy.message(at);
        let message = MessageRow {
            body: self.vault.seal(&key, id.uuid().as_bytes(), words),
            ..MessageRow::new(id, tip, Author::System, Channel::Voice, at)
        };
        let commit = Commit {
            once: Some(Once { account: calling.account.clone(), key: once, at }),
            writes: vec![Write::Message(Box::new(message))],
            audit: action.map(|action| Entry { conversation: tip, at, actor: Actor::System, action }).into_iter().collect(),
        };
        Ok(match self.store.commit(commit).await? {
            Outcome::Committed(_) => Taken::Stored(tip),
            Outcome::Duplicate => Taken::Known,
            Outcome::Conflict => Taken::NotOurs,
        })
    }

    /// The answers of a tip, up to number `up_to` where one is given: the same that were read out before.
    pub(super) async fn staff_answers(&self, tip: ConversationId, up_to: Option<i64>) -> Result<StaffAnswers, IntakeError> {
        let none = StaffAnswers { words: Vec::new(), first: 1, last: 0 };
        let Some(row) = self.store.conversation(tip).await? else { return Ok(none) };
        let key = self.vault.unwrap_key(tip, &row.key)?;
        let after = (up_to.unwrap_or(row.last_seq) - i64::from(MOST_MESSAGES)).max(0);
        let rows = self.store.messages(tip, after, MOST_MESSAGES).await?;
        let said = rows.iter().filter(|row| matches!(row.author, Author::Staff(_)) && up_to.is_none_or(|last| row.seq <= last));
        let (mut words, mut first, mut last, mut length) = (Vec::new(), 1, 0, 0);
        for row in said.rev() {
            let answer = self.vault.open_words(&key, row.id.uuid().as_bytes(), &row.body)?;
            length += answer.reveal().chars().count();
            if length > MOST_CHARACTERS && !words.is_empty() {
                break;
            }
            first = row.seq;
            last = last.max(row.seq);
            words.push(answer);
        }
        words.reverse();
        Ok(StaffAnswers { words, first, last })
    }
}

fn joins(intake: &Intake, calling: &Calling, row: Option<&CallerRow>) -> Joins {
    let own = Joins::New(intake.vault.call_tip(calling.call));
    match row.map(|row| (&row.state, row.conversation)) {
        Some((TakenCall::Reporter(CallerCall { tip: CallTip::Keyed, .. }), Some(tip))) => Joins::Conversation(tip),
        Some((TakenCall::Reporter(_) | TakenCall::CallBack(_), _)) | None => own,
    }
}
