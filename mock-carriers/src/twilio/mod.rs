//! Twilio's REST API under `/2010-04-01/Accounts/{AccountSid}`: one entrance that logs, authenticates,
//! suffers faults and pace, then hands over to the resource.
//! Every request is logged with its arrival before anything else happens to it, so that a test can check pacing.

pub mod auth;
pub mod calls;
pub mod errors;
pub mod form;
pub mod inbound;
pub mod json;
pub mod list;
pub mod magic;
pub mod media;
pub mod messages;
pub mod recordings;
pub mod segments;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::carrier::Carrier;
use crate::clock;
use crate::exchange::{Announcement, Exchange};
use crate::listener::KillSwitch;
use crate::state::fault::{Effect, Kind, Strike, Traffic};
use crate::state::log::RequestSeen;
use errors::ApiError;
use form::Params;

/// Largest request body; a message of 1600 characters with ten media addresses is far below.
const BODY_BYTES: usize = 256 * 1024;
/// How long an answer that never comes holds the connection.
const SILENCE: Duration = Duration::from_secs(60);

/// A request after its body was read.
#[derive(Debug)]
pub struct RestRequest {
    /// HTTP method.
    pub method: Method,
    /// Full path.
    pub path: String,
    /// Query parameters.
    pub query: Params,
    /// Form parameters.
    pub form: Params,
    /// Set by a fault: the message is accepted, then fails with this code.
    pub doom: Option<u32>,
}

/// What a resource answers.
#[derive(Debug)]
pub enum Answer {
    /// JSON with a status.
    Json(StatusCode, Value),
    /// 204.
    Deleted,
    /// 307 to another address.
    Elsewhere(String),
    /// A file, maybe spoilt by a fault.
    Whole(Response),
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Self::Json(status, value) => (status, axum::Json(value)).into_response(),
            Self::Deleted => StatusCode::NO_CONTENT.into_response(),
            Self::Elsewhere(url) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, url)]).into_response(),
            Self::Whole(response) => response,
        }
    }
}

/// The entrance of the REST API.
pub async fn serve(State(exchange): State<Arc<Exchange>>, ConnectInfo(connection): ConnectInfo<KillSwitch>, request: Request) -> Response {
    let arrived_us = clock::monotonic_us();
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, BODY_BYTES).await else {
        return ApiError::new(413, 20413, "The request body is too large").into_response();
    };
    let mut request = RestRequest {
        method: parts.method.clone(),
        path: parts.uri.path().to_owned(),
        query: Params::parse(parts.uri.query().unwrap_or_default().as_bytes()),
        form: Params::parse(&bytes),
        doom: None,
    };
    let has_password = parts.headers.contains_key(header::AUTHORIZATION);
    let log = log_arrival(&exchange, &request, arrived_us, has_password);
    let (account, resource) = split_path(&request.path);
    if let Err(error) = auth::check(&exchange.options, &parts.headers, &account) {
        return finish(&exchange, log, error.into_response());
    }
    let strike = strike(&exchange, &request, log);
    if let Some(strike) = strike.filter(|strike| strike.delay_ms > 0) {
        tokio::time::sleep(Duration::from_millis(strike.delay_ms)).await;
    }
    let effect = strike.map(|strike| strike.effect);
    match effect {
        Some(Effect::TooManyRequests) => return refuse(&exchange, log, ApiError::from_code(20429)),
        Some(Effect::ServerError) => {
            return refuse(&exchange, log, ApiError::new(500, 20500, "Internal server error"));
        }
        Some(Effect::Unauthorized) => return refuse(&exchange, log, ApiError::from_code(20003)),
        Some(Effect::Code(code @ 30_000..=30_999)) => request.doom = Some(code),
        Some(Effect::Code(code)) => return refuse(&exchange, log, ApiError::from_code(code)),
        Some(Effect::Refuse | Effect::Drop) => {
            connection.cut();
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        Some(
            Effect::AcceptThenTimeout
            | Effect::Delay
            | Effect::Double
            | Effect::Reorder
            | Effect::Reject
            | Effect::Temporary
            | Effect::DropAfterData
            | Effect::CutBetween
            | Effect::Redirect(_)
            | Effect::Endless
            | Effect::WrongType
            | Effect::Stall,
        )
        | None => {}
    }
    if request.method == Method::POST && !within_pace(&exchange, arrived_us) {
        return refuse(&exchange, log, ApiError::from_code(20429));
    }
    let answer = route(&exchange, &request, &resource).await;
    if effect == Some(Effect::AcceptThenTimeout) {
        tokio::time::sleep(SILENCE).await;
        connection.cut();
    }
    let response = answer.map_or_else(IntoResponse::into_response, IntoResponse::into_response);
    finish(&exchange, log, response)
}

/// Splits `/2010-04-01/Accounts/AC../Messages/SM...json` into the account and the rest.
fn split_path(path: &str) -> (String, Vec<String>) {
    let after = path.find("/2010-04-01/").map_or(path, |at| &path[at..]);
    let mut parts = after.split('/').skip(3).map(str::to_owned);
    let account = parts.next().unwrap_or_default();
    let resource: Vec<String> = parts.collect();
    match account.strip_suffix(".json") {
        Some(account) => (account.to_owned(), resource),
        None => (account, resource),
    }
}

async fn route(exchange: &Arc<Exchange>, request: &RestRequest, resource: &[String]) -> Result<Answer, ApiError> {
    let names: Vec<&str> = resource.iter().map(String::as_str).collect();
    match names.as_slice() {
        [] => Ok(Answer::Json(StatusCode::OK, account(exchange))),
        ["Messages.json"] => messages::collection(exchange, request),
        ["Messages", sid, "Media.json"] => media::list(exchange, request, sid),
        ["Messages", sid, "Media", file] => media::item(exchange, request, sid, file),
        ["Messages", sid, "Feedback.json"] => messages::feedback(exchange, request, sid),
        ["Messages", file] => messages::item(exchange, request, plain(file)),
        ["Calls.json"] => calls::collection(exchange, request),
        ["Calls", sid, "Recordings.json"] => recordings::list(exchange, request, Some(sid)),
        ["Calls", file] => calls::item(exchange, request, plain(file)).await,
        ["Recordings.json"] => recordings::list(exchange, request, None),
        ["Recordings", sid, "Transcriptions.json"] => recordings::transcriptions(exchange, request, Some(sid)),
        ["Transcriptions.json"] => recordings::transcriptions(exchange, request, None),
        ["Transcriptions", file] => recordings::transcription(exchange, request, plain(file)),
        ["Recordings", file] => recordings::item(exchange, request, file),
        _ => Err(ApiError::not_found(&request.path)),
    }
}

fn plain(file: &str) -> &str {
    file.strip_suffix(".json").unwrap_or(file)
}

/// The error for a method that a resource does not know.
pub fn wrong_method(request: &RestRequest) -> ApiError {
    let sentence = format!("Method {} is not allowed on this resource", request.method);
    ApiError::new(405, 20004, sentence)
}

fn account(exchange: &Exchange) -> Value {
    let sid = &exchange.options.account_sid;
    json!({
        "sid": sid,
        "friendly_name": "Mock account",
        "status": "active",
        "type": "Full",
        "owner_account_sid": sid,
        "auth_token": "********",
        "date_created": clock::rfc2822(clock::now()),
        "date_updated": clock::rfc2822(clock::now()),
        "uri": format!("/{}/Accounts/{sid}.json", json::API_VERSION),
        "subresource_uris": {},
    })
}

fn log_arrival(exchange: &Exchange, request: &RestRequest, arrived_us: u64, password: bool) -> u64 {
    exchange.with(|state| {
        let id = state.next_log();
        state.requests.put(
            id.to_string(),
            RequestSeen {
                id,
                arrived_us,
                at: clock::now(),
                method: request.method.to_string(),
                path: request.path.clone(),
                query: request.query.0.clone(),
                form: request.form.0.clone(),
                status: 0,
                fault: None,
                authorization_sent: password,
            },
        );
        id
    })
}

fn strike(exchange: &Exchange, request: &RestRequest, log: u64) -> Option<Strike> {
    let strike = exchange.with(|state| {
        let strike = state.faults.strike(Traffic {
            kind: Kind::Rest,
            path: &request.path,
            method: request.method.as_str(),
            to: request.form.get("To").unwrap_or_default(),
            carrier: Some(Carrier::Twilio),
        })?;
        if let Some(seen) = state.requests.get_mut(&log.to_string()) {
            seen.fault = Some(format!("{:?}", strike.effect));
        }
        Some(strike)
    });
    if strike.is_some() {
        exchange.announce(Announcement::Faults);
    }
    strike
}

/// Counts creations in the last second against `--max-per-second`.
fn within_pace(exchange: &Exchange, arrived_us: u64) -> bool {
    let Some(most) = exchange.options.max_per_second else {
        return true;
    };
    exchange.with(|state| {
        let recent = &mut state.recent_creates_us;
        while recent.front().is_some_and(|at| at + 1_000_000 <= arrived_us) {
            recent.pop_front();
        }
        let free = recent.len() < most as usize;
        if free {
            recent.push_back(arrived_us);
        }
        free
    })
}

fn refuse(exchange: &Exchange, log: u64, error: ApiError) -> Response {
    finish(exchange, log, error.into_response())
}

fn finish(exchange: &Exchange, log: u64, response: Response<Body>) -> Response {
    exchange.with(|state| {
        if let Some(seen) = state.requests.get_mut(&log.to_string()) {
            seen.status = response.status().as_u16();
        }
    });
    response
}
