//! What comes back to a mail that told an enduser: news of its delivery, an absence note, a person's answer.
//!
//! It is known by our own proof in the envelope's sender or the Message-ID (`vault::mail`), else it is a mail like any other. News of
//! delivery becomes evidence of the attempt, and never a receipt (R19). What a person answers is no confirmation either, and no new tip:
//! it is put beside the tip as a note, and somebody is asked to look. An old or forged bounce changes nothing.

use super::message::once;
use super::{Intake, IntakeError, Taken};
use crate::audit::{Action, Actor, Entry};
use crate::portal::MOST_NOTES;
use crate::progress::{News, Took};
use crate::store::commit::Once;
use crate::store::endusers::{EnduserNoteRow, EnduserWrite, NoteAuthor};
use crate::store::rows::{AttemptRow, ObligationRow, Owner, TaskKind, TaskRow};
use crate::store::{Commit, Outcome, Write};
use crate::telemetry::metric;
use crate::vault::mail::MailThread;
use domain::channel::Channel;
use domain::dispatch::evidence::{End, ReceiptKind};
use domain::dispatch::obligation::Obligation;
use domain::dispatch::plan::Step;
use domain::dispatch::purpose::Purpose;
use domain::exchange::{Fate, InboundMessage, Joins, MediaRole, Nature};
use domain::id::TaskId;
use jiff::Timestamp;

/// The reply code that stands for "this address will never take it" (RFC 5321); the report itself has an enhanced one.
const NO_SUCH_MAILBOX: i64 = 550;

/// What a mail that came back is about.
pub(super) struct Notice {
    attempt: AttemptRow,
    row: ObligationRow,
}

impl Intake {
    /// The mail to an enduser that this one comes back to, when it proves that. Only the most telling token of ours counts: a reporter who
    /// answers us is a reporter, whatever else the mail refers to.
    pub(super) async fn notice_of(&self, message: &InboundMessage) -> Result<Option<Notice>, IntakeError> {
        let Joins::Threads(tokens) = &message.joins else { return Ok(None) };
        if message.channel != Channel::Mail {
            return Ok(None);
        }
        let attempt = match tokens.iter().find_map(|token| self.vault.read_mail_thread(token)) {
            Some(MailThread::Attempt(id)) => id,
            Some(MailThread::Notice(id)) => match self.store.obligation(id).await?.and_then(|row| row.obligation.latest) {
                Some(latest) => latest,
                None => return Ok(None),
            },
            Some(MailThread::Tip(_) | MailThread::Message(_)) | None => return Ok(None),
        };
        let Some(attempt) = self.store.attempt(attempt).await? else { return Ok(None) };
        let Owner::Obligation(id) = attempt.owner else { return Ok(None) };
        Ok(self.store.obligation(id).await?.map(|row| Notice { attempt, row }))
    }

    /// Takes it.
    pub(super) async fn about_notice(&self, message: &InboundMessage, notice: Notice, at: Timestamp) -> Result<Taken, IntakeError> {
        match message.nature {
            Nature::Bounce | Nature::Automatic if message.fate.is_some() || message.nature == Nature::Bounce => {
                self.delivery_news(message, &notice, at).await
            }
            // A program says that it showed the mail to somebody: that is nobody's word.
            Nature::ReadReceipt => Ok(Taken::Merged),
            Nature::Bounce | Nature::Automatic | Nature::Person | Nature::Unreadable => self.written_back(message, notice, at).await,
        }
    }

    async fn delivery_news(&self, message: &InboundMessage, notice: &Notice, at: Timestamp) -> Result<Taken, IntakeError> {
        let kind = match message.fate {
            Some(Fate::Delivered) => ReceiptKind::Delivered,
            Some(Fate::HandedOn | Fate::Delayed) => return Ok(Taken::Merged),
            Some(Fate::Failed { permanent: true }) => ReceiptKind::Ended(End::Undelivered(Some(NO_SUCH_MAILBOX))),
            // Given up for the time being, or in words that no program understands: the address may be good.
            Some(Fate::Failed { permanent: false }) | None => ReceiptKind::Ended(End::Undelivered(None)),
        };
        let news = News { once: Some(once(message, at)), kinds: vec![kind], ..News::default() };
        Ok(match self.progress.news(notice.attempt.id, news).await? {
            Took::Taken => Taken::Merged,
            Took::Known | Took::Stale | Took::NoAttempt => Taken::Known,
        })
    }

    /// Words that came back: a note beside the tip for all who work on it; and, when a person wrote them, somebody is asked to look.
    async fn written_back(&self, message: &InboundMessage, notice: Notice, at: Timestamp) -> Result<Taken, IntakeError> {
        let id = notice.attempt.conversation;
        let Some(tip) = self.store.conversation(id).await? else { return Ok(Taken::NotOurs) };
        if self.store.enduser_notes(id).await?.len() >= MOST_NOTES {
            return self.too_much_written_back(message, &notice, at).await;
        }
        let key = self.vault.unwrap_key(id, &tip.key)?;
        let step = &notice.row.obligation.step;
        let note = self.entropy.message(at);
        let body = self.vault.seal(&key, note.uuid().as_bytes(), &words_of(message));
        let author = author_of(&notice.row.obligation);
        let note = EnduserNoteRow { id: note, conversation: id, author, at, body };
        let mut writes = vec![Write::Enduser(Box::new(EnduserWrite::Note(note)))];
        if message.nature != Nature::Automatic {
            writes.push(Write::Task(TaskRow {
                kind: TaskKind::Look,
                due_at: None,
                id: TaskId::new(self.entropy.ordered(at)),
                conversation: id,
                obligation: Some(notice.row.obligation.id),
                what: format!(
                    "{} of {} answered our mail; read their note. It confirms nothing: call them, if nobody there has confirmed",
                    step.role, step.organization_name
                ),
                created_at: at,
            }));
        }
        let audit = vec![Entry { conversation: id, at, actor: Actor::Enduser, action: Action::Noted }];
        Ok(match self.store.commit(Commit { once: Some(once(message, at)), writes, audit }).await? {
            Outcome::Committed(_) => Taken::Stored(id),
            Outcome::Duplicate => Taken::Known,
            Outcome::Conflict => return Err(IntakeError::Contended),
        })
    }

    /// A tip that has as many notes as it takes gets no more by mail: two programs that answer each other would write for ever. The mail
    /// stays in the mailbox, and one task for all of them says so.
    async fn too_much_written_back(&self, message: &InboundMessage, notice: &Notice, at: Timestamp) -> Result<Taken, IntakeError> {
        metrics::counter!(metric::MAIL_NOTES_REFUSED).increment(1);
        let id = notice.attempt.conversation;
        let task = TaskRow {
            kind: TaskKind::Look,
            due_at: None,
            id: TaskId::new(self.entropy.ordered(at)),
            conversation: id,
            obligation: None,
            what: format!(
                "This tip has {MOST_NOTES} notes of endusers, the most that are kept. Read what else they answer in the mailbox itself; two \
                 programs may be answering each other there"
            ),
            created_at: at,
        };
        let once = Once { account: message.account.clone(), key: format!("notes-full:{id}"), at };
        Ok(match self.store.commit(Commit { once: Some(once), writes: vec![Write::Task(task)], audit: Vec::new() }).await? {
            Outcome::Committed(_) => Taken::Stored(id),
            Outcome::Duplicate => Taken::Known,
            Outcome::Conflict => return Err(IntakeError::Contended),
        })
    }
}

/// As whom the reader of our mail writes back. What a supervisor answers to a page is for the desk alone.
fn author_of(obligation: &Obligation) -> NoteAuthor {
    let Step { person, role, organization_name, .. } = obligation.step.clone();
    match obligation.purpose {
        Purpose::Tip | Purpose::Update | Purpose::Drill | Purpose::Feedback => {
            NoteAuthor::Enduser { person, role, organization: organization_name }
        }
        Purpose::Page(_) => NoteAuthor::Line { role, organization: organization_name },
    }
}

/// The words as a note says them: how they came, and what of them is not here.
fn words_of(message: &InboundMessage) -> String {
    let how = match message.nature {
        Nature::Automatic => "[An automatic answer to our mail]",
        Nature::Person | Nature::Bounce | Nature::ReadReceipt => {
            "[By mail, in answer to ours; it may be somebody who was sent our mail on]"
        }
        Nature::Unreadable => "[By mail, in answer to ours; it could not be read and lies in the mailbox]",
    };
    let files = message.media.iter().filter(|medium| medium.role == MediaRole::Shown).count();
    let files = match files {
        0 => String::new(),
        1 => "\n\n[One file came with it; it lies in the mailbox]".to_owned(),
        more => format!("\n\n[{more} files came with it; they lie in the mailbox]"),
    };
    format!("{how}\n\n{}{files}", message.words.reveal().trim())
}
