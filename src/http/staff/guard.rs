//! Who asks, and whether a form is ours: extractors that a handler cannot forget, because it takes its session from them.
//!
//! A form is taken when the browser says that it comes from our own pages and it carries the session's secret. A form whose login
//! has ended shows back what was typed, so that an answer to a frightened person is not lost.

use super::fault::Fault;
use super::fields::{Fields, is_from_us};
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

fn kept(fields: &Fields) -> Vec<Words> {
    ["text", "reason", "note"].into_iter().map(|name| fields.text(name)).filter(|text| !text.is_empty()).map(Words::new).collect()
}
