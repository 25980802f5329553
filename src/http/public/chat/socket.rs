//! `GET /chat/socket`: a browser's or an app's WebSocket is let in, or told to write instead.
//!
//! A page of another origin is refused: nothing could be gained by one, for no cookie comes along, but none of ours comes from elsewhere.
//! Programs send no `Origin` and are let in. Buffers are small and frames short: many connections fit.

use super::{ChatSite, page, talk};
use adapters::chat::LONGEST_FRAME;
use axum::Router;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

/// The buffer that frames are read into; longer ones grow it for their time.
const READ_BYTES: usize = 1024;
/// Frames are written when so much waits, and whenever there is nothing more to say.
const WRITE_BYTES: usize = 2 * 1024;

pub(super) fn routes() -> Router<ChatSite> {
    Router::new().route("/chat/socket", get(open))
}

async fn open(State(site): State<ChatSite>, headers: HeaderMap, upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>) -> Response {
    if headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes() != site.origin.as_bytes()) {
        metrics::counter!(crate::telemetry::metric::CHAT_REFUSED, "reason" => "origin").increment(1);
        return (StatusCode::FORBIDDEN, "The chat is open to its own pages only.\n").into_response();
    }
    let Ok(upgrade) = upgrade else {
        return (StatusCode::UPGRADE_REQUIRED, [(header::UPGRADE, "websocket")], "This address speaks WebSocket; the chat is at /chat.\n")
            .into_response();
    };
    let Ok(place) = Arc::clone(&site.places).try_acquire_owned() else {
        metrics::counter!(crate::telemetry::metric::CHAT_REFUSED, "reason" => "full").increment(1);
        return page::full(&site);
    };
    let upgrade =
        upgrade.read_buffer_size(READ_BYTES).write_buffer_size(WRITE_BYTES).max_frame_size(LONGEST_FRAME).max_message_size(LONGEST_FRAME);
    let tasks = site.tasks.clone();
    // The upgrade's own short task only hands the socket over: what lasts is tracked.
    upgrade.on_upgrade(async move |socket| tasks.spawn_piece("chat", talk::run(site, socket, place)))
}
