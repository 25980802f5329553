//! Checks HTTP Basic on the REST API: the account's SID and its token, for that account's own path.
//! Anything else is 401 with code 20003, whatever the reason, as at Twilio.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::errors::ApiError;
use crate::options::Options;

/// Accepts the request or answers 401.
pub fn check(options: &Options, headers: &HeaderMap, account_in_path: &str) -> Result<(), ApiError> {
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|encoded| STANDARD.decode(encoded.trim()).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let wanted = format!("{}:{}", options.account_sid, options.auth_token);
    if given.as_deref() == Some(wanted.as_str()) && account_in_path == options.account_sid {
        Ok(())
    } else {
        Err(ApiError::from_code(20003))
    }
}
