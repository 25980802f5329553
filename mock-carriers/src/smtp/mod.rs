//! The SMTP server: takes every mail for everybody into the inbox, unless a fault says otherwise.
//! RFC 5321 with PIPELINING, SIZE, 8BITMIME and SMTPUTF8; no STARTTLS, no AUTH, since it is a mock on the
//! loopback. Connections, line lengths, sizes and silences are bounded.

mod dialogue;
mod lines;

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::exchange::Exchange;

/// Connections served at once; more wait in the kernel.
const CONNECTIONS: usize = 256;

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
                exchange.run(async move {
                    // A connection that breaks off is the client's business.
                    let _ = dialogue::hold(&connection, stream).await;
                    drop(place);
                });
            }
            Err(error) => tracing::warn!("SMTP accept failed: {error}"),
        }
    }
}
