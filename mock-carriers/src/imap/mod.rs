//! The IMAP server: one account, the tip line's mailbox, over plain TCP.
//! A subset of RFC 3501 and 9051 with IDLE (2177), MOVE (6851), UIDPLUS (4315) and LITERAL+ (7888): enough for a
//! client that fetches by UID and moves what it has read. No TLS, since it is a mock on the loopback.
//! Connections, lines, literals and silences are bounded; what is in the folders is `state::mailbox`'s.

mod alter;
mod fetch;
mod folders;
mod search;
mod sequence;
mod session;
mod syntax;
mod view;
mod wire;

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::exchange::Exchange;

/// Connections served at once; more wait in the kernel.
const CONNECTIONS: usize = 64;

/// Serves until the mock stops.
pub async fn serve(exchange: Arc<Exchange>, listener: TcpListener) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let connection = Arc::clone(&exchange);
                let cut = exchange.with(|state| state.imap_cut.clone());
                exchange.run(async move {
                    // A connection that breaks off is the client's business.
                    let _ = cut.run_until_cancelled_owned(session::hold(connection, stream)).await;
                    drop(place);
                });
            }
            Err(error) => tracing::warn!("IMAP accept failed: {error}"),
        }
    }
}
