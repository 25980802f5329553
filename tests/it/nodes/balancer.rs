//! What stands before several nodes: takes a connection and leads it to the next node that takes it.
//!
//! As simple as they come: it knows nothing of HTTP, asks no node how it is, and repeats nothing. A connection whose node dies is closed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Runs until it is dropped.
pub struct Balancer {
    /// `http://127.0.0.1:NNNN`.
    pub origin: String,
    _leading: JoinSet<()>,
}

impl Balancer {
    /// Before these nodes.
    pub async fn start(nodes: Vec<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port for the balancer");
        let origin = format!("http://{}", listener.local_addr().expect("its port"));
        let (nodes, next) = (Arc::new(nodes), Arc::new(AtomicUsize::new(0)));
        let mut leading = JoinSet::new();
        leading.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        if let Ok((client, _)) = accepted {
                            connections.spawn(lead(client, nodes.clone(), next.fetch_add(1, Ordering::Relaxed)));
                        }
                    }
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Self { origin, _leading: leading }
    }
}

async fn lead(mut client: TcpStream, nodes: Arc<Vec<SocketAddr>>, first: usize) {
    for n in 0..nodes.len() {
        if let Ok(mut node) = TcpStream::connect(nodes[(first + n) % nodes.len()]).await {
            let _ = tokio::io::copy_bidirectional(&mut client, &mut node).await;
            return;
        }
    }
}
