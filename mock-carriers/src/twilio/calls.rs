//! The Calls resource: create, fetch, list, change, delete.
//! What happens on a call is `voice::session`'s; this file turns a request into a [`CallOrder`] and a live
//! call's change into a command for its session.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use tokio::sync::oneshot;

use super::errors::ApiError;
use super::form::Params;
use super::list::{self, TimeFilter};
use super::{Answer, RestRequest, json, magic, wrong_method};
use crate::carrier::Carrier;
use crate::exchange::Exchange;
use crate::options::is_e164;
use crate::state::State;
use crate::state::call::{Call, CallDirection, CallStatus};
use crate::voice::order::{Amd, CallOrder, CallbackOrder, Instructions};
use crate::voice::session::{self, Command};

/// How long a REST change waits for the call's session to obey.
const OBEY: Duration = Duration::from_secs(2);
/// Longest TwiML given in the request itself.
const TWIML_CHARS: usize = 4_000;

/// `/Calls.json`.
pub fn collection(exchange: &Arc<Exchange>, request: &RestRequest) -> Result<Answer, ApiError> {
    match request.method {
        Method::POST => create(exchange, request),
        Method::GET => list_page(exchange, request),
        _ => Err(wrong_method(request)),
    }
}

/// `/Calls/{Sid}.json`.
pub async fn item(exchange: &Exchange, request: &RestRequest, sid: &str) -> Result<Answer, ApiError> {
    let find = || {
        let call = exchange.with(|state| state.calls.get(sid).cloned());
        call.ok_or_else(|| ApiError::not_found(&request.path))
    };
    let call = find()?;
    match request.method {
        Method::GET => {}
        Method::POST => update(exchange, request, &call).await?,
        Method::DELETE => {
            if !call.status.is_over() {
                return Err(ApiError::new(409, 20009, "A call in progress cannot be deleted"));
            }
            exchange.with(|state| state.calls.remove(sid));
            return Ok(Answer::Deleted);
        }
        _ => return Err(wrong_method(request)),
    }
    let value = json::call(&exchange.options.account_sid, &find()?);
    Ok(Answer::Json(StatusCode::OK, value))
}

fn list_page(exchange: &Exchange, request: &RestRequest) -> Result<Answer, ApiError> {
    let query = &request.query;
    let started = TimeFilter::read(query, "StartTime")?;
    let ended = TimeFilter::read(query, "EndTime")?;
    let wanted = |name: &str, value: &str| query.filled(name).is_none_or(|text| text == value);
    let account = &exchange.options.account_sid;
    let items = exchange.with(|state| {
        let newest_first = state.calls.numbered().rev();
        newest_first
            .filter(|(_, call)| call.carrier == Carrier::Twilio)
            .filter(|(_, call)| wanted("To", &call.to) && wanted("From", &call.from))
            .filter(|(_, call)| wanted("Status", call.status.as_str()))
            .filter(|(_, call)| wanted("ParentCallSid", call.parent_call_sid.as_deref().unwrap_or_default()))
            .filter(|(_, call)| started.passes(call.answered_at.unwrap_or(call.created_at)))
            .filter(|(_, call)| ended.passes(call.ended_at.unwrap_or(call.created_at)))
            .map(|(seq, call)| (seq, json::call(account, call)))
            .collect()
    });
    let page = list::page("calls", &request.path, query, items)?;
    Ok(Answer::Json(StatusCode::OK, page))
}

fn create(exchange: &Arc<Exchange>, request: &RestRequest) -> Result<Answer, ApiError> {
    let form = &request.form;
    let to = form.filled("To").ok_or(ApiError::from_code(21201))?;
    let from = form.filled("From").ok_or(ApiError::from_code(21213))?;
    let order = read_order(form)?;
    exchange.with(|state| check_numbers(state, to, from))?;
    let mut call = Call::new(CallDirection::OutboundApi, from, to);
    call.send_digits = order.send_digits.clone();
    let body = json::call(&exchange.options.account_sid, &call);
    session::start(exchange, call, order);
    Ok(Answer::Json(StatusCode::CREATED, body))
}

fn check_numbers(state: &State, to: &str, from: &str) -> Result<(), ApiError> {
    let to_code = magic::call_to(to).or((!is_e164(to)).then_some(21217));
    if let Some(code) = to_code {
        return Err(ApiError::from_code(code));
    }
    if let Some(code) = magic::call_from(from) {
        return Err(ApiError::from_code(code));
    }
    if !is_e164(from) {
        return Err(ApiError::from_code(21212));
    }
    if from != magic::ALWAYS_VALID && state.route_of(Carrier::Twilio, from).is_none() {
        return Err(ApiError::from_code(21210));
    }
    Ok(())
}

fn read_order(form: &Params) -> Result<CallOrder, ApiError> {
    let method = |name: &str| form.filled(name).unwrap_or("POST").to_owned();
    let instructions = read_instructions(form)?.ok_or(ApiError::from_code(21205))?;
    let mut events = form.all("StatusCallbackEvent");
    if events.is_empty() {
        events.push("completed".to_owned());
    }
    let send_digits = form.filled("SendDigits").map(str::to_owned);
    let amd = match form.filled("MachineDetection") {
        // Digits and detection exclude each other (carriers.md 2.1).
        _ if send_digits.is_some() => None,
        Some("Enable" | "true") => Some(Amd::Enable),
        Some("DetectMessageEnd") => Some(Amd::DetectMessageEnd),
        Some(_) | None => None,
    };
    Ok(CallOrder {
        instructions,
        fallback: form.filled("FallbackUrl").map(|url| Instructions::Url { url: url.to_owned(), method: method("FallbackMethod") }),
        status: form.filled("StatusCallback").map(|url| CallbackOrder {
            url: url.to_owned(),
            method: method("StatusCallbackMethod"),
            events,
        }),
        send_digits,
        timeout_s: form.filled("Timeout").and_then(|text| text.parse().ok()).unwrap_or(60).min(600),
        amd,
        async_amd: form.filled("AsyncAmd") == Some("true"),
        async_amd_callback: form.filled("AsyncAmdStatusCallback").map(|url| CallbackOrder {
            url: url.to_owned(),
            method: method("AsyncAmdStatusCallbackMethod"),
            events: Vec::new(),
        }),
    })
}

/// `Url` or `Twiml`; none when neither is there, an error when one is bad.
fn read_instructions(form: &Params) -> Result<Option<Instructions>, ApiError> {
    if let Some(twiml) = form.filled("Twiml") {
        if twiml.chars().count() > TWIML_CHARS {
            return Err(ApiError::new(400, 21254, "Twiml is longer than 4000 characters"));
        }
        return Ok(Some(Instructions::Twiml(twiml.to_owned())));
    }
    let Some(url) = form.filled("Url") else {
        return Ok(None);
    };
    let absolute = reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !absolute {
        return Err(ApiError::from_code(21205));
    }
    Ok(Some(Instructions::Url { url: url.to_owned(), method: form.filled("Method").unwrap_or("POST").to_owned() }))
}

/// `Status=completed|canceled`, or new instructions for a live call.
async fn update(exchange: &Exchange, request: &RestRequest, call: &Call) -> Result<(), ApiError> {
    let form = &request.form;
    let wrong_state = |what: &str| ApiError::new(400, 21220, format!("The call is not {what}"));
    let (obeyed, wait) = oneshot::channel();
    let command = match form.filled("Status") {
        Some("completed") if call.status.is_over() => return Err(wrong_state("in progress")),
        Some("completed") => Command::Complete(obeyed),
        Some("canceled") => match call.status {
            CallStatus::Queued | CallStatus::Ringing => Command::Cancel(obeyed),
            CallStatus::InProgress
            | CallStatus::Completed
            | CallStatus::Busy
            | CallStatus::Failed
            | CallStatus::NoAnswer
            | CallStatus::Canceled => return Err(wrong_state("queued or ringing")),
        },
        Some(_) => return Err(ApiError::new(400, 21218, "Status must be completed or canceled")),
        None => match read_instructions(form)? {
            Some(_) if call.status != CallStatus::InProgress => {
                return Err(wrong_state("in progress"));
            }
            Some(instructions) => Command::Redirect(instructions, obeyed),
            None => return Ok(()),
        },
    };
    if exchange.with(|state| session::command(state, &call.sid, command)) {
        // An answer that comes late is no error: the call obeys anyway.
        let _ = tokio::time::timeout(OBEY, wait).await;
    }
    Ok(())
}
