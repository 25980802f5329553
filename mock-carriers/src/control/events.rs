//! The stream of everything that changes, as server-sent events, for the pages.
//! `?handset=+1..,+1..` says which phones the page shows: while it listens, calls to them ring there.
//! A page that is too slow gets `lagged` and loads again.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use tokio_stream::wrappers::BroadcastStream;

use crate::exchange::Exchange;
use crate::pages::parse_numbers;
use crate::state::HANDSETS_KEPT;

/// The query of the stream.
#[derive(Debug, Deserialize)]
pub struct Watch {
    #[serde(default)]
    handset: String,
}

/// `GET /control/events`.
pub async fn stream(
    State(exchange): State<Arc<Exchange>>,
    Query(watch): Query<Watch>,
) -> Sse<impl Stream<Item = Result<Event, axum::Error>>> {
    let presence = Present::enter(&exchange, parse_numbers(&watch.handset));
    let changes = BroadcastStream::new(exchange.listen());
    let stop = exchange.shutdown().clone();
    let events = changes.map(move |change| {
        // Lives as long as the stream, so that the phones are known to be watched.
        let _ = &presence;
        match change {
            Ok(change) => Event::default().json_data(&change),
            Err(_) => Ok(Event::default().data(r#"{"type":"lagged"}"#)),
        }
    });
    let events = events.take_until(stop.cancelled_owned());
    Sse::new(events).keep_alive(KeepAlive::default())
}

/// Counts an open page for its numbers until it is dropped.
struct Present {
    exchange: Arc<Exchange>,
    numbers: Vec<String>,
}

impl Present {
    fn enter(exchange: &Arc<Exchange>, numbers: Vec<String>) -> Self {
        exchange.with(|state| {
            for number in &numbers {
                if state.handsets.len() < HANDSETS_KEPT || state.handsets.contains_key(number) {
                    state.handsets.entry(number.clone()).or_default().connected += 1;
                }
            }
        });
        Self { exchange: Arc::clone(exchange), numbers }
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.exchange.with(|state| {
            for number in &self.numbers {
                if let Some(presence) = state.handsets.get_mut(number) {
                    presence.connected = presence.connected.saturating_sub(1);
                    presence.loaded_us = 0;
                }
            }
        });
    }
}
