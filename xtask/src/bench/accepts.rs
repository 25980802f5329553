//! Signed webhooks over HTTP/1.1 keep-alive connections, each opening a new tip, as fast as they are answered.
//!
//! The client is as thin as it can be, because it shares the machine's cores with what it measures: raw sockets, one request at
//! a time on each connection, an answer counted only when it is a 200.

use super::deployment::{ACCOUNT_SID, AUTH_TOKEN, Deployment, TEXT_NUMBER};
use anyhow::{Context, Result, ensure};
use base64::Engine;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Connections of the load.
pub const CONNECTIONS: usize = 64;

/// What the spool took is stored within this time, or counted as missing.
const STORED_WITHIN: Duration = Duration::from_secs(120);

/// What everybody writes.
const WORDS: &str =
    "Somebody in my class said he does not want to be here any more and I am worried about him. I do not know whom to tell.";

/// What came out.
#[derive(Debug)]
pub struct Accepts {
    /// Answered with 200 in a second.
    pub per_second: f64,
    /// Of the time from sending to the whole answer, in milliseconds.
    pub p50_ms: f64,
    /// The same.
    pub p99_ms: f64,
    /// The same.
    pub p999_ms: f64,
    /// How many were answered with 200.
    pub accepted: u64,
    /// How many tips the store has afterwards: must be the same.
    pub stored: u64,
}

/// Runs the load and counts what is stored.
pub async fn measure(gateway: &Deployment, during: Duration) -> Result<Accepts> {
    let next = Arc::new(AtomicU64::new(0));
    let until = Instant::now() + during;
    let began = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for n in 0..CONNECTIONS {
        let node = gateway.publics[n % gateway.publics.len()].clone();
        clients.spawn(client(node, gateway.public.clone(), next.clone(), until));
    }
    let mut times = Vec::new();
    while let Some(client) = clients.join_next().await {
        times.extend(client??);
    }
    let seconds = began.elapsed().as_secs_f64();
    times.sort_unstable();
    let stored = stored(gateway, times.len() as u64).await?;
    let at = |share: f64| {
        times.get(((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1))).map_or(0.0, |micros| *micros as f64 / 1000.0)
    };
    ensure!(!times.is_empty(), "no webhook was accepted");
    Ok(Accepts {
        per_second: times.len() as f64 / seconds,
        p50_ms: at(0.5),
        p99_ms: at(0.99),
        p999_ms: at(0.999),
        accepted: times.len() as u64,
        stored,
    })
}

/// How many tips the store has: what was answered while the store was busy comes from the spool a little later.
async fn stored(gateway: &Deployment, accepted: u64) -> Result<u64> {
    let began = Instant::now();
    loop {
        let stored = gateway.metric("tipline_tips").await?;
        if stored >= accepted || began.elapsed() > STORED_WITHIN {
            return Ok(stored);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// One connection: the microseconds of each accepted request. Carriers sign the configured origin, whichever node they reach.
async fn client(address: String, origin: String, next: Arc<AtomicU64>, until: Instant) -> Result<Vec<u64>> {
    let mut line = Line { origin, ..Line::open(&address).await? };
    let mut times = Vec::new();
    while Instant::now() < until {
        let took = line.text(next.fetch_add(1, Ordering::Relaxed), WORDS).await?;
        times.push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }
    Ok(times)
}

/// A connection that brings texts as the carrier does, one at a time.
pub struct Line {
    origin: String,
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Line {
    /// Connects to the public listener.
    pub async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await.context("cannot connect to the gateway")?;
        stream.set_nodelay(true)?;
        Ok(Self { origin: address.to_owned(), stream, answer: Vec::with_capacity(1024) })
    }
    /// Brings a text from the number that goes with `number`; gives the time until its 200, and fails when it is refused.
    pub async fn text(&mut self, number: u64, words: &str) -> Result<Duration> {
        let request = request(&self.origin, number, words);
        let began = Instant::now();
        self.stream.write_all(&request).await?;
        self.answer.clear();
        read_answer(&mut self.stream, &mut self.answer).await?;
        let start = &self.answer[..self.answer.len().min(120)];
        ensure!(start.starts_with(b"HTTP/1.1 200"), "refused: {}", String::from_utf8_lossy(start));
        Ok(began.elapsed())
    }
}

async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> Result<()> {
    loop {
        ensure!(stream.read_buf(answer).await? > 0, "the gateway closed the connection");
        let Some(head) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        let length = String::from_utf8_lossy(&answer[..head])
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").and_then(|value| value.trim().parse::<usize>().ok()))
            .unwrap_or(0);
        if answer.len() >= head + 4 + length {
            return Ok(());
        }
    }
}

/// A genuine request: a new number each time, so each opens a tip.
fn request(address: &str, number: u64, words: &str) -> Vec<u8> {
    let fields = [
        ("AccountSid", ACCOUNT_SID.to_owned()),
        ("ApiVersion", "2010-04-01".to_owned()),
        ("Body", words.to_owned()),
        ("From", format!("+1999{number:09}")),
        ("FromCity", "SPRINGFIELD".to_owned()),
        ("FromZip", "62701".to_owned()),
        ("MessageSid", format!("SM{number:032x}")),
        ("NumMedia", "0".to_owned()),
        ("NumSegments", "1".to_owned()),
        ("SmsMessageSid", format!("SM{number:032x}")),
        ("SmsSid", format!("SM{number:032x}")),
        ("SmsStatus", "received".to_owned()),
        ("To", TEXT_NUMBER.to_owned()),
    ];
    let path = "/webhooks/main/messages";
    let mut signed = format!("http://{address}{path}");
    let mut body = String::new();
    for (key, value) in &fields {
        signed.push_str(key);
        signed.push_str(value);
        if !body.is_empty() {
            body.push('&');
        }
        body.push_str(key);
        body.push('=');
        body.push_str(&value.replace('+', "%2B").replace(' ', "+"));
    }
    let mut mac = Hmac::<Sha1>::new_from_slice(AUTH_TOKEN.as_bytes()).unwrap_or_else(|_| unreachable!("HMAC takes any key"));
    mac.update(signed.as_bytes());
    let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: {signature}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
