//! What stands round every page of a reporter: its language and direction, the ways to the other pages, *Leave quickly*.
//!
//! A page that holds something typed or opened changes its language by its own form, so that nothing is lost; the others by a link.

use super::phrases::{self, Phrases};
use super::{Facts, Here};
use crate::http::assets;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use domain::language::Language;

/// A page of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Home,
    Write,
    Chat,
    Return,
    Help,
}

impl Place {
    /// The way to this page in a language: `/es/write`.
    pub(crate) fn path(self, language: Language) -> String {
        let page = match self {
            Place::Home => "",
            Place::Write => "/write",
            Place::Chat => "/chat",
            Place::Return => "/return",
            Place::Help => "/help",
        };
        let path = format!("{}{page}", prefix(language));
        if path.is_empty() { "/".to_owned() } else { path }
    }
}

/// What comes before a page's path in a language.
pub(crate) const fn prefix(language: Language) -> &'static str {
    match language {
        Language::En => "",
        Language::Es => "/es",
        Language::Ar => "/ar",
    }
}

/// The frame of one page.
pub(crate) struct Frame {
    pub(crate) t: &'static Phrases,
    pub(crate) language: Language,
    pub(crate) place: Place,
    pub(crate) line_name: String,
    pub(crate) leave_to: String,
    pub(crate) css: String,
    pub(crate) icon: String,
    pub(crate) script: String,
    /// The id of the form that carries what is on this page into another language.
    pub(crate) carried_by: Option<&'static str>,
}

/// A language that can be chosen.
pub(crate) struct Choice {
    pub(crate) tag: &'static str,
    pub(crate) name: &'static str,
    pub(crate) href: String,
    pub(crate) current: bool,
}

impl Frame {
    /// The frame of a page in a language.
    pub(crate) fn new(facts: &Facts, language: Language, place: Place) -> Self {
        Self {
            t: phrases::of(language),
            language,
            place,
            line_name: facts.line_name.clone(),
            leave_to: facts.leave_to.clone(),
            css: assets::href("public.css"),
            icon: assets::href("icon.svg"),
            script: assets::href("site.js"),
            carried_by: None,
        }
    }
    /// The same for a page whose form keeps what is on it.
    pub(crate) fn carried_by(mut self, form: &'static str) -> Self {
        self.carried_by = Some(form);
        self
    }
    pub(crate) fn tag(&self) -> &'static str {
        self.language.tag()
    }
    /// Which way the language is written.
    pub(crate) fn dir(&self) -> &'static str {
        match self.language {
            Language::En | Language::Es => "ltr",
            Language::Ar => "rtl",
        }
    }
    /// The way to another page in the same language.
    pub(crate) fn to(&self, place: Place) -> String {
        place.path(self.language)
    }
    /// The languages, for this page.
    pub(crate) fn choices(&self) -> Vec<Choice> {
        let choice = |language: Language| Choice {
            tag: language.tag(),
            name: phrases::own_name(language),
            href: self.place.path(language),
            current: language == self.language,
        };
        Language::ALL.into_iter().map(choice).collect()
    }
}

impl Here {
    /// The frame of a page.
    pub(super) fn frame(&self, place: Place) -> Frame {
        Frame::new(&self.site.facts, self.language, place)
    }
    /// The words of this language.
    pub(super) fn words(&self) -> &'static Phrases {
        phrases::of(self.language)
    }
    /// A page that says what is wrong and where to go from here.
    pub(super) fn trouble(&self, status: StatusCode, heading: &'static str, sentence: &'static str) -> Response {
        answer(status, &Trouble { frame: self.frame(Place::Home), heading, sentence })
    }
}

#[derive(Template)]
#[template(path = "public/trouble.html")]
struct Trouble {
    frame: Frame,
    heading: &'static str,
    sentence: &'static str,
}

/// A page as an answer.
pub(super) fn answer(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(error = %error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
