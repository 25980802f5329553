//! What all console pages share: head, top line, and the facts that the script needs to keep a page live.

use super::StaffSite;
use super::fault::Fault;
use crate::http::assets;
use crate::login::Session;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;

/// The frame of one page.
pub(super) struct Frame {
    pub(super) title: String,
    /// Which page: `inbox`, `tip`, `tasks` …; the top line marks it and the script knows what to do.
    pub(super) page: &'static str,
    /// The tip that the page is about, or empty.
    pub(super) subject: String,
    /// The key by which the page may refresh itself without being recorded as opened again.
    pub(super) live_key: String,
    pub(super) line_name: String,
    pub(super) member: String,
    pub(super) role: &'static str,
    pub(super) csrf: String,
    pub(super) now: Timestamp,
    pub(super) css: String,
    pub(super) js: String,
    pub(super) icon: String,
}

impl Frame {
    /// The frame of a page about `subject` (empty for none).
    pub(super) fn new(site: &StaffSite, session: &Session, page: &'static str, title: impl Into<String>, subject: String) -> Self {
        Self {
            title: title.into(),
            page,
            live_key: session.live_key(&subject),
            subject,
            line_name: site.line_name.clone(),
            member: session.staff.name.clone(),
            role: session.staff.role.as_str(),
            csrf: session.csrf().to_owned(),
            now: site.clock.now(),
            css: css(),
            js: assets::href("staff.js"),
            icon: icon(),
        }
    }
}

/// The style sheet's address.
pub(super) fn css() -> String {
    assets::href("staff.css")
}
/// The icon's address.
pub(super) fn icon() -> String {
    assets::href("icon.svg")
}

/// A rendered page.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Result<Response, Fault> {
    Ok((status, Html(template.render()?)).into_response())
}

/// The login page that leads to `next` afterwards.
pub(super) fn login_address(next: &str) -> String {
    if next == "/" {
        return "/login".to_owned();
    }
    format!("/login?{}", form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish())
}

/// Where to go after the login: a page of ours, never another host.
pub(super) fn safe_next(next: &str) -> &str {
    let ours = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n', '\t']) && !next.starts_with("/login");
    if ours { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_only_to_our_own_pages() {
        for (next, to) in [
            ("/tips/1?x=2", "/tips/1?x=2"),
            ("//evil.example.org", "/"),
            ("https://evil.example.org", "/"),
            ("/\\evil", "/"),
            ("", "/"),
            ("/login", "/"),
        ] {
            assert_eq!(safe_next(next), to, "{next}");
        }
    }
}
