//! Who asks, and whether a form is ours: extractors that a handler cannot forget, because it takes its session from them.
//!
//! Whoever is not logged in gets the login page, which leads to where they wanted to go. A form is taken when the browser says that it
//! comes from our own pages and it carries the session's secret; one whose login has ended shows back what was typed.

use super::frame::{self, Frame};
use super::{PortalSite, cookie, login};
use crate::http::fields::{Fields, is_from_us};
use crate::portal::login::Enduser;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::language::Language;

/// Somebody logged in, reading a page.
pub(super) struct Member(pub(super) Enduser);

/// A form of somebody logged in, from our own page.
pub(super) struct Submitted {
    pub(super) who: Enduser,
    pub(super) fields: Fields,
}

/// A form from our own page, of anybody: the login's.
pub(super) struct Anonymous {
    pub(super) fields: Fields,
    pub(super) language: Language,
}

impl FromRequestParts<PortalSite> for Member {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, site: &PortalSite) -> Result<Self, Response> {
        match session(site, &parts.headers).await? {
            Some(who) => Ok(Member(who)),
            None => {
                let wanted = parts.uri.path_and_query().map_or("", |wanted| wanted.as_str());
                let language = frame::language(asked(parts.uri.query()).as_deref(), &parts.headers);
                let status = if parts.uri.path() == "/e" { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
                Err(login::page(site, status, language, wanted, None))
            }
        }
    }
}

/// Somebody logged in, whose browser says that the request comes from a page of ours.
pub(super) struct Ours(pub(super) Member);

impl FromRequestParts<PortalSite> for Ours {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, site: &PortalSite) -> Result<Self, Response> {
        let says = ["sec-fetch-site", "origin"].iter().any(|name| parts.headers.contains_key(*name));
        if !says || !is_from_us(&parts.headers, &site.origin) {
            let language = frame::language(None, &parts.headers);
            return Err(foreign(Frame::nobodys(site, language), &Fields::default()));
        }
        Member::from_request_parts(parts, site).await.map(Ours)
    }
}

impl FromRequest<PortalSite> for Submitted {
    type Rejection = Response;
    async fn from_request(request: Request, site: &PortalSite) -> Result<Self, Response> {
        let headers = request.headers().clone();
        let fields = read(request, site, &headers).await?;
        let language = frame::language(None, &headers);
        if !is_from_us(&headers, &site.origin) {
            return Err(foreign(Frame::nobodys(site, language), &Fields::default()));
        }
        match session(site, &headers).await? {
            Some(who) if who.csrf_fits(fields.get("csrf")) => Ok(Submitted { who, fields }),
            Some(who) => Err(foreign(Frame::of(site, &who, ""), &fields)),
            None => {
                let t = Frame::nobodys(site, language).t;
                let (heading, sentence) = (t.login.title, t.login.ended);
                Err(frame::trouble(Frame::nobodys(site, language), StatusCode::UNAUTHORIZED, (heading, sentence), kept(&fields)))
            }
        }
    }
}

impl FromRequest<PortalSite> for Anonymous {
    type Rejection = Response;
    async fn from_request(request: Request, site: &PortalSite) -> Result<Self, Response> {
        let headers = request.headers().clone();
        let fields = read(request, site, &headers).await?;
        let language = frame::language(Some(fields.get("language")), &headers);
        if !is_from_us(&headers, &site.origin) {
            return Err(foreign(Frame::nobodys(site, language), &Fields::default()));
        }
        Ok(Anonymous { fields, language })
    }
}

async fn session(site: &PortalSite, headers: &HeaderMap) -> Result<Option<Enduser>, Response> {
    let Some(token) = cookie::read(headers) else { return Ok(None) };
    site.portal.session(token).await.map_err(|error| frame::refused(Frame::nobodys(site, frame::language(None, headers)), &error))
}

async fn read(request: Request, site: &PortalSite, headers: &HeaderMap) -> Result<Fields, Response> {
    match Bytes::from_request(request, site).await {
        Ok(body) => Ok(Fields::parse(&body)),
        Err(_) => {
            let frame = Frame::nobodys(site, frame::language(None, headers));
            let words = (frame.t.trouble.too_large, frame.t.trouble.too_large_help);
            Err(frame::trouble(frame, StatusCode::PAYLOAD_TOO_LARGE, words, Vec::new()))
        }
    }
}

fn foreign(frame: Frame, fields: &Fields) -> Response {
    let words = (frame.t.trouble.foreign, frame.t.trouble.foreign_help);
    frame::trouble(frame, StatusCode::FORBIDDEN, words, kept(fields))
}

fn kept(fields: &Fields) -> Vec<String> {
    Some(fields.text("words")).into_iter().filter(|text| !text.is_empty()).collect()
}

/// The language that a page is asked in: `?l=es`.
pub(super) fn asked(query: Option<&str>) -> Option<String> {
    form_urlencoded::parse(query?.as_bytes()).find(|(name, _)| name == "l").map(|(_, value)| value.into_owned())
}
