//! Telnyx's error answers: a list of codes as texts, with titles (carriers.md 4).
//! Faults and magic numbers are named by the first carrier's codes; the table here says what this one answers for them.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// An error of the REST API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    status: u16,
    code: &'static str,
}

impl ApiError {
    /// An error with this status and code.
    pub fn new(status: u16, code: &'static str) -> Self {
        Self { status, code }
    }

    /// What this carrier answers where the first one would answer that code.
    pub fn of_twilios(code: u32) -> Self {
        match code {
            20003 => Self::new(401, "10009"),
            20404 => Self::new(404, "10005"),
            20429 => Self::new(429, "10011"),
            21211 | 21217 | 21214 => Self::new(422, "40310"),
            21606 | 21210 | 21212 => Self::new(422, "40305"),
            21610 => Self::new(422, "40300"),
            21612 | 21614 => Self::new(422, "40001"),
            _ => Self::new(422, "10015"),
        }
    }
}

/// The code that a text carries after it was accepted, for one of the first carrier's.
pub fn delivery_code(code: u32) -> &'static str {
    match code {
        30003 => "40006",
        30006 => "40001",
        30007 => "40002",
        30034 => "40010",
        _ => "40008",
    }
}

/// One entry of a list of errors.
pub fn entry(code: &str) -> Value {
    json!({"code": code, "title": title(code), "detail": title(code), "source": {"pointer": "/to"}})
}

fn title(code: &str) -> &'static str {
    match code {
        "10005" => "Resource not found",
        "10009" => "Authentication failed",
        "10011" => "Too many requests",
        "40001" => "Not routable",
        "40002" => "Blocked as spam",
        "40006" => "Recipient server unavailable",
        "40300" => "Blocked due to STOP message",
        "40305" => "Invalid 'from' address",
        "40310" => "Invalid 'to' address",
        _ => "The request was refused",
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, axum::Json(json!({"errors": [entry(self.code)]}))).into_response()
    }
}
