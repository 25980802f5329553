//! What stands before several nodes: takes a connection and leads it to the next node that takes it.
//!
//! As simple as they come: it knows nothing of HTTP, asks no node how it is, and repeats nothing. A connection whose node dies is closed.

use anyhow::Context;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Runs until it is dropped, or until the runtime ends in which it was started.
#[derive(Debug)]
pub struct Balancer {
    address: SocketAddr,
    _leading: JoinSet<()>,
}

impl Balancer {
    /// Before these nodes, on a port of loopback; 0 for a free one.
    ///
    /// # Errors
    /// When the port is not to be had.
    pub async fn start(port: u16, nodes: Vec<SocketAddr>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.context("find a port for the balancer")?;
        let address = listener.local_addr().context("find the balancer's port")?;
        let (nodes, next) = (Arc::new(nodes), Arc::new(AtomicUsize::new(0)));
        let mut leading = JoinSet::new();
        leading.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        // Out of descriptors, for instance: others close, and the next one comes through.
                        let Ok((client, _)) = accepted else { tokio::task::yield_now().await; continue };
                        connections.spawn(lead(client, nodes.clone(), next.fetch_add(1, Ordering::Relaxed)));
                    }
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Ok(Self { address, _leading: leading })
    }

    /// Where the world comes in.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as `http://127.0.0.1:NNNN`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
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
