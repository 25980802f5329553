//! What a console page answers when it cannot do what was asked: always a page, in words that say what to do next.
//!
//! The chain of a store's error is logged here, once; it holds no value of the request.

use super::frame;
use crate::desk::DeskError;
use crate::login::LoginError;
use crate::login::throttle::whole_seconds;
use crate::store::StoreError;
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::sealed::Words;

/// Why a page cannot be given.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("Log in first.")]
    LoginNeeded { next: String },
    #[error("Your login has ended. Log in again, then repeat what you wanted to do.")]
    LoginEnded { kept: Vec<Words> },
    #[error("This form is from an earlier login. Open the page again and repeat what you wanted to do: nothing was changed.")]
    OldForm { kept: Vec<Words> },
    #[error("This form did not come from the console itself. Open the console at {origin} and repeat it there: nothing was changed.")]
    ForeignForm { origin: String },
    #[error("There is nothing at this address. It may have been mistyped, or the tip was removed.")]
    NotFound,
    #[error("This address cannot be used that way. Go back to the tips and start from there.")]
    WrongMethod,
    #[error("This is more than a form can hold. Shorten it and send it again.")]
    TooLarge,
    #[error("{0}")]
    BadForm(&'static str),
    #[error("Too many pages are being kept live. This one still works: use its Refresh link.")]
    TooManyStreams,
    #[error("Something in the console is broken. Nothing was changed; go back and try again, and tell the operator if it stays.")]
    Broken,
    #[error(transparent)]
    Desk(#[from] DeskError),
    #[error(transparent)]
    Login(#[from] LoginError),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Fault::Desk(DeskError::Store(error))
    }
}

impl From<askama::Error> for Fault {
    fn from(_: askama::Error) -> Self {
        Fault::Broken
    }
}

/// The status and the API's word for a refusal of the desk.
pub(super) fn desk_status(error: &DeskError) -> (StatusCode, &'static str) {
    match error {
        DeskError::NotFound => (StatusCode::NOT_FOUND, "not_found"),
        DeskError::Changed => (StatusCode::CONFLICT, "changed"),
        DeskError::Empty => (StatusCode::UNPROCESSABLE_ENTITY, "empty"),
        DeskError::SaidAlready(_) => (StatusCode::CONFLICT, "said_already"),
        DeskError::TooLong(..) => (StatusCode::UNPROCESSABLE_ENTITY, "too_long"),
        DeskError::NoLane(_) => (StatusCode::CONFLICT, "no_lane"),
        DeskError::Triage(_) => (StatusCode::UNPROCESSABLE_ENTITY, "triage_refused"),
        DeskError::Plan(_) => (StatusCode::UNPROCESSABLE_ENTITY, "cannot_plan"),
        DeskError::NoSuchSchool(_) => (StatusCode::UNPROCESSABLE_ENTITY, "no_such_school"),
        DeskError::NotTriedYet => (StatusCode::CONFLICT, "not_tried_yet"),
        DeskError::AlreadyDispatched => (StatusCode::CONFLICT, "already_dispatched"),
        DeskError::PlanChanged => (StatusCode::CONFLICT, "plan_changed"),
        DeskError::OnlySupervisorLeavesOut => (StatusCode::FORBIDDEN, "only_a_supervisor"),
        DeskError::OnlySupervisorDrills => (StatusCode::FORBIDDEN, "only_a_supervisor"),
        DeskError::WhyLeftOut => (StatusCode::UNPROCESSABLE_ENTITY, "reason_missing"),
        DeskError::OnlySupervisorPutsBack => (StatusCode::FORBIDDEN, "only_a_supervisor"),
        DeskError::WhyPutBack => (StatusCode::UNPROCESSABLE_ENTITY, "reason_missing"),
        DeskError::NobodyPutBack => (StatusCode::UNPROCESSABLE_ENTITY, "nobody_put_back"),
        DeskError::NobodyTakesASummary => (StatusCode::UNPROCESSABLE_ENTITY, "nobody_takes_a_summary"),
        DeskError::NobodyToldYet => (StatusCode::CONFLICT, "nobody_told_yet"),
        DeskError::ManyNotes(_) => (StatusCode::CONFLICT, "many_notes"),
        DeskError::OnlySupervisorDrawsPins => (StatusCode::FORBIDDEN, "only_supervisors"),
        DeskError::WhoWasSpokenTo => (StatusCode::UNPROCESSABLE_ENTITY, "note_missing"),
        DeskError::CannotClose(_) => (StatusCode::UNPROCESSABLE_ENTITY, "cannot_close"),
        DeskError::NoFile(_) => (StatusCode::NOT_FOUND, "no_file"),
        DeskError::Destroyed => (StatusCode::GONE, "destroyed"),
        DeskError::Files(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        DeskError::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        DeskError::Progress(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        DeskError::Sealed => (StatusCode::INTERNAL_SERVER_ERROR, "sealed"),
    }
}

/// Logs what an operator must know of, once.
pub(super) fn log(error: &DeskError) {
    if let DeskError::Store(source) = error {
        log_store(source)
    }
    if let DeskError::Files(source) = error {
        tracing::error!(error = %source, "a reporter's file could not be read")
    }
    if let DeskError::Progress(source) = error {
        tracing::error!(error = %source, "the console could not move an obligation on")
    }
    if let DeskError::Sealed = error {
        tracing::error!("a sealed text cannot be opened: a damaged row or a wrong key")
    }
}

fn log_store(error: &StoreError) {
    let chain =
        std::iter::successors(std::error::Error::source(error), |cause| cause.source()).map(ToString::to_string).collect::<Vec<_>>();
    tracing::error!(error = %error, because = chain.join(": "), "the console could not use the store");
}

impl Fault {
    /// The status, and the heading of the page.
    pub(super) fn status(&self) -> (StatusCode, &'static str) {
        match self {
            Fault::LoginNeeded { .. } => (StatusCode::SEE_OTHER, "Log in"),
            Fault::LoginEnded { .. } => (StatusCode::UNAUTHORIZED, "Your login has ended"),
            Fault::OldForm { .. } | Fault::ForeignForm { .. } => (StatusCode::FORBIDDEN, "This form was not taken"),
            Fault::NotFound => (StatusCode::NOT_FOUND, "Nothing here"),
            Fault::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, "Nothing here"),
            Fault::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Too long"),
            Fault::BadForm(_) => (StatusCode::BAD_REQUEST, "This form cannot be read"),
            Fault::TooManyStreams => (StatusCode::SERVICE_UNAVAILABLE, "Not live"),
            Fault::Broken => (StatusCode::INTERNAL_SERVER_ERROR, "Something broke"),
            Fault::Desk(error) => (desk_status(error).0, desk_heading(error)),
            Fault::Login(LoginError::Wrong) => (StatusCode::UNAUTHORIZED, "Not logged in"),
            Fault::Login(LoginError::Throttled { .. }) => (StatusCode::TOO_MANY_REQUESTS, "Wait a little"),
            Fault::Login(LoginError::Busy | LoginError::Store(_)) => (StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment"),
            Fault::Login(LoginError::Hashing) => (StatusCode::INTERNAL_SERVER_ERROR, "Something broke"),
        }
    }

    /// Seconds after which trying again makes sense.
    pub(super) fn retry_after(&self) -> Option<u64> {
        match self {
            Fault::Login(LoginError::Throttled { wait }) => Some(whole_seconds(*wait)),
            fault => (fault.status().0 == StatusCode::SERVICE_UNAVAILABLE).then_some(5),
        }
    }
}

fn desk_heading(error: &DeskError) -> &'static str {
    match error {
        DeskError::NotFound => "Nothing here",
        DeskError::Changed => "This tip has changed",
        DeskError::Empty | DeskError::TooLong(..) | DeskError::SaidAlready(_) => "Not sent",
        DeskError::Triage(_) | DeskError::NoSuchSchool(_) => "Not sorted",
        DeskError::NotTriedYet => "Not confirmed",
        DeskError::Plan(_)
        | DeskError::NoLane(_)
        | DeskError::AlreadyDispatched
        | DeskError::PlanChanged
        | DeskError::OnlySupervisorLeavesOut
        | DeskError::OnlySupervisorDrills
        | DeskError::WhyLeftOut
        | DeskError::OnlySupervisorPutsBack
        | DeskError::WhyPutBack
        | DeskError::NobodyPutBack
        | DeskError::NobodyTakesASummary
        | DeskError::NobodyToldYet => "Nobody was called",
        DeskError::WhoWasSpokenTo | DeskError::ManyNotes(_) => "Not noted",
        DeskError::OnlySupervisorDrawsPins => "No PIN was drawn",
        DeskError::CannotClose(_) => "Not closed",
        DeskError::NoFile(_) | DeskError::Destroyed => "Nothing here",
        DeskError::Files(_) | DeskError::Store(_) | DeskError::Progress(_) => "Try again in a moment",
        DeskError::Sealed => "Something is damaged",
    }
}

#[derive(Template)]
#[template(path = "staff/fault.html")]
struct Page<'a> {
    heading: &'static str,
    sentence: String,
    kept: &'a [Words],
    css: String,
    icon: String,
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        if let Fault::LoginNeeded { next } = &self {
            return Redirect::to(&frame::login_address(next)).into_response();
        }
        if let Fault::Desk(error) = &self {
            log(error)
        }
        if let Fault::Login(LoginError::Store(error)) = &self {
            log_store(error)
        }
        let (status, heading) = self.status();
        let kept = match &self {
            Fault::LoginEnded { kept } | Fault::OldForm { kept } => kept.as_slice(),
            _ => &[],
        };
        let page = Page { heading, sentence: self.to_string(), kept, css: frame::css(), icon: frame::icon() };
        let mut response = match page.render() {
            Ok(html) => (status, axum::response::Html(html)).into_response(),
            Err(_) => (status, self.to_string()).into_response(),
        };
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
