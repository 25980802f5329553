//! `GET` and `POST /write`: one form; sent, it is a tip and its code is shown. `POST /write/schools` looks for a school and sends nothing.
//!
//! Whatever goes wrong, everything typed stands in the form again. "We have it" is said only of what is durable.

use super::conversation::left_out;
use super::form::{Field, Form};
use super::frame::answer;
use super::schools::{self, Listed};
use super::{Frame, Here, Place};
use crate::intake::Written;
use crate::vault::visit::Pass;
use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::conversation::first_words::privacy_words;
use domain::conversation::knows::Knows;
use domain::directory::Directory;
use domain::id::ConversationId;

#[derive(Template)]
#[template(path = "public/write.html")]
struct Page {
    frame: Frame,
    draft: String,
    what: String,
    place: String,
    who: String,
    when: String,
    now: String,
    county: String,
    schools: Vec<Listed>,
    many: bool,
    counties: Vec<Listed>,
    found: Option<Found>,
    refusal: Option<&'static str>,
    refusal_help: Option<&'static str>,
    left_out: Vec<String>,
    pictures_again: bool,
}

/// What a search for a school brought.
struct Found {
    schools: Vec<Listed>,
    more: bool,
    chosen: String,
}

#[derive(Template)]
#[template(path = "public/done.html")]
struct Done {
    frame: Frame,
    code: String,
    visit: String,
    spooled: bool,
    cut: bool,
    left_out: Vec<String>,
    privacy: String,
}

/// Which button was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Send,
    Find,
    Language,
}

pub(super) async fn show(State(here): State<Here>) -> Response {
    let directory = here.site.listed().await;
    here.form(StatusCode::OK, &Form::default(), Step::Language, &directory, None)
}

pub(super) async fn find(State(here): State<Here>, request: Request) -> Response {
    let form = here.site.read(request).await;
    let directory = here.site.listed().await;
    here.form(StatusCode::OK, &form, Step::Find, &directory, None)
}

pub(super) async fn send(State(here): State<Here>, request: Request) -> Response {
    let site = here.site.clone();
    let lost = here.clone();
    let answer = site.to_its_end(async move { here.sent(request).await }).await;
    answer.unwrap_or_else(|| {
        let words = &lost.words().trouble;
        lost.trouble(StatusCode::SERVICE_UNAVAILABLE, words.not_kept, words.not_kept_help)
    })
}

impl Here {
    async fn sent(self, request: Request) -> Response {
        let mut form = self.site.read(request).await;
        let directory = self.site.listed().await;
        let words = self.words();
        let step = match form.get(Field::Step) {
            "school" => Step::Find,
            "language" => Step::Language,
            _ => Step::Send,
        };
        match step {
            Step::Find | Step::Language => return self.form(StatusCode::OK, &form, step, &directory, None),
            Step::Send if form.get(Field::What).trim().is_empty() && form.pictures.is_empty() => {
                return self.form(StatusCode::UNPROCESSABLE_ENTITY, &form, step, &directory, Some((words.write.empty, None)));
            }
            Step::Send => {}
        }
        let _turn = self.site.turns.acquire().await;
        let draft = self.draft(&form);
        let composed = self.tip(&mut form, draft, &directory);
        let written = self.site.intake.write(composed.message).await;
        drop(composed.room);
        match written {
            Ok(written) => self.done(written, &form),
            Err(error) => {
                tracing::error!(error = %error, "a reporter's form could not be kept; the reporter is told so");
                let refusal = (words.trouble.not_kept, Some(words.trouble.not_kept_help));
                self.form(StatusCode::SERVICE_UNAVAILABLE, &form, step, &directory, Some(refusal))
            }
        }
    }

    /// The id that the page drew; a new one when its token is not ours or a day old.
    fn draft(&self, form: &Form) -> ConversationId {
        let drawn = self.site.vault.read_pass(Pass::Draft, form.get(Field::Draft), self.site.clock.now());
        drawn.unwrap_or_else(|| ConversationId::new(self.site.entropy.uuid()))
    }

    fn done(&self, written: Written, form: &Form) -> Response {
        let page = Done {
            frame: self.frame(Place::Write),
            code: written.code.grouped(),
            visit: self.site.vault.pass(Pass::Visit, written.conversation, self.site.clock.now()),
            spooled: written.spooled,
            cut: form.cut,
            left_out: left_out(self.words(), form),
            privacy: privacy_words(Knows::VISIT, self.language),
        };
        answer(StatusCode::OK, &page)
    }

    fn form(
        &self,
        status: StatusCode,
        form: &Form,
        step: Step,
        directory: &Directory,
        refusal: Option<(&'static str, Option<&'static str>)>,
    ) -> Response {
        let field = |field: Field| form.get(field).to_owned();
        let now = self.site.clock.now();
        // A token that is still good stays, so that what is sent from here joins what was sent before.
        let kept = self.site.vault.read_pass(Pass::Draft, form.get(Field::Draft), now).is_some();
        let fresh = || self.site.vault.pass(Pass::Draft, ConversationId::new(self.site.entropy.uuid()), now);
        let found = match step {
            Step::Find => {
                let (schools, more) = schools::search(directory, form.get(Field::Place));
                Some(Found { schools, more, chosen: field(Field::School) })
            }
            // What was chosen from a search before stays chosen.
            Step::Send | Step::Language => {
                let chosen = schools::one(directory, form.get(Field::School));
                chosen.map(|school| Found { chosen: school.key.clone(), schools: vec![school], more: false })
            }
        };
        let page = Page {
            frame: self.frame(Place::Write).carried_by("tip"),
            draft: if kept { field(Field::Draft) } else { fresh() },
            what: field(Field::What),
            place: field(Field::Place),
            who: field(Field::Who),
            when: field(Field::When),
            now: field(Field::Now),
            county: field(Field::County),
            schools: schools::offered(directory),
            many: schools::are_many(directory),
            counties: schools::counties(directory),
            found,
            refusal: refusal.map(|(heading, _)| heading),
            refusal_help: refusal.and_then(|(_, help)| help),
            left_out: left_out(self.words(), form),
            pictures_again: !form.pictures.is_empty() || !form.left_out.is_empty(),
        };
        answer(status, &page)
    }
}
