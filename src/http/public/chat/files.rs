//! `POST /chat/files`: a picture or file is kept sealed until a `say` names it.
//!
//! The body is the file itself, its type in `Content-Type`, the chat's token in `Authorization: Bearer …`: nothing of it in a URL. The
//! answer is `{"id": "…"}`. What is too large is refused without losing a word: the words go by the socket.

use super::ChatSite;
use crate::http::headers;
use crate::media::uploads::{LARGEST_UPLOAD, UploadError};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use std::time::Duration;
use tokio::time::timeout;
use tower_http::timeout::TimeoutLayer;

/// Uploads under way at the same time: so many times [`LARGEST_UPLOAD`] is held in memory at most.
pub(super) const AT_A_TIME: usize = 16;
/// How long an upload waits for others.
const TURN_WITHIN: Duration = Duration::from_secs(20);
/// How long an upload may take: 10 MiB by a slow phone network.
const UPLOADED_WITHIN: Duration = Duration::from_secs(180);

pub(super) fn routes() -> Router<ChatSite> {
    Router::new()
        .route("/chat/files", post(upload))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, UPLOADED_WITHIN))
        .layer(axum::middleware::map_response(headers::public))
}

async fn upload(State(site): State<ChatSite>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let token = bearer(&parts.headers);
    let Some((conversation, _)) = token.and_then(|token| site.chats.of_token(token)) else {
        return told(StatusCode::UNAUTHORIZED, "unknown_token");
    };
    let Ok(Ok(_turn)) = timeout(TURN_WITHIN, site.uploading.acquire()).await else {
        return told(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
    };
    let bytes = match whole(body).await {
        Ok(bytes) if bytes.is_empty() => return told(StatusCode::BAD_REQUEST, "empty"),
        Ok(bytes) => bytes,
        Err(refused) => return refused,
    };
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match site.chats.uploads.put(conversation, content_type, &bytes).await {
        Ok(id) => (StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json")], format!("{{\"id\":\"{id}\"}}")).into_response(),
        Err(UploadError::Full) => told(StatusCode::INSUFFICIENT_STORAGE, "unavailable"),
        Err(error @ (UploadError::Disk(_) | UploadError::Sealed(_))) => {
            tracing::error!(error = %error, "an upload was not kept");
            told(StatusCode::SERVICE_UNAVAILABLE, "unavailable")
        }
    }
}

/// The whole body, or the refusal of what is too large.
async fn whole(body: Body) -> Result<axum::body::Bytes, Response> {
    to_bytes(body, LARGEST_UPLOAD).await.map_err(|error| {
        let too_large = std::error::Error::source(&error).is_some_and(|source| source.to_string().contains("limit"));
        if too_large { told(StatusCode::PAYLOAD_TOO_LARGE, "too_large") } else { told(StatusCode::BAD_REQUEST, "bad_frame") }
    })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

fn told(status: StatusCode, code: &'static str) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], format!("{{\"code\":\"{code}\"}}")).into_response()
}
