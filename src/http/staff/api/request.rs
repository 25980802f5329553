//! What the API takes from a request: the client behind the token, an id of the path, a JSON body without unknown fields.

use super::fault::ApiFault;
use crate::desk::view::Staff;
use crate::http::staff::{StaffSite, guard};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request};
use axum::http::header;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use std::str::FromStr;

/// In whose name the client acts.
pub(super) struct Client(pub(super) Staff);

/// A JSON body.
pub(super) struct Sent<T>(pub(super) T);

impl FromRequestParts<StaffSite> for Client {
    type Rejection = ApiFault;
    async fn from_request_parts(parts: &mut Parts, site: &StaffSite) -> Result<Self, ApiFault> {
        guard::bearer(site, &parts.headers).await?.map(Client).ok_or(ApiFault::UNAUTHORIZED)
    }
}

impl<T: DeserializeOwned> FromRequest<StaffSite> for Sent<T> {
    type Rejection = ApiFault;
    async fn from_request(request: Request, site: &StaffSite) -> Result<Self, ApiFault> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_json = content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
        if !is_json {
            return Err(ApiFault::NOT_JSON);
        }
        let body = Bytes::from_request(request, site).await.map_err(|_| ApiFault::TOO_LARGE)?;
        // The message names the field and the place; it goes back only to the one who sent the body.
        serde_json::from_slice(&body).map(Sent).map_err(|error| ApiFault::bad_request(format!("The body cannot be read: {error}.")))
    }
}

impl<T: DeserializeOwned> OptionalFromRequest<StaffSite> for Sent<T> {
    type Rejection = ApiFault;
    /// Nothing when the request says of no body what it is; a body that is there is read like any other.
    async fn from_request(request: Request, site: &StaffSite) -> Result<Option<Self>, ApiFault> {
        if request.headers().get(header::CONTENT_TYPE).is_none() {
            return Ok(None);
        }
        <Self as FromRequest<StaffSite>>::from_request(request, site).await.map(Some)
    }
}

/// An id of the path: what cannot be one is not there.
pub(super) fn id<T: FromStr>(text: &str) -> Result<T, ApiFault> {
    text.parse().map_err(|_| ApiFault::NOT_FOUND)
}
