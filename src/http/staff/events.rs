//! `GET /events`: server-sent events for consoles and API clients: `event: tip` with the tip's id whenever one changed.
//!
//! Nothing else travels, so nothing needs hiding; readers fetch what they may see. A reader that fell behind is told `all`. Streams are
//! counted, end after ten minutes (the browser comes again, and its login is checked again) and at shutdown.

use super::StaffSite;
use super::fault::Fault;
use super::guard::Anyone;
use crate::live::Told;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderName;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream::{self, Stream};
use std::convert::Infallible;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How many streams are open at most.
const MOST_STREAMS: usize = 512;

/// A comment is sent so often, so that a proxy does not think the stream dead.
const ALIVE_EVERY: Duration = Duration::from_secs(15);

/// How long a stream lasts before the browser has to come again.
const LONGEST_STREAM: Duration = Duration::from_secs(600);

/// How long a browser waits before it comes again.
const COME_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// The places for streams, for the whole process.
static PLACES: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(MOST_STREAMS)));

pub(super) fn routes() -> Router<StaffSite> {
    Router::new().route("/events", get(listen))
}

async fn listen(State(site): State<StaffSite>, _who: Anyone) -> Result<Response, Fault> {
    open(&site)
}

/// Opens a stream for somebody who was let in.
pub(super) fn open(site: &StaffSite) -> Result<Response, Fault> {
    let place = Arc::clone(&PLACES).try_acquire_owned().map_err(|_| Fault::TooManyStreams)?;
    let events = changes(site.live.listen(), site.stop.clone(), place);
    let sse = Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE_EVERY));
    Ok(([(HeaderName::from_static("x-accel-buffering"), "no")], sse).into_response())
}

struct Listening {
    receiver: Receiver<Told>,
    stop: CancellationToken,
    ends: Instant,
    greeted: bool,
    _place: OwnedSemaphorePermit,
}

fn changes(
    receiver: Receiver<Told>,
    stop: CancellationToken,
    place: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let listening = Listening { receiver, stop, ends: Instant::now() + LONGEST_STREAM, greeted: false, _place: place };
    stream::unfold(listening, |mut listening| async move {
        if !listening.greeted {
            listening.greeted = true;
            return Some((Ok(Event::default().retry(COME_AGAIN_AFTER).comment("listening")), listening));
        }
        let event = tokio::select! {
            () = listening.stop.cancelled() => return None,
            () = tokio::time::sleep_until(listening.ends) => return None,
            heard = listening.receiver.recv() => match heard {
                Ok(Told::Tip(id)) => Event::default().event("tip").data(id.to_string()),
                Ok(Told::All) | Err(RecvError::Lagged(_)) => Event::default().event("all").data("behind"),
                Err(RecvError::Closed) => return None,
            },
        };
        Some((Ok(event), listening))
    })
}
