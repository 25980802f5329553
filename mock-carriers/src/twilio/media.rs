//! The Media resource: list, fetch, delete, and the file itself after a redirect to the second listener.
//! The redirect changes the port, so that a client which forwards its password to another host is caught:
//! the second listener notes in the request log whether one came.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::errors::ApiError;
use super::{Answer, RestRequest, json, list, wrong_method};
use crate::clock;
use crate::exchange::Exchange;
use crate::state::log::RequestSeen;

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
        Method::GET | Method::HEAD => Ok(Answer::Elsewhere(format!("{}/media/{sid}?token={}", exchange.media_url, media.download_token))),
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
    let response = match found {
        Some(media) => ([(header::CONTENT_TYPE, media.content_type)], media.bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    };
    let password = headers.contains_key(header::AUTHORIZATION);
    exchange.with(|state| {
        let id = state.next_log();
        let seen = RequestSeen {
            id,
            arrived_us: clock::monotonic_us(),
            at: clock::now(),
            method: "GET".to_owned(),
            path: format!("/media/{sid}"),
            query: Vec::new(),
            form: Vec::new(),
            status: response.status().as_u16(),
            fault: None,
            authorization_sent: password,
        };
        state.requests.put(id.to_string(), seen);
    });
    response
}
