//! A TCP line on loopback between a client and a server that can be cut, delayed, left half open or led elsewhere.
//!
//! It listens on one address for its whole life, so a client needs no new URL. While it is cut, a connection is accepted and reset at once:
//! to a client that is a refusal. Half open is what a firewall does that forgot a connection: bytes vanish, nothing is closed. What was open
//! then and lost something stays dead until somebody closes it, also after [`Line::mend`]; new connections work again.

use anyhow::Context;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

/// How many bytes are carried at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// How many chunks are on the way at most, in one direction of one connection.
const CHUNKS_ON_THE_WAY: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Whole,
    Cut,
    HalfOpen,
}

/// What the line and its connections share.
#[derive(Debug)]
struct Shared {
    state: watch::Sender<State>,
    /// How often it was cut: a connection ends when that is more than at its begin, however soon the line was mended.
    cuts: watch::Sender<u64>,
    /// Where new connections lead.
    to: watch::Sender<SocketAddr>,
    delay_us: AtomicU64,
    accepted: AtomicU64,
    open: AtomicUsize,
}

/// A line to a server. Dropped, it closes everything.
#[derive(Debug)]
pub struct Line {
    address: SocketAddr,
    shared: Arc<Shared>,
    carrying: AbortHandle,
}

impl Line {
    /// Lays a line to this address. Must be called in a runtime, with whose end the line ends.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn to(address: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("find a port for a line")?;
        let own = listener.local_addr().context("find a line's port")?;
        let shared = Arc::new(Shared {
            state: watch::Sender::new(State::Whole),
            cuts: watch::Sender::new(0),
            to: watch::Sender::new(address),
            delay_us: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            open: AtomicUsize::new(0),
        });
        #[expect(clippy::disallowed_methods, reason = "one task a line, aborted with it; its connections are in the task's own set")]
        let carrying = tokio::spawn(accept(listener, shared.clone())).abort_handle();
        Ok(Self { address: own, shared, carrying })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resets every connection and refuses new ones.
    pub fn cut(&self) {
        self.shared.state.send_replace(State::Cut);
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Accepts and swallows, in both directions; nothing is closed.
    pub fn half_open(&self) {
        self.shared.state.send_replace(State::HalfOpen);
    }

    /// Carries new connections again, and those that lost nothing.
    pub fn mend(&self) {
        self.shared.state.send_replace(State::Whole);
    }

    /// Every byte arrives this much later, in each direction; bytes keep their order and follow each other as they were sent.
    pub fn delay(&self, delay: Duration) {
        self.shared.delay_us.store(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    /// Leads new connections to another server; those that are open stay where they are until they are cut.
    pub fn lead_to(&self, address: SocketAddr) {
        self.shared.to.send_replace(address);
    }

    /// How many connections were accepted so far, refused ones not counted.
    pub fn count(&self) -> u64 {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// How many connections are open now, dead ones that nobody closed among them.
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

impl Shared {
    fn is_half_open(&self) -> bool {
        *self.state.borrow() == State::HalfOpen
    }

    fn delay(&self) -> Duration {
        Duration::from_micros(self.delay_us.load(Ordering::SeqCst))
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // Out of descriptors, for instance: others close, and the next one comes through.
                let Ok((mut client, _)) = accepted else { tokio::task::yield_now().await; continue };
                let mut cuts = shared.cuts.subscribe();
                if *shared.state.borrow() == State::Cut {
                    reset(&client);
                    continue;
                }
                shared.accepted.fetch_add(1, Ordering::SeqCst);
                shared.open.fetch_add(1, Ordering::SeqCst);
                let shared = shared.clone();
                connections.spawn(async move {
                    tokio::select! {
                        () = carry(&mut client, &shared) => {}
                        // The server's side goes with the future that is dropped.
                        _ = cuts.changed() => reset(&client),
                    }
                    shared.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection, until both sides have closed it.
async fn carry(client: &mut TcpStream, shared: &Shared) {
    let _ = client.set_nodelay(true);
    if shared.is_half_open() {
        // There is no way to the server either: it never hears of this client.
        return swallow(client).await;
    }
    let address = *shared.to.borrow();
    let Ok(mut server) = TcpStream::connect(address).await else { return reset(client) };
    let _ = server.set_nodelay(true);
    let lost = AtomicBool::new(false);
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    tokio::join!(pump(from_client, to_server, shared, &lost), pump(from_server, to_client, shared, &lost));
}

/// One direction. Each ends by itself: a connection that is closed on one side still carries the other way.
async fn pump(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, shared: &Shared, lost: &AtomicBool) {
    let (on_the_way, mut arriving) = mpsc::channel::<(Instant, Vec<u8>)>(CHUNKS_ON_THE_WAY);
    // Whether a byte, or the end, gets through. What vanished once makes all that follows useless.
    let arrives = || {
        if shared.is_half_open() {
            lost.store(true, Ordering::SeqCst);
        }
        !lost.load(Ordering::SeqCst)
    };
    let read = async move {
        let mut buffer = vec![0; CHUNK_BYTES];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            if arrives() && on_the_way.send((Instant::now() + shared.delay(), buffer[..read].to_vec())).await.is_err() {
                break;
            }
        }
    };
    let write = async move {
        while let Some((at, bytes)) = arriving.recv().await {
            tokio::time::sleep_until(at).await;
            if arrives() && to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        if arrives() {
            let _ = to.shutdown().await;
        }
    };
    tokio::join!(read, write);
}

/// Reads until the other side closes.
async fn swallow(from: &mut TcpStream) {
    let mut buffer = vec![0; CHUNK_BYTES];
    while let Ok(1..) = from.read(&mut buffer).await {}
}

/// Makes the close of this connection a reset.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}
