//! A text from an enduser's own number that is nothing but `OK` and a code, STOP or START (R9, R19, R71).
//!
//! The code is of one text that we sent to that number lately, and confirms that one. Everything else from there, and the very same words
//! from any other number, is a tip like any other: a principal may report too. What surprises: after [`MOST_WRONG`] wrong codes no code is
//! taken any more until another text has gone out, not even a right one; and nothing here is answered by a text.

use super::message::once;
use super::{Intake, IntakeError, Taken};
use crate::audit::{Action, Actor, Entry};
use crate::progress::{MOST_REPEATS, News, Took, told};
use crate::store::endusers::EnduserWrite;
use crate::store::rows::{AttemptRow, ObligationRow, Owner, TaskKind, TaskRow};
use crate::store::{Commit, Outcome, Write};
use domain::channel::{Channel, Means};
use domain::conversation::keyword::Keyword;
use domain::dispatch::evidence::{ConfirmedBy, ReceiptKind};
use domain::exchange::{InboundMessage, Nature};
use domain::id::{PersonKey, TaskId};
use jiff::{SignedDuration, Timestamp};

/// How many of the texts to a number a code may be of.
const MOST_TEXTS: u32 = 20;
/// How old such a text may be.
const OLDEST: SignedDuration = SignedDuration::from_hours(24 * 7);
/// How far back the text is looked for that a STOP or START is about: first a little, then as far as anybody remembers one.
const LOOKS_BACK: [SignedDuration; 2] = [SignedDuration::from_hours(24 * 30), SignedDuration::from_hours(24 * 400)];
/// How many wrong codes a number may send before another text goes there: with [`MOST_TEXTS`] codes of six digits, 2 in 10,000 are guessed.
const MOST_WRONG: u32 = 10;
/// The longest text that is looked at, in characters.
const LONGEST: usize = 40;

impl Intake {
    /// Takes such a text; `None` when it is none, or when it is a reporter's besides.
    pub(super) async fn enduser_text(&self, message: &InboundMessage, at: Timestamp) -> Result<Option<Taken>, IntakeError> {
        let (Channel::Text, Nature::Person, Some(from)) = (message.channel, message.nature, &message.from) else { return Ok(None) };
        let digits = code_of(message.words.reveal());
        // Whether START lifts anything is known below; here the word counts.
        let keyword = Keyword::of(message.words.reveal(), true);
        if digits.is_none() && !matches!(keyword, Some(Keyword::Stop | Keyword::Start)) {
            return Ok(None);
        }
        let index = self.vault.enduser_index(from);
        let there = self.store.persons_at(index).await?;
        let persons: Vec<PersonKey> = there.into_iter().filter(|(_, means)| *means == Means::Text).map(|(person, _)| person).collect();
        if persons.is_empty() {
            return Ok(None);
        }
        match (digits, keyword) {
            (Some(digits), _) => self.code_texted(message, persons, &digits, at).await,
            (None, Some(Keyword::Stop)) => {
                let Some(last) = self.last_text_to(&persons, at).await? else { return Ok(None) };
                let Some(row) = self.obligation_of(&last).await? else { return Ok(None) };
                let task = TaskRow {
                    kind: TaskKind::Directory,
                    due_at: None,
                    id: TaskId::new(self.entropy.ordered(at)),
                    conversation: last.conversation,
                    obligation: None,
                    what: format!(
                        "{} of {} has forbidden texts (STOP): ask them, and mend the directory. Only START from their own phone lifts it",
                        row.obligation.step.role, row.obligation.step.organization_name
                    ),
                    created_at: at,
                };
                let writes = vec![Write::Enduser(Box::new(EnduserWrite::TextsForbidden(index, Some(at)))), Write::Task(task)];
                self.texts_changed(message, &last, writes, at).await
            }
            (None, Some(Keyword::Start)) => {
                if self.store.texts_forbidden(index).await?.is_none() {
                    return Ok(None);
                }
                let Some(last) = self.last_text_to(&persons, at).await? else { return Ok(None) };
                self.texts_changed(message, &last, vec![Write::Enduser(Box::new(EnduserWrite::TextsForbidden(index, None)))], at).await
            }
            (None, Some(Keyword::Help | Keyword::Web) | None) => Ok(None),
        }
    }

    /// The last text that went to these persons; `None` when there was none within [`LOOKS_BACK`].
    async fn last_text_to(&self, persons: &[PersonKey], at: Timestamp) -> Result<Option<AttemptRow>, IntakeError> {
        for span in LOOKS_BACK {
            let since = at.saturating_sub(span).unwrap_or(Timestamp::MIN);
            if let Some(last) = self.store.texts_to(persons.to_vec(), since, 1).await?.pop() {
                return Ok(Some(last));
            }
        }
        Ok(None)
    }

    /// `OK` and a code. With no text of ours to be about it is anybody's words.
    async fn code_texted(
        &self,
        message: &InboundMessage,
        persons: Vec<PersonKey>,
        digits: &str,
        at: Timestamp,
    ) -> Result<Option<Taken>, IntakeError> {
        let since = at.saturating_sub(OLDEST).unwrap_or(at);
        for _ in 0..MOST_WRONG + MOST_REPEATS {
            let texts = self.store.texts_to(persons.clone(), since, MOST_TEXTS).await?;
            let Some(last) = texts.first() else { return Ok(None) };
            let wrong = self.wrong_tries(last).await?;
            if wrong >= MOST_WRONG {
                tracing::warn!("a code came by text after too many wrong ones; it is not looked at");
                return Ok((!self.reports_too(message).await?).then_some(Taken::Known));
            }
            let right = texts.iter().find(|text| self.vault.is_text_code(text.id, digits));
            // "OK 1204" may be a room: what confirms nothing is counted, and a reporter's words besides.
            let reports_too = right.is_none() && self.reports_too(message).await?;
            let (attempt, kind) = match right {
                Some(attempt) => (attempt, ReceiptKind::Confirmed(ConfirmedBy::Text)),
                None => (last, ReceiptKind::WrongKey),
            };
            // The first wrong one tells a person: whoever sent it may believe that they have confirmed.
            let task = if right.is_none() && wrong == 0 { self.wrong_code_task(attempt, at).await? } else { None };
            // A wrong one counts against what was read; a right one merges into whatever is there.
            let version = right.is_none().then_some(attempt.version);
            let mut key = once(message, at);
            if reports_too {
                // The tip takes the message under its own name.
                key.key.push_str(":code");
            }
            let news = News {
                once: Some(key),
                kinds: vec![kind],
                writes: task.into_iter().map(Write::Task).collect(),
                version,
                ..News::default()
            };
            match self.progress.news(attempt.id, news).await? {
                Took::Taken | Took::Known | Took::NoAttempt if reports_too => return Ok(None),
                Took::Taken => return Ok(Some(Taken::Merged)),
                Took::Known | Took::NoAttempt => return Ok(Some(Taken::Known)),
                Took::Stale => {}
            }
        }
        Err(IntakeError::Contended)
    }

    /// Whether somebody reports from the same number.
    async fn reports_too(&self, message: &InboundMessage) -> Result<bool, IntakeError> {
        Ok(match self.index(message) {
            Some(index) => self.store.conversation_by_contact(index).await?.is_some(),
            None => false,
        })
    }

    async fn wrong_code_task(&self, attempt: &AttemptRow, at: Timestamp) -> Result<Option<TaskRow>, IntakeError> {
        Ok(self.obligation_of(attempt).await?.map(|row| TaskRow {
            kind: TaskKind::Look,
            due_at: None,
            id: TaskId::new(self.entropy.ordered(at)),
            conversation: attempt.conversation,
            obligation: Some(row.obligation.id),
            what: format!(
                "{} of {} answered our text with a code that does not fit: they may believe that they have confirmed. Call them, if nobody \
                 there has",
                row.obligation.step.role, row.obligation.step.organization_name
            ),
            created_at: at,
        }))
    }

    /// Texts to a number are forbidden or allowed. Where a reporter writes from the same number, the word is theirs too and goes on as theirs.
    async fn texts_changed(
        &self,
        message: &InboundMessage,
        last: &AttemptRow,
        writes: Vec<Write>,
        at: Timestamp,
    ) -> Result<Option<Taken>, IntakeError> {
        let reports_too = self.reports_too(message).await?;
        let mut audit = Vec::new();
        if let Some(row) = self.obligation_of(last).await? {
            let forbidden = writes.iter().any(|write| matches!(write, Write::Task(_)));
            let action = Action::TextsForbidden { told: told(&row.obligation), forbidden };
            audit.push(Entry { conversation: last.conversation, at, actor: Actor::Enduser, action });
        }
        let mut key = once(message, at);
        if reports_too {
            // The tip takes the message under its own name.
            key.key.push_str(":texts");
        }
        let outcome = self.store.commit(Commit { once: Some(key), writes, audit }).await?;
        Ok(match outcome {
            _ if reports_too => None,
            Outcome::Committed(_) => Some(Taken::Merged),
            Outcome::Duplicate => Some(Taken::Known),
            Outcome::Conflict => return Err(IntakeError::Contended),
        })
    }

    async fn obligation_of(&self, attempt: &AttemptRow) -> Result<Option<ObligationRow>, IntakeError> {
        let Owner::Obligation(id) = attempt.owner else { return Ok(None) };
        Ok(self.store.obligation(id).await?)
    }
}

/// The digits of a text that is `OK` and a code and nothing else, however it is written: `ok482107`, `Ok: 482 107.`, `"OK ٤٨٢١٠٧"`.
fn code_of(text: &str) -> Option<String> {
    if text.chars().nth(LONGEST).is_some() {
        return None;
    }
    let plain: String = text.chars().filter(|c| c.is_alphanumeric()).map(western).collect();
    let digits = plain.to_lowercase().strip_prefix("ok")?.to_owned();
    ((4..=8).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// Arabic and Persian digits as Western ones.
fn western(character: char) -> char {
    let from = |zero: u32| char::from_u32(u32::from('0') + u32::from(character) - zero).unwrap_or(character);
    match character {
        '\u{660}'..='\u{669}' => from(0x660),
        '\u{6f0}'..='\u{6f9}' => from(0x6f0),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::code_of;

    #[test]
    fn only_ok_and_a_code_is_one() {
        for text in ["OK 482107", "ok482107", "Ok: 482 107.", " ok-482-107\n", "\"OK 482107\"", "OK ٤٨٢١٠٧"] {
            assert_eq!(code_of(text).as_deref(), Some("482107"), "{text}");
        }
        for text in ["", "OK", "482107", "ok 12", "OK 482107 thanks", "not ok 482107", "ok 123456789", "okay 482107"] {
            assert_eq!(code_of(text), None, "{text}");
        }
        assert_eq!(code_of(&format!("OK 482107{}", " ".repeat(40))), None, "too long to be looked at");
    }
}
