//! A chat client of the tests: small, strict about what it hears, and able to be cut and to come back.

use crate::gateway::PATIENCE;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::Error;
use tokio_tungstenite::{WebSocketStream, client_async};

type Socket = WebSocketStream<TcpStream>;

/// A client.
#[derive(Default)]
pub struct Client {
    socket: Option<Socket>,
    /// The last `welcome`.
    pub welcome: Value,
    /// Frames that were heard while something else was waited for.
    heard: VecDeque<Value>,
    /// Every message of a scripted talk, as it came.
    pub log: Vec<Value>,
    script: Vec<String>,
}

/// Opens a socket, with or without an `Origin`.
pub async fn open(public: &str, origin: Option<&str>) -> Result<Socket, Error> {
    let stream = TcpStream::connect(public.trim_start_matches("http://")).await?;
    over(stream, public, origin).await
}

async fn over(stream: TcpStream, public: &str, origin: Option<&str>) -> Result<Socket, Error> {
    let mut request = format!("{}/chat/socket", public.replacen("http", "ws", 1)).into_client_request()?;
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().expect("an origin"));
    }
    Ok(client_async(request, stream).await?.0)
}

/// A `say` frame.
pub fn say(id: &str, text: &str) -> Value {
    json!({"type": "say", "id": id, "text": text})
}

impl Client {
    /// A connected client that has said nothing.
    pub async fn new(public: &str) -> Self {
        Self { socket: Some(open(public, None).await.expect("a socket")), ..Self::default() }
    }

    /// The same over a stream with settings of its own.
    pub async fn over(stream: TcpStream, public: &str) -> Self {
        Self { socket: Some(over(stream, public, None).await.expect("a socket")), ..Self::default() }
    }

    /// A client whose first message, with the id `a-1`, is stored.
    pub async fn begun(public: &str, text: &str) -> Self {
        let mut client = Self::new(public).await;
        client.hello(json!({})).await;
        client.send(say("a-1", text)).await;
        client.next_of("ack").await;
        client
    }

    /// A client that will say these, see [`Self::talk`].
    pub fn scripted(script: impl Into<Vec<String>>) -> Self {
        Self { script: script.into(), ..Self::default() }
    }

    /// Says hello with these further fields, and is welcomed.
    pub async fn hello(&mut self, fields: Value) {
        self.send(hello(fields)).await;
        self.welcome = self.next_of("welcome").await;
    }

    /// Comes back on a new connection with the token it has.
    pub async fn again(&mut self, public: &str, after: i64) {
        let token = self.welcome["token"].clone();
        self.socket = Some(open(public, None).await.expect("a socket"));
        self.heard.clear();
        self.hello(json!({"token": token, "after": after})).await;
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: Value) {
        self.try_send(frame).await.expect("a frame is sent");
    }

    /// Sends a frame, or finds that the other side has gone.
    pub async fn try_send(&mut self, frame: Value) -> Result<(), Error> {
        self.socket.as_mut().expect("a socket").send(Message::text(frame.to_string())).await
    }

    /// Sends any text.
    pub async fn send_text(&mut self, text: &str) {
        let _ = self.socket.as_mut().expect("a socket").send(Message::text(text)).await;
    }

    /// Sends bytes.
    pub async fn send_binary(&mut self, bytes: Vec<u8>) {
        let _ = self.socket.as_mut().expect("a socket").send(Message::binary(bytes)).await;
    }

    /// The next frame of this type; others are kept for later.
    pub async fn next_of(&mut self, kind: &str) -> Value {
        if let Some(at) = self.heard.iter().position(|frame| frame["type"] == kind) {
            return self.heard.remove(at).expect("it is there");
        }
        loop {
            let frame = self.hear().await.unwrap_or_else(|| panic!("the connection ended before {kind}"));
            if frame["type"] == kind {
                return frame;
            }
            self.heard.push_back(frame);
        }
    }

    /// The next so many messages.
    pub async fn messages(&mut self, count: usize) -> Vec<Value> {
        let mut messages = Vec::new();
        while messages.len() < count {
            messages.push(self.next_of("message").await);
        }
        messages
    }

    /// Frames of this type that came while something else was waited for.
    pub fn frames(&self, kind: &str) -> Vec<&Value> {
        self.heard.iter().filter(|frame| frame["type"] == kind).collect()
    }

    /// Waits for the end; the code of the close, if there was one.
    pub async fn closed(&mut self) -> Option<u16> {
        let socket = self.socket.as_mut().expect("a socket");
        loop {
            match tokio::time::timeout(PATIENCE, socket.next()).await.expect("it ends in time") {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    async fn hear(&mut self) -> Option<Value> {
        let socket = self.socket.as_mut()?;
        loop {
            match tokio::time::timeout(PATIENCE, socket.next()).await.expect("a frame in time")? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).expect("a frame is JSON")),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    // ---- a scripted talk over connections that end anywhere

    /// Whether everything of the script, and the first words, have come.
    pub fn is_done(&self) -> bool {
        self.log.len() > self.script.len()
    }

    /// Connects, goes on from the last number, says what is not acknowledged, until done or cut.
    pub async fn talk(&mut self, public: &str) {
        let _ = tokio::time::timeout(Duration::from_secs(20), self.try_talk(public)).await.expect("a talk ends");
    }

    async fn try_talk(&mut self, public: &str) -> Option<()> {
        self.socket = Some(open(public, None).await.ok()?);
        let last = self.log.last().map_or(0, |message| message["seq"].as_i64().expect("a number"));
        let mut fields = json!({"after": last});
        if let Some(token) = self.welcome["token"].as_str() {
            fields["token"] = json!(token);
        }
        self.try_send(hello(fields)).await.ok()?;
        for (number, text) in self.script.clone().iter().enumerate() {
            let id = format!("s-{number}");
            if self.log.iter().any(|message| message["id"] == id.as_str()) {
                continue;
            }
            while self.welcome.is_null() {
                self.step().await?;
            }
            self.try_send(say(&id, text)).await.ok()?;
            while !self.log.iter().any(|message| message["id"] == id.as_str()) {
                self.step().await?;
            }
        }
        while !self.is_done() {
            self.step().await?;
        }
        Some(())
    }

    async fn step(&mut self) -> Option<()> {
        let frame = self.hear().await?;
        match frame["type"].as_str() {
            Some("welcome") => self.welcome = frame,
            Some("message") => self.log.push(frame),
            Some(_) | None => {}
        }
        Some(())
    }
}

fn hello(fields: Value) -> Value {
    let mut frame = json!({"type": "hello", "v": 1});
    for (name, value) in fields.as_object().into_iter().flatten() {
        frame[name] = value.clone();
    }
    frame
}
