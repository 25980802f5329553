//! The headers that every page carries: nothing from elsewhere runs or frames it, nothing of it is kept or told on.
//!
//! A handler that sets `Cache-Control` itself (assets, events), or a policy of its own (the chat's page), keeps its own.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

/// What a console page may load: its own style, script and images.
const STAFF_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What a public page may load: no script at all.
const PUBLIC_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Hardens an answer of the staff listener.
pub async fn staff(response: Response) -> Response {
    harden(response, STAFF_POLICY)
}

/// Hardens an answer of the public listener's pages; search engines keep out too.
pub async fn public(response: Response) -> Response {
    let mut response = harden(response, PUBLIC_POLICY);
    response.headers_mut().insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
    response
}

fn harden(mut response: Response, policy: &'static str) -> Response {
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
