//! Verifies `X-Twilio-Signature` (carriers.md 3.1, rules 1 to 11).
//!
//! What is signed is the URL that the carrier called, made from the *configured* origin and the raw path and query, followed
//! by the decoded form, sorted. Carriers and their libraries disagree about the port, so the origin is tried with and
//! without; a text that is not UTF-8 is tried as raw bytes and as replaced text. There is no time in a signature: replays
//! are caught by the unique provider ids behind the commit. What a right signature covers is returned, and only that is parsed.

use super::config::{Config, after_scheme};
use super::form::Form;
use crate::contract::{RawRequest, Refused};
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Names the key and the algorithm when it is not the auth token with HMAC-SHA1.
const SETTINGS_HEADER: &str = "x-twilio-webhooks-signature-settings";

/// What a right signature covers.
pub(super) enum Signed {
    /// The fields of a form.
    Form(Form),
    /// No body: a GET, whose parameters are in the URL.
    UrlOnly,
    /// A JSON body, by its digest in the URL.
    Json,
}

enum Algorithm {
    HmacSha1,
    HmacSha256,
}

/// The ways a signer may have written `origin`: with and without the port (docs and libraries disagree), and without
/// `user:pass@`. The configured one comes first.
pub(super) fn origins(origin: &str) -> Vec<String> {
    let Some(rest) = after_scheme(origin) else { return vec![origin.to_owned()] };
    let scheme = &origin[..origin.len() - rest.len()];
    let default_port = if scheme == "https://" { ":443" } else { ":80" };
    let (user, host_port) = match rest.rfind('@') {
        Some(at) => rest.split_at(at + 1),
        None => ("", rest),
    };
    // An IPv6 host holds colons of its own, inside brackets.
    let host = match host_port.rfind(':') {
        Some(at) if !host_port[at..].contains(']') => &host_port[..at],
        Some(_) | None => host_port,
    };
    let port = &host_port[host.len()..];
    let with_port = if port.is_empty() { default_port } else { port };
    let mut all = vec![origin.to_owned()];
    for user in [user, ""] {
        for port in ["", with_port] {
            let candidate = format!("{scheme}{user}{host}{port}");
            if !all.contains(&candidate) {
                all.push(candidate);
            }
        }
    }
    all
}

/// Verifies a request against `origins` (of [`origins`]) and the account's keys.
pub(super) fn verify(config: &Config, origins: &[String], request: &RawRequest<'_>) -> Result<Signed, Refused> {
    let given = signature_header(config, request)?;
    let (algorithm, keys) = keys(config, request)?;
    let matches = |form: Option<&Form>| {
        let pairs = form.map(Form::sorted).unwrap_or_default();
        origins.iter().any(|origin| {
            keys.iter().any(|key| {
                let right = match algorithm {
                    Algorithm::HmacSha1 => digest::<Hmac<sha1::Sha1>>(key, origin, request.path_and_query, &pairs),
                    Algorithm::HmacSha256 => digest::<Hmac<Sha256>>(key, origin, request.path_and_query, &pairs),
                };
                right.is_some_and(|right| bool::from(right.ct_eq(&given)))
            })
        })
    };
    match kind(request) {
        Kind::UrlOnly if matches(None) => Ok(Signed::UrlOnly),
        // Both must hold: the URL is signed, and the URL names this very body. Without the digest the body is anybody's.
        Kind::Json if matches(None) && digest_in_query_fits(request) => Ok(Signed::Json),
        Kind::Form => {
            let form = Form::decode(request.body);
            if matches(Some(&form)) {
                return Ok(Signed::Form(form));
            }
            match form.lossy() {
                Some(lossy) if matches(Some(&lossy)) => Ok(Signed::Form(lossy)),
                Some(_) | None => Err(Refused::BadSignature),
            }
        }
        Kind::UrlOnly | Kind::Json => Err(Refused::BadSignature),
    }
}

enum Kind {
    Form,
    Json,
    UrlOnly,
}

fn kind(request: &RawRequest<'_>) -> Kind {
    if request.method == http::Method::GET || request.method == http::Method::HEAD {
        return Kind::UrlOnly;
    }
    let content_type = request.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if essence == "application/json" || essence.ends_with("+json") { Kind::Json } else { Kind::Form }
}

/// The one signature header's bytes. Two of them are no signature: which one would count?
fn signature_header(config: &Config, request: &RawRequest<'_>) -> Result<Vec<u8>, Refused> {
    let mut all = request.headers.get_all(config.signature_header.as_str()).iter();
    let given = all.next().ok_or(Refused::Unsigned)?;
    if all.next().is_some() {
        return Err(Refused::BadSignature);
    }
    STANDARD.decode(given.as_bytes()).map_err(|_| Refused::BadSignature)
}

/// The algorithm and the keys that may have been used.
fn keys<'c>(config: &'c Config, request: &RawRequest<'_>) -> Result<(Algorithm, Vec<&'c Secret>), Refused> {
    let mut all = request.headers.get_all(SETTINGS_HEADER).iter();
    let Some(settings) = all.next() else {
        return Ok((Algorithm::HmacSha1, config.secrets.iter().filter(|secret| !secret.is_empty()).collect()));
    };
    let settings = settings.to_str().map_err(|_| Refused::UnknownAlgorithm)?;
    if all.next().is_some() {
        return Err(Refused::UnknownAlgorithm);
    }
    let (mut id, mut algorithm) = (None, None);
    for setting in settings.split(',') {
        match setting.split_once('=').map(|(name, value)| (name.trim(), value.trim())) {
            Some(("key", value)) if id.is_none() => id = Some(value),
            Some(("algorithm", "HMAC_SHA1")) if algorithm.is_none() => algorithm = Some(Algorithm::HmacSha1),
            Some(("algorithm", "HMAC_SHA256")) if algorithm.is_none() => algorithm = Some(Algorithm::HmacSha256),
            Some(("key" | "algorithm", _)) | None => return Err(Refused::UnknownAlgorithm),
            // A setting that we do not know changes neither key nor algorithm.
            Some(_) => {}
        }
    }
    let key = id.and_then(|id| config.shared_keys.get(id)).filter(|key| !key.is_empty());
    match (key, algorithm) {
        (Some(key), Some(algorithm)) => Ok((algorithm, vec![key])),
        (None, _) | (_, None) => Err(Refused::UnknownAlgorithm),
    }
}

fn digest<M: Mac + KeyInit>(key: &Secret, origin: &str, path_and_query: &str, pairs: &[(&[u8], &[u8])]) -> Option<Vec<u8>> {
    let mut mac = <M as KeyInit>::new_from_slice(key.reveal().as_bytes()).ok()?;
    mac.update(origin.as_bytes());
    mac.update(path_and_query.as_bytes());
    for (key, value) in pairs {
        mac.update(key);
        mac.update(value);
    }
    Some(mac.finalize().into_bytes().to_vec())
}

/// Whether the query's `bodySHA256` is the hexadecimal SHA-256 of the body.
fn digest_in_query_fits(request: &RawRequest<'_>) -> bool {
    let query = request.path_and_query.split_once('?').map_or("", |(_, query)| query);
    let Some(claimed) = query.split('&').find_map(|field| field.strip_prefix("bodySHA256=")) else { return false };
    let actual = Sha256::digest(request.body).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    bool::from(actual.as_bytes().ct_eq(claimed.to_ascii_lowercase().as_bytes()))
}
