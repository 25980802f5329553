//! The headers that every page carries: nothing from elsewhere runs or frames it, nothing of it is kept or told on.
//!
//! A handler that sets `Cache-Control` itself (assets, events), or a policy of its own (the chat's page, reporters' files), keeps its own.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

/// What a console page may load: its own style, script and images.
const STAFF_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
     media-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What a reporter's page may load: its own style, images and the one script that makes it live; it does its job without.
const REPORTER_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What a page of the endusers' portal may load: its own style, and the safe copies of pictures and recordings. No script.
const PORTAL_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'";

/// What a reporter's page may ask of the device: nothing. Choosing a picture needs no leave.
const NO_SENSES: &str = "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), \
     magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()";

/// What a public page may load: no script at all.
const PUBLIC_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Hardens an answer of the staff listener.
pub async fn staff(response: Response) -> Response {
    says_where_from(harden(response, STAFF_POLICY))
}

/// Hardens an answer of the public listener's pages; search engines keep out too.
pub async fn public(response: Response) -> Response {
    let mut response = harden(response, PUBLIC_POLICY);
    response.headers_mut().insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
    response
}

/// Hardens an answer of the endusers' portal: as the public pages, and it may play a recording.
pub async fn portal(mut response: Response) -> Response {
    let own = response.headers().contains_key(header::CONTENT_SECURITY_POLICY);
    if !own {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PORTAL_POLICY));
    }
    says_where_from(public(response).await)
}

/// Hardens the page of a mail's link: as the public pages, and its form may go on into the portal.
pub async fn receipt(response: Response) -> Response {
    says_where_from(public(response).await)
}

/// Lets a browser say to our own pages, and to nobody else, where a form comes from: under `no-referrer` one that knows no `Sec-Fetch-Site`
/// sends `Origin: null`, which is refused.
fn says_where_from(mut response: Response) -> Response {
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// Hardens an answer of the reporter's pages: as the public ones, with their script, and without any sense of the device.
pub async fn reporter(response: Response) -> Response {
    let mut response = public(response).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(REPORTER_POLICY));
    headers.insert(HeaderName::from_static("permissions-policy"), HeaderValue::from_static(NO_SENSES));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
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
