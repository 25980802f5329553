//! Many chats at once: what one costs in memory, how long until everybody's words are stored, until everybody has an answer, and until
//! everybody is back after all connections were cut.
//!
//! The clients live in this process and are as small as they can be; they come from several local addresses, because one has fewer ports
//! than three times the connections. What is waited for is a frame, never a time.

use super::deployment::Deployment;
use anyhow::{Context, Result};
use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use std::future::Future;
use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// How many chats.
pub const CHATS: usize = 10_000;
/// Handshakes under way at the same time.
const HANDSHAKES: usize = 256;
/// Local addresses that the clients come from.
const ADDRESSES: usize = 8;
/// Files that the gateway needs besides its connections.
const OTHER_FILES: usize = 300;
/// After a cut every client comes back within this time, at a moment of its own; the gateway's own `again` spreads them likewise.
const BACK_WITHIN_MS: u64 = 2_000;
/// A frame that does not come within this time is a failure.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often the gateway is asked whether it is done.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What came out.
#[derive(Debug)]
pub struct Chats {
    /// How many there were.
    pub chats: usize,
    /// KiB of the gateway's memory for one connection that was welcomed.
    pub kib_each: f64,
    /// Until all were welcomed, in ms.
    pub in_ms: f64,
    /// Until what all said at once was durable and acknowledged, in ms.
    pub durable_ms: f64,
    /// Until all of it was in the store, in ms: later where a part went by the spool.
    pub stored_ms: f64,
    /// From the start of the new gateway until all were back where they were, in ms; the spread of their coming included.
    pub back_ms: f64,
    /// From the answer written by the API until all that watch its tip have it, in ms.
    pub answer_ms: f64,
    /// When half of them had it.
    pub answer_half_ms: f64,
}

/// Who comes in, with which token, having messages up to which number, and within which time.
struct Coming {
    number: usize,
    token: Option<String>,
    after: i64,
    within_ms: u64,
}

struct Client {
    number: usize,
    socket: WebSocketStream<TcpStream>,
    token: String,
}

/// Runs all of it on a gateway of its own.
pub async fn measure(gateway: &mut Deployment, chats: usize) -> Result<Chats> {
    // One tip for the end, when it is the only one and so can be found.
    let mut first = Client::open(&gateway.public, Coming { number: 0, token: None, after: 0, within_ms: 0 }).await?;
    first.say().await?;
    let tip = gateway.get("/api/v1/tips?filter=open&page=0").await?["tips"][0]["id"].as_str().context("there is a tip")?.to_owned();
    let before = gateway.memory_kib()?;
    let began = Instant::now();
    let clients = come_in(gateway, (0..chats).map(|number| Coming { number, token: None, after: 0, within_ms: 0 }).collect()).await?;
    let in_ms = ms(began);
    let after = gateway.memory_kib()?;
    let kib_each = (after.saturating_sub(before)) as f64 / chats as f64;
    println!("  {kib_each:.1} KiB each; all in after {in_ms:.0} ms");

    let began = Instant::now();
    let clients = all(clients, |mut client| async move {
        client.say().await?;
        Ok(client)
    })
    .await?;
    let durable_ms = ms(began);
    // What the store could not take within its patience was acknowledged from the spool, and is drained from there.
    let stored = async {
        while gateway.metric("tipline_tips").await? < chats as u64 + 1 {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(PATIENCE, stored).await.context("not everything that was acknowledged came into the store")??;
    let stored_ms = ms(began);

    let tokens: Vec<(usize, String)> = clients.into_iter().map(|client| (client.number, client.token)).collect();
    gateway.cut_and_start_again().await?;
    let began = Instant::now();
    let coming = tokens.into_iter().map(|(number, token)| Coming { number, token: Some(token), after: 2, within_ms: BACK_WITHIN_MS });
    let back = come_in(gateway, coming.collect()).await?;
    let back_ms = ms(began);
    drop(back);

    // One tip that everybody watches: the answer is one commit, and the gateway has all of them to wake.
    let coming = (0..chats).map(|number| Coming { number, token: Some(first.token.clone()), after: 0, within_ms: 0 });
    let clients = come_in(gateway, coming.collect()).await?;
    // What there was before is read first: the first message and the first words.
    let clients = all(clients, |mut client| async move {
        client.until_message(2).await?;
        Ok(client)
    })
    .await?;
    let mut times = answered(gateway, clients, &tip).await?;
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get(((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1))).copied().unwrap_or(0.0);
    Ok(Chats { chats, kib_each, in_ms, durable_ms, stored_ms, back_ms, answer_ms: at(1.0), answer_half_ms: at(0.5) })
}

/// Writes an answer into the tip that everybody watches; when each of them had it, in ms.
async fn answered(gateway: &Deployment, clients: Vec<Client>, tip: &str) -> Result<Vec<f64>> {
    let (path, answer) = (format!("/api/v1/tips/{tip}/replies"), json!({"text": "Thank you for telling us. Where is he now?"}));
    let began = Instant::now();
    let (sent, clients) = tokio::join!(
        gateway.send(Method::POST, &path, &answer),
        all(clients, move |mut client| async move {
            client.until_message(3).await?;
            Ok((client, ms(began)))
        })
    );
    sent?;
    Ok(clients?.into_iter().map(|(_, ms)| ms).collect())
}

/// Opens the sockets, a bounded number at a time, and waits until every one is welcomed.
async fn come_in(gateway: &Deployment, who: Vec<Coming>) -> Result<Vec<Client>> {
    let turns = Arc::new(Semaphore::new(HANDSHAKES));
    let address = gateway.public.clone();
    all(who, move |coming| {
        let (turns, address) = (turns.clone(), address.clone());
        async move {
            // Each at its own moment, the same in every run.
            let moment = (coming.number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) % coming.within_ms.max(1);
            tokio::time::sleep(Duration::from_millis(moment)).await;
            let _turn = turns.acquire().await?;
            Client::open(&address, coming).await
        }
    })
    .await
}

async fn all<I: Send + 'static, T: Send + 'static, F: Future<Output = Result<T>> + Send + 'static>(
    what: Vec<I>,
    mut with: impl FnMut(I) -> F,
) -> Result<Vec<T>> {
    let mut tasks = JoinSet::new();
    for one in what {
        tasks.spawn(with(one));
    }
    let mut done = Vec::with_capacity(tasks.len());
    while let Some(one) = tasks.join_next().await {
        done.push(one??);
    }
    Ok(done)
}

impl Client {
    async fn open(address: &str, coming: Coming) -> Result<Self> {
        let Coming { number, token, after, .. } = coming;
        let socket = TcpSocket::new_v4()?;
        let host = u8::try_from(2 + number % ADDRESSES).unwrap_or(2);
        socket.bind((Ipv4Addr::new(127, 0, 0, host), 0).into())?;
        let stream = socket.connect(address.parse()?).await.context("cannot connect to the gateway")?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default().read_buffer_size(1024).write_buffer_size(0);
        let (socket, _) = client_async_with_config(format!("ws://{address}/chat/socket"), stream, Some(config)).await?;
        let mut client = Self { number, socket, token: String::new() };
        let hello = json!({"type": "hello", "v": 1, "token": token, "after": after});
        client.socket.send(Message::text(hello.to_string())).await?;
        let welcome = client.until("welcome").await?;
        client.token = welcome["token"].as_str().context("no token")?.to_owned();
        Ok(client)
    }

    /// Says something and waits until it is stored.
    async fn say(&mut self) -> Result<()> {
        let say = json!({"type": "say", "id": "bench-1", "text": "Somebody in my class said he does not want to be here any more."});
        self.socket.send(Message::text(say.to_string())).await?;
        self.until("ack").await.map(drop)
    }

    async fn until(&mut self, kind: &str) -> Result<Value> {
        loop {
            let frame = self.hear().await?;
            if frame["type"] == kind {
                return Ok(frame);
            }
        }
    }

    async fn until_message(&mut self, seq: i64) -> Result<()> {
        loop {
            let frame = self.hear().await?;
            if frame["type"] == "message" && frame["seq"].as_i64() >= Some(seq) {
                return Ok(());
            }
        }
    }

    async fn hear(&mut self) -> Result<Value> {
        loop {
            let heard = tokio::time::timeout(PATIENCE, self.socket.next()).await.context("nothing came")?;
            if let Message::Text(text) = heard.context("the gateway closed a chat")?? {
                return Ok(serde_json::from_str(&text)?);
            }
        }
    }
}

fn ms(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1000.0
}

/// Lets this process, and what it starts from now on, have as many files open as the machine allows; how many chats that makes.
pub fn room_for(chats: usize) -> usize {
    let limit = || -> Option<[usize; 2]> {
        let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
        let mut words = line.split_whitespace().map(|word| word.parse().unwrap_or(1_000_000));
        Some([words.next()?, words.next()?])
    };
    let Some([_, most]) = limit() else { return chats };
    // By util-linux's tool: the standard library cannot set a limit.
    let raised = format!("--nofile={most}:{most}");
    let _ = Command::new("prlimit").args(["--pid", &std::process::id().to_string(), &raised]).status();
    let now = limit().map_or(most, |[now, _]| now);
    chats.min(now.saturating_sub(OTHER_FILES))
}

/// The section of the report.
pub fn section(figures: &Chats) -> String {
    let Chats { chats, kib_each, in_ms, durable_ms, stored_ms, back_ms, answer_ms, answer_half_ms } = figures;
    format!(
        "## Chats

{chats} WebSockets at once, clients and gateway on the same cores. Each is a chat of its own until the answer, for which all of them come in
by one token: one tip, one answer by the API, everybody waiting for it. Coming back follows a kill -9 of the gateway: the time runs from
its being ready again, the clients choose a moment within {BACK_WITHIN_MS} ms and bring their tokens.

| what | |
|---|---|
| memory of the gateway for one chat, KiB | {kib_each:.1} |
| until all are welcomed, ms | {in_ms:.0} |
| until what all say at once is durable and acknowledged, ms | {durable_ms:.0} |
| until all of it is in the store ({chats} tips), by the spool where there were too many at once, ms | {stored_ms:.0} |
| until all are back after all connections were cut, ms | {back_ms:.0} |
| until half of them have the answer, ms | {answer_half_ms:.0} |
| until all of them have the answer, ms | {answer_ms:.0} |
"
    )
}
