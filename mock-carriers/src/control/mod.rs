//! The control API under `/control`: script behaviours, set faults, speak as a reporter, see all that happened.
//! Each handler is thin: it reads JSON and calls [`Control`], the same handle that tests use in-process.
//! A mistake in a request is answered with 400 and one sentence in `error`.

mod calls;
mod events;
mod handle;
mod mailbox;

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::exchange::Exchange;
use crate::options::{NumberOptions, NumberRoute};
use crate::state::fault::Fault;
use crate::twilio::inbound::Say;
use crate::voice::behaviour::Behaviour;

pub use calls::Prompt;
pub use handle::{Control, ControlError};

/// Largest control request: ten pictures of 5 MB in base64.
const BODY_BYTES: usize = 80 * 1024 * 1024;

/// The routes of the control API.
pub fn routes() -> Router<Arc<Exchange>> {
    Router::new()
        .route("/control/numbers", get(numbers).post(set_number))
        .route("/control/say", post(say))
        .route("/control/replay", post(replay))
        .route("/control/messages", get(messages))
        .route("/control/behaviour", get(behaviours).post(behave).delete(stop_behaving))
        .route("/control/mails", get(mails).delete(clear_mails))
        .route("/control/mails/{id}", get(mail))
        .route("/control/mails/{id}/raw", get(mail_raw))
        .route("/control/faults", get(faults).post(set_fault).delete(clear_faults))
        .route("/control/faults/{id}", delete(remove_fault))
        .route("/control/requests", get(requests).delete(clear_requests))
        .route("/control/webhooks", get(webhooks).delete(clear_webhooks))
        .route("/control/requests/take", post(take_requests))
        .route("/control/webhooks/take", post(take_webhooks))
        .route("/control/debugger", get(debugger))
        .route("/control/reset", post(reset))
        .route("/control/events", get(events::stream))
        .merge(calls::routes())
        .merge(mailbox::routes())
        .layer(axum::extract::DefaultBodyLimit::max(BODY_BYTES))
}

type Shared = State<Arc<Exchange>>;
type Outcome<T> = Result<Json<T>, ControlError>;

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Missing(_) => StatusCode::NOT_FOUND,
            Self::Wrong(_) => StatusCode::BAD_REQUEST,
        };
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}

/// Reads a JSON body; the sentence says what is wrong with it.
fn body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ControlError> {
    serde_json::from_slice(bytes).map_err(|error| ControlError::Wrong(format!("the JSON body: {error}")))
}

fn control(exchange: Arc<Exchange>) -> Control {
    Control::new(exchange)
}

async fn numbers(State(ex): Shared) -> Json<impl Serialize> {
    Json(control(ex).numbers().await)
}

/// A number with its webhooks and everything else it has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetNumber {
    number: String,
    #[serde(default)]
    sms_url: Option<String>,
    #[serde(default)]
    voice_url: Option<String>,
    #[serde(default)]
    advanced_opt_out: bool,
    #[serde(default)]
    voice_status_url: Option<String>,
    #[serde(default)]
    voice_fallback_url: Option<String>,
}

async fn set_number(State(ex): Shared, bytes: axum::body::Bytes) -> Outcome<impl Serialize> {
    let SetNumber { number, sms_url, voice_url, advanced_opt_out, voice_status_url, voice_fallback_url } = body(&bytes)?;
    let control = control(ex);
    let options = NumberOptions { advanced_opt_out, voice_status_url, voice_fallback_url };
    let route = control.set_number(NumberRoute { number, sms_url, voice_url }).await?;
    control.set_number_options(&route.number, options).await?;
    Ok(Json(route))
}

async fn say(State(ex): Shared, bytes: axum::body::Bytes) -> Outcome<impl Serialize> {
    let said: Say = body(&bytes)?;
    Ok(Json(control(ex).say(said).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replay {
    sid: String,
    #[serde(default)]
    same_token: bool,
}

async fn replay(State(ex): Shared, bytes: axum::body::Bytes) -> Outcome<impl Serialize> {
    let replay: Replay = body(&bytes)?;
    let webhook = control(ex).replay(&replay.sid, replay.same_token).await?;
    Ok(Json(json!({ "sid": replay.sid, "webhook": webhook })))
}

#[derive(Deserialize, Default)]
struct Filter {
    #[serde(default)]
    number: Option<String>,
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    path_contains: Option<String>,
}

/// A number in a query: an unescaped `+` arrives as a space.
fn number(text: &str) -> String {
    text.strip_prefix(' ').map_or_else(|| text.to_owned(), |digits| format!("+{digits}"))
}

async fn messages(State(ex): Shared, Query(filter): Query<Filter>) -> Outcome<impl Serialize> {
    let wanted = filter.number.ok_or_else(|| ControlError::Wrong("`number` is missing: ?number=%2B15555550142".into()))?;
    Ok(Json(control(ex).messages(&number(&wanted)).await))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Behave {
    number: String,
    calls: Vec<Behaviour>,
}

async fn behaviours(State(ex): Shared) -> Json<impl Serialize> {
    Json(control(ex).behaviours().await)
}

async fn behave(State(ex): Shared, bytes: axum::body::Bytes) -> Outcome<impl Serialize> {
    let Behave { number, calls } = body(&bytes)?;
    let waiting = calls.len();
    control(ex).behave(&number, calls).await?;
    Ok(Json(json!({ "number": number, "waiting": waiting })))
}

async fn stop_behaving(State(ex): Shared, Query(filter): Query<Filter>) -> StatusCode {
    control(ex).stop_behaving(filter.number.as_deref().map(number).as_deref()).await;
    StatusCode::NO_CONTENT
}

async fn mails(State(ex): Shared, Query(filter): Query<Filter>) -> Json<impl Serialize> {
    Json(control(ex).mails(filter.to.as_deref()).await)
}

async fn mail(State(ex): Shared, Path(id): Path<String>) -> Outcome<impl Serialize> {
    Ok(Json(control(ex).mail(&id).await?))
}

async fn mail_raw(State(ex): Shared, Path(id): Path<String>) -> Result<Response, ControlError> {
    let mail = control(ex).mail(&id).await?;
    let kind = [(axum::http::header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((kind, mail.raw).into_response())
}

async fn clear_mails(State(ex): Shared) -> StatusCode {
    control(ex).clear_mails().await;
    StatusCode::NO_CONTENT
}

async fn faults(State(ex): Shared) -> Json<impl Serialize> {
    Json(control(ex).faults().await)
}

async fn set_fault(State(ex): Shared, bytes: axum::body::Bytes) -> Outcome<impl Serialize> {
    let fault: Fault = body(&bytes)?;
    let id = control(ex).set_fault(fault).await?;
    Ok(Json(json!({ "id": id })))
}

async fn remove_fault(State(ex): Shared, Path(id): Path<String>) -> Result<StatusCode, ControlError> {
    control(ex).remove_fault(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_faults(State(ex): Shared) -> StatusCode {
    control(ex).clear_faults().await;
    StatusCode::NO_CONTENT
}

async fn requests(State(ex): Shared, Query(filter): Query<Filter>) -> Json<impl Serialize> {
    let all = control(ex).requests().await;
    let wanted = filter.path_contains.unwrap_or_default();
    Json(all.into_iter().filter(|seen| seen.path.contains(&wanted)).collect::<Vec<_>>())
}

async fn take_requests(State(ex): Shared) -> Json<impl Serialize> {
    Json(control(ex).take_requests().await)
}

async fn clear_requests(State(ex): Shared) -> StatusCode {
    control(ex).clear_requests().await;
    StatusCode::NO_CONTENT
}

async fn webhooks(State(ex): Shared, Query(filter): Query<Filter>) -> Json<impl Serialize> {
    let all = control(ex).webhooks().await;
    let kind = |sent: &crate::state::log::Delivered| match filter.kind.as_deref() {
        Some(kind) => format!("{:?}", sent.kind).eq_ignore_ascii_case(kind),
        None => true,
    };
    Json(all.into_iter().filter(kind).collect::<Vec<_>>())
}

async fn take_webhooks(State(ex): Shared) -> Json<impl Serialize> {
    Json(control(ex).take_webhooks().await)
}

async fn clear_webhooks(State(ex): Shared) -> StatusCode {
    control(ex).clear_webhooks().await;
    StatusCode::NO_CONTENT
}

async fn debugger(State(ex): Shared) -> Json<impl Serialize> {
    Json(control(ex).debugger().await)
}

async fn reset(State(ex): Shared) -> StatusCode {
    control(ex).reset().await;
    StatusCode::NO_CONTENT
}
