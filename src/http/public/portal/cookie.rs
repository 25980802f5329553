//! The session's cookie: HttpOnly, SameSite=Lax (a link in a mail must find the login), `Secure` over https, and for the portal's paths
//! alone, so that no page of the reporters ever gets it.

use super::PortalSite;
use crate::login::SessionToken;
use crate::portal::LONGEST_SESSION;
use axum::http::{HeaderMap, header};

const NAME: &str = "tipline_enduser";

/// The `Set-Cookie` value that begins a session.
pub(super) fn begin(site: &PortalSite, token: &SessionToken) -> String {
    format!("{NAME}={}; Path=/e; Max-Age={}; HttpOnly; SameSite=Lax{}", token.reveal(), LONGEST_SESSION.as_secs(), secure(site))
}

/// The `Set-Cookie` value that ends it.
pub(super) fn end(site: &PortalSite) -> String {
    format!("{NAME}=; Path=/e; Max-Age=0; HttpOnly; SameSite=Lax{}", secure(site))
}

/// The token that the browser sent.
pub(super) fn read(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == NAME)
        .map(|(_, value)| value)
}

fn secure(site: &PortalSite) -> &'static str {
    if site.origin.starts_with("https://") { "; Secure" } else { "" }
}
