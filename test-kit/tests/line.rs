//! What a line does to those who speak through it: a server that answers each byte stands at its end.

#![expect(clippy::expect_used, reason = "a test says what it expected")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};
use test_kit::Line;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

const SOON: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that answers every byte with the same byte plus `add`. It ends with the set.
async fn echo(add: u8) -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut clients = JoinSet::new();
        while let Ok((mut client, _)) = listener.accept().await {
            clients.spawn(async move {
                while let Ok(byte) = client.read_u8().await {
                    let _ = client.write_u8(byte + add).await;
                }
            });
        }
    });
    (address, tasks)
}

async fn say(stream: &mut TcpStream, byte: u8) -> Option<u8> {
    stream.write_u8(byte).await.ok()?;
    tokio::time::timeout(PATIENCE, stream.read_u8()).await.expect("an answer or an end").ok()
}

/// Whether nothing comes back, and nothing ends either.
async fn is_silent(stream: &mut TcpStream) -> bool {
    stream.write_u8(1).await.is_ok() && tokio::time::timeout(SOON, stream.read_u8()).await.is_err()
}

#[tokio::test]
async fn a_line_carries_and_counts() {
    let (address, _server) = echo(1).await;
    let line = Line::to(address).await.expect("a line");
    let mut client = TcpStream::connect(line.address()).await.expect("a connection");
    assert_eq!(say(&mut client, 1).await, Some(2));
    let mut other = TcpStream::connect(line.address()).await.expect("a connection");
    assert_eq!(say(&mut other, 5).await, Some(6));
    assert_eq!((line.count(), line.open()), (2, 2));
    drop(client);
    until("it is closed", || line.open() == 1).await;
    assert_eq!(say(&mut other, 7).await, Some(8));
}

#[tokio::test]
async fn a_cut_line_resets_and_refuses_until_it_is_mended() {
    let (address, _server) = echo(1).await;
    let line = Line::to(address).await.expect("a line");
    let mut client = TcpStream::connect(line.address()).await.expect("a connection");
    assert_eq!(say(&mut client, 1).await, Some(2));
    line.cut();
    assert_eq!(say(&mut client, 1).await, None, "reset");
    let mut refused = TcpStream::connect(line.address()).await.expect("the kernel accepts");
    assert_eq!(say(&mut refused, 1).await, None, "and it is reset");
    assert_eq!(line.count(), 1);
    line.mend();
    let mut again = TcpStream::connect(line.address()).await.expect("a connection");
    assert_eq!(say(&mut again, 1).await, Some(2));
    // However short a cut is, nothing outlives it.
    line.cut();
    line.mend();
    assert_eq!(say(&mut again, 1).await, None);
}

#[tokio::test]
async fn a_half_open_line_swallows_and_what_lost_something_stays_dead() {
    let (address, _server) = echo(1).await;
    let line = Line::to(address).await.expect("a line");
    let mut client = TcpStream::connect(line.address()).await.expect("a connection");
    let mut idle = TcpStream::connect(line.address()).await.expect("a connection");
    assert_eq!((say(&mut client, 1).await, say(&mut idle, 1).await), (Some(2), Some(2)));
    line.half_open();
    assert!(is_silent(&mut client).await);
    let mut new = TcpStream::connect(line.address()).await.expect("it is accepted");
    assert!(is_silent(&mut new).await);
    line.mend();
    assert!(is_silent(&mut client).await, "bytes are missing: it must not go on");
    assert!(is_silent(&mut new).await);
    assert_eq!(say(&mut idle, 3).await, Some(4), "this one lost nothing");
    let mut fresh = TcpStream::connect(line.address()).await.expect("a connection");
    assert_eq!(say(&mut fresh, 1).await, Some(2));
    line.cut();
    assert_eq!(client.read(&mut [0]).await.ok().filter(|read| *read > 0), None, "a cut ends dead ones, too");
}

#[tokio::test]
async fn a_delayed_line_is_late_in_both_directions_and_keeps_the_order() {
    let (address, _server) = echo(0).await;
    let line = Line::to(address).await.expect("a line");
    line.delay(Duration::from_millis(60));
    let mut client = TcpStream::connect(line.address()).await.expect("a connection");
    let began = Instant::now();
    client.write_all(&[1, 2, 3]).await.expect("sent");
    let mut answer = [0; 3];
    client.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(answer, [1, 2, 3]);
    assert!(began.elapsed() >= Duration::from_millis(120), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_line_is_led_elsewhere_for_new_connections() {
    let (one, _one) = echo(1).await;
    let (two, _two) = echo(2).await;
    let line = Line::to(one).await.expect("a line");
    let mut client = TcpStream::connect(line.address()).await.expect("a connection");
    assert_eq!(say(&mut client, 1).await, Some(2));
    line.lead_to(two);
    assert_eq!(say(&mut client, 1).await, Some(2), "what is open stays");
    let mut new = TcpStream::connect(line.address()).await.expect("a connection");
    assert_eq!(say(&mut new, 1).await, Some(3));
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        looks.tick().await;
    }
}
