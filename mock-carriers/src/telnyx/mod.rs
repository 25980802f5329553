//! Telnyx's REST API under `/v2`, on a port of its own: one entrance that logs, authenticates, suffers faults and pace, then hands over.
//! Texts are JSON, calls are TeXML and run on the same voice engine as the first carrier's; handsets, faults and logs are shared.
//! What it remembers besides is small: which numbers are its own, and the answers to idempotency keys.

mod calls;
pub mod deliver;
mod errors;
pub mod events;
mod messages;
mod records;
pub mod sign;
mod texml;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::{Value, json};

use crate::carrier::Carrier;
use crate::clock;
use crate::exchange::{Announcement, Exchange};
use crate::listener::KillSwitch;
use crate::state::Shelf;
use crate::state::fault::{Effect, Kind, Strike, Traffic};
use crate::state::log::RequestSeen;
use crate::twilio::form::Params;
use errors::ApiError;

/// Largest request body.
const BODY_BYTES: usize = 256 * 1024;
/// How long an answer that never comes holds the connection.
const SILENCE: Duration = Duration::from_secs(60);
/// Idempotency keys remembered.
const KEYS_KEPT: usize = 50_000;

/// The account at Telnyx.
#[derive(Debug, Clone)]
pub struct TelnyxOptions {
    /// Where its API listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The key of the API.
    pub api_key: String,
    /// The account's id in TeXML paths.
    pub account_sid: String,
    /// The id of its TeXML application.
    pub application_id: String,
    /// Its own numbers, by their webhooks, given as the first carrier's are.
    pub numbers: Vec<crate::options::NumberRoute>,
    /// How long an answer to a webhook is waited for, in milliseconds.
    pub answer_ms: u64,
}

impl Default for TelnyxOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            api_key: DEFAULT_API_KEY.to_owned(),
            account_sid: DEFAULT_ACCOUNT_SID.to_owned(),
            application_id: DEFAULT_APPLICATION_ID.to_owned(),
            numbers: Vec::new(),
            answer_ms: 2_000,
        }
    }
}

/// The key used when none is given; fictional, and the same in every run.
pub const DEFAULT_API_KEY: &str = "KEY-mock-0001";
/// The account used when none is given; fictional.
pub const DEFAULT_ACCOUNT_SID: &str = "5ca1ab1e-0000-4000-8000-000000000001";
/// The TeXML application used when none is given; fictional.
pub const DEFAULT_APPLICATION_ID: &str = "2000000000000000001";

/// What only this carrier remembers.
#[derive(Debug)]
pub struct Memory {
    /// Which of the numbers are its own.
    pub numbers: HashSet<String>,
    /// What was answered to a key: the body that was sent, and the answer.
    pub keys: Shelf<(String, Value)>,
    /// Where news of a text goes when its own address does not answer, by the text's id.
    pub failover: Shelf<String>,
}

impl Memory {
    /// An empty one with these numbers.
    pub fn new(numbers: HashSet<String>) -> Self {
        Self { numbers, keys: Shelf::new(KEYS_KEPT), failover: Shelf::new(KEYS_KEPT) }
    }
}

/// A request after its body was read.
#[derive(Debug)]
pub struct RestRequest {
    /// HTTP method.
    pub method: Method,
    /// Full path.
    pub path: String,
    /// Query parameters.
    pub query: Params,
    /// The JSON body, an object; forms are read into one.
    pub body: Value,
    /// The `Idempotency-Key`.
    pub key: Option<String>,
    /// Set by a fault: the text is accepted, then fails with this code.
    pub doom: Option<u32>,
}

impl RestRequest {
    /// A text of the body that is not empty.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.body.get(key)?.as_str().filter(|text| !text.is_empty())
    }
}

/// The routes of the API.
pub fn routes() -> Router<Arc<Exchange>> {
    Router::new().route("/v2/{*rest}", any(serve))
}

/// The entrance of the REST API.
async fn serve(State(exchange): State<Arc<Exchange>>, ConnectInfo(connection): ConnectInfo<KillSwitch>, request: Request) -> Response {
    let arrived_us = clock::monotonic_us();
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, BODY_BYTES).await else {
        return ApiError::new(413, "10015").into_response();
    };
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut request = RestRequest {
        method: parts.method.clone(),
        path: parts.uri.path().to_owned(),
        query: Params::parse(parts.uri.query().unwrap_or_default().as_bytes()),
        body: read_body(&parts.headers, &bytes),
        key: header("idempotency-key"),
        doom: None,
    };
    let log = log_arrival(&exchange, &request, arrived_us, parts.headers.contains_key(header::AUTHORIZATION));
    if header("authorization") != Some(format!("Bearer {}", exchange.options.telnyx.api_key)) {
        return finish(&exchange, log, ApiError::new(401, "10009").into_response());
    }
    let strike = strike(&exchange, &request, log);
    if let Some(strike) = strike.filter(|strike| strike.delay_ms > 0) {
        tokio::time::sleep(Duration::from_millis(strike.delay_ms)).await;
    }
    let effect = strike.map(|strike| strike.effect);
    match effect {
        Some(Effect::TooManyRequests) => return finish(&exchange, log, ApiError::new(429, "10011").into_response()),
        Some(Effect::ServerError) => return finish(&exchange, log, ApiError::new(500, "10007").into_response()),
        Some(Effect::Unauthorized) => return finish(&exchange, log, ApiError::new(401, "10009").into_response()),
        Some(Effect::Code(code @ 30_000..=30_999)) => request.doom = Some(code),
        Some(Effect::Code(code)) => return finish(&exchange, log, ApiError::of_twilios(code).into_response()),
        Some(Effect::Refuse | Effect::Drop) => {
            connection.cut();
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        Some(_) | None => {}
    }
    let answer = route(&exchange, &request).await;
    if effect == Some(Effect::AcceptThenTimeout) {
        tokio::time::sleep(SILENCE).await;
        connection.cut();
    }
    finish(&exchange, log, answer.map_or_else(IntoResponse::into_response, IntoResponse::into_response))
}

/// JSON, or a form read into an object of texts.
fn read_body(headers: &HeaderMap, bytes: &[u8]) -> Value {
    let is_form = headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if is_form {
        return Params::parse(bytes).0.into_iter().map(|(key, value)| (key, Value::from(value))).collect::<serde_json::Map<_, _>>().into();
    }
    serde_json::from_slice(bytes).unwrap_or(Value::Null)
}

async fn route(exchange: &Arc<Exchange>, request: &RestRequest) -> Result<Response, ApiError> {
    let names: Vec<&str> = request.path.split('/').skip(2).collect();
    let account = exchange.options.telnyx.account_sid.as_str();
    match names.as_slice() {
        ["balance"] => Ok(axum::Json(json!({"data": {"record_type": "balance", "balance": "100.00", "currency": "USD"}})).into_response()),
        ["messages"] => messages::create(exchange, request),
        ["messages", id] => messages::item(exchange, request, id),
        ["detail_records"] => records::list(exchange, request),
        ["recordings", file] => calls::recording(exchange, request, file),
        ["texml", "Accounts", of, "Calls"] if *of == account => calls::collection(exchange, request),
        ["texml", "Accounts", of, "Calls", sid] if *of == account => calls::item(exchange, request, &decoded(sid)).await,
        ["texml", "Accounts", of, "Recordings.json"] if *of == account => calls::recordings(exchange, request),
        _ => Err(ApiError::new(404, "10005")),
    }
}

fn decoded(segment: &str) -> String {
    let pair = format!("x={}", segment.replace('+', "%2B"));
    form_urlencoded::parse(pair.as_bytes()).next().map_or_else(String::new, |(_, value)| value.into_owned())
}

fn log_arrival(exchange: &Exchange, request: &RestRequest, arrived_us: u64, password: bool) -> u64 {
    let fields = request.body.as_object().into_iter().flatten();
    let form = fields.map(|(key, value)| (key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    let form: Vec<(String, String)> = form.chain(request.key.iter().map(|key| ("Idempotency-Key".to_owned(), key.clone()))).collect();
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
                form,
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
            to: request.text("to").or(request.text("To")).unwrap_or_default(),
            carrier: Some(Carrier::Telnyx),
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

fn finish(exchange: &Exchange, log: u64, response: Response) -> Response {
    exchange.with(|state| {
        if let Some(seen) = state.requests.get_mut(&log.to_string()) {
            seen.status = response.status().as_u16();
        }
    });
    response
}
