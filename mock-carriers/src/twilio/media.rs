//! The Media resource: list, fetch, delete, and the file itself after a redirect to the second listener.
//! The redirect changes the port, so that a client which forwards its password to another host is caught:
//! the second listener tells the debugger when one came. Faults lead the redirect astray or spoil the file.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde::Deserialize;

use super::errors::ApiError;
use super::{Answer, RestRequest, json, list, wrong_method};
use crate::clock;
use crate::exchange::{Announcement, Exchange};
use crate::state::fault::{Effect, Kind, MEDIA_REDIRECT, Strike, Traffic, Trap};
use crate::state::log::RequestSeen;

/// The mock's own code in the debugger: the second listener was sent a password.
pub const PASSWORD_FORWARDED: u32 = 99_001;
/// The mock's own code in the debugger: a client followed a redirect that it must not follow.
pub const TRAP_ENTERED: u32 = 99_002;
/// How much of an endless file is made at once, in bytes.
const ENDLESS_CHUNK: usize = 64 * 1024;
/// How long a stalled file is silent.
const STALL: Duration = Duration::from_secs(60);

/// `/Messages/{Sid}/Media.json`.
pub fn list(exchange: &Exchange, request: &RestRequest, parent: &str) -> Result<Answer, ApiError> {
    if request.method != Method::GET {
        return Err(wrong_method(request));
    }
    let account = &exchange.options.account_sid;
    let items = exchange.with(|state| {
        state.messages.get(parent).ok_or_else(|| ApiError::not_found(&request.path))?;
        let all = state.media.numbered().rev();
        let own = all.filter(|(_, media)| media.parent_sid == parent);
        Ok(own.map(|(seq, media)| (seq, json::media(account, media))).collect())
    })?;
    let page = list::page("media_list", &request.path, &request.query, items)?;
    Ok(Answer::Json(StatusCode::OK, page))
}

/// `/Messages/{Sid}/Media/{ME..}[.json]`: JSON with the suffix, the file without.
pub fn item(exchange: &Exchange, request: &RestRequest, parent: &str, file: &str) -> Result<Answer, ApiError> {
    let sid = file.strip_suffix(".json").unwrap_or(file);
    let media = exchange
        .with(|state| state.media.get(sid).cloned())
        .filter(|media| media.parent_sid == parent)
        .ok_or_else(|| ApiError::not_found(&request.path))?;
    match request.method {
        Method::GET | Method::HEAD if file.ends_with(".json") => {
            Ok(Answer::Json(StatusCode::OK, json::media(&exchange.options.account_sid, &media)))
        }
        Method::GET | Method::HEAD => {
            let struck = strike(exchange, MEDIA_REDIRECT, &request.path);
            let trap = struck.and_then(|strike| trap(exchange, strike.effect));
            let right = || format!("{}/media/{sid}?token={}", exchange.media_url, media.download_token);
            Ok(Answer::Elsewhere(trap.unwrap_or_else(right)))
        }
        Method::DELETE => {
            exchange.with(|state| {
                state.media.remove(sid);
                if let Some(message) = state.messages.get_mut(parent) {
                    message.media.retain(|other| other != sid);
                }
            });
            Ok(Answer::Deleted)
        }
        _ => Err(wrong_method(request)),
    }
}

/// Asks the faults whether one strikes a file: its redirect or its bytes.
pub fn strike(exchange: &Exchange, hop: &str, path: &str) -> Option<Strike> {
    let traffic = Traffic { kind: Kind::Media, path, method: hop, to: "", carrier: None };
    let strike = exchange.with(|state| state.faults.strike(traffic))?;
    exchange.announce(Announcement::Faults);
    Some(strike)
}

/// Where a fault leads a client that must not go there.
fn trap(exchange: &Exchange, effect: Effect) -> Option<String> {
    let Effect::Redirect(trap) = effect else { return None };
    let port = exchange.media_url.rsplit(':').next().unwrap_or_default();
    Some(match trap {
        Trap::Loopback => format!("http://127.0.0.1:{port}/trap"),
        Trap::Localhost => format!("http://localhost:{port}/trap"),
        Trap::Private => "http://10.0.0.1/secret".to_owned(),
        Trap::Metadata => "http://169.254.169.254/latest/meta-data/".to_owned(),
    })
}

/// A file as it is sent, or spoilt.
pub fn file(kind: &str, bytes: Vec<u8>, strike: Option<Strike>) -> Response {
    let kind = kind.to_owned();
    let delay = Duration::from_millis(strike.map_or(0, |strike| strike.delay_ms));
    let late = |body: Vec<u8>| stream::once(async move { wait(delay).await.map(|()| Bytes::from(body)) });
    match strike.map(|strike| strike.effect) {
        Some(Effect::ServerError) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Effect::WrongType) => ([(header::CONTENT_TYPE, "text/html")], "<!doctype html><title>Not found</title>").into_response(),
        Some(Effect::Endless) => {
            let chunk = Bytes::from(vec![0_u8; ENDLESS_CHUNK]);
            let endless = stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
            ([(header::CONTENT_TYPE, kind)], Body::from_stream(endless)).into_response()
        }
        Some(Effect::Stall) => {
            let half = Bytes::from(bytes.get(..bytes.len() / 2).unwrap_or_default().to_vec());
            let first = stream::once(async move { Ok::<_, std::io::Error>(half) });
            let silent = stream::once(async { wait(STALL).await.map(|()| Bytes::new()) });
            ([(header::CONTENT_TYPE, kind)], Body::from_stream(first.chain(silent))).into_response()
        }
        Some(Effect::Delay) => ([(header::CONTENT_TYPE, kind)], Body::from_stream(late(bytes))).into_response(),
        Some(_) | None => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
    }
}

async fn wait(duration: Duration) -> std::io::Result<()> {
    tokio::time::sleep(duration).await;
    Ok(())
}

/// The query of a download address.
#[derive(Debug, Deserialize)]
pub struct Download {
    #[serde(default)]
    token: String,
}

/// The second listener: the file to whoever has its address, as a storage service would.
pub async fn download(
    State(exchange): State<Arc<Exchange>>,
    Path(sid): Path<String>,
    Query(query): Query<Download>,
    headers: HeaderMap,
) -> Response {
    let found = exchange
        .with(|state| state.media.get(&sid).cloned())
        .filter(|media| media.download_token == query.token && !media.bytes.is_empty());
    let path = format!("/media/{sid}");
    let response = match found {
        Some(media) => file(&media.content_type, media.bytes, strike(&exchange, "GET", &path)),
        None => StatusCode::NOT_FOUND.into_response(),
    };
    note(&exchange, &sid, path, &headers, response.status());
    response
}

/// Where no client may go: the debugger tells who did.
pub async fn trapped(State(exchange): State<Arc<Exchange>>, headers: HeaderMap) -> Response {
    exchange.with(|state| state.debug(TRAP_ENTERED, "a redirect to a private address was followed".to_owned(), "", "/trap"));
    note(&exchange, "", "/trap".to_owned(), &headers, StatusCode::OK);
    "secret".into_response()
}

fn note(exchange: &Exchange, sid: &str, path: String, headers: &HeaderMap, status: StatusCode) {
    let password = headers.contains_key(header::AUTHORIZATION);
    exchange.with(|state| {
        if password {
            state.debug(PASSWORD_FORWARDED, "the account's password was sent to another host than the API's".to_owned(), sid, &path);
        }
        let id = state.next_log();
        let seen = RequestSeen {
            id,
            arrived_us: clock::monotonic_us(),
            at: clock::now(),
            method: "GET".to_owned(),
            path,
            query: Vec::new(),
            form: Vec::new(),
            status: status.as_u16(),
            fault: None,
            authorization_sent: password,
        };
        state.requests.put(id.to_string(), seen);
    });
}
