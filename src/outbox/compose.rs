//! What an attempt sends: the address opened at the last moment, and words that hold nothing of the tip (R6).

use crate::desk::directory::{DirectoryReader, person};
use crate::outbox::source::{MOST_LOOKED_AT, Source};
use crate::progress::contact_for;
use crate::progress::routes::Routes;
use crate::store::rows::{AttemptRow, Author, MessageRow, ObligationRow};
use crate::store::{Store, StoreError};
use crate::vault::mail::plus_address;
use crate::vault::{DoesNotOpen, Vault};
use domain::channel::{Channel, Means};
use domain::conversation::first_words::with_code;
use domain::conversation::reference::Reference;
use domain::directory::{ContactPoint, Person};
use domain::dispatch::obligation::Obligation;
use domain::dispatch::plan::StepContent;
use domain::dispatch::words::{MailFacts, TextFacts, Voice, mail, text};
use domain::exchange::{Content, Detection, Mail, MailKind, Outbound, Search};
use domain::id::AccountKey;
use domain::language::Language;
use domain::sealed::{Address, Words};
use std::collections::HashMap;
use std::sync::Arc;

/// The line in whose name things are sent.
#[derive(Debug, Clone)]
pub struct Line {
    /// Name and call-back number as spoken.
    pub voice: Voice,
    /// The call-back number as written.
    pub call_back: String,
    /// The call-back number, when it is for endusers alone and reporters have another; `None` when they share one, or there is none.
    pub endusers_alone: Option<Address>,
    /// The public origin, for the receipt page's address.
    pub origin: String,
    /// The language of those who have not shown theirs.
    pub language: Language,
    /// The desk's number, which callers can be connected with.
    pub desk: Option<Address>,
    /// The hotline that callers can be connected with, and the name of the schools it is for (R51).
    pub hotline: Option<(Address, String)>,
    /// The mailboxes that are read, each with the account that answers for it: what comes back to a mail goes there.
    pub mailboxes: Vec<(AccountKey, Address)>,
}

/// Why an attempt could not be put together. All of it is ours to mend, so the attempt counts as not taken.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// The store.
    #[error("a row needed for sending was not read")]
    Store(#[from] StoreError),
    /// Sealing.
    #[error(transparent)]
    Sealed(#[from] DoesNotOpen),
    /// The directory no longer has this address.
    #[error("the directory no longer has this address")]
    AddressGone,
    /// Whoever is there texted STOP.
    #[error("they have forbidden texts (STOP)")]
    TextsForbidden,
    /// The tip is gone.
    #[error("the tip is gone")]
    TipGone,
}

/// Puts attempts together.
#[derive(Clone)]
pub struct Compose {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Opens addresses and words, makes tokens and codes.
    pub vault: Arc<Vault>,
    /// For languages and extensions.
    pub directory: DirectoryReader,
    /// For the sending identities.
    pub routes: Arc<Routes>,
    /// In whose name.
    pub line: Arc<Line>,
    /// How each account that calls tells a machine from a person.
    pub detections: Arc<HashMap<AccountKey, Detection>>,
}

impl Compose {
    /// An attempt at an obligation.
    pub async fn obligation(&self, row: &ObligationRow, attempt: &AttemptRow) -> Result<Outbound, ComposeError> {
        let step = &row.obligation.step;
        let to = self.enduser(row, attempt).await?;
        let directory = self.directory.read().await?;
        let listed = person(&directory, &step.organization, &step.person);
        let language = listed.map_or(Language::En, |listed| listed.language);
        let content = match step.means {
            Means::Call => Content::Call {
                first: self.vault.step_token(attempt.id, 0),
                extension: listed.and_then(|listed| point(listed, attempt)).map(|point| point.extension.clone()).unwrap_or_default(),
                detection: self.detections.get(&attempt.account).copied().unwrap_or_default(),
            },
            Means::Mail => {
                let reference = self.reference(row).await?;
                let link = format!("{}/r/{}", self.line.origin, self.vault.receipt_token(attempt.id));
                Content::Mail(mail(MailFacts {
                    line_name: &self.line.voice.line_name,
                    organization_name: &step.organization_name,
                    reference: &reference,
                    level: row.obligation.level,
                    link: &link,
                    code: &self.vault.mail_code(attempt.id),
                    call_back: &self.line.call_back,
                    message_id: self.vault.mail_notice_id(row.obligation.id),
                    purpose: row.obligation.purpose,
                    session: step.session,
                    summary: self.summary(row).await?.as_ref().map(Words::reveal),
                    bounces_to: self.bounces_to(attempt),
                    tls_required: listed.and_then(|listed| point(listed, attempt)).is_some_and(|point| point.tls_required),
                    language,
                }))
            }
            Means::Text => {
                if self.store.texts_forbidden(self.vault.enduser_index(&to)).await?.is_some() {
                    return Err(ComposeError::TextsForbidden);
                }
                let reference = self.reference(row).await?;
                Content::Text(text(TextFacts {
                    line_name: &self.line.voice.line_name,
                    organization_name: &step.organization_name,
                    reference: &reference,
                    level: row.obligation.level,
                    purpose: row.obligation.purpose,
                    code: &self.vault.text_code(attempt.id),
                    call_back: &self.line.call_back,
                    language,
                }))
            }
        };
        Ok(Outbound { attempt: attempt.id, from: self.from(attempt), to, content })
    }

    /// An attempt at a message to a reporter.
    pub async fn message(&self, row: &MessageRow, attempt: &AttemptRow) -> Result<Outbound, ComposeError> {
        let tip = self.store.conversation(row.conversation).await?.ok_or(ComposeError::TipGone)?;
        let key = self.vault.unwrap_key(row.conversation, &tip.key)?;
        let contact = contact_for(&*self.store, row).await?.ok_or(ComposeError::AddressGone)?;
        let context = contact.handle.uuid();
        let words = with_code(&self.vault.open_words(&key, row.id.uuid().as_bytes(), &row.body)?, &key.return_code());
        let ours = self.vault.open_address(&key, context.as_bytes(), &contact.ours)?;
        let to = self.vault.open_address(&key, context.as_bytes(), &contact.address)?;
        if to.reveal().is_empty() {
            return Err(ComposeError::AddressGone);
        }
        if contact.channel != Channel::Mail {
            return Ok(Outbound { attempt: attempt.id, from: ours, to, content: Content::Text(words) });
        }
        let mut answers = None;
        for (id, sealed) in self.store.last_sources(row.conversation, MOST_LOOKED_AT).await? {
            let source = Source::read(&self.vault.open_words(&key, id.uuid().as_bytes(), &sealed)?);
            answers = source.id_for(contact.index);
            if answers.is_some() {
                break;
            }
        }
        let language = tip.conversation.language.unwrap_or(self.line.language);
        let reply = Mail {
            message_id: self.vault.mail_id(row.id),
            subject: reply_subject(language).to_owned(),
            text: format!("{}\n", words.reveal()),
            language,
            answers,
            tls_required: false,
            kind: match row.author {
                Author::System | Author::Reporter => MailKind::AutoReply,
                Author::Staff(_) => {
                    MailKind::Answer { bounces_to: Address::new(plus_address(ours.reveal(), &self.vault.mail_bounce_token(row.id))) }
                }
            },
        };
        let from = Address::new(plus_address(ours.reveal(), &self.vault.mail_token(row.conversation)));
        Ok(Outbound { attempt: attempt.id, from, to, content: Content::Mail(reply) })
    }

    /// Where to look for an attempt at an obligation.
    pub async fn search_obligation(&self, row: &ObligationRow, attempt: &AttemptRow) -> Result<Search, ComposeError> {
        let to = self.enduser(row, attempt).await?;
        Ok(self.search(attempt, self.from(attempt), to))
    }

    /// Where to look for an attempt at a message.
    pub async fn search_message(&self, row: &MessageRow, attempt: &AttemptRow) -> Result<Search, ComposeError> {
        let outbound = self.message(row, attempt).await?;
        Ok(self.search(attempt, outbound.from, outbound.to))
    }

    fn search(&self, attempt: &AttemptRow, from: Address, to: Address) -> Search {
        Search {
            attempt: attempt.id,
            means: attempt.means,
            from,
            to,
            intended_at: attempt.intended_at,
            provider_id: attempt.provider_id.clone().map(domain::exchange::ProviderId),
        }
    }

    async fn enduser(&self, row: &ObligationRow, attempt: &AttemptRow) -> Result<Address, ComposeError> {
        let step = &row.obligation.step;
        let listed = self.store.addresses(step.person.clone(), step.means).await?;
        let row = listed.iter().find(|row| row.point == attempt.point).or(listed.first()).ok_or(ComposeError::AddressGone)?;
        Ok(self.vault.open_enduser(&step.person, step.means, &row.sealed)?)
    }

    /// The analyst's summary, where this step may carry it (R6).
    async fn summary(&self, row: &ObligationRow) -> Result<Option<Words>, ComposeError> {
        let Obligation { conversation, dispatch, step, .. } = &row.obligation;
        match step.content {
            StepContent::Nothing => return Ok(None),
            StepContent::Summary => {}
        }
        let dispatches = self.store.dispatches(*conversation).await?;
        let Some(sealed) = dispatches.into_iter().find(|row| row.id == *dispatch).and_then(|row| row.summary) else { return Ok(None) };
        let tip = self.store.conversation(*conversation).await?.ok_or(ComposeError::TipGone)?;
        let key = self.vault.unwrap_key(*conversation, &tip.key)?;
        Ok(Some(self.vault.open_words(&key, dispatch.uuid().as_bytes(), &sealed)?))
    }

    /// Where a bounce of this attempt's mail goes: to the mailbox that its account answers for, else to another one that is read.
    fn bounces_to(&self, attempt: &AttemptRow) -> Option<Address> {
        let boxes = &self.line.mailboxes;
        let (_, mailbox) = boxes.iter().find(|(answers, _)| *answers == attempt.account).or(boxes.first())?;
        Some(Address::new(plus_address(mailbox.reveal(), &self.vault.mail_attempt_token(attempt.id))))
    }

    async fn reference(&self, row: &ObligationRow) -> Result<Reference, ComposeError> {
        let tip = self.store.conversation(row.obligation.conversation).await?.ok_or(ComposeError::TipGone)?;
        Ok(tip.conversation.reference)
    }

    fn from(&self, attempt: &AttemptRow) -> Address {
        self.routes.lane(&attempt.lane).map_or_else(|| Address::new(""), |lane| lane.from.clone())
    }
}

/// What the directory says of the address that an attempt took.
fn point<'a>(listed: &'a Person, attempt: &AttemptRow) -> Option<&'a ContactPoint> {
    listed.points(attempt.means).find(|(place, _)| *place == attempt.point).map(|(_, point)| point)
}

/// The subject of a mail to a reporter: says nothing to whoever looks over a shoulder, and echoes none of theirs.
const fn reply_subject(language: Language) -> &'static str {
    match language {
        Language::En => "Re: your message",
        Language::Es => "Re: tu mensaje",
        Language::Ar => "رد: رسالتك",
    }
}
