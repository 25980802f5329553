//! Who asks, and whether a form is ours: extractors that a handler cannot forget, because it takes its session from them.
//!
//! A form is taken when the browser says that it comes from our own pages and it carries the session's secret. A form whose login
//! has ended shows back what was typed, so that an answer to a frightened person is not lost.

use super::fault::Fault;
use super::fields::Fields;
use super::{StaffSite, cookie};
use crate::desk::view::Staff;
use crate::login::Session;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use domain::sealed::Words;

/// Somebody logged in, reading a page.
pub(super) struct Member(pub(super) Session);

/// A form of somebody logged in, from our own page.
pub(super) struct Submitted {
    pub(super) session: Session,
    pub(super) fields: Fields,
}

/// A form from our own page, of anybody: the login's.
pub(super) struct Anonymous(pub(super) Fields);

/// Somebody logged in, or an API client: for live streams.
pub(super) struct Anyone(#[expect(dead_code, reason = "who listens does not change what is told")] pub(super) Staff);

impl FromRequestParts<StaffSite> for Member {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, site: &StaffSite) -> Result<Self, Fault> {
        match session(site, &parts.headers).await? {
            Some(session) => Ok(Member(session)),
            None => Err(Fault::LoginNeeded { next: parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string) }),
        }
    }
}

impl FromRequest<StaffSite> for Submitted {
    type Rejection = Fault;
    async fn from_request(request: Request, site: &StaffSite) -> Result<Self, Fault> {
        let headers = request.headers().clone();
        let fields = read(request, site).await?;
        if !is_from_us(&headers, &site.origin) {
            return Err(Fault::ForeignForm { origin: site.origin.clone() });
        }
        match session(site, &headers).await? {
            Some(session) if session.csrf_fits(fields.get("csrf")) => Ok(Submitted { session, fields }),
            Some(_) => Err(Fault::OldForm { kept: kept(&fields) }),
            None => Err(Fault::LoginEnded { kept: kept(&fields) }),
        }
    }
}

impl FromRequest<StaffSite> for Anonymous {
    type Rejection = Fault;
    async fn from_request(request: Request, site: &StaffSite) -> Result<Self, Fault> {
        let headers = request.headers().clone();
        let fields = read(request, site).await?;
        if is_from_us(&headers, &site.origin) { Ok(Anonymous(fields)) } else { Err(Fault::ForeignForm { origin: site.origin.clone() }) }
    }
}

impl FromRequestParts<StaffSite> for Anyone {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, site: &StaffSite) -> Result<Self, Fault> {
        if let Some(staff) = bearer(site, &parts.headers).await? {
            return Ok(Anyone(staff));
        }
        Member::from_request_parts(parts, site).await.map(|Member(session)| Anyone(session.staff))
    }
}

/// Who the bearer token of these headers stands for.
pub(super) async fn bearer(site: &StaffSite, headers: &HeaderMap) -> Result<Option<Staff>, Fault> {
    let Some(presented) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) else { return Ok(None) };
    let Some((scheme, token)) = presented.split_once(' ') else { return Ok(None) };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    Ok(site.login.bearer(token.trim()).await?)
}

async fn session(site: &StaffSite, headers: &HeaderMap) -> Result<Option<Session>, Fault> {
    let Some(token) = cookie::read(site, headers) else { return Ok(None) };
    Ok(site.login.session(token).await?)
}

async fn read(request: Request, site: &StaffSite) -> Result<Fields, Fault> {
    let body = Bytes::from_request(request, site).await.map_err(|_| Fault::TooLarge)?;
    Ok(Fields::parse(&body))
}

/// A browser says where a form comes from: `Sec-Fetch-Site` on https and localhost, `Origin` always. A form without either comes
/// from no browser, so nobody's cookie was borrowed.
fn is_from_us(headers: &HeaderMap, origin: &str) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    headers.get(header::ORIGIN).is_none_or(|sent| sent.as_bytes() == origin.as_bytes())
}

fn kept(fields: &Fields) -> Vec<Words> {
    ["text", "reason", "note"].into_iter().map(|name| fields.text(name)).filter(|text| !text.is_empty()).map(Words::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn forms_from_elsewhere_are_told_apart() {
        let check = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            is_from_us(&headers, "https://staff.example.org")
        };
        assert!(check("sec-fetch-site", "same-origin"));
        assert!(!check("sec-fetch-site", "same-site"));
        assert!(!check("sec-fetch-site", "cross-site"));
        assert!(check("origin", "https://staff.example.org"));
        assert!(!check("origin", "https://elsewhere.example.org"));
        assert!(!check("origin", "null"));
        assert!(is_from_us(&HeaderMap::new(), "https://staff.example.org"));
    }
}
