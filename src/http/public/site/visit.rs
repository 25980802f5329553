//! `GET` and `POST /return`: a code, and behind it the conversation with its answers and a field to write more.
//!
//! What was opened is carried on by a sealed token in the form, for 45 minutes from the last page asked for; a page that renews itself does
//! not prolong it. Neither code nor token is ever in a URL. Showing a page tells the desk that its answers were seen.

use super::conversation::{Item, MOST_SHOWN, Talk, left_out};
use super::form::{Field, Form};
use super::frame::answer;
use super::{Frame, Here, Place};
use crate::intake::{IntakeError, Taken};
use crate::vault::hex;
use crate::vault::visit::Pass;
use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::id::ConversationId;
use std::ops::RangeInclusive;
use std::time::Duration;

/// How long the store is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Template)]
#[template(path = "public/return.html")]
struct Page {
    frame: Frame,
    nonce: String,
    what: String,
    refusal: Option<&'static str>,
    refusal_help: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "public/talk.html")]
struct Opened {
    frame: Frame,
    visit: String,
    nonce: String,
    have: String,
    items: Vec<Item>,
    earlier: bool,
    answered: bool,
    waiting: bool,
    sent: bool,
    cut: bool,
    what: String,
    left_out: Vec<String>,
    refusal: Option<&'static str>,
    refusal_help: Option<&'static str>,
}

/// What the reporter is told of what they just sent.
enum Sent {
    Nothing,
    Kept { spooled: bool },
    NotKept,
}

pub(super) async fn show(State(here): State<Here>) -> Response {
    here.ask(StatusCode::OK, &Form::default(), None)
}

pub(super) async fn enter(State(here): State<Here>, request: Request) -> Response {
    let (site, lost) = (here.site.clone(), here.clone());
    let answer = site.to_its_end(async move { here.entered(request).await }).await;
    answer.unwrap_or_else(|| lost.not_opened(&Form::default()))
}

impl Here {
    async fn entered(self, request: Request) -> Response {
        let mut form = self.site.read(request).await;
        let token = form.get(Field::Visit);
        let by_token = self.site.vault.read_pass(Pass::Visit, token, self.site.clock.now());
        let (expired, is_poll) = (!token.is_empty() && by_token.is_none(), form.get(Field::Step) == "poll");
        let conversation = match by_token {
            Some(id) => id,
            None if form.get(Field::Code).trim().is_empty() => {
                let status = if expired { StatusCode::FORBIDDEN } else { StatusCode::OK };
                return self.ask(status, &form, expired.then_some((self.words().visit.expired, None)));
            }
            None => match self.open(&form).await {
                Ok(id) => id,
                Err(page) => return page,
            },
        };
        let sent = match form.get(Field::Step) {
            "poll" | "renew" | "language" => Sent::Nothing,
            _ => self.take(&mut form, conversation).await,
        };
        let Ok(Ok(talk)) = tokio::time::timeout(PATIENCE, self.talk(conversation)).await else {
            return match sent {
                Sent::Kept { .. } => self.opened(conversation, Talk::waiting(), &form, &Sent::Kept { spooled: true }),
                Sent::Nothing | Sent::NotKept => self.not_opened(&form),
            };
        };
        if is_poll && talk.have == form.get(Field::Have) {
            return StatusCode::NO_CONTENT.into_response();
        }
        if talk.unseen {
            self.seen(conversation, talk.last_seq - i64::from(MOST_SHOWN) + 1..=talk.last_seq).await;
        }
        self.opened(conversation, talk, &form, &sent)
    }

    /// The conversation of a typed code, or the page that says why not.
    async fn open(&self, form: &Form) -> Result<ConversationId, Response> {
        let words = &self.words().visit;
        match tokio::time::timeout(PATIENCE, self.site.intake.open_by_code(form.get(Field::Code))).await {
            Ok(Ok(Some(row))) => Ok(row.conversation.id),
            Ok(Ok(None)) => Err(self.ask(StatusCode::UNPROCESSABLE_ENTITY, form, Some((words.wrong, Some(words.wrong_help))))),
            Ok(Err(IntakeError::ManyCodes)) => {
                Err(self.ask(StatusCode::TOO_MANY_REQUESTS, form, Some((words.many, Some(words.many_help)))))
            }
            Ok(Err(error)) => {
                tracing::error!(error = %error, "a conversation could not be opened by its code");
                Err(self.not_opened(form))
            }
            Err(_) => Err(self.not_opened(form)),
        }
    }

    async fn take(&self, form: &mut Form, conversation: ConversationId) -> Sent {
        if form.get(Field::What).trim().is_empty() && form.pictures.is_empty() {
            return Sent::Nothing;
        }
        let _turn = self.site.turns.acquire().await;
        let composed = self.further(form, conversation);
        let taken = self.site.intake.message(composed.message).await;
        drop(composed.room);
        match taken {
            Ok(Taken::Spooled(_)) => Sent::Kept { spooled: true },
            Ok(Taken::Stored(_) | Taken::Known | Taken::Merged | Taken::NotOurs | Taken::Script(..)) => Sent::Kept { spooled: false },
            Err(error) => {
                tracing::error!(error = %error, "a reporter's message could not be kept; the reporter is told so");
                Sent::NotKept
            }
        }
    }

    /// The desk is told that these answers were before the reporter. The page does not wait for more than this commit.
    async fn seen(&self, conversation: ConversationId, numbers: RangeInclusive<i64>) {
        match tokio::time::timeout(PATIENCE, self.site.progress.seen(conversation, numbers)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = %error, "that an answer was seen could not be kept; the next look tells it"),
            Err(_) => tracing::warn!("that an answer was seen could not be kept in time; the next look tells it"),
        }
    }

    /// The page that asks for the code; what was typed besides stays on it.
    fn ask(&self, status: StatusCode, form: &Form, refusal: Option<(&'static str, Option<&'static str>)>) -> Response {
        let page = Page {
            frame: self.frame(Place::Return),
            nonce: self.nonce(form),
            what: form.get(Field::What).to_owned(),
            refusal: refusal.map(|(heading, _)| heading),
            refusal_help: refusal.and_then(|(_, help)| help),
        };
        answer(status, &page)
    }

    fn not_opened(&self, form: &Form) -> Response {
        let words = &self.words().trouble;
        self.ask(StatusCode::SERVICE_UNAVAILABLE, form, Some((words.not_opened, Some(words.not_opened_help))))
    }

    fn opened(&self, conversation: ConversationId, talk: Talk, form: &Form, sent: &Sent) -> Response {
        let trouble = &self.words().trouble;
        let is_poll = form.get(Field::Step) == "poll";
        let (is_kept, is_spooled, failed) = match sent {
            Sent::Nothing => (false, false, false),
            Sent::Kept { spooled } => (true, *spooled, false),
            Sent::NotKept => (false, false, true),
        };
        // What was not sent stays typed.
        let unsent = !is_kept;
        let page = Opened {
            frame: self.frame(Place::Return).carried_by("answer"),
            visit: match is_poll {
                true => form.get(Field::Visit).to_owned(),
                false => self.site.vault.pass(Pass::Visit, conversation, self.site.clock.now()),
            },
            nonce: if unsent { self.nonce(form) } else { self.fresh_nonce() },
            have: talk.have,
            items: talk.items,
            earlier: talk.earlier,
            answered: talk.answered,
            waiting: talk.waiting || is_spooled,
            sent: is_kept,
            cut: is_kept && form.cut,
            what: if unsent { form.get(Field::What).to_owned() } else { String::new() },
            left_out: left_out(self.words(), form),
            refusal: failed.then_some(trouble.not_kept),
            refusal_help: failed.then_some(trouble.not_kept_help),
        };
        answer(if failed { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, &page)
    }

    /// The nonce of what is still typed; a new one when there is none.
    fn nonce(&self, form: &Form) -> String {
        match form.get(Field::Nonce) {
            "" => self.fresh_nonce(),
            typed => typed.to_owned(),
        }
    }

    fn fresh_nonce(&self) -> String {
        hex(&self.site.entropy.bytes::<12>())
    }
}
