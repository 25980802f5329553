//! The session's cookie: HttpOnly, SameSite=Lax (a link in a mail must still find the login), and over https `Secure` with the
//! `__Host-` prefix, which no other host or plain-text page can set.

use super::StaffSite;
use crate::login::SessionToken;
use crate::login::session::LONGEST_SESSION;
use axum::http::{HeaderMap, header};

/// The `Set-Cookie` value that begins a session.
pub(super) fn begin(site: &StaffSite, token: &SessionToken) -> String {
    format!("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{}", name(site), token.reveal(), LONGEST_SESSION.as_secs(), secure(site))
}

/// The `Set-Cookie` value that ends it.
pub(super) fn end(site: &StaffSite) -> String {
    format!("{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{}", name(site), secure(site))
}

/// The token that the browser sent.
pub(super) fn read<'a>(site: &StaffSite, headers: &'a HeaderMap) -> Option<&'a str> {
    let name = name(site);
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

fn name(site: &StaffSite) -> &'static str {
    if is_https(site) { "__Host-tipline" } else { "tipline" }
}

fn secure(site: &StaffSite) -> &'static str {
    if is_https(site) { "; Secure" } else { "" }
}

fn is_https(site: &StaffSite) -> bool {
    site.origin.starts_with("https://")
}
