//! TeXML calls: create, list, fetch, change; recordings: list, fetch, delete. What happens on a call is `voice::session`'s.
//! The answer to a creation names the call as practice shows (`call_sid`), beside the fields that are documented.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::errors::ApiError;
use super::{RestRequest, texml};
use crate::carrier::Carrier;
use crate::clock;
use crate::exchange::Exchange;
use crate::ids;
use crate::options::is_e164;
use crate::state::call::{Call, CallDirection, CallStatus};
use crate::twilio::{magic, recordings};
use crate::voice::order::{Amd, CallOrder, CallbackOrder, Instructions};
use crate::voice::session::{self, Command};

/// How long a change waits for the call's session to obey.
const OBEY: Duration = Duration::from_secs(2);
const DEFAULT_PAGE_SIZE: usize = 20;
const MOST_PAGE_SIZE: usize = 200;

/// `/v2/texml/Accounts/{id}/Calls`.
pub fn collection(exchange: &Arc<Exchange>, request: &RestRequest) -> Result<Response, ApiError> {
    match request.method {
        Method::POST => create(exchange, request),
        Method::GET => {
            let wanted = |key: &str, value: &str| request.query.filled(key).is_none_or(|text| text == value);
            let all: Vec<Value> = exchange.with(|state| {
                let own = state.calls.iter().rev().filter(|call| call.carrier == Carrier::Telnyx);
                own.filter(|call| wanted("To", &call.to) && wanted("From", &call.from)).map(|call| record(exchange, call)).collect()
            });
            Ok(page(request, "calls", all))
        }
        _ => Err(ApiError::new(405, "10015")),
    }
}

fn create(exchange: &Arc<Exchange>, request: &RestRequest) -> Result<Response, ApiError> {
    let (to, from) = (request.text("To").unwrap_or_default(), request.text("From").unwrap_or_default());
    if request.text("ApplicationSid") != Some(&exchange.options.telnyx.application_id) {
        return Err(ApiError::new(422, "10015"));
    }
    if let Some(code) = magic::call_to(to).or((!is_e164(to)).then_some(21217)) {
        return Err(ApiError::of_twilios(code));
    }
    if exchange.with(|state| state.route_of(Carrier::Telnyx, from).is_none()) {
        return Err(ApiError::new(422, "40305"));
    }
    let order = order(request)?;
    let mut call = Call::new(CallDirection::OutboundApi, from, to);
    call.carrier = Carrier::Telnyx;
    call.sid = format!("v3:{}", ids::hex32());
    let answer = json!({"from": from, "to": to, "status": "queued", "call_sid": call.sid});
    session::start(exchange, call, order);
    Ok(axum::Json(answer).into_response())
}

fn order(request: &RestRequest) -> Result<CallOrder, ApiError> {
    let method = |key: &str| request.text(key).unwrap_or("POST").to_owned();
    let is_true = |key: &str| matches!(request.body.get(key), Some(Value::Bool(true))) || request.text(key) == Some("true");
    let number = |key: &str| request.body.get(key).and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()));
    let events = request.text("StatusCallbackEvent").unwrap_or("completed").split_whitespace().map(str::to_owned).collect();
    Ok(CallOrder {
        fallback: request.text("FallbackUrl").map(|url| Instructions::Url { url: url.to_owned(), method: method("UrlMethod") }),
        status: request.text("StatusCallback").map(|url| CallbackOrder {
            url: url.to_owned(),
            method: method("StatusCallbackMethod"),
            events,
        }),
        timeout_s: number("Timeout").unwrap_or(30).min(120),
        amd: match request.text("MachineDetection") {
            Some("Enable") => Some(Amd::Enable),
            Some("DetectMessageEnd") => Some(Amd::DetectMessageEnd),
            Some(_) | None => None,
        },
        async_amd: is_true("AsyncAmd"),
        async_amd_callback: request.text("AsyncAmdStatusCallback").map(|url| CallbackOrder {
            url: url.to_owned(),
            method: method("AsyncAmdStatusCallbackMethod"),
            events: Vec::new(),
        }),
        ..CallOrder::of(instructions(request, "UrlMethod").ok_or(ApiError::new(422, "10004"))?)
    })
}

/// `Texml` or `Url`.
fn instructions(request: &RestRequest, method: &str) -> Option<Instructions> {
    if let Some(texml) = request.text("Texml") {
        return Some(Instructions::Twiml(texml.to_owned()));
    }
    let url = request.text("Url")?;
    Some(Instructions::Url { url: url.to_owned(), method: request.text(method).unwrap_or("POST").to_owned() })
}

/// `/v2/texml/Accounts/{id}/Calls/{sid}`.
pub async fn item(exchange: &Exchange, request: &RestRequest, sid: &str) -> Result<Response, ApiError> {
    let find = || exchange.with(|state| state.calls.get(sid).filter(|call| call.carrier == Carrier::Telnyx).cloned());
    let call = find().ok_or(ApiError::new(404, "10005"))?;
    match request.method {
        Method::GET => {}
        Method::POST => update(exchange, request, &call).await?,
        _ => return Err(ApiError::new(405, "10015")),
    }
    Ok(axum::Json(record(exchange, &find().unwrap_or(call))).into_response())
}

async fn update(exchange: &Exchange, request: &RestRequest, call: &Call) -> Result<(), ApiError> {
    let (obeyed, wait) = oneshot::channel();
    let command = match (request.text("Status"), instructions(request, "Method")) {
        (Some("completed"), _) if call.status.is_over() => return Err(ApiError::new(422, "10015")),
        (Some("completed"), _) => Command::Complete(obeyed),
        (_, Some(instructions)) if call.status == CallStatus::InProgress => Command::Redirect(instructions, obeyed),
        (_, Some(_)) => return Err(ApiError::new(422, "10015")),
        (_, None) => return Ok(()),
    };
    if exchange.with(|state| session::command(state, &call.sid, command)) {
        // An answer that comes late is no error: the call obeys anyway.
        let _ = tokio::time::timeout(OBEY, wait).await;
    }
    Ok(())
}

fn record(exchange: &Exchange, call: &Call) -> Value {
    let by = call.answered_by.as_deref().map(|by| if by.starts_with("machine") { "machine" } else { by });
    json!({
        "account_sid": exchange.options.telnyx.account_sid,
        "sid": call.sid,
        "from": call.from,
        "to": call.to,
        "direction": if call.direction == CallDirection::Inbound { "inbound" } else { "outbound" },
        "status": if call.status == CallStatus::Queued { "ringing" } else { call.status.as_str() },
        "answered_by": by,
        "date_created": call.created_at.to_string(),
        "date_updated": call.updated_at.to_string(),
        "start_time": call.answered_at.map(|at| at.to_string()),
        "end_time": call.ended_at.map(|at| at.to_string()),
        "caller_name": null,
        "uri": format!("/v2/texml/Accounts/{}/Calls/{}", exchange.options.telnyx.account_sid, call.sid),
    })
}

/// `/v2/texml/Accounts/{id}/Recordings.json`.
pub fn recordings(exchange: &Exchange, request: &RestRequest) -> Result<Response, ApiError> {
    let all: Vec<Value> = exchange.with(|state| {
        let is_own = |sid: &str| state.calls.get(sid).is_some_and(|call| call.carrier == Carrier::Telnyx);
        let own = state.recordings.iter().rev().filter(|recording| is_own(&recording.call_sid));
        own.map(|recording| {
            json!({
                "account_sid": exchange.options.telnyx.account_sid,
                "call_sid": recording.call_sid,
                "sid": recording.sid,
                "source": recording.source,
                "status": if clock::now() < recording.ready { "in-progress" } else { "completed" },
                "duration": recording.duration_s.to_string(),
                "date_created": recording.created.to_string(),
                "start_time": recording.started.to_string(),
                "media_url": texml::recording_url(exchange, &recording.sid),
                "channels": 1,
            })
        })
        .collect()
    });
    Ok(page(request, "recordings", all))
}

/// `/v2/recordings/{id}[.wav]`: the sound; deleted without the ending.
pub fn recording(exchange: &Exchange, request: &RestRequest, file: &str) -> Result<Response, ApiError> {
    let sid = file.split('.').next().unwrap_or(file);
    let found = exchange.with(|state| state.recordings.get(sid).cloned()).ok_or(ApiError::new(404, "10005"))?;
    match request.method {
        Method::DELETE => {
            exchange.with(|state| state.recordings.remove(sid));
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        Method::GET if clock::now() < found.ready => Err(ApiError::new(404, "10005")),
        Method::GET => Ok(([(header::CONTENT_TYPE, "audio/x-wav")], recordings::wav(found.duration_s)).into_response()),
        _ => Err(ApiError::new(405, "10015")),
    }
}

fn page(request: &RestRequest, key: &str, all: Vec<Value>) -> Response {
    let query = &request.query;
    let size = query.filled("PageSize").and_then(|text| text.parse().ok()).unwrap_or(DEFAULT_PAGE_SIZE).clamp(1, MOST_PAGE_SIZE);
    let page: usize = query.filled("Page").and_then(|text| text.parse().ok()).unwrap_or(0);
    let more = all.len() > (page + 1) * size;
    let shown: Vec<Value> = all.into_iter().skip(page * size).take(size).collect();
    let next = more.then(|| format!("{}?Page={}&PageSize={size}", request.path, page + 1));
    axum::Json(json!({ key: shown, "page": page, "page_size": size, "next_page_uri": next, "uri": request.path })).into_response()
}
