//! Twilio's error answers: a code, a sentence, an address, a status (carriers.md 1.2).
//! The sentences are the mock's own; programs go by the codes.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error of the REST API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// Twilio's code.
    pub code: u32,
    /// For people.
    pub message: String,
}

impl ApiError {
    /// An error with its own sentence.
    pub fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// An error known by its code alone, as a fault or a magic number asks for it.
    pub fn from_code(code: u32) -> Self {
        let (status, message) = match code {
            20003 => (401, "Authenticate"),
            20404 => (404, "The requested resource was not found"),
            20429 => (429, "Too many requests"),
            21201 => (400, "No 'To' number is specified"),
            21203 => (400, "International calling is not enabled"),
            21205 => (400, "Url parameter is required and must be an absolute address"),
            21210 => (400, "The 'From' number is not verified for this account"),
            21211 => (400, "The 'To' number is not a valid phone number"),
            21212 => (400, "The 'From' number is not a valid phone number or short code"),
            21213 => (400, "No 'From' number is specified"),
            21214 => (400, "The 'To' number cannot be reached"),
            21215 => (400, "The account may not call this region"),
            21216 => (400, "The account may not call this number"),
            21217 => (400, "The 'To' phone number does not appear to be valid"),
            21408 => (400, "The account may not send to this region"),
            21602 => (400, "A message needs a body or media"),
            21603 => (400, "A 'From' number or a Messaging Service is required"),
            21604 => (400, "A 'To' number is required"),
            21606 => (400, "The 'From' number is not a message-capable number of this account"),
            21608 => (400, "The number is unverified; trial accounts cannot send to it"),
            21610 => (400, "The recipient has opted out of messages from this number"),
            21611 => (400, "The 'From' number's queue is full"),
            21612 => (400, "The 'To' number cannot be reached from this 'From' number"),
            21614 => (400, "The 'To' number cannot receive text messages"),
            21617 => (400, "The body is longer than 1600 characters"),
            _ => (400, "The request was refused"),
        };
        Self::new(status, code, message)
    }

    /// 404 with code 20404.
    pub fn not_found(path: &str) -> Self {
        Self::new(404, 20404, format!("The requested resource {path} was not found"))
    }
}

/// The sentence for an error code that a message carries after it was accepted.
pub fn delivery_error(code: u32) -> &'static str {
    match code {
        30001 => "Queue overflow",
        30002 => "Account suspended",
        30003 => "Unreachable destination handset",
        30004 => "Message blocked",
        30005 => "Unknown destination handset",
        30006 => "Landline or unreachable carrier",
        30007 => "Message filtered",
        63016 => "Free words outside the window of a day after the other side wrote",
        30034 => "Message from an unregistered number",
        _ => "Unknown error",
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let body = json!({
            "code": self.code,
            "message": self.message,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code),
            "status": self.status,
        });
        (status, axum::Json(body)).into_response()
    }
}
