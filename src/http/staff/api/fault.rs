//! The API's errors: a status, a stable word and a sentence: `{"error":{"code":"changed","message":"…"}}`.

use super::dto;
use crate::desk::DeskError;
use crate::http::staff::fault::{Fault, desk_status, log};
use crate::store::StoreError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::borrow::Cow;

/// One error. No `Debug`: its message may quote the client's own body.
pub(super) struct ApiFault {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
}

impl ApiFault {
    pub(super) const NO_SUCH_PATH: ApiFault =
        ApiFault::fixed(StatusCode::NOT_FOUND, "no_such_path", "There is nothing at this path. See /api/v1/openapi.json.");
    pub(super) const WRONG_METHOD: ApiFault =
        ApiFault::fixed(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", "This path does not take that method. See /api/v1/openapi.json.");
    pub(super) const NOT_FOUND: ApiFault = ApiFault::fixed(StatusCode::NOT_FOUND, "not_found", "There is nothing with this id.");
    pub(super) const UNAUTHORIZED: ApiFault =
        ApiFault::fixed(StatusCode::UNAUTHORIZED, "unauthorized", "Send a valid API token: Authorization: Bearer tl_…");
    pub(super) const TOO_LARGE: ApiFault = ApiFault::fixed(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is larger than 64 KiB.");
    pub(super) const NOT_JSON: ApiFault =
        ApiFault::fixed(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", "Send the body as application/json.");
    pub(super) const TOO_MANY_STREAMS: ApiFault =
        ApiFault::fixed(StatusCode::SERVICE_UNAVAILABLE, "too_many_streams", "Too many streams are open. Try again in a moment.");

    const fn fixed(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message: Cow::Borrowed(message) }
    }

    /// A request that cannot be understood.
    pub(super) fn bad_request(message: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "bad_request", message: Cow::Owned(message) }
    }
}

impl From<DeskError> for ApiFault {
    fn from(error: DeskError) -> Self {
        log(&error);
        let (status, code) = desk_status(&error);
        Self { status, code, message: Cow::Owned(error.to_string()) }
    }
}

impl From<StoreError> for ApiFault {
    fn from(error: StoreError) -> Self {
        DeskError::Store(error).into()
    }
}

impl From<Fault> for ApiFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Desk(error) => error.into(),
            other => Self { status: other.status().0, code: "refused", message: Cow::Owned(other.to_string()) },
        }
    }
}

impl IntoResponse for ApiFault {
    fn into_response(self) -> Response {
        let body = dto::Refusal { error: dto::RefusalDetail { code: self.code.to_owned(), message: self.message.into_owned() } };
        let mut response = (self.status, Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}
