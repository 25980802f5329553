//! What stands round every page of the portal, in the enduser's language; times as people read them; what goes wrong, as a page.

use super::PortalSite;
use super::phrases::{self, Phrases};
use crate::http::assets;
use crate::portal::PortalError;
use crate::portal::login::Enduser;
use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use domain::language::Language;
use jiff::Timestamp;

/// The frame of one page.
pub(super) struct Frame {
    pub(super) t: &'static Phrases,
    pub(super) language: Language,
    pub(super) line_name: String,
    pub(super) call_back: String,
    pub(super) css: String,
    pub(super) icon: String,
    /// Which page is marked in the navigation: `reports`, `pin` or none.
    pub(super) place: &'static str,
    /// For somebody logged in: the secret of their forms, and who they are.
    pub(super) user: Option<User>,
}

/// Somebody logged in, for the page's head and forms.
pub(super) struct User {
    pub(super) csrf: String,
    /// "Principal · Delta High School", for each organization.
    pub(super) names: Vec<String>,
}

impl Frame {
    /// The frame for somebody logged in.
    pub(super) fn of(site: &PortalSite, who: &Enduser, place: &'static str) -> Self {
        let names = who.names().map(|(role, organization)| format!("{role} · {organization}")).collect();
        let user = User { csrf: who.csrf().to_owned(), names };
        Self { user: Some(user), place, ..Self::nobodys(site, who.language()) }
    }
    /// The frame for somebody who is not logged in.
    pub(super) fn nobodys(site: &PortalSite, language: Language) -> Self {
        Self {
            t: phrases::of(language),
            language,
            line_name: site.line_name.clone(),
            call_back: site.call_back.clone(),
            css: assets::href("public.css"),
            icon: assets::href("icon.svg"),
            place: "",
            user: None,
        }
    }
    pub(super) fn tag(&self) -> &'static str {
        self.language.tag()
    }
    /// Which way the language is written.
    pub(super) fn dir(&self) -> &'static str {
        match self.language {
            Language::En | Language::Es => "ltr",
            Language::Ar => "rtl",
        }
    }
    /// The number to call, on one line and from left to right also among Arabic words.
    pub(super) fn number(&self) -> String {
        let whole = self.call_back.replace(' ', "\u{A0}").replace('-', "\u{2011}");
        format!("\u{2066}{whole}\u{2069}")
    }
    /// The secret of this page's forms.
    pub(super) fn csrf(&self) -> &str {
        self.user.as_ref().map_or("", |user| user.csrf.as_str())
    }
}

/// The language of somebody unknown: what the page was asked in, else the first of the browser's that we have.
pub(super) fn language(asked: Option<&str>, headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let tags = accepted.split(',').map(|part| part.split([';', '-']).next().unwrap_or_default().trim());
    asked.and_then(Language::parse).or_else(|| tags.into_iter().find_map(Language::parse)).unwrap_or_default()
}

/// A time as people read it, with the day, and with the year when it is another.
pub(super) fn clock(site: &PortalSite, at: Timestamp, language: Language) -> String {
    let (at, now) = (at.to_zoned(site.zone.clone()), site.portal.now().to_zoned(site.zone.clone()));
    let form = match (language, at.date() == now.date(), at.year() == now.year()) {
        (Language::En, true, _) => "%-I:%M %p",
        (Language::En, false, true) => "%b %-d, %-I:%M %p",
        (Language::En, false, false) => "%b %-d, %Y, %-I:%M %p",
        (Language::Es | Language::Ar, true, _) => "%-H:%M",
        (Language::Es | Language::Ar, false, true) => "%-d/%-m %-H:%M",
        (Language::Es | Language::Ar, false, false) => "%-d/%-m/%Y %-H:%M",
    };
    at.strftime(form).to_string()
}

/// A page as an answer.
pub(super) fn answer(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(error = %error, "a page of the portal could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "portal/trouble.html")]
struct Trouble {
    frame: Frame,
    heading: &'static str,
    sentence: &'static str,
    kept: Vec<String>,
}

/// A page that says what is wrong, shows back what was typed, and says what to do.
pub(super) fn trouble(frame: Frame, status: StatusCode, (heading, sentence): (&'static str, &'static str), kept: Vec<String>) -> Response {
    answer(status, &Trouble { frame, heading, sentence, kept })
}

/// What cannot be shown beside the form that led to it. The chain of an error is logged here, once.
pub(super) fn refused(frame: Frame, error: &PortalError) -> Response {
    let t = &frame.t.trouble;
    match error {
        PortalError::NotHere => trouble(frame, StatusCode::NOT_FOUND, (t.not_here, t.not_here_help), Vec::new()),
        PortalError::WrongCode
        | PortalError::Busy
        | PortalError::Empty
        | PortalError::TooLong(_)
        | PortalError::TooMany
        | PortalError::NoChoice
        | PortalError::NothingToConfirm
        | PortalError::Store(_)
        | PortalError::Progress(_)
        | PortalError::Sealed(_)
        | PortalError::Desk(_) => {
            log(error);
            let mut response = trouble(frame, StatusCode::SERVICE_UNAVAILABLE, (t.unavailable, t.unavailable_help), Vec::new());
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
            response
        }
    }
}

fn log(error: &PortalError) {
    let chain =
        std::iter::successors(std::error::Error::source(error), |cause| cause.source()).map(ToString::to_string).collect::<Vec<_>>();
    tracing::error!(error = %error, because = chain.join(": "), "the portal could not do what was asked");
}
