//! Carriers' webhooks: bounded bytes in, verified by the account's adapter, durable, then answered.
//!
//! The adapter gets the raw path and query and the raw body; nothing here parses, logs or keeps them. A refusal is counted by
//! its reason. A store that is away answers 503, so that the carrier comes again.

use crate::intake::{Intake, Taken};
use adapters::contract::{Answer, RawRequest, Refused, Reply, Webhook};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::routing::any;
use std::collections::HashMap;
use std::sync::Arc;

/// What the webhooks need.
#[derive(Clone)]
pub struct Webhooks {
    /// The adapters, by account.
    pub accounts: Arc<HashMap<String, Arc<dyn Webhook>>>,
    /// The way in.
    pub intake: Intake,
    /// The most bytes of a body.
    pub body_most: usize,
}

/// The routes.
pub fn router(webhooks: Webhooks) -> Router {
    Router::new().route("/webhooks/{account}/{*rest}", any(take)).with_state(webhooks)
}

async fn take(State(site): State<Webhooks>, Path((account, _)): Path<(String, String)>, request: Request) -> Response<Body> {
    let Some(webhook) = site.accounts.get(&account).cloned() else { return plain(StatusCode::NOT_FOUND, "no such account\n") };
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, site.body_most).await else {
        count("too_large");
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than a carrier's webhook can be\n");
    };
    let path_and_query = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let raw = RawRequest { method: &parts.method, path_and_query, headers: &parts.headers, body: &body };
    match webhook.accept(&raw) {
        Ok(verified) => {
            let mut script = None;
            for event in verified.events {
                match site.intake.submit(event).await {
                    Ok(Taken::Script(call, next)) => script = Some(webhook.render(call, &next)),
                    Ok(Taken::Stored(_) | Taken::Spooled(_) | Taken::Merged | Taken::Known) => {}
                    Ok(Taken::NotOurs) => count("not_ours"),
                    Err(error) => return unavailable(&error),
                }
            }
            match verified.reply {
                Reply::Fixed(answer) => rendered(answer),
                Reply::Script => script.map_or_else(|| plain(StatusCode::NOT_FOUND, "no such call\n"), rendered),
            }
        }
        Err(refused) => refuse(refused),
    }
}

fn refuse(refused: Refused) -> Response<Body> {
    count(refused.label());
    tracing::warn!(reason = refused.label(), "a webhook was refused");
    plain(refused.status(), &format!("{refused}\n"))
}

fn unavailable(error: &crate::intake::IntakeError) -> Response<Body> {
    count("unavailable");
    tracing::error!(error = %error, source = std::error::Error::source(error).map(tracing::field::display), "a webhook was not stored; the carrier is told to come again");
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, "not stored; please come again\n");
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    response
}

fn count(reason: &'static str) {
    metrics::counter!(crate::telemetry::metric::WEBHOOKS_REFUSED, "reason" => reason).increment(1);
}

fn rendered(answer: Answer) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    if !answer.content_type.is_empty() {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn plain(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(text.to_owned()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
