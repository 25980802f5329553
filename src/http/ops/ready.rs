//! `GET /readyz`: 200 as long as what comes in becomes durable here, 503 otherwise; in both cases every part with what is wrong with it.
//!
//! Text for people and probes; JSON on `Accept: application/json`. The first line keeps its meaning, the parts follow.

use super::Ops;
use crate::readiness::{Part, Report, Takes};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

pub(super) async fn show(State(ops): State<Ops>, headers: HeaderMap) -> Response {
    let report = ops.readiness.look().await;
    let status = if report.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let wants_json =
        headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|kinds| kinds.contains("application/json"));
    let answer = if wants_json { Json(as_json(&report)).into_response() } else { as_text(&report).into_response() };
    (status, [(header::CACHE_CONTROL, "no-store")], answer).into_response()
}

const fn first_line(report: &Report, is_sound: bool) -> &'static str {
    match (report.takes, is_sound) {
        (Takes::Stores, true) => "ready",
        (Takes::Stores, false) => "ready, but not all is well",
        (Takes::Spools, _) => "ready, spooling: what comes in waits on this node's disk for the store",
        (Takes::Nothing, _) => "not ready: nothing that comes in could be kept",
        (Takes::Leaving, _) => "not ready: stopping",
    }
}

fn as_text(report: &Report) -> String {
    let parts = Part::ALL.into_iter().map(|part| match report.troubles.get(&part) {
        Some(why) => format!("{}: {why}\n", part.word()),
        None => format!("{}: ready\n", part.word()),
    });
    std::iter::once(format!("{}\n", first_line(report, report.is_sound()))).chain(parts).collect()
}

fn as_json(report: &Report) -> Value {
    let parts: Map<String, Value> = Part::ALL
        .into_iter()
        .map(|part| {
            let why = report.troubles.get(&part);
            (part.word().to_owned(), json!({"ready": why.is_none(), "why": why}))
        })
        .collect();
    json!({
        "ready": report.is_ready(),
        "sound": report.is_sound(),
        "says": first_line(report, report.is_sound()),
        "parts": parts,
    })
}
