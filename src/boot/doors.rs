//! The three listeners, and what stands behind the public one.
//!
//! They are opened once, before anything else: a port in use is refused at once, and whoever comes while one set of pages gives way to
//! another waits in the kernel's queue instead of being turned away.

use crate::config::Config;
use crate::deployment::refusal;
use crate::http::public::webhooks::Webhooks;
use crate::http::public::{self, portal::PortalSite, receipt::ReceiptSite, site::ReporterSite};
use crate::lifecycle::Tasks;
use axum::Router;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

/// The listeners: where the world comes, where staff come, where operators come.
pub(super) struct Doors([std::net::TcpListener; 3]);

/// Who tells a listener to stop, and among whose tasks it is.
pub(super) type Until = (Tasks, CancellationToken);

impl Doors {
    /// Opens them.
    pub(super) async fn open(config: &Config) -> anyhow::Result<Self> {
        Ok(Self([
            listen(config.public.listen, "public").await?,
            listen(config.staff.listen, "staff").await?,
            listen(config.ops_listen, "ops").await?,
        ]))
    }

    /// Serves what stands behind them until told to stop; gives their addresses. They stay open for the next.
    pub(super) fn serve(&self, routers: [Router; 3], until: [Until; 3]) -> io::Result<[SocketAddr; 3]> {
        let mut addresses = Vec::with_capacity(3);
        for ((door, router), (tasks, stopping)) in self.0.iter().zip(routers).zip(until) {
            let listener = TcpListener::from_std(door.try_clone()?)?;
            addresses.push(listener.local_addr()?);
            tasks.spawn("listener", async move {
                let served = axum::serve(listener, router).with_graceful_shutdown(stopping.cancelled_owned()).await;
                if let Err(error) = served {
                    tracing::error!(error = %error, "a listener ended");
                }
            });
        }
        addresses.try_into().map_err(|_| io::ErrorKind::Other.into())
    }
}

async fn listen(address: SocketAddr, name: &str) -> anyhow::Result<std::net::TcpListener> {
    let bound = TcpListener::bind(address).await.and_then(TcpListener::into_std);
    bound.map_err(|error| {
        refusal(format!(
            "the {name} listener cannot use {address} ({}): stop what uses it, or set {name}.listen to another port",
            error.kind()
        ))
    })
}

/// What carriers, reporters and endusers reach.
pub(super) fn public(
    config: &Config,
    (webhooks, receipts, portal): (Webhooks, ReceiptSite, PortalSite),
    reporters: ReporterSite,
    chat: Router,
) -> Router {
    // A carrier gives up between 2 and 15 seconds: an answer that takes longer is a 503, and what is being committed is committed. The
    // reporter's pages have bounds of their own: a picture over a poor line takes minutes.
    public::webhooks::router(webhooks)
        .merge(public::receipt::router(receipts))
        .merge(public::portal::router(portal))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, config.limits.request))
        .merge(public::site::router(reporters))
        .layer(CatchPanicLayer::custom(panicked))
        // Sockets and uploads last longer than a carrier waits: no short time-out is laid over the chat.
        .merge(chat.layer(CatchPanicLayer::custom(panicked)))
}

/// A bug breaks one answer, not the listener; the panic hook has counted it and logged its place.
fn panicked(_message: Box<dyn std::any::Any + Send>) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
