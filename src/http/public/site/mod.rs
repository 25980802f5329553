//! The reporter's site: home, *Write to us*, *Come back with your code*, help numbers; in three languages, without scripts.
//!
//! Nobody is asked who they are: no cookie, no login, no count of visitors, nothing of the request but its form is looked at, and neither a
//! code nor a token ever stands in a URL. What is typed is in the page or in the store, nowhere else. Nobody is limited by address, for a
//! school is one address: so many are served at a time, the others wait their turn in order (R74).

mod conversation;
mod form;
mod frame;
mod help;
mod home;
mod message;
mod multipart;
pub(crate) mod phrases;
mod schools;
mod visit;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use frame::{Frame, Place, prefix};

use crate::clock::Clock;
use crate::config::HelpLine;
use crate::desk::directory::DirectoryReader;
use crate::entropy::Entropy;
use crate::http::{assets, headers};
use crate::intake::Intake;
use crate::lifecycle::Tasks;
use crate::progress::Progress;
use crate::store::Store;
use crate::vault::Vault;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{any, get};
use domain::directory::Directory;
use domain::language::Language;
use form::{Form, Room};
use jiff::tz::TimeZone;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Memory for pictures on their way in, of all forms together: 50 forms with all they may bring, or hundreds of the usual ones.
const PICTURE_ROOM: usize = 256 * 1024 * 1024;
/// So many forms are worked on at a time; the others wait in order. As many as the store's writer folds into a batch with ease.
const AT_A_TIME: usize = 256;
/// How long the directory is waited for: without it the form asks for the school's name and offers no list (R43).
const DIRECTORY_PATIENCE: Duration = Duration::from_millis(800);

/// A number to dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// As a link needs it: `+15555550142`.
    pub dial: String,
    /// As people read it: `(555) 555-0142`.
    pub shown: String,
}

/// What the pages say of the line.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Its name.
    pub line_name: String,
    /// Its number for texts.
    pub text_number: Option<Number>,
    /// Its number for calls.
    pub call_number: Option<Number>,
    /// Where *Leave quickly* leads.
    pub leave_to: String,
    /// Numbers of others who help.
    pub help: Vec<HelpLine>,
    /// The zone that times are shown in.
    pub zone: TimeZone,
}

/// What the pages need.
#[derive(Clone)]
pub struct ReporterSite {
    intake: Intake,
    vault: Arc<Vault>,
    store: Arc<dyn Store>,
    progress: Progress,
    directory: DirectoryReader,
    clock: Clock,
    entropy: Entropy,
    facts: Arc<Facts>,
    tasks: Tasks,
    room: Room,
    turns: Arc<Semaphore>,
}

impl ReporterSite {
    /// Puts the site together. `tasks` carry forms to their end although their sender has gone.
    pub fn new(intake: Intake, vault: Arc<Vault>, progress: Progress, directory: DirectoryReader, facts: Facts, tasks: Tasks) -> Self {
        Self {
            intake,
            vault,
            store: progress.store.clone(),
            clock: progress.clock.clone(),
            entropy: progress.entropy,
            progress,
            directory,
            facts: Arc::new(facts),
            tasks,
            room: Room::new(PICTURE_ROOM),
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
        }
    }

    /// The directory, or an empty one when it does not come soon.
    async fn listed(&self) -> Arc<Directory> {
        match tokio::time::timeout(DIRECTORY_PATIENCE, self.directory.read()).await {
            Ok(Ok(directory)) => directory,
            Ok(Err(_)) | Err(_) => Arc::default(),
        }
    }

    /// Reads a form.
    async fn read(&self, request: Request) -> Form {
        Form::read(request, &self.room, &self.tasks.stopping()).await
    }

    /// Does something to its end, also when the browser goes away meanwhile; `None` when it panicked or the process ends.
    async fn to_its_end<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let (tell, told) = tokio::sync::oneshot::channel();
        self.tasks.spawn_piece("a reporter's form", async move {
            let _ = tell.send(work.await);
        });
        told.await.ok()
    }
}

/// The site in one language.
#[derive(Clone)]
struct Here {
    site: ReporterSite,
    language: Language,
}

/// The routes of the site and of the public pages' assets. No time-out belongs around them: pictures come as slowly as they must, and the
/// form bounds its own time.
pub fn router(site: ReporterSite) -> Router {
    let lost = Here { site: site.clone(), language: Language::En };
    let pages = Language::ALL.into_iter().map(|language| {
        let path = |place: Place| place.path(language);
        Router::new()
            .route(&path(Place::Home), get(home::show))
            .route(&path(Place::Write), get(write::show).post(write::send))
            .route(&format!("{}/schools", path(Place::Write)), get(write::show).post(write::find))
            .route(&path(Place::Return), get(visit::show).post(visit::enter))
            .route(&path(Place::Help), get(help::show).post(help::search))
            .with_state(Here { site: site.clone(), language })
    });
    pages
        .fold(Router::new(), Router::merge)
        .merge(assets::public())
        .fallback_service(any(nothing_here).with_state(lost))
        .layer(DefaultBodyLimit::disable())
        .layer(axum::middleware::map_response(headers::reporter))
}

async fn nothing_here(State(mut here): State<Here>, request: Request) -> Response {
    let begins = |language: &Language| !prefix(*language).is_empty() && request.uri().path().starts_with(prefix(*language));
    here.language = Language::ALL.into_iter().find(begins).unwrap_or_default();
    let words = &here.words().trouble;
    here.trouble(StatusCode::NOT_FOUND, words.no_page, words.no_page_help)
}

impl Number {
    /// In a sentence: on one line, and held from left to right also among Arabic words.
    fn in_words(&self, sentence: &fn(&str) -> String) -> String {
        let whole = self.shown.replace(' ', "\u{A0}").replace('-', "\u{2011}");
        sentence(&format!("\u{2066}{whole}\u{2069}"))
    }
}
